// SPDX-License-Identifier: GPL-3.0-or-later
// Compares the variable part of a VMContext with a module. Every check is one that a true instance
// passes at every moment after its creation.
// Source: crates/wasmtime/src/runtime/vm/instance.rs (initialize_vmctx).
#include "target-runtime/instance_shape.h"

#include <stdlib.h>

#include "base/reader.h"
#include "target-runtime/image_scan.h"
#include "target-runtime/vmctx.h"

// Of each kind as many as this are looked at: two modules that differ do so early, and no count
// makes the check long.
enum { LOOKED_AT_MAX = 64 };

struct shape {
	const struct op_stack_context *context;
	struct op_region_list regions;
	const struct op_wasm_module *module;
	struct op_vmctx_offsets offsets;
	uint32_t function_import_size;
	uint64_t vmctx;
	uint8_t bytes[LOOKED_AT_MAX * 32];
};

static uint32_t limited(uint32_t count)
{
	return count < LOOKED_AT_MAX ? count : LOOKED_AT_MAX;
}

static struct op_error *read_at(struct shape *shape, uint64_t address, size_t size, bool *ret)
{
	size_t done;
	const struct op_memory *memory = &shape->context->memory;
	struct op_error *err = memory->read_some(memory->context, op_host_addr(address),
						 shape->bytes, size, &done);
	*ret = !err && done == size;
	return err;
}

static bool is_readable(const struct shape *shape, uint64_t address)
{
	const struct op_region *region = op_region_find(&shape->regions, op_host_addr(address));
	return region && region->readable;
}

static bool is_code(const struct shape *shape, uint64_t address)
{
	const struct op_region *region = op_region_find(&shape->regions, op_host_addr(address));
	return region && region->executable;
}

/** VMMemoryImport, VMTableImport, VMTagImport: a definition, and the core instance that has it. */
static struct op_error *imports_fit(struct shape *shape, uint64_t offset, uint32_t count, bool *ret)
{
	count = limited(count);
	*ret = true;
	struct op_error *err =
		read_at(shape, shape->vmctx + offset, (size_t)count * OP_VM_IMPORT_SIZE, ret);
	uint64_t owners[LOOKED_AT_MAX];
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		const uint8_t *import = shape->bytes + i * OP_VM_IMPORT_SIZE;
		owners[i] = op_load_u64_unchecked(import + OP_VM_IMPORT_VMCTX);
		*ret = is_readable(shape, op_load_u64_unchecked(import)) &&
		       owners[i] % OP_VMCTX_ALIGN == 0;
	}
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		err = read_at(shape, owners[i], 4, ret);
		*ret = *ret && op_load_u32_unchecked(shape->bytes) == OP_VMCTX_MAGIC_CORE;
	}
	return err;
}

static struct op_error *functions_fit(struct shape *shape, bool *ret)
{
	uint32_t count = limited(op_wasm_module_imported(shape->module, OP_WASM_EXTERNAL_FUNC));
	*ret = true;
	struct op_error *err = read_at(shape, shape->vmctx + shape->offsets.imported_functions,
				       (size_t)count * shape->function_import_size, ret);
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		const uint8_t *import = shape->bytes + i * shape->function_import_size;
		*ret = is_code(shape, op_load_u64_unchecked(import)) &&
		       is_code(shape, op_load_u64_unchecked(import + OP_VM_POINTER_SIZE));
	}
	return err;
}

static struct op_error *globals_fit(struct shape *shape, bool *ret)
{
	uint32_t count = limited(op_wasm_module_imported(shape->module, OP_WASM_EXTERNAL_GLOBAL));
	*ret = true;
	struct op_error *err = read_at(shape, shape->vmctx + shape->offsets.imported_globals,
				       (size_t)count * OP_VM_IMPORT_SIZE, ret);
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		const uint8_t *import = shape->bytes + i * OP_VM_IMPORT_SIZE;
		*ret = is_readable(shape, op_load_u64_unchecked(import)) &&
		       op_load_u32_unchecked(import + OP_VM_GLOBAL_IMPORT_KIND) <
			       OP_VM_GLOBAL_KIND_COUNT;
	}
	return err;
}

