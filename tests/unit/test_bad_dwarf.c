// SPDX-License-Identifier: GPL-3.0-or-later
// Debug information that no compiler writes: entries, types and origins that refer to themselves or
// in rings, siblings that lead back, nesting without an end, sizes that cannot be. Whatever is
// asked ends, with an answer or a sentence. The sections are made here, byte by byte.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/location.h"
#include "target-runtime/dwarf/type.h"
#include "target-runtime/dwarf/vtables.h"
#include "tests/unit/suite.h"

enum { CODE_START = 0x100, CODE_END = 0x10000, LOW = 0x10, SIZE = 0x40, DEEP = 5000 };

// Abbreviations: code, tag, children, attributes and forms (DWARF 4, tables 7.3, 7.5, 7.6).
enum {
	UNIT = 1,
	TYPEDEF,
	POINTER,
	STRUCT,
	MEMBER,
	FUNCTION,
	COPY,
	INLINED,
	VARIABLE,
	SIBLING,
	SPACE,
	VECTOR,
	DIMENSION,
	PACK,
	VTABLE,
};
static const uint8_t abbreviations[] = {
	UNIT, 0x11, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06, 0,
	0,                                              // name, low_pc, high_pc
	TYPEDEF, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0, // name, type
	POINTER, 0x0f, 0, 0x49, 0x13, 0, 0,             // type
	STRUCT, 0x13, 1, 0x03, 0x08, 0x0b, 0x06, 0, 0,  // name,
							// byte_size
	MEMBER, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x06, 0,
	0, // name, type, member_location
	FUNCTION, 0x2e, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06, 0,
	0, // name, low_pc, high_pc
	COPY, 0x2e, 1, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06, 0,
	0, // abstract_origin, low_pc, high_pc
	INLINED, 0x1d, 1, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06, 0, 0, VARIABLE, 0x34, 0, 0x03, 0x08,
	0x49, 0x13, 0x02, 0x18, 0, 0,         // name, type, location
	SIBLING, 0x0f, 1, 0x01, 0x13, 0, 0,   // a pointer type:
					      // sibling
	SPACE, 0x39, 1, 0x03, 0x08, 0, 0,     // namespace: name
	VECTOR, 0x01, 1, 0x49, 0x13, 0, 0,    // array type: type
	DIMENSION, 0x21, 0, 0x37, 0x06, 0, 0, // subrange: count
	PACK, 0x87, 0x82, 0x01, 1, 0x03, 0x08, 0x01, 0x13, 0,
	0,                                                         // GNU_template_parameter_pack
	VTABLE, 0x13, 0, 0x03, 0x08, 0x0b, 0x06, 0x1d, 0x13, 0, 0, // name, byte_size,
								   // containing_type
	0};

struct bytes OP_ARRAY(uint8_t);

static struct bytes entries;
static struct op_debug_info *info;
static unsigned warnings;
static char last_warning[512];

static void warn(void *context, const char *text)
{
	warnings++;
	snprintf(last_warning, sizeof(last_warning), "%s", text);
}

static void byte(uint8_t value)
{
	ck_assert(op_array_push(&entries, value));
}

static void word(uint32_t value)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		byte((uint8_t)(value >> shift));
}

static void text(const char *value)
{
	do {
		byte((uint8_t)*value);
	} while (*value++);
}

/** Begin an entry; its offset. */
static uint32_t entry(uint8_t code)
{
	uint32_t offset = (uint32_t)entries.count;
	byte(code);
	return offset;
}

static void named(uint8_t code, const char *name)
{
	entry(code);
	text(name);
}

static void code_at(uint32_t low, uint32_t size)
{
	word(low);
	word(size);
}

/** The unit's head, and its first entry. */
static void begin(void)
{
	entries.count = 0;
	word(0); // the length, known at the end
	byte(4);
	byte(0);
	word(0);
	byte(4);
	named(UNIT, "bad.c");
	code_at(LOW, SIZE);
}

/** What stands in the entries, read. */
static void read_info(void)
{
	struct op_debug_source source = {.code_start = CODE_START, .code_end = CODE_END};
	source.sections[OP_DEBUG_INFO] =
		(struct op_bytes){entries.data, entries.count, ".debug_info"};
	source.sections[OP_DEBUG_ABBREV] =
		(struct op_bytes){abbreviations, sizeof(abbreviations), ".debug_abbrev"};
	struct op_error *err = op_debug_info_create(&source, warn, NULL, NULL, &info);
	ck_assert_msg(!err, "%s", err ? err->message : "");
	warnings = 0;
}

