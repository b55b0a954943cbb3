// SPDX-License-Identifier: GPL-3.0-or-later
// Steps by source lines. The bytecode says which statements of other lines can come next
// (line_plan.c); those are patched, with the frame's return and what the line calls, and the guest
// runs at its own pace up to there. As in gdb a step ends where a statement of another line begins,
// never inside one: what returns into the middle of a statement goes on to its end. A function
// without lines is not stepped into, and left when a step is in it.
#include <inttypes.h>
#include <string.h>

#include "tracer/source.h"
#include "tracer/step_private.h"

// Arrivals at places that are not meant, before its patch is taken out until it is wanted again.
enum { FALSE_ARRIVALS_MAX = 8 };

static enum op_line_kind line_kind(const struct op_step *step)
{
	switch (step->kind) {
	case OP_RUN_STEP_LINE:
		return OP_LINE_INTO;
	case OP_RUN_UNTIL_LINE:
		return OP_LINE_UNTIL;
	case OP_RUN_FINISH:
		return OP_LINE_OUT;
	default:
		return OP_LINE_OVER;
	}
}

// What is known of the lines of a place's function.
static struct op_error *function_of(struct op_session *session, const struct place *place,
				    struct op_line_function **ret)
{
	const struct op_wasm_module *wasm;
	struct op_debug_info *info = NULL;
	struct op_module_entry *module =
		op_module_by_artifact(session, place->image->artifact, place->module);
	struct op_error *err = op_artifact_module(place->image->artifact, place->module, &wasm);
	// Old Wasmtimes do not keep the module's bytes; its file may be there.
	if (!err && module && !wasm)
		wasm = module->wasm;
	if (!err && module)
		err = op_source_info(session, module, &info);
	return err
		       ?: op_line_function_get(session->step->line.cache, module, wasm, info,
					       place->function, ret);
}

// Where a step goes that enters the function of a place; *ret_pc 0: it is stepped over.
static struct op_error *entry_of(struct op_session *session, const struct place *place,
				 uint32_t *ret_pc)
{
	struct op_line_function *function;
	struct op_error *err = function_of(session, place, &function);
	*ret_pc = 0;
	if (err || (!op_line_function_has_lines(function) && !session->step_mode))
		return err;
	return op_line_function_entry(function, ret_pc);
}

// Arming -------------------------------------------------------------------------------------

static struct op_error *arm_callees(struct op_session *session)
{
	struct op_line_run *line = &session->step->line;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < line->plan->callee_count; i++) {
		struct place callee = line->place;
		callee.function = line->plan->callees[i];
		err = entry_of(session, &callee, &callee.pc);
		if (!err && callee.pc)
			err = op_step_arm_line(session, callee.image, callee.module, callee.pc);
	}
	return err;
}

// A frame's handlers, and those of the frames around it, are armed once.
static struct op_error *arm_handlers(struct op_session *session, op_thread_id thread)
{
	struct op_step *step = session->step;
	if (!thread || step->line.handlers_of == step->frame_fp)
		return NULL;
	step->line.handlers_of = step->frame_fp;
	return op_step_arm_catches(session, thread);
}

// All that can end the step, but for the frame's return.
static struct op_error *arm_plan(struct op_session *session, op_thread_id thread)
{
	const struct op_line_run *line = &session->step->line;
	const struct op_line_plan *plan = line->plan;
	const struct place *place = &line->place;
	struct op_error *err = arm_callees(session);
	for (size_t i = 0; !err && i < plan->stop_count; i++)
		err = op_step_arm_line(session, place->image, place->module, plan->stops[i].pc);
	for (size_t i = 0; !err && i < plan->dynamic_count; i++)
		err = op_step_arm_line(session, place->image, place->module, plan->dynamic[i]);
	return err || !plan->unwinds ? err : arm_handlers(session, thread);
}

