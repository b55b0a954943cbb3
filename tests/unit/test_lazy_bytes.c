// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes that are fetched when they are needed, and debug information over them: what is fetched
// when.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/lazy_bytes.h"
#include "target-runtime/dwarf/dwarf_private.h"
#include "tests/unit/suite.h"

enum { SIZE = 100 * 1000 };

static uint8_t bytes[SIZE];
static struct {
	const uint8_t *from;
	size_t calls, size;
	bool fails;
} origin;

static struct op_error *fetch(void *context, uint64_t offset, void *buffer, size_t size)
{
	ck_assert_ptr_eq(context, &origin);
	if (origin.fails)
		return op_error_create(OP_ERROR_UNREADABLE, "it is gone");
	origin.calls++;
	origin.size += size;
	memcpy(buffer, origin.from + offset, size);
	return NULL;
}

static struct op_lazy_bytes *make(const uint8_t *from, size_t size)
{
	struct op_lazy_bytes *lazy;
	memset(&origin, 0, sizeof(origin));
	origin.from = from;
	ck_assert(!op_lazy_bytes_create(size, "test", fetch, &origin, &lazy));
	return lazy;
}

START_TEST(only_what_is_needed)
{
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	struct op_lazy_bytes *lazy = make(bytes, SIZE);
	const uint8_t *data = op_lazy_bytes_all(lazy)->data;
	ck_assert_uint_eq(op_lazy_bytes_all(lazy)->size, SIZE);
	ck_assert_uint_eq(origin.calls, 0);
	ck_assert(!op_lazy_bytes_need(lazy, data + 50000, 1));
	ck_assert_uint_eq(data[50000], bytes[50000]);
	ck_assert_uint_eq(origin.calls, 1);
	ck_assert_uint_lt(op_lazy_bytes_fetched(lazy), SIZE / 2);
	ck_assert(!op_lazy_bytes_need(lazy, data + 50000, 10));
	ck_assert_uint_eq(origin.calls, 1);
	// The rest on both sides of it, and nothing twice; a size that reaches too far.
	ck_assert(!op_lazy_bytes_need(lazy, data, SIZE_MAX));
	ck_assert_uint_eq(origin.calls, 3);
	ck_assert_uint_eq(origin.size, SIZE);
	ck_assert_mem_eq(data, bytes, SIZE);
	ck_assert_uint_eq(data[SIZE], 0);
	op_lazy_bytes_destroy(lazy);
}
END_TEST

START_TEST(what_fails_is_asked_again)
{
	struct op_lazy_bytes *lazy = make(bytes, SIZE);
	const uint8_t *data = op_lazy_bytes_all(lazy)->data;
	origin.fails = true;
	struct op_error *err = op_lazy_bytes_need(lazy, data, SIZE);
	ck_assert(err && err->code == OP_ERROR_UNREADABLE);
	op_error_destroy(err);
	origin.fails = false;
	ck_assert(!op_lazy_bytes_need(lazy, data, SIZE));
	ck_assert_mem_eq(data, bytes, SIZE);
	uint8_t copy[16];
	ck_assert(!op_lazy_bytes_copy(lazy, data + 5, copy, sizeof(copy)));
	ck_assert_mem_eq(copy, bytes + 5, sizeof(copy));
	// Where they came from is gone.
	origin.fails = true;
	ck_assert(!op_lazy_bytes_copy(lazy, data + 7, copy, sizeof(copy)));
	ck_assert_mem_eq(copy, bytes + 7, sizeof(copy));
	origin.fails = false;
	op_lazy_bytes_destroy(lazy);
}
END_TEST

