// SPDX-License-Identifier: GPL-3.0-or-later
// Getting a process, letting it run, letting it go; and telling of its events. Part of repl.h.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/breakpoint_commands.h"
#include "tracer/repl/interrupt.h"
#include "tracer/repl/printed.h"
#include "tracer/repl/repl.h"
#include "tracer/report/source_value.h"

static const char *const state_names[] = {
	[OP_SESSION_EMPTY] = "empty",     [OP_SESSION_STOPPED] = "stopped",
	[OP_SESSION_RUNNING] = "running", [OP_SESSION_LOOKING] = "looking",
	[OP_SESSION_EXITED] = "exited",
};

void op_repl_state_result(struct op_repl *repl)
{
	if (repl->out.json)
		op_json_string(&repl->out.writer, "state",
			       state_names[op_session_state(repl->session)]);
}

static bool is_temporary(struct op_repl *repl, uint32_t number)
{
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	for (size_t i = 0; i < count; i++) {
		if (breakpoints[i]->number == number)
			return breakpoints[i]->temporary;
	}
	// A temporary breakpoint may be gone by the time its event is shown; no other one can be.
	return true;
}

/** Keep where it stopped. @return true when that is the frame of the stop before. */
static bool remember_stop(struct op_repl *repl, const struct op_event *event,
			  const struct op_frame *frame, uint64_t body)
{
	struct op_stop_state now = {
		.thread = event->thread, .breakpoint = event->breakpoint, .body = body};
	if (frame) {
		now.module_id = frame->module_id;
		now.function_index = frame->function_index;
		now.fp = frame->fp.value;
		now.valid = true;
	}
	const struct op_stop_state *before = &repl->stop;
	bool same = now.valid && before->valid && now.thread == before->thread &&
		    now.module_id == before->module_id &&
		    now.function_index == before->function_index && now.fp == before->fp &&
		    now.body == before->body;
	repl->stop = now;
	return same;
}

// The frame of a stop, as far as its report shows it.
static struct op_error *fetch_stop(struct op_repl *repl, const struct op_frame *frame,
				   bool same_function, struct op_fetched_frame *fetched)
{
	// The frame's own line is left out then.
	unsigned parts = same_function && !repl->out.json ? 0 : op_repl_frame_parts(repl);
	struct op_error *err = op_repl_fetch_frame(repl, frame, parts, fetched);
	return err ? err : op_repl_fetch_text(repl, &fetched->view);
}

// What a watchpoint tells of a value of the guest's language.
static struct op_error *guest_text(struct op_repl *repl, const void *guest, struct op_text *text)
{
	if (!guest)
		return NULL;
	const struct op_result result = {.guest_value = guest};
	const struct op_source_node *node;
	struct op_source_limits limits = op_repl_source_limits(repl, 0);
	struct op_error *err = op_session_source_node(repl->session, op_repl_frame_or_null(repl),
						      &result, &limits, &node);
	const struct op_source_style style = {.typed = true};
	if (!err)
		op_source_value_text(text, node, &style);
	return err;
}

// What a finished function returned, where its language is known: as print shows it.
static struct op_error *fetch_returned(struct op_repl *repl, const struct op_event *event,
				       struct op_text *text, struct op_event_view *view)
{
	if (!event->returned || !event->returned->guest_value)
		return NULL;
	struct op_printed printed = {.result = *event->returned};
	struct op_source_limits limits = op_repl_source_limits(repl, 0);
	struct op_error *err = op_session_source_node(repl->session, event->returned_frame,
						      event->returned, &limits, &printed.source);
	if (err)
		return err;
	op_printed_text(repl, text, &printed);
	if (text->failed)
		return op_error_no_memory();
	view->returned = printed.source;
	view->returned_text = text->data;
	return NULL;
}

