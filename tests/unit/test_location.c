// SPDX-License-Identifier: GPL-3.0-or-later
// Where variables are: expressions and location lists made by hand, and the variables of
// tests/guests/dwarf/types.cc as llvm-dwarfdump shows their places.
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"
#include "target-runtime/dwarf/location_private.h"
#include "tests/unit/dwarf_fixture.h"
#include "tests/unit/suite.h"

static struct op_dwarf_fixture fixture;

static void teardown(void)
{
	op_dwarf_fixture_close(&fixture);
}

// As text -------------------------------------------------------------------------------------

static void step_text(struct op_text *text, const struct op_location_step *step)
{
	static const char *const names[] = {
		[OP_LOCATION_CONSTANT] = "const", [OP_LOCATION_LOCAL] = "local",
		[OP_LOCATION_GLOBAL] = "global",  [OP_LOCATION_OPERAND] = "operand",
		[OP_LOCATION_LOAD] = "load",      [OP_LOCATION_DUPLICATE] = "pick",
		[OP_LOCATION_REGISTER] = "reg",   [OP_LOCATION_FRAME_ADDRESS] = "cfa",
		[OP_LOCATION_DROP] = "drop",      [OP_LOCATION_SWAP] = "swap",
		[OP_LOCATION_ROTATE] = "rot",     [OP_LOCATION_NEGATE] = "neg",
		[OP_LOCATION_NOT] = "not",        [OP_LOCATION_ABSOLUTE] = "abs",
		[OP_LOCATION_ADD] = "add",        [OP_LOCATION_SUB] = "sub",
		[OP_LOCATION_MUL] = "mul",        [OP_LOCATION_DIV] = "div",
		[OP_LOCATION_MOD] = "mod",        [OP_LOCATION_AND] = "and",
		[OP_LOCATION_OR] = "or",          [OP_LOCATION_XOR] = "xor",
		[OP_LOCATION_SHL] = "shl",        [OP_LOCATION_SHR] = "shr",
		[OP_LOCATION_SAR] = "sar",        [OP_LOCATION_EQ] = "eq",
		[OP_LOCATION_NE] = "ne",          [OP_LOCATION_LT] = "lt",
		[OP_LOCATION_GT] = "gt",          [OP_LOCATION_LE] = "le",
		[OP_LOCATION_GE] = "ge",          [OP_LOCATION_CONVERT] = "convert",
	};
	bool has_value = step->op <= OP_LOCATION_DUPLICATE || step->op == OP_LOCATION_CONVERT;
	op_text_printf(text, " %s", names[step->op]);
	if (has_value)
		op_text_printf(text, " %" PRId64, step->value);
}

static void piece_text(struct op_text *text, const struct op_location_piece *piece)
{
	static const char *const kinds[] = {
		[OP_LOCATION_NONE] = "none",
		[OP_LOCATION_MEMORY] = "memory",
		[OP_LOCATION_VALUE] = "value",
		[OP_LOCATION_WASM_LOCAL] = "wasm-local",
		[OP_LOCATION_WASM_GLOBAL] = "wasm-global",
		[OP_LOCATION_WASM_OPERAND] = "wasm-operand",
		[OP_LOCATION_HOST_REGISTER] = "host-register",
		[OP_LOCATION_BYTES] = "bytes",
		[OP_LOCATION_UNKNOWN_OP] = "unknown",
	};
	op_text_append(text, kinds[piece->kind]);
	if (piece->kind == OP_LOCATION_MEMORY || piece->kind == OP_LOCATION_VALUE)
		for (size_t i = 0; i < piece->step_count; i++)
			step_text(text, &piece->steps[i]);
	if (piece->kind >= OP_LOCATION_WASM_LOCAL && piece->kind <= OP_LOCATION_HOST_REGISTER)
		op_text_printf(text, " %" PRIu32, piece->index);
	for (size_t i = 0; piece->kind == OP_LOCATION_BYTES && i < piece->byte_count && i < 4; i++)
		op_text_printf(text, " %02x", piece->bytes[i]);
	if (piece->bit_size)
		op_text_printf(text, " [%" PRIu64 " bits]", piece->bit_size);
	if (piece->bit_offset)
		op_text_printf(text, " at %" PRIu64, piece->bit_offset);
}

