// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that end at a place rather than after an instruction: until and advance. Everything that can
// end one is patched before it begins, so on the way the guest runs at its own pace; whether an
// arrival counts is told by the frame it happens in.
#include <inttypes.h>

#include "tracer/breakpoint.h"
#include "tracer/step_private.h"

static void note_frame(struct op_session *session, const struct op_frame *frame)
{
	struct op_step *step = session->step;
	struct place place = op_step_place_of_frame(session, frame);
	step->frame_fp = frame->fp.value;
	step->until = (struct op_until){
		.artifact = op_frame_virtual(frame)->artifact,
		.module = place.module,
		.function = place.function,
		.pc = place.pc,
	};
}

// How a frame can be left: by a return, and by an exception that goes to a handler of another one.
static struct op_error *arm_exits(struct op_session *session, const struct op_stack *stack,
				  const struct op_frame *frame)
{
	uint64_t caller_fp;
	struct op_error *err = op_step_arm_ways_out(session, frame);
	if (!err)
		err = frame->no_values ? op_step_arm_native_return(session, frame, &caller_fp)
				       : op_step_arm_frame_return(session, stack, frame);
	int64_t thread = op_session_selected_thread(session);
	return err || !thread || frame->no_values ? err : op_step_arm_catches(session, thread);
}

struct op_error *op_step_start_until(struct op_session *session)
{
	const struct op_stack *stack;
	const struct op_frame *frame;
	struct op_error *err = op_step_find_frame(session, 0, &stack, &frame);
	if (err)
		return err;
	if (frame->no_values)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "module %s was compiled without guest-debug: it cannot be "
				       "stepped through (start Wasmtime with -D guest-debug=y)",
				       frame->module);
	note_frame(session, frame);
	struct place place = op_step_place_of_frame(session, frame);
	if (op_frame_virtual(frame)->precision == OP_FRAME_PROLOGUE && place.pc) {
		// Nothing of the function has run: its first instruction is one that comes.
		place.pc--;
		session->step->until.pc--;
	}
	err = op_step_arm_behind(session, &place);
	if (!err)
		err = arm_exits(session, stack, frame);
	session->step->active = !err;
	return err;
}

struct op_error *op_step_start_to(struct op_session *session, const char *spec, bool any_frame)
{
	struct op_step *step = session->step;
	op_step_clear(step, OP_RUN_UNTIL, 1);
	op_step_line_clear(session);
	const struct op_stack *stack;
	const struct op_frame *frame;
	struct op_error *err = op_step_find_frame(session, session->selected_level, &stack, &frame);
	if (err)
		return err;
	note_frame(session, frame);
	struct op_location target;
	err = op_breakpoint_place_once(session, spec, OP_PATCH_TARGET, &target);
	if (err)
		return err;
	step->until.to_place = true;
	step->until.same_frame = !any_frame && target.module_id == frame->module_id &&
				 target.function_index == frame->function_index;
	err = arm_exits(session, stack, frame);
	step->active = !err;
	return err;
}

// The frame pointer of an arrival. Where code without slots is stopped at a function's first
// machine instruction, the register is its caller's still; the stack pointer is below every
// caller's frame.
static struct op_error *arrival_frame(struct op_session *session, const struct op_patch *patch,
				      uint64_t fp, uint64_t sp, uint64_t *ret)
{
	*ret = fp;
	const struct op_image *image =
		op_image_set_find(session->images, op_host_addr(patch->address));
	if (patch->kind == OP_PATCH_SLOT || !image)
		return NULL;
	uint64_t offset = patch->address - image->text.value;
	const struct op_function *function;
	struct op_error *err = op_artifact_function_at(image->artifact, offset, &function);
	if (!err && function && function->text_offset == offset)
		*ret = sp;
	return err;
}

struct op_error *op_step_until_reached(struct op_session *session, const struct op_patch *patch,
				       uint64_t fp, uint64_t sp, enum op_step_verdict *ret)
{
	const struct op_step *step = session->step;
	const struct op_until *until = &step->until;
	*ret = OP_STEP_ELSEWHERE;
	uint64_t frame;
	struct op_error *err = arrival_frame(session, patch, fp, sp, &frame);
	if (err)
		return err;
	bool deeper = frame < step->frame_fp;
	bool at_target = patch->purposes & OP_PATCH_TARGET && !(until->same_frame && deeper);
	if (at_target || (!deeper && frame != step->frame_fp && patch->purposes & OP_PATCH_STEP))
		*ret = OP_STEP_DONE;
	if (*ret == OP_STEP_DONE || deeper || !(patch->purposes & OP_PATCH_STEP) ||
	    patch->kind != OP_PATCH_SLOT)
		return NULL;
	// In the machine frame of the frame: in its own body, or in one around that it was inlined
	// into.
	struct place place;
	err = op_step_place_of(session, patch, &place);
	if (err)
		return err;
	bool own = place.image->artifact == until->artifact && place.module == until->module &&
		   place.function == until->function;
	if (!own || (!until->to_place && place.pc > until->pc))
		*ret = OP_STEP_DONE;
	return NULL;
}
