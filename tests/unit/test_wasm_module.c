// SPDX-License-Identifier: GPL-3.0-or-later
// Sections, names and locals. The expected numbers are those of `wasm-tools dump` for
// tests/guests/wasm/opcodes.wasm and flow.wasm.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tests/unit/wasm_fixture.h"

static struct op_bytes bytes;
static struct op_wasm_module *module;

static void setup(void)
{
	bytes = op_fixture_read("opcodes.wasm");
	module = op_fixture_module(&bytes);
}

static void teardown(void)
{
	op_wasm_module_destroy(module);
	free((void *)bytes.data);
}

static void check_name(struct op_wasm_name name, const char *expected)
{
	if (!expected) {
		ck_assert_ptr_null(name.data);
		return;
	}
	ck_assert_ptr_nonnull(name.data);
	ck_assert_uint_eq(name.size, strlen(expected));
	ck_assert_mem_eq(name.data, expected, name.size);
}

START_TEST(type_section)
{
	uint32_t count;
	const struct op_wasm_type_def *types = op_wasm_module_types(module, &count);
	static const enum op_wasm_composite composites[] = {
		OP_WASM_FUNC,   OP_WASM_FUNC,  OP_WASM_FUNC, OP_WASM_STRUCT,
		OP_WASM_STRUCT, OP_WASM_ARRAY, OP_WASM_CONT, OP_WASM_FUNC,
	};
	ck_assert_uint_eq(count, OP_ARRAY_SIZE(composites));
	for (uint32_t i = 0; i < count; i++)
		ck_assert_int_eq(types[i].composite, composites[i]);
	ck_assert_uint_eq(types[0].param_count, 2);
	ck_assert_uint_eq(types[0].params[1].code, OP_WASM_TYPE_I64);
	ck_assert_uint_eq(types[0].result_count, 1);
	ck_assert_uint_eq(types[0].results[0].code, OP_WASM_TYPE_F32);
	ck_assert_uint_eq(types[3].field_count, 3);
	ck_assert(!types[3].fields[0].is_mutable);
	ck_assert_uint_eq(types[3].fields[1].type.code, OP_WASM_TYPE_I8);
	ck_assert(types[3].fields[1].is_mutable);
	ck_assert_uint_eq(types[3].fields[2].type.code, OP_WASM_TYPE_REF);
	ck_assert(types[3].fields[2].type.nullable);
	ck_assert_int_eq(types[3].fields[2].type.heap_type, 4);
	ck_assert_uint_eq(types[5].field_count, 1);
	ck_assert_uint_eq(types[5].fields[0].type.code, OP_WASM_TYPE_I16);
	ck_assert_uint_eq(types[6].cont_type, 1);
}
END_TEST

