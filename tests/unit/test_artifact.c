// SPDX-License-Identifier: GPL-3.0-or-later
// Recorded artifacts as a whole: what is recorded, functions, modules, equality, and damage.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/artifact.h"
#include "target-runtime/unwind_row.h"
#include "target-runtime/wasm/module.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

START_TEST(what_is_recorded)
{
	static const struct {
		const char *name;
		const char *version_string;
		unsigned version;
		bool component, frames, slots, bytecode, symbols;
	} rows[] = {
		{"calls-42.cwasm", "42", 42, false, true, true, false, true},
		{"calls-49.cwasm", "49", 49, false, true, true, true, true},
		{"inlined-49.cwasm", "49", 49, false, true, true, true, false},
		{"pair-43.cwasm", "43", 43, true, true, true, true, true},
		{"plain-36.cwasm", "36.0.9", 36, false, false, false, false, true},
		{"plain-49.cwasm", "49", 49, false, false, false, false, true},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		struct op_artifact *artifact = image_open(rows[i].name);
		const struct op_artifact_info *info = op_artifact_info(artifact);
		ck_assert_uint_eq(info->elf_machine, 62); // EM_X86_64
		ck_assert_str_eq(info->version_string, rows[i].version_string);
		ck_assert_uint_eq(info->version, rows[i].version);
		ck_assert(info->layout && info->layout_known);
		ck_assert(info->is_component == rows[i].component);
		ck_assert(info->has_frames == rows[i].frames);
		ck_assert(info->has_slots == rows[i].slots);
		ck_assert(info->has_bytecode == rows[i].bytecode);
		ck_assert(info->has_symbols == rows[i].symbols);
		ck_assert(info->has_address_map && !info->is_pulley && !info->has_dwarf &&
			  !info->has_native_debug_info);
		ck_assert_uint_eq(info->text_offset, 0x1000);
		ck_assert_uint_eq(info->text_size, 0x1000);
		op_artifact_unref(artifact);
	}
}
END_TEST

START_TEST(functions_by_symbols)
{
	struct op_artifact *artifact = image_open("calls-49.cwasm");
	const struct op_function *functions, *function;
	size_t count;
	must_succeed(op_artifact_functions(artifact, &functions, &count));
	ck_assert_uint_eq(count, 19);
	must_succeed(op_artifact_function_at(artifact, 0x1e3, &function));
	ck_assert_int_eq(function->kind, OP_FUNCTION_WASM);
	ck_assert_uint_eq(function->text_offset, 0xe0);
	ck_assert_uint_eq(function->size, 0x104);
	ck_assert_uint_eq(function->index, 2); // the import is 0
	ck_assert_str_eq(function->name, "mid");
	// Padding between functions belongs to none.
	must_succeed(op_artifact_function_at(artifact, 0x1e4, &function));
	ck_assert_ptr_null(function);
	must_succeed(op_artifact_function_at(artifact, UINT64_MAX, &function));
	ck_assert_ptr_null(function);
	must_succeed(op_artifact_find_function(artifact, 0, 5, &function));
	ck_assert_uint_eq(function->text_offset, 0x380);
	must_succeed(op_artifact_find_function(artifact, 0, 0, &function));
	ck_assert_ptr_null(function);
	must_succeed(op_artifact_find_function(artifact, 1, 1, &function));
	ck_assert_ptr_null(function);
	must_succeed(op_artifact_find_entry(artifact, 0, 2, &function));
	ck_assert_int_eq(function->kind, OP_FUNCTION_ENTRY_TRAMPOLINE);
	ck_assert_uint_eq(function->text_offset, 0x497);
	must_succeed(op_artifact_find_builtin(artifact, "raise", &function));
	ck_assert_uint_eq(function->text_offset, 0xa5c);
	must_succeed(op_artifact_find_builtin(artifact, "throw_ref", &function));
	ck_assert_ptr_null(function);
	must_succeed(op_artifact_function_at(artifact, 0xa89, &function));
	ck_assert_int_eq(function->kind, OP_FUNCTION_BREAKPOINT);
	must_succeed(op_artifact_function_at(artifact, 0x753, &function));
	ck_assert_int_eq(function->kind, OP_FUNCTION_EXIT_TRAMPOLINE);
	ck_assert_str_eq(function->name, "signatures[0]::wasm_to_array_trampoline");
	op_artifact_unref(artifact);
}
END_TEST

