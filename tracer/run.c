// SPDX-License-Identifier: GPL-3.0-or-later
// Running: from a request of the user's to the next event that a person sees. Decides what each
// stop means; what to patch is breakpoint.c's and step.c's, how is patch.c's.
#include "tracer/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint.h"
#include "tracer/patch.h"
#include "tracer/step.h"

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
	};
	return reason < OP_ARRAY_SIZE(names) && names[reason] ? names[reason] : "unknown";
}

static bool is_terminal_interrupt(const struct op_stop *stop)
{
	return stop->kind == OP_STOP_SIGNAL && !strcmp(stop->signal_name, "SIGINT");
}

static bool wants_mappings(struct op_session *session)
{
	return session->reaching_entry || op_breakpoint_set_wants_mappings(session);
}

static struct op_error *run_threads(struct op_session *session, op_thread_id thread)
{
	return op_process_run(session->process, &(struct op_run_request){
							.thread = thread,
							.mode = OP_RUN_CONTINUE,
							.watch_code_mapping = session->watching,
						});
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
	return op_process_step(session->process, thread, &stop);
}

static struct op_error *let_run(struct op_session *session, int64_t shown)
{
	session->watching = wants_mappings(session);
	struct op_error *err = shown ? leave_raw(session, shown) : NULL;
	if (!err)
		err = op_patch_set_insert(session);
	if (!err && shown)
		err = leave_slot(session, shown);
	if (err)
		return err;
	op_session_forget(session);
	session->state = OP_SESSION_RUNNING;
	if (op_step_is_native(session->step, session->selected_thread)) {
		err = op_process_run(
			session->process,
			&(struct op_run_request){.thread = session->selected_thread,
						 .mode = OP_RUN_STEP,
						 .watch_code_mapping = session->watching});
		if (err)
			return err;
	}
	return run_threads(session, 0);
}

struct op_error *op_session_run(struct op_session *session, enum op_run_kind kind, uint64_t count)
{
	struct op_error *err = op_session_need_stopped(session);
	if (err)
		return err;
	op_breakpoint_set_drop_spent(session);
	// Only the thread that a person was shown to be at a breakpoint leaves it silently.
	int64_t shown = session->shown_thread;
	if (kind != OP_RUN_GO) {
		err = op_step_start(session, kind, count);
		if (err) {
			op_patch_set_remove_purposes(session->patches, OP_PATCH_RUN_MASK);
			return err;
		}
		int64_t selected = op_session_selected_thread(session);
		shown = selected ? selected : shown;
	}
	err = let_run(session, shown);
	if (err && err->code != OP_ERROR_PROCESS_GONE) {
		op_error_destroy(op_run_bring_to_stop(session));
		return err;
	}
	// A process that died is an event, which the wait reports.
	op_error_destroy(err);
	return NULL;
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
	op_patch_set_clear(session->patches);
	op_breakpoint_set_unresolve(session->breakpoints);
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
static struct op_error *show(struct op_session *session, op_thread_id thread,
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
	if (reason == OP_REASON_BREAKPOINT)
		op_breakpoint_set_shown(session, event->breakpoint);
	err = op_stacks_select_after_stop(session, thread, reason == OP_REASON_INTERRUPTED);
	event->thread = op_session_selected_thread(session);
	session->shown_thread = event->thread;
	return err;
}

// Put the pc of a thread that hit a patch back in front of it.
static struct op_error *rewind_to(struct op_session *session, op_thread_id thread, uint64_t address)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	if (registers.value[arch->pc] == address)
		return NULL;
	registers.value[arch->pc] = address;
	return op_process_set_registers(session->process, thread, &registers);
}

// Let a thread go on from a patch that is not for it.
static struct op_error *pass(struct op_session *session, op_thread_id thread,
			     struct op_patch *patch)
{
	if (patch->kind == OP_PATCH_SLOT) {
		// x86-64 stands behind the trap byte, in front of the rest of the slot, which is a
		// NOP; others stand at the trap itself.
		const struct op_arch *arch = op_process_arch(session->process);
		if (!arch->trap_pc_advance) {
			struct op_error *err =
				rewind_to(session, thread, patch->address + patch->size);
			if (err)
				return err;
		}
		return run_threads(session, thread);
	}
	bool emulated;
	struct op_error *err = op_patch_emulate(session, thread, patch, &emulated);
	if (err || emulated)
		return err ?: run_threads(session, thread);
	err = rewind_to(session, thread, patch->address);
	if (!err)
		err = op_patch_step_over(session, thread, patch);
	return err ?: run_threads(session, 0);
}

static struct op_error *run_native_step(struct op_session *session, op_thread_id thread)
{
	return op_process_run(session->process,
			      &(struct op_run_request){.thread = thread,
						       .mode = OP_RUN_STEP,
						       .watch_code_mapping = session->watching});
}

