// SPDX-License-Identifier: GPL-3.0-or-later
// How the functions of tests/guests/dwarf/returns.c and returns.rs return their values, as
// compilers have made them.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/returns.h"
#include "tests/unit/dwarf_fixture.h"
#include "tests/unit/suite.h"

static struct op_dwarf_fixture fixture;

static void teardown(void)
{
	op_dwarf_fixture_close(&fixture);
}

static struct op_debug_function function(const char *name)
{
	struct op_debug_function *found, first;
	size_t count;
	succeeds(op_debug_functions_named(fixture.info, name, false, &found, &count));
	ck_assert_msg(count >= 1, "%s", name);
	first = found[0];
	free(found);
	return first;
}

static const struct op_wasm_type_def *signature(const struct op_debug_function *of)
{
	uint32_t index;
	ck_assert(op_wasm_module_function_at(fixture.module, of->low_pc, &index));
	return op_wasm_module_function_type(fixture.module, index);
}

/** What a function returns, and how. */
struct expected {
	const char *function;
	enum op_return_way way;
	const char *type; // NULL: void
};

static void assert_return(const struct expected *expected)
{
	struct op_debug_function of = function(expected->function);
	struct op_debug_return what;
	succeeds(op_debug_return(fixture.info, &of, fixture.module, signature(&of), &what));
	ck_assert_msg(what.way == expected->way, "%s: %d", expected->function, what.way);
	ck_assert_int_eq(!what.type, !expected->type);
	struct op_text text = OP_TEXT_INIT;
	if (what.type) {
		op_type_print(what.type, NULL, &text);
		ck_assert_str_eq(text.data, expected->type);
	}
	op_text_deinit(&text);
}

static const struct expected of_c[] = {
	{"number", OP_RETURN_DIRECT, "int"},
	{"pointer", OP_RETURN_DIRECT, "const char *"},
	{"color", OP_RETURN_DIRECT, "enum color"},
	{"far_away", OP_RETURN_DIRECT, "long long"},
	{"real", OP_RETURN_DIRECT, "double"},
	{"one", OP_RETURN_DIRECT, "struct one"},
	{"bits", OP_RETURN_DIRECT, "struct bits"},
	{"floating", OP_RETURN_DIRECT, "struct floating"},
	{"two", OP_RETURN_IN_MEMORY, "union two"},
	{"point", OP_RETURN_IN_MEMORY, "struct point"},
	{"wide", OP_RETURN_IN_MEMORY, "__int128"},
	{"nothing", OP_RETURN_NOTHING, "struct nothing"},
	{"none", OP_RETURN_NOTHING, NULL},
};
static const char *const modules_of_c[] = {"returns-5-O0.wasm", "returns-5-O2.wasm"};

START_TEST(c_returns_by_its_abi)
{
	op_dwarf_fixture_load(&fixture, modules_of_c[_i]);
	for (size_t i = 0; i < OP_ARRAY_SIZE(of_c); i++)
		assert_return(&of_c[i]);
}
END_TEST

static const struct expected as_written[] = {
	{"no_result", OP_RETURN_DIRECT, "int"},
	{"no_small_result", OP_RETURN_DIRECT, "struct one"},
	{"no_parameter", OP_RETURN_IN_MEMORY, "struct point"},
};
static const struct expected as_changed[] = {
	{"no_result", OP_RETURN_UNKNOWN, "int"},
	{"no_small_result", OP_RETURN_UNKNOWN, "struct one"},
	{"no_parameter", OP_RETURN_UNKNOWN, "struct point"},
};

START_TEST(what_an_optimiser_has_changed_is_not_known)
{
	op_dwarf_fixture_load(&fixture, modules_of_c[_i]);
	for (size_t i = 0; i < OP_ARRAY_SIZE(as_changed); i++)
		assert_return(_i ? &as_changed[i] : &as_written[i]);
}
END_TEST

static const struct expected of_rust[] = {
	{"number", OP_RETURN_DIRECT, "i8"},
	{"wide", OP_RETURN_IN_MEMORY, "i128"},
	{"meters", OP_RETURN_DIRECT, "returns::Meters"},
	{"color", OP_RETURN_DIRECT, "returns::Color"},
	{"maybe_color", OP_RETURN_DIRECT, "core::option::Option<returns::Color>"},
	{"non_zero", OP_RETURN_DIRECT, "core::option::Option<core::num::nonzero::NonZeroU32>"},
	{"maybe", OP_RETURN_IN_MEMORY, "core::option::Option<u8>"},
	{"reference", OP_RETURN_DIRECT, "core::option::Option<&u32>"},
	{"pair", OP_RETURN_IN_MEMORY, "returns::Pair"},
	{"rgb", OP_RETURN_DIRECT, "returns::Rgb"},
	{"bytes", OP_RETURN_DIRECT, "[u8; 4]"},
	{"text", OP_RETURN_IN_MEMORY, "&str"},
	{"shape", OP_RETURN_IN_MEMORY, "returns::Shape"},
	{"unit", OP_RETURN_NOTHING, NULL},
};