static struct op_error *plan_at(struct op_session *session, const struct place *place,
				uint32_t hidden)
{
	struct op_line_run *line = &session->step->line;
	line->plan = NULL;
	op_line_cache_prune(line->cache);
	struct op_error *err = function_of(session, place, &line->function);
	if (err)
		return err;
	line->place = *place;
	line->false_arrivals = 0;
	if (!op_line_function_has_lines(line->function))
		return NULL;
	struct op_line_position position = {.pc = place->pc, .hidden = hidden};
	return op_line_plan_get(line->cache, line->function, line_kind(session->step), &position,
				&line->plan);
}

static void begin_native(struct op_step *step, op_thread_id thread, uint64_t function, uint64_t sp)
{
	step->native_thread = thread;
	step->native_function = function;
	step->native_sp = sp;
	step->native_steps = 0;
}

static struct op_error *follow_call(struct op_session *session, op_thread_id thread,
				    const struct op_image *image, uint64_t address, uint64_t sp)
{
	const struct op_function *owner;
	struct op_error *err =
		op_artifact_function_at(image->artifact, address - image->text.value, &owner);
	if (!err)
		begin_native(session->step, thread,
			     owner ? image->text.value + owner->text_offset : 0, sp);
	session->step->line.follows = true;
	return err;
}

// Beginning ----------------------------------------------------------------------------------

static struct op_error *leave_function(struct op_session *session, const struct op_stack *stack,
				       const struct op_frame *frame)
{
	op_session_notice(session, OP_NOTICE_INFO,
			  "Single stepping until exit from function %s, which has no line number "
			  "information.",
			  frame->function);
	session->step->line.begun_without_lines = true;
	struct op_error *err = op_step_arm_frame_return(session, stack, frame);
	return err ?: arm_handlers(session, op_session_selected_thread(session));
}

static struct op_error *begin_in_lines(struct op_session *session, const struct op_stack *stack,
				       const struct op_frame *frame)
{
	struct op_line_run *line = &session->step->line;
	op_thread_id thread = op_session_selected_thread(session);
	struct op_error *err = arm_plan(session, thread);
	if (!err && line->plan->leaves)
		err = op_step_arm_frame_return(session, stack, frame);
	bool calls = op_line_plan_is_dynamic(line->plan, line->place.pc);
	if (err || !calls || stack->frames[0].kind != OP_FRAME_WASM)
		return err;
	struct op_registers registers;
	err = op_process_registers(session->process, thread, &registers);
	return err
		       ?: follow_call(session, thread, line->place.image,
				      op_frame_virtual(frame)->host_pc.value,
				      registers.value[op_process_arch(session->process)->sp]);
}

static enum op_run_kind by_instruction(enum op_run_kind kind)
{
	return kind == OP_RUN_STEP_LINE   ? OP_RUN_STEP_INTO
	       : kind == OP_RUN_NEXT_LINE ? OP_RUN_STEP_OVER
					  : OP_RUN_UNTIL;
}

void op_step_line_clear(struct op_session *session)
{
	struct op_line_run *line = &session->step->line;
	*line = (struct op_line_run){.cache = line->cache};
	session->hidden_bodies = 0;
}

bool op_step_enters_inlined(struct op_session *session, enum op_run_kind kind, uint64_t *count)
{
	uint32_t hidden = op_session_hidden_bodies(session);
	// Who is shown no such frames would see nothing of it.
	if (kind != OP_RUN_STEP_LINE || !hidden || session->hide_inlined)
		return false;
	uint64_t steps = *count ? *count : 1;
	uint32_t entered = steps < hidden ? (uint32_t)steps : hidden;
	session->hidden_bodies -= entered;
	*count = steps - entered;
	op_stacks_forget(session);
	return !*count;
}

