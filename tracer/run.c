// SPDX-License-Identifier: GPL-3.0-or-later
// Running: from a request of the user's to the next event that a person sees. Decides what each
// stop means; what to patch is breakpoint.c's and step.c's, how is patch.c's.
#include "tracer/run_private.h"

#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/breakpoint.h"
#include "tracer/log.h"
#include "tracer/call_trace.h"
#include "tracer/catchpoint.h"
#include "tracer/new_code.h"
#include "tracer/patch.h"
#include "tracer/step.h"
#include "tracer/trace.h"
#include "tracer/watchpoint.h"

// Native instructions that a thread is carried at most to get out of a Wasm instruction: far more
// than any of them compiles to.
enum { CARRY_STEPS_MAX = 2000 };

const char *op_stop_reason_name(enum op_stop_reason reason)
{
	static const char *const names[] = {
		[OP_REASON_BREAKPOINT] = "breakpoint",
		[OP_REASON_STEP] = "step",
		[OP_REASON_INTERRUPTED] = "interrupted",
		[OP_REASON_SIGNAL] = "signal",
		[OP_REASON_TRAP] = "trap",
		[OP_REASON_GUEST_RETURNED] = "guest-returned",
		[OP_REASON_EXEC] = "exec",
		[OP_REASON_ENTRY] = "entry",
		[OP_REASON_ATTACHED] = "attached",
		[OP_REASON_THREAD_ENDED] = "thread-ended",
		[OP_REASON_CATCH] = "catch",
		[OP_REASON_WATCHPOINT] = "watchpoint",
		[OP_REASON_CORE] = "core",
	};
	return reason < OP_ARRAY_SIZE(names) && names[reason] ? names[reason] : "unknown";
}

static bool is_terminal_interrupt(const struct op_stop *stop)
{
	return stop->kind == OP_STOP_SIGNAL && !strcmp(stop->signal_name, "SIGINT");
}

// Ctrl-C at the terminal that outpost shares with a program that it started.
static bool is_own_interrupt(const struct op_session *session, const struct op_stop *stop)
{
	return session->launched && is_terminal_interrupt(stop);
}

static bool wants_mappings(struct op_session *session)
{
	return session->reaching_entry || session->new_images.count ||
	       op_breakpoint_set_wants_mappings(session) || op_call_trace_wants_mappings(session);
}

// With scheduler-locking the others stay where they are, also one that was just born or has only
// stopped for outpost's own reasons.
static bool is_held(const struct op_session *session, op_thread_id thread)
{
	return session->only_thread && thread != session->only_thread;
}

static struct op_error *run_on(struct op_session *session, op_thread_id thread, bool hold_signal)
{
	if (!thread)
		thread = session->only_thread;
	if (is_held(session, thread))
		return NULL;
	return op_process_run(session->process, &(struct op_run_request){
							.thread = thread,
							.mode = OP_RUN_CONTINUE,
							.watch_code_mapping = session->watching,
							.hold_signal = hold_signal,
						});
}

struct op_error *op_run_threads(struct op_session *session, op_thread_id thread)
{
	return run_on(session, thread, false);
}

// It gets its signal now, or behind the trap that it is about to come to in a stub.
static struct op_error *run_with_signal(struct op_session *session, op_thread_id thread)
{
	bool traps;
	struct op_error *err = op_agent_leave_before_signal(session, thread, &traps);
	return err ?: run_on(session, thread, traps);
}

// A thread that was shown at a slot goes on behind it; otherwise it would stop there again at once.
static struct op_error *leave_slot(struct op_session *session, op_thread_id thread)
{
	struct op_host_addr pc;
	struct op_error *err = op_process_pc(session->process, thread, &pc);
	if (err)
		return err;
	const struct op_patch *patch = op_patch_find(session->patches, pc.value);
	if (!patch || !patch->inserted || patch->kind != OP_PATCH_SLOT)
		return NULL;
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	registers.value[arch->pc] = patch->address + patch->size;
	return op_process_set_registers(session->process, thread, &registers);
}

