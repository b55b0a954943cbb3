// SPDX-License-Identifier: GPL-3.0-or-later
// printf: values in a format, at once.
#include "tracer/repl/repl.h"

static struct op_error *printf_run(struct op_repl *repl, const struct op_call *call)
{
	const char *text;
	struct op_error *err =
		op_session_format(repl->session, op_repl_frame_or_null(repl), call->rest, &text);
	if (!err)
		op_repl_say(repl, text);
	return err;
}

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
