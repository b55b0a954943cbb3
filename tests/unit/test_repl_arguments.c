// SPDX-License-Identifier: GPL-3.0-or-later
// Typed lines and the command line: look-up, abbreviations, words, numbers, formats, settings,
// completion.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_session.h"
#include "tests/unit/suite.h"
#include "tracer/repl/completion.h"
#include "tracer/repl/options.h"

static const struct {
	const char *line, *name, *format, *rest;
} lines[] = {
	{"backtrace", "backtrace", "", ""},
	{"  bt  -full  3 ", "backtrace", "", "-full  3"},
	{"where", "backtrace", "", ""},
	{"b fib", "break", "", "fib"},
	{"br fib", "break", "", "fib"},
	{"tb *0x10", "tbreak", "", "*0x10"},
	{"c", "continue", "", ""},
	{"cont 3", "continue", "", "3"},
	{"si", "stepi", "", ""},
	{"ni 4", "nexti", "", "4"},
	{"fin", "finish", "", ""},
	{"u fib", "until", "", "fib"},
	{"adv *0x10", "advance", "", "*0x10"},
	{"cond 1 n", "condition", "", "1 n"},
	{"comm", "commands", "", ""},
	{"save br f", "save", "", "br f"},
	{"f 2", "frame", "", "2"},
	{"i loc", "info locals", "", ""},
	{"i b", "info breakpoints", "", ""},
	{"info th", "info threads", "", ""},
	{"p n+1", "print", "", "n+1"},
	{"p/x n", "print", "x", "n"},
	{"p $local0", "print", "", "$local0"},
	{"p$pc", "print", "", "$pc"},
	{"x/16xw 0x400", "x", "16xw", "0x400"},
	{"x", "x", "", ""},
	{"q", "quit", "", ""},
	{"d 1", "delete", "", "1"},
	{"dis 1", "disable", "", "1"},
	{"disas/m fib", "disassemble", "m", "fib"},
	{"disassemble /n fib", "disassemble", "n", "fib"},
	{"!/bin/ls /", "shell", "", "/bin/ls /"},
	{"r", "run", "", ""},
	{"l", "list", "", ""},
	{"t 4242", "thread", "", "4242"},
	{"!ls -l", "shell", "", "ls -l"},
	{"set $mem[0x400:i32] = 7", "set", "", "$mem[0x400:i32] = 7"},
};

START_TEST(test_line)
{
	struct op_line line _cleanup_line_ = {0};
	struct op_error *err = op_line_parse(lines[_i].line, &line);
	ck_assert_msg(!err, "%s: %s", lines[_i].line, err ? err->message : "");
	ck_assert_str_eq(line.name, lines[_i].name);
	ck_assert_str_eq(line.format, lines[_i].format);
	ck_assert_str_eq(line.rest, lines[_i].rest);
}
END_TEST

static const struct {
	const char *line, *part;
} bad_lines[] = {
	{"frobnicate", "\"frobnicate\" is not a command"},
	{"brek main", "\"brek\" is not a command; did you mean \"break\"?"},
	{"contniue", "did you mean \"continue\"?"},
	{"info theads", "\"info theads\" is not a command; did you mean \"info threads\"?"},
	{"q1", "\"help\" lists the commands"},
	{"call f(1)", "\"call\" is not a command here: functions of the guest are not called"},
	{"end", "\"end\" is not a command here: it ends the lines of \"commands N\""},
	{"info registers", "Wasm has no registers: \"info locals -wasm\""},
	{"i r pc", "\"info r\" is not a command here: Wasm has no registers"},
	{"info si", "\"info si\" is not a command here: signals go to the program"},
	{"info p", "\"info p\" is not a command; \"help\""},
	{"de", "is ambiguous: detach, delete"},
	{"e", "is ambiguous: "},
	{"st", "is ambiguous: "},
	{"info", "needs a second word"},
	{"info nothing", "\"info nothing\" is not a command"},
	{"info f x y", NULL},
	{"i m", "modules, memories"},
	{"continue/x", "takes no /FORMAT"},
	{"$x", "not a command"},
};

