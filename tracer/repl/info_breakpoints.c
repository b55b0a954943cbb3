// SPDX-License-Identifier: GPL-3.0-or-later
// info breakpoints, info watchpoints
#include <stdlib.h>

#include "tracer/report/breakpoint.h"
#include "tracer/repl/repl.h"

static struct op_error *watchpoints_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info watchpoints");
	if (err)
		return err;
	size_t count, kept = 0;
	const struct op_breakpoint *const *all = op_session_breakpoints(repl->session, &count);
	const struct op_breakpoint **watchpoints _cleanup_free_ =
		calloc(count + 1, sizeof(*watchpoints));
	if (!watchpoints)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		if (all[i]->kind != OP_BREAKPOINT_PLACE)
			watchpoints[kept++] = all[i];
	if (!repl->out.json) {
		if (kept)
			op_breakpoint_table(&repl->out, watchpoints, kept);
		else
			op_output_printf(&repl->out, "No watchpoints.\n");
		return NULL;
	}
	op_json_begin_array(&repl->out.writer, "watchpoints");
	for (size_t i = 0; i < kept; i++)
		op_breakpoint_json(&repl->out.writer, NULL, watchpoints[i]);
	op_json_end_array(&repl->out.writer);
	return NULL;
}

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
	.help = "List the breakpoints and watchpoints with their places and hits.",
	.run = breakpoints_run,
};

const struct op_command op_info_watchpoints = {
	.name = "watchpoints",
	.aliases = OP_ALIASES("wat"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "",
	.help = "List the watchpoints with their hits.",
	.run = watchpoints_run,
};
