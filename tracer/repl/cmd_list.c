// SPDX-License-Identifier: GPL-3.0-or-later
// list and info instructions: a few Wasm instructions around a place.
#include "tracer/repl/listing.h"

enum { LINES = 10 };

/** What is listed: the function that is named, or the selected frame's around its pc. */
static struct op_error *choose(struct op_repl *repl, const char *spec,
			       struct op_named_function *function, struct op_listing_range *range)
{
	if (*spec) {
		struct op_error *err = op_repl_find_function(repl, spec, function);
		if (!err)
			range->pc = function->pc;
		return err;
	}
	const struct op_frame *frame;
	struct op_error *err = op_session_selected_frame(repl->session, &frame);
	if (err)
		return err;
	range->pc = frame->pc;
	range->centred = frame->has_pc;
	return op_repl_frame_function(repl, function);
}

static struct op_error *list_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_list_state *state = &repl->list;
	struct op_named_function function;
	struct op_listing_range range = {.count = LINES};
	struct op_error *err;
	if (state->valid && (call->repeated || !*call->rest)) {
		struct op_text spec _cleanup_text_ = OP_TEXT_INIT;
		const struct op_module *module = op_repl_module(repl, state->module_id);
		if (!module)
			return op_error_create(OP_ERROR_STATE,
					       "the module that was listed is not loaded any more");
		if (state->next_pc == UINT32_MAX)
			return op_error_create(OP_ERROR_NOT_FOUND, "the function ends here");
		op_text_printf(&spec, "%s!#%u", module->name, state->function);
		err = op_repl_find_function(repl, spec.data ? spec.data : "", &function);
		range.pc = state->next_pc;
	} else {
		err = choose(repl, call->rest, &function, &range);
	}
	uint32_t next;
	if (!err)
		err = op_listing_report(repl, &function, OP_DISASSEMBLE_WASM, &range, &next);
	if (!err)
		*state = (struct op_list_state){.module_id = function.module_id,
						.function = function.index,
						.next_pc = next,
						.valid = true};
	return err;
}

static struct op_error *instructions_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_named_function function;
	struct op_listing_range range = {.count = LINES, .whole = *call->rest};
	struct op_error *err = choose(repl, call->rest, &function, &range);
	return err ? err : op_listing_report(repl, &function, OP_DISASSEMBLE_WASM, &range, NULL);
}

const struct op_command op_cmd_list = {
	.name = "list",
	.aliases = OP_ALIASES("l"),
	.group = OP_GROUP_CODE,
	.args = "[[MODULE!]FUNCTION]",
	.help = "Show ten Wasm instructions around the selected frame's place or from a function's "
		"beginning; again: the next ten.",
	.flags = OP_COMMAND_NEEDS_TARGET | OP_COMMAND_REPEATS,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = list_run,
};

const struct op_command op_info_instructions = {
	.name = "instructions",
	.group = OP_GROUP_CODE,
	.args = "[[MODULE!]FUNCTION]",
	.help = "Show the Wasm instructions around the selected frame's place, or all of a "
		"function.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = instructions_run,
};
