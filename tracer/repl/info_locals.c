// SPDX-License-Identifier: GPL-3.0-or-later
// info locals and info stack: the variables of the selected frame.
#include "tracer/repl/repl.h"

static struct op_error *locals_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info locals");
	const struct op_frame *frame;
	if (!err)
		err = op_session_selected_frame(repl->session, &frame);
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	if (!err)
		err = op_repl_fetch_frame(repl, frame, OP_FETCH_LOCALS, &fetched);
	char **details = NULL;
	if (!err)
		err = op_repl_fetch_details(repl, frame, &fetched.view.locals, &details);
	if (err)
		return err;
	if (repl->out.json)
		op_variables_json(&repl->out.writer, "locals", &fetched.view.locals);
	else
		op_locals_text(&repl->out, &fetched.view.locals, "");
	op_repl_details_free(details, fetched.view.locals.count);
	return NULL;
}

static struct op_error *stack_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info stack");
	const struct op_frame *frame;
	if (!err)
		err = op_repl_settled_frame(repl, &frame);
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	if (!err)
		err = op_repl_fetch_frame(repl, frame, OP_FETCH_OPERANDS, &fetched);
	char **details = NULL;
	if (!err)
		err = op_repl_fetch_details(repl, frame, &fetched.view.operands, &details);
	if (err)
		return err;
	if (repl->out.json)
		op_variables_json(&repl->out.writer, "stack", &fetched.view.operands);
	else
		op_operands_text(&repl->out, &fetched.view.operands);
	op_repl_details_free(details, fetched.view.operands.count);
	return NULL;
}

const struct op_command op_info_locals = {
	.name = "locals",
	.aliases = OP_ALIASES("lo"),
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "Show the selected frame's locals, parameters first.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = locals_run,
};

const struct op_command op_info_stack = {
	.name = "stack",
	.aliases = OP_ALIASES("operands"),
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "Show the selected frame's operand stack, top first.\nA thread inside an "
		"instruction is brought to the next one before.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = stack_run,
};
