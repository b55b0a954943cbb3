// SPDX-License-Identifier: GPL-3.0-or-later
// What guard decides without a process: names of files, what is waited for, how many reports.
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "tests/unit/suite.h"
#include "tracer/repl/guard_files.h"
#include "tracer/repl/guard_limit.h"
#include "tracer/repl/guard_options.h"

START_TEST(test_names)
{
	static const struct {
		const char *pattern, *name;
	} cases[] = {
		{"plain", "plain"},         {"r-%p-%n", "r-4711-12"},
		{"%%%p%%", "%4711%"},       {"%t.txt", "20010909T014640.txt"},
		{"%Y/%m/%d", "2001/09/09"},
	};
	const struct op_guard_name name = {.pid = 4711, .time = 1000000000, .number = 12};
	char *text;
	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		ck_assert_ptr_null(op_guard_expand(cases[i].pattern, &name, &text));
		ck_assert_str_eq(text, cases[i].name);
		free(text);
	}
}
END_TEST

START_TEST(test_nothing_is_written_over)
{
	char folder[] = "/tmp/outpost-guard-XXXXXX";
	char *path, *other;
	FILE *file;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(symlink("elsewhere", "report"), 0);
	path = strdup("report");
	ck_assert_ptr_null(op_guard_create(&path, &file));
	ck_assert_str_eq(path, "report.1");
	fclose(file);
	ck_assert_int_eq(access("elsewhere", F_OK), -1);
	other = strdup("report");
	ck_assert_ptr_null(op_guard_free_name(&other));
	ck_assert_str_eq(other, "report.2");
	unlink("report");
	unlink("report.1");
	ck_assert_int_eq(rmdir(folder), 0);
	free(path);
	free(other);
}
END_TEST

START_TEST(test_plan)
{
	struct op_guard_plan plan;
	ck_assert_ptr_null(op_guard_plan_parse(&(struct op_guard_words){0}, &plan));
	ck_assert(plan.causes[OP_GUARD_TRAP] && plan.causes[OP_GUARD_UNCAUGHT] &&
		  plan.causes[OP_GUARD_SIGNAL] && !plan.causes[OP_GUARD_EXIT]);
	ck_assert(!plan.keep);
	ck_assert_uint_eq(plan.per_minute, 10);
	const struct op_guard_words some = {.on = "exit,trap", .limit = "0", .keep = true};
	ck_assert_ptr_null(op_guard_plan_parse(&some, &plan));
	ck_assert(plan.causes[OP_GUARD_TRAP] && plan.causes[OP_GUARD_EXIT] &&
		  !plan.causes[OP_GUARD_SIGNAL] && !plan.causes[OP_GUARD_UNCAUGHT]);
	ck_assert(plan.keep);
	ck_assert_uint_eq(plan.per_minute, 0);
}
END_TEST

START_TEST(test_mistakes)
{
	static const struct op_guard_words bad[] = {
		{.on = ""},           {.on = "trap,"},          {.on = "traps"},
		{.limit = "601"},     {.limit = "-1"},          {.once = true, .keep = true},
		{.report = "a%"},     {.report = "%q"},         {.core = "%"},
		{.wasm_core = "%n%"}, {.report = "/nowhere/r"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		struct op_guard_plan plan;
		struct op_error *err _cleanup_error_ = op_guard_plan_parse(&bad[i], &plan);
		ck_assert_msg(err != NULL, "case %zu", i);
	}
}
END_TEST

START_TEST(test_limit)
{
	struct op_guard_limit limit = {.per_minute = 3};
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(op_guard_limit_wait(&limit, 1000 * i), 0);
		op_guard_limit_note(&limit, 1000 * i);
	}
	ck_assert_int_eq(op_guard_limit_wait(&limit, 5000), 55000);
	ck_assert_int_eq(op_guard_limit_wait(&limit, 60000), 0);
	op_guard_limit_note(&limit, 60000);
	// The oldest of the last three was at 1000.
	ck_assert_int_eq(op_guard_limit_wait(&limit, 60500), 500);
	struct op_guard_limit none = {0};
	op_guard_limit_note(&none, 1);
	ck_assert_int_eq(op_guard_limit_wait(&none, 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard");
	TCase *tests = tcase_create("guard");
	tcase_add_test(tests, test_names);
	tcase_add_test(tests, test_nothing_is_written_over);
	tcase_add_test(tests, test_plan);
	tcase_add_test(tests, test_mistakes);
	tcase_add_test(tests, test_limit);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
