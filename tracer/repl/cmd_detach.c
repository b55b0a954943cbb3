// SPDX-License-Identifier: GPL-3.0-or-later
// detach: let the target run on.
#include "tracer/repl/repl.h"

static struct op_error *detach_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, call->command->name);
	return err ? err : op_repl_detach(repl);
}

const struct op_command op_cmd_detach = {
	.name = "detach",
	.group = OP_GROUP_PROCESS,
	.args = "",
	.help = "Leave the program running, exactly as it was, and stop debugging it.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = detach_run,
};
