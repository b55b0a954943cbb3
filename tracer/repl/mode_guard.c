// SPDX-License-Identifier: GPL-3.0-or-later
// outpost guard, and outpost run --guard: wait for a trap, a crash or the end, keep what can be
// seen of it, and let the program go on to its own handling. Nothing of it costs the program
// anything before that: catchpoints are traps in code that is only reached then.
#include "tracer/repl/mode_guard.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "tracer/repl/fatal.h"
#include "tracer/repl/guard_files.h"
#include "tracer/repl/guard_limit.h"
#include "tracer/repl/guard_report.h"
#include "tracer/repl/guard_writers.h"
#include "tracer/repl/interrupt.h"

/** How long modules that are loaded later may stay unguarded. */
enum { LOOK_INTERVAL_MS = 1000 };

struct guard {
	struct op_repl *repl;
	const struct op_guard_plan *plan;
	struct op_guard_limit limit;
	uint32_t catchpoints[OP_GUARD_CAUSES]; /**< numbers; 0: none */
	bool launched;
	bool limited;         /**< events are let pass until there may be a report again */
	uint64_t hits_before; /**< when left_out was counted */
	uint64_t left_out, left_out_in_all;
	uint64_t reports;
	bool done;     /**< --once: it has happened */
	int forwarded; /**< signal to outpost that the program got too */
	/** The fault that was reported last: a handler that does not want it lets it happen again.
	 */
	struct {
		int64_t thread;
		int signal;
		struct op_host_addr address;
	} fault;
	struct op_guard_writers writers;
	bool failed; /**< a report could not be written */
	int status;  /**< of a program that was started here */
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// What is told while it goes on ---------------------------------------------------------------

static void tell_guarding(struct guard *guard)
{
	struct op_output *out = &guard->repl->out;
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "guarding");
		op_json_int(json, "pid", guard->repl->pid);
		op_json_begin_array(json, "on");
		for (int i = 0; i < OP_GUARD_CAUSES; i++)
			if (guard->plan->causes[i])
				op_json_string(json, NULL, op_guard_cause_name(i));
		op_json_end_array(json);
		op_output_end_line(out);
		return;
	}
	if (guard->repl->quiet)
		return;
	op_output_printf(out, "Guarding process %" PRId64 ":", guard->repl->pid);
	for (int i = 0, first = 1; i < OP_GUARD_CAUSES; i++) {
		if (!guard->plan->causes[i])
			continue;
		op_output_printf(out, "%s %s", first ? "" : ",", op_guard_cause_name(i));
		first = 0;
	}
	op_output_printf(out, ".\n");
	op_output_flush(out);
}

static void tell_report(struct guard *guard, const struct op_guard_incident *incident,
			const char *path, const char *json_path)
{
	struct op_output *out = &guard->repl->out;
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "report");
		op_json_int(json, "pid", guard->repl->pid);
		op_json_string(json, "caught", op_catch_kind_name(incident->event->caught));
		op_json_uint(json, "number", incident->number);
		op_json_uint(json, "left_out", incident->left_out);
		op_json_string(json, "file", path);
		op_json_string(json, "json_file", json_path);
		op_json_string(json, "core", incident->core);
		op_json_string(json, "wasm_core", incident->wasm_core);
		op_output_end_line(out);
		return;
	}
	op_guard_summary(out, incident->event);
	op_output_printf(out, " in thread %" PRId64 "; the report is in %s\n",
			 incident->event->thread, path);
	op_output_flush(out);
}

static void tell_left_out(struct guard *guard)
{
	struct op_output *out = &guard->repl->out;
	if (!guard->left_out_in_all)
		return;
	if (out->json) {
		struct op_json *json = op_output_begin_line(out);
		op_json_string(json, "event", "left-out");
		op_json_uint(json, "count", guard->left_out_in_all);
		op_output_end_line(out);
		return;
	}
	op_output_printf(out,
			 "%" PRIu64 " more had no report: at most %u are written in a minute.\n",
			 guard->left_out_in_all, guard->plan->per_minute);
	op_output_flush(out);
}