START_TEST(what_was_read_is_read_again)
{
	bool same;
	struct op_lazy_bytes *lazy = make(bytes, SIZE);
	const uint8_t *data = op_lazy_bytes_all(lazy)->data;
	ck_assert(!op_lazy_bytes_is_same(lazy, &same));
	ck_assert(same);
	ck_assert(!op_lazy_bytes_need(lazy, data + 50000, 1));
	ck_assert(!op_lazy_bytes_need(lazy, data + SIZE - 1, 1));
	size_t fetched = origin.size;
	ck_assert(!op_lazy_bytes_is_same(lazy, &same));
	ck_assert(same);
	ck_assert_uint_eq(origin.size, 2 * fetched);
	bytes[0] ^= 1;
	ck_assert(!op_lazy_bytes_is_same(lazy, &same));
	ck_assert(same);
	bytes[SIZE - 1] ^= 1;
	ck_assert(!op_lazy_bytes_is_same(lazy, &same));
	ck_assert(!same);
	bytes[SIZE - 1] ^= 1;
	origin.fails = true;
	struct op_error *err = op_lazy_bytes_is_same(lazy, &same);
	ck_assert(err && err->code == OP_ERROR_UNREADABLE && !same);
	op_error_destroy(err);
	err = op_lazy_bytes_need(lazy, data, 1);
	ck_assert_ptr_nonnull(err);
	op_error_destroy(err);
	// Whoever met that may have gone on without.
	origin.fails = false;
	ck_assert(!op_lazy_bytes_is_same(lazy, &same));
	ck_assert(!same);
	op_lazy_bytes_destroy(lazy);
}
END_TEST

// Units of 200 KiB -----------------------------------------------------------------------------

enum { UNITS = 6, TYPES = 30000, UNIT_NAME = 16 };

// A unit with a name; a base type with a name in .debug_str, an encoding, a size; one more with a
// reference to another unit.
static const uint8_t abbreviations[] = {1,
					DW_TAG_compile_unit,
					1,
					DW_AT_name,
					DW_FORM_string,
					0,
					0,
					2,
					DW_TAG_base_type,
					0,
					DW_AT_name,
					DW_FORM_strp,
					DW_AT_encoding,
					DW_FORM_data1,
					DW_AT_byte_size,
					DW_FORM_data1,
					0,
					0,
					0,
					1,
					DW_TAG_compile_unit,
					1,
					DW_AT_name,
					DW_FORM_string,
					0,
					0,
					3,
					DW_TAG_typedef,
					0,
					DW_AT_type,
					DW_FORM_ref_addr,
					0,
					0,
					0};
enum { FOREIGN = 19 };

static struct OP_ARRAY(uint8_t) module;
static size_t unit_start[UNITS + 1], strings_start, abbreviations_start;

static void put(const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ck_assert(op_array_push(&module, ((const uint8_t *)data)[i]));
}

static void put_unit(unsigned number)
{
	uint32_t length = 0, abbreviation = number == UNITS - 1 ? FOREIGN : 0, name = 70000;
	uint32_t target = (uint32_t)unit_start[2] + 11 + 1 + UNIT_NAME;
	char text[UNIT_NAME] = "unit_0.c";
	text[5] = (char)('0' + number);
	size_t start = unit_start[number] = module.count;
	put(&length, 4);
	put(&(uint16_t){4}, 2);
	put(&abbreviation, 4);
	put("\4\1", 2);
	put(text, strlen(text) + 1);
	// Names of the same length everywhere: the first type is where `target` says.
	for (size_t i = strlen(text) + 1; i < UNIT_NAME; i++)
		put("\0", 1);
	if (abbreviation) {
		put("\3", 1);
		put(&target, 4);
	}
	for (unsigned i = 0; !abbreviation && i < TYPES; i++) {
		put("\2", 1);
		put(&name, 4);
		put("\5\4", 2);
	}
	put("\0", 1);
	length = (uint32_t)(module.count - start - 4);
	memcpy(module.data + start, &length, 4);
}

static struct op_debug_info *info;
static struct op_lazy_bytes *lazy_module;

