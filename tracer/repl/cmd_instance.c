// SPDX-License-Identifier: GPL-3.0-or-later
// instance: choose the instance whose globals, memories and tables are meant.
#include "tracer/report/state.h"
#include "tracer/repl/repl.h"

static struct op_error *instance_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = NULL;
	if (*call->rest) {
		uint64_t number;
		err = op_argument_number(call->rest, "an instance's number", &number);
		if (!err && number > UINT32_MAX)
			err = op_error_create(OP_ERROR_NOT_FOUND, "there is no instance %s",
					      call->rest);
		if (!err)
			err = op_session_select_instance(repl->session, (uint32_t)number);
		repl->examine.valid = false;
	}
	const struct op_instance_info *instance;
	if (!err)
		err = op_session_scope(repl->session, op_repl_frame_or_null(repl), &instance);
	if (err)
		return err;
	if (repl->out.json) {
		op_json_begin_object(&repl->out.writer, "instance");
		op_instance_members(&repl->out.writer, instance);
		op_json_end_object(&repl->out.writer);
	} else {
		op_instance_row(&repl->out, instance);
	}
	return NULL;
}

const struct op_command op_cmd_instance = {
	.name = "instance",
	.group = OP_GROUP_DATA,
	.args = "[N]",
	.help = "Select an instance of \"info instances\"; without N show which one is meant.\n"
		"Its globals, tables and memories are meant from then on, also without a guest "
		"frame, until the program runs or a frame, thread or stack is selected.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = instance_run,
};
