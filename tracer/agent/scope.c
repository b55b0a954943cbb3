// SPDX-License-Identifier: GPL-3.0-or-later
// Places of values at a patch slot. Sources: docs/wasmtime.md, sections 3, 4 and 6;
// crates/environ/src/vmoffsets.rs (VMGlobalImport, VMMemoryImport).
#include "tracer/agent/scope.h"

#include <inttypes.h>
#include <stdlib.h>

#include "target-runtime/cell.h"

// Places ----------------------------------------------------------------------------------------

static struct op_error *need_number(enum op_value_type type, const char *what, uint32_t index)
{
	if (type <= OP_VALUE_F64)
		return NULL;
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "code inside the target cannot calculate with %s %" PRIu32
			       ": its type is %s",
			       what, index, op_value_type_name(type));
}

static struct op_error *need_module(const struct op_slot_scope *scope, const char *what)
{
	if (scope->module)
		return NULL;
	return op_error_create(
		OP_ERROR_UNSUPPORTED,
		"where the instance keeps its %s is not known: the module's original "
		"bytes are not recorded",
		what);
}

// In the machine frame. The slot's base is FP - slot_to_fp.
static struct op_machine_place in_frame(const struct op_slot_scope *scope, uint32_t offset)
{
	return (struct op_machine_place){
		.base = OP_BASE_FRAME,
		.offsets = {(int64_t)offset - (int64_t)scope->descriptor.slot_to_fp},
		.offset_count = 1,
	};
}

// In the instance, whose pointer lies at the slot's base.
static struct op_machine_place in_instance(const struct op_slot_scope *scope, uint64_t offset)
{
	struct op_machine_place place = in_frame(scope, 0);
	place.offsets[place.offset_count++] = (int64_t)offset;
	return place;
}

// Where the pointer at a place leads.
static struct op_machine_place behind(struct op_machine_place place)
{
	place.offsets[place.offset_count++] = 0;
	return place;
}

static struct op_error *local(void *context, uint32_t index, struct op_machine_place *ret)
{
	const struct op_slot_scope *scope = context;
	struct op_frame_place place;
	struct op_error *err = op_frame_descriptor_local(&scope->descriptor, index, &place);
	if (!err)
		err = need_number(place.type, "local", index);
	if (!err)
		*ret = in_frame(scope, place.offset);
	return err;
}

static struct op_error *operand(void *context, uint32_t index, struct op_machine_place *ret)
{
	const struct op_slot_scope *scope = context;
	if (index >= scope->operand_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the operand stack has no value %" PRIu32
				       " there (it has %zu; $stack0 is the bottom)",
				       index, scope->operand_count);
	struct op_error *err = need_number(scope->operands[index].type, "operand", index);
	if (!err)
		*ret = in_frame(scope, scope->operands[index].offset);
	return err;
}

// The import's first word points to the cell, also where the host made it.
static struct op_error *global(void *context, uint32_t index, struct op_machine_place *ret)
{
	const struct op_slot_scope *scope = context;
	struct op_error *err = need_module(scope, "globals");
	if (err)
		return err;
	uint32_t count, imported = op_wasm_module_imported(scope->module, OP_WASM_EXTERNAL_GLOBAL);
	const struct op_wasm_global *globals = op_wasm_module_globals(scope->module, &count);
	struct op_cell cell;
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no global %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	if (!op_cell_init(scope->module, &globals[index].type, OP_CELL_VMCTX, &cell))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the type of global %" PRIu32 " is not known", index);
	err = need_number(cell.value.type, "global", index);
	if (err)
		return err;
	if (index < imported)
		*ret = behind(in_instance(scope, scope->offsets.imported_globals +
							 (uint64_t)index * OP_VM_IMPORT_SIZE));
	else
		*ret = in_instance(scope, scope->offsets.globals +
						  (uint64_t)(index - imported) * OP_VM_GLOBAL_SIZE);
	return NULL;
}