// As `readelf --debug-dump=frames-interp` shows them.
START_TEST(unwinding)
{
	enum { RBX = 3, RBP = 6, RSP = 7, R12 = 12, R13 = 13, R14 = 14, PLACES };
	static const struct {
		uint64_t at;
		unsigned frame_register;
		int64_t frame_offset;
		int64_t saved[PLACES]; // 0: not
	} rows[] = {
		{0xe0, RSP, 8, {0}},
		{0xe1, RSP, 16, {[RBP] = -16}},
		{0xe3, RSP, 16, {[RBP] = -16}},
		{0xe4, RBP, 16, {[RBP] = -16}},
		{0xf4, RBP, 16, {[RBX] = -48, [RBP] = -16}},
		{0x2cf, RBP, 16, {[RBX] = -48, [RBP] = -16, [R12] = -40, [R13] = -32, [R14] = -24}},
	};
	struct op_artifact *artifact = image_open("inlined-49.cwasm");
	struct op_unwind_row row;
	bool found;
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		must_succeed(op_artifact_unwind_row(artifact, rows[i].at, &found, &row));
		ck_assert(found);
		ck_assert_uint_eq(row.frame_register, rows[i].frame_register);
		ck_assert_int_eq(row.frame_offset, rows[i].frame_offset);
		for (size_t k = 0; k < PLACES; k++) {
			ck_assert_uint_eq(row.registers[k].is_saved, rows[i].saved[k] != 0);
			ck_assert_int_eq(row.registers[k].offset, rows[i].saved[k]);
		}
	}
	must_succeed(op_artifact_unwind_row(artifact, 0xd8, &found, &row));
	ck_assert(!found);
	op_artifact_unref(artifact);
}
END_TEST

// What no compiler writes.
START_TEST(bad_unwinding)
{
	static const struct {
		const uint8_t bytes[8];
		size_t size;
		enum op_error_code code;
	} rows[] = {
		{{0x0c, 7}, 2, OP_ERROR_FORMAT},                               // cut off
		{{0x0c, 99, 8}, 3, OP_ERROR_FORMAT},                           // no such register
		{{0x80 | 40, 1}, 2, OP_ERROR_FORMAT},                          // nor this
		{{0x0a}, 1, OP_ERROR_UNSUPPORTED},                             // remembers a row
		{{0x05, 3, 0xff, 0xff, 0xff, 0xff, 0x7f}, 7, OP_ERROR_FORMAT}, // far away
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		struct op_unwind_program program = {
			.code_align = 1,
			.data_align = -8,
			.own = {rows[i].bytes, rows[i].size, "instructions"},
		};
		struct op_unwind_row row;
		struct op_error *error _cleanup_error_ = op_unwind_row_read(&program, 100, &row);
		ck_assert_ptr_nonnull(error);
		ck_assert_int_eq(error->code, rows[i].code);
	}
}
END_TEST

START_TEST(functions_without_symbols)
{
	// -D symbols=n: ranges from .eh_frame, the guest's functions by their program points.
	static const struct {
		uint32_t text_offset, size, index;
	} rows[] = {{0, 0xd0, 1},
		    {0xe0, 0x1f0, 2},
		    {0x2e0, 0xd2, 3},
		    {0x3c0, 0x98, 4},
		    {0x460, 0x55, 5}};
	struct op_artifact *artifact = image_open("inlined-49.cwasm");
	const struct op_function *functions, *function;
	size_t count;
	must_succeed(op_artifact_functions(artifact, &functions, &count));
	ck_assert_uint_eq(count, 19);
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		must_succeed(op_artifact_find_function(artifact, 0, rows[i].index, &function));
		ck_assert_ptr_nonnull(function);
		ck_assert_uint_eq(function->text_offset, rows[i].text_offset);
		ck_assert_uint_eq(function->size, rows[i].size);
		ck_assert_ptr_null(function->name);
	}
	must_succeed(op_artifact_function_at(artifact, 0x4b5, &function));
	ck_assert_int_eq(function->kind, OP_FUNCTION_OTHER);
	op_artifact_unref(artifact);
}
END_TEST

