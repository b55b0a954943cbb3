// SPDX-License-Identifier: GPL-3.0-or-later
// The text form of every instruction, against what wasm-tools 1.262 prints for the same bytes
// (tests/guests/wasm/opcodes.expected), and the annotations that outpost adds.
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tests/unit/wasm_fixture.h"

static void check_memory_offset(const struct op_wasm_module *module,
				const struct op_wasm_instruction *instruction, const char *text)
{
	static const char key[] = " offset=";
	const char *told = strstr(text, key);
	uint64_t offset;
	ck_assert_ptr_null(op_wasm_instruction_memory_offset(module, instruction, &offset));
	ck_assert_uint_eq(offset, told ? strtoull(told + strlen(key), NULL, 10) : 0);
}

START_TEST(every_instruction_reads_as_expected)
{
	struct op_bytes bytes = op_fixture_read("opcodes.wasm");
	struct op_bytes expected = op_fixture_read("opcodes.expected");
	struct op_wasm_module *module = op_fixture_module(&bytes);
	char *line = (char *)expected.data, *end;
	unsigned count = 0;
	uint32_t functions = op_wasm_module_function_count(module);
	for (uint32_t function = op_wasm_module_imported(module, OP_WASM_EXTERNAL_FUNC);
	     function < functions; function++) {
		struct op_wasm_body body;
		ck_assert(op_wasm_module_function_body(module, function, &body));
		struct op_wasm_instruction instruction;
		for (uint32_t offset = body.code_start; offset < body.end;
		     offset += instruction.size) {
			ck_assert_ptr_null(
				op_wasm_instruction_decode(module, offset, &instruction));
			char *text = op_fixture_text(module, function, offset);
			end = strchr(line, '\n');
			ck_assert_ptr_nonnull(end);
			*end = 0;
			ck_assert_uint_eq(strtoul(line, &line, 16), offset);
			ck_assert_str_eq(text, line + 1);
			check_memory_offset(module, &instruction, text);
			free(text);
			line = end + 1;
			count++;
		}
	}
	ck_assert_uint_eq(*line, 0);
	ck_assert_uint_eq(count, 670);
	op_wasm_module_destroy(module);
	free((void *)expected.data);
	free((void *)bytes.data);
}
END_TEST

START_TEST(names_stand_behind_indices)
{
	struct op_bytes bytes = op_fixture_read("flow.wasm");
	struct op_wasm_module *module = op_fixture_module(&bytes);
	static const struct {
		uint32_t function, offset;
		const char *text;
	} cases[] = {
		{0, 0x76, "global.get 0 <sum>"},
		{0, 0x78, "local.get 0 <x>"},
		{UINT32_MAX, 0x78, "local.get 0"},
		{1, 0x89, "call 0 <add>"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		char *text = op_fixture_text(module, cases[i].function, cases[i].offset);
		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
	op_wasm_module_destroy(module);
	free((void *)bytes.data);
}
END_TEST

static void check_type(const struct op_wasm_type *type, const char *expected)
{
	struct op_text text = OP_TEXT_INIT;
	op_wasm_type_text(type, &text);
	ck_assert_str_eq(text.data, expected);
	op_text_deinit(&text);
}

START_TEST(types_as_in_the_text_format)
{
	static const struct {
		struct op_wasm_type type;
		const char *text;
	} cases[] = {
		{{.code = OP_WASM_TYPE_I32}, "i32"},
		{{.code = OP_WASM_TYPE_V128}, "v128"},
		{{.code = OP_WASM_TYPE_I8}, "i8"},
		{{.code = OP_WASM_TYPE_REF, .nullable = true, .heap_type = -16}, "funcref"},
		{{.code = OP_WASM_TYPE_REF, .nullable = true, .heap_type = -17}, "externref"},
		{{.code = OP_WASM_TYPE_REF, .nullable = false, .heap_type = -20}, "(ref i31)"},
		{{.code = OP_WASM_TYPE_REF, .nullable = true, .heap_type = -23}, "exnref"},
		{{.code = OP_WASM_TYPE_REF, .nullable = true, .heap_type = -24}, "(ref null cont)"},
		{{.code = OP_WASM_TYPE_REF, .nullable = true, .heap_type = 3}, "(ref null 3)"},
		{{.code = OP_WASM_TYPE_REF, .nullable = false, .heap_type = 0}, "(ref 0)"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++)
		check_type(&cases[i].type, cases[i].text);
	struct op_bytes bytes = op_fixture_read("opcodes.wasm");
	struct op_wasm_module *module = op_fixture_module(&bytes);
	struct op_text text = OP_TEXT_INIT;
	op_wasm_function_type_text(op_wasm_module_function_type(module, 2), &text);
	ck_assert_str_eq(text.data, "(i32, i32) -> (i32, i64)");
	op_text_deinit(&text);
	op_wasm_module_destroy(module);
	free((void *)bytes.data);
}
END_TEST

// One function of one instruction; bytes that are no instruction are refused with their offset.
START_TEST(bytes_that_are_no_instruction)
{
	static const uint8_t bad[][4] = {
		{0xff},                   // no such opcode
		{0x27},                   // a gap in the table
		{0xfc, 0x80, 0x01},       // far beyond the sub-opcodes
		{0xfd, 0x9a, 0x01},       // a gap among the SIMD opcodes
		{0x02, 0x41},             // a negative block type that is no type
		{0x28, 0x80, 0x01, 0x00}, // an alignment of 2 to the power of 128
		{0xfe, 0x03, 0x01},       // a fence with a byte that is not 0
		{0x0e, 0xff, 0x01},       // a branch table longer than the module
		{0x1f, 0x40, 0x01, 0x04}, // an unknown catch clause
		{0xfb, 0x18, 0x04},       // unknown flags of a cast
	};
	static const uint8_t head[] = {
		0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00,
		0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, // one type: () -> ()
		0x03, 0x02, 0x01, 0x00,                   // one function of it
		0x0a, 0x07, 0x01, 0x05, 0x00,             // its code: no locals, then four bytes
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		uint8_t data[sizeof(head) + sizeof(bad[0])];
		memcpy(data, head, sizeof(head));
		memcpy(data + sizeof(head), bad[i], sizeof(bad[0]));
		struct op_bytes bytes = {.data = data, .size = sizeof(data), .what = "test"};
		struct op_wasm_module *module = op_fixture_module(&bytes);
		struct op_wasm_instruction instruction;
		struct op_error *error =
			op_wasm_instruction_decode(module, sizeof(head), &instruction);
		ck_assert_msg(error != NULL, "case %zu was accepted", i);
		ck_assert_int_eq(error->code, OP_ERROR_FORMAT);
		op_error_destroy(error);
		op_wasm_module_destroy(module);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wasm text");
	TCase *tests = tcase_create("text");
	tcase_add_test(tests, every_instruction_reads_as_expected);
	tcase_add_test(tests, names_stand_behind_indices);
	tcase_add_test(tests, types_as_in_the_text_format);
	tcase_add_test(tests, bytes_that_are_no_instruction);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
