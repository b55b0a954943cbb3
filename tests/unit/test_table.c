// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of recorded processes, and the element segments that tell what an element will be that
// Wasmtime has not written yet.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/function_ref.h"
#include "target-runtime/table.h"
#include "target-runtime/wasm/elements.h"
#include "tests/unit/state_fixture.h"
#include "tests/unit/suite.h"

static struct state_fixture fixture;

static void unload(void)
{
	state_unload(&fixture);
}

static void check_function(const struct op_table_element *element, const char *text)
{
	struct op_function_ref function;
	struct op_text found = OP_TEXT_INIT;
	ck_assert_str_ne(state_cell_text(&element->cell), "<lazy>");
	state_no_error(op_function_ref_read(
		fixture.set, op_host_addr(op_value_bits(&element->cell.value)), &function));
	state_no_error(op_function_ref_text(&function, &found));
	ck_assert_str_eq(found.data, text);
	op_text_deinit(&found);
}

// parts.wat: elements 1 and 2 of table 0; the program has called 2, so that one is there.
static void check_parts(const char *name, const char *module)
{
	state_load(&fixture, name, module);
	const struct op_instance *parts = state_instance(&fixture, 0, 1);
	struct op_table_state table;
	struct op_table_element elements[5];
	uint32_t count;
	state_no_error(op_instance_table_count(parts, &count));
	ck_assert_uint_eq(count, 2);
	state_no_error(op_instance_table(fixture.set, parts, 0, &table));
	ck_assert_uint_eq(table.size, 5);
	ck_assert_uint_eq(table.element_size, 8);
	ck_assert(!table.has_maximum && !table.imported);
	state_no_error(op_table_elements(fixture.set, &table, 0, 5, elements));
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(elements[i].lazy, i != 2);
	ck_assert(elements[0].lazy_known && elements[0].lazy_null);
	ck_assert(elements[1].lazy_known && !elements[1].lazy_null);
	ck_assert_uint_eq(elements[1].lazy_function, 2); // $f
	struct op_function_ref function;
	state_no_error(op_function_ref_read(
		fixture.set, op_host_addr(op_value_bits(&elements[2].cell.value)), &function));
	ck_assert_int_eq(function.kind, OP_FUNCTION_REF_HOST); // $yield
	struct op_error *err = op_table_elements(fixture.set, &table, 3, 3, elements);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
	err = op_table_elements(fixture.set, &table, UINT64_MAX, 1, elements);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);

	state_no_error(op_instance_table(fixture.set, parts, 1, &table));
	ck_assert_uint_eq(table.size, 3);
	ck_assert_uint_eq(table.element_size, 4);
	state_no_error(op_table_elements(fixture.set, &table, 2, 1, elements));
	ck_assert_str_eq(state_cell_text(&elements[0].cell), "externref:00000000");
	err = op_instance_table(fixture.set, parts, 2, &table);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
}

START_TEST(parts_of_all)
{
	check_parts("parts-36", "parts.wasm");
	unload();
	check_parts("parts-42", "parts.wasm");
	unload();
	check_parts("parts-46", NULL);
	unload();
	check_parts("parts-49", "parts.wasm");
}
END_TEST

// library.wat's table, into which app.wat has written two functions; the one of its own is not
// initialised.
static void check_shared(const char *name)
{
	state_load(&fixture, name, NULL);
	struct op_table_state table;
	struct op_table_element elements[4];
	state_no_error(op_instance_table(fixture.set, state_instance(&fixture, 0, 2), 0, &table));
	ck_assert(table.imported);
	ck_assert_ptr_eq(table.owner, state_instance(&fixture, 0, 1));
	ck_assert_uint_eq(table.size, 4);
	ck_assert(!table.has_maximum);
	state_no_error(op_table_elements(fixture.set, &table, 0, 4, elements));
	check_function(&elements[0], "add");
	check_function(&elements[1], "self");
	ck_assert(elements[2].lazy && elements[2].lazy_known && !elements[2].lazy_null);
	ck_assert_uint_eq(elements[2].lazy_function, 0);
	ck_assert(elements[3].lazy && elements[3].lazy_null);
	state_no_error(op_instance_table(fixture.set, state_instance(&fixture, 0, 1), 0, &table));
	ck_assert(table.has_maximum);
	ck_assert_uint_eq(table.maximum, 10);
}

START_TEST(shared_table)
{
	check_shared("state-49");
	unload();
	check_shared("state-44");
}
END_TEST

// What is neither tagged nor zero was not written by Wasmtime; a pointer to nothing is no function.
START_TEST(broken_elements)
{
	state_load(&fixture, "state-49", NULL);
	struct op_table_state table;
	struct op_table_element element;
	state_no_error(op_instance_table(fixture.set, state_instance(&fixture, 0, 2), 0, &table));
	uint8_t *place = state_place(&fixture, table.base.value, 16);
	uint64_t word = 0x1234560;
	memcpy(place, &word, 8);
	word = 0x1234561;
	memcpy(place + 8, &word, 8);
	state_no_error(op_table_elements(fixture.set, &table, 0, 1, &element));
	ck_assert_str_eq(state_cell_text(&element.cell), "<unknown-layout>");
	state_no_error(op_table_elements(fixture.set, &table, 1, 1, &element));
	struct op_function_ref function;
	state_no_error(op_function_ref_read(
		fixture.set, op_host_addr(op_value_bits(&element.cell.value)), &function));
	ck_assert_int_eq(function.kind, OP_FUNCTION_REF_BAD);
	ck_assert_ptr_nonnull(function.problem);
	// A size that no memory has: elements that are not there are unreadable, and nothing is
	// allocated for them.
	word = UINT64_C(10000000);
	memcpy(state_place(&fixture, table.definition.value + 8, 8), &word, 8);
	state_no_error(op_instance_table(fixture.set, state_instance(&fixture, 0, 2), 0, &table));
	ck_assert_uint_eq(table.size, 10000000);
	state_no_error(op_table_elements(fixture.set, &table, 9999999, 1, &element));
	ck_assert_str_eq(state_cell_text(&element.cell), "<unreadable>");
	word = UINT64_MAX;
	memcpy(state_place(&fixture, table.definition.value + 8, 8), &word, 8);
	struct op_error *err =
		op_instance_table(fixture.set, state_instance(&fixture, 0, 2), 0, &table);
	ck_assert(err && err->code == OP_ERROR_FORMAT);
	op_error_destroy(err);
}
END_TEST