/** A report or file that failed must not end the guard. */
static void tell_failure(struct guard *guard, struct op_error *error)
{
	guard->failed = true;
	op_mode_fail(guard->repl, "guard", error);
}

// Reports -------------------------------------------------------------------------------------

typedef struct op_error *(*report_fn)(struct op_repl *repl,
				      const struct op_guard_incident *incident, FILE *file);

static struct op_error *write_file(struct guard *guard, const struct op_guard_incident *incident,
				   report_fn report, char **path)
{
	FILE *file;
	struct op_error *err = op_guard_create(path, &file);
	if (err)
		return err;
	err = report(guard->repl, incident, file);
	if (fclose(file) && !err)
		err = op_error_create(OP_ERROR_IO, "the disk has no room for it");
	return err ? op_error_at(err, "%s", *path) : NULL;
}

static struct op_error *write_report(struct guard *guard, struct op_guard_incident *incident)
{
	char *path _cleanup_free_ = NULL;
	char *json_path _cleanup_free_ = NULL;
	struct op_guard_name name = {
		.pid = guard->repl->pid, .time = incident->time, .number = incident->number};
	struct op_error *err = op_guard_expand(guard->plan->report, &name, &path);
	if (!err)
		err = write_file(guard, incident, op_guard_report_text, &path);
	if (err)
		return err;
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&text, "%s.json", path);
	err = op_text_steal(&text, &json_path);
	if (!err)
		err = write_file(guard, incident, op_guard_report_json, &json_path);
	if (!err)
		tell_report(guard, incident, path, json_path);
	return err;
}

// Core files ----------------------------------------------------------------------------------

/** @param[in] frozen what the program was frozen as; NULL: it stands. */
static struct op_error *write_elf_core(struct op_session *session, struct op_frozen_core *frozen,
				       const char *path)
{
	struct op_write_core_options options = {.size = sizeof(options)};
	struct op_written_core written;
	return frozen ? op_session_write_frozen_core(frozen, path, &written)
		      : op_session_write_core(session, path, &options, &written);
}

static struct op_error *write_wasm_core(struct op_session *session, struct op_frozen_core *frozen,
					const char *path)
{
	struct op_written_wasm_core written;
	(void)frozen;
	return op_session_write_wasm_core(session, path, &written);
}

typedef struct op_error *(*write_fn)(struct op_session *session, struct op_frozen_core *frozen,
				     const char *path);

/** One that cannot be written is told, and not in the report. @param[out] ret its name; NULL: there
 * is none. @return only what ends the guard. */
static struct op_error *write_core(struct guard *guard, struct op_frozen_core *frozen,
				   const char *pattern, const struct op_guard_name *name,
				   write_fn write, char **ret)
{
	char *path _cleanup_free_ = NULL;
	if (!pattern)
		return NULL;
	struct op_error *err = op_guard_expand(pattern, name, &path);
	if (!err)
		err = op_guard_free_name(&path);
	if (!err)
		err = write(guard->repl->session, frozen, path);
	if (!err)
		*ret = op_take(path);
	if (!err || op_error_is_fatal(err))
		return err;
	tell_failure(guard, err);
	return NULL;
}

// The limit -----------------------------------------------------------------------------------

/** How often the events that are limited have happened. */
static uint64_t hits(struct guard *guard)
{
	size_t count;
	uint64_t ret = 0;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(guard->repl->session, &count);
	for (size_t i = 0; i < count; i++)
		if (breakpoints[i]->number != guard->catchpoints[OP_GUARD_EXIT])
			ret += breakpoints[i]->hits;
	return ret;
}

