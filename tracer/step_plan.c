// SPDX-License-Identifier: GPL-3.0-or-later
// The planning half of stepping: which slots and addresses a stack can reach next, from the
// bytecode, the frame chain and the trampolines. Decides nothing about a stop.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/instance.h"
#include "tracer/step_private.h"

enum {
	FLOWS_MAX = 512,           // control-flow tables kept
	UNWIND_FRAMES_MAX = 10000, // searched for handlers
};

void op_step_forget_flows(struct op_step *step)
{
	struct flow_node *node, *next;
	HASH_ITER(hh, step->flows, node, next)
	{
		HASH_DEL(step->flows, node);
		op_wasm_flow_destroy(node->flow);
		free(node);
	}
}

void op_step_forget_returns(struct op_step *step)
{
	struct return_node *node, *next;
	HASH_ITER(hh, step->returns, node, next)
	{
		HASH_DEL(step->returns, node);
		free(node);
	}
}

static struct op_error *flow_of(struct op_session *session, struct op_artifact *artifact,
				uint32_t module, uint32_t function, struct op_wasm_flow **ret)
{
	struct op_step *step = session->step;
	struct flow_key key;
	memset(&key, 0, sizeof(key));
	key.artifact = artifact;
	key.module = module;
	key.function = function;
	struct flow_node *node;
	HASH_FIND(hh, step->flows, &key, sizeof(key), node);
	if (node) {
		*ret = node->flow;
		return NULL;
	}
	const struct op_wasm_module *wasm;
	struct op_error *err = op_artifact_module(artifact, module, &wasm);
	if (err)
		return err;
	if (HASH_COUNT(step->flows) >= FLOWS_MAX)
		op_step_forget_flows(step);
	node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->key = key;
	err = op_wasm_flow_create(wasm, function, &node->flow);
	if (err) {
		free(node);
		return err;
	}
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, step->flows, key, sizeof(node->key), node);
	if (failed) {
		op_wasm_flow_destroy(node->flow);
		free(node);
		return op_error_no_memory();
	}
	*ret = node->flow;
	return NULL;
}

// Patches -------------------------------------------------------------------------------------

// In a component the pcs of all modules mix, and a body may be inlined into another module's.
static bool slot_is_of_module(const struct op_frame_table *table, const struct op_slot *slot,
			      uint32_t module)
{
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	struct op_frame_descriptor descriptor;
	size_t count;
	if (!op_frame_table_find_exact(table, slot->text_offset + slot->size, OP_POINT_POST,
				       &point))
		return false;
	_cleanup_error_ struct op_error *err =
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count);
	_cleanup_error_ struct op_error *unknown =
		err || !count ? NULL
			      : op_frame_table_descriptor(table, frames[count - 1].descriptor,
							  &descriptor);
	return !err && count && !unknown && descriptor.module == module;
}

// Every slot of one instruction in one copy of the code (several where it was inlined or its loop
// was peeled).
static struct op_error *arm_pc_for(struct op_session *session, const struct op_image *image,
				   uint32_t module, uint32_t pc, unsigned purposes)
{
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_frame_table(image->artifact, &table);
	if (err || !table)
		return err;
	size_t count = op_frame_table_slot_count(table);
	for (size_t i = op_frame_table_slot_lower_bound(table, pc); i < count; i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		if (slot.pc != pc)
			break;
		if (op_artifact_info(image->artifact)->is_component &&
		    !slot_is_of_module(table, &slot, module))
			continue;
		struct op_patch *patch;
		err = op_patch_want_slot(session, image, &slot, &patch);
		if (err)
			return err;
		bool as_handler = purposes & OP_PATCH_CATCH;
		bool other_way = patch->purposes & OP_PATCH_STEP;
		if (purposes == OP_PATCH_STEP)
			patch->purposes &= ~(unsigned)OP_PATCH_CATCH;
		err = op_patch_add_purpose(session->patches, patch,
					   as_handler && other_way ? OP_PATCH_STEP : purposes);
		if (err)
			return err;
	}
	return NULL;
}

static struct op_error *arm_pc(struct op_session *session, const struct op_image *image,
			       uint32_t module, uint32_t pc)
{
	return arm_pc_for(session, image, module, pc, OP_PATCH_STEP);
}