/** The end of the unit that began at @p start. */
static void end_unit(size_t start)
{
	byte(0);
	uint32_t length = (uint32_t)(entries.count - start - 4);
	memcpy(entries.data + start, &length, sizeof(length));
}

static void open_info(void)
{
	end_unit(0);
	read_info();
}

static void close_info(void)
{
	op_debug_info_destroy(info);
	info = NULL;
	free(entries.data);
	entries = (struct bytes){0};
}

/** Ask everything of a type, if it can be read. */
static void use_type(uint32_t offset)
{
	const struct op_type *type;
	struct op_text shown = OP_TEXT_INIT;
	struct op_error *err = op_debug_type(info, (struct op_die){offset}, &type);
	if (!err) {
		op_type_strip(type);
		op_error_destroy(op_type_complete(info, type));
		op_type_print(type, "x", &shown);
		op_error_destroy(op_type_print_definition(info, type, &shown));
		ck_assert_uint_lt(shown.size, 1 << 20);
	}
	op_error_destroy(err);
	op_text_deinit(&shown);
}

static size_t functions_at(uint32_t address)
{
	struct op_debug_function *found = NULL;
	size_t count = 0;
	op_error_destroy(op_debug_functions_at(info, CODE_START + address, &found, &count));
	for (size_t i = 0; i < count; i++) {
		struct op_debug_variable *variables = NULL;
		size_t seen = 0;
		op_error_destroy(op_debug_variables_at(info, &found[i], CODE_START + address,
						       &variables, &seen));
		for (size_t k = 0; k < seen; k++)
			use_type((uint32_t)variables[k].type.offset);
		free(variables);
	}
	free(found);
	return count;
}

static size_t functions_named(const char *name)
{
	struct op_debug_function *found = NULL;
	size_t count = 0;
	op_error_destroy(op_debug_functions_named(info, name, false, &found, &count));
	free(found);
	return count;
}

static void use_names(void)
{
	struct op_debug_variable *globals = NULL;
	struct op_debug_type_name *types = NULL;
	size_t count = 0;
	if (!op_debug_globals(info, NULL, &globals, &count))
		free(globals);
	if (!op_debug_types(info, NULL, &types, &count)) {
		for (size_t i = 0; i < count; i++)
			use_type((uint32_t)types[i].die.offset);
		free(types);
	}
}

START_TEST(a_type_of_itself)
{
	begin();
	uint32_t alone = entry(TYPEDEF);
	text("alone");
	word(alone);
	uint32_t pointer = entry(POINTER);
	word(pointer);
	// Two of each other.
	uint32_t first = entry(TYPEDEF);
	text("first");
	word(first + 11);
	uint32_t second = entry(TYPEDEF);
	text("other");
	word(first);
	ck_assert_uint_eq(second, first + 11);
	open_info();
	use_type(alone);
	use_type(pointer);
	use_type(first);
	use_type(second);
	use_names();
}
END_TEST

START_TEST(a_struct_inside_itself)
{
	begin();
	uint32_t structure = entry(STRUCT);
	text("ring");
	word(4);
	named(MEMBER, "self");
	word(structure);
	word(0);
	byte(0);
	uint32_t vector = entry(VECTOR);
	word(vector);
	entry(DIMENSION);
	word(UINT32_MAX);
	byte(0);
	open_info();
	use_type(structure);
	use_type(vector);
	use_names();
}
END_TEST

START_TEST(absurd_sizes)
{
	begin();
	uint32_t structure = entry(STRUCT);
	text("vast");
	word(UINT32_MAX);
	named(MEMBER, "far");
	word(structure);
	word(UINT32_MAX);
	byte(0);
	uint32_t vector = entry(VECTOR);
	word(structure);
	for (unsigned i = 0; i < 300; i++) {
		entry(DIMENSION);
		word(UINT32_MAX);
	}
	byte(0);
	// Offsets of types outside of the section.
	uint32_t lost = entry(POINTER);
	word(0x7fffffff);
	named(FUNCTION, "huge");
	code_at(LOW, UINT32_MAX);
	byte(0);
	open_info();
	use_type(structure);
	use_type(vector);
	use_type(lost);
	use_names();
	functions_at(LOW + 1);
	ck_assert_uint_le(functions_named("huge"), 1);
}
END_TEST