START_TEST(test_bad_line)
{
	struct op_line line _cleanup_line_ = {0};
	struct op_error *err _cleanup_error_ = op_line_parse(bad_lines[_i].line, &line);
	if (!bad_lines[_i].part) {
		ck_assert_ptr_null(err);
		return;
	}
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, OP_ERROR_SYNTAX);
	ck_assert_msg(strstr(err->message, bad_lines[_i].part), "%s", err->message);
}
END_TEST

START_TEST(test_empty_line)
{
	static const char *const empty[] = {"", "   ", "# a remark"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(empty); i++) {
		struct op_line line _cleanup_line_ = {0};
		ck_assert_ptr_null(op_line_parse(empty[i], &line));
		ck_assert_ptr_null(line.command);
	}
}
END_TEST

/**
 * Every command has what help, the manual and completion take from its row, and its own name finds
 * it.
 */
START_TEST(test_rows)
{
	for (const struct op_command *const *row = op_commands; *row; row++) {
		const struct op_command *found = NULL;
		ck_assert_ptr_null(op_command_find(op_commands, "", (*row)->name,
						   strlen((*row)->name), &found));
		ck_assert_ptr_eq(found, *row);
		ck_assert_msg((*row)->help && (*row)->args, "%s", (*row)->name);
		ck_assert_msg(!(*row)->run == !!(*row)->subcommands, "%s", (*row)->name);
		for (const char *const *alias = (*row)->aliases; alias && *alias; alias++) {
			ck_assert_ptr_null(
				op_command_find(op_commands, "", *alias, strlen(*alias), &found));
			ck_assert_msg(found == *row, "%s is %s, not %s", *alias, found->name,
				      (*row)->name);
		}
	}
}
END_TEST

START_TEST(test_words)
{
	static const char *const expected[] = {"wasmtime", "run", "a b", "c\"d", "e f", "", NULL};
	char **words = NULL;
	ck_assert_ptr_null(op_argument_words(" wasmtime run 'a b' \"c\\\"d\" e\\ f ''", &words));
	size_t i = 0;
	for (; expected[i]; i++)
		ck_assert_str_eq(words[i], expected[i]);
	ck_assert_ptr_null(words[i]);
	op_argument_words_free(words);
	struct op_error *err _cleanup_error_ = op_argument_words("a 'b", &words);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, OP_ERROR_SYNTAX);
}
END_TEST

START_TEST(test_numbers)
{
	static const char *const bad[] = {"",   "-1",   "1x", "0x", "18446744073709551616",
					  " 1", "seven"};
	uint64_t number;
	ck_assert_ptr_null(op_argument_number("010", "a number", &number));
	ck_assert_uint_eq(number, 10);
	ck_assert_ptr_null(op_argument_number("0xFf", "a number", &number));
	ck_assert_uint_eq(number, 255);
	ck_assert_ptr_null(op_argument_number("18446744073709551615", "a number", &number));
	ck_assert_uint_eq(number, UINT64_MAX);
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		struct op_error *err _cleanup_error_ =
			op_argument_number(bad[i], "a number", &number);
		ck_assert_msg(err && err->code == OP_ERROR_SYNTAX, "\"%s\"", bad[i]);
	}
}
END_TEST

START_TEST(test_lists)
{
	static const uint32_t expected[] = {1, 3, 4, 5, 9};
	struct op_number_list list _cleanup_number_list_ = {0};
	ck_assert_ptr_null(op_argument_list("1 3-5 9", "a number", &list));
	ck_assert_uint_eq(list.count, OP_ARRAY_SIZE(expected));
	ck_assert_mem_eq(list.data, expected, sizeof(expected));
	static const char *const bad[] = {"5-3", "1-", "-2", "1,2", "1-4294967296", "1-4294967295"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		struct op_number_list other _cleanup_number_list_ = {0};
		struct op_error *err _cleanup_error_ = op_argument_list(bad[i], "a number", &other);
		ck_assert_msg(err, "\"%s\"", bad[i]);
	}
}
END_TEST