static struct op_error *report_stop(struct op_repl *repl, const struct op_event *event)
{
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	int64_t thread_before = repl->stop.thread;
	struct op_error *err = frame ? op_repl_fetch_source(repl, frame, &fetched.view) : NULL;
	if (err)
		return err;
	bool same = remember_stop(repl, event, frame, fetched.view.source.body);
	struct op_event_view view = {
		.event = event,
		.pid = repl->pid,
		.same_function = same && event->reason == OP_REASON_STEP && !event->result_count &&
				 !event->results_missing && !event->returned,
		.temporary = event->breakpoint && is_temporary(repl, event->breakpoint),
		.switched = thread_before && event->thread && thread_before != event->thread,
		.by_instructions = repl->by_instructions,
		.ended = !frame && op_session_has_died(repl->session),
	};
	char *exception _cleanup_free_ = NULL;
	struct op_text old_text _cleanup_text_ = OP_TEXT_INIT,
				new_text _cleanup_text_ = OP_TEXT_INIT,
				returned_text _cleanup_text_ = OP_TEXT_INIT;
	err = op_repl_fetch_exception(repl, event, &exception);
	view.exception = exception;
	if (!err && event->watch)
		err = guest_text(repl, event->watch->old_guest, &old_text);
	if (!err && event->watch)
		err = guest_text(repl, event->watch->new_guest, &new_text);
	view.old_text = old_text.data;
	view.new_text = new_text.data;
	// Only for what happens in the guest: finding the stores costs a search of the memory.
	bool of_guest = event->reason != OP_REASON_ATTACHED && event->reason != OP_REASON_ENTRY &&
			event->reason != OP_REASON_CORE;
	if (!err && frame && of_guest)
		err = op_session_frame_store(repl->session, frame, &view.has_store, &view.store);
	if (frame && !err) {
		err = fetch_stop(repl, frame, view.same_function, &fetched);
		view.frame = &fetched.view;
		view.instruction = op_repl_frame_instruction(repl, frame);
	}
	bool silent;
	if (!err)
		err = fetch_returned(repl, event, &returned_text, &view);
	if (!err)
		err = op_due_lines_add(repl, event, &silent);
	// A program that reads the events gets them all.
	if (!err && (!silent || repl->out.json)) {
		op_event_report(&repl->out, &view);
		err = op_displays_show(repl);
	}
	return err;
}

struct op_error *op_repl_report_event(struct op_repl *repl, const struct op_event *event)
{
	if (event->kind == OP_EVENT_STOPPED)
		return report_stop(repl, event);
	struct op_event_view view = {.event = event, .pid = repl->pid};
	op_event_report(&repl->out, &view);
	return NULL;
}

static void forget_target(struct op_repl *repl)
{
	repl->stop = (struct op_stop_state){0};
	repl->examine.valid = false;
	op_list_state_forget(&repl->list);
}

static void take_process(struct op_repl *repl, bool launched)
{
	forget_target(repl);
	repl->launched = launched;
	repl->pid = op_session_process_id(repl->session);
}

struct op_error *op_repl_attach(struct op_repl *repl, int64_t pid)
{
	struct op_error *err = op_session_attach(repl->session, pid, false);
	if (err)
		return err;
	take_process(repl, false);
	struct op_event event = {.kind = OP_EVENT_STOPPED,
				 .reason = OP_REASON_ATTACHED,
				 .thread = op_session_selected_thread(repl->session)};
	err = report_stop(repl, &event);
	if (!err && repl->out.json) {
		op_json_int(&repl->out.writer, "pid", repl->pid);
		op_repl_state_result(repl);
	}
	return err;
}

static struct op_error *core_result(struct op_repl *repl)
{
	struct op_json *json = &repl->out.writer;
	struct op_core_report core;
	struct op_error *err = op_session_core(repl->session, &core);
	if (err)
		return err;
	op_json_int(json, "pid", repl->pid);
	op_json_string(json, "file", core.path);
	op_json_string(json, "program", core.program);
	op_json_begin_array(json, "remarks");
	for (size_t i = 0; i < core.remark_count; i++)
		op_json_string(json, NULL, core.remarks[i]);
	op_json_end_array(json);
	op_repl_state_result(repl);
	return NULL;
}

struct op_error *op_repl_open_core(struct op_repl *repl, const char *path,
				   const struct op_core_open_options *options)
{
	struct op_event event;
	struct op_error *err = op_session_open_core(repl->session, path, options, &event);
	if (err)
		return err;
	take_process(repl, false);
	err = report_stop(repl, &event);
	if (!err && repl->out.json)
		err = core_result(repl);
	return err;
}