START_TEST(index_spaces)
{
	uint32_t count;
	const struct op_wasm_import *imports = op_wasm_module_imports(module, &count);
	ck_assert_uint_eq(count, 2);
	check_name(imports[0].module, "env");
	check_name(imports[0].name, "host");
	ck_assert_int_eq(imports[0].kind, OP_WASM_EXTERNAL_FUNC);
	ck_assert_int_eq(imports[1].kind, OP_WASM_EXTERNAL_GLOBAL);
	ck_assert_uint_eq(imports[1].index, 0);
	ck_assert_uint_eq(op_wasm_module_imported(module, OP_WASM_EXTERNAL_FUNC), 1);
	ck_assert_uint_eq(op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY), 0);
	ck_assert_uint_eq(op_wasm_module_function_count(module), 7);

	const struct op_wasm_table *tables = op_wasm_module_tables(module, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert(tables[0].limits.has_maximum && tables[0].limits.maximum == 2);
	ck_assert(tables[1].limits.is_64 && !tables[1].limits.has_maximum);
	ck_assert(!tables[2].type.nullable && tables[2].type.heap_type == 1);

	const struct op_wasm_limits *memories = op_wasm_module_memories(module, &count);
	ck_assert_uint_eq(count, 4);
	ck_assert(memories[0].minimum == 1 && memories[0].maximum == 2 &&
		  memories[0].page_size_log2 == 16);
	ck_assert(memories[1].is_64);
	ck_assert_uint_eq(memories[2].page_size_log2, 0);
	ck_assert(memories[3].shared && memories[3].maximum == 4);

	const struct op_wasm_global *globals = op_wasm_module_globals(module, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert(globals[0].type.code == OP_WASM_TYPE_I32 && !globals[0].is_mutable);
	ck_assert(globals[1].type.code == OP_WASM_TYPE_I64 && globals[1].is_mutable);
	ck_assert_int_eq(globals[2].type.heap_type, 4);

	const uint32_t *tags = op_wasm_module_tags(module, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(tags[0], 7);
	ck_assert_uint_eq(tags[1], 1);

	const struct op_wasm_export *exports = op_wasm_module_exports(module, &count);
	ck_assert_uint_eq(count, 2);
	check_name(exports[1].name, "twice");
	ck_assert_uint_eq(exports[1].index, 2);
	uint32_t start;
	ck_assert(op_wasm_module_start_function(module, &start));
	ck_assert_uint_eq(start, 1);
}
END_TEST

START_TEST(functions_by_offset)
{
	struct op_wasm_body body;
	ck_assert(!op_wasm_module_function_body(module, 0, &body));
	ck_assert(!op_wasm_module_function_body(module, 7, &body));
	ck_assert(op_wasm_module_function_body(module, 1, &body));
	ck_assert_uint_eq(body.code_start, 0xc0);
	ck_assert_uint_eq(body.start, 0xbf);
	ck_assert_uint_eq(body.end, 0xc1);
	static const struct {
		uint32_t offset, function;
	} cases[] = {{0xbf, 1}, {0xc0, 1}, {0xcd, 2}, {0x174, 2}, {0x178, 3}, {0x2bc, 3}};
	uint32_t function;
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		ck_assert(op_wasm_module_function_at(module, cases[i].offset, &function));
		ck_assert_uint_eq(function, cases[i].function);
	}
	ck_assert(!op_wasm_module_function_at(module, 0, &function));
	ck_assert(
		!op_wasm_module_function_at(module, 0xc1, &function)); // the size of the next body
	ck_assert(!op_wasm_module_function_at(module, (uint32_t)bytes.size, &function));
}
END_TEST

START_TEST(types_of_locals)
{
	static const char *const expected[] = {"i32",  "i32",          "i32",   "i32",
					       "v128", "(ref null 4)", "exnref"};
	uint32_t count;
	ck_assert_ptr_null(op_wasm_module_local_count(module, 2, &count));
	ck_assert_uint_eq(count, OP_ARRAY_SIZE(expected));
	struct op_wasm_type type;
	for (uint32_t i = 0; i < count; i++) {
		struct op_text text = OP_TEXT_INIT;
		ck_assert_ptr_null(op_wasm_module_local_type(module, 2, i, &type));
		op_wasm_type_text(&type, &text);
		ck_assert_str_eq(text.data, expected[i]);
		op_text_deinit(&text);
	}
	struct op_error *error = op_wasm_module_local_type(module, 2, count, &type);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, OP_ERROR_NOT_FOUND);
	op_error_destroy(error);
	ck_assert_ptr_null(op_wasm_module_local_count(module, 1, &count));
	ck_assert_uint_eq(count, 0);
	error = op_wasm_module_local_count(module, 0, &count);
	ck_assert_ptr_nonnull(error);
	op_error_destroy(error);
}
END_TEST

START_TEST(names_without_a_name_section)
{
	check_name(op_wasm_module_name(module), NULL);
	check_name(op_wasm_module_function_name(module, 0), "env.host");
	check_name(op_wasm_module_function_name(module, 1), NULL);
	check_name(op_wasm_module_function_name(module, 2), "controls"); // its first export
	check_name(op_wasm_module_function_name(module, 7), NULL);
	check_name(op_wasm_module_local_name(module, 2, 0), NULL);
	check_name(op_wasm_module_global_name(module, 0), NULL);
}
END_TEST

START_TEST(names_of_the_name_section)
{
	struct op_bytes named_bytes = op_fixture_read("flow.wasm");
	struct op_wasm_module *named = op_fixture_module(&named_bytes);
	check_name(op_wasm_module_name(named), "flow");
	check_name(op_wasm_module_function_name(named, 0), "add");
	check_name(op_wasm_module_function_name(named, 1), "ifs");
	check_name(op_wasm_module_local_name(named, 4, 0), "x");
	check_name(op_wasm_module_local_name(named, 4, 2), "j");
	check_name(op_wasm_module_local_name(named, 4, 3), NULL);
	check_name(op_wasm_module_local_name(named, 0, 0), "x");
	check_name(op_wasm_module_local_name(named, 5, 0), NULL);
	check_name(op_wasm_module_global_name(named, 0), "sum");
	check_name(op_wasm_module_table_name(named, 0), "functions");
	check_name(op_wasm_module_memory_name(named, 0), NULL);
	uint32_t count;
	const struct op_wasm_custom *customs = op_wasm_module_customs(named, &count);
	ck_assert_uint_eq(count, 1);
	check_name(customs[0].name, "name");
	op_wasm_module_destroy(named);
	free((void *)named_bytes.data);
}
END_TEST