/** What was let pass since it was counted last. */
static void count_left_out(struct guard *guard)
{
	uint64_t now = hits(guard);
	if (guard->limited) {
		guard->left_out += now - guard->hits_before;
		guard->left_out_in_all += now - guard->hits_before;
	}
	guard->hits_before = now;
}

/** Let events pass, or not. There is only one end: it needs no limit. */
static struct op_error *let_pass(struct guard *guard, bool pass)
{
	struct op_error *err = NULL;
	for (int i = 0; !err && i < OP_GUARD_CAUSES; i++)
		if (guard->catchpoints[i] && i != OP_GUARD_EXIT)
			err = op_session_breakpoint_ignore(
				guard->repl->session, guard->catchpoints[i], pass ? UINT64_MAX : 0);
	if (err)
		return err;
	count_left_out(guard);
	guard->limited = pass;
	return NULL;
}

// Events --------------------------------------------------------------------------------------

/** Wasmtime's handler passes a fault that is none of the guest's on by letting it happen again
 * (crates/wasmtime/src/runtime/vm/sys/unix/signals.rs). */
static bool is_repeated(struct guard *guard, const struct op_event *event)
{
	bool ret = event->has_fault_address && guard->fault.thread == event->thread &&
		   guard->fault.signal == event->signal &&
		   guard->fault.address.value == event->fault_address.value;
	guard->fault.thread = event->has_fault_address ? event->thread : 0;
	guard->fault.signal = event->signal;
	guard->fault.address = event->fault_address;
	return ret && event->caught == OP_CATCH_SIGNAL;
}

/** What is known of the incident, into its files. @param[in] frozen NULL: the program stands. */
static struct op_error *write_all(struct guard *guard, struct op_guard_incident *incident,
				  struct op_frozen_core *frozen)
{
	const struct op_guard_plan *plan = guard->plan;
	struct op_guard_name name = {
		.pid = guard->repl->pid, .time = incident->time, .number = incident->number};
	char *core _cleanup_free_ = NULL;
	char *wasm_core _cleanup_free_ = NULL;
	struct op_error *err = write_core(guard, frozen, plan->core, &name, write_elf_core, &core);
	if (!err)
		err = write_core(guard, frozen, plan->wasm_core, &name, write_wasm_core,
				 &wasm_core);
	incident->core = core;
	incident->wasm_core = wasm_core;
	if (!err)
		err = write_report(guard, incident);
	incident->core = incident->wasm_core = NULL;
	return err;
}

/** A child's work. */
struct work {
	struct guard *guard;
	struct op_guard_incident *incident;
};

static bool write_frozen(void *context, struct op_frozen_core *frozen)
{
	struct work *work = context;
	struct guard *guard = work->guard;
	guard->failed = false;
	struct op_error *err = op_session_use_frozen_core(guard->repl->session, frozen);
	if (!err)
		err = write_all(guard, work->incident, frozen);
	if (err)
		tell_failure(guard, err);
	return !guard->failed;
}

/** Let the program wait for a copy of itself alone, where it makes one. */
static struct op_error *report(struct guard *guard, struct op_guard_incident *incident)
{
	struct work work = {guard, incident};
	bool started = false;
	// What ends can make no copy of itself any more, and is waited for by nobody.
	if (incident->event->caught == OP_CATCH_EXIT)
		return write_all(guard, incident, NULL);
	struct op_error *err = op_guard_writers_start(&guard->writers, guard->repl->session,
						      write_frozen, &work, &started);
	return err || started ? err : write_all(guard, incident, NULL);
}

/** Something happened that is guarded against. */
static struct op_error *happened(struct guard *guard, const struct op_event *event)
{
	if (is_repeated(guard, event))
		return NULL;
	struct op_guard_incident incident = {
		.event = event,
		.time = time(NULL),
		.number = ++guard->reports,
		.left_out = guard->left_out,
	};
	guard->left_out = 0;
	struct op_error *err = report(guard, &incident);
	if (err && (err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_INTERRUPTED))
		return err;
	if (err)
		tell_failure(guard, err);
	if (!guard->plan->keep) {
		guard->done = true;
		return NULL;
	}
	// What the report took is not the program's time to trap again in.
	int64_t now = now_ms();
	op_guard_limit_note(&guard->limit, now);
	return op_guard_limit_wait(&guard->limit, now) ? let_pass(guard, true) : NULL;
}

