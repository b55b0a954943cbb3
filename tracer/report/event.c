// SPDX-License-Identifier: GPL-3.0-or-later
// Events of the target; see event.h. Knows no session.
#include "tracer/report/event.h"

#include <inttypes.h>

#include "tracer/report/catch.h"
#include "tracer/report/breakpoint.h"
#include "tracer/report/value.h"

/**
 * What a person reads for a reason that needs no numbers; the others are composed in stop_text().
 */
static const char *const reason_texts[] = {
	[OP_REASON_INTERRUPTED] = "Program stopped: interrupted.",
	[OP_REASON_GUEST_RETURNED] = "The guest has returned to the host.",
	[OP_REASON_EXEC] = "The process runs another program now.",
	[OP_REASON_ENTRY] = "Program stopped at the guest's first instruction.",
	[OP_REASON_THREAD_ENDED] = "The only thread that may run (scheduler-locking) has ended.",
};

void op_instruction_line(struct op_output *out, uint32_t pc, const char *text)
{
	op_output_printf(out, "=> ");
	op_output_styled(out, OP_STYLE_ADDRESS, "0x%" PRIx32, pc);
	op_output_printf(out, ": %s\n", text);
}

static void results_text(struct op_output *out, const struct op_event_view *view)
{
	static const struct op_value_format natural;
	const struct op_event *event = view->event;
	if (event->results_missing) {
		op_output_printf(out, "Returned value: <%s>\n", event->results_missing);
		return;
	}
	if (!event->result_count && !view->returned)
		return;
	op_output_printf(out, "Returned value%s:", event->result_count > 1 ? "s" : "");
	if (event->returned && event->returned->history)
		op_output_printf(out, " $%" PRIu32 " =", event->returned->history);
	// What Wasm returned would tell nothing more.
	if (view->returned)
		op_output_printf(out, " %s", view->returned_text);
	for (size_t i = 0; !view->returned && i < event->result_count; i++) {
		op_output_printf(out, "%s (%s) ", i ? "," : "",
				 op_value_type_name(event->results[i].type));
		op_value_text(&out->text, &event->results[i], &natural);
	}
	op_output_printf(out, "\n");
}

/** What a core file tells of the end. */
static void core_text(struct op_output *out, const struct op_event_view *view)
{
	const struct op_event *event = view->event;
	if (event->wasm_dump) {
		op_output_printf(out, "Wasm core dump: the guest alone, without its process.\n");
		return;
	}
	// Of one that is cut off before its notes not even that is known.
	if (!view->pid) {
		op_output_printf(out, "Core file of a process that it does not name.\n");
		return;
	}
	op_output_printf(out, "Core file of process %" PRId64, view->pid);
	if (!event->signal) {
		op_output_printf(out, ", written while it ran.\n");
		return;
	}
	op_output_printf(out, ", ended by signal %s in thread %" PRId64, event->signal_name,
			 event->thread);
	if (event->has_fault_address)
		op_output_printf(out, " (at 0x%" PRIx64 ")", event->fault_address.value);
	op_output_printf(out, ".\n");
	if (event->trap[0])
		op_output_printf(out, "The instruction is a trap of the guest's: %s.\n",
				 event->trap);
}

/** The line that says why. A breakpoint's goes on with the frame. */
static void reason_text(struct op_output *out, const struct op_event_view *view)
{
	const struct op_event *event = view->event;
	op_output_style(out, OP_STYLE_EVENT);
	if (event->caught) {
		op_output_printf(out, "%s %" PRIu32 " (",
				 view->temporary ? "Temporary catchpoint" : "Catchpoint",
				 event->breakpoint);
		op_catch_text(out, event, view->exception);
		op_output_printf(out, ")\n");
	} else if (event->reason == OP_REASON_BREAKPOINT) {
		op_output_printf(out, "%s %" PRIu32,
				 view->temporary ? "Temporary breakpoint" : "Breakpoint",
				 event->breakpoint);
		if (view->has_store)
			op_output_printf(out, " in store %" PRIu32, view->store);
		op_output_printf(out, ", ");
	} else if (event->reason == OP_REASON_SIGNAL)
		op_output_printf(out, "Program received signal %s.\n", event->signal_name);
	else if (event->reason == OP_REASON_TRAP)
		op_output_printf(out, "Program trapped: %s.\n",
				 event->trap[0] ? event->trap : "the trap's kind is not known");
	else if (event->reason == OP_REASON_CORE)
		core_text(out, view);
	else if (event->reason == OP_REASON_WATCHPOINT)
		op_output_printf(out, "%s %" PRIu32 ": %s",
				 op_watch_name(event->watch->kind, event->watch->software),
				 event->breakpoint, event->watch->expression);
	else if (event->reason == OP_REASON_ATTACHED)
		op_output_printf(out, "Attached to process %" PRId64 ".\n", view->pid);
	else if (event->reason < OP_ARRAY_SIZE(reason_texts) && reason_texts[event->reason])
		op_output_printf(out, "%s\n", reason_texts[event->reason]);
	op_output_style_end(out);
}

