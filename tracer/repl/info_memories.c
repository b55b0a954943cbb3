// SPDX-License-Identifier: GPL-3.0-or-later
// info memories: the linear memories of the instance.
#include "tracer/report/state.h"
#include "tracer/repl/repl.h"

static struct op_error *memories_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_memory_report *memories;
	size_t count;
	struct op_error *err = op_argument_none(call->rest, "info memories");
	if (!err)
		err = op_session_memory_reports(repl->session, op_repl_frame_or_null(repl),
						&memories, &count);
	if (err)
		return err;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json)
		op_json_begin_array(json, "memories");
	else if (!count)
		op_output_printf(&repl->out, "The instance has no linear memory.\n");
	for (size_t i = 0; i < count; i++) {
		if (!repl->out.json) {
			op_memory_row(&repl->out, &memories[i]);
			continue;
		}
		op_json_begin_object(json, NULL);
		op_memory_members(json, &memories[i]);
		op_json_end_object(json);
	}
	if (repl->out.json)
		op_json_end_array(json);
	return NULL;
}

const struct op_command op_info_memories = {
	.name = "memories",
	.aliases = OP_ALIASES("memory"),
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "List the instance's linear memories: 32 or 64 bit, size, maximum, what is "
		"reserved, shared or not.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = memories_run,
};