struct op_error *op_step_arm_line(struct op_session *session, const struct op_image *image,
				  uint32_t module, uint32_t pc)
{
	return arm_pc_for(session, image, module, pc, OP_PATCH_LINE);
}

// In a component a call of an import may have been inlined, and which function it is only the frame
// table tells: arm the slots of all bodies that are inlined at the call of @p caller after which @p
// next comes.
static struct op_error *arm_inlined(struct op_session *session, const struct place *caller,
				    uint32_t next)
{
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_frame_table(caller->image->artifact, &table);
	size_t count = err || !table ? 0 : op_frame_table_slot_count(table);
	for (size_t i = 0; !err && i < count; i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		struct op_point point;
		struct op_point_frame frames[OP_POINT_FRAMES_MAX];
		struct op_frame_descriptor descriptor;
		size_t frame_count;
		if (!op_frame_table_find_exact(table, slot.text_offset + slot.size, OP_POINT_POST,
					       &point))
			continue;
		err = op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX,
						  &frame_count);
		if (err || frame_count < 2 || frames[frame_count - 2].pc != next)
			continue;
		err = op_frame_table_descriptor(table, frames[frame_count - 2].descriptor,
						&descriptor);
		if (err || descriptor.module != caller->module)
			continue;
		struct op_patch *patch;
		err = op_patch_want_slot(session, caller->image, &slot, &patch);
		if (!err)
			err = op_patch_add_purpose(session->patches, patch, OP_PATCH_STEP);
	}
	return err;
}

// Without bytecode nothing is known of where an instruction leads: arm every slot of the image, as
// Wasmtime's own stepping does.
static struct op_error *arm_all_slots(struct op_session *session, const struct op_image *image)
{
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_frame_table(image->artifact, &table);
	for (size_t i = 0; !err && table && i < op_frame_table_slot_count(table); i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		struct op_patch *patch;
		err = op_patch_want_slot(session, image, &slot, &patch);
		if (!err)
			err = op_patch_add_purpose(session->patches, patch, OP_PATCH_STEP);
	}
	return err;
}

struct op_error *op_step_arm_raw(struct op_session *session, uint64_t address, unsigned purpose)
{
	struct op_patch *patch;
	struct op_error *err = op_patch_want(session, address, OP_PATCH_RAW, &patch);
	if (err)
		return err;
	const struct op_image *image = op_image_set_find(session->images, op_host_addr(address));
	patch->image = image ? image->id : 0;
	return op_patch_add_purpose(session->patches, patch, purpose);
}

struct op_error *op_step_arm_function_start(struct op_session *session,
					    const struct op_image *image, uint32_t module,
					    uint32_t function)
{
	const struct op_wasm_module *wasm;
	struct op_error *err = op_artifact_module(image->artifact, module, &wasm);
	struct op_wasm_body body;
	if (err || !wasm || !op_wasm_module_function_body(wasm, function, &body))
		return err;
	return arm_pc(session, image, module, body.code_start);
}

// The instructions that the host can enter the guest at: whatever has an entry trampoline.
struct op_error *op_step_arm_entries(struct op_session *session)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < count; i++) {
		const struct op_function *functions;
		size_t function_count;
		struct op_error *err =
			op_artifact_functions(images[i]->artifact, &functions, &function_count);
		for (size_t k = 0; !err && k < function_count; k++)
			if (functions[k].kind == OP_FUNCTION_ENTRY_TRAMPOLINE)
				err = op_step_arm_function_start(session, images[i],
								 functions[k].module,
								 functions[k].index);
		if (err)
			return err;
	}
	return NULL;
}

// A trap on the way ends the step with the guest's stack intact.
struct op_error *op_step_arm_traps(struct op_session *session)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(session->images, &count);
	for (size_t i = 0; i < count; i++) {
		const struct op_function *builtin;
		struct op_error *err =
			op_artifact_find_builtin(images[i]->artifact, "trap", &builtin);
		if (!err && builtin)
			err = op_step_arm_raw(session, images[i]->text.value + builtin->text_offset,
					      OP_PATCH_TRAP);
		if (err)
			return err;
	}
	return NULL;
}