// A thread that was made to step stays so when its tracer dies (exit_ptrace(), kernel/ptrace.c,
// does not take it back), and gets one more SIGTRAP: test_survival.py, killed_at_the_prompt.
static struct op_error *step_natively(struct op_session *session, op_thread_id thread,
				      struct op_stop *ret)
{
	struct op_error *err = op_patch_set_shield(session);
	return err ?: op_process_step(session->process, thread, ret);
}

// The same for a place without a slot: the instruction there is executed before the trap is written
// over it.
static struct op_error *leave_raw(struct op_session *session, op_thread_id thread)
{
	struct op_host_addr pc;
	struct op_error *err = op_process_pc(session->process, thread, &pc);
	if (err)
		return err;
	const struct op_patch *patch = op_patch_find(session->patches, pc.value);
	if (!patch || patch->kind != OP_PATCH_RAW)
		return NULL;
	struct op_stop stop;
	return step_natively(session, thread, &stop);
}

// @param[in] stepping selected to step, and 0 for another run.
static struct op_error *let_run(struct op_session *session, int64_t stepping)
{
	session->watching = wants_mappings(session);
	// Two threads leave the places they stand at silently: the one that a person was shown to
	// be there, and the one that steps on from there.
	int64_t leaving[2] = {session->shown_thread, stepping};
	if (leaving[1] == leaving[0])
		leaving[1] = 0;
	// Where a watched place was accessed the thread is behind that instruction: what comes next
	// was not seen yet.
	for (int i = 0; i < 2; i++)
		if (leaving[i] == session->behind_thread)
			leaving[i] = 0;
	struct op_error *err = op_watch_arm(session);
	if (!err)
		err = op_process_watch_exit(session->process,
					    op_breakpoint_set_waits_for(session, OP_CATCH_EXIT) ||
						    op_breakpoint_set_notes(session));
	for (int i = 0; !err && i < 2; i++)
		err = leaving[i] ? leave_raw(session, leaving[i]) : NULL;
	if (!err)
		err = op_patch_set_insert(session);
	for (int i = 0; !err && i < 2; i++)
		err = leaving[i] ? leave_slot(session, leaving[i]) : NULL;
	if (!err)
		err = op_agent_return_threads(session);
	if (err)
		return err;
	session->behind_thread = 0;
	session->at_end = false;
	op_session_forget(session);
	session->state = OP_SESSION_RUNNING;
	// Ctrl-C that came while the program still stood has told nobody but this flag.
	if (session->cancel.requested)
		op_process_interrupt(session->process);
	if (op_step_is_native(session->step, session->selected_thread)) {
		err = op_patch_set_shield(session);
		if (err)
			return err;
		err = op_process_run(
			session->process,
			&(struct op_run_request){.thread = session->selected_thread,
						 .mode = OP_RUN_STEP,
						 .watch_code_mapping = session->watching});
		if (err)
			return err;
	}
	return op_run_threads(session, 0);
}

// Scheduler-locking, for the run that begins. On its way to the guest's first instruction a program
// is not the user's yet.
static struct op_error *choose_threads(struct op_session *session, enum op_run_kind kind)
{
	bool steps = kind == OP_RUN_STEP_INTO || kind == OP_RUN_STEP_OVER ||
		     kind == OP_RUN_STEP_LINE || kind == OP_RUN_NEXT_LINE;
	session->only_thread = 0;
	if (session->reaching_entry || session->locking == OP_LOCKING_OFF ||
	    (session->locking == OP_LOCKING_STEP && !steps))
		return NULL;
	if (session->suspended_selected || !session->selected_thread)
		return op_error_create(OP_ERROR_STATE,
				       "scheduler-locking lets only the selected thread run, and "
				       "none is selected (thread ID selects one, set "
				       "scheduler-locking off lets all run)");
	session->only_thread = session->selected_thread;
	return NULL;
}

static struct op_error *start(struct op_session *session, int64_t stepping)
{
	struct op_error *err = let_run(session, stepping);
	if (err && err->code != OP_ERROR_PROCESS_GONE) {
		op_error_destroy(op_run_bring_to_stop(session));
		return err;
	}
	// A process that died is an event, which the wait reports.
	if (err)
		session->state = OP_SESSION_RUNNING;
	op_error_destroy(err);
	return NULL;
}

