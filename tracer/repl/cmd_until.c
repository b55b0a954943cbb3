// SPDX-License-Identifier: GPL-3.0-or-later
// until and advance: run to a place, or out of the frame.
#include "tracer/repl/repl.h"

static struct op_error *until_run(struct op_repl *repl, const struct op_call *call)
{
	return *call->rest ? op_repl_resume_to(repl, call->rest, false)
			   : op_repl_resume(repl, OP_RUN_UNTIL_LINE, 1);
}

static struct op_error *advance_run(struct op_repl *repl, const struct op_call *call)
{
	if (!*call->rest)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"advance\" needs a place: advance FILE:LINE, advance "
				       "FUNCTION, or advance *OFFSET");
	return op_repl_resume_to(repl, call->rest, true);
}

const struct op_command op_cmd_until = {
	.name = "until",
	.aliases = OP_ALIASES("u"),
	.group = OP_GROUP_RUNNING,
	.args = "[PLACE]",
	.help = "Run to a place (as for break), or until the selected frame has returned; deeper "
		"calls of the frame's\n"
		"own function do not count. Without a place: as next, but never back, so that\n"
		"loops run to their end. In a module without debug information: as nexti, but "
		"never back.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = until_run,
};

const struct op_command op_cmd_advance = {
	.name = "advance",
	.group = OP_GROUP_RUNNING,
	.args = "PLACE",
	.help = "Run to a place (as for break) in any frame, or until the selected frame has "
		"returned.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = advance_run,
};
