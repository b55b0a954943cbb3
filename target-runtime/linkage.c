// SPDX-License-Identifier: GPL-3.0-or-later
// Resolves imports, linear memories and tags of an instance. Source:
// crates/environ/src/vmoffsets.rs.
#include "target-runtime/linkage.h"

#include <inttypes.h>

#include "target-runtime/image_scan.h"
#include "target-runtime/store_set_private.h"
#include "target-runtime/vm_import.h"
#include "target-runtime/vmctx.h"

// Imports -------------------------------------------------------------------------------------

struct op_error *op_instance_import_count(const struct op_instance *instance, uint32_t *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(instance, &module);
	if (!err)
		op_wasm_module_imports(module, ret);
	return err;
}

static const char *const global_problems[OP_VM_GLOBAL_KIND_COUNT] = {
	[OP_VM_GLOBAL_HOST] = NULL,
	[OP_VM_GLOBAL_INSTANCE] = NULL,
	[OP_VM_GLOBAL_COMPONENT_FLAGS] = "a flag of a component instance",
	[OP_VM_GLOBAL_TASK_MAY_BLOCK] = "a flag of a component's task",
};

static struct op_error *bind_global(const struct op_store_set *set,
				    const struct op_instance *instance, uint64_t offset,
				    struct op_binding *ret)
{
	struct op_vm_import import;
	struct op_error *err = op_vm_global_import_read(set, instance, offset, &import);
	if (err)
		return err;
	ret->definition = import.definition;
	if (import.kind >= OP_VM_GLOBAL_KIND_COUNT) {
		ret->problem = "what it is bound to is of a kind that outpost does not know";
		return NULL;
	}
	ret->problem = global_problems[import.kind];
	if (import.kind != OP_VM_GLOBAL_INSTANCE)
		return NULL;
	ret->vmctx = import.vmctx;
	ret->instance = import.instance;
	ret->has_index = op_vm_import_owner_index(&import, OP_WASM_EXTERNAL_GLOBAL, &ret->index);
	return NULL;
}

static struct op_error *bind_other(const struct op_store_set *set,
				   const struct op_instance *instance, uint64_t offset,
				   enum op_wasm_external kind, struct op_binding *ret)
{
	struct op_vm_import import;
	struct op_error *err = op_vm_import_read(set, instance, offset, &import);
	if (err)
		return err;
	ret->definition = import.definition;
	ret->vmctx = import.vmctx;
	ret->instance = import.instance;
	ret->has_index = op_vm_import_owner_index(&import, kind, &ret->index);
	return NULL;
}

struct op_error *op_instance_import(const struct op_store_set *set,
				    const struct op_instance *instance, uint32_t index,
				    struct op_binding *ret)
{
	const struct op_wasm_module *module;
	*ret = (struct op_binding){0};
	struct op_error *err = op_instance_module(instance, &module);
	if (err)
		return err;
	uint32_t count;
	const struct op_wasm_import *imports = op_wasm_module_imports(module, &count);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no import %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	const struct op_wasm_import *import = &imports[index];
	struct op_vmctx_offsets offsets = op_vmctx_offsets(instance->layout, module);
	uint64_t place = (uint64_t)import->index * OP_VM_IMPORT_SIZE;
	ret->import = import;
	switch (import->kind) {
	case OP_WASM_EXTERNAL_FUNC:
		err = op_function_import_read(set, instance, import->index, &ret->function);
		ret->vmctx = ret->function.vmctx;
		ret->instance = ret->function.instance;
		ret->has_index = ret->function.kind == OP_FUNCTION_REF_GUEST;
		ret->index = ret->function.function;
		ret->problem =
			ret->function.kind == OP_FUNCTION_REF_BAD ? ret->function.problem : NULL;
		break;
	case OP_WASM_EXTERNAL_TABLE:
		err = bind_other(set, instance, offsets.imported_tables + place, import->kind, ret);
		break;
	case OP_WASM_EXTERNAL_MEMORY:
		err = bind_other(set, instance, offsets.imported_memories + place, import->kind,
				 ret);
		break;
	case OP_WASM_EXTERNAL_GLOBAL:
		err = bind_global(set, instance, offsets.imported_globals + place, ret);
		break;
	case OP_WASM_EXTERNAL_TAG:
		err = bind_other(set, instance, offsets.imported_tags + place, import->kind, ret);
		break;
	}
	return op_error_at(err, "import %" PRIu32 " of instance 0x%" PRIx64, index,
			   instance->vmctx.value);
}

// Memories ------------------------------------------------------------------------------------

struct op_error *op_instance_memory_count(const struct op_instance *instance, uint32_t *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(instance, &module);
	if (!err)
		op_wasm_module_memories(module, ret);
	return err;
}

/**
 * The memory's pages, and pages of no access behind them, as far as Wasmtime reserves at first:
 * what is behind that may be the reserved pages of the next memory, which the kernel does not tell
 * apart. One that has outgrown it was given an amount that is not recorded.
 */