START_TEST(test_formats)
{
	static const struct {
		const char *text;
		uint64_t count;
		char letter;
		unsigned unit;
	} good[] = {{"16xw", 16, 'x', 4}, {"", 0, 0, 0},      {"bx", 0, 'x', 1}, {"s", 0, 's', 0},
		    {"4g", 4, 0, 8},      {"2dh", 2, 'd', 2}, {"3i", 3, 'i', 0}};
	struct op_examine_format format;
	for (size_t i = 0; i < OP_ARRAY_SIZE(good); i++) {
		ck_assert_ptr_null(op_argument_format(good[i].text, "xduotacfzsi", &format));
		ck_assert_uint_eq(format.count, good[i].count);
		ck_assert_int_eq(format.letter, good[i].letter);
		ck_assert_uint_eq(format.unit, good[i].unit);
	}
	static const char *const bad[] = {"q", "0x", "x16", "99999999999999999999x", "-1x"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		struct op_error *err _cleanup_error_ =
			op_argument_format(bad[i], "xduotacfzsi", &format);
		ck_assert_msg(err && err->code == OP_ERROR_SYNTAX, "\"%s\"", bad[i]);
	}
}
END_TEST

START_TEST(test_settings)
{
	static const struct {
		const char *text, *name, *value;
	} good[] = {
		{"confirm off", "confirm", "off"},
		{"conf 1", "confirm", "on"},
		{"confirm", "confirm", "on"},
		{"history size 5", "history size", "5"},
		{"hist s unlimited", "history size", "unlimited"},
		{"print elem 0", "print elements", "unlimited"},
		{"print f none", "print frame-arguments", "none"},
		{"color never", "color", "never"},
		{"pagination on", "pagination", "on"},
	};
	struct op_settings settings;
	op_settings_init(&settings);
	for (size_t i = 0; i < OP_ARRAY_SIZE(good); i++) {
		const struct op_setting *setting;
		const char *rest;
		struct op_text text _cleanup_text_ = OP_TEXT_INIT;
		ck_assert_ptr_null(op_setting_find(good[i].text, &setting, &rest));
		ck_assert_str_eq(setting->name, good[i].name);
		ck_assert_ptr_null(op_setting_assign(&settings, setting, rest));
		op_setting_text(&text, &settings, setting);
		ck_assert_str_eq(text.data, good[i].value);
	}
	static const char *const bad[] = {"nothing",
					  "print x",
					  "c on",
					  "confirm maybe",
					  "color red",
					  "history size -1",
					  "history size 5000000000"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(bad); i++) {
		const struct op_setting *setting;
		const char *rest;
		struct op_error *err _cleanup_error_ = op_setting_find(bad[i], &setting, &rest);
		if (!err)
			err = op_setting_assign(&settings, setting, rest);
		ck_assert_msg(err, "%s", bad[i]);
	}
}
END_TEST

static const struct {
	const char *line;       /**< the cursor is at its end */
	const char *candidates; /**< with blanks between */
} completions[] = {
	{"backt", "backtrace"},
	{"s", "step stepi save stack set show source shell"},
	{"info me", "memories"},
	{"i lo", "locals"},
	{"b fi", "fib"},
	{"b app:", "app::main"},
	{"b app!f", "app!fib"},
	{"help dis", "disable display disassemble"},
	{"set history ", "size"},
	{"show p", "pagination print"},
	{"print n", "n"},
	{"p $l", "$local0 $local1"},
	{"p $g", "$global.count $global1"},
	{"thread 42", "4242 4243"},
	{"nothing x", ""},
};

START_TEST(test_completion)
{
	struct op_repl repl;
	ck_assert_ptr_null(op_repl_init(&repl, stdout, stderr));
	ck_assert_ptr_null(op_session_attach(repl.session, FAKE_PID, false));
	const char *line = completions[_i].line;
	const char *blank = strrchr(line, ' ');
	struct op_completions found _cleanup_completions_ = {0};
	op_complete(&repl, line, blank ? (size_t)(blank + 1 - line) : 0, strlen(line), &found);
	struct op_text joined _cleanup_text_ = OP_TEXT_INIT;
	for (size_t i = 0; i < found.count; i++)
		op_text_printf(&joined, "%s%s", i ? " " : "", found.data[i]);
	ck_assert_str_eq(joined.data ? joined.data : "", completions[_i].candidates);
	op_repl_deinit(&repl);
}
END_TEST

