// SPDX-License-Identifier: GPL-3.0-or-later
// info threads and info suspended: where guests are.
#include <inttypes.h>

#include "tracer/report/thread.h"
#include "tracer/repl/repl.h"

struct op_error *op_repl_report_thread(struct op_repl *repl, const struct op_thread_summary *thread)
{
	struct op_frame_view view = {0};
	struct op_error *err =
		thread->in_guest ? op_repl_fetch_source(repl, &thread->frame, &view) : NULL;
	if (err)
		return err;
	if (!repl->out.json) {
		op_thread_row(&repl->out, thread, &view.source);
		return NULL;
	}
	op_json_begin_object(&repl->out.writer, NULL);
	op_thread_members(&repl->out.writer, thread, &view.source);
	op_json_end_object(&repl->out.writer);
	return NULL;
}

static struct op_error *threads_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info threads");
	const struct op_thread_summary *threads;
	size_t count, suspended = 0;
	if (!err)
		err = op_session_threads(repl->session, &threads, &count);
	if (err)
		return err;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json)
		op_json_begin_array(json, "threads");
	for (size_t i = 0; !err && i < count; i++)
		err = op_repl_report_thread(repl, &threads[i]);
	if (!err)
		err = op_session_suspended_count(repl->session, &suspended);
	if (err)
		return err;
	if (repl->out.json) {
		op_json_end_array(json);
		op_json_uint(json, "suspended", suspended);
	} else if (suspended) {
		op_output_printf(&repl->out,
				 "%zu guest%s on no thread; \"info suspended\" shows %s.\n",
				 suspended, suspended == 1 ? " waits" : "s wait",
				 suspended == 1 ? "it" : "them");
	}
	return NULL;
}

static struct op_error *show_suspended(struct op_repl *repl, size_t index)
{
	const struct op_stack *stack;
	struct op_error *err = op_session_suspended_stack(repl->session, index, 0, &stack);
	if (err)
		return err;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json) {
		op_json_begin_object(json, NULL);
		op_json_uint(json, "number", index);
		op_json_hex(json, "store", stack->store.value);
		op_json_begin_array(json, "frames");
	} else {
		op_stack_headline(&repl->out, stack, index);
	}
	for (size_t i = 0; !err && i < stack->count; i++) {
		struct op_fetched_frame fetched _cleanup_fetched_ = {0};
		err = op_repl_fetch_frame(repl, &stack->frames[i], op_repl_frame_parts(repl),
					  &fetched);
		if (err)
			break;
		if (repl->out.json)
			op_frame_json(json, NULL, &fetched.view);
		else
			op_frame_text(&repl->out, &fetched.view);
	}
	if (err)
		return err;
	if (repl->out.json) {
		op_json_end_array(json);
		op_json_string(json, "incomplete", stack->incomplete);
		op_json_end_object(json);
	} else if (stack->incomplete) {
		op_incomplete_text(&repl->out, stack->incomplete);
	}
	return NULL;
}

static struct op_error *suspended_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info suspended");
	size_t count;
	if (!err)
		err = op_session_suspended_count(repl->session, &count);
	if (err)
		return err;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "suspended");
	for (size_t i = 0; !err && i < count; i++) {
		err = op_repl_check_interrupt(repl);
		if (!err)
			err = show_suspended(repl, i);
	}
	if (err)
		return err;
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	else if (!count)
		op_output_printf(&repl->out, "No guest is suspended.\n");
	return NULL;
}

const struct op_command op_info_threads = {
	.name = "threads",
	.aliases = OP_ALIASES("th"),
	.group = OP_GROUP_STACK,
	.args = "",
	.help = "List the threads with their ids and the innermost guest frame of each.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = threads_run,
};

const struct op_command op_info_suspended = {
	.name = "suspended",
	.group = OP_GROUP_STACK,
	.args = "",
	.help = "Show the stacks of guests that wait in an asynchronous host call and are on no "
		"thread.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = suspended_run,
};