/** Signals to outpost: a program that was attached to is let go; one that was started here gets
 * them, but for Ctrl-C, which it has got itself from the terminal. @return true: leave. */
static bool leaves(struct guard *guard)
{
	int ending = op_interrupt_ending();
	bool interrupted = op_interrupt_take();
	if (!guard->launched)
		return ending || interrupted;
	if (ending && ending != guard->forwarded) {
		guard->forwarded = ending;
		kill((pid_t)guard->repl->pid, ending);
	}
	return false;
}

static int wait_time(const struct guard *guard)
{
	int64_t until =
		guard->limited ? op_guard_limit_wait(&guard->limit, now_ms()) : LOOK_INTERVAL_MS;
	return until > LOOK_INTERVAL_MS ? LOOK_INTERVAL_MS : until > 0 ? (int)until : 1;
}

/** Whether code has come since the last look. A process that is gone has none; its end is the next
 * event. */
static struct op_error *look_for_code(struct guard *guard, bool *ret)
{
	struct op_error *err = op_session_code_changed(guard->repl->session, ret);
	if (!err || err->code != OP_ERROR_PROCESS_GONE)
		return err;
	op_error_destroy(err);
	return NULL;
}

/** Nothing has happened for a while: is there a reason to stop the program for a moment? */
static struct op_error *look_around(struct guard *guard)
{
	bool changed;
	struct op_error *err = look_for_code(guard, &changed);
	bool limit_over = guard->limited && !op_guard_limit_wait(&guard->limit, now_ms());
	bool written = op_guard_writers_look(&guard->writers);
	if (!err && (changed || limit_over || written))
		op_session_interrupt(guard->repl->session);
	return err;
}

static struct op_error *stopped(struct guard *guard, const struct op_event *event)
{
	if (event->reason == OP_REASON_EXEC) {
		struct op_event_view view = {.event = event, .pid = guard->repl->pid};
		op_event_report(&guard->repl->out, &view);
	}
	if (guard->limited && !op_guard_limit_wait(&guard->limit, now_ms())) {
		struct op_error *err = let_pass(guard, false);
		if (err)
			return err;
	}
	struct op_error *err = op_guard_writers_collect(&guard->writers, guard->repl->session);
	if (err)
		return err;
	return event->caught ? happened(guard, event) : NULL;
}

static void exited(struct guard *guard, const struct op_event *event)
{
	guard->status = event->killed ? 128 + event->signal : event->exit_status;
	struct op_event_view view = {.event = event, .pid = guard->repl->pid};
	if (!guard->repl->quiet || guard->repl->out.json)
		op_event_report(&guard->repl->out, &view);
}

/** Without catchpoints: a program that was started here and has been reported on is only waited
 * for. */
static struct op_error *disarm(struct guard *guard)
{
	struct op_error *err = NULL;
	for (int i = 0; !err && i < OP_GUARD_CAUSES; i++) {
		if (guard->catchpoints[i])
			err = op_session_breakpoint_delete(guard->repl->session,
							   guard->catchpoints[i]);
		guard->catchpoints[i] = 0;
	}
	return err;
}

static struct op_error *arm(struct guard *guard)
{
	struct op_error *err = NULL;
	for (int i = 0; !err && i < OP_GUARD_CAUSES; i++) {
		const struct op_breakpoint *breakpoint;
		if (!guard->plan->causes[i])
			continue;
		err = op_session_catch(guard->repl->session, op_guard_cause_catchpoint(i), false,
				       &breakpoint);
		if (!err)
			guard->catchpoints[i] = breakpoint->number;
	}
	return err;
}