START_TEST(host_table)
{
	size_t count;
	state_load(&fixture, "hosted-50", "hosted.wasm");
	const struct op_store *stores = op_store_set_stores(fixture.set, &count);
	const struct op_instance *instance =
		state_instance(&fixture, stores[0].instance_count == 5 ? 0 : 1, 3);
	struct op_table_state table;
	struct op_table_element elements[2];
	state_no_error(op_instance_table(fixture.set, instance, 0, &table));
	ck_assert_int_eq(table.owner->kind, OP_INSTANCE_HOST);
	state_no_error(op_table_elements(fixture.set, &table, 0, 2, elements));
	ck_assert(elements[0].lazy && elements[0].lazy_known && elements[0].lazy_null);
	struct op_function_ref function;
	state_no_error(op_function_ref_read(
		fixture.set, op_host_addr(op_value_bits(&elements[1].cell.value)), &function));
	ck_assert_int_eq(function.kind, OP_FUNCTION_REF_HOST);
}
END_TEST

/**
 * The type section of one function type (func), five functions with bodies, one table of 10 with
 * what the element section's bytes say of it.
 */
static void check_elements(const uint8_t *elements, size_t size, const char *expected)
{
	static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0,
				       3, 6,   5,   0,   0, 0, 0, 0, 4, 4, 1, 0x70, 0, 10};
	static const uint8_t tail[] = {10, 16, 5,    2, 0, 0x0b, 2, 0, 0x0b,
				       2,  0,  0x0b, 2, 0, 0x0b, 2, 0, 0x0b};
	uint8_t bytes[256];
	memcpy(bytes, head, sizeof(head));
	bytes[sizeof(head)] = 9;
	bytes[sizeof(head) + 1] = (uint8_t)size;
	memcpy(bytes + sizeof(head) + 2, elements, size);
	memcpy(bytes + sizeof(head) + 2 + size, tail, sizeof(tail));
	struct op_bytes module_bytes = {
		.data = bytes, .size = sizeof(head) + 2 + size + sizeof(tail), .what = "module"};
	struct op_wasm_module *module;
	struct op_wasm_element found[10];
	char text[11] = "";
	state_no_error(op_wasm_module_create(&module_bytes, &module));
	state_no_error(op_wasm_elements_initial(module, 0, 0, 10, found));
	for (size_t i = 0; i < 10; i++)
		text[i] = found[i].is_function ? (char)('0' + found[i].function) : '-';
	ck_assert_str_eq(text, expected);
	// Any stretch says the same.
	for (size_t first = 0; first < 10; first++) {
		struct op_wasm_element one;
		state_no_error(op_wasm_elements_initial(module, 0, first, 1, &one));
		ck_assert_int_eq(one.is_function ? (char)('0' + one.function) : '-',
				 expected[first]);
	}
	op_wasm_module_destroy(module);
}
#define ELEMENTS(expected, ...)                                                                    \
	do {                                                                                       \
		static const uint8_t section[] = {__VA_ARGS__};                                    \
		check_elements(section, sizeof(section), expected);                                \
	} while (0)

START_TEST(segments)
{
	// (elem (i32.const 2) func 1 2) (elem (i32.const 3) func 4): the later one wins.
	ELEMENTS("--14------", 2, 0, 0x41, 2, 0x0b, 2, 1, 2, 0, 0x41, 3, 0x0b, 1, 4);
	// A passive one and a declared one between: they write nothing.
	ELEMENTS("0--------3", 4, 0, 0x41, 0, 0x0b, 1, 0, 1, 0, 1, 2, 3, 0, 1, 2, 0, 0x41, 9, 0x0b,
		 1, 3);
	// Expressions, with a null: (elem (i32.const 1) funcref (ref.func 1) (ref.null func)
	// (ref.func 2)).
	ELEMENTS("-1-2------", 1, 4, 0x41, 1, 0x0b, 3, 0xd2, 1, 0x0b, 0xd0, 0x70, 0x0b, 0xd2, 2,
		 0x0b);
	// One that goes beyond the table traps, and those behind it are applied later.
	ELEMENTS("0---------", 3, 0, 0x41, 0, 0x0b, 1, 0, 0, 0x41, 9, 0x0b, 2, 1, 2, 0, 0x41, 4,
		 0x0b, 1, 3);
	// With its table's index and kind.
	ELEMENTS("-----3----", 1, 2, 0, 0x41, 5, 0x0b, 0, 1, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("recorded");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, unload);
	tcase_add_test(tcase, parts_of_all);
	tcase_add_test(tcase, shared_table);
	tcase_add_test(tcase, broken_elements);
	tcase_add_test(tcase, host_table);
	suite_add_tcase(suite, tcase);
	TCase *bytes = tcase_create("bytes");
	tcase_add_test(bytes, segments);
	suite_add_tcase(suite, bytes);
	return run_suite(suite);
}