static void open_units(void)
{
	module.count = 0;
	for (unsigned i = 0; i < UNITS; i++)
		put_unit(i);
	unit_start[UNITS] = module.count;
	abbreviations_start = module.count;
	put(abbreviations, sizeof(abbreviations));
	strings_start = module.count;
	for (unsigned i = 0; i < 150000; i++)
		put(i % 10 == 9 ? "\0" : "x", 1);
	lazy_module = make(module.data, module.count);
	const uint8_t *data = op_lazy_bytes_all(lazy_module)->data;
	struct op_debug_source source = {.lazy = lazy_module, .code_end = 1000};
	source.sections[OP_DEBUG_INFO] = (struct op_bytes){data, unit_start[UNITS], ".debug_info"};
	source.sections[OP_DEBUG_ABBREV] = (struct op_bytes){
		data + abbreviations_start, sizeof(abbreviations), ".debug_abbrev"};
	source.sections[OP_DEBUG_STR] =
		(struct op_bytes){data + strings_start, module.count - strings_start, ".debug_str"};
	ck_assert(!op_debug_info_create(&source, NULL, NULL, NULL, &info));
}

static void close_units(void)
{
	op_debug_info_destroy(info);
	op_lazy_bytes_destroy(lazy_module);
	free(module.data);
	module.data = NULL;
	module.capacity = 0;
}

static struct op_die type_of(unsigned unit, unsigned type)
{
	return (struct op_die){unit_start[unit] + 11 + 1 + UNIT_NAME + 7 * type};
}

static void has_type(unsigned unit, unsigned type)
{
	Dwarf_Die die;
	Dwarf_Attribute name;
	ck_assert(op_debug_die(info, type_of(unit, type), &die));
	ck_assert_int_eq(dwarf_tag(&die), DW_TAG_base_type);
	ck_assert(dwarf_attr(&die, DW_AT_name, &name));
	ck_assert_str_eq(op_debug_string(info, &name), "xxxxxxxxx");
}

START_TEST(a_unit_when_it_is_asked_for)
{
	open_units();
	size_t whole = unit_start[UNITS];
	const struct op_debug_unit *units;
	size_t count;
	ck_assert_uint_lt(origin.size, whole / 8);
	ck_assert(!op_debug_units(info, &units, &count));
	ck_assert_uint_eq(count, UNITS);
	ck_assert_str_eq(units[3].name, "unit_3.c");
	ck_assert_uint_lt(origin.size, whole / 4);
	size_t heads = origin.size;
	has_type(4, TYPES - 1);
	ck_assert_uint_gt(origin.size - heads, TYPES * 7 / 2);
	ck_assert_uint_lt(origin.size - heads, 2 * TYPES * 7);
	size_t before = origin.size;
	has_type(4, 7);
	ck_assert_uint_eq(origin.size, before);
	close_units();
}
END_TEST

START_TEST(units_that_refer_to_others)
{
	open_units();
	const struct op_debug_unit *units;
	size_t count;
	ck_assert(!op_debug_units(info, &units, &count));
	Dwarf_Die die, target;
	Dwarf_Attribute type;
	ck_assert(op_debug_die(info, type_of(UNITS - 1, 0), &die));
	ck_assert(dwarf_attr(&die, DW_AT_type, &type) && dwarf_formref_die(&type, &target));
	ck_assert_int_eq(dwarf_tag(&target), DW_TAG_base_type);
	ck_assert_uint_ge(origin.size, unit_start[UNITS]);
	close_units();
}
END_TEST

START_TEST(a_unit_that_cannot_be_fetched)
{
	open_units();
	const struct op_debug_unit *units;
	size_t count;
	Dwarf_Die die;
	ck_assert(!op_debug_units(info, &units, &count));
	origin.fails = true;
	ck_assert(!op_debug_die(info, type_of(1, 20000), &die));
	origin.fails = false;
	has_type(1, 20000);
	close_units();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lazy bytes");
	TCase *plain = tcase_create("bytes");
	tcase_add_test(plain, only_what_is_needed);
	tcase_add_test(plain, what_fails_is_asked_again);
	tcase_add_test(plain, what_was_read_is_read_again);
	suite_add_tcase(suite, plain);
	TCase *dwarf = tcase_create("debug information");
	tcase_add_test(dwarf, a_unit_when_it_is_asked_for);
	tcase_add_test(dwarf, units_that_refer_to_others);
	tcase_add_test(dwarf, a_unit_that_cannot_be_fetched);
	suite_add_tcase(suite, dwarf);
	return run_suite(suite);
}