// What a guest traps with: the second argument of the runtime's `trap`
// (crates/environ/src/builtin.rs).
static void note_trap(struct op_session *session, op_thread_id thread, const struct op_patch *patch,
		      struct op_event *event)
{
	const struct op_arch *arch = op_process_arch(session->process);
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err || !image) {
		op_error_destroy(err);
		return;
	}
	const struct op_layout *layout = op_artifact_info(image->artifact)->layout;
	const char *name =
		layout ? op_layout_trap_name(layout,
					     (uint8_t)registers.value[arch->host_second_argument])
		       : NULL;
	if (name)
		strncpy(event->trap, name, sizeof(event->trap) - 1);
}

static struct op_error *step_verdict(struct op_session *session, op_thread_id thread,
				     struct op_patch *patch, enum op_step_verdict verdict,
				     struct op_event *event)
{
	struct op_error *err;
	switch (verdict) {
	case OP_STEP_ELSEWHERE:
		return pass(session, thread, patch);
	case OP_STEP_ON:
		err = op_patch_set_insert_new(session);
		return err ?: pass(session, thread, patch);
	case OP_STEP_NATIVE:
		err = op_patch_set_insert_new(session);
		if (!err && patch->kind == OP_PATCH_RAW) {
			err = rewind_to(session, thread, patch->address);
			if (!err)
				err = op_patch_step_over(session, thread, patch);
			if (!err)
				err = run_native_step(session, thread);
			return err ?: run_threads(session, 0);
		}
		return err ?: run_native_step(session, thread);
	case OP_STEP_DONE:
	case OP_STEP_LEFT:
	case OP_STEP_TRAPPED:
		break;
	}
	err = rewind_to(session, thread, patch->address);
	if (err)
		return err;
	if (verdict == OP_STEP_TRAPPED)
		note_trap(session, thread, patch, event);
	bool finished = verdict == OP_STEP_DONE && op_step_is_finish(session->step);
	err = show(session, thread,
		   verdict == OP_STEP_DONE   ? OP_REASON_STEP
		   : verdict == OP_STEP_LEFT ? OP_REASON_GUEST_RETURNED
					     : OP_REASON_TRAP,
		   event);
	if (!err && finished && event->kind == OP_EVENT_STOPPED)
		err = op_step_results(session, event);
	return err;
}

static struct op_error *patch_reached(struct op_session *session, op_thread_id thread,
				      struct op_patch *patch, struct op_event *event)
{
	struct op_error *err = NULL;
	uint32_t number = 0;
	if (patch->breakpoint_count)
		err = op_breakpoint_set_hit(session, patch, thread, &number);
	if (err)
		return err;
	if (number) {
		event->breakpoint = number;
		err = rewind_to(session, thread, patch->address);
		return err ?: show(session, thread, OP_REASON_BREAKPOINT, event);
	}
	if (patch->purposes & OP_PATCH_ENTRY) {
		err = rewind_to(session, thread, patch->address);
		return err ?: show(session, thread, OP_REASON_ENTRY, event);
	}
	if (!op_patch_is_step(patch))
		return pass(session, thread, patch);
	enum op_step_verdict verdict;
	err = op_step_reached(session, thread, patch, &verdict);
	return err ?: step_verdict(session, thread, patch, verdict, event);
}

// A trap at an address that is not known: code that Wasmtime copied while it was patched, or
// somebody else's.
static struct op_error *unknown_trap(struct op_session *session, op_thread_id thread,
				     uint64_t address, struct op_event *event)
{
	const struct op_arch *arch = op_process_arch(session->process);
	enum op_trap_reason reason;
	struct op_error *err = op_process_trap_reason(session->process, thread, &reason);
	if (err)
		return err;
	if (reason == OP_TRAP_BREAKPOINT) {
		bool changed;
		err = op_session_refresh(session, &changed);
		if (!err)
			err = op_patch_set_insert(session);
		if (err)
			return err;
		struct op_patch *patch = op_patch_find(session->patches, address);
		if (patch && patch->inserted)
			return patch_reached(session, thread, patch, event);
		// A slot that an earlier copy was made from and that nobody wants any more: put its
		// NOP back, the thread is in it.
		uint8_t bytes[OP_SLOT_MAX];
		err = op_process_read(session->process, op_host_addr(address), bytes,
				      arch->slot_size);
		if (!err && op_image_set_find(session->images, op_host_addr(address)) &&
		    !memcmp(bytes, arch->slot_trap, arch->slot_size)) {
			err = rewind_to(session, thread, address + arch->slot_size);
			if (!err)
				err = op_process_write(session->process, op_host_addr(address),
						       arch->slot_disabled, arch->slot_size);
			return err ?: run_threads(session, thread);
		}
		op_error_destroy(err);
	}
	// The program's own: its handler, or its death, is its own affair.
	return op_process_run(session->process,
			      &(struct op_run_request){
				      .thread = thread,
				      .mode = OP_RUN_CONTINUE,
				      .watch_code_mapping = session->watching,
				      .deliver_trap = reason == OP_TRAP_BREAKPOINT,
			      });
}

