// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions that need no frame: C's rules for types, signs, precedence, and what is refused.
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/outpost.h"

static struct op_session *session;

static void setup(void)
{
	ck_assert_ptr_null(op_session_create(
		&(struct op_session_options){.size = sizeof(struct op_session_options)}, &session));
}

static void teardown(void)
{
	op_session_destroy(session);
}

static const struct {
	const char *text;
	enum op_value_type type;
	bool is_unsigned;
	int64_t value;
} integers[] = {
	{"1 + 2 * 3", OP_VALUE_I32, false, 7},
	{"(1 + 2) * 3", OP_VALUE_I32, false, 9},
	{"10 - 3 - 2", OP_VALUE_I32, false, 5},
	{"-7 / 2", OP_VALUE_I32, false, (uint32_t)-3},
	{"-7 % 2", OP_VALUE_I32, false, (uint32_t)-1},
	{"7u / 2", OP_VALUE_I32, true, 3},
	{"-1 > 0u", OP_VALUE_I32, false, 1},
	{"-1 < 0", OP_VALUE_I32, false, 1},
	{"0xffffffff", OP_VALUE_I32, true, 0xffffffff},
	{"4294967295", OP_VALUE_I64, false, 4294967295},
	{"2147483647 + 1", OP_VALUE_I32, false, 0x80000000},
	{"2147483648", OP_VALUE_I64, false, 2147483648},
	{"1L << 40", OP_VALUE_I64, false, (int64_t)1 << 40},
	{"1 << 33", OP_VALUE_I32, false, 2},
	{"-8 >> 1", OP_VALUE_I32, false, (uint32_t)-4},
	{"0x80000000 >> 4", OP_VALUE_I32, true, 0x08000000},
	{"1 | 6 ^ 3 & 2", OP_VALUE_I32, false, 1 | (6 ^ (3 & 2))},
	{"1 == 1 && 2 != 2 || 3 >= 3", OP_VALUE_I32, false, 1},
	{"!5 + !0", OP_VALUE_I32, false, 1},
	{"~0", OP_VALUE_I32, false, 0xffffffff},
	{"- - 3", OP_VALUE_I32, false, 3},
	{"(i8) 200", OP_VALUE_I32, false, (uint32_t)-56},
	{"(u8) -1", OP_VALUE_I32, true, 255},
	{"(i64) -1", OP_VALUE_I64, false, -1},
	{"(u64) (i32) -1 > 0", OP_VALUE_I32, false, 1},
	{"(i32) 3.99", OP_VALUE_I32, false, 3},
	{"3.5 > 3", OP_VALUE_I32, false, 1},
	{"017", OP_VALUE_I32, false, 15},
	{"0x8000000000000000", OP_VALUE_I64, true, INT64_MIN},
	{"(-9223372036854775807L - 1) / -1", OP_VALUE_I64, false, INT64_MIN},
	{"(-9223372036854775807L - 1) % -1", OP_VALUE_I64, false, 0},
};

START_TEST(integer)
{
	struct op_result result;
	struct op_error *error = op_session_evaluate(session, NULL, integers[_i].text, &result);
	ck_assert_msg(!error, "%s: %s", integers[_i].text, error ? error->message : "");
	ck_assert_msg(result.value.type == integers[_i].type, "%s: type %s", integers[_i].text,
		      op_value_type_name(result.value.type));
	ck_assert_msg((int64_t)op_value_bits(&result.value) == integers[_i].value, "%s: %" PRIx64,
		      integers[_i].text, op_value_bits(&result.value));
	ck_assert_msg(result.is_unsigned == integers[_i].is_unsigned, "%s: sign",
		      integers[_i].text);
}
END_TEST

START_TEST(floating)
{
	static const struct {
		const char *text;
		double value;
	} cases[] = {{"1.5 * 2", 3},
		     {"1 / 4.0", 0.25},
		     {"-(0.5)", -0.5},
		     {"1e3 + .5", 1000.5},
		     {"0xffffffff * 1.0", 4294967295.0}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		struct op_result result;
		ck_assert_ptr_null(op_session_evaluate(session, NULL, cases[i].text, &result));
		ck_assert_int_eq(result.value.type, OP_VALUE_F64);
		double value;
		uint64_t bits = op_value_bits(&result.value);
		memcpy(&value, &bits, sizeof(value));
		ck_assert_double_eq(value, cases[i].value);
	}
	struct op_result narrow;
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "1.5f + 1", &narrow));
	ck_assert_int_eq(narrow.value.type, OP_VALUE_F32);
	ck_assert_uint_eq(op_value_bits(&narrow.value), 0x40200000);
}
END_TEST