// What a step planned goes when it does not begin.
static struct op_error *start_planned(struct op_session *session, struct op_error *err)
{
	if (err) {
		op_patch_set_remove_purposes(session->patches, OP_PATCH_RUN_MASK);
		return err;
	}
	return start(session, op_session_selected_thread(session));
}

// A stopped program that was killed runs no more; its end is the next stop. Threads may stand at
// their ends, where outpost wants to look at the program's (op_process_watch_exit()).
static bool runs_to_its_end(struct op_session *session)
{
	if (!op_session_is_dying(session))
		return false;
	op_error_destroy(op_process_run(session->process, &(struct op_run_request){0}));
	session->at_end = false;
	session->state = OP_SESSION_RUNNING;
	return true;
}

struct op_error *op_session_run(struct op_session *session, enum op_run_kind kind, uint64_t count)
{
	struct op_error *err = op_session_need_live(session, "cannot run the program");
	if (!err && runs_to_its_end(session))
		return NULL;
	if (!err)
		err = choose_threads(session, kind);
	if (err)
		return err;
	op_breakpoint_set_drop_spent(session);
	if (kind == OP_RUN_GO)
		session->hidden_bodies = 0;
	if (op_step_enters_inlined(session, kind, &count)) {
		session->run_is_over = true;
		session->state = OP_SESSION_RUNNING;
		return NULL;
	}
	return kind == OP_RUN_GO ? start(session, 0)
				 : start_planned(session, op_step_start(session, kind, count));
}

struct op_error *op_session_run_to(struct op_session *session, const char *place, bool any_frame)
{
	struct op_error *err = op_session_need_live(session, "cannot run the program");
	if (!err && runs_to_its_end(session))
		return NULL;
	if (!err)
		err = choose_threads(session, OP_RUN_UNTIL);
	if (err)
		return err;
	op_breakpoint_set_drop_spent(session);
	return start_planned(session, op_step_start_to(session, place, any_frame));
}

void op_session_set_step_mode(struct op_session *session, bool stop)
{
	session->step_mode = stop;
}

uint32_t op_session_hidden_bodies(const struct op_session *session)
{
	bool stepped = session->hidden_bodies && !session->suspended_selected &&
		       session->hidden_thread == session->selected_thread;
	return stepped ? session->hidden_bodies : 0;
}

void op_session_set_scheduler_locking(struct op_session *session, enum op_scheduler_locking locking)
{
	session->locking = locking;
}

// Children that were forked while the code was patched, and whose stops are still to be handed out:
// their copies are cleaned while it is known what was patched.
static struct op_error *clean_pending_children(struct op_session *session)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_stop stop;
		if (!op_process_pending_stop(session->process, threads[i].id, &stop) ||
		    stop.kind != OP_STOP_FORK)
			continue;
		struct op_error *err = op_patch_set_clean_child(session, stop.child);
		if (!err)
			err = op_new_code_clean_child(session, stop.child);
		// A child that was killed meanwhile needs no cleaning.
		if (err && err->code != OP_ERROR_PROCESS_GONE)
			return err;
		op_error_destroy(err);
	}
	return NULL;
}

// Every thread to a stop, the code as Wasmtime wrote it, images as they are now.
struct op_error *op_run_bring_to_stop(struct op_session *session)
{
	struct op_error *err = op_process_stop_all(session->process);
	// Copies that Wasmtime made of patched code meanwhile are found here, taken for ours, and
	// cleaned with the rest.
	bool changed = false;
	if (!err)
		err = op_session_refresh(session, &changed);
	if (!err && changed)
		err = op_patch_set_insert(session);
	if (!err)
		err = clean_pending_children(session);
	if (!err)
		err = op_agent_leave_stubs(session);
	if (!err)
		err = op_log_drain(session);
	if (!err)
		err = op_breakpoint_set_read_ignored(session);
	struct op_error *withdraw_err = op_patch_set_withdraw(session);
	if (err)
		op_error_destroy(withdraw_err);
	else
		err = withdraw_err;
	op_patch_set_remove_purposes(session->patches, OP_PATCH_RUN_MASK);
	op_step_end(session->step);
	session->state = OP_SESSION_STOPPED;
	op_session_forget(session);
	op_patch_set_prune(session);
	op_trace_prune(session);
	return err;
}

