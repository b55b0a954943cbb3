// SPDX-License-Identifier: GPL-3.0-or-later
// quit: end outpost.
#include "tracer/repl/repl.h"

static struct op_error *quit_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, call->command->name);
	if (!err)
		repl->quit = true;
	return err;
}

const struct op_command op_cmd_quit = {
	.name = "quit",
	.aliases = OP_ALIASES("q", "exit"),
	.group = OP_GROUP_SUPPORT,
	.args = "",
	.help = "End outpost; Ctrl-D does the same.\nA program that was attached to runs on; one "
		"that outpost started is killed.",
	.run = quit_run,
};
