// SPDX-License-Identifier: GPL-3.0-or-later
// Stepping by Wasm instructions. The bytecode says where an instruction can lead; those slots get
// patches and stay armed for the rest of the run, so that a loop is patched once. What belongs to
// the step is told by the stack, not by the thread: a guest may continue on another thread after an
// async host call.
//
// Relies on: a private copy of the code belongs to one store, and a store runs on one thread at a
// time (crates/wasmtime/src/runtime/code.rs, Wasmtime 40+), so slots of the stepped stack's own
// image may be patched while other threads run.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/step_private.h"

// Native instructions of one indirect call until the callee is known.
enum { NATIVE_STEPS_MAX = 2000 };

struct op_error *op_step_create(struct op_step **ret)
{
	struct op_step *step = calloc(1, sizeof(*step));
	if (!step)
		return op_error_no_memory();
	struct op_error *err = op_line_cache_create(&step->line.cache);
	if (err)
		free(step);
	else
		*ret = step;
	return err;
}

void op_step_end(struct op_step *step)
{
	step->active = false;
	step->native_thread = 0;
	op_step_forget_returns(step);
}

void op_step_reset(struct op_step *step)
{
	op_step_end(step);
	op_step_forget_flows(step);
	op_line_cache_clear(step->line.cache);
}

bool op_step_is_finish(const struct op_step *step)
{
	return step->kind == OP_RUN_FINISH && !step->by_line;
}

void op_step_destroy(struct op_step *step)
{
	if (!step)
		return;
	op_step_reset(step);
	op_return_note_clear(&step->note);
	op_line_cache_destroy(step->line.cache);
	free(step);
}

void op_step_images_changed(struct op_session *session)
{
	op_step_forget_flows(session->step);
	op_step_forget_returns(session->step);
	// While a step is on its way its function stays: the one that is executed does not go.
	if (!session->step->active)
		op_line_cache_clear(session->step->line.cache);
}

void op_step_forget_module(struct op_session *session, const struct op_module_entry *module)
{
	if (!session->step)
		return;
	op_line_cache_forget(session->step->line.cache, module);
	if (session->step->note.module == module)
		op_return_note_clear(&session->step->note);
}

bool op_step_is_native(const struct op_step *step, op_thread_id thread)
{
	return step->active && step->native_thread == thread;
}

// Beginning -----------------------------------------------------------------------------------

static struct op_error *find_stack(struct op_session *session, uint64_t address)
{
	struct op_step *step = session->step;
	for (size_t i = 0; i < session->regions.count; i++) {
		const struct op_region *region = &session->regions.data[i];
		if (address < region->start.value || address >= region->end.value)
			continue;
		step->stack_start = region->start.value;
		step->stack_end = region->end.value;
		return NULL;
	}
	return op_error_create(OP_ERROR_UNREADABLE, "the frame at 0x%" PRIx64 " lies in no mapping",
			       address);
}

// The entry trampoline's frame under an activation.
static void find_entry(struct op_session *session, uint32_t activation)
{
	const struct op_walk *walk = &session->stack.walk;
	session->step->entry_fp = 0;
	for (size_t i = 0; i < walk->count && !session->step->entry_fp; i++)
		if (walk->frames[i].kind == OP_MACHINE_FRAME_ENTRY &&
		    walk->frames[i].activation == activation)
			session->step->entry_fp = walk->frames[i].fp.value;
}

// The frame that a frame's Wasm function returns to.
static const struct op_frame *next_guest_frame(const struct op_stack *stack,
					       const struct op_frame *frame)
{
	// Bodies that the guest's compiler inlined are no calls of Wasm.
	while (frame->source_inlined && frame + 1 < stack->frames + stack->count)
		frame++;
	for (const struct op_frame *f = frame + 1; f < stack->frames + stack->count; f++)
		if (f->kind == OP_FRAME_WASM)
			return f;
	return NULL;
}

struct place op_step_place_of_frame(struct op_session *session, const struct op_frame *frame)
{
	const struct op_virtual_frame *virtual_frame = op_frame_virtual(frame);
	return (struct place){op_image_set_by_id(session->images, virtual_frame->image),
			      virtual_frame->pc.module, virtual_frame->function,
			      virtual_frame->pc.offset};
}

static struct op_error *arm_frame_successors(struct op_session *session,
					     const struct op_frame *frame, uint8_t *ret_plan)
{
	struct place place = op_step_place_of_frame(session, frame);
	return op_step_arm_successors(session, &place, ret_plan);
}