static struct op_error *memory(void *context, uint32_t index, struct op_machine_place *ret)
{
	const struct op_slot_scope *scope = context;
	struct op_error *err = need_module(scope, "memories");
	if (err)
		return err;
	uint32_t count, imported = op_wasm_module_imported(scope->module, OP_WASM_EXTERNAL_MEMORY);
	op_wasm_module_memories(scope->module, &count);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no memory %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	uint64_t pointer =
		index < imported
			? scope->offsets.imported_memories + (uint64_t)index * OP_VM_IMPORT_SIZE
			: scope->offsets.memories +
				  (uint64_t)(index - imported) * OP_VM_POINTER_SIZE;
	*ret = behind(in_instance(scope, pointer));
	return NULL;
}

static struct op_error *pc(void *context, uint32_t *ret)
{
	const struct op_slot_scope *scope = context;
	if (!scope->has_pc)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the place's offset in its module is not known");
	*ret = scope->pc;
	return NULL;
}

struct op_machine_scope op_slot_scope_machine(struct op_slot_scope *scope)
{
	return (struct op_machine_scope){
		.context = scope,
		.local = local,
		.operand = operand,
		.global = global,
		.memory = memory,
		.pc = pc,
	};
}

// Slots -----------------------------------------------------------------------------------------

struct op_error *op_slot_scope_init(const struct op_frame_descriptor *descriptor, uint32_t shape,
				    const struct op_layout *layout,
				    const struct op_wasm_module *module, struct op_slot_scope *ret)
{
	*ret = (struct op_slot_scope){.descriptor = *descriptor, .module = module};
	if (module)
		ret->offsets = op_vmctx_offsets(layout, module);
	return op_frame_descriptor_stack(descriptor, shape, &ret->operands, &ret->operand_count);
}

void op_slot_scope_deinit(struct op_slot_scope *scope)
{
	free(scope->operands);
	*scope = (struct op_slot_scope){0};
}

// Before 44 a component's table counts from the component's first byte.
static struct op_error *find_pc(struct op_artifact *artifact, uint32_t table_pc,
				struct op_slot_scope *scope)
{
	const struct op_artifact_info *info = op_artifact_info(artifact);
	uint32_t bias = 0;
	struct op_error *err = NULL;
	if (info->is_component && info->layout->pcs_are_component_relative)
		err = op_artifact_module_bias(artifact, scope->descriptor.module, &bias);
	if (err && err->code != OP_ERROR_NOT_FOUND)
		return err;
	scope->has_pc = !err && table_pc >= bias;
	scope->pc = table_pc - bias;
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_slot_scope_at(struct op_artifact *artifact, uint32_t slot_end,
				  struct op_slot_scope *ret)
{
	const struct op_frame_table *table;
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	size_t count = 0;
	struct op_error *err = op_artifact_frame_table(artifact, &table);
	if (err)
		return err;
	if (table && op_frame_table_find_exact(table, slot_end, OP_POINT_POST, &point))
		err = op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX,
						  &count);
	if (!err && !count)
		err = op_error_create(
			OP_ERROR_NOT_FOUND,
			"the frame table says nothing of a slot that ends at 0x%" PRIx32
			" in the code",
			slot_end);
	if (err)
		return err;
	const struct op_point_frame *innermost = &frames[count - 1];
	struct op_frame_descriptor descriptor;
	const struct op_wasm_module *module;
	err = op_frame_table_descriptor(table, innermost->descriptor, &descriptor);
	if (!err)
		err = op_artifact_module(artifact, descriptor.module, &module);
	if (!err)
		err = op_slot_scope_init(&descriptor, innermost->shape,
					 op_artifact_info(artifact)->layout, module, ret);
	if (err)
		return err;
	err = find_pc(artifact, innermost->pc, ret);
	if (err)
		op_slot_scope_deinit(ret);
	return err;
}