static bool find_reservation(const struct op_store_set *set, const struct op_instance *instance,
			     struct op_host_addr base, uint64_t size, uint64_t *ret)
{
	const struct op_store_settings *settings = &set->settings[instance->store];
	struct op_region_list regions = {.data = set->context.regions,
					 .count = set->context.region_count};
	const struct op_region *region = op_region_find(&regions, base),
			       *end = regions.data + regions.count;
	if (!region || !settings->known || size > settings->tunables.memory_reservation)
		return false;
	uint64_t at = region->end.value;
	// The memory itself may be several regions: what was grown, a copy-on-write image at its
	// start.
	while (region + 1 < end && region[1].start.value == at && at < base.value + size) {
		region++;
		at = region->end.value;
	}
	while (region + 1 < end && region[1].start.value == at && !region[1].readable &&
	       !region[1].writable && !region[1].executable) {
		region++;
		at = region->end.value;
	}
	uint64_t held = at - base.value;
	*ret = held < settings->tunables.memory_reservation ? held
							    : settings->tunables.memory_reservation;
	return true;
}

struct op_error *op_instance_memory_details(const struct op_store_set *set,
					    const struct op_instance *instance, uint32_t index,
					    struct op_memory_details *ret)
{
	const struct op_wasm_module *module;
	const struct op_stack_context *context = op_store_set_context(set);
	*ret = (struct op_memory_details){0};
	struct op_error *err = op_instance_module(instance, &module);
	if (!err)
		err = op_instance_memory(&context->memory, instance->layout, module,
					 instance->vmctx, index, &ret->state);
	if (err)
		return err;
	uint32_t count, imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY);
	const struct op_wasm_limits *limits = &op_wasm_module_memories(module, &count)[index];
	struct op_vmctx_offsets offsets = op_vmctx_offsets(instance->layout, module);
	ret->is_64 = limits->is_64;
	ret->shared = limits->shared;
	ret->has_maximum = limits->has_maximum;
	ret->page_size_log2 = limits->page_size_log2;
	ret->minimum = limits->minimum;
	ret->maximum = limits->maximum;
	ret->has_reservation = find_reservation(set, instance, ret->state.base, ret->state.size,
						&ret->reservation);
	if (index < imported) {
		struct op_vm_import import;
		err = op_vm_import_read(
			set, instance,
			offsets.imported_memories + (uint64_t)index * OP_VM_IMPORT_SIZE, &import);
		if (err)
			return err;
		ret->definition = import.definition;
		ret->owner = import.instance;
		ret->has_owner_index = op_vm_import_owner_index(&import, OP_WASM_EXTERNAL_MEMORY,
								&ret->owner_index);
		return NULL;
	}
	ret->owner = instance;
	ret->has_owner_index = true;
	ret->owner_index = index;
	return op_memory_read_u64(
		&context->memory,
		op_host_addr_add(instance->vmctx, offsets.memories + (uint64_t)(index - imported) *
									     OP_VM_POINTER_SIZE),
		&ret->definition.value);
}

// Tags ----------------------------------------------------------------------------------------

struct op_error *op_instance_tag_count(const struct op_instance *instance, uint32_t *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(instance, &module);
	if (!err)
		op_wasm_module_tags(module, ret);
	return err;
}

struct op_error *op_instance_tag(const struct op_store_set *set, const struct op_instance *instance,
				 uint32_t index, struct op_tag_state *ret)
{
	const struct op_wasm_module *module;
	*ret = (struct op_tag_state){0};
	struct op_error *err = op_instance_module(instance, &module);
	if (err)
		return err;
	uint32_t count, types, imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_TAG);
	const uint32_t *tags = op_wasm_module_tags(module, &count);
	const struct op_wasm_type_def *defs = op_wasm_module_types(module, &types);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no tag %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	struct op_vmctx_offsets offsets = op_vmctx_offsets(instance->layout, module);
	ret->imported = index < imported;
	ret->type = tags[index] < types && defs[tags[index]].composite == OP_WASM_FUNC
			    ? &defs[tags[index]]
			    : NULL;
	if (ret->imported) {
		struct op_vm_import import;
		err = op_vm_import_read(set, instance,
					offsets.imported_tags + (uint64_t)index * OP_VM_IMPORT_SIZE,
					&import);
		if (err)
			return err;
		ret->definition = import.definition;
		ret->owner = import.instance;
		ret->has_owner_index =
			op_vm_import_owner_index(&import, OP_WASM_EXTERNAL_TAG, &ret->owner_index);
	} else {
		ret->definition = op_host_addr_add(instance->vmctx,
						   offsets.tags + (uint64_t)(index - imported) *
									  OP_VM_TAG_SIZE);
		ret->owner = instance;
		ret->has_owner_index = true;
		ret->owner_index = index;
	}
	return op_error_at(op_memory_read_u32(&op_store_set_context(set)->memory, ret->definition,
					      &ret->type_id),
			   "tag %" PRIu32 " of instance 0x%" PRIx64, index, instance->vmctx.value);
}