struct op_error *op_step_start_line(struct op_session *session, const struct op_stack *stack,
				    const struct op_frame *frame, uint32_t hidden)
{
	struct op_step *step = session->step;
	struct place place = op_step_place_of_frame(session, frame);
	bool in_prologue = op_frame_virtual(frame)->precision == OP_FRAME_PROLOGUE;
	step->frame_fp = frame->fp.value;
	struct op_error *err = plan_at(session, &place, hidden);
	if (err)
		return err;
	if (!step->line.plan && (session->step_mode || !op_line_function_info(step->line.function)))
		return op_step_start(session, by_instruction(step->kind), step->left);
	err = op_step_arm_ways_out(session, frame);
	if (err || !step->line.plan)
		return err ?: leave_function(session, stack, frame);
	if (!in_prologue)
		return begin_in_lines(session, stack, frame);
	// Its frame is there once its first instruction is reached.
	step->line.entering = true;
	step->frame_fp = 0;
	return op_step_arm_function_start(session, place.image, place.module, place.function);
}

// On the way ----------------------------------------------------------------------------------

// The frame is at a place with @p hidden bodies not entered: go on from there.
static struct op_error *go_on(struct op_session *session, op_thread_id thread,
			      const struct op_patch *patch, const struct place *place,
			      uint32_t hidden, uint64_t fp, uint64_t sp, enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	*ret = OP_STEP_ON;
	step->frame_fp = fp;
	struct op_error *err = plan_at(session, place, hidden);
	if (err)
		return err;
	const struct op_line_plan *plan = step->line.plan;
	if (plan)
		err = arm_plan(session, thread);
	else
		err = arm_handlers(session, thread);
	if (!err && (!plan || plan->leaves))
		err = op_step_arm_slot_return(session, place->image, patch, fp);
	if (err || !plan || !op_line_plan_is_dynamic(plan, place->pc))
		return err;
	*ret = OP_STEP_NATIVE;
	return follow_call(session, thread, place->image, patch->address, sp);
}

// A line is reached: one of those that were asked for.
static struct op_error *line_done(struct op_session *session, op_thread_id thread,
				  const struct op_patch *patch, const struct place *place,
				  uint32_t hidden, uint64_t fp, uint64_t sp,
				  enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	if (--step->left)
		return go_on(session, thread, patch, place, hidden, fp, sp, ret);
	session->hidden_bodies = hidden;
	session->hidden_thread = thread;
	*ret = OP_STEP_DONE;
	return NULL;
}

static bool is_own(const struct op_session *session, const struct place *place)
{
	const struct place *own = &session->step->line.place;
	return place->image == own->image && place->module == own->module &&
	       place->function == own->function;
}

// What only a line before this one wanted would stop a loop on the current line again and again.
static struct op_error *pass_by(struct op_session *session, struct op_patch *patch,
				const struct place *place, enum op_step_verdict *ret)
{
	struct op_line_run *line = &session->step->line;
	*ret = OP_STEP_ELSEWHERE;
	bool wanted = !is_own(session, place) || !line->plan ||
		      op_line_plan_stop(line->plan, place->pc) ||
		      op_line_plan_is_dynamic(line->plan, place->pc);
	if (wanted || ++line->false_arrivals <= FALSE_ARRIVALS_MAX)
		return NULL;
	return op_patch_drop_purpose(session, patch, OP_PATCH_LINE);
}

// Somewhere in the frame that is stepped.
static struct op_error *in_frame(struct op_session *session, op_thread_id thread,
				 struct op_patch *patch, const struct place *place, uint64_t fp,
				 uint64_t sp, enum op_step_verdict *ret)
{
	const struct op_line_plan *plan = session->step->line.plan;
	const struct op_line_stop *stop = plan ? op_line_plan_stop(plan, place->pc) : NULL;
	if (stop)
		return line_done(session, thread, patch, place, stop->hidden, fp, sp, ret);
	if (!plan || !op_line_plan_is_dynamic(plan, place->pc))
		return pass_by(session, patch, place, ret);
	*ret = OP_STEP_NATIVE;
	return follow_call(session, thread, place->image, patch->address, sp);
}

