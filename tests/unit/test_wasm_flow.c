// SPDX-License-Identifier: GPL-3.0-or-later
// Where control goes, for each kind of instruction, in tests/guests/wasm/flow.wasm. Each pair
// listed here was also seen when Wasmtime 49 ran the module (tests/e2e/check_wasm_flow.py), but for
// those that a comment marks.
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/unit/suite.h"
#include "tests/unit/wasm_fixture.h"

enum { PLACES_MAX = 8 };

static struct op_bytes bytes;
static struct op_wasm_module *module;

static void setup(void)
{
	bytes = op_fixture_read("flow.wasm");
	module = op_fixture_module(&bytes);
}

static void teardown(void)
{
	op_wasm_module_destroy(module);
	free((void *)bytes.data);
}

/** An instruction, what follows it (0 ends the list), whether it may leave the function. */
struct expectation {
	uint32_t offset;
	const char *text;
	uint32_t places[PLACES_MAX];
	bool leaves;
};

static struct op_wasm_flow *flow_of(uint32_t offset, size_t *ret_index)
{
	uint32_t function;
	struct op_wasm_flow *flow = NULL;
	ck_assert(op_wasm_module_function_at(module, offset, &function));
	struct op_error *error = op_wasm_flow_create(module, function, &flow);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	ck_assert(op_wasm_flow_find(flow, offset, ret_index));
	ck_assert_uint_eq(op_wasm_flow_instruction(flow, *ret_index)->offset, offset);
	return flow;
}

static void check_places(const struct expectation *expected, const uint32_t *places, size_t count)
{
	for (size_t i = 0; i < PLACES_MAX && (i < count || expected->places[i]); i++) {
		ck_assert_msg(i < count, "%#" PRIx32 " %s: %#" PRIx32 " is missing",
			      expected->offset, expected->text, expected->places[i]);
		ck_assert_msg(places[i] == expected->places[i],
			      "%#" PRIx32 " %s: found %#" PRIx32 ", expected %#" PRIx32,
			      expected->offset, expected->text, places[i], expected->places[i]);
	}
}

START_TEST(successors)
{
	static const struct expectation cases[] = {
		{0x80, "local.get", {0x82}, false},
		{0x85, "if without else", {0x87, 0x8c}, false},
		{0x8b, "end of the arm", {0x8c}, false},
		{0x91, "if with else", {0x93, 0x9e}, false},
		{0x9d, "else, from the first arm", {0xaa}, false},
		{0xa9, "end of the second arm", {0xaa}, false},
		{0xac, "if with an empty first arm", {0xae, 0xaf}, false},
		{0xbd, "return", {0}, true},
		{0xbf, "final end", {0}, true},
		{0xc2, "block", {0xc4}, false},
		{0xca, "br_table", {0xd0, 0xdd}, false},
		{0xd2, "br out of two blocks", {0xf0}, false},
		{0xe5, "br_if", {0xe7, 0xec}, false}, // the way to 0xe7 was not taken
		{0x89, "call", {0x8b}, false},
		{0x1be, "local.get after call_indirect", {0x1c0}, false},
		{0x1bb, "call_indirect", {0x1be}, false},
		{0x209, "br_on_non_null", {0x20b, 0x20f}, false}, // the way to 0x20f was not taken
		{0x21e, "throw, not caught here", {0}, true},
		{0x25a,
		 "throw, caught here",
		 {0x264, 0x266},
		 true}, // the way to 0x266 was not taken
		{0x271, "throw_ref", {0x276}, true},
		{0x276, "loop", {0x278}, false},
		{0x2a4, "br_table, default last", {0x2ad, 0x2b4, 0x2b9, 0x2bc, 0x2be}, false},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		size_t index, count;
		uint32_t *places = NULL;
		bool leaves;
		struct op_wasm_flow *flow = flow_of(cases[i].offset, &index);
		ck_assert_ptr_null(op_wasm_flow_successors(flow, index, &places, &count, &leaves));
		check_places(&cases[i], places, count);
		ck_assert_msg(leaves == cases[i].leaves, "%s", cases[i].text);
		free(places);
		op_wasm_flow_destroy(flow);
	}
}
END_TEST

