// SPDX-License-Identifier: GPL-3.0-or-later
// outpost stack: every guest stack of a running process; the process waits only while they are
// copied.
#include <inttypes.h>

#include "tracer/report/thread.h"
#include "tracer/repl/mode.h"
#include "tracer/repl/snapshot.h"

static struct op_variables_view view_of(const struct op_saved_variables *variables, bool wanted)
{
	return (struct op_variables_view){.wanted = wanted,
					  .data = variables->data,
					  .count = variables->count,
					  .reason = variables->reason,
					  .message = variables->message};
}

static struct op_frame_view frame_view(const struct op_saved_frame *frame, bool values)
{
	bool wanted = values && frame->frame.kind == OP_FRAME_WASM;
	return (struct op_frame_view){.frame = &frame->frame,
				      .locals = view_of(&frame->locals, wanted),
				      .operands = view_of(&frame->operands, wanted)};
}

static void stack_text(struct op_output *out, const struct op_saved_stack *stack,
		       size_t suspended_index, bool values)
{
	op_stack_headline(out, &stack->stack, suspended_index);
	if (stack->failure)
		op_incomplete_text(out, stack->failure);
	else if (!stack->count)
		op_output_printf(out, "    no guest code\n");
	for (size_t i = 0; i < stack->count; i++) {
		struct op_frame_view view = frame_view(&stack->frames[i], values);
		op_frame_text(out, &view);
		op_output_drain(out);
	}
	if (stack->stack.incomplete)
		op_incomplete_text(out, stack->stack.incomplete);
	op_output_printf(out, "\n");
}

static void stack_json(struct op_json *json, const struct op_saved_stack *stack, bool values)
{
	op_json_begin_object(json, NULL);
	if (stack->stack.thread) {
		op_json_int(json, "tid", stack->stack.thread);
		op_json_string(json, "name", stack->stack.thread_name);
	} else {
		op_json_hex(json, "store", stack->stack.store.value);
	}
	op_json_begin_array(json, "frames");
	for (size_t i = 0; i < stack->count; i++) {
		struct op_frame_view view = frame_view(&stack->frames[i], values);
		op_frame_json(json, NULL, &view);
	}
	op_json_end_array(json);
	if (stack->failure || stack->stack.incomplete)
		op_json_string(json, "incomplete",
			       stack->failure ? stack->failure : stack->stack.incomplete);
	op_json_end_object(json);
}

static void show_json(struct op_output *out, int64_t pid, const struct op_snapshot *snapshot,
		      bool values)
{
	struct op_json *json = op_output_begin_line(out);
	op_json_int(json, "pid", pid);
	op_json_begin_array(json, "threads");
	for (size_t i = 0; i < snapshot->thread_count; i++)
		stack_json(json, &snapshot->stacks[i], values);
	op_json_end_array(json);
	op_json_begin_array(json, "suspended");
	for (size_t i = snapshot->thread_count; i < snapshot->count; i++)
		stack_json(json, &snapshot->stacks[i], values);
	op_json_end_array(json);
	op_output_end_line(out);
}

static void show_text(struct op_output *out, int64_t pid, const struct op_snapshot *snapshot,
		      bool values)
{
	for (size_t i = 0; i < snapshot->count; i++)
		stack_text(out, &snapshot->stacks[i], i - snapshot->thread_count, values);
	if (!snapshot->count)
		op_output_printf(out,
				 "No thread of process %" PRId64
				 " is in guest code, and no guest is suspended.\n",
				 pid);
}

static struct op_error *copy_stacks(struct op_session *session, const struct op_options *options,
				    struct op_snapshot *snapshot)
{
	struct op_snapshot_options wanted = {.values = !options->no_locals,
					     .all_threads = options->all};
	struct op_error *err = op_session_stop_looked(session);
	if (!err)
		err = op_snapshot_take(session, &wanted, snapshot);
	if (op_session_state(session) != OP_SESSION_STOPPED)
		return err;
	struct op_error *detach = op_session_detach(session);
	if (!err)
		return detach;
	op_error_destroy(detach);
	return err;
}

static int stack_mode(const struct op_options *options)
{
	struct op_repl repl;
	struct op_snapshot snapshot _cleanup_(op_snapshot_deinit) = {0};
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		int64_t pid = op_mode_pid(options->arguments[0]);
		// Images are found and indexed while the process still runs.
		struct op_error *err = op_session_look(repl.session, pid);
		if (!err)
			err = op_mode_need_modules(&repl, pid);
		if (!err)
			err = copy_stacks(repl.session, options, &snapshot);
		if (err)
			status = op_mode_fail(&repl, "stack", err);
		else
			status = OP_EXIT_DONE;
		if (!err && options->json)
			show_json(&repl.out, pid, &snapshot, !options->no_locals);
		else if (!err)
			show_text(&repl.out, pid, &snapshot, !options->no_locals);
	}
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_stack = {
	.name = "stack",
	.args = "PID",
	.help = "show every guest stack of a running process, which runs on",
	.arguments_min = 1,
	.arguments_max = 1,
	.takes_pid = true,
	.run = stack_mode,
};