/** From a stopped program to its end, or until it is to be let go. @p event happened already. */
static struct op_error *watch(struct guard *guard, struct op_event event)
{
	struct op_session *session = guard->repl->session;
	bool changed;
	// What is there now is guarded: what comes from here on is new.
	struct op_error *err =
		event.kind == OP_EVENT_EXITED ? NULL : look_for_code(guard, &changed);
	while (!err) {
		if (event.kind == OP_EVENT_STOPPED)
			err = stopped(guard, &event);
		if (event.kind == OP_EVENT_EXITED)
			exited(guard, &event);
		if (err || event.kind == OP_EVENT_EXITED || leaves(guard) ||
		    (guard->done && !guard->launched))
			return err;
		if (guard->done)
			err = disarm(guard);
		if (!err && op_session_state(session) == OP_SESSION_STOPPED)
			err = op_session_run(session, OP_RUN_GO, 0);
		event = (struct op_event){0};
		if (!err)
			err = op_session_wait(session, wait_time(guard), &event);
		if (!err && event.kind == OP_EVENT_NONE)
			err = look_around(guard);
	}
	return err;
}

static struct op_error *begin(struct guard *guard, const struct op_options *options,
			      struct op_event *ret)
{
	struct op_repl *repl = guard->repl;
	struct op_error *err;
	if (!guard->launched) {
		err = op_session_attach(repl->session, op_mode_pid(options->arguments[0]), false);
	} else {
		err = op_session_launch(repl->session, (const char *const *)options->arguments,
					ret);
		repl->pid = op_session_process_id(repl->session);
		if (!err && ret->kind == OP_EVENT_STOPPED)
			err = op_session_let_live(repl->session);
		// On its way to the guest outpost has kept Ctrl-C for itself.
		if (!err && ret->reason == OP_REASON_INTERRUPTED && ret->kind == OP_EVENT_STOPPED)
			kill((pid_t)repl->pid, SIGINT);
	}
	repl->pid = op_session_process_id(repl->session);
	return err;
}

static int end(struct guard *guard, struct op_error *err)
{
	count_left_out(guard);
	struct op_error *leave_err = op_mode_leave(guard->repl);
	struct op_error *writers_err =
		op_guard_writers_finish(&guard->writers, guard->repl->session);
	guard->failed |= guard->writers.failed;
	if (leave_err)
		op_error_destroy(writers_err);
	else
		leave_err = writers_err;
	tell_left_out(guard);
	if (!err)
		err = leave_err;
	else
		op_error_destroy(leave_err);
	if (err && err->code == OP_ERROR_INTERRUPTED && !guard->launched) {
		op_error_destroy(err);
		err = NULL;
	}
	if (err)
		return op_mode_fail(guard->repl, "guard", err);
	if (guard->launched)
		return guard->status;
	return guard->failed ? OP_EXIT_FAILED : OP_EXIT_DONE;
}

int op_guard_run(const struct op_options *options)
{
	struct op_repl repl;
	struct op_event event = {0};
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		struct guard guard = {
			.repl = &repl, .plan = &options->guard_plan, .launched = options->guard};
		guard.limit.per_minute = guard.plan->per_minute;
		// A program that was started here has the standard output for itself.
		if (guard.launched)
			repl.out.stream = stderr;
		struct op_error *err = arm(&guard);
		if (!err)
			err = begin(&guard, options, &event);
		if (!err && event.kind != OP_EVENT_EXITED)
			tell_guarding(&guard);
		if (!err)
			err = watch(&guard, event);
		status = end(&guard, err);
	}
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_guard = {
	.name = "guard",
	.args = "PID",
	.help = "wait for a trap or crash, write a report, let the program go on",
	.arguments_min = 1,
	.arguments_max = 1,
	.takes_pid = true,
	.run = op_guard_run,
};
