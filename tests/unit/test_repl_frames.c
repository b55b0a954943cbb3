// SPDX-License-Identifier: GPL-3.0-or-later
// Frames in the guest's language as they are written: lines, arguments, inlined bodies, JSON; what
// is completed and info scope. The program is fake_source.c's.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_session.h"
#include "tests/unit/suite.h"
#include "tests/unit/typed.h"
#include "tracer/repl/completion.h"
#include "tracer/report/frame.h"

static void start(void)
{
	typed_start();
	fake.has_source = true;
	run("attach 4242");
}

static const char *taken(void)
{
	op_output_flush(&repl.out);
	fflush(repl.out.stream);
	written[written_size] = '\0';
	return written;
}

// Commands ------------------------------------------------------------------------------------

START_TEST(a_frame_with_its_line)
{
	static const char frame[] = "0x1a3 in fib (n=7) at app.c:5\n";
	ck_assert_ptr_nonnull(strstr(run("backtrace 1"), frame));
	const char *shown = run("frame");
	ck_assert_ptr_nonnull(strstr(shown, frame));
	ck_assert_ptr_nonnull(strstr(shown, "\n0x1a3\t5\tline 5\n"));
	ck_assert_ptr_null(strstr(shown, "=> "));
	// Of the next nothing is known.
	ck_assert_str_eq(run("up"), "#1  fib (n=8) at app!0x1ac\n=> 0x1ac: call 1 <fib>\n");
}
END_TEST

START_TEST(a_frame_as_json)
{
	repl.out.json = true;
	const char *shown = run("frame");
	ck_assert_ptr_nonnull(strstr(shown, "\"language\":\"c\",\"file\":\"/src/app.c\",\"line\":5,"
					    "\"column\":0,\"line_begins\":false"));
	ck_assert_ptr_nonnull(strstr(shown, "\"source\":\"line 5\""));
	ck_assert_ptr_null(strstr(shown, "wasm_function"));
}
END_TEST

START_TEST(steps_show_what_comes_next)
{
	const char *shown = run("stepi");
	ck_assert_ptr_nonnull(strstr(shown, "\t5\tline 5\n=> 0x1a3: local.get 0\n"));
	shown = run("continue");
	ck_assert_ptr_nonnull(strstr(shown, "\t5\tline 5\n"));
	ck_assert_ptr_null(strstr(shown, "=> 0x1a3"));
}
END_TEST

START_TEST(scope_of_a_place)
{
	ck_assert_str_eq(run("info scope"), "Variables at app!0x1a3, the innermost first:\n"
					    "  int n: parameter of fib, /src/app.c:3\n");
	ck_assert_str_eq(run("info scope fib"), "Variables at app!0x1a3, the innermost first:\n"
						"  int n: parameter of fib, /src/app.c:3\n");
}
END_TEST

static void complete(const char *line, const char *expected)
{
	struct op_completions found _cleanup_completions_ = {0};
	struct op_text joined _cleanup_text_ = OP_TEXT_INIT;
	op_complete(&repl, line, (size_t)(strrchr(line, ' ') + 1 - line), strlen(line), &found);
	for (size_t i = 0; i < found.count; i++)
		op_text_printf(&joined, "%s%s", i ? " " : "", found.data[i]);
	ck_assert_str_eq(joined.data ?: "", expected);
}

START_TEST(completion)
{
	// The same name in the module and in the source is one.
	complete("break fi", "fib");
	complete("break ns", "ns::fibre");
	complete("break app.", "app.c: app.h:");
	complete("print n", "n");
}
END_TEST

// Reports -------------------------------------------------------------------------------------

/** A frame of the body `inner` at 0x20, inlined. */
static struct op_frame frame;
static struct op_frame_view view;