static void watched_value(struct op_output *out, const struct op_watch_event *watch,
			  const struct op_value *value, const char *guest_text)
{
	struct op_value_format format = {.is_unsigned = watch->is_unsigned};
	if (guest_text)
		op_text_append(&out->text, guest_text);
	else
		op_value_text(&out->text, value, &format);
	op_output_printf(out, "\n");
}

/** Between the line that says why and the frame. */
static void watch_text(struct op_output *out, const struct op_event_view *view)
{
	const struct op_watch_event *watch = view->event->watch;
	if (watch->left) {
		op_output_printf(out, "It is disabled: the frame that it was of has returned.\n");
		return;
	}
	if (watch->changed) {
		op_output_printf(out, "Old value = ");
		watched_value(out, watch, &watch->old_value, view->old_text);
		op_output_printf(out, "New value = ");
	} else {
		op_output_printf(out, "Value = ");
	}
	watched_value(out, watch, &watch->new_value, view->new_text);
	const char *access = watch->changed                      ? "Write"
			     : watch->kind == OP_BREAKPOINT_READ ? "Read"
								 : "Access";
	if (watch->host_call)
		op_output_printf(out, "%s by host call %s.\n", access, watch->host_call);
	else if (watch->by_host)
		op_output_printf(out, "%s by the host, outside any call of the guest's.\n", access);
}

static void stop_text(struct op_output *out, const struct op_event_view *view)
{
	const struct op_event *event = view->event;
	if (view->switched)
		op_output_printf(out, "[Switching to thread %" PRId64 "]\n", event->thread);
	reason_text(out, view);
	if (event->watch && event->watch->store_count > 1 && event->watch->store != UINT32_MAX)
		op_output_printf(out, " (store %" PRIu32 ")", event->watch->store);
	if (event->watch)
		op_output_printf(out, "\n");
	if (view->has_store && !view->same_function && event->reason != OP_REASON_BREAKPOINT)
		op_output_printf(out, "[In store %" PRIu32 "]\n", view->store);
	if (event->watch)
		watch_text(out, view);
	if (view->frame && !view->same_function) {
		if (event->reason == OP_REASON_BREAKPOINT)
			op_frame_line(out, view->frame);
		else
			op_frame_text(out, view->frame);
		if (event->reason == OP_REASON_BREAKPOINT)
			op_output_printf(out, "\n");
	} else if (view->ended) {
		op_output_printf(out, "The program has ended meanwhile.\n");
	} else if (!view->frame && event->thread) {
		op_output_printf(
			out,
			"Thread %" PRId64
			" has no guest frame; \"info stacks\" lists the stacks that have.\n",
			event->thread);
	}
	results_text(out, view);
	if (!view->frame)
		return;
	op_source_line_text(out, view->frame);
	if (view->instruction && (view->by_instructions || !view->frame->text))
		op_instruction_line(out, view->frame->frame->pc, view->instruction);
}

static void event_text(struct op_output *out, const struct op_event_view *view)
{
	const struct op_event *event = view->event;
	switch (event->kind) {
	case OP_EVENT_NONE:
		break;
	case OP_EVENT_STOPPED:
		stop_text(out, view);
		break;
	case OP_EVENT_EXITED:
		if (event->killed)
			op_output_styled(out, OP_STYLE_EVENT,
					 "Process %" PRId64 " was killed by signal %s.", view->pid,
					 event->signal_name);
		else
			op_output_styled(out, OP_STYLE_EVENT,
					 "Process %" PRId64 " exited with status %d.", view->pid,
					 event->exit_status);
		op_output_printf(out, "\n");
		break;
	case OP_EVENT_MODULES:
		op_output_styled(out, OP_STYLE_DIM, "[The set of loaded modules has changed]");
		op_output_printf(out, "\n");
		break;
	case OP_EVENT_HOST_CALL:
		op_host_call_line(out, event->thread, event->call);
		break;
	case OP_EVENT_FORKED:
		op_output_styled(out, OP_STYLE_DIM, "[Child process %" PRId64 " was let go]",
				 event->child);
		op_output_printf(out, "\n");
		break;
	}
}

static void results_json(struct op_json *json, const struct op_event *event)
{
	if (event->results_missing) {
		op_missing_json(json, "results", "not-known", event->results_missing);
		return;
	}
	if (!event->result_count)
		return;
	op_json_begin_array(json, "results");
	for (size_t i = 0; i < event->result_count; i++) {
		op_json_begin_object(json, NULL);
		op_typed_value_json(json, &event->results[i], false);
		op_json_end_object(json);
	}
	op_json_end_array(json);
}

