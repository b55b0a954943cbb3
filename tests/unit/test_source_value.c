// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the guest's language as text, from trees made by hand; what is in them is
// tests/e2e/test_source_values.py's.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/report/source_value.h"

#define NODES(...)        ((const struct op_source_node[]){__VA_ARGS__})
#define PARTS(count, ...) .length = count, .child_count = count, .children = NODES(__VA_ARGS__)
#define NUMBER(...)                                                                                \
	{                                                                                          \
		.text = "1", __VA_ARGS__                                                           \
	}

static const struct {
	const char *expected;
	struct op_source_node node;
	struct op_source_style style;
} values[] = {
	{"42", {.text = "42"}, {0}},
	{"<optimised out>", {.kind = OP_SOURCE_NODE_MISSING, .problem = "optimised out"}, {0}},
	{"0x10", {.kind = OP_SOURCE_NODE_POINTER, .text = "0x10", .type = "int *"}, {0}},
	{"(int *) 0x10",
	 {.kind = OP_SOURCE_NODE_POINTER, .text = "0x10", .type = "int *"},
	 {.typed = true}},
	{"0x10 \"a\"",
	 {.kind = OP_SOURCE_NODE_STRING, .text = "0x10 \"a\"", .type = "char *"},
	 {.typed = true}},
	{"(int &) @0x20: 1",
	 {.text = "1", .type = "int &", .is_reference = true, .has_place = true, .address = 0x20},
	 {.typed = true}},
	{"{x = 1, <B> = {y = 1}, static z = 1, {w = 1}}",
	 {.kind = OP_SOURCE_NODE_STRUCT,
	  PARTS(4, NUMBER(.name = "x"),
		{.kind = OP_SOURCE_NODE_STRUCT,
		 .name = "B",
		 .is_base = true,
		 PARTS(1, NUMBER(.name = "y"))},
		NUMBER(.name = "z", .is_static = true),
		{.kind = OP_SOURCE_NODE_STRUCT, PARTS(1, NUMBER(.name = "w"))})},
	 {0}},
	{"{}", {.kind = OP_SOURCE_NODE_STRUCT}, {0}},
	{"{...}", {.kind = OP_SOURCE_NODE_STRUCT, .cut = true, .length = 3}, {0}},
	{"{1, 1 <repeats 12 times>...}",
	 {.kind = OP_SOURCE_NODE_ARRAY,
	  .cut = true,
	  .length = 40,
	  .child_count = 2,
	  .children = NODES(NUMBER(), NUMBER(.repeats = 12))},
	 {0}},
	{"<how many it has is not known>",
	 {.kind = OP_SOURCE_NODE_ARRAY, .problem = "how many it has is not known"},
	 {0}},
	{"Vec of length 1 = [1]",
	 {.kind = OP_SOURCE_NODE_ARRAY,
	  .is_rust = true,
	  .summary = "Vec of length 1",
	  PARTS(1, NUMBER())},
	 {0}},
	{"Vec of length 0",
	 {.kind = OP_SOURCE_NODE_ARRAY, .is_rust = true, .summary = "Vec of length 0"},
	 {0}},
	{"Point {x: 1}",
	 {.kind = OP_SOURCE_NODE_STRUCT,
	  .is_rust = true,
	  .summary = "Point",
	  PARTS(1, NUMBER(.name = "x"))},
	 {0}},
	{"Some(1)",
	 {.kind = OP_SOURCE_NODE_STRUCT,
	  .is_rust = true,
	  .is_tuple = true,
	  .summary = "Some",
	  PARTS(1, NUMBER(.name = "__0"))},
	 {0}},
	{"None", {.kind = OP_SOURCE_NODE_STRUCT, .is_rust = true, .summary = "None"}, {0}},
	{"()", {.kind = OP_SOURCE_NODE_STRUCT, .is_rust = true, .is_tuple = true}, {0}},
	{"std::map with 1 element = {[1] = 1}",
	 {.kind = OP_SOURCE_NODE_MAP,
	  .summary = "std::map with 1 element",
	  .length = 1,
	  .child_count = 2,
	  .children = NODES(NUMBER(), NUMBER())},
	 {0}},
	{"HashMap with 2 elements = {1: 1...}",
	 {.kind = OP_SOURCE_NODE_MAP,
	  .is_rust = true,
	  .cut = true,
	  .summary = "HashMap with 2 elements",
	  .length = 2,
	  .child_count = 2,
	  .children = NODES(NUMBER(), NUMBER())},
	 {0}},
	{"std::set with 9 elements <it ends after 0 of its 9 elements>",
	 {.kind = OP_SOURCE_NODE_ARRAY,
	  .summary = "std::set with 9 elements",
	  .length = 9,
	  .cut = true,
	  .problem = "it ends after 0 of its 9 elements"},
	 {0}},
	{"{\n  x = 1,\n  y = {1, 1}\n}",
	 {.kind = OP_SOURCE_NODE_STRUCT,
	  PARTS(2, NUMBER(.name = "x"),
		{.kind = OP_SOURCE_NODE_ARRAY, .name = "y", PARTS(2, NUMBER(), NUMBER())})},
	 {.pretty = true}},
	{"{\n  {\n    x = 1\n  }\n}",
	 {.kind = OP_SOURCE_NODE_ARRAY,
	  PARTS(1, {.kind = OP_SOURCE_NODE_STRUCT, PARTS(1, NUMBER(.name = "x"))})},
	 {.pretty = true}},
	{"1 [recovered from the shadow stack]", {.text = "1", .recovered = true}, {0}},
};

START_TEST(values_are_written_in_their_language)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_source_value_text(&text, &values[_i].node, &values[_i].style);
	ck_assert_str_eq(text.data, values[_i].expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_value");
	TCase *cases = tcase_create("text");
	tcase_add_loop_test(cases, values_are_written_in_their_language, 0,
			    (int)OP_ARRAY_SIZE(values));
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
