// SPDX-License-Identifier: GPL-3.0-or-later
// kill: end the target.
#include "tracer/repl/repl.h"

static struct op_error *kill_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, call->command->name);
	if (err)
		return err;
	if (op_session_is_core(repl->session))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "a core file cannot be killed; \"detach\" "
				       "closes it");
	if (!op_repl_confirm(repl, "Kill the program?"))
		return op_error_create(OP_ERROR_INTERRUPTED, "the program was not killed");
	return op_repl_kill(repl);
}

const struct op_command op_cmd_kill = {
	.name = "kill",
	.aliases = OP_ALIASES("k"),
	.group = OP_GROUP_PROCESS,
	.args = "",
	.help = "End the program.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = kill_run,
};
