// SPDX-License-Identifier: GPL-3.0-or-later
// Commands as a program sees them: every document is read back by an independent reader (jansson)
// and compared with the shapes
// that docs/json-schema.json promises. The program is fake_session.h's.
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_session.h"
#include "tests/unit/suite.h"
#include "tests/unit/typed.h"

static void start(void)
{
	typed_start();
	repl.out.json = true;
}

/** Run a line; all its documents, in an array. The last is the command's own. */
static json_t *documents_of(const char *line)
{
	rewind(repl.out.stream);
	op_repl_execute(&repl, line);
	fflush(repl.out.stream);
	json_t *documents = json_array();
	for (char *pos = written; pos < written + written_size;) {
		char *end = memchr(pos, '\n', (size_t)(written + written_size - pos));
		ck_assert_msg(end, "%s: a line has no end", line);
		json_error_t error;
		json_t *document =
			json_loadb(pos, (size_t)(end - pos), JSON_REJECT_DUPLICATES, &error);
		ck_assert_msg(document, "%s: %s in %.*s", line, error.text, (int)(end - pos), pos);
		json_array_append_new(documents, document);
		pos = end + 1;
	}
	ck_assert_uint_gt(json_array_size(documents), 0);
	return documents;
}

static json_t *last(json_t *documents)
{
	return json_array_get(documents, json_array_size(documents) - 1);
}

/** The members of an object in the order in which they were written. */
static void keys_text(json_t *object, struct op_text *text)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
		op_text_printf(text, "%s%s", text->size ? " " : "", key);
}

static void assert_keys(json_t *object, const char *expected)
{
	struct op_text keys _cleanup_text_ = OP_TEXT_INIT;
	ck_assert(json_is_object(object));
	keys_text(object, &keys);
	ck_assert_str_eq(keys.data ? keys.data : "", expected);
}

static const struct {
	const char *line, *command, *keys;
} results[] = {
	{"core died.core", "core", "pid file program remarks state"},
	{"detach", "detach", "pid"},
	{"kill", "kill", "pid"},
	{"run -- prog", "run", NULL},
	{"c", "continue", "state"},
	{"si", "stepi", "state"},
	{"ni", "nexti", "state"},
	{"fin", "finish", "state"},
	{"until", "until", "state"},
	{"advance fib", "advance", "state"},
	{"b fib", "break", "breakpoint"},
	{"tb fib", "tbreak", "breakpoint"},
	{"watch $global0", "watch", "breakpoint"},
	{"rwatch $global0", "rwatch", "breakpoint"},
	{"awatch $global0", "awatch", "breakpoint"},
	{"info watchpoints", "info watchpoints", "watchpoints"},
	{"delete", "delete", "breakpoints"},
	{"enable", "enable", "breakpoints"},
	{"disable", "disable", "breakpoints"},
	{"bt", "backtrace", "frames thread more incomplete"},
	{"bt -host", "backtrace", "frames thread more incomplete"},
	{"f", "frame", "frame instruction"},
	{"up", "up", "frame instruction"},
	{"thread", "thread", "thread frame instruction"},
	{"thread 4243", "thread", "thread frame instruction"},
	{"thread suspended 0", "thread", "thread frame instruction"},
	{"thread apply all bt", "thread", "threads"},
	{"info b", "info breakpoints", "breakpoints"},
	{"info locals", "info locals", "locals"},
	{"info stack", "info stack", "stack"},
	{"info frame", "info frame", "frame fp vmctx activation source_missing"},
	{"info threads", "info threads", "threads suspended"},
	{"info suspended", "info suspended", "suspended"},
	{"info modules", "info modules", "modules"},
	{"info functions", "info functions", "functions"},
	{"info instructions", "info instructions", "module function function_index instructions"},
	{"info memories", "info memories", "memories"},
	{"p n", "print", "type value history text"},
	{"output n", "output", "type value text"},
	{"x/4xw 0x400", "x", "format memory size address values"},
	{"x/s 0x400", "x", "format memory strings"},
	{"x/i 0x1a3", "x", "format instructions"},
	{"set $mem[0:i32] = 1", "set", "assigned"},
	{"set confirm off", "set", "setting"},
	{"show", "show", "settings"},
	{"dump memory /dev/null 0 16", "dump", "file bytes"},
	{"list", "list", "module function function_index instructions"},
	{"directory /x", "directory", "directories"},
	{"unset directories", "unset", "unset"},
	{"set module-path /x", "set", "setting"},
	{"info source", "info source", "module missing"},
	{"info sources", "info sources", "files"},
	{"disassemble/m fib", "disassemble", "module function function_index instructions"},
	{"help", "help", "commands"},
	{"help x", "help", "commands"},
	{"help info", "help", "commands"},
	{"help stack", "help", "commands"},
	{"source /dev/null", "source", "file"},
	{"echo hi", "echo", "text"},
	{"printf \"n is %d\", n", "printf", "text"},
	{"history", "history", "lines"},
	{"shell exit 3", "shell", "status"},
	{"quit", "quit", ""},
};