START_TEST(history)
{
	struct op_result result;
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "6", &result));
	ck_assert_uint_eq(result.history, 1);
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "7", &result));
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "$1 * $2", &result));
	ck_assert_uint_eq(op_value_bits(&result.value), 42);
	ck_assert_uint_eq(result.history, 3);
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "$ * 100 + $$ * 10 + $$2", &result));
	ck_assert_uint_eq(op_value_bits(&result.value), 4276);
}
END_TEST

START_TEST(conveniences)
{
	struct op_result result;
	ck_assert_ptr_null(op_session_assign(session, NULL, "$count", "6"));
	ck_assert_ptr_null(op_session_assign(session, NULL, "$count", "$count + 1"));
	ck_assert_ptr_null(op_session_assign(session, NULL, "$other_1", "$count * 2.5"));
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "$count * 100", &result));
	ck_assert_uint_eq(op_value_bits(&result.value), 700);
	ck_assert_ptr_null(op_session_evaluate(session, NULL, "$other_1 == 17.5", &result));
	ck_assert_uint_eq(op_value_bits(&result.value), 1);
	// A name that is Wasm's or a number's is none.
	struct op_error *err = op_session_assign(session, NULL, "$local0", "1");
	ck_assert_ptr_nonnull(err);
	op_error_destroy(err);
	err = op_session_assign(session, NULL, "$1", "1");
	ck_assert_ptr_nonnull(err);
	op_error_destroy(err);
}
END_TEST

static const struct {
	const char *text;
	enum op_error_code code;
	const char *says;
} refused[] = {
	{"", OP_ERROR_SYNTAX, "a value is expected"},
	{"1 +", OP_ERROR_SYNTAX, "a value is expected"},
	{"1 2", OP_ERROR_SYNTAX, "an operator is expected at \"2\""},
	{"1 = 2", OP_ERROR_SYNTAX, "\"set PLACE = EXPRESSION\" assigns"},
	{"++1", OP_ERROR_SYNTAX, "no operator does; two signs are written apart"},
	{"1++", OP_ERROR_SYNTAX, "\"set PLACE = EXPRESSION\" assigns"},
	{"2 * --1", OP_ERROR_SYNTAX, "\"set PLACE = EXPRESSION\" assigns"},
	{"1 += 2", OP_ERROR_SYNTAX, "\"set PLACE = EXPRESSION\" assigns"},
	{"1 >>= 2", OP_ERROR_SYNTAX, "\"set PLACE = EXPRESSION\" assigns"},
	{"(1", OP_ERROR_SYNTAX, ") is expected"},
	{"1 / 0", OP_ERROR_SYNTAX, "division by zero"},
	{"1 % 0u", OP_ERROR_SYNTAX, "division by zero"},
	{"99999999999999999999", OP_ERROR_SYNTAX, "no number that fits"},
	{"12abc", OP_ERROR_SYNTAX, "an operator is expected"},
	{"~1.5", OP_ERROR_SYNTAX, "needs an integer"},
	{"1.5 & 1", OP_ERROR_SYNTAX, "needs integers"},
	{"(i32) 1e300", OP_ERROR_SYNTAX, "does not fit"},
	{"(i32) (0.0 / 0.0)", OP_ERROR_SYNTAX, "does not fit"},
	{"$9", OP_ERROR_NOT_FOUND, "value history"},
	{"$0", OP_ERROR_NOT_FOUND, "value history"},
	{"$local0", OP_ERROR_STATE, "needs a guest frame"},
	{"n", OP_ERROR_STATE, "needs a guest frame"},
	{"$mem[0:i32]", OP_ERROR_STATE, "there is no process"},
	{"$mem", OP_ERROR_SYNTAX, "[ADDRESS:TYPE] is expected"},
	{"$", OP_ERROR_NOT_FOUND, "value history"},
	{"$$", OP_ERROR_NOT_FOUND, "value history"},
	{"$$7", OP_ERROR_NOT_FOUND, "value history"},
	{"$$x", OP_ERROR_SYNTAX, "a name after $"},
	{"$.", OP_ERROR_NOT_FOUND, "value history"},
};