// A name section counts as far as it can be read, wherever it ends: nothing but the names may
// change.
START_TEST(a_damaged_name_section_is_no_error)
{
	struct op_bytes whole = op_fixture_read("flow.wasm");
	enum { NAME_SECTION = 0x31c }; // its id; the size takes two bytes
	ck_assert_uint_eq(whole.data[NAME_SECTION], 0);
	for (size_t size = NAME_SECTION; size < whole.size; size++) {
		struct op_bytes cut = {.data = whole.data, .size = size, .what = "cut"};
		struct op_wasm_module *named = NULL;
		struct op_error *error = op_wasm_module_create(&cut, &named);
		// Cut inside the section's own header, that header is what is malformed.
		ck_assert_int_eq(error == NULL, size == NAME_SECTION || size >= NAME_SECTION + 3);
		op_error_destroy(error);
		if (named)
			ck_assert_uint_eq(op_wasm_module_function_count(named), 15);
		op_wasm_module_destroy(named);
	}
	for (size_t i = NAME_SECTION + 3; i < whole.size; i++) {
		uint8_t *byte = (uint8_t *)whole.data + i;
		uint8_t before = *byte;
		*byte = 0xff;
		struct op_wasm_module *named = op_fixture_module(&whole);
		for (uint32_t function = 0; function < 16; function++) {
			op_wasm_module_function_name(named, function);
			op_wasm_module_local_name(named, function, 0);
		}
		op_wasm_module_destroy(named);
		*byte = before;
	}
	free((void *)whole.data);
}
END_TEST

// A beginning of a module is an error, unless it ends between two sections: then all bodies are
// there, or none is declared.
START_TEST(a_truncated_module_is_refused)
{
	for (size_t size = 0; size < bytes.size; size++) {
		struct op_bytes cut = {.data = bytes.data, .size = size, .what = "cut"};
		struct op_wasm_module *small = NULL;
		struct op_error *error = op_wasm_module_create(&cut, &small);
		struct op_wasm_body body;
		if (!error && op_wasm_module_function_count(small) >
				      op_wasm_module_imported(small, OP_WASM_EXTERNAL_FUNC))
			ck_assert(op_wasm_module_function_body(small, 6, &body) &&
				  body.end <= size);
		op_error_destroy(error);
		op_wasm_module_destroy(small);
	}
}
END_TEST

START_TEST(what_is_no_module)
{
	static const struct {
		const char *what;
		uint8_t size, data[16];
		enum op_error_code code;
	} cases[] = {
		{"nothing", 0, {0}, OP_ERROR_FORMAT},
		{"an ELF image", 8, {0x7f, 'E', 'L', 'F', 2, 1, 1, 200}, OP_ERROR_FORMAT},
		{"a component", 8, {0, 'a', 's', 'm', 0x0d, 0, 1, 0}, OP_ERROR_FORMAT},
		{"version 2", 8, {0, 'a', 's', 'm', 2, 0, 0, 0}, OP_ERROR_FORMAT},
		{"two type sections",
		 14,
		 {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 1, 0, 1, 1, 0},
		 OP_ERROR_FORMAT},
		{"an unknown section",
		 11,
		 {0, 'a', 's', 'm', 1, 0, 0, 0, 99, 1, 0},
		 OP_ERROR_FORMAT},
		{"four billion types",
		 15,
		 {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f},
		 OP_ERROR_LIMIT},
		{"bytes after the types",
		 12,
		 {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 2, 0, 0},
		 OP_ERROR_FORMAT},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		struct op_bytes small = {
			.data = cases[i].data, .size = cases[i].size, .what = "test"};
		struct op_wasm_module *none = NULL;
		struct op_error *error = op_wasm_module_create(&small, &none);
		ck_assert_msg(error != NULL, "%s was accepted", cases[i].what);
		ck_assert_msg(error->code == cases[i].code, "%s: %s", cases[i].what,
			      error->message);
		ck_assert_ptr_null(none);
		op_error_destroy(error);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wasm module");
	TCase *tests = tcase_create("module");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, type_section);
	tcase_add_test(tests, index_spaces);
	tcase_add_test(tests, functions_by_offset);
	tcase_add_test(tests, types_of_locals);
	tcase_add_test(tests, names_without_a_name_section);
	tcase_add_test(tests, names_of_the_name_section);
	tcase_add_test(tests, a_damaged_name_section_is_no_error);
	tcase_add_test(tests, a_truncated_module_is_refused);
	tcase_add_test(tests, what_is_no_module);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
