// SPDX-License-Identifier: GPL-3.0-or-later
// The shadow stack from its beginning: the host has entered the guest with the stack pointer's
// first value, and each frame has taken a constant of it before it made its call.
#include <stdlib.h>

#include "tracer/shadow_private.h"

enum { FRAMES_MAX = 4096 };

static struct op_error *walk_whole(struct op_session *session, struct op_walk *ret)
{
	const struct op_stack_store *stack = &session->stack;
	struct op_stack_context context = op_session_stack_context(session);
	struct op_registers registers;
	if (!stack->thread)
		return op_walk_suspended(&context, &session->suspended[stack->suspended],
					 FRAMES_MAX, ret);
	struct op_error *err = op_process_registers(session->process, stack->thread, &registers);
	return err ?: op_walk_thread(&context, &registers, FRAMES_MAX, ret);
}

/** What one frame has taken at its call. */
static struct op_error *taken_by(struct op_session *session, struct op_module_entry *module,
				 const struct op_machine_frame *machine, bool *ret_known,
				 uint64_t *taken)
{
	struct op_stack_context context = op_session_stack_context(session);
	struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	const struct op_shadow_frame *shadow;
	size_t count;
	uint32_t function;
	*ret_known = false;
	struct op_error *err = op_virtual_frames(&context, machine, NULL, frames, &count);
	if (err || count != 1)
		return err;
	if (frames[0].artifact != module->artifact || frames[0].pc.module != module->info.index) {
		*ret_known = !op_shadow_pointer_is_exported(module);
		return NULL;
	}
	if (!frames[0].has_pc ||
	    !op_wasm_module_function_at(module->wasm, frames[0].pc.offset, &function) ||
	    function != frames[0].function)
		return NULL;
	err = op_shadow_function(module, function, &shadow);
	if (err || shadow->problem)
		return err;
	*ret_known = true;
	*taken += op_shadow_frame_depth(shadow, frames[0].pc.offset);
	return NULL;
}

static struct op_error *sum(struct op_session *session, struct op_module_entry *module,
			    const struct op_walk *walk, const struct op_frame *frame,
			    bool *ret_found, uint64_t *taken)
{
	for (size_t i = walk->count; i > 0; i--) {
		const struct op_machine_frame *machine = &walk->frames[i - 1];
		if (machine->kind != OP_MACHINE_FRAME_WASM)
			continue;
		*ret_found = machine->fp.value == frame->fp.value &&
			     machine->pc.value == frame->host_pc.value;
		bool known;
		if (*ret_found)
			return NULL;
		struct op_error *err = taken_by(session, module, machine, &known, taken);
		if (err || !known)
			return err;
	}
	return NULL;
}

struct op_error *op_shadow_entry_from_outside(struct op_session *session,
					      struct op_module_entry *module,
					      const struct op_frame *frame, bool *ret_found,
					      uint64_t *ret)
{
	uint32_t count;
	const struct op_wasm_global *pointer =
		&op_wasm_module_globals(module->wasm, &count)[op_shadow_pointer(module)];
	struct op_walk walk = {0};
	uint64_t taken = 0;
	*ret_found = false;
	if (!pointer->has_constant)
		return NULL;
	struct op_error *err = walk_whole(session, &walk);
	if (!err && !walk.problem)
		err = sum(session, module, &walk, frame, ret_found, &taken);
	op_walk_deinit(&walk);
	*ret = pointer->constant - taken;
	return err;
}