// Ranges are written as DWARF counts them.
static void location_text(struct op_text *text, const struct op_debug_location *location)
{
	uint32_t start = fixture.source.code_start;
	if (location->problem)
		op_text_printf(text, "problem: %s", location->problem);
	for (size_t i = 0; i < location->piece_count; i++) {
		op_text_append(text, i ? "; " : "");
		piece_text(text, &location->pieces[i]);
	}
	for (size_t i = 0; i < location->range_count; i++)
		op_text_printf(text, "%sout: 0x%" PRIx32 "-0x%" PRIx32, i ? ", " : "",
			       location->ranges[i].low_pc - start,
			       location->ranges[i].high_pc - start);
}

// Expressions ---------------------------------------------------------------------------------

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static const struct {
	const uint8_t *bytes;
	size_t size;
	const char *expected; // of an error: its sentence's end
	bool fails;
} expressions[] = {
	// DW_OP_WASM_location: local, global, operand stack, global by u32.
	{BYTES(0xed, 0, 5, 0x9f), "wasm-local 5", false},
	{BYTES(0xed, 1, 0x83, 1, 0x9f), "wasm-global 131", false},
	{BYTES(0xed, 2, 0, 0x9f), "wasm-operand 0", false},
	{BYTES(0xed, 3, 1, 2, 0, 0, 0x9f), "wasm-global 513", false},
	// Without DW_OP_stack_value it is an address.
	{BYTES(0xed, 0, 5), "memory local 5", false},
	{BYTES(0xed, 0, 5, 0x23, 0x10), "memory local 5 const 16 add", false},
	{BYTES(0xed, 0, 5, 0x23, 0x10, 0x9f), "value local 5 const 16 add", false},
	{BYTES(0xed, 4, 5), "DW_OP_WASM_location of kind 4 is not known", true},
	{BYTES(0xed, 0), "", true},
	{BYTES(0xed, 0, 0x80), "", true},
	{BYTES(0x03, 4, 3, 2, 1), "memory const 16909060", false},
	{BYTES(0x03, 0xff, 0xff, 0xff, 0xff), "left it out of the program", true},
	{BYTES(0x03, 4, 3, 2), "", true},
	{BYTES(0x30, 0x9f), "bytes 00 00 00 00", false},
	{BYTES(0x09, 0xfe, 0x9f), "bytes fe ff ff ff", false},
	{BYTES(0x9e, 2, 0xaa, 0xbb), "bytes aa bb", false},
	{BYTES(0x9e, 9, 0xaa, 0xbb), "", true},
	// A stack that is too low, or grows too high.
	{BYTES(0x22), "it takes more values than there are", true},
	{BYTES(0x30, 0x22, 0x9f), "it takes more values than there are", true},
	{BYTES(0x30, 0x13, 0x9f), "it leaves no value", true},
	{BYTES(0x31, 0x12, 0x1e, 0x9f), "value const 1 pick 0 mul", false},
	{BYTES(0x31, 0x32, 0x33, 0x17, 0x22, 0x1c, 0x9f),
	 "value const 1 const 2 const 3 rot add sub", false},
	{BYTES(0x31, 0x32, 0x16, 0x14, 0x27, 0x9f), "value const 1 const 2 swap pick 1 xor", false},
	{BYTES(0x31, 0x94, 2, 0x9f), "value const 1 load 2", false},
	{BYTES(0x31, 0x94, 9, 0x9f), "", true},
	{BYTES(0x31, 0x06), "memory const 1 load 4", false},
	{BYTES(0x31, 0x32, 0x2d, 0x1f, 0x20, 0x9f), "value const 1 const 2 lt neg not", false},
	// Pieces: a local, nothing, memory.
	{BYTES(0xed, 0, 1, 0x9f, 0x93, 4, 0x93, 4, 0x03, 8, 0, 0, 0, 0x93, 2),
	 "wasm-local 1 [32 bits]; none [32 bits]; memory const 8 [16 bits]", false},
	{BYTES(0xed, 0, 1, 0x9f, 0x9d, 3, 5), "wasm-local 1 [3 bits] at 5", false},
	{BYTES(0x93, 0x80), "", true},
	{BYTES(), "", false},
	// What there is no answer to has a sentence.
	{BYTES(0x50), "", true},
	{BYTES(0x28, 0, 0), "branches", true},
	{BYTES(0x98, 1, 0), "calls another", true},
	{BYTES(0x97), "depends on an object that is not known here", true},
	{BYTES(0xa0, 0, 0, 0, 0, 0), "the pointer was optimised out", true},
	{BYTES(0x91, 0x10), "frame base", true},
	{BYTES(0xff), "", true},
};