static struct op_error *exited(struct op_session *session, const struct op_stop *stop,
			       struct op_event *event)
{
	event->kind = OP_EVENT_EXITED;
	event->killed = stop->killed;
	event->signal = stop->signal;
	memcpy(event->signal_name, stop->signal_name, sizeof(event->signal_name));
	event->exit_status = stop->exit_status;
	op_step_end(session->step);
	op_session_forget_patches(session);
	op_breakpoint_set_unresolve(session->breakpoints);
	op_watch_set_lose(session);
	op_session_forget(session);
	session->state = OP_SESSION_EXITED;
	return NULL;
}

// The target stands: an interrupt that comes at the same moment has nothing left to do. Ctrl-C at
// the terminal reaches outpost and a program that it started, in any order: together they are one
// interrupt, and none is the program's.
static void absorb_terminal_interrupt(struct op_session *session)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(session->process, &count);
	for (size_t i = 0; session->launched && i < count; i++) {
		struct op_stop stop;
		if (op_process_pending_stop(session->process, threads[i].id, &stop) &&
		    is_terminal_interrupt(&stop))
			op_process_discard_signal(session->process, threads[i].id);
	}
	op_process_clear_interrupt(session->process);
	session->cancel.requested = 0;
}

// The stop that a person sees.
struct op_error *op_run_show(struct op_session *session, op_thread_id thread,
			     enum op_stop_reason reason, struct op_event *event)
{
	struct op_error *err = op_run_bring_to_stop(session);
	if (err && err->code == OP_ERROR_PROCESS_GONE) {
		// It died while it was being stopped; the exit is the next stop.
		op_error_destroy(err);
		session->state = OP_SESSION_RUNNING;
		return NULL;
	}
	if (err)
		return err;
	event->kind = OP_EVENT_STOPPED;
	event->reason = reason;
	absorb_terminal_interrupt(session);
	if (event->breakpoint)
		op_breakpoint_set_shown(session, event);
	bool hardware =
		reason == OP_REASON_WATCHPOINT && !event->watch->software && !event->watch->left;
	if (hardware)
		op_watch_show_access(session, thread);
	// Whoever let one thread run alone stays with it.
	bool anyone = reason == OP_REASON_THREAD_ENDED ||
		      (reason == OP_REASON_INTERRUPTED && !session->only_thread);
	err = op_stacks_select_after_stop(session, thread, anyone);
	event->thread = op_session_selected_thread(session);
	session->shown_thread = event->thread;
	if (!err && hardware)
		err = op_watch_describe(session, event);
	return err;
}

// New code: resolve what waits for it; patch it before anything can run in it, but not before it
// was copied to where it will be run from again. The thread that mapped it is stopped.
static struct op_error *code_mapped(struct op_session *session, const struct op_stop *stop,
				    struct op_event *event)
{
	op_thread_id thread = stop->thread;
	bool changed;
	struct op_error *err = op_session_refresh(session, &changed);
	if (!err)
		err = op_new_code_mapped(session, stop);
	if (!err && session->reaching_entry)
		err = op_run_arm_entries(session);
	if (!err)
		err = op_patch_set_insert(session);
	if (err)
		return err;
	session->watching = wants_mappings(session);
	uint32_t number;
	err = op_catch_new_module(session, thread, event, &number);
	if (err || number)
		return err ?: op_run_show(session, thread, OP_REASON_CATCH, event);
	return op_run_threads(session, thread);
}

// Has something happened that allows to write into new code?
static struct op_error *look_at_new_code(struct op_session *session)
{
	struct op_error *err = op_new_code_look(session);
	session->watching = wants_mappings(session);
	if (!err && op_step_is_native(session->step, session->selected_thread))
		err = op_run_native_step(session, session->selected_thread);
	return err ?: op_run_threads(session, 0);
}

// A thread has come to code that outpost did not let anybody execute so far.
static struct op_error *run_new_code(struct op_session *session, op_thread_id thread)
{
	session->watching = wants_mappings(session);
	return op_step_is_native(session->step, thread) ? op_run_native_step(session, thread)
							: op_run_threads(session, thread);
}

