// SPDX-License-Identifier: GPL-3.0-or-later
// step and next: to another source line, N times; stepi and nexti: one Wasm instruction, or N.
#include "tracer/repl/repl.h"

static struct op_error *step(struct op_repl *repl, const struct op_call *call,
			     enum op_run_kind kind)
{
	uint64_t count;
	struct op_error *err = op_argument_number_or(call->rest, "a number of steps", 1, &count);
	if (err)
		return err;
	if (!count)
		return op_error_create(OP_ERROR_SYNTAX, "0 is not a number of steps");
	return op_repl_resume(repl, kind, count);
}

static struct op_error *step_run(struct op_repl *repl, const struct op_call *call)
{
	return step(repl, call, OP_RUN_STEP_LINE);
}

static struct op_error *next_run(struct op_repl *repl, const struct op_call *call)
{
	return step(repl, call, OP_RUN_NEXT_LINE);
}

static struct op_error *stepi_run(struct op_repl *repl, const struct op_call *call)
{
	return step(repl, call, OP_RUN_STEP_INTO);
}

static struct op_error *nexti_run(struct op_repl *repl, const struct op_call *call)
{
	return step(repl, call, OP_RUN_STEP_OVER);
}

const struct op_command op_cmd_step = {
	.name = "step",
	.aliases = OP_ALIASES("s"),
	.group = OP_GROUP_RUNNING,
	.args = "[N]",
	.help = "Run to the beginning of another source line, N times; into the functions that the "
		"line calls, when they\n"
		"have lines (\"set step-mode on\": into the others too). In a module without debug "
		"information: as stepi.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = step_run,
};

const struct op_command op_cmd_next = {
	.name = "next",
	.aliases = OP_ALIASES("n"),
	.group = OP_GROUP_RUNNING,
	.args = "[N]",
	.help = "Run to the beginning of another source line of the function, or of the one that "
		"it returns to, N times.\n"
		"In a module without debug information: as nexti.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = next_run,
};

const struct op_command op_cmd_stepi = {
	.name = "stepi",
	.aliases = OP_ALIASES("si"),
	.group = OP_GROUP_RUNNING,
	.args = "[N]",
	.help = "Execute one Wasm instruction, or N; go into calls.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = stepi_run,
};

const struct op_command op_cmd_nexti = {
	.name = "nexti",
	.aliases = OP_ALIASES("ni"),
	.group = OP_GROUP_RUNNING,
	.args = "[N]",
	.help = "Execute one Wasm instruction, or N; a call counts as one.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = nexti_run,
};