START_TEST(rust_returns_small_aggregates_as_integers)
{
	op_dwarf_fixture_load(&fixture, "returns-rust.wasm");
	for (size_t i = 0; i < OP_ARRAY_SIZE(of_rust); i++)
		assert_return(&of_rust[i]);
}
END_TEST

// A function's entry beside the type of another one.
START_TEST(a_signature_that_does_not_fit_is_not_known)
{
	static const struct {
		const char *function, *other;
	} pairs[] = {
		{"number", "far_away"}, {"number", "floating"}, {"number", "none"},
		{"real", "far_away"},   {"one", "none"},        {"point", "number"},
		{"none", "number"},     {"point", "nothing"},   {"floating", "real"},
		{"wide", "far_away"},   {"far_away", "number"},
	};
	op_dwarf_fixture_load(&fixture, "returns-5-O0.wasm");
	for (size_t i = 0; i < OP_ARRAY_SIZE(pairs); i++) {
		struct op_debug_function of = function(pairs[i].function),
					 other = function(pairs[i].other);
		struct op_debug_return what;
		succeeds(op_debug_return(fixture.info, &of, fixture.module, signature(&other),
					 &what));
		ck_assert_msg(what.way == OP_RETURN_UNKNOWN, "%s as %s: %d", pairs[i].function,
			      pairs[i].other, what.way);
	}
	// The hidden pointer would be the function's own parameter.
	struct op_debug_function of = function("one"), other = function("none");
	struct op_wasm_type_def shorter = *signature(&of);
	struct op_debug_return what;
	shorter.result_count = signature(&other)->result_count;
	succeeds(op_debug_return(fixture.info, &of, fixture.module, &shorter, &what));
	ck_assert_int_eq(what.way, OP_RETURN_UNKNOWN);
}
END_TEST

START_TEST(a_parameter_is_the_argument_until_it_is_written)
{
	op_dwarf_fixture_load(&fixture, "returns-5-O2.wasm");
	struct op_debug_function moved = function("moved");
	uint32_t index, local = UINT32_MAX;
	struct op_wasm_body body;
	ck_assert(op_wasm_module_function_at(fixture.module, moved.low_pc, &index));
	ck_assert(op_wasm_module_function_body(fixture.module, index, &body));
	// The counter is its second parameter, which a loop writes.
	for (uint32_t i = 0; i < 2; i++)
		if (!op_wasm_module_local_is_constant(fixture.module, body.code_start, i))
			local = i;
	ck_assert_uint_eq(local, 1);
	ck_assert(op_wasm_module_local_is_argument(fixture.module, body.code_start, local));
	ck_assert(!op_wasm_module_local_is_argument(fixture.module, body.end - 1, local));
	bool in_loop = false;
	struct op_wasm_instruction instruction;
	for (uint32_t at = body.code_start; at < body.end; at += instruction.size) {
		succeeds(op_wasm_instruction_decode(fixture.module, at, &instruction));
		if (in_loop)
			ck_assert(!op_wasm_module_local_is_argument(fixture.module, at, local));
		in_loop |= instruction.control == OP_WASM_LOOP;
		ck_assert(op_wasm_module_local_is_argument(fixture.module, at, 0));
	}
	ck_assert(in_loop);
	ck_assert(!op_wasm_module_local_is_argument(fixture.module, UINT32_MAX, 0));
}
END_TEST

// Every byte of the entries changed, one after the other: an answer or an error.
START_TEST(changed_entries_end)
{
	for (size_t at = 12; op_dwarf_fixture_read_changed(&fixture, "returns-rust.wasm", at);
	     at++) {
		struct op_debug_function *found = NULL;
		size_t count = 0;
		op_error_destroy(
			op_debug_functions_named(fixture.info, NULL, false, &found, &count));
		for (size_t i = 0; i < count; i++) {
			struct op_debug_return what;
			uint32_t index;
			if (!op_wasm_module_function_at(fixture.module, found[i].low_pc, &index))
				continue;
			op_error_destroy(op_debug_return(fixture.info, &found[i], fixture.module,
							 signature(&found[i]), &what));
		}
		free(found);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("returns");
	TCase *tests = tcase_create("returns");
	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, c_returns_by_its_abi, 0, OP_ARRAY_SIZE(modules_of_c));
	tcase_add_loop_test(tests, what_an_optimiser_has_changed_is_not_known, 0,
			    OP_ARRAY_SIZE(modules_of_c));
	tcase_add_test(tests, rust_returns_small_aggregates_as_integers);
	tcase_add_test(tests, a_signature_that_does_not_fit_is_not_known);
	tcase_add_test(tests, a_parameter_is_the_argument_until_it_is_written);
	tcase_add_test(tests, changed_entries_end);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
