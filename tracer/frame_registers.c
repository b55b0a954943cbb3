// SPDX-License-Identifier: GPL-3.0-or-later
// From the innermost machine frame outwards, each from the one before; see frame_registers.h. Kept
// until the target runs, so a deep stack is gone through once.
#include "tracer/frame_registers.h"

#include <stdlib.h>

#include "target-runtime/unwind_row.h"

struct op_frame_chain {
	int64_t thread;
	size_t suspended;
	uint64_t fp, pc; // of the innermost: the walk is still the same
	struct OP_ARRAY(struct op_frame_registers) frames;
	struct op_known_registers next; // of the frame behind them
};

void op_frame_chain_destroy(struct op_frame_chain *chain)
{
	if (!chain)
		return;
	free(chain->frames.data);
	free(chain);
}

const struct op_machine_frame *op_frame_machine(const struct op_session *session,
						const struct op_frame *frame)
{
	const struct op_walk *walk = &session->stack.walk;
	for (size_t i = 0; i < walk->count; i++)
		if (walk->frames[i].kind == OP_MACHINE_FRAME_WASM &&
		    walk->frames[i].fp.value == frame->fp.value &&
		    walk->frames[i].pc.value == frame->host_pc.value)
			return &walk->frames[i];
	return NULL;
}

static void set(struct op_known_registers *registers, unsigned index, uint64_t value)
{
	registers->all.value[index] = value;
	registers->known |= UINT64_C(1) << index;
}

static bool get(const struct op_known_registers *registers, unsigned index, uint64_t *ret)
{
	if (index >= OP_REGISTERS_MAX || !(registers->known >> index & 1))
		return false;
	*ret = registers->all.value[index];
	return true;
}

// One step ------------------------------------------------------------------------------------

// What unwind information says of a frame of the image; *ret_found false: nothing.
static struct op_error *row_of(const struct op_session *session,
			       const struct op_machine_frame *machine, bool *ret_found,
			       struct op_unwind_row *ret)
{
	const struct op_image *image = op_image_set_by_id(session->images, machine->image);
	*ret_found = false;
	if (!image)
		return NULL;
	uint64_t offset =
		machine->pc.value - image->text.value - (machine->pc_is_return_address ? 1 : 0);
	struct op_error *err = op_artifact_unwind_row(image->artifact, offset, ret_found, ret);
	// Unwind information that cannot be read is none.
	if (!err || err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_PROCESS_GONE)
		return err;
	op_error_destroy(err);
	*ret_found = false;
	return NULL;
}

// The caller's registers, from those of a frame and what it says of them.
static void unwind(struct op_session *session, const struct op_frame_registers *frame,
		   const struct op_unwind_row *row, struct op_known_registers *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_memory memory = op_session_memory(session);
	*ret = (struct op_known_registers){.known = 0};
	for (unsigned i = 0; i < arch->dwarf_register_count && i < OP_UNWIND_REGISTERS; i++) {
		uint64_t value;
		if (row->registers[i].is_saved) {
			uint64_t at = frame->frame_address + (uint64_t)row->registers[i].offset;
			struct op_error *err =
				op_memory_read_u64(&memory, op_host_addr(at), &value);
			if (!err)
				set(ret, i, value);
			op_error_destroy(err);
		} else if ((arch->kept_by_calls >> i & 1) && get(&frame->registers, i, &value)) {
			set(ret, i, value);
		}
	}
	set(ret, arch->sp, frame->frame_address);
}

// Completes a frame whose registers are known: its address, and the registers of its caller.
static struct op_error *complete(struct op_session *session, const struct op_machine_frame *machine,
				 struct op_frame_registers *frame,
				 struct op_known_registers *ret_caller)
{
	struct op_unwind_row row = {.frame_register = 0};
	uint64_t base;
	bool found;
	ret_caller->known = 0;
	struct op_error *err = row_of(session, machine, &found, &row);
	if (err || !found || !get(&frame->registers, row.frame_register, &base))
		return err;
	frame->has_frame_address = true;
	frame->frame_address = base + (uint64_t)row.frame_offset;
	unwind(session, frame, &row, ret_caller);
	return NULL;
}

