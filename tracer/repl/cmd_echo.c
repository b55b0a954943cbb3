// SPDX-License-Identifier: GPL-3.0-or-later
// echo and printf: say something in a script.
#include <string.h>

#include "tracer/repl/repl.h"

static void unescape(struct op_text *text, const char *string)
{
	static const char escapes[] = "n\nt\ta\ae\033r\r";
	for (; *string; string++) {
		if (*string != '\\' || !string[1]) {
			op_text_append_char(text, *string);
			continue;
		}
		string++;
		char character = *string;
		for (const char *pair = escapes; *pair; pair += 2) {
			if (pair[0] == *string)
				character = pair[1];
		}
		op_text_append_char(text, character);
	}
}

static void say(struct op_repl *repl, const char *text)
{
	if (repl->out.json)
		op_json_string(&repl->out.writer, "text", text);
	else
		op_output_printf(&repl->out, "%s", text);
}

static struct op_error *echo_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	unescape(&text, call->rest);
	if (text.failed)
		return op_error_no_memory();
	say(repl, text.data ? text.data : "");
	return NULL;
}

static struct op_error *printf_run(struct op_repl *repl, const struct op_call *call)
{
	const char *text;
	struct op_error *err =
		op_session_format(repl->session, op_repl_frame_or_null(repl), call->rest, &text);
	if (!err)
		say(repl, text);
	return err;
}

const struct op_command op_cmd_echo = {
	.name = "echo",
	.group = OP_GROUP_SUPPORT,
	.args = "TEXT",
	.help = "Write a text; \\n ends the line, \\t is a tab.",
	.run = echo_run,
};

const struct op_command op_cmd_printf = {
	.name = "printf",
	.group = OP_GROUP_DATA,
	.args = "\"FORMAT\" [, EXPRESSION ...]",
	.help = "Write values in a format, as a log point does at each arrival.\n"
		"The format is printf's, \\n ends the line; the values are numbers, and text, "
		"enumerators and pointers\n"
		"for %s.",
	.complete = OP_COMPLETE_LOCALS,
	.run = printf_run,
};