// In a frame around the one that was stepped: that has returned, or an exception went through it.
static struct op_error *returned(struct op_session *session, op_thread_id thread,
				 const struct op_patch *patch, const struct place *place,
				 uint64_t fp, uint64_t sp, enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	struct op_line_function *function;
	uint32_t hidden = 0;
	struct op_error *err = function_of(session, place, &function);
	if (err)
		return err;
	bool has_lines = op_line_function_has_lines(function);
	bool ends = has_lines ? op_line_function_is_start(function, place->pc)
			      : session->step_mode || step->line.begun_without_lines;
	if (step->kind == OP_RUN_FINISH)
		ends = true;
	// The call is the instruction before.
	if (ends && has_lines)
		err = op_line_function_new_bodies(function, place->pc - 1, place->pc, &hidden);
	if (err)
		return err;
	return ends ? line_done(session, thread, patch, place, hidden, fp, sp, ret)
		    : go_on(session, thread, patch, place, 0, fp, sp, ret);
}

// Was the frame at @p fp called by the one that is stepped? A body that Wasmtime has inlined shares
// its caller's, one that was called in its place may have it.
static struct op_error *is_callee(struct op_session *session, uint64_t fp, bool *ret)
{
	struct op_step *step = session->step;
	uint64_t caller;
	struct op_memory memory = session->raw_memory;
	struct op_error *err = op_memory_read_u64(&memory, op_host_addr(fp), &caller);
	*ret = !err && (caller == step->frame_fp || fp == step->frame_fp);
	return err;
}

// A function that the line calls begins.
static struct op_error *entered(struct op_session *session, op_thread_id thread,
				struct op_patch *patch, const struct place *place, uint64_t fp,
				uint64_t sp, enum op_step_verdict *ret)
{
	struct op_line_run *line = &session->step->line;
	struct op_line_function *function;
	bool called;
	uint32_t entry;
	struct op_error *err = function_of(session, place, &function);
	if (!err)
		err = entry_of(session, place, &entry);
	if (err)
		return err;
	bool at_start = place->pc == op_line_function_start(function);
	if (!entry && at_start)
		line->follows = false;
	if (!entry || (place->pc != entry && !at_start))
		return pass_by(session, patch, place, ret);
	err = is_callee(session, fp, &called);
	if (err || !(called || line->follows))
		return err ?: pass_by(session, patch, place, ret);
	if (place->pc == entry) {
		line->follows = false;
		uint32_t hidden = 0;
		err = op_line_function_inlined(function, entry, &hidden);
		return err ?: line_done(session, thread, patch, place, hidden, fp, sp, ret);
	}
	*ret = OP_STEP_ON;
	return op_step_arm_line(session, place->image, place->module, entry);
}

static bool is_called(const struct op_session *session, const struct place *place)
{
	const struct op_line_run *line = &session->step->line;
	bool same_module = place->image == line->place.image && place->module == line->place.module;
	for (size_t i = 0; same_module && line->plan && i < line->plan->callee_count; i++)
		if (line->plan->callees[i] == place->function)
			return true;
	return false;
}

struct op_error *op_step_line_reached(struct op_session *session, op_thread_id thread,
				      struct op_patch *patch, uint64_t fp, uint64_t sp,
				      enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	struct place place;
	*ret = OP_STEP_ELSEWHERE;
	if (!(patch->purposes & (OP_PATCH_STEP | OP_PATCH_LINE)) || patch->kind != OP_PATCH_SLOT)
		return NULL;
	struct op_error *err = op_step_place_of(session, patch, &place);
	if (err)
		return err;
	if (step->native_thread == thread)
		step->native_thread = 0;
	if (step->line.entering) {
		step->line.entering = false;
		return go_on(session, thread, patch, &place, 0, fp, sp, ret);
	}
	bool own = is_own(session, &place);
	if (fp == step->frame_fp && own)
		return in_frame(session, thread, patch, &place, fp, sp, ret);
	bool into = step->kind == OP_RUN_STEP_LINE;
	if (into && (fp < step->frame_fp || (fp == step->frame_fp && is_called(session, &place))))
		return entered(session, thread, patch, &place, fp, sp, ret);
	if (fp < step->frame_fp)
		return pass_by(session, patch, &place, ret);
	return returned(session, thread, patch, &place, fp, sp, ret);
}