// What the function of a frame returns.
static struct op_error *note_type(struct op_session *session, const struct op_frame *frame)
{
	struct op_step *step = session->step;
	const struct op_virtual_frame *virtual_frame = op_frame_virtual(frame);
	struct op_error *err =
		op_artifact_module(virtual_frame->artifact, virtual_frame->pc.module, &step->wasm);
	if (!err && step->wasm)
		step->type = op_wasm_module_function_type(step->wasm, virtual_frame->function);
	if (!err && step->type)
		err = op_return_note(session, frame, step->wasm, step->type, &step->note);
	return err;
}

static struct op_error *start_finish(struct op_session *session, const struct op_stack *stack,
				     const struct op_frame *frame)
{
	struct op_step *step = session->step;
	struct op_error *err = note_type(session, frame);
	if (err)
		return err;
	const struct op_frame *caller = next_guest_frame(stack, frame);
	bool to_host = !caller || caller->activation != frame->activation;
	uint8_t plan;
	if (frame->inlined && caller) {
		step->frame_fp = frame->fp.value;
		return arm_frame_successors(session, caller, &plan);
	}
	uint64_t caller_fp;
	struct op_memory memory = op_session_memory(session);
	err = op_memory_read_u64(&memory, frame->fp, &caller_fp);
	if (err)
		return err;
	step->frame_fp = caller_fp;
	int64_t thread = op_session_selected_thread(session);
	if (thread)
		err = op_step_arm_catches(session, thread);
	if (err)
		return err;
	if (to_host && step->entry_fp && frame->activation == 0)
		step->entry_fp = caller_fp;
	return op_step_arm_return(session, frame->fp.value);
}

struct op_error *op_step_arm_native_return(struct op_session *session, const struct op_frame *frame,
					   uint64_t *ret_caller_fp)
{
	const struct op_walk *walk = &session->stack.walk;
	for (size_t i = 0; i + 1 < walk->count; i++) {
		// The frames of a recursion share their pc, but not their frame pointer.
		if (walk->frames[i].kind != OP_MACHINE_FRAME_WASM ||
		    walk->frames[i].pc.value != frame->host_pc.value ||
		    walk->frames[i].fp.value != frame->fp.value)
			continue;
		*ret_caller_fp = walk->frames[i + 1].fp.value;
		return op_step_arm_raw(session, walk->frames[i + 1].pc.value, OP_PATCH_STEP);
	}
	return op_error_create(OP_ERROR_NOT_FOUND, "the caller of frame %" PRIu32 " is not known",
			       frame->level);
}

// Code without slots: a trap at the return address, results in registers.
static struct op_error *start_native_finish(struct op_session *session,
					    const struct op_frame *frame)
{
	struct op_step *step = session->step;
	struct op_error *err = note_type(session, frame);
	step->in_registers = true;
	return err ?: op_step_arm_native_return(session, frame, &step->frame_fp);
}

// Out of an inlined body it goes on in the body around it, which is in the same machine frame.
struct op_error *op_step_arm_frame_return(struct op_session *session, const struct op_stack *stack,
					  const struct op_frame *frame)
{
	const struct op_frame *around = frame;
	uint8_t leaves = PLAN_LEAVES;
	struct op_error *err = NULL;
	while (!err && leaves & PLAN_LEAVES && around->inlined && next_guest_frame(stack, around)) {
		around = next_guest_frame(stack, around);
		err = arm_frame_successors(session, around, &leaves);
	}
	if (!err && leaves & PLAN_LEAVES)
		err = op_step_arm_return(session, frame->fp.value);
	return err;
}

// A step of a thread that stands in a prologue, in a trampoline, or in a host call goes to whatever
// the guest executes next.
static struct op_error *start_step(struct op_session *session, const struct op_stack *stack,
				   const struct op_frame *frame)
{
	struct op_step *step = session->step;
	const struct op_virtual_frame *virtual_frame = op_frame_virtual(frame);
	step->frame_fp = frame->fp.value;
	bool in_host = &stack->frames[0] != frame;
	if (virtual_frame->precision == OP_FRAME_PROLOGUE) {
		// Nothing of the function has run: its first instruction comes next.
		const struct op_image *image =
			op_image_set_by_id(session->images, virtual_frame->image);
		return op_step_arm_function_start(session, image, virtual_frame->pc.module,
						  virtual_frame->function);
	}
	uint8_t plan;
	struct op_error *err = arm_frame_successors(session, frame, &plan);
	if (!err && plan & PLAN_LEAVES)
		err = op_step_arm_frame_return(session, stack, frame);
	int64_t thread = op_session_selected_thread(session);
	if (!err && plan & PLAN_UNWINDS && thread)
		err = op_step_arm_catches(session, thread);
	if (err || step->kind != OP_RUN_STEP_INTO)
		return err;
	if (in_host)
		return op_step_arm_entries(session);
	if (plan & PLAN_NATIVE) {
		struct op_registers registers;
		err = op_process_registers(session->process, thread, &registers);
		if (err)
			return err;
		const struct op_image *image =
			op_image_set_by_id(session->images, virtual_frame->image);
		const struct op_function *owner;
		err = op_artifact_function_at(
			image->artifact, virtual_frame->host_pc.value - image->text.value, &owner);
		step->native_thread = thread;
		step->native_function = owner ? image->text.value + owner->text_offset : 0;
		step->native_sp = registers.value[op_process_arch(session->process)->sp];
		step->native_steps = 0;
	}
	return err;
}