#define ARGV(...)                                                                                  \
	(char *[])                                                                                 \
	{                                                                                          \
		(char[]){"outpost"}, __VA_ARGS__, NULL                                             \
	}
static struct op_error *parse(struct op_options *options, char **argv)
{
	int argc = 0;
	while (argv[argc])
		argc++;
	return op_options_parse(argc, argv, options);
}

START_TEST(test_options)
{
	struct op_options options;
	char attach[] = "attach", pid[] = "12", batch[] = "--batch", e[] = "-e", bt[] = "bt",
	     x[] = "-x", file[] = "f", json[] = "--json";
	ck_assert_ptr_null(parse(&options, ARGV(json, attach, pid, batch, e, bt, x, file)));
	ck_assert_str_eq(options.mode->name, "attach");
	ck_assert_uint_eq(options.argument_count, 1);
	ck_assert_str_eq(options.arguments[0], "12");
	ck_assert(options.json && options.batch && !options.quiet);
	ck_assert_uint_eq(options.command_count, 2);
	ck_assert(!options.commands[0].is_file && options.commands[1].is_file);
	op_options_deinit(&options);
	// What belongs to the program's own command line is left alone, with -- and without.
	char run[] = "run", dashes[] = "--", program[] = "wasmtime", dash_e[] = "-e",
	     quiet[] = "-q";
	ck_assert_ptr_null(parse(&options, ARGV(run, quiet, dashes, program, dash_e, json)));
	ck_assert(options.quiet && !options.json);
	ck_assert_uint_eq(options.argument_count, 3);
	op_options_deinit(&options);
	ck_assert_ptr_null(parse(&options, ARGV(run, program, dash_e, dashes, json)));
	ck_assert(!options.json);
	ck_assert_uint_eq(options.argument_count, 4);
	op_options_deinit(&options);
}
END_TEST

// A line of words, parsed. The options borrow the words.
static struct op_error *parse_text(struct op_options *options, const char *text, char ***ret_words)
{
	ck_assert_ptr_null(op_argument_words(text, ret_words));
	return parse(options, *ret_words);
}

START_TEST(test_options_as_gdb_has_them)
{
	static const struct {
		const char *text, *mode, *argument, *command;
		bool batch, quiet, no_init;
	} given[] = {
		{"outpost -p 12 -batch -ex bt", "attach", "12", "bt", true, false, false},
		{"outpost --pid=12 -quiet -nx --ex=bt", "attach", "12", "bt", false, true, true},
		{"outpost -pid 12 -silent --batch -eval-command 'p x'", "attach", "12", "p x", true,
		 true, false},
		{"outpost -ex bt -p12 -n -q", "attach", "12", "bt", false, true, true},
		{"outpost attach 12 -ebt -nq", "attach", "12", "bt", false, true, true},
		{"outpost gcore -p 12 file", "gcore", "12", NULL, false, false, false},
		{"outpost -q -ex bt --args wasmtime -batch -p", "run", "wasmtime", "bt", false,
		 true, false},
		{"outpost run -ex=bt -args wasmtime -nx", "run", "wasmtime", "bt", false, false,
		 false},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(given); i++) {
		char **words _cleanup_(op_argument_words_freep) = NULL;
		struct op_options options;
		struct op_error *err = parse_text(&options, given[i].text, &words);
		ck_assert_msg(!err, "%s: %s", given[i].text, err ? err->message : "");
		ck_assert_str_eq(options.mode->name, given[i].mode);
		ck_assert_str_eq(options.arguments[0], given[i].argument);
		ck_assert_uint_eq(options.command_count, given[i].command ? 1 : 0);
		if (given[i].command)
			ck_assert_str_eq(options.commands[0].text, given[i].command);
		ck_assert_int_eq(options.batch, given[i].batch);
		ck_assert_int_eq(options.quiet, given[i].quiet);
		ck_assert_int_eq(options.no_init, given[i].no_init);
		op_options_deinit(&options);
	}
}
END_TEST