START_TEST(modules)
{
	struct op_artifact *artifact = image_open("pair-49.cwasm");
	uint32_t count, imported;
	must_succeed(op_artifact_module_count(artifact, &count));
	ck_assert_uint_eq(count, 2);
	struct op_bytes bytes;
	must_succeed(op_artifact_bytecode(artifact, 0, &bytes));
	ck_assert_uint_eq(bytes.size, 71);
	must_succeed(op_artifact_bytecode(artifact, 1, &bytes));
	ck_assert_uint_eq(bytes.size, 100);
	ck_assert_mem_eq(bytes.data, "\0asm\1\0\0\0", 8);
	must_fail(op_artifact_bytecode(artifact, 2, &bytes), OP_ERROR_NOT_FOUND);
	must_succeed(op_artifact_imported_functions(artifact, 0, &imported));
	ck_assert_uint_eq(imported, 0);
	must_succeed(op_artifact_imported_functions(artifact, 1, &imported));
	ck_assert_uint_eq(imported, 1);
	const struct op_wasm_module *module;
	must_succeed(op_artifact_module(artifact, 1, &module));
	ck_assert_uint_eq(op_wasm_module_function_count(module), 3);
	op_artifact_unref(artifact);
}
END_TEST

START_TEST(places_in_the_component)
{
	// Where "\0asm" stands in pair.wat's binary: 10 and 83, whatever the version's pcs count
	// from.
	static const char *const images[] = {"pair-43.cwasm", "pair-49.cwasm"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(images); i++) {
		struct op_artifact *artifact = image_open(images[i]);
		uint32_t bias;
		must_succeed(op_artifact_module_bias(artifact, 0, &bias));
		ck_assert_uint_eq(bias, 10);
		must_succeed(op_artifact_module_bias(artifact, 1, &bias));
		ck_assert_uint_eq(bias, 83);
		op_artifact_unref(artifact);
	}
	struct op_artifact *artifact = image_open("plain-49.cwasm");
	uint32_t bias = 1;
	must_succeed(op_artifact_module_bias(artifact, 0, &bias));
	ck_assert_uint_eq(bias, 0);
	op_artifact_unref(artifact);
}
END_TEST

START_TEST(bytecode_from_elsewhere)
{
	struct op_artifact *with = image_open("calls-49.cwasm");
	struct op_artifact *without = image_open("calls-42.cwasm");
	struct op_bytes bytes, none;
	uint32_t imported;
	const struct op_wasm_module *module;
	must_succeed(op_artifact_bytecode(with, 0, &bytes));
	must_succeed(op_artifact_bytecode(without, 0, &none));
	ck_assert_uint_eq(none.size, 0);
	must_succeed(op_artifact_module(without, 0, &module));
	ck_assert_ptr_null(module);
	// From the symbols: the first defined function is 1.
	must_succeed(op_artifact_imported_functions(without, 0, &imported));
	ck_assert_uint_eq(imported, 1);
	must_succeed(op_artifact_set_bytecode(without, 0, &bytes));
	must_succeed(op_artifact_module(without, 0, &module));
	ck_assert_uint_eq(op_wasm_module_function_count(module), 6);
	must_fail(op_artifact_set_bytecode(without, 0, &bytes), OP_ERROR_STATE);
	must_fail(op_artifact_set_bytecode(with, 0, &bytes), OP_ERROR_STATE);
	op_artifact_unref(with);
	op_artifact_unref(without);
}
END_TEST

