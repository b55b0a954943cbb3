// SPDX-License-Identifier: GPL-3.0-or-later
// What a trap means: whose patch, stub or debug register it is, what its users want, and how the
// thread goes on. Waits for nothing (run.c does).
#include <string.h>

#include "tracer/agent/agent.h"
#include "tracer/agent/site.h"
#include "tracer/breakpoint.h"
#include "tracer/call_trace.h"
#include "tracer/patch.h"
#include "tracer/run_private.h"
#include "tracer/step.h"
#include "tracer/watchpoint.h"

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
		// NOP unless a stub is called there, or the trap was taken out meanwhile; others
		// stand at the trap itself.
		const struct op_arch *arch = op_process_arch(session->process);
		if (!arch->trap_pc_advance || patch->called || !patch->inserted) {
			struct op_error *err =
				rewind_to(session, thread, patch->address + patch->size);
			if (err)
				return err;
		}
		return op_run_threads(session, thread);
	}
	bool emulated;
	struct op_error *err = op_patch_emulate(session, thread, patch, &emulated);
	if (err || emulated)
		return err ?: op_run_threads(session, thread);
	err = rewind_to(session, thread, patch->address);
	if (!err)
		err = op_patch_step_over(session, thread, patch);
	return err ?: op_run_threads(session, 0);
}

struct op_error *op_run_native_step(struct op_session *session, op_thread_id thread)
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

// What follows the trap byte is no NOP any more where the slot is to go to a stub.
static struct op_error *leave_slot(struct op_session *session, op_thread_id thread,
				   const struct op_patch *patch)
{
	return op_patch_wants_stub(patch) && patch->kind == OP_PATCH_SLOT
		       ? rewind_to(session, thread, patch->address + patch->size)
		       : NULL;
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
		err = leave_slot(session, thread, patch);
		if (!err)
			err = op_patch_set_insert_new(session);
		return err ?: pass(session, thread, patch);
	case OP_STEP_NATIVE:
		err = leave_slot(session, thread, patch);
		if (!err)
			err = op_patch_set_insert_new(session);
		if (!err && patch->kind == OP_PATCH_RAW) {
			err = rewind_to(session, thread, patch->address);
			if (!err)
				err = op_patch_step_over(session, thread, patch);
			if (!err)
				err = op_run_native_step(session, thread);
			return err ?: op_run_threads(session, 0);
		}
		return err ?: op_run_native_step(session, thread);
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
	err = op_run_show(session, thread,
			  verdict == OP_STEP_DONE   ? OP_REASON_STEP
			  : verdict == OP_STEP_LEFT ? OP_REASON_GUEST_RETURNED
						    : OP_REASON_TRAP,
			  event);
	if (!err && finished && event->kind == OP_EVENT_STOPPED)
		err = op_step_results(session, event);
	return err;
}

// The first arrival in a private copy of the code: from now on stubs do what they can do there.
static struct op_error *promote(struct op_session *session, op_thread_id thread,
				struct op_patch *patch)
{
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	bool is_new = image && op_agent_note_running(session, image);
	// A step's wish for a stub may come when the copy is known.
	if (!is_new && !(patch->step_frame && op_agent_may_call(session, image)))
		return pass(session, thread, patch);
	// Not only for the writes: the target maps memory with a thread that waits. And the rest of
	// the slot is a NOP only until then, which outpost may not outlive.
	struct op_error *err = op_process_stop_all(session->process);
	if (!err)
		err = rewind_to(session, thread, patch->address + patch->size);
	if (!err)
		err = op_patch_set_promote(session, image);
	// Where there can be none a step looks at each arrival.
	if (!patch->called)
		patch->step_frame = 0;
	if (!err)
		err = pass(session, thread, patch);
	return err ?: op_run_threads(session, 0);
}