START_TEST(catch_targets)
{
	static const struct expectation cases[] = {
		{0x231, "in a try_table that catches nothing", {0}, false},
		{0x24f, "in two", {0x264, 0x266}, false},
		{0x247, "the inner try_table itself", {0x264}, false},
		{0x25e, "the end of the outer one", {0}, false},
		{0x271, "catch_all", {0x276}, false},
		{0x28c, "to a loop", {0x278}, false},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		size_t index, count;
		uint32_t *places = NULL;
		struct op_wasm_flow *flow = flow_of(cases[i].offset, &index);
		ck_assert_ptr_null(op_wasm_flow_catch_targets(flow, index, &places, &count));
		check_places(&cases[i], places, count);
		free(places);
		op_wasm_flow_destroy(flow);
	}
}
END_TEST

START_TEST(no_such_place)
{
	size_t index;
	struct op_wasm_flow *flow = flow_of(0x89, &index);
	ck_assert(!op_wasm_flow_find(flow, 0x8a, &index)); // inside the call
	ck_assert(!op_wasm_flow_find(flow, 0xc2, &index)); // another function's
	ck_assert_ptr_null(op_wasm_flow_instruction(flow, op_wasm_flow_count(flow)));
	uint32_t *places = NULL;
	size_t count;
	bool leaves;
	struct op_error *error =
		op_wasm_flow_successors(flow, op_wasm_flow_count(flow), &places, &count, &leaves);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, OP_ERROR_NOT_FOUND);
	op_error_destroy(error);
	op_wasm_flow_destroy(flow);
}
END_TEST

// Bodies whose structure does not hold together are refused.
START_TEST(broken_structure)
{
	static const struct {
		const char *what;
		uint8_t size, code[6];
	} cases[] = {
		{"no final end", 1, {0x01}},
		{"a block that is not closed", 3, {0x02, 0x40, 0x0b}},
		{"code after the final end", 2, {0x0b, 0x01}},
		{"an else without if", 2, {0x05, 0x0b}},
		{"two else", 6, {0x04, 0x40, 0x05, 0x05, 0x0b, 0x0b}},
		{"a catch in a block", 6, {0x02, 0x40, 0x07, 0x00, 0x0b, 0x0b}},
		{"a label that names nothing", 3, {0x0c, 0x01, 0x0b}},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		uint8_t data[64] = {
			0x00, 0x61,
			0x73, 0x6d,
			0x01, 0x00,
			0x00, 0x00,
			0x01, 0x04,
			0x01, 0x60,
			0x00, 0x00,
			0x03, 0x02,
			0x01, 0x00,
			0x0a, (uint8_t)(cases[i].size + 3),
			0x01, (uint8_t)(cases[i].size + 1),
			0x00,
		};
		for (unsigned j = 0; j < cases[i].size; j++)
			data[23 + j] = cases[i].code[j];
		struct op_bytes small = {.data = data, .size = 23u + cases[i].size, .what = "test"};
		struct op_wasm_module *broken = op_fixture_module(&small);
		struct op_wasm_flow *flow = NULL;
		struct op_error *error = op_wasm_flow_create(broken, 0, &flow);
		ck_assert_msg(error != NULL, "%s was accepted", cases[i].what);
		ck_assert_int_eq(error->code, OP_ERROR_FORMAT);
		op_error_destroy(error);
		op_wasm_module_destroy(broken);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wasm flow");
	TCase *tests = tcase_create("flow");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, successors);
	tcase_add_test(tests, catch_targets);
	tcase_add_test(tests, no_such_place);
	tcase_add_test(tests, broken_structure);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