static const struct {
	const char *text, *part; /**< of the sentence */
} usage_errors[] = {
	{"outpost", "what is to be done is missing"},
	{"outpost attach", "outpost attach"},
	{"outpost attach 1 2", "too much: 2"},
	{"outpost attach x", "not the id of a process: x"},
	{"outpost stack 99999999999999999999", "99999999999999999999"},
	{"outpost nothing 1", "there is no nothing"},
	{"outpost 12", "missing: outpost attach 12"},
	{"outpost /dev/null", "missing in front of /dev/null"},
	{"outpost --core=f", "missing: outpost core f"},
	{"outpost attach 1 --nothing", "there is no option --nothing"},
	{"outpost attach 1 -tui", "there is no option -tui"},
	{"outpost -tui attach 1", "there is no option -tui"},
	{"outpost attach 1 -quit", "there is no option -quit"},
	{"outpost attach 1 -batching -q", "there is no option -batching"},
	{"outpost attach 1 -e", "an argument is missing behind -e"},
	{"outpost attach 1 -ex", "an argument is missing behind -ex"},
	{"outpost -p 1 -p", "an argument is missing behind -p"},
	{"outpost -p x", "not the id of a process: x"},
	{"outpost -p 1 attach 2", "too much: 2"},
	{"outpost run -p 1 -- program", "not of outpost run"},
	{"outpost attach --args program", "not of outpost attach"},
	{"outpost --args", "outpost run"},
	{"outpost run", "outpost run"},
	{"outpost run --", "outpost run"},
	{"outpost attach 1 --color=red", "not red"},
	{"outpost attach 1 --all", "--all"},
	{"outpost inspect f --no-locals", "--no-locals"},
	{"outpost stack 1 -ebt", "runs no commands"},
	{"outpost core", "outpost core"},
	{"outpost gcore", "outpost gcore"},
	{"outpost gcore x", "not the id of a process: x"},
	{"outpost gcore 1 f g", "too much: g"},
	{"outpost gcore 1 -ebt", "runs no commands"},
	{"outpost core f g", "too much: g"},
	{"outpost stack no/such/file", "no/such/file"},
	{"outpost attach 1 --exe=program", "--exe"},
	{"outpost trace-calls 1 --sysroot=folder", "--sysroot"},
	{"outpost serve", "there is no serve"},
};

START_TEST(test_usage_error)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_options options;
	struct op_error *err _cleanup_error_ = parse_text(&options, usage_errors[_i].text, &words);
	ck_assert_msg(err && err->code == OP_ERROR_SYNTAX, "%s", usage_errors[_i].text);
	ck_assert_msg(strstr(err->message, usage_errors[_i].part), "%s: %s", usage_errors[_i].text,
		      err->message);
	op_options_deinit(&options);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl_arguments");
	TCase *tests = tcase_create("arguments");
	tcase_add_loop_test(tests, test_line, 0, OP_ARRAY_SIZE(lines));
	tcase_add_loop_test(tests, test_bad_line, 0, OP_ARRAY_SIZE(bad_lines));
	tcase_add_test(tests, test_empty_line);
	tcase_add_test(tests, test_rows);
	tcase_add_test(tests, test_words);
	tcase_add_test(tests, test_numbers);
	tcase_add_test(tests, test_lists);
	tcase_add_test(tests, test_formats);
	tcase_add_test(tests, test_settings);
	tcase_add_loop_test(tests, test_completion, 0, OP_ARRAY_SIZE(completions));
	tcase_add_test(tests, test_options);
	tcase_add_test(tests, test_options_as_gdb_has_them);
	tcase_add_loop_test(tests, test_usage_error, 0, OP_ARRAY_SIZE(usage_errors));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
