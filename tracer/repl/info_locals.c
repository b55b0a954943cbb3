// SPDX-License-Identifier: GPL-3.0-or-later
// info locals, info args and info stack: the variables of the selected frame, of the guest's
// language where the module has debug information, else of Wasm.
#include <string.h>

#include "tracer/repl/repl.h"
#include "tracer/report/source_value.h"

// Of the guest's language ------------------------------------------------------------------------

/** The variables of a body: what there is to say of them, or why there is nothing. */
struct shown_variables {
	const struct op_source_node *data;
	size_t count;
	const char *missing;
};

static struct op_error *fetch_source(struct op_repl *repl, const struct op_frame *frame,
				     enum op_source_variables which, struct shown_variables *ret)
{
	struct op_source_limits limits = op_repl_source_limits(repl, 0);
	return op_session_source_variables(repl->session, frame, which, &limits, &ret->data,
					   &ret->count, &ret->missing);
}

static void show_source(struct op_repl *repl, const struct shown_variables *variables,
			const char *none)
{
	struct op_source_style style = {.pretty = repl->settings.print_pretty, .typed = true};
	if (repl->out.json)
		op_source_variables_json(&repl->out.writer, "variables", variables->data,
					 variables->count);
	else if (!variables->count)
		op_output_printf(&repl->out, "%s\n", none);
	else
		op_source_variables_text(&repl->out, variables->data, variables->count, &style, "");
}

static struct op_error *args_run(struct op_repl *repl, const struct op_call *call)
{
	struct shown_variables arguments;
	struct op_error *err = op_argument_none(call->rest, "info args");
	const struct op_frame *frame;
	if (!err)
		err = op_session_selected_frame(repl->session, &frame);
	if (!err)
		err = fetch_source(repl, frame, OP_SOURCE_ARGUMENTS, &arguments);
	if (!err && arguments.missing)
		err = op_error_create(
			OP_ERROR_UNSUPPORTED,
			"the arguments are not known: %s; \"info locals -wasm\" shows "
			"the Wasm function's",
			arguments.missing);
	if (!err)
		show_source(repl, &arguments, "No arguments.");
	return err;
}

// Of Wasm ----------------------------------------------------------------------------------------

static struct op_error *show_wasm(struct op_repl *repl, const struct op_frame *frame)
{
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	char **details = NULL;
	struct op_error *err = op_repl_fetch_frame(repl, frame, OP_FETCH_LOCALS, &fetched);
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

static struct op_error *locals_run(struct op_repl *repl, const struct op_call *call)
{
	bool wasm = strcmp(call->rest, "-wasm") == 0;
	struct shown_variables locals = {.missing = "not asked for"};
	struct op_error *err = wasm ? NULL : op_argument_none(call->rest, "info locals");
	const struct op_frame *frame;
	if (!err)
		err = op_session_selected_frame(repl->session, &frame);
	if (!err && !wasm)
		err = fetch_source(repl, frame, OP_SOURCE_LOCALS, &locals);
	if (err || locals.missing)
		return err ? err : show_wasm(repl, frame);
	show_source(repl, &locals, "No locals.");
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
	.args = "[-wasm]",
	.help = "Show the local variables of the selected frame, the innermost block's first.\n"
		"Where the module has no debug information, and with -wasm: the locals of the Wasm "
		"function, parameters first.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = locals_run,
};

const struct op_command op_info_args = {
	.name = "args",
	.group = OP_GROUP_DATA,
	.args = "",
	.help = "Show the arguments of the selected frame's function, as its language has them.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = args_run,
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
