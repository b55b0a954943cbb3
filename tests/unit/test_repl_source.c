// SPDX-License-Identifier: GPL-3.0-or-later
// list, info line, info source, and the settings that are paths: what is typed, what is asked of
// the session, what is written. The program is fake_source.c's.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_session.h"
#include "tests/unit/suite.h"
#include "tests/unit/typed.h"
#include "tracer/repl/path_settings.h"

static void start(void)
{
	typed_start();
	fake.has_source = true;
	run("attach 4242");
}

/** "   1\tline 1\n...": lines first to last, with an arrow at the frame's. */
static void expect_lines(const char *text, unsigned first, unsigned last)
{
	struct op_text expected _cleanup_text_ = OP_TEXT_INIT;
	for (unsigned i = first; i <= last; i++)
		op_text_printf(&expected, "%s %u\tline %u\n", i == 5 ? "->" : "  ", i, i);
	ck_assert_str_eq(text, expected.data);
}

static const struct {
	const char *line;
	unsigned first, last;
} listings[] = {
	{"list", 1, 10},           {"list 20", 15, 24},  {"list 3,4", 3, 4},     {"list 3,", 3, 12},
	{"list ,20", 11, 20},      {"list ,4", 1, 4},    {"list fib", 1, 10},    {"l fib,5", 3, 5},
	{"list app.c:28", 23, 30}, {"list 5 , 7", 5, 7}, {"list 30,99", 30, 30},
};

START_TEST(lines_of_a_place)
{
	expect_lines(run(listings[_i].line), listings[_i].first, listings[_i].last);
}
END_TEST

START_TEST(lists_go_on)
{
	expect_lines(run("list"), 1, 10);
	expect_lines(run("list"), 11, 20);
	expect_lines(run("l"), 21, 30);
	ck_assert_ptr_nonnull(strstr(refuse("list"), "/here/app.c ends before line 31"));
	// What failed has moved nothing.
	expect_lines(run("list -"), 11, 20);
	expect_lines(run("list -"), 1, 10);
	ck_assert_ptr_nonnull(strstr(refuse("list -"), "the file begins here"));
	// Another frame is another beginning.
	run("up");
	run("down");
	expect_lines(run("list"), 1, 10);
}
END_TEST

START_TEST(what_cannot_be_listed)
{
	ck_assert_ptr_nonnull(strstr(refuse("list -"), "before what?"));
	ck_assert_ptr_nonnull(strstr(refuse("list 9,3"), "line 3 comes before line 9"));
	ck_assert_ptr_nonnull(strstr(refuse("list ,"), "from where to where?"));
	ck_assert_ptr_nonnull(strstr(refuse("list nothing"), "nothing is called \"nothing\""));
}
END_TEST

START_TEST(instructions_where_no_lines_are)
{
	fake.has_source = false;
	ck_assert_ptr_nonnull(strstr(run("list"), "=>  0x1a3 <+0>: local.get 0\n"));
	ck_assert_ptr_nonnull(strstr(refuse("list"), "the function ends here"));
	ck_assert_ptr_nonnull(strstr(run("list fib"), "0x1a3 <+0>: local.get 0\n"));
	ck_assert_ptr_nonnull(strstr(refuse("list nothing"), "has no debug information"));
	ck_assert_ptr_nonnull(strstr(refuse("info line"), "has no debug information"));
	ck_assert_str_eq(run("info sources"),
			 "No source file is known; \"info source\" says why.\n");
	ck_assert_ptr_nonnull(strstr(run("info source"), "app has no debug information"));
}
END_TEST

START_TEST(code_of_lines)
{
	static const char here[] = "/src/app.c:5:\n  0x1a3..0x1ac  fib in app\n";
	ck_assert_str_eq(run("info line"), here);
	ck_assert_str_eq(run("info line 5"), here);
	ck_assert_str_eq(run("info line fib"), here);
	ck_assert_str_eq(run("info line 7"), "/src/app.c:7 has no code of its own\n");
	repl.out.json = true;
	ck_assert_ptr_nonnull(
		strstr(run("info line"),
		       "\"file\":\"/src/app.c\",\"line\":5,\"ranges\":[{\"module\":\"app\","
		       "\"function\":\"fib\",\"pc\":419,\"end_pc\":428,\"column\":2,"
		       "\"is_statement\":true}]"));
}
END_TEST