static void check_expression(struct op_debug_info *info, unsigned address_size,
			     const struct op_bytes *bytes, const char *expected, bool fails)
{
	_cleanup_(op_location_program_deinit) struct op_location_program program = {
		.unit = {.info = info,
			 .version = 5,
			 .address_size = address_size,
			 .offset_size = 4},
	};
	struct op_error *error _cleanup_error_ = op_location_decode(&program, bytes, 0);
	if (fails) {
		ck_assert_msg(error != NULL, "%s", expected);
		ck_assert_msg(strstr(error->message, expected) != NULL, "%s", error->message);
		return;
	}
	ck_assert_msg(!error, "%s: %s", expected, error ? error->message : "");
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	for (size_t i = 0; i < program.pieces.count; i++) {
		struct op_location_program_piece *item = &program.pieces.data[i];
		item->piece.steps = program.steps.data + item->first_step;
		item->piece.bytes = item->piece.bytes ?: item->constant;
		op_text_append(&text, i ? "; " : "");
		piece_text(&text, &item->piece);
	}
	ck_assert_str_eq(text.data ?: "", expected);
}

START_TEST(expressions_become_steps)
{
	struct op_bytes bytes = {expressions[_i].bytes, expressions[_i].size, "expression"};
	check_expression(NULL, 4, &bytes, expressions[_i].expected, expressions[_i].fails);
}
END_TEST

// What Wasmtime's native debug information has, and what it could have.
static const struct {
	const uint8_t *bytes;
	size_t size;
	const char *expected;
	bool fails;
} native_expressions[] = {
	{BYTES(0x5c), "host-register 12", false},
	{BYTES(0x90, 0x11), "host-register 17", false},
	{BYTES(0x7c, 0, 0x9f), "host-register 12", false},
	{BYTES(0x9c, 0x11, 0x50, 0x22), "memory cfa 0 const -48 add", false},
	{BYTES(0x92, 6, 0x70), "memory reg 6 const -16 add", false},
	// A variable in linear memory: a Wasm local, through the VMContext.
	{BYTES(0x7c, 0, 0x23, 32, 0x7d, 56, 0x06, 0x16, 0x0c, 0xff, 0xff, 0xff, 0xff, 0x1a, 0x22),
	 "memory reg 12 const 32 add reg 13 const 56 add load 8 swap const 4294967295 and add",
	 false},
	// The same behind pieces means nothing.
	{BYTES(0x5e, 0x93, 8, 0x93, 4, 0x52, 0x93, 4, 0x7c, 56, 0x06, 0x16),
	 "host-register 14 [64 bits]; none [32 bits]; host-register 2 [32 bits]", false},
	{BYTES(0x5c, 0x31, 0x22), "it goes on behind a value", true},
	{BYTES(0x7c), "", true},
	{BYTES(0x90, 0xff, 0xff, 0xff, 0xff, 0x7f), "is not known", true},
	{BYTES(0xa3, 1, 0x55), "when the function began", true},
};

START_TEST(native_expressions_become_steps)
{
	struct op_debug_info info = {.source = {.is_native = true}};
	struct op_bytes bytes = {native_expressions[_i].bytes, native_expressions[_i].size,
				 "expression"};
	check_expression(&info, 8, &bytes, native_expressions[_i].expected,
			 native_expressions[_i].fails);
}
END_TEST

static bool is_second(void *context, uint32_t pc, uint32_t local)
{
	return local == 1;
}

START_TEST(entry_values_of_what_is_never_written)
{
	static const uint8_t first[] = {0xa3, 3, 0xed, 0, 0, 0x9f};
	static const uint8_t second[] = {0xa3, 3, 0xed, 0, 1, 0x9f};
	op_dwarf_fixture_open(&fixture, "types-5-O0.wasm");
	fixture.source.is_local_constant = is_second;
	op_dwarf_fixture_read(&fixture);
	_cleanup_(op_location_program_deinit) struct op_location_program program = {
		.unit = {.info = fixture.info, .version = 5, .address_size = 4},
	};
	struct op_bytes bytes = {first, sizeof(first), "expression"};
	struct op_error *error _cleanup_error_ = op_location_decode(&program, &bytes, 0);
	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_nonnull(strstr(error->message, "when the function began"));
	bytes.data = second;
	succeeds(op_location_decode(&program, &bytes, 0));
	ck_assert_uint_eq(program.pieces.count, 1);
	ck_assert_int_eq(program.pieces.data[0].piece.kind, OP_LOCATION_WASM_LOCAL);
	ck_assert_uint_eq(program.pieces.data[0].piece.index, 1);
	// The module's own code tells it: places() writes its frame pointer, and never a.
	uint32_t pc = fixture.source.code_start + 0x150;
	ck_assert(op_wasm_module_local_is_constant(fixture.module, pc, 0));
	ck_assert(!op_wasm_module_local_is_constant(fixture.module, pc, 2));
	ck_assert(!op_wasm_module_local_is_constant(fixture.module, UINT32_MAX, 0));
}
END_TEST