// Where an exception or a host's error that nobody in the guest handles lands: the entry
// trampoline's handler.
struct op_error *op_step_arm_handler(struct op_session *session, const struct op_image *image,
				     struct op_host_addr vmctx)
{
	const struct op_layout *layout = op_artifact_info(image->artifact)->layout;
	if (!vmctx.value || !layout)
		return NULL;
	struct op_memory memory = op_session_memory(session);
	struct op_host_addr store;
	struct op_store_state state;
	struct op_error *err = op_instance_store(&memory, vmctx, &store);
	if (!err)
		err = op_store_read(&memory, layout, store, &state);
	if (err) {
		// The step then only misses this way out.
		op_error_destroy(err);
		return NULL;
	}
	if (!op_image_set_find(session->images, state.entry_trap_handler))
		return NULL;
	return op_step_arm_raw(session, state.entry_trap_handler.value, OP_PATCH_LEAVE);
}

// Plans ---------------------------------------------------------------------------------------

// Arm what follows the instruction at a place within its function; @p ret_plan gets what else there
// is to do.
struct op_error *op_step_arm_successors(struct op_session *session, const struct place *place,
					uint8_t *ret_plan)
{
	*ret_plan = PLAN_DONE;
	const struct op_wasm_module *wasm;
	struct op_error *err = op_artifact_module(place->image->artifact, place->module, &wasm);
	if (err)
		return err;
	if (!wasm)
		return arm_all_slots(session, place->image);
	struct op_wasm_flow *flow;
	err = flow_of(session, place->image->artifact, place->module, place->function, &flow);
	if (err)
		return err;
	size_t index;
	if (!op_wasm_flow_find(flow, place->pc, &index))
		return op_error_create(OP_ERROR_FORMAT,
				       "no instruction starts at 0x%" PRIx32
				       " of function %" PRIu32,
				       place->pc, place->function);
	_cleanup_free_ uint32_t *targets = NULL;
	size_t count;
	bool leaves;
	err = op_wasm_flow_successors(flow, index, &targets, &count, &leaves);
	for (size_t i = 0; !err && i < count; i++)
		err = arm_pc(session, place->image, place->module, targets[i]);
	if (err)
		return err;
	if (leaves)
		*ret_plan |= PLAN_LEAVES;
	const struct op_wasm_instruction *instruction = op_wasm_flow_instruction(flow, index);
	uint32_t tags;
	op_wasm_module_tags(wasm, &tags);
	bool into = session->step->kind == OP_RUN_STEP_INTO;
	switch (instruction->control) {
	case OP_WASM_CALL:
	case OP_WASM_RETURN_CALL:
		if (!into)
			*ret_plan |= tags ? PLAN_UNWINDS : 0;
		else if (instruction->immediate <
			 op_wasm_module_imported(wasm, OP_WASM_EXTERNAL_FUNC)) {
			*ret_plan |= PLAN_NATIVE;
			if (op_artifact_info(place->image->artifact)->is_component)
				err = arm_inlined(session, place, place->pc + instruction->size);
		} else
			err = op_step_arm_function_start(session, place->image, place->module,
							 instruction->immediate);
		break;
	case OP_WASM_CALL_INDIRECT:
	case OP_WASM_RETURN_CALL_INDIRECT:
		*ret_plan |= into ? PLAN_NATIVE : tags ? PLAN_UNWINDS : 0;
		break;
	case OP_WASM_THROW:
		*ret_plan |= PLAN_UNWINDS;
		break;
	default:
		break;
	}
	return err;
}

// Arm what runs after a call in a machine frame has returned to the body @p first of those that
// were inlined there; a tail call that was inlined returns to the body around it.
static struct op_error *arm_after_call(struct op_session *session,
				       const struct op_machine_frame *frame, size_t first)
{
	struct op_stack_context context = op_session_stack_context(session);
	struct op_virtual_frame virtuals[OP_VIRTUAL_FRAMES_MAX];
	size_t count;
	struct op_error *err = op_virtual_frames(&context, frame, NULL, virtuals, &count);
	if (!err && first >= count)
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "the caller's instruction is not recorded");
	uint8_t plan = PLAN_LEAVES;
	for (size_t i = first; !err && i < count && plan & PLAN_LEAVES; i++) {
		if (!virtuals[i].has_pc)
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "the caller's instruction is not recorded");
		struct place place = {op_image_set_by_id(session->images, frame->image),
				      virtuals[i].pc.module, virtuals[i].function,
				      virtuals[i].pc.offset};
		err = op_step_arm_successors(session, &place, &plan);
	}
	return err;
}