static void make_view(void)
{
	start();
	frame = (struct op_frame){.level = 3,
				  .kind = OP_FRAME_WASM,
				  .function = "outer",
				  .module = "app",
				  .has_pc = true,
				  .pc = 0x20,
				  .source_inlined = true};
	view = (struct op_frame_view){.frame = &frame,
				      .source = {.function = "ns::inner",
						 .language = "c++",
						 .file = "/src/a.cc",
						 .short_file = "a.cc",
						 .line = 9,
						 .exact = true,
						 .body = 1}};
}

static const char *text(void)
{
	rewind(repl.out.stream);
	op_frame_text(&repl.out, &view);
	op_source_line_text(&repl.out, &view);
	return taken();
}

START_TEST(lines_of_frames)
{
	// Wasm's parameters are those of another body.
	ck_assert_str_eq(text(), "#3  ns::inner (...) at a.cc:9 (inlined)\n9\tin a.cc\n");
	view.text = "\tx++;";
	view.source.exact = false;
	ck_assert_str_eq(text(), "#3  0x20 in ns::inner (...) at a.cc:9 (inlined)\n"
				 "0x20\t9\t\tx++;\n");
	// What is around an inlined body stands at the call, whatever the instruction.
	frame.source_depth = 1;
	ck_assert_str_eq(text(), "#3  ns::inner (...) at a.cc:9 (inlined)\n9\t\tx++;\n");
	frame.source_inlined = false;
	view.source.file = view.source.short_file = NULL;
	ck_assert_str_eq(text(), "#3  ns::inner () at app!0x20\n");
	view.source = (struct op_frame_source){.missing = "no"};
	ck_assert_str_eq(text(), "#3  outer () at app!0x20\n");
}
END_TEST

START_TEST(arguments_of_frames)
{
	static const struct op_source_node nodes[] = {
		{.kind = OP_SOURCE_NODE_SCALAR, .name = "a", .text = "97 'a'"},
		{.kind = OP_SOURCE_NODE_POINTER, .name = "p", .text = "0x10"},
		{.kind = OP_SOURCE_NODE_STRING, .name = "s", .text = "0x20 \"x\""},
		{.kind = OP_SOURCE_NODE_STRUCT, .name = "shape"},
		{.kind = OP_SOURCE_NODE_MISSING,
		 .name = "gone",
		 .problem = "optimised out; available at 0x1-0x2"},
	};
	view.arguments = (struct op_source_arguments_view){true, nodes, OP_ARRAY_SIZE(nodes)};
	frame.no_values = true;
	ck_assert_str_eq(text(), "#3  ns::inner (a=97 'a', p=0x10, s=0x20 \"x\", shape=..., "
				 "gone=<optimised out>) at a.cc:9 (inlined)\n9\tin a.cc\n");
	view.arguments.count = 0;
	frame.no_values = false;
	ck_assert_str_eq(text(), "#3  ns::inner () at a.cc:9 (inlined)\n9\tin a.cc\n");
}
END_TEST

START_TEST(names_in_json)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	struct op_json json;
	op_json_init(&json, &text);
	op_frame_json(&json, NULL, &view);
	ck_assert_ptr_nonnull(
		strstr(text.data, "\"function\":\"ns::inner\",\"wasm_function\":\"outer\""));
	ck_assert_ptr_nonnull(strstr(text.data, "\"inlined\":true,\"language\":\"c++\""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl_frames");
	TCase *commands = tcase_create("commands");
	tcase_add_checked_fixture(commands, start, typed_stop);
	tcase_add_test(commands, a_frame_with_its_line);
	tcase_add_test(commands, a_frame_as_json);
	tcase_add_test(commands, steps_show_what_comes_next);
	tcase_add_test(commands, scope_of_a_place);
	tcase_add_test(commands, completion);
	suite_add_tcase(suite, commands);
	TCase *reports = tcase_create("reports");
	tcase_add_checked_fixture(reports, make_view, typed_stop);
	tcase_add_test(reports, lines_of_frames);
	tcase_add_test(reports, arguments_of_frames);
	tcase_add_test(reports, names_in_json);
	suite_add_tcase(suite, reports);
	return run_suite(suite);
}