START_TEST(equality_and_source)
{
	struct space space;
	space_init(&space);
	uint64_t second = space_image(&space, "calls-49.cwasm", 0, "");
	uint64_t third = space_image(&space, "calls-49.cwasm", second, "");
	space_image(&space, "calls-42.cwasm", third, "");
	struct op_memory memory = space_memory(&space);
	struct op_artifact *artifact;
	bool same;
	must_succeed(op_artifact_open(&memory, op_host_addr(space_base), second, &artifact));
	must_succeed(
		op_artifact_matches(artifact, &memory, op_host_addr(space_base + second), &same));
	ck_assert(same);
	must_succeed(
		op_artifact_matches(artifact, &memory, op_host_addr(space_base + third), &same));
	ck_assert(!same);
	must_succeed(op_artifact_matches(artifact, &memory, op_host_addr(space_base + SPACE_SIZE),
					 &same));
	ck_assert(!same);
	// One byte of the checksum's section differs.
	space.bytes[second + 0x3138 + 0x100] ^= 1;
	must_succeed(
		op_artifact_matches(artifact, &memory, op_host_addr(space_base + second), &same));
	ck_assert(!same);
	// Without a source what was not loaded cannot be had; the other copy still gives it.
	struct op_bytes section;
	op_artifact_set_source(artifact, NULL, op_host_addr(0));
	must_fail(op_artifact_section(artifact, ".symtab", &section), OP_ERROR_UNREADABLE);
	memset(space.bytes, 0, second);
	op_artifact_set_source(artifact, &memory, op_host_addr(space_base + second));
	must_succeed(op_artifact_section(artifact, ".symtab", &section));
	ck_assert_uint_eq(section.size, 0x1e0);
	must_succeed(op_artifact_section(artifact, ".wasmtime.stackmap", &section));
	ck_assert_uint_eq(section.size, 0);
	ck_assert_ptr_null(section.data);
	op_artifact_unref(artifact);
	space_deinit(&space);
}
END_TEST

START_TEST(opening_reads_little)
{
	struct space space;
	space_init(&space);
	uint64_t end = space_image(&space, "calls-49.cwasm", 0, "");
	struct op_memory memory = space_memory(&space);
	struct op_artifact *artifact;
	space.read_bytes = 0;
	must_succeed(op_artifact_open(&memory, op_host_addr(space_base), end, &artifact));
	// Header, 17 section headers, their names, the head of .wasmtime.engine.
	ck_assert_uint_le(space.read_bytes, 64 + 17 * 64 + 0xee + 257);
	op_artifact_unref(artifact);
	space_deinit(&space);
}
END_TEST

/** Ask for everything; what comes of it does not matter, only that it comes. */
static void use_everything(struct op_artifact *artifact)
{
	const struct op_function *functions;
	const struct op_frame_table *frames;
	const struct op_address_map *map;
	const struct op_trap_table *traps;
	size_t count;
	uint32_t number;
	op_error_destroy(op_artifact_functions(artifact, &functions, &count));
	op_error_destroy(op_artifact_frame_table(artifact, &frames));
	op_error_destroy(op_artifact_address_map(artifact, &map));
	op_error_destroy(op_artifact_trap_table(artifact, &traps));
	op_error_destroy(op_artifact_module_count(artifact, &number));
	op_error_destroy(op_artifact_module_bias(artifact, 0, &number));
}

START_TEST(damage)
{
	// Every byte of the section table in turn set to 0xff: an error or something, never a
	// fault.
	static const char *const images[] = {"pair-49.cwasm", "inlined-49.cwasm"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(images); i++) {
		struct space space;
		space_init(&space);
		size_t size;
		free(image_bytes(images[i], &size));
		uint64_t end = space_image(&space, images[i], 0, "");
		struct op_memory memory = space_memory(&space);
		for (size_t at = size - 17 * 64; at < size; at++) {
			uint8_t before = space.bytes[at];
			space.bytes[at] = 0xff;
			struct op_artifact *artifact;
			struct op_error *error =
				op_artifact_open(&memory, op_host_addr(space_base), end, &artifact);
			if (error)
				must_fail(error, OP_ERROR_FORMAT);
			else
				use_everything(artifact);
			if (!error)
				op_artifact_unref(artifact);
			space.bytes[at] = before;
		}
		space_deinit(&space);
	}
}
END_TEST

