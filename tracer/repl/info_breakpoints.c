// SPDX-License-Identifier: GPL-3.0-or-later
// info breakpoints
#include "tracer/report/breakpoint.h"
#include "tracer/repl/repl.h"

static struct op_error *breakpoints_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info breakpoints");
	if (err)
		return err;
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	if (!repl->out.json) {
		op_breakpoint_table(&repl->out, breakpoints, count);
		return NULL;
	}
	op_json_begin_array(&repl->out.writer, "breakpoints");
	for (size_t i = 0; i < count; i++)
		op_breakpoint_json(&repl->out.writer, NULL, breakpoints[i]);
	op_json_end_array(&repl->out.writer);
	return NULL;
}

const struct op_command op_info_breakpoints = {
	.name = "breakpoints",
	.aliases = OP_ALIASES("b"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "",
	.help = "List the breakpoints with their places and hits.",
	.run = breakpoints_run,
};