// Arm what runs after the frame at @p fp has returned.
struct op_error *op_step_arm_return(struct op_session *session, uint64_t fp)
{
	struct op_step *step = session->step;
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_memory memory = session->raw_memory;
	uint64_t record[2];
	struct op_error *err = op_memory_read(&memory, op_host_addr(fp), record, sizeof(record));
	if (err)
		return err;
	uint64_t address = arch->strip_return_address(record[1]);
	struct return_node *node;
	HASH_FIND(hh, step->returns, &address, sizeof(address), node);
	if (node)
		return NULL;
	const struct op_image *image = op_image_set_find(session->images, op_host_addr(address));
	if (!image)
		return op_error_create(OP_ERROR_FORMAT,
				       "the frame at 0x%" PRIx64 " returns to 0x%" PRIx64
				       ", which is not Wasmtime's code",
				       fp, address);
	struct op_machine_frame frame = {
		.kind = OP_MACHINE_FRAME_WASM,
		.pc = op_host_addr(address),
		.fp = op_host_addr(record[0]),
		.pc_is_return_address = true,
		.image = image->id,
	};
	err = op_artifact_function_at(image->artifact, address - image->text.value,
				      &frame.function);
	if (err)
		return err;
	if (!frame.function || frame.function->kind != OP_FUNCTION_WASM) {
		step->entry_return = address;
		err = op_step_arm_raw(session, address, OP_PATCH_LEAVE);
	} else {
		err = arm_after_call(session, &frame, 0);
	}
	if (err)
		return err;
	node = calloc(1, sizeof(*node));
	if (!node)
		return op_error_no_memory();
	node->address = address;
	bool failed = false;
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (failed = true)
	HASH_ADD(hh, step->returns, address, sizeof(node->address), node);
	if (failed)
		free(node);
	return failed ? op_error_no_memory() : NULL;
}

// Arm what runs after the body that a slot is in has returned: the body it was inlined into, or the
// caller of the machine frame.
struct op_error *op_step_arm_slot_return(struct op_session *session, const struct op_image *image,
					 const struct op_patch *patch, uint64_t fp)
{
	struct op_stack_context context = op_session_stack_context(session);
	struct op_machine_frame frame = {
		.kind = OP_MACHINE_FRAME_WASM,
		.pc = op_host_addr(patch->address),
		.fp = op_host_addr(fp),
		.image = image->id,
	};
	struct op_error *err =
		op_artifact_function_at(image->artifact, patch->text_offset, &frame.function);
	if (err || !frame.function)
		return err;
	struct op_virtual_frame virtuals[OP_VIRTUAL_FRAMES_MAX];
	size_t count;
	err = op_virtual_frames(&context, &frame, NULL, virtuals, &count);
	if (err)
		return err;
	return count > 1 ? arm_after_call(session, &frame, 1) : op_step_arm_return(session, fp);
}

static struct op_error *arm_catches_of(struct op_session *session, const struct place *place)
{
	struct op_wasm_flow *flow;
	struct op_error *err =
		flow_of(session, place->image->artifact, place->module, place->function, &flow);
	size_t index;
	if (err || !op_wasm_flow_find(flow, place->pc, &index))
		return err;
	_cleanup_free_ uint32_t *targets = NULL;
	size_t count;
	err = op_wasm_flow_catch_targets(flow, index, &targets, &count);
	for (size_t i = 0; !err && i < count; i++)
		err = arm_pc_for(session, place->image, place->module, targets[i],
				 OP_PATCH_STEP | OP_PATCH_CATCH);
	return err;
}