// In the guest's language; Wasm's are the results.
static void returned_json(struct op_json *json, const struct op_event_view *view)
{
	const struct op_result *returned = view->event->returned;
	if (!returned)
		return;
	op_json_begin_object(json, "returned");
	if (returned->history)
		op_json_uint(json, "history", returned->history);
	if (view->returned) {
		op_json_string(json, "text", view->returned_text);
		op_source_value_json(json, "source", view->returned);
	}
	op_json_end_object(json);
}

static void watch_json(struct op_json *json, const struct op_event_view *view)
{
	const struct op_watch_event *watch = view->event->watch;
	op_json_begin_object(json, "watch");
	op_json_string(json, "kind", op_breakpoint_kind_name(watch->kind));
	op_json_string(json, "expression", watch->expression);
	op_json_string(json, "type", op_value_type_name(watch->new_value.type));
	op_value_json(json, "old", &watch->old_value, watch->is_unsigned);
	op_value_json(json, "new", &watch->new_value, watch->is_unsigned);
	if (view->new_text) {
		op_json_string(json, "old_text", view->old_text);
		op_json_string(json, "new_text", view->new_text);
	}
	op_json_bool(json, "changed", watch->changed);
	op_json_bool(json, "software", watch->software);
	if (watch->software || watch->left)
		op_json_bool(json, "left", watch->left);
	op_json_bool(json, "by_host", watch->by_host);
	op_json_string(json, "host_call", watch->host_call);
	if (watch->store != UINT32_MAX)
		op_json_uint(json, "store", watch->store);
	op_json_end_object(json);
}

static void stop_json(struct op_json *json, const struct op_event_view *view)
{
	const struct op_event *event = view->event;
	op_json_string(json, "reason", op_stop_reason_name(event->reason));
	if (event->breakpoint)
		op_json_uint(json, "breakpoint", event->breakpoint);
	if (event->reason == OP_REASON_SIGNAL)
		op_json_string(json, "signal", event->signal_name);
	if (event->reason == OP_REASON_CORE) {
		op_json_string(json, "signal", event->signal ? event->signal_name : NULL);
		if (event->has_fault_address)
			op_json_hex(json, "fault_address", event->fault_address.value);
	}
	if (event->reason == OP_REASON_TRAP || (event->reason == OP_REASON_CORE && event->trap[0]))
		op_json_string(json, "trap", event->trap[0] ? event->trap : NULL);
	if (event->trap_unknown)
		op_json_string(json, "trap_unknown", event->trap_unknown);
	if (event->breakpoint_count > 1) {
		op_json_begin_array(json, "breakpoints");
		for (size_t i = 0; i < event->breakpoint_count; i++)
			op_json_uint(json, NULL, event->breakpoints[i]);
		op_json_end_array(json);
	}
	if (event->caught)
		op_catch_json(json, event, view->exception);
	if (event->watch)
		watch_json(json, view);
	op_json_int(json, "thread", event->thread);
	if (view->has_store)
		op_json_uint(json, "store", view->store);
	if (view->frame)
		op_frame_json(json, "frame", view->frame);
	else
		op_json_null(json, "frame");
	results_json(json, event);
	returned_json(json, view);
	if (view->frame && view->frame->text)
		op_json_string(json, "source", view->frame->text);
	if (view->frame && view->instruction)
		op_json_string(json, "instruction", view->instruction);
}

static void event_json(struct op_json *json, const struct op_event_view *view)
{
	static const char *const names[] = {
		[OP_EVENT_NONE] = "none",     [OP_EVENT_STOPPED] = "stopped",
		[OP_EVENT_EXITED] = "exited", [OP_EVENT_MODULES] = "modules",
		[OP_EVENT_FORKED] = "forked", [OP_EVENT_HOST_CALL] = "host-call",
	};
	const struct op_event *event = view->event;
	op_json_string(json, "event", names[event->kind]);
	if (event->kind == OP_EVENT_STOPPED)
		stop_json(json, view);
	if (event->kind == OP_EVENT_EXITED) {
		op_json_int(json, "pid", view->pid);
		if (event->killed)
			op_json_string(json, "signal", event->signal_name);
		else
			op_json_int(json, "status", event->exit_status);
	}
	if (event->kind == OP_EVENT_FORKED)
		op_json_int(json, "child", event->child);
	if (event->kind == OP_EVENT_HOST_CALL) {
		op_json_int(json, "thread", event->thread);
		op_host_call_json(json, event->call);
	}
}

void op_event_report(struct op_output *out, const struct op_event_view *view)
{
	if (out->json) {
		event_json(op_output_begin_line(out), view);
		op_output_end_line(out);
	} else {
		event_text(out, view);
		op_output_flush(out);
	}
}