START_TEST(refusal)
{
	struct op_result result;
	struct op_error *error = op_session_evaluate(session, NULL, refused[_i].text, &result);
	ck_assert_msg(error != NULL, "\"%s\" was taken", refused[_i].text);
	ck_assert_msg(error->code == refused[_i].code, "\"%s\": %s", refused[_i].text,
		      op_error_code_name(error->code));
	ck_assert_msg(strstr(error->message, refused[_i].says) != NULL, "\"%s\": %s",
		      refused[_i].text, error->message);
	op_error_destroy(error);
}
END_TEST

START_TEST(deep_nesting)
{
	char text[20001];
	memset(text, '(', 10000);
	memset(text + 10000, '!', 10000);
	text[20000] = '\0';
	struct op_result result;
	for (size_t from = 0; from <= 10000; from += 10000) {
		struct op_error *error = op_session_evaluate(session, NULL, text + from, &result);
		ck_assert_ptr_nonnull(error);
		ck_assert_int_eq(error->code, OP_ERROR_LIMIT);
		op_error_destroy(error);
	}
}
END_TEST

START_TEST(without_a_target)
{
	// Every call says what is missing instead of falling over.
	const struct op_thread_summary *threads;
	const struct op_stack *stack;
	const struct op_frame *frame;
	size_t count;
	struct op_event event;
	struct op_error *errors[] = {
		op_session_threads(session, &threads, &count),
		op_session_thread_stack(session, 1, 0, &stack),
		op_session_selected_frame(session, &frame),
		op_session_run(session, OP_RUN_GO, 0),
		op_session_wait(session, 0, &event),
		op_session_detach(session),
		op_session_kill(session),
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(errors); i++) {
		ck_assert_msg(errors[i] != NULL, "call %zu succeeded", i);
		ck_assert_int_eq(errors[i]->code, OP_ERROR_STATE);
		op_error_destroy(errors[i]);
	}
}
END_TEST

START_TEST(breakpoints_before_a_target)
{
	const struct op_breakpoint *breakpoint;
	ck_assert_ptr_null(op_session_break(session, " app!fib ", false, true, &breakpoint));
	ck_assert_str_eq(breakpoint->spec, "app!fib");
	ck_assert(breakpoint->pending);
	static const char *const bad[] = {"",    "  ",   "*",       "*xyz",    "*0x1ffffffff",
					  "*-1", "app!", "*12junk", "fib if ", " if n"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		struct op_error *error =
			op_session_break(session, bad[i], false, true, &breakpoint);
		ck_assert_msg(error && error->code == OP_ERROR_SYNTAX, "\"%s\"", bad[i]);
		op_error_destroy(error);
	}
	ck_assert_ptr_null(
		op_session_break(session, "fib  if  n == 3 && $stack0 ", false, true, &breakpoint));
	ck_assert_str_eq(breakpoint->spec, "fib");
	ck_assert_str_eq(breakpoint->condition, "n == 3 && $stack0");
	ck_assert_ptr_null(op_session_breakpoint_delete(session, breakpoint->number));
	size_t count;
	op_session_breakpoints(session, &count);
	ck_assert_uint_eq(count, 1);
	struct op_error *error = op_session_breakpoint_delete(session, 7);
	ck_assert_int_eq(error->code, OP_ERROR_NOT_FOUND);
	op_error_destroy(error);
	ck_assert_ptr_null(op_session_breakpoint_delete(session, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expression");
	TCase *tcase = tcase_create("expression");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, integer, 0, OP_ARRAY_SIZE(integers));
	tcase_add_test(tcase, floating);
	tcase_add_test(tcase, history);
	tcase_add_test(tcase, conveniences);
	tcase_add_loop_test(tcase, refusal, 0, OP_ARRAY_SIZE(refused));
	tcase_add_test(tcase, deep_nesting);
	tcase_add_test(tcase, without_a_target);
	tcase_add_test(tcase, breakpoints_before_a_target);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