START_TEST(an_origin_in_a_ring)
{
	begin();
	uint32_t first = entry(COPY);
	word(first + 14); // the second
	code_at(LOW, 8);
	byte(0);
	uint32_t second = entry(COPY);
	word(first);
	code_at(LOW + 8, 8);
	byte(0);
	ck_assert_uint_eq(second, first + 14);
	uint32_t third = entry(COPY);
	word(third);
	code_at(LOW + 16, 8);
	byte(0);
	open_info();
	functions_at(LOW + 1);
	functions_at(LOW + 9);
	functions_at(LOW + 17);
	ck_assert_uint_eq(functions_named("nobody"), 0);
}
END_TEST

/** libdw follows DW_AT_sibling; it refuses one that does not lead forward (0.188). */
START_TEST(siblings_that_lead_back)
{
	begin();
	uint32_t structure = entry(STRUCT);
	text("loop");
	word(4);
	uint32_t child = entry(SIBLING);
	word(child); // itself
	byte(0);
	byte(0);
	uint32_t other = entry(STRUCT);
	text("back");
	word(4);
	uint32_t before = entry(SIBLING);
	word(before + 6);
	byte(0);
	entry(SIBLING);
	word(before);
	byte(0);
	byte(0);
	uint32_t packed = entry(STRUCT);
	text("pack");
	word(4);
	uint32_t pack = (uint32_t)entries.count;
	named(PACK, "T");
	word(pack);
	uint32_t inner = entry(SIBLING);
	word(inner);
	byte(0);
	byte(0);
	byte(0);
	uint32_t vector = entry(VECTOR);
	word(structure);
	inner = entry(SIBLING);
	word(inner);
	byte(0);
	byte(0);
	named(FUNCTION, "f");
	code_at(LOW, SIZE);
	inner = entry(SIBLING);
	word(inner);
	byte(0);
	byte(0);
	open_info();
	use_type(structure);
	use_type(other);
	use_type(packed);
	use_type(vector);
	use_names();
	ck_assert_uint_eq(functions_at(LOW + 1), 1);
	ck_assert_uint_eq(functions_named("f"), 1);
}
END_TEST

START_TEST(nesting_without_end)
{
	begin();
	for (unsigned i = 0; i < DEEP; i++)
		named(SPACE, "n");
	named(FUNCTION, "deep");
	code_at(LOW, SIZE);
	byte(0);
	for (unsigned i = 0; i < DEEP; i++)
		byte(0);
	named(FUNCTION, "flat");
	code_at(LOW, SIZE);
	uint32_t inlined = 0;
	for (unsigned i = 0; i < DEEP; i++) {
		inlined = entry(INLINED);
		word(inlined);
		code_at(LOW, SIZE);
	}
	for (unsigned i = 0; i <= DEEP; i++)
		byte(0);
	open_info();
	ck_assert_uint_le(functions_named("deep"), 1);
	ck_assert_uint_ge(functions_named("flat"), 1);
	ck_assert_uint_le(functions_at(LOW + 1), 2 * 64);
	use_names();
}
END_TEST

/** Whatever single word of the unit refers to itself, or far away, every question ends. */
START_TEST(each_word_forged)
{
	static const uint32_t forged[] = {0, 11, 0x30, UINT32_MAX, 0x7fffffff};
	begin();
	uint32_t structure = entry(STRUCT);
	text("s");
	word(4);
	named(MEMBER, "m");
	word(structure);
	word(0);
	byte(0);
	named(FUNCTION, "f");
	code_at(LOW, SIZE);
	named(VARIABLE, "v");
	word(structure);
	byte(2);
	byte(0x91); // fbreg 4
	byte(4);
	entry(INLINED);
	word(structure);
	code_at(LOW, 8);
	byte(0);
	byte(0);
	byte(0);
	end_unit(0);
	struct bytes kept = entries;
	entries = (struct bytes){0};
	for (size_t i = 0; i < kept.count; i++)
		byte(kept.data[i]);
	for (size_t at = 0; at + 4 <= kept.count; at++) {
		for (size_t i = 0; i <= OP_ARRAY_SIZE(forged); i++) {
			uint32_t value = i ? forged[i - 1] : (uint32_t)at;
			memcpy(entries.data, kept.data, kept.count);
			memcpy(entries.data + at, &value, sizeof(value));
			read_info();
			functions_at(LOW + 1);
			functions_named("f");
			use_type(structure);
			use_names();
			op_debug_info_destroy(info);
			info = NULL;
		}
	}
	free(kept.data);
}
END_TEST