// Arm every handler on the stack of @p thread: an exception may go to any of them.
struct op_error *op_step_arm_catches(struct op_session *session, op_thread_id thread)
{
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	op_memory_cache_drop(session->cache);
	struct op_stack_context context = op_session_stack_context(session);
	struct op_walk walk = {0};
	err = op_walk_thread(&context, &registers, UNWIND_FRAMES_MAX, &walk);
	for (size_t i = 0; !err && i < walk.count; i++) {
		if (walk.frames[i].kind != OP_MACHINE_FRAME_WASM)
			continue;
		struct op_virtual_frame virtuals[OP_VIRTUAL_FRAMES_MAX];
		size_t count;
		err = op_virtual_frames(&context, &walk.frames[i], i == 0 ? &registers : NULL,
					virtuals, &count);
		for (size_t k = 0; !err && k < count; k++) {
			if (!virtuals[k].has_pc)
				continue;
			struct place place = {
				op_image_set_by_id(session->images, virtuals[k].image),
				virtuals[k].pc.module, virtuals[k].function, virtuals[k].pc.offset};
			err = arm_catches_of(session, &place);
		}
	}
	op_walk_deinit(&walk);
	return err;
}

struct op_error *op_step_place_of(struct op_session *session, const struct op_patch *patch,
				  struct place *ret)
{
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	if (!image)
		return op_error_create(OP_ERROR_STATE,
				       "the code that is stepped through was unloaded");
	const struct op_function *owner;
	struct op_error *err = op_artifact_function_at(image->artifact, patch->text_offset, &owner);
	if (err)
		return err;
	if (!owner)
		return op_error_create(OP_ERROR_FORMAT,
				       "the slot at 0x%" PRIx64 " lies in no function",
				       patch->address);
	const struct op_wasm_module *wasm;
	err = op_artifact_module(image->artifact, owner->module, &wasm);
	if (err)
		return err;
	*ret = (struct place){
		.image = image, .module = owner->module, .function = owner->index, .pc = patch->pc};
	if (op_artifact_info(image->artifact)->is_component &&
	    op_artifact_info(image->artifact)->layout->pcs_are_component_relative) {
		uint32_t bias;
		err = op_artifact_module_bias(image->artifact, owner->module, &bias);
		if (err)
			return err;
		ret->pc -= bias;
	}
	if (wasm && !op_wasm_module_function_at(wasm, ret->pc, &ret->function))
		return op_error_create(OP_ERROR_FORMAT,
				       "the slot at 0x%" PRIx64 " is for 0x%" PRIx32
				       ", which lies in no function",
				       patch->address, ret->pc);
	return NULL;
}

struct op_error *op_step_arm_behind(struct op_session *session, const struct place *place)
{
	const struct op_wasm_module *wasm;
	struct op_error *err = op_artifact_module(place->image->artifact, place->module, &wasm);
	if (err)
		return err;
	if (!wasm)
		return arm_all_slots(session, place->image);
	struct op_wasm_flow *flow;
	err = flow_of(session, place->image->artifact, place->module, place->function, &flow);
	size_t count = err ? 0 : op_wasm_flow_count(flow);
	for (size_t i = 0; !err && i < count; i++) {
		uint32_t pc = op_wasm_flow_instruction(flow, i)->offset;
		if (pc > place->pc)
			err = arm_pc(session, place->image, place->module, pc);
	}
	return err;
}

struct op_error *op_step_plan_slot(struct op_session *session, op_thread_id thread,
				   struct op_patch *patch, uint64_t fp, uint64_t sp,
				   enum op_step_verdict *ret)
{
	struct op_step *step = session->step;
	struct op_error *err = NULL;
	*ret = OP_STEP_ON;
	if (!patch->plan) {
		struct place place;
		err = op_step_place_of(session, patch, &place);
		if (!err)
			err = op_step_arm_successors(session, &place, &patch->plan);
		if (err)
			return err;
	}
	const struct op_image *image = op_image_set_by_id(session->images, patch->image);
	if (!image)
		return op_error_create(OP_ERROR_STATE,
				       "the code that is stepped through was unloaded");
	if (patch->plan & PLAN_LEAVES)
		err = op_step_arm_slot_return(session, image, patch, fp);
	if (!err && patch->plan & PLAN_UNWINDS)
		err = op_step_arm_catches(session, thread);
	if (!err && patch->plan & PLAN_NATIVE) {
		const struct op_function *owner;
		err = op_artifact_function_at(image->artifact, patch->text_offset, &owner);
		step->native_thread = thread;
		step->native_function = owner ? image->text.value + owner->text_offset : 0;
		step->native_sp = sp;
		step->native_steps = 0;
		*ret = OP_STEP_NATIVE;
	}
	return err;
}