static struct op_error *forked(struct op_session *session, const struct op_stop *stop,
			       struct op_event *event)
{
	struct op_error *err = op_patch_set_clean_child(session, stop->child);
	if (!err)
		err = op_new_code_clean_child(session, stop->child);
	struct op_error *release_err = op_process_release_child(session->process, stop->child);
	if (err)
		op_error_destroy(release_err);
	else
		err = release_err;
	if (err && err->code == OP_ERROR_PROCESS_GONE) {
		op_error_destroy(err);
		err = NULL;
	}
	if (err || event->breakpoint)
		return err ?: op_run_show(session, stop->thread, OP_REASON_CATCH, event);
	event->kind = OP_EVENT_FORKED;
	event->child = stop->child;
	event->thread = stop->thread;
	return op_run_threads(session, stop->thread);
}

// The process is about to end, and its memory with what stubs have noted there.
static struct op_error *take_notes(struct op_session *session)
{
	struct op_error *err = op_log_drain(session);
	if (!err)
		err = op_breakpoint_set_read_ignored(session);
	op_patch_set_retire_counts(session);
	return err;
}

static struct op_error *dispatch(struct op_session *session, const struct op_stop *stop,
				 struct op_event *event)
{
	uint32_t caught = 0;
	bool first_run;
	struct op_error *err = op_new_code_executed(session, stop, &first_run);
	if (err || first_run)
		return err ?: run_new_code(session, stop->thread);
	err = stop->kind == OP_STOP_TRAP || is_own_interrupt(session, stop)
		      ? NULL
		      : op_catch_stop(session, stop, event, &caught);
	if (err)
		return err;
	switch (stop->kind) {
	case OP_STOP_TRAP:
		return op_run_trapped(session, stop->thread, event);
	case OP_STOP_INTERRUPTED:
		if (!stop->thread)
			return op_run_show(session, session->selected_thread, OP_REASON_INTERRUPTED,
					   event);
		return op_run_threads(session, stop->thread);
	case OP_STOP_SIGNAL:
		if (is_own_interrupt(session, stop)) {
			op_process_discard_signal(session->process, stop->thread);
			return op_run_show(session, session->selected_thread, OP_REASON_INTERRUPTED,
					   event);
		}
		// Wasmtime makes traps of SIGSEGV, SIGILL and SIGFPE: signals are the program's own
		// affair.
		if (caught)
			return op_run_show(session, stop->thread, event->reason, event);
		if (op_step_is_native(session->step, stop->thread))
			return op_run_native_step(session, stop->thread);
		return run_with_signal(session, stop->thread);
	case OP_STOP_EXITING:
		err = caught ? NULL : take_notes(session);
		if (err)
			return err;
		session->at_end = caught;
		__attribute__((fallthrough));
	case OP_STOP_THREAD_BORN:
		return caught ? op_run_show(session, stop->thread, event->reason, event)
			      : op_run_threads(session, stop->thread);
	case OP_STOP_THREAD_EXIT:
		// Nothing else runs: without a stop there would be silence.
		return session->only_thread == stop->thread && stop->thread
			       ? op_run_show(session, 0, OP_REASON_THREAD_ENDED, event)
			       : NULL;
	case OP_STOP_NONE:
		return NULL;
	case OP_STOP_FORK:
		return forked(session, stop, event);
	case OP_STOP_EXEC:
		// Another program: nothing of the patches is left.
		op_session_forget_patches(session);
		op_step_end(session->step);
		op_catch_state_reset(session);
		op_watch_set_lose(session);
		return op_run_show(session, stop->thread, OP_REASON_EXEC, event);
	case OP_STOP_CODE_MAPPED:
		return code_mapped(session, stop, event);
	case OP_STOP_MAPPER_DONE:
		return look_at_new_code(session);
	case OP_STOP_PROCESS_EXIT:
		return exited(session, stop, event);
	}
	return NULL;
}