static struct op_error *trapped(struct op_session *session, op_thread_id thread,
				struct op_event *event)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_host_addr pc;
	struct op_error *err = op_process_pc(session->process, thread, &pc);
	if (err)
		return err;
	uint64_t address = pc.value - arch->trap_pc_advance;
	struct op_patch *patch = op_patch_find(session->patches, address);
	bool native = op_step_is_native(session->step, thread);
	if (native) {
		enum op_trap_reason reason;
		err = op_process_trap_reason(session->process, thread, &reason);
		if (err)
			return err;
		native = reason == OP_TRAP_STEP;
	}
	if (native) {
		enum op_step_verdict verdict;
		err = op_step_native(session, thread, &verdict);
		if (!err)
			err = op_patch_set_insert_new(session);
		if (err)
			return err;
		return verdict == OP_STEP_NATIVE ? run_native_step(session, thread)
						 : run_threads(session, thread);
	}
	if (patch && patch->inserted)
		return patch_reached(session, thread, patch, event);
	return unknown_trap(session, thread, address, event);
}

// New code: resolve what waits for it, patch it before anything can run in it. The thread that
// mapped it is stopped.
static struct op_error *code_mapped(struct op_session *session, op_thread_id thread)
{
	bool changed;
	struct op_error *err = op_session_refresh(session, &changed);
	if (!err && session->reaching_entry)
		err = op_run_arm_entries(session);
	if (!err)
		err = op_patch_set_insert(session);
	if (err)
		return err;
	session->watching = wants_mappings(session);
	return run_threads(session, thread);
}

static struct op_error *forked(struct op_session *session, const struct op_stop *stop,
			       struct op_event *event)
{
	struct op_error *err = op_patch_set_clean_child(session, stop->child);
	struct op_error *release_err = op_process_release_child(session->process, stop->child);
	if (err)
		op_error_destroy(release_err);
	else
		err = release_err;
	if (err && err->code == OP_ERROR_PROCESS_GONE) {
		op_error_destroy(err);
		err = NULL;
	}
	event->kind = OP_EVENT_FORKED;
	event->child = stop->child;
	event->thread = stop->thread;
	return err ?: run_threads(session, stop->thread);
}

static struct op_error *dispatch(struct op_session *session, const struct op_stop *stop,
				 struct op_event *event)
{
	switch (stop->kind) {
	case OP_STOP_TRAP:
		return trapped(session, stop->thread, event);
	case OP_STOP_INTERRUPTED:
		if (!stop->thread)
			return show(session, session->selected_thread, OP_REASON_INTERRUPTED,
				    event);
		return run_threads(session, stop->thread);
	case OP_STOP_SIGNAL:
		if (session->launched && is_terminal_interrupt(stop)) {
			op_process_discard_signal(session->process, stop->thread);
			return show(session, session->selected_thread, OP_REASON_INTERRUPTED,
				    event);
		}
		// Wasmtime makes traps of SIGSEGV, SIGILL and SIGFPE: signals are the program's own
		// affair.
		if (op_step_is_native(session->step, stop->thread))
			return run_native_step(session, stop->thread);
		return run_threads(session, stop->thread);
	case OP_STOP_THREAD_BORN:
		return run_threads(session, stop->thread);
	case OP_STOP_THREAD_EXIT:
	case OP_STOP_NONE:
		return NULL;
	case OP_STOP_FORK:
		return forked(session, stop, event);
	case OP_STOP_EXEC:
		// Another program: nothing of the patches is left.
		op_patch_set_clear(session->patches);
		op_step_end(session->step);
		return show(session, stop->thread, OP_REASON_EXEC, event);
	case OP_STOP_CODE_MAPPED:
		return code_mapped(session, stop->thread);
	case OP_STOP_PROCESS_EXIT:
		return exited(session, stop, event);
	}
	return NULL;
}

struct op_error *op_session_wait(struct op_session *session, int timeout_ms, struct op_event *ret)
{
	if (session->state != OP_SESSION_RUNNING)
		return op_session_need_stopped(session)
			       ?: op_error_create(
					  OP_ERROR_STATE,
					  "the program is stopped: there is nothing to wait for");
	*ret = (struct op_event){.kind = OP_EVENT_NONE};
	while (ret->kind == OP_EVENT_NONE) {
		struct op_stop stop;
		struct op_error *err = op_process_wait(session->process, timeout_ms, &stop);
		if (err)
			return err;
		if (stop.kind == OP_STOP_NONE)
			return NULL;
		err = dispatch(session, &stop, ret);
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
	for (int i = 0; i < CARRY_STEPS_MAX; i++) {
		bool rest;
		struct op_error *err = at_rest(session, &rest);
		if (err || rest)
			return err;
		op_thread_id thread = session->selected_thread;
		struct op_stop stop;
		err = op_process_step(session->process, thread, &stop);
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