void op_step_clear(struct op_step *step, enum op_run_kind kind, uint64_t count)
{
	step->kind = kind;
	step->by_line =
		kind == OP_RUN_STEP_LINE || kind == OP_RUN_NEXT_LINE || kind == OP_RUN_UNTIL_LINE;
	step->left = count ? count : 1;
	step->native_thread = 0;
	step->type = NULL;
	op_return_note_clear(&step->note);
	step->in_registers = step->unwound = false;
	step->entry_return = 0;
	op_step_forget_returns(step);
}

struct op_error *op_step_find_frame(struct op_session *session, uint32_t level,
				    const struct op_stack **ret_stack, const struct op_frame **ret)
{
	const struct op_stack *stack;
	struct op_error *err = op_session_selected_stack(session, (size_t)level + 16, &stack);
	if (err)
		return err;
	for (size_t i = 0; i < stack->count; i++) {
		if (stack->frames[i].kind != OP_FRAME_WASM || stack->frames[i].level != level)
			continue;
		*ret_stack = stack;
		*ret = &stack->frames[i];
		return NULL;
	}
	return op_error_create(OP_ERROR_NOT_FOUND, "there is no frame %" PRIu32, level);
}

struct op_error *op_step_arm_ways_out(struct op_session *session, const struct op_frame *frame)
{
	struct op_error *err = find_stack(session, frame->fp.value);
	if (err)
		return err;
	find_entry(session, frame->activation);
	const struct op_image *image =
		op_image_set_by_id(session->images, op_frame_virtual(frame)->image);
	err = op_step_arm_traps(session);
	return err ?: op_step_arm_handler(session, image, frame->vmctx);
}

struct op_error *op_step_start(struct op_session *session, enum op_run_kind kind, uint64_t count)
{
	struct op_step *step = session->step;
	uint32_t hidden = op_session_hidden_bodies(session);
	op_step_clear(step, kind, count);
	op_step_line_clear(session);
	if (kind == OP_RUN_UNTIL)
		return op_step_start_until(session);
	// A step goes on from where the guest is, a finish from the frame that is selected.
	uint32_t level = kind == OP_RUN_FINISH ? session->selected_level : 0;
	const struct op_stack *stack;
	const struct op_frame *frame;
	struct op_error *err = op_step_find_frame(session, level, &stack, &frame);
	if (err)
		return err;
	if (frame->no_values && kind != OP_RUN_FINISH)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "module %s was compiled without guest-debug: it cannot be "
				       "stepped through (start Wasmtime with -D guest-debug=y)",
				       frame->module);
	if (kind == OP_RUN_FINISH && frame->source_inlined && !frame->no_values) {
		step->by_line = true;
		hidden = frame->source_depth;
	}
	if (step->by_line) {
		err = op_step_start_line(session, stack, frame, hidden);
		step->active = !err;
		return err;
	}
	err = op_step_arm_ways_out(session, frame);
	if (!err)
		err = kind != OP_RUN_FINISH ? start_step(session, stack, frame)
		      : frame->no_values    ? start_native_finish(session, frame)
					    : start_finish(session, stack, frame);
	step->active = !err;
	return err;
}

// Inner frames --------------------------------------------------------------------------------

// So many arrivals in frames that a step has nothing to do with are cheaper than code for them.
enum { INNER_ARRIVALS_MAX = 32 };

// Steps that stop in no frame below the one that they began in.
static bool stays_out(const struct op_step *step)
{
	switch (step->kind) {
	case OP_RUN_STEP_OVER:
	case OP_RUN_NEXT_LINE:
	case OP_RUN_UNTIL_LINE:
	case OP_RUN_FINISH:
		return true;
	case OP_RUN_UNTIL:
		return !step->until.to_place || step->until.same_frame;
	default:
		return false;
	}
}

