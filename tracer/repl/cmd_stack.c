// SPDX-License-Identifier: GPL-3.0-or-later
// info stacks and stack: every guest stack, those of suspended guests like those of threads.
#include <inttypes.h>

#include "tracer/report/thread.h"
#include "tracer/repl/repl.h"

static struct op_error *show_threads(struct op_repl *repl, bool *any)
{
	const struct op_thread_summary *threads;
	size_t count;
	struct op_error *err = op_session_threads(repl->session, &threads, &count);
	if (err)
		return err;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "threads");
	for (size_t i = 0; !err && i < count; i++) {
		if (!threads[i].in_guest)
			continue;
		*any = true;
		if (!repl->out.json)
			op_output_printf(&repl->out, "thread ");
		err = op_repl_report_thread(repl, &threads[i]);
	}
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	return err;
}

static const struct op_frame *innermost(const struct op_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		if (stack->frames[i].kind == OP_FRAME_WASM)
			return &stack->frames[i];
	}
	return NULL;
}

static struct op_error *show_suspended(struct op_repl *repl, size_t index, bool selected)
{
	enum { ENOUGH_FRAMES = 16 };
	const struct op_stack *stack;
	struct op_error *err =
		op_session_suspended_stack(repl->session, index, ENOUGH_FRAMES, &stack);
	if (err)
		return err;
	struct op_frame_view view = {.frame = innermost(stack)};
	err = view.frame ? op_repl_fetch_source(repl, view.frame, &view) : NULL;
	if (err)
		return err;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json) {
		op_json_begin_object(json, NULL);
		op_json_uint(json, "number", index);
		op_json_hex(json, "store", stack->store.value);
		op_json_bool(json, "selected", selected);
		if (view.frame)
			op_frame_json(json, "frame", &view);
		else
			op_json_null(json, "frame");
		op_json_end_object(json);
		return NULL;
	}
	op_output_printf(&repl->out, "stack  %c %-8zu store 0x%" PRIx64 "  ", selected ? '*' : ' ',
			 index, stack->store.value);
	if (view.frame)
		op_frame_line(&repl->out, &view);
	else
		op_output_printf(&repl->out, "<%s>",
				 stack->incomplete ? stack->incomplete : "no guest frames");
	op_output_printf(&repl->out, "\n");
	return NULL;
}

static struct op_error *stacks_run(struct op_repl *repl, const struct op_call *call)
{
	size_t count = 0, chosen;
	bool any = false;
	struct op_error *err = op_argument_none(call->rest, "info stacks");
	if (!err)
		err = show_threads(repl, &any);
	if (!err)
		err = op_session_suspended_count(repl->session, &count);
	if (err)
		return err;
	bool selected = op_session_selected_suspended(repl->session, &chosen);
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "suspended");
	for (size_t i = 0; !err && i < count; i++) {
		err = op_repl_check_interrupt(repl);
		if (!err)
			err = show_suspended(repl, i, selected && chosen == i);
	}
	if (err)
		return err;
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	else if (!any && !count)
		op_output_printf(&repl->out,
				 "No thread is in guest code, and no guest is suspended.\n");
	return NULL;
}

static struct op_error *stack_run(struct op_repl *repl, const struct op_call *call)
{
	if (*call->rest) {
		uint64_t number;
		struct op_error *err =
			op_argument_number(call->rest, "a suspended guest's number", &number);
		if (!err)
			err = op_session_select_suspended(repl->session, (size_t)number);
		if (err)
			return err;
		op_list_state_forget(&repl->list);
	}
	return op_repl_report_stack(repl);
}

const struct op_command op_cmd_stack = {
	.name = "stack",
	.group = OP_GROUP_STACK,
	.args = "[N]",
	.help = "Select the stack of a suspended guest; without N show which stack is selected.\n"
		"\"info stacks\" lists them; \"thread ID\" selects a thread's.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = stack_run,
};

const struct op_command op_info_stacks = {
	.name = "stacks",
	.group = OP_GROUP_STACK,
	.args = "",
	.help = "List every guest stack, on a thread or suspended, with its innermost frame.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = stacks_run,
};