/** One unit that cannot be read takes nothing from its neighbours. */
START_TEST(a_bad_unit_between_good_ones)
{
	begin();
	named(FUNCTION, "before");
	code_at(LOW, 8);
	byte(0);
	end_unit(0);
	word(7);
	byte(99); // the version
	byte(0);
	word(0);
	byte(4);
	size_t third = entries.count;
	word(0);
	byte(4);
	byte(0);
	word(0);
	byte(4);
	named(UNIT, "good.c");
	code_at(LOW + 8, 8);
	named(FUNCTION, "after");
	code_at(LOW + 8, 8);
	byte(0);
	end_unit(third);
	read_info();
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(functions_named("before"), 1);
		ck_assert_uint_eq(functions_named("after"), 1);
		ck_assert_uint_eq(functions_at(LOW + 9), 1);
	}
	ck_assert_uint_eq(warnings, 1);
	ck_assert_msg(strstr(last_warning, "version 99"), "%s", last_warning);
}
END_TEST

/** A struct; its offset. */
static uint32_t object(const char *name, uint32_t size)
{
	uint32_t offset = entry(STRUCT);
	text(name);
	word(size);
	byte(0);
	return offset;
}

/** A vtable's variable and its type, which says that it is for @p type. */
static void vtable_at(const char *name, uint32_t address, uint32_t type)
{
	uint32_t table = entry(VTABLE);
	text("table");
	word(16);
	word(type);
	named(VARIABLE, name);
	word(table);
	byte(5);
	byte(0x03); // DW_OP_addr
	word(address);
}

static const struct op_debug_vtable *vtables(uint64_t address, size_t count)
{
	const struct op_debug_vtable *found;
	size_t seen;
	struct op_error *err = op_debug_vtables_at(info, address, &found, &seen);
	ck_assert_msg(!err, "%s", err ? err->message : "");
	ck_assert_uint_eq(seen, count);
	return found;
}

START_TEST(vtables_of_several_types_and_of_none)
{
	begin();
	uint32_t square = object("Square", 8), disk = object("Disk", 4);
	vtable_at("<Square as Area>::{vtable}", 0x2000, square);
	vtable_at("<Disk as Area>::{vtable}", 0x1000, disk);
	// What a linker made of two that are equal, and what it dropped.
	vtable_at("<Square as Side>::{vtable}", 0x3000, square);
	vtable_at("<Disk as Side>::{vtable}", 0x3000, disk);
	vtable_at("<Square as Dropped>::{vtable}", 0, square);
	// Of no type, of one that is not there; a name that is no vtable's.
	vtable_at("<Square as None>::{vtable}", 0x4000, 0);
	vtable_at("<Square as Far>::{vtable}", 0x5000, 0x7fffffff);
	vtable_at("vtable", 0x6000, square);
	open_info();
	const struct op_debug_vtable *found = vtables(0x1000, 1);
	ck_assert_uint_eq(found->object.offset, disk);
	ck_assert_uint_eq(found->name_size, strlen("<Disk as Area>"));
	ck_assert(strncmp(found->name, "<Disk as Area>", found->name_size) == 0);
	ck_assert_uint_eq(vtables(0x2000, 1)->object.offset, square);
	found = vtables(0x3000, 2);
	ck_assert_uint_eq(found[0].object.offset, square);
	ck_assert_uint_eq(found[1].object.offset, disk);
	vtables(0, 0);
	vtables(0x1001, 0);
	vtables(UINT64_MAX, 0);
	vtables(0x6000, 0);
	vtables(0x4000, 0);
	// A reference to nowhere is a type that cannot be read, here as everywhere.
	const struct op_type *type;
	ck_assert_ptr_null(op_debug_type(info, vtables(0x5000, 1)->object, &type));
	ck_assert_int_eq(type->kind, OP_TYPE_UNKNOWN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bad_dwarf");
	TCase *tcase = tcase_create("forged");
	tcase_add_checked_fixture(tcase, NULL, close_info);
	tcase_add_test(tcase, a_type_of_itself);
	tcase_add_test(tcase, a_struct_inside_itself);
	tcase_add_test(tcase, absurd_sizes);
	tcase_add_test(tcase, an_origin_in_a_ring);
	tcase_add_test(tcase, siblings_that_lead_back);
	tcase_add_test(tcase, nesting_without_end);
	tcase_add_test(tcase, each_word_forged);
	tcase_add_test(tcase, a_bad_unit_between_good_ones);
	tcase_add_test(tcase, vtables_of_several_types_and_of_none);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