START_TEST(test_result)
{
	start();
	json_t *attached = documents_of("attach 4242");
	assert_keys(json_object_get(last(attached), "result"), "pid state");
	json_decref(attached);
	if (!results[_i].keys)
		json_decref(documents_of("kill"));
	json_t *documents = documents_of(results[_i].line);
	json_t *document = last(documents);
	assert_keys(document, "command ok result");
	ck_assert_str_eq(json_string_value(json_object_get(document, "command")),
			 results[_i].command);
	ck_assert(json_is_true(json_object_get(document, "ok")));
	assert_keys(json_object_get(document, "result"),
		    results[_i].keys ? results[_i].keys : "pid state");
	json_decref(documents);
	typed_stop();
}
END_TEST

START_TEST(test_frames)
{
	start();
	json_decref(documents_of("attach 4242"));
	json_t *documents = documents_of("bt");
	json_t *frames = json_object_get(json_object_get(last(documents), "result"), "frames");
	ck_assert_uint_eq(json_array_size(frames), 4);
	json_t *frame = json_array_get(frames, 0);
	assert_keys(frame,
		    "level kind function function_index module pc host_pc inlined locals stack");
	ck_assert_int_eq(json_integer_value(json_object_get(frame, "pc")), 0x1a3);
	ck_assert_str_eq(json_string_value(json_object_get(frame, "host_pc")), "0x7f0000001000");
	json_t *locals = json_object_get(frame, "locals");
	assert_keys(json_array_get(locals, 0), "index name type value");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(locals, 0), "value")),
			 7);
	assert_keys(json_object_get(json_array_get(locals, 1), "value"), "reason message");
	ck_assert(json_is_null(json_object_get(json_array_get(locals, 1), "name")));
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_array_get(json_object_get(frame, "stack"), 0), "value")),
			 42);
	assert_keys(json_array_get(frames, 2), "kind function");
	json_decref(documents);
	// What was not recorded is a reason, for each frame.
	fake.no_values = true;
	documents = documents_of("bt 1");
	frame = json_array_get(
		json_object_get(json_object_get(last(documents), "result"), "frames"), 0);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(frame, "locals"), "reason")),
		"not-recorded");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(frame, "stack"), "reason")),
		"not-recorded");
	json_decref(documents);
	typed_stop();
}
END_TEST