START_TEST(module_ends_without_bytecode)
{
	// Found by fuzzing: the ends are there and all 0, their module_count' section is empty.
	struct space space;
	space_init(&space);
	size_t size, count;
	free(image_bytes("pair-49.cwasm", &size));
	uint64_t end = space_image(&space, "pair-49.cwasm", 0, "");
	struct op_memory memory = space_memory(&space);
	struct op_artifact *artifact = image_open("pair-49.cwasm");
	const struct op_section *sections = op_artifact_sections(artifact, &count);
	for (size_t i = 0; i < count; i++) {
		// Elf64_Shdr: sh_size is at 32; the null section is not in the list.
		if (strcmp(sections[i].name, ".wasmtime.wasm_bytecode") == 0)
			memset(space.bytes + size - (count - i) * 64 + 32, 0, 8);
		if (strcmp(sections[i].name, ".wasmtime.wasm_bytecode_ends") == 0)
			memset(space.bytes + sections[i].offset, 0, sections[i].size);
	}
	op_artifact_unref(artifact);
	must_succeed(op_artifact_open(&memory, op_host_addr(space_base), end, &artifact));
	ck_assert(!op_artifact_info(artifact)->has_bytecode);
	uint32_t module_count;
	must_succeed(op_artifact_module_count(artifact, &module_count));
	ck_assert_uint_eq(module_count, 2);
	struct op_bytes bytes;
	must_succeed(op_artifact_bytecode(artifact, 1, &bytes));
	ck_assert_uint_eq(bytes.size, 0);
	op_artifact_unref(artifact);
	space_deinit(&space);
}
END_TEST

START_TEST(not_an_image)
{
	struct op_artifact *artifact;
	must_fail(op_artifact_open_file("/dev/null", &artifact), OP_ERROR_IO);
	must_fail(op_artifact_open_file(image_path("no-such-file"), &artifact), OP_ERROR_IO);
	must_fail(op_artifact_open_file(image_path("calls.wat"), &artifact), OP_ERROR_FORMAT);
	// A limit that cuts the image short.
	struct space space;
	space_init(&space);
	space_image(&space, "calls-49.cwasm", 0, "");
	struct op_memory memory = space_memory(&space);
	must_fail(op_artifact_open(&memory, op_host_addr(space_base), 15447, &artifact),
		  OP_ERROR_FORMAT);
	must_succeed(op_artifact_open(&memory, op_host_addr(space_base), 15448, &artifact));
	op_artifact_unref(artifact);
	// GDB's copies: ET_DYN.
	space.bytes[16] = 3;
	must_fail(op_artifact_open(&memory, op_host_addr(space_base), 15448, &artifact),
		  OP_ERROR_FORMAT);
	space_deinit(&space);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("artifact");
	TCase *cases = tcase_create("artifact");
	tcase_add_test(cases, what_is_recorded);
	tcase_add_test(cases, functions_by_symbols);
	tcase_add_test(cases, functions_without_symbols);
	tcase_add_test(cases, unwinding);
	tcase_add_test(cases, bad_unwinding);
	tcase_add_test(cases, modules);
	tcase_add_test(cases, places_in_the_component);
	tcase_add_test(cases, bytecode_from_elsewhere);
	tcase_add_test(cases, equality_and_source);
	tcase_add_test(cases, opening_reads_little);
	tcase_add_test(cases, damage);
	tcase_add_test(cases, module_ends_without_bytecode);
	tcase_add_test(cases, not_an_image);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