static struct op_error *patch_reached(struct op_session *session, op_thread_id thread,
				      struct op_patch *patch, uint32_t tag, struct op_event *event)
{
	struct op_error *err = NULL;
	uint32_t number = 0;
	if (patch->breakpoint_count)
		err = op_breakpoint_set_hit(session, patch, thread, tag, event, &number);
	if (err)
		return err;
	if (number) {
		event->breakpoint = number;
		err = rewind_to(session, thread, patch->address);
		return err
			       ?: op_run_show(session, thread,
					      event->caught || event->watch ? event->reason
									    : OP_REASON_BREAKPOINT,
					      event);
	}
	if (patch->purposes & OP_PATCH_CALL_MASK)
		err = op_call_trace_reached(session, thread, patch, event);
	if (err)
		return err;
	if (patch->purposes & OP_PATCH_ENTRY) {
		err = rewind_to(session, thread, patch->address);
		return err ?: op_run_show(session, thread, OP_REASON_ENTRY, event);
	}
	if (!op_patch_is_step(patch))
		return patch->wants_stub && !patch->called && patch->kind == OP_PATCH_SLOT
			       ? promote(session, thread, patch)
			       : pass(session, thread, patch);
	enum op_step_verdict verdict;
	err = op_step_reached(session, thread, patch, &verdict);
	if (!err && verdict == OP_STEP_ELSEWHERE && patch->step_frame && !patch->called)
		return promote(session, thread, patch);
	return err ?: step_verdict(session, thread, patch, verdict, event);
}

static struct op_error *watch_reached(struct op_session *session, op_thread_id thread,
				      struct op_event *event)
{
	bool stop;
	struct op_error *err = op_watch_reached(session, thread, event, &stop);
	if (err)
		return err;
	if (stop)
		return op_run_show(session, thread, OP_REASON_WATCHPOINT, event);
	if (op_step_is_native(session->step, thread))
		err = op_run_native_step(session, thread);
	return err ?: op_run_threads(session, 0);
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
	if (reason == OP_TRAP_HARDWARE)
		return watch_reached(session, thread, event);
	if (reason == OP_TRAP_BREAKPOINT) {
		bool changed;
		err = op_session_refresh(session, &changed);
		// The guest's code runs here: a private copy.
		const struct op_image *image =
			err ? NULL : op_image_set_find(session->images, op_host_addr(address));
		const struct op_patch *fresh = op_patch_find(session->patches, address);
		// It may also be a later one, where one was that has gone. The thread's slot is
		// written too: see promote().
		if (image && fresh && op_patch_wants_stub(fresh) &&
		    (op_agent_note_running(session, image) || fresh->called))
			err = rewind_to(session, thread, address + arch->slot_size)
				      ?: op_patch_set_renew(session, image);
		if (!err)
			err = op_patch_set_insert(session);
		if (err)
			return err;
		struct op_patch *patch = op_patch_find(session->patches, address);
		if (patch && patch->inserted)
			return patch_reached(session, thread, patch, OP_SITE_TAG_NONE, event);
		bool healed;
		err = op_patch_heal_copied(session, address, &healed);
		if (!err && healed)
			err = rewind_to(session, thread, address);
		if (err || healed)
			return err ?: op_run_threads(session, thread);
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
			return err ?: op_run_threads(session, thread);
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
		return verdict == OP_STEP_NATIVE ? op_run_native_step(session, thread)
						 : op_run_threads(session, thread);
	}
	if (patch && patch->inserted && !patch->called)
		return patch_reached(session, thread, patch, OP_SITE_TAG_NONE, event);
	uint32_t tag;
	patch = op_agent_find_trap(session, address, &tag);
	if (patch && patch->inserted) {
		err = op_agent_to_slot(session, thread, patch);
		return err ?: patch_reached(session, thread, patch, tag, event);
	}
	return unknown_trap(session, thread, address, event);
}

struct op_error *op_run_trapped(struct op_session *session, op_thread_id thread,
				struct op_event *event)
{
	struct op_error *err = trapped(session, thread, event);
	bool halted = session->halted;
	session->halted = false;
	if (err || !halted || session->state != OP_SESSION_RUNNING)
		return err;
	return op_run_threads(session, 0);
}