static bool size_fits(const struct op_wasm_limits *limits, uint8_t log2, uint64_t size)
{
	uint64_t units = size >> log2;
	return units << log2 == size && units >= limits->minimum &&
	       (!limits->has_maximum || units <= limits->maximum);
}

/** Own memories: a pointer each, to the definition behind all the pointers. */
static struct op_error *memories_fit(struct shape *shape, bool *ret)
{
	uint32_t imported = op_wasm_module_imported(shape->module, OP_WASM_EXTERNAL_MEMORY), count;
	const struct op_wasm_limits *limits = op_wasm_module_memories(shape->module, &count);
	count = limited(count - imported);
	*ret = true;
	struct op_error *err = read_at(shape, shape->vmctx + shape->offsets.memories,
				       (size_t)count * OP_VM_POINTER_SIZE, ret);
	uint64_t definitions[LOOKED_AT_MAX];
	uint64_t owned = shape->vmctx + shape->offsets.owned_memories;
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		definitions[i] = op_load_u64_unchecked(shape->bytes + i * OP_VM_POINTER_SIZE);
		if (limits[imported + i].shared)
			continue;
		*ret = definitions[i] == owned;
		owned += OP_VM_DEFINITION_SIZE;
	}
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		err = read_at(shape, definitions[i], OP_VM_DEFINITION_SIZE, ret);
		uint64_t size = op_load_u64_unchecked(shape->bytes + OP_VM_DEFINITION_LENGTH);
		*ret = *ret &&
		       (size == 0 || is_readable(shape, op_load_u64_unchecked(shape->bytes))) &&
		       size_fits(&limits[imported + i], limits[imported + i].page_size_log2, size);
	}
	return err;
}

static struct op_error *tables_fit(struct shape *shape, bool *ret)
{
	uint32_t imported = op_wasm_module_imported(shape->module, OP_WASM_EXTERNAL_TABLE), count;
	const struct op_wasm_table *tables = op_wasm_module_tables(shape->module, &count);
	count = limited(count - imported);
	*ret = true;
	struct op_error *err = read_at(shape, shape->vmctx + shape->offsets.tables,
				       (size_t)count * OP_VM_DEFINITION_SIZE, ret);
	for (uint32_t i = 0; !err && *ret && i < count; i++) {
		const uint8_t *table = shape->bytes + i * OP_VM_DEFINITION_SIZE;
		uint64_t size = op_load_u64_unchecked(table + OP_VM_DEFINITION_LENGTH);
		*ret = (size == 0 || is_readable(shape, op_load_u64_unchecked(table))) &&
		       size_fits(&tables[imported + i].limits, 0, size);
	}
	return err;
}

struct op_error *op_instance_shape_fits(const struct op_stack_context *context,
					const struct op_layout *layout,
					const struct op_wasm_module *module,
					struct op_host_addr vmctx, bool *ret)
{
	struct shape shape = {
		.context = context,
		.regions = {.data = context->regions, .count = context->region_count},
		.module = module,
		.offsets = op_vmctx_offsets(layout, module),
		.function_import_size = layout->function_import_size,
		.vmctx = vmctx.value,
	};
	struct op_error *err = memories_fit(&shape, ret);
	if (!err && *ret)
		err = functions_fit(&shape, ret);
	if (!err && *ret)
		err = globals_fit(&shape, ret);
	if (!err && *ret)
		err = tables_fit(&shape, ret);
	if (!err && *ret)
		err = imports_fit(&shape, shape.offsets.imported_memories,
				  op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY), ret);
	if (!err && *ret)
		err = imports_fit(&shape, shape.offsets.imported_tables,
				  op_wasm_module_imported(module, OP_WASM_EXTERNAL_TABLE), ret);
	if (!err && *ret)
		err = imports_fit(&shape, shape.offsets.imported_tags,
				  op_wasm_module_imported(module, OP_WASM_EXTERNAL_TAG), ret);
	return err;
}
