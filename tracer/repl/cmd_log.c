// SPDX-License-Identifier: GPL-3.0-or-later
// log: lines for each arrival at a place, without stopping.
#include "tracer/repl/repl.h"

static struct op_error *log_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_breakpoint *breakpoint;
	struct op_error *err = op_session_log(repl->session, call->rest, &breakpoint);
	if (err)
		return err;
	op_repl_report_set(repl, breakpoint);
	return NULL;
}

const struct op_command op_cmd_log = {
	.name = "log",
	.aliases = OP_ALIASES("dprintf"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "PLACE [if EXPRESSION] \"FORMAT\" [EXPRESSION, ...]",
	.help = "Print a line whenever the program comes to a place, and let it run on.\n"
		"The format is printf's; the values are numbers, and text, enumerators and "
		"pointers for %s. Code compiled\n"
		"for guest-debug notes numbers itself, without stopping (lines that come too fast "
		"are counted as lost);\n"
		"for %s outpost stops the program for a moment.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = log_run,
};