struct op_error *op_repl_launch(struct op_repl *repl)
{
	struct op_event event = {0};
	op_output_flush(&repl->out);
	struct op_error *err =
		op_session_launch(repl->session, (const char *const *)repl->argv, &event);
	if (err)
		return err;
	take_process(repl, true);
	err = op_repl_report_event(repl, &event);
	if (!err && repl->out.json) {
		op_json_int(&repl->out.writer, "pid", repl->pid);
		op_repl_state_result(repl);
	}
	return err;
}

/** The target runs, unless @p err says otherwise: tell what happens up to the next stop. */
static struct op_error *follow(struct op_repl *repl, struct op_error *err)
{
	struct op_event event = {0};
	repl->resumes++;
	while (!err && event.kind != OP_EVENT_STOPPED && event.kind != OP_EVENT_EXITED) {
		event = (struct op_event){0};
		err = op_session_wait(repl->session, -1, &event);
		if (!err && event.kind != OP_EVENT_NONE)
			err = op_repl_report_event(repl, &event);
	}
	op_list_state_forget(&repl->list);
	if (!err)
		op_repl_state_result(repl);
	return err;
}

struct op_error *op_repl_resume(struct op_repl *repl, enum op_run_kind kind, uint64_t count)
{
	op_output_flush(&repl->out);
	repl->by_instructions = kind == OP_RUN_STEP_INTO || kind == OP_RUN_STEP_OVER;
	return follow(repl, op_session_run(repl->session, kind, count));
}

struct op_error *op_repl_resume_to(struct op_repl *repl, const char *place, bool any_frame)
{
	op_output_flush(&repl->out);
	repl->by_instructions = false;
	return follow(repl, op_session_run_to(repl->session, place, any_frame));
}

bool op_repl_notice_end(struct op_repl *repl)
{
	struct op_event event = {0};
	if (!op_session_is_dying(repl->session))
		return false;
	struct op_error *err = op_session_run(repl->session, OP_RUN_GO, 0);
	while (!err && event.kind != OP_EVENT_STOPPED && event.kind != OP_EVENT_EXITED) {
		event = (struct op_event){0};
		err = op_session_wait(repl->session, -1, &event);
		if (!err && event.kind != OP_EVENT_NONE)
			err = op_repl_report_event(repl, &event);
	}
	// What does not work with it any more says the command that comes next.
	op_error_destroy(err);
	op_output_flush(&repl->out);
	return true;
}

struct op_error *op_repl_detach(struct op_repl *repl)
{
	int64_t pid = op_session_process_id(repl->session);
	bool core = op_session_is_core(repl->session);
	bool ended = !core && op_session_has_died(repl->session);
	struct op_error *err = op_session_detach(repl->session);
	if (err)
		return err;
	forget_target(repl);
	if (repl->out.json)
		op_json_int(&repl->out.writer, "pid", pid);
	else if (!repl->quiet && core && !pid)
		op_output_printf(&repl->out, "Closed the core file.\n");
	else if (!repl->quiet && core)
		op_output_printf(&repl->out, "Closed the core file of process %" PRId64 ".\n", pid);
	else if (!repl->quiet)
		op_output_printf(&repl->out, "Detached from process %" PRId64 "; it %s.\n", pid,
				 ended ? "has ended" : "runs on");
	return NULL;
}

struct op_error *op_repl_kill(struct op_repl *repl)
{
	int64_t pid = op_session_process_id(repl->session);
	struct op_error *err = op_session_kill(repl->session);
	if (err)
		return err;
	forget_target(repl);
	if (repl->out.json)
		op_json_int(&repl->out.writer, "pid", pid);
	else if (!repl->quiet)
		op_output_printf(&repl->out, "Killed process %" PRId64 ".\n", pid);
	return NULL;
}

struct op_error *op_repl_leave(struct op_repl *repl)
{
	op_repl_notice_end(repl);
	enum op_session_state state = op_session_state(repl->session);
	if (state != OP_SESSION_STOPPED && state != OP_SESSION_RUNNING)
		return NULL;
	if (op_session_is_core(repl->session))
		return op_session_detach(repl->session);
	bool launched = repl->launched;
	struct op_output_command outer;
	op_output_begin_command(&repl->out, &outer);
	struct op_error *err = launched ? op_repl_kill(repl) : op_repl_detach(repl);
	op_output_end_command(&repl->out, &outer, launched ? "kill" : "detach", err);
	return err;
}
