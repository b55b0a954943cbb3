// SPDX-License-Identifier: GPL-3.0-or-later
// finish: run until the selected frame has returned.
#include "tracer/repl/repl.h"

static struct op_error *finish_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, call->command->name);
	if (err)
		return err;
	// A core's is refused, with nothing said before.
	if (!repl->out.json && !op_session_is_core(repl->session)) {
		const struct op_frame *frame;
		struct op_fetched_frame fetched _cleanup_fetched_ = {0};
		err = op_session_selected_frame(repl->session, &frame);
		if (!err)
			err = op_repl_fetch_frame(repl, frame, op_repl_frame_parts(repl), &fetched);
		if (err)
			return err;
		op_output_printf(&repl->out, "Run till exit from ");
		op_frame_text(&repl->out, &fetched.view);
	}
	return op_repl_resume(repl, OP_RUN_FINISH, 1);
}

const struct op_command op_cmd_finish = {
	.name = "finish",
	.aliases = OP_ALIASES("fin"),
	.group = OP_GROUP_RUNNING,
	.args = "",
	.help = "Run until the selected frame has returned, and show what it returned: in the "
		"guest's\n"
		"language where its type is known, and as $ and $N afterwards.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = finish_run,
};