START_TEST(what_is_known_of_a_place)
{
	ck_assert_str_eq(run("info source"), "  module      app\n"
					     "  read from   the module itself\n"
					     "  file        /src/app.c\n"
					     "  here        not found\n"
					     "  unit        app.c\n"
					     "  compiled in /src\n"
					     "  by          not recorded\n"
					     "  language    c, DWARF 5\n");
	ck_assert_str_eq(run("info sources"), "app:\n  /src/app.c\n  /src/app.h\n");
	ck_assert_str_eq(run("info sources *.c"), "app:\n  /src/app.c\n");
}
END_TEST

START_TEST(paths_that_are_set)
{
	run("directory /a '/b c'");
	run("dir /d");
	ck_assert_ptr_nonnull(strstr(run("show directories"), "/a:/b c:/d"));
	run("set directories /e");
	ck_assert_ptr_nonnull(strstr(run("show dire"), " /e "));
	run("directory");
	ck_assert_ptr_nonnull(strstr(run("show directories"), " none "));
	run("set substitute-path /x /y");
	ck_assert_ptr_nonnull(strstr(run("show subst"), "/x -> /y"));
	ck_assert_ptr_nonnull(strstr(refuse("unset substitute-path /z"), "no rule for \"/z\""));
	run("unset substitute-path /x");
	ck_assert_ptr_nonnull(strstr(run("show substitute-path"), " none "));
	run("set module-path /m.wasm");
	ck_assert_ptr_nonnull(strstr(run("show module-path"), "/m.wasm"));
	run("unset module-path");
	ck_assert_ptr_nonnull(strstr(run("show module-path"), " none "));
	run("set debuginfod on");
	ck_assert(fake.debuginfod);
	ck_assert_ptr_nonnull(strstr(run("show"), "substitute-path"));
}
END_TEST

START_TEST(paths_that_are_not)
{
	ck_assert_ptr_nonnull(
		strstr(refuse("set substitute-path /x"), "that is: set substitute-path FROM TO"));
	ck_assert_ptr_nonnull(strstr(refuse("set module-path"), "that is: set module-path PATH"));
	ck_assert_ptr_nonnull(strstr(refuse("set module-path a b"), "that is:"));
	ck_assert_ptr_nonnull(strstr(refuse("set directories"), "that is:"));
	ck_assert_ptr_nonnull(strstr(refuse("unset confirm"), "what can be unset"));
	ck_assert_ptr_nonnull(strstr(refuse("unset module-path x"), "takes no path"));
	ck_assert_ptr_nonnull(strstr(refuse("show module-path x"), "name of a setting only"));
	// Too short to mean a path, and an assignment.
	const char *rest;
	ck_assert_ptr_null(op_path_setting_find("mod /x", &rest));
	ck_assert_ptr_null(op_path_setting_find("directories = 3", &rest));
	ck_assert_str_eq(op_path_setting_find("subs /x", &rest)->name, "substitute-path");
	ck_assert_str_eq(rest, "/x");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl_source");
	TCase *tcase = tcase_create("commands");
	tcase_add_checked_fixture(tcase, start, typed_stop);
	tcase_add_loop_test(tcase, lines_of_a_place, 0, OP_ARRAY_SIZE(listings));
	tcase_add_test(tcase, lists_go_on);
	tcase_add_test(tcase, what_cannot_be_listed);
	tcase_add_test(tcase, instructions_where_no_lines_are);
	tcase_add_test(tcase, code_of_lines);
	tcase_add_test(tcase, what_is_known_of_a_place);
	tcase_add_test(tcase, paths_that_are_set);
	tcase_add_test(tcase, paths_that_are_not);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