START_TEST(long_expressions_end)
{
	enum { SIZE = 1 << 20 };
	uint8_t *bytes = malloc(SIZE);
	_cleanup_(op_location_program_deinit) struct op_location_program program = {
		.unit = {.version = 5, .address_size = 4, .offset_size = 4},
	};
	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 0x12, SIZE); // DW_OP_dup
	bytes[0] = 0x30;
	struct op_bytes expression = {bytes, SIZE, "expression"};
	struct op_error *error _cleanup_error_ = op_location_decode(&program, &expression, 0);
	ck_assert_ptr_nonnull(error);
	ck_assert_uint_lt(program.steps.count, 1 << 16);
	memset(bytes, 0x93, SIZE); // DW_OP_piece
	_cleanup_(op_location_program_deinit) struct op_location_program pieces = {0};
	struct op_error *too_many _cleanup_error_ = op_location_decode(&pieces, &expression, 0);
	ck_assert_ptr_nonnull(too_many);
	free(bytes);
}
END_TEST

// Lists ---------------------------------------------------------------------------------------

// Code begins at code_start of the module; the lists' addresses count from there.
static void find(const struct op_location_unit *unit, uint64_t offset, uint32_t address,
		 const char *expected)
{
	_cleanup_(op_location_found_deinit) struct op_location_found found = {0};
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	uint32_t start = fixture.source.code_start;
	struct op_error *error _cleanup_error_ =
		op_location_list_find(unit, offset, start + address, &found);
	if (error)
		op_text_printf(&text, "error");
	else if (found.found)
		op_text_printf(&text, "%02x in %" PRIx32 "-%" PRIx32,
			       found.expression.size ? found.expression.data[0] : 0,
			       found.here.low_pc ? found.here.low_pc - start : 0,
			       found.here.low_pc ? found.here.high_pc - start : 0);
	for (size_t i = 0; !error && !found.found && i < found.ranges.count; i++)
		op_text_printf(&text, "%s%" PRIx32 "-%" PRIx32, i ? " " : "",
			       found.ranges.data[i].low_pc - start,
			       found.ranges.data[i].high_pc - start);
	ck_assert_str_eq(text.data ?: "", expected);
}

static void open_with(enum op_debug_section section, const uint8_t *bytes, size_t size)
{
	op_dwarf_fixture_open(&fixture, "types-5-O0.wasm");
	fixture.source.sections[section] = (struct op_bytes){bytes, size, "lists"};
	op_dwarf_fixture_read(&fixture);
}

START_TEST(lists_of_dwarf_4)
{
	static const uint8_t lists[] = {
		0x10, 0,    0,    0,    0x20, 0,    0,    0,    1, 0,
		0xaa,                                        // 10-20
		0xff, 0xff, 0xff, 0xff, 0x40, 0,    0,    0, // base 40
		0x00, 0,    0,    0,    0x08, 0,    0,    0,    1, 0,
		0xbb,                                                 // 40-48
		0x10, 0,    0,    0,    0x18, 0,    0,    0,    0, 0, // 50-58, optimised out
		0xfe, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 1, 0,
		0xcc,                                        // dead
		0,    0,    0,    0,    0,    0,    0,    0, // end
		0x10, 0,    0,    0,    0x20, 0,    0,    0,    9, 0,
		0xdd, // an expression that is cut off
	};
	open_with(OP_DEBUG_LOC, lists, sizeof(lists));
	struct op_location_unit unit = {.info = fixture.info, .version = 4, .address_size = 4};
	find(&unit, 0, 0x10, "aa in 10-20");
	find(&unit, 0, 0x1f, "aa in 10-20");
	find(&unit, 0, 0x20, "10-20 40-48");
	find(&unit, 0, 0x44, "bb in 40-48");
	find(&unit, 0, 0x52, "00 in 50-58");
	unit.base = 0x100;
	find(&unit, 0, 0x110, "aa in 110-120");
	find(&unit, sizeof(lists) - 11, 0, "error");
	find(&unit, sizeof(lists), 0, "error");
	find(&unit, sizeof(lists) + 1, 0, "error");
	find(&unit, UINT64_MAX, 0, "error");
}
END_TEST