// The next stop. Log points are read meanwhile.
static struct op_error *wait_for_stop(struct op_session *session, int timeout_ms,
				      struct op_stop *ret, bool *ret_limit)
{
	int interval = op_log_interval(session), look = op_new_code_interval(session);
	if (look >= 0 && (interval < 0 || look < interval))
		interval = look;
	*ret_limit = false;
	if (interval < 0) {
		struct op_error *err = op_process_wait(session->process, timeout_ms, ret);
		*ret_limit = !err && ret->kind == OP_STOP_NONE;
		return err;
	}
	for (int waited = 0;; waited += interval) {
		struct op_error *err = op_process_wait(session->process, interval, ret);
		if (err || ret->kind == OP_STOP_PROCESS_EXIT)
			return err;
		err = op_log_drain(session);
		if (err && err->code == OP_ERROR_PROCESS_GONE) {
			// Its exit is the next stop.
			op_error_destroy(err);
			err = NULL;
		}
		*ret_limit = ret->kind == OP_STOP_NONE && timeout_ms >= 0 && waited >= timeout_ms;
		if (err || *ret_limit || ret->kind != OP_STOP_NONE)
			return err;
		if (look >= 0)
			return look_at_new_code(session);
	}
}

struct op_error *op_session_wait(struct op_session *session, int timeout_ms, struct op_event *ret)
{
	if (session->state != OP_SESSION_RUNNING)
		return op_session_need_stopped(session)
			       ?: op_error_create(
					  OP_ERROR_STATE,
					  "the program is stopped: there is nothing to wait for");
	*ret = (struct op_event){.kind = OP_EVENT_NONE};
	if (session->run_is_over) {
		session->run_is_over = false;
		return op_run_show(session, session->selected_thread, OP_REASON_STEP, ret);
	}
	while (ret->kind == OP_EVENT_NONE) {
		struct op_stop stop;
		bool limit;
		struct op_error *err = wait_for_stop(session, timeout_ms, &stop, &limit);
		if (err)
			return err;
		if (limit)
			return NULL;
		err = op_session_blame_death(session, dispatch(session, &stop, ret));
		// A thread, or all, may be killed at any moment: the exit comes as a stop of its
		// own.
		if (err && err->code == OP_ERROR_PROCESS_GONE) {
			op_error_destroy(err);
			continue;
		}
		if (err) {
			op_error_destroy(op_run_bring_to_stop(session));
			return err;
		}
	}
	session->cancel.requested = 0;
	return NULL;
}

void op_session_interrupt(struct op_session *session)
{
	session->cancel.requested = 1;
	if (session->process && session->state == OP_SESSION_RUNNING)
		op_process_interrupt(session->process);
}

bool op_session_take_interrupt(struct op_session *session)
{
	bool requested = session->cancel.requested;
	session->cancel.requested = 0;
	return requested;
}

// Carrying ------------------------------------------------------------------------------------

// Whether the thread's innermost frame shows a whole operand stack, or is no guest frame at all.
static struct op_error *at_rest(struct op_session *session, bool *ret)
{
	const struct op_stack *stack;
	struct op_error *err =
		op_session_thread_stack(session, session->selected_thread, 16, &stack);
	if (err)
		return err;
	*ret = !stack->count || stack->frames[0].kind != OP_FRAME_WASM ||
	       stack->frames[0].no_values ||
	       op_frame_virtual(&stack->frames[0])->precision == OP_FRAME_EXACT;
	return NULL;
}

struct op_error *op_session_carry(struct op_session *session, bool *ret_carried)
{
	*ret_carried = true;
	if (session->suspended_selected)
		return NULL;
	if (session->behind_thread && session->behind_thread == session->selected_thread) {
		// It is out of that instruction perhaps, and what comes next was not seen yet.
		session->behind_thread = session->shown_thread = 0;
		op_session_forget(session);
	}
	for (int i = 0; i < CARRY_STEPS_MAX; i++) {
		bool rest;
		struct op_error *err = at_rest(session, &rest);
		if (err || rest)
			return err;
		if (op_session_is_core(session))
			break;
		op_thread_id thread = session->selected_thread;
		struct op_stop stop;
		err = step_natively(session, thread, &stop);
		op_session_forget(session);
		if (err)
			return err;
		if (stop.kind != OP_STOP_TRAP) {
			// It faults, waits in the kernel, or is gone: leave it where it is.
			*ret_carried = false;
			return NULL;
		}
	}
	*ret_carried = false;
	return NULL;
}
