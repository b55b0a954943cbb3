// SPDX-License-Identifier: GPL-3.0-or-later
// enable and disable: switch breakpoints on and off.
#include "tracer/repl/breakpoint_numbers.h"

static struct op_error *switch_to(struct op_repl *repl, const struct op_call *call, bool enabled)
{
	struct op_number_list numbers _cleanup_number_list_ = {0};
	struct op_error *err = op_breakpoint_numbers(repl, call, &numbers);
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = op_session_breakpoint_enable(repl->session, numbers.data[i], enabled);
	if (!err)
		op_breakpoint_numbers_result(repl, &numbers);
	return err;
}

static struct op_error *enable_run(struct op_repl *repl, const struct op_call *call)
{
	return switch_to(repl, call, true);
}

static struct op_error *disable_run(struct op_repl *repl, const struct op_call *call)
{
	return switch_to(repl, call, false);
}

const struct op_command op_cmd_enable = {
	.name = "enable",
	.aliases = OP_ALIASES("en"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N | N-M]...",
	.help = "Switch breakpoints on by number, or all of them.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = enable_run,
};

const struct op_command op_cmd_disable = {
	.name = "disable",
	.aliases = OP_ALIASES("dis"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N | N-M]...",
	.help = "Switch breakpoints off by number, or all of them; they are kept.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = disable_run,
};