START_TEST(lists_of_dwarf_5)
{
	static const uint8_t lists[] = {
		0x0c, 0,    0,    0, 5,    0,    4, 0,    1, 0, 0,    0, // header, one offset
		0x04, 0,    0,    0,                                     // list 0 is at 16
		4,    0x10, 0x20, 1, 0xaa,                               // offset_pair 10-20
		6,    0x40, 0,    0, 0,                                  // base_address 40
		4,    0x00, 0x08, 1, 0xbb,                               // 40-48
		7,    0x60, 0,    0, 0,    0x64, 0, 0,    0, 1, 0xcc,    // start_end 60-64
		8,    0x70, 0,    0, 0,    0x04, 1, 0xdd,                // start_length 70-74
		5,    1,    0xee,                                        // default
		0,                                                       // end
		0x17,                                                    // no such kind
	};
	open_with(OP_DEBUG_LOCLISTS, lists, sizeof(lists));
	struct op_location_unit unit = {.info = fixture.info,
					.version = 5,
					.address_size = 4,
					.offset_size = 4,
					.lists = 12};
	uint64_t offset = 0;
	succeeds(op_location_list_offset(&unit, 0, &offset));
	ck_assert_uint_eq(offset, 16);
	find(&unit, offset, 0x10, "aa in 10-20");
	find(&unit, offset, 0x47, "bb in 40-48");
	find(&unit, offset, 0x63, "cc in 60-64");
	find(&unit, offset, 0x73, "dd in 70-74");
	find(&unit, offset, 0x74, "ee in 0-0");
	find(&unit, sizeof(lists) - 1, 0, "error");
	op_error_destroy(op_location_list_offset(&unit, 1, &offset));
	struct op_error *error _cleanup_error_ =
		op_location_list_offset(&unit, UINT64_MAX / 2, &offset);
	ck_assert_ptr_nonnull(error);
}
END_TEST

// Variables -----------------------------------------------------------------------------------

static const struct {
	const char *module;
	uint32_t address; // of DWARF
	const char *variable, *expected;
} variables[] = {
	{"types-4-O0.wasm", 0, "wide", "memory const 1048848"},
	{"types-5-O0.wasm", 0, "wide", "memory const 1048848"},
	{"types-5-O2.wasm", 0, "wide", "memory const 1048816"},
	{"types-4-O0.wasm", 0x180, "inner", "memory local 2"},
	{"types-4-O0.wasm", 0x180, "local", "memory local 2 const 12 add"},
	{"types-5-O0.wasm", 0x180, "inner", "memory local 2"},
	{"types-5-O2.wasm", 0x10, "a", "wasm-local 0"},
	{"types-5-O2.wasm", 0x10, "b", "wasm-local 1"},
	{"types-5-O2.wasm", 0x10, "local", "memory local 2 const 12 add"},
	{"types-5-O2.wasm", 0x2d, "inner", "wasm-operand 1"},
	{"types-5-O2.wasm", 0x33, "inner", "out: 0x2d-0x33"},
};

START_TEST(variables_are_where_the_compiler_says)
{
	op_dwarf_fixture_load(&fixture, variables[_i].module);
	uint32_t pc = fixture.source.code_start + variables[_i].address;
	struct op_debug_function *bodies = NULL;
	size_t count = 0;
	bool found;
	struct op_debug_variable variable;
	struct op_debug_location location;
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	succeeds(op_debug_functions_at(fixture.info, pc, &bodies, &count));
	const char *name = variables[_i].variable;
	succeeds(op_debug_variable_named(fixture.info, count ? &bodies[0] : NULL, pc, name,
					 strlen(name), &found, &variable));
	ck_assert_msg(found, "%s", name);
	succeeds(op_debug_locate(fixture.info, variable.die, variable.function, pc, &location));
	location_text(&text, &location);
	op_location_deinit(&location);
	ck_assert_str_eq(text.data ?: "", variables[_i].expected);
	free(bodies);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("location");
	TCase *pure = tcase_create("expressions");
	tcase_add_loop_test(pure, expressions_become_steps, 0, (int)OP_ARRAY_SIZE(expressions));
	tcase_add_loop_test(pure, native_expressions_become_steps, 0,
			    (int)OP_ARRAY_SIZE(native_expressions));
	tcase_add_test(pure, long_expressions_end);
	suite_add_tcase(suite, pure);
	TCase *cases = tcase_create("modules");
	tcase_add_checked_fixture(cases, NULL, teardown);
	tcase_add_test(cases, entry_values_of_what_is_never_written);
	tcase_add_test(cases, lists_of_dwarf_4);
	tcase_add_test(cases, lists_of_dwarf_5);
	tcase_add_loop_test(cases, variables_are_where_the_compiler_says, 0,
			    (int)OP_ARRAY_SIZE(variables));
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
