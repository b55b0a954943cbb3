// SPDX-License-Identifier: GPL-3.0-or-later
// delete and clear: take breakpoints away, by number or by place.
#include <inttypes.h>

#include "base/array.h"
#include "tracer/repl/breakpoint_numbers.h"
#include "tracer/repl/displays.h"

static struct op_error *delete_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_number_list numbers _cleanup_number_list_ = {0};
	const char *displays = op_argument_option(call->rest, "display");
	const char *list = op_argument_option(call->rest, "breakpoints") ?: call->rest;
	if (displays)
		return op_displays_delete(repl, displays);
	struct op_error *err = op_breakpoint_numbers(repl, list, &numbers);
	if (err)
		return err;
	if (!*list && numbers.count && !op_repl_confirm(repl, "Delete all breakpoints?"))
		return op_error_create(OP_ERROR_INTERRUPTED, "no breakpoint was deleted");
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = op_session_breakpoint_delete(repl->session, numbers.data[i]);
	if (!err)
		op_breakpoint_numbers_result(repl, &numbers);
	return err;
}

const struct op_command op_cmd_delete = {
	.name = "delete",
	.aliases = OP_ALIASES("d", "del"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N | N-M]... | display [N...]",
	.help = "Delete breakpoints by number, or all of them; \"delete display\" is undisplay.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = delete_run,
};

// The line that the selected frame is at, or its instruction where that has none.
static struct op_error *here(struct op_repl *repl, struct op_text *ret)
{
	const struct op_frame *frame;
	struct op_frame_source source;
	struct op_error *err = op_session_selected_frame(repl->session, &frame);
	if (!err)
		err = op_session_frame_source(repl->session, frame, &source);
	if (err)
		return err;
	if (source.file && source.line)
		op_text_printf(ret, "%s!%s:%" PRIu32, frame->module, source.file, source.line);
	else
		op_text_printf(ret, "%s!*0x%" PRIx32, frame->module, frame->pc);
	return ret->failed ? op_error_no_memory() : NULL;
}

static struct op_error *clear_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_text place _cleanup_text_ = OP_TEXT_INIT;
	struct op_number_list numbers _cleanup_number_list_ = {0};
	const uint32_t *found;
	size_t count;
	struct op_error *err = *call->rest ? NULL : here(repl, &place);
	const char *spec = *call->rest ? call->rest : place.data;
	if (!err)
		err = op_session_breakpoints_at(repl->session, spec, &found, &count);
	if (!err && !count)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint at %s", spec);
	for (size_t i = 0; !err && i < count; i++)
		if (!op_array_push(&numbers, found[i]))
			err = op_error_no_memory();
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = op_session_breakpoint_delete(repl->session, numbers.data[i]);
	if (err)
		return err;
	op_breakpoint_numbers_result(repl, &numbers);
	if (repl->out.json)
		return NULL;
	op_output_printf(&repl->out, "Deleted breakpoint%s", numbers.count == 1 ? "" : "s");
	for (size_t i = 0; i < numbers.count; i++)
		op_output_printf(&repl->out, " %" PRIu32, numbers.data[i]);
	op_output_printf(&repl->out, ".\n");
	return NULL;
}

const struct op_command op_cmd_clear = {
	.name = "clear",
	.aliases = OP_ALIASES("cl"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[PLACE]",
	.help = "Delete the breakpoints at a place (as for break) or its line; without one: at the "
		"line of the selected frame.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = clear_run,
};