START_TEST(test_events)
{
	static const struct op_value result = {.type = OP_VALUE_F32, .bytes = {1, 0, 0xc0, 0x7f}};
	static const struct {
		struct op_event event;
		const char *keys;
	} events[] = {
		{{.kind = OP_EVENT_STOPPED, .reason = OP_REASON_BREAKPOINT, .breakpoint = 1},
		 "event reason breakpoint thread frame instruction"},
		{{.kind = OP_EVENT_STOPPED, .reason = OP_REASON_STEP},
		 "event reason thread frame instruction"},
		{{.kind = OP_EVENT_STOPPED, .reason = OP_REASON_SIGNAL, .signal_name = "SIGSEGV"},
		 "event reason signal thread frame instruction"},
		{{.kind = OP_EVENT_STOPPED, .reason = OP_REASON_TRAP},
		 "event reason trap thread frame instruction"},
		{{.kind = OP_EVENT_STOPPED,
		  .reason = OP_REASON_STEP,
		  .results = &result,
		  .result_count = 1},
		 "event reason thread frame results instruction"},
		{{.kind = OP_EVENT_STOPPED, .reason = OP_REASON_STEP, .results_missing = "why"},
		 "event reason thread frame results instruction"},
		{{.kind = OP_EVENT_EXITED, .exit_status = 3}, "event pid status"},
		{{.kind = OP_EVENT_EXITED, .killed = true, .signal_name = "SIGKILL"},
		 "event pid signal"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(events); i++) {
		start();
		json_decref(documents_of("attach 4242"));
		fake.next_event = events[i].event;
		fake.next_event.thread = FAKE_PID;
		json_t *documents = documents_of("c");
		// The event comes first, then the command's own document.
		ck_assert_uint_eq(json_array_size(documents), 2);
		assert_keys(json_array_get(documents, 0), events[i].keys);
		const char *state = events[i].event.kind == OP_EVENT_EXITED ? "exited" : "stopped";
		ck_assert_str_eq(json_string_value(json_object_get(
					 json_object_get(last(documents), "result"), "state")),
				 state);
		if (events[i].event.result_count) {
			json_t *returned = json_array_get(
				json_object_get(json_array_get(documents, 0), "results"), 0);
			ck_assert_str_eq(json_string_value(json_object_get(returned, "value")),
					 "nan:0x7fc00001");
		}
		json_decref(documents);
		typed_stop();
	}
}
END_TEST

START_TEST(test_failures)
{
	static const struct {
		const char *line, *command, *code;
	} failures[] = {
		{"attach 1", "attach", "no-such-process"},
		{"bt", "backtrace", "wrong-state"},
		{"fly me", "fly", "syntax"},
		{"info nothing", "info nothing", "syntax"},
		{"\xff\"", "\xef\xbf\xbd\"", "syntax"},
		{"source /no/such", "source", "io"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(failures); i++) {
		start();
		json_t *documents = documents_of(failures[i].line);
		ck_assert_uint_eq(json_array_size(documents), 1);
		json_t *document = last(documents);
		assert_keys(document, "command ok error");
		ck_assert_str_eq(json_string_value(json_object_get(document, "command")),
				 failures[i].command);
		ck_assert(json_is_false(json_object_get(document, "ok")));
		assert_keys(json_object_get(document, "error"), "code message");
		ck_assert_str_eq(json_string_value(json_object_get(
					 json_object_get(document, "error"), "code")),
				 failures[i].code);
		json_decref(documents);
		typed_stop();
	}
}
END_TEST

/** What is nested has its documents before the command's around it. */
START_TEST(test_nesting)
{
	start();
	json_decref(documents_of("attach 4242"));
	json_t *documents = documents_of("thread apply 4242 4242 frame");
	ck_assert_uint_eq(json_array_size(documents), 3);
	for (size_t i = 0; i < 2; i++)
		ck_assert_str_eq(
			json_string_value(json_object_get(json_array_get(documents, i), "command")),
			"frame");
	ck_assert_uint_eq(json_array_size(json_object_get(
				  json_object_get(last(documents), "result"), "threads")),
			  2);
	json_decref(documents);
	documents = documents_of("b later");
	ck_assert_uint_eq(json_array_size(documents), 2);
	assert_keys(json_array_get(documents, 0), "event level message");
	json_decref(documents);
	typed_stop();
}
END_TEST

/** The schema has a shape for every command. */
START_TEST(test_schema_knows_every_command)
{
	const char *source = getenv("srcdir");
	struct op_text path _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&path, "%s/docs/json-schema.json", source ? source : ".");
	json_error_t error;
	json_t *schema = json_load_file(path.data, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(schema, "%s: %s", path.data, error.text);
	json_t *shapes = json_object_get(
		json_object_get(json_object_get(schema, "$defs"), "success"), "oneOf");
	size_t expected = 0;
	for (const struct op_command *const *row = op_commands; *row; row++) {
		for (const struct op_command *const *sub = (*row)->subcommands; sub && *sub; sub++)
			expected++;
		expected += !(*row)->subcommands;
		bool known = (*row)->subcommands;
		for (size_t i = 0; i < json_array_size(shapes); i++) {
			json_t *name = json_object_get(
				json_object_get(json_array_get(shapes, i), "properties"),
				"command");
			known = known || strcmp(json_string_value(json_object_get(name, "const")),
						(*row)->name) == 0;
		}
		ck_assert_msg(known, "%s is not in the schema", (*row)->name);
	}
	ck_assert_uint_eq(json_array_size(shapes), expected);
	json_decref(schema);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl_json");
	TCase *tests = tcase_create("json");
	tcase_add_loop_test(tests, test_result, 0, OP_ARRAY_SIZE(results));
	tcase_add_test(tests, test_frames);
	tcase_add_test(tests, test_events);
	tcase_add_test(tests, test_failures);
	tcase_add_test(tests, test_nesting);
	tcase_add_test(tests, test_schema_knows_every_command);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