// A call that comes to the same code again and again, a recursion, is not looked at each time: from
// some arrivals on code in the target passes the inner frames by. A frame that the step goes on to
// later is further out, so what was compiled once holds for the run.
static void count_inner(const struct op_step *step, struct op_patch *patch, uint64_t fp)
{
	if (patch->kind != OP_PATCH_SLOT || patch->step_frame || !step->frame_fp ||
	    fp >= step->frame_fp || !stays_out(step) ||
	    ++patch->inner_arrivals != INNER_ARRIVALS_MAX + 1)
		return;
	patch->step_frame = step->frame_fp;
}

// On the way ----------------------------------------------------------------------------------

struct op_error *op_step_reached(struct op_session *session, op_thread_id thread,
				 struct op_patch *patch, enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	const struct op_arch *arch = op_process_arch(session->process);
	*ret = OP_STEP_ELSEWHERE;
	if (!step->active)
		return NULL;
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	uint64_t fp = registers.value[arch->fp], sp = registers.value[arch->sp];
	if (sp < step->stack_start || sp >= step->stack_end)
		return NULL;
	step->done_thread = thread;
	if (patch->purposes & OP_PATCH_NATIVE_RETURN && step->native_thread == thread &&
	    sp >= step->native_sp) {
		patch->purposes &= ~(unsigned)OP_PATCH_NATIVE_RETURN;
		*ret = OP_STEP_NATIVE;
		return NULL;
	}
	if (patch->purposes & OP_PATCH_TRAP) {
		*ret = OP_STEP_TRAPPED;
		return NULL;
	}
	if (patch->purposes & OP_PATCH_LEAVE) {
		if (step->entry_fp && fp < step->entry_fp)
			return NULL;
		step->in_registers = step->kind == OP_RUN_FINISH && fp == step->frame_fp &&
				     patch->address == step->entry_return;
		*ret = step->in_registers ? OP_STEP_DONE : OP_STEP_LEFT;
		return NULL;
	}
	count_inner(step, patch, fp);
	if (step->by_line)
		return op_step_line_reached(session, thread, patch, fp, sp, ret);
	if (step->kind == OP_RUN_UNTIL)
		return op_step_until_reached(session, patch, fp, sp, ret);
	if (!(patch->purposes & OP_PATCH_STEP))
		return NULL;
	if (step->kind != OP_RUN_STEP_INTO && fp < step->frame_fp)
		return NULL;
	step->native_thread = 0;
	step->unwound = patch->purposes & OP_PATCH_CATCH;
	if (step->kind == OP_RUN_FINISH || --step->left == 0) {
		*ret = OP_STEP_DONE;
		return NULL;
	}
	step->frame_fp = fp;
	return op_step_plan_slot(session, thread, patch, fp, sp, ret);
}

// An indirect call did not come to a function of the guest by itself. Steps by lines pass over
// functions without lines, and over what those call.
static struct op_error *no_callee(struct op_session *session, enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	step->native_thread = 0;
	step->line.follows = false;
	*ret = OP_STEP_ON;
	return step->by_line ? NULL : op_step_arm_entries(session);
}

struct op_error *op_step_native(struct op_session *session, op_thread_id thread,
				enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	const struct op_arch *arch = op_process_arch(session->process);
	*ret = OP_STEP_NATIVE;
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	uint64_t pc = registers.value[arch->pc];
	if (++step->native_steps > NATIVE_STEPS_MAX) {
		// Whatever this is, the instruction's own successors are patched; entries catch a
		// callee that the host calls back.
		return no_callee(session, ret);
	}
	const struct op_image *image = op_image_set_find(session->images, op_host_addr(pc));
	const struct op_function *function = NULL;
	if (image)
		err = op_artifact_function_at(image->artifact, pc - image->text.value, &function);
	if (err)
		return err;
	uint64_t start = function ? image->text.value + function->text_offset : 0;
	if (function && start == step->native_function && pc != start)
		return NULL;
	if (function && function->kind == OP_FUNCTION_WASM) {
		step->native_thread = 0;
		*ret = OP_STEP_ON;
		return op_step_arm_function_start(session, image, function->module,
						  function->index);
	}
	if (function && function->kind == OP_FUNCTION_BUILTIN && pc == start &&
	    strcmp(function->name, "trap")) {
		// A table element or an import that is made at first use: come back when the
		// runtime has done so.
		uint64_t address;
		struct op_memory memory = session->raw_memory;
		err = op_memory_read_u64(&memory, op_host_addr(registers.value[arch->sp]),
					 &address);
		*ret = OP_STEP_ON;
		return err
			       ?: op_step_arm_raw(session, arch->strip_return_address(address),
						  OP_PATCH_NATIVE_RETURN);
	}
	// A host call, or the way into a trap: its return, its trap and what it enters are patched.
	return no_callee(session, ret);
}
