// SPDX-License-Identifier: GPL-3.0-or-later
// Adds up the variable part of a VMContext. Reads no memory.
// Source: crates/environ/src/vmoffsets.rs, VMOffsets::from(VMOffsetsFields).
#include "target-runtime/vmctx.h"

#include <stddef.h>

#include "base/compiler.h"

static uint64_t align(uint64_t offset, uint64_t to)
{
	return (offset + to - 1) / to * to;
}

struct op_vmctx_offsets op_vmctx_offsets(const struct op_layout *layout,
					 const struct op_wasm_module *module)
{
	uint32_t memories, tables, globals, tags;
	const struct op_wasm_limits *limits = op_wasm_module_memories(module, &memories);
	op_wasm_module_tables(module, &tables);
	op_wasm_module_globals(module, &globals);
	op_wasm_module_tags(module, &tags);
	uint32_t imported_functions = op_wasm_module_imported(module, OP_WASM_EXTERNAL_FUNC);
	uint32_t imported_memories = op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY);
	uint32_t imported_tables = op_wasm_module_imported(module, OP_WASM_EXTERNAL_TABLE);
	uint32_t imported_globals = op_wasm_module_imported(module, OP_WASM_EXTERNAL_GLOBAL);
	uint32_t imported_tags = op_wasm_module_imported(module, OP_WASM_EXTERNAL_TAG);
	// A shared memory's definition lives outside of the instances that use it.
	uint32_t owned = 0;
	for (uint32_t i = imported_memories; i < memories; i++)
		owned += !limits[i].shared;

	struct op_vmctx_offsets ret;
	const struct {
		uint64_t *part;
		uint64_t count, size, alignment;
	} parts[] = {
		{&ret.imported_memories, imported_memories, OP_VM_IMPORT_SIZE, 1},
		{&ret.memories, memories - imported_memories, OP_VM_POINTER_SIZE, 1},
		{&ret.owned_memories, owned, OP_VM_DEFINITION_SIZE, 1},
		{&ret.imported_functions, imported_functions, layout->function_import_size, 1},
		{&ret.imported_tables, imported_tables, OP_VM_IMPORT_SIZE, 1},
		{&ret.imported_globals, imported_globals, OP_VM_IMPORT_SIZE, 1},
		{&ret.imported_tags, imported_tags, OP_VM_IMPORT_SIZE, 1},
		{&ret.tables, tables - imported_tables, OP_VM_DEFINITION_SIZE, 1},
		{&ret.globals, globals - imported_globals, OP_VM_GLOBAL_SIZE, OP_VM_GLOBAL_SIZE},
		{&ret.tags, tags - imported_tags, OP_VM_TAG_SIZE, 1},
		{&ret.func_refs, 0, OP_VM_FUNC_REF_SIZE,
		 layout->align_func_refs ? OP_VM_POINTER_SIZE : 1},
	};
	uint64_t offset = OP_VMCTX_VARIABLE;
	for (size_t i = 0; i < OP_ARRAY_SIZE(parts); i++) {
		offset = align(offset, parts[i].alignment);
		*parts[i].part = offset;
		offset += parts[i].count * parts[i].size;
	}
	return ret;
}
