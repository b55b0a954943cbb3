// SPDX-License-Identifier: GPL-3.0-or-later
// continue: let the target run to its next stop.
#include <inttypes.h>

#include "tracer/repl/repl.h"

static struct op_error *continue_run(struct op_repl *repl, const struct op_call *call)
{
	uint64_t count;
	struct op_error *err = op_argument_number_or(call->rest, "a number of stops", 1, &count);
	if (err)
		return err;
	if (count > 1) {
		if (!repl->stop.breakpoint)
			return op_error_create(OP_ERROR_STATE, "the program is not at a breakpoint "
							       "whose next hits could be ignored");
		err = op_session_breakpoint_ignore(repl->session, repl->stop.breakpoint, count - 1);
		if (err)
			return err;
		if (!repl->out.json)
			op_output_printf(&repl->out,
					 "The next %" PRIu64 " hits of breakpoint %" PRIu32
					 " are ignored.\n",
					 count - 1, repl->stop.breakpoint);
	}
	return op_repl_resume(repl, OP_RUN_GO, 1);
}

const struct op_command op_cmd_continue = {
	.name = "continue",
	.aliases = OP_ALIASES("c", "fg"),
	.group = OP_GROUP_RUNNING,
	.args = "[N]",
	.help = "Let the program run to its next stop; Ctrl-C stops it.\nWith N, the breakpoint it "
		"stands at stops it only the Nth time.",
	.flags = OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_REPEATS,
	.run = continue_run,
};
