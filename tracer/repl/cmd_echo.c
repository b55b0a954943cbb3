// SPDX-License-Identifier: GPL-3.0-or-later
// echo: say something in a script.
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

static struct op_error *echo_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	unescape(&text, call->rest);
	if (text.failed)
		return op_error_no_memory();
	op_repl_say(repl, text.data ? text.data : "");
	return NULL;
}

const struct op_command op_cmd_echo = {
	.name = "echo",
	.group = OP_GROUP_SUPPORT,
	.args = "TEXT",
	.help = "Write a text; \\n ends the line, \\t is a tab.",
	.run = echo_run,
};