// The innermost frame's registers are the thread's.
static struct op_error *start(struct op_session *session, struct op_frame_registers *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	if (!session->stack.thread)
		return NULL;
	struct op_error *err =
		op_process_registers(session->process, session->stack.thread, &ret->registers.all);
	ret->registers.known = err ? 0 : (UINT64_C(1) << arch->dwarf_register_count) - 1;
	ret->is_innermost = !err;
	return err;
}

// What the walk knows of every frame: its frame pointer, and where its stack ends.
static void add_walked(const struct op_session *session, const struct op_machine_frame *machine,
		       struct op_frame_registers *frame)
{
	const struct op_arch *arch = op_process_arch(session->process);
	if (machine->kind == OP_MACHINE_FRAME_HOST || frame->is_innermost)
		return;
	set(&frame->registers, arch->fp, machine->fp.value);
	if (machine->sp.value)
		set(&frame->registers, arch->sp, machine->sp.value);
}

// One more frame. @param[in,out] next the registers that it has.
static struct op_error *extend(struct op_session *session, struct op_frame_chain *chain,
			       struct op_known_registers *next)
{
	size_t index = chain->frames.count;
	const struct op_machine_frame *machine = &session->stack.walk.frames[index];
	struct op_frame_registers frame = {.registers = *next};
	struct op_error *err = index ? NULL : start(session, &frame);
	if (err)
		return err;
	add_walked(session, machine, &frame);
	if (machine->kind == OP_MACHINE_FRAME_HOST)
		err = op_host_stack_registers(session, index, next);
	else
		err = complete(session, machine, &frame, next);
	// What a host's frame has not kept only costs values.
	if (err && machine->kind == OP_MACHINE_FRAME_HOST && err->code != OP_ERROR_NO_MEMORY &&
	    err->code != OP_ERROR_PROCESS_GONE) {
		op_error_destroy(err);
		err = NULL;
		next->known = 0;
	}
	if (!err && !op_array_push(&chain->frames, frame))
		err = op_error_no_memory();
	return err;
}

// All frames ----------------------------------------------------------------------------------

static bool is_current(const struct op_session *session, const struct op_frame_chain *chain)
{
	const struct op_stack_store *stack = &session->stack;
	return chain->thread == stack->thread && chain->suspended == stack->suspended &&
	       chain->frames.count <= stack->walk.count && stack->walk.count &&
	       chain->fp == stack->walk.frames[0].fp.value &&
	       chain->pc == stack->walk.frames[0].pc.value;
}

static struct op_error *chain_of(struct op_session *session, struct op_frame_chain **ret)
{
	const struct op_stack_store *stack = &session->stack;
	if (!session->frame_chain)
		session->frame_chain = calloc(1, sizeof(*session->frame_chain));
	struct op_frame_chain *chain = *ret = session->frame_chain;
	if (!chain)
		return op_error_no_memory();
	if (is_current(session, chain))
		return NULL;
	chain->frames.count = 0;
	chain->next = (struct op_known_registers){.known = 0};
	chain->thread = stack->thread;
	chain->suspended = stack->suspended;
	chain->fp = stack->walk.count ? stack->walk.frames[0].fp.value : 0;
	chain->pc = stack->walk.count ? stack->walk.frames[0].pc.value : 0;
	return NULL;
}

struct op_error *op_frame_registers(struct op_session *session, const struct op_frame *frame,
				    const struct op_frame_registers **ret)
{
	const struct op_machine_frame *machine = op_frame_machine(session, frame);
	struct op_frame_chain *chain;
	*ret = NULL;
	if (!machine)
		return NULL;
	size_t index = (size_t)(machine - session->stack.walk.frames);
	struct op_error *err = chain_of(session, &chain);
	while (!err && chain->frames.count <= index)
		err = extend(session, chain, &chain->next);
	if (!err)
		*ret = &chain->frames.data[index];
	return err;
}
