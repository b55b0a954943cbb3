// SPDX-License-Identifier: GPL-3.0-or-later
// Where what is in a VMContext, from the counts of the module and the version's layout. Reads no
// memory.
// Source: crates/environ/src/vmoffsets.rs, vmtypes.rs; docs/wasmtime.md. The fixed part is the same
// from 36 to 50.
#ifndef OP_TARGET_RUNTIME_VMCTX_H
#define OP_TARGET_RUNTIME_VMCTX_H

#include <stdint.h>

#include "target-runtime/layout/layout.h"
#include "target-runtime/wasm/module.h"

enum {
	OP_VMCTX_MAGIC_CORE = 0x65726f63,      /**< "core" */
	OP_VMCTX_MAGIC_COMPONENT = 0x706d6f63, /**< "comp" */
	OP_VMCTX_MAGIC_HOST = 0x46484341,      /**< "ACHF": a VMArrayCallHostFuncContext */
	OP_VMCTX_ALIGN = 16,
	OP_VMCTX_SELF = -16, /**< vmctx_self_reference */

	OP_VMCTX_STORE = 0x08, /**< components: 0x10 */
	OP_VMCTX_BUILTINS = 0x10,
	OP_VMCTX_EPOCH = 0x18,
	OP_VMCTX_GC_DATA = 0x20,
	OP_VMCTX_TYPE_IDS = 0x28,
	OP_VMCTX_VARIABLE = 0x30,
	OP_VMCTX_COMPONENT_STORE = 0x10,
	OP_VMCTX_HOST_FUNC_REF = 0x08,
	OP_VMCTX_COMPONENT_VARIABLE = 0x20,

	/**
	 * VMMemoryImport, VMTableImport, VMTagImport: {from, vmctx, u32 index}; VMGlobalImport:
	 * {from, vmctx, u32 kind, u32 index}.
	 */
	OP_VM_IMPORT_SIZE = 24,
	OP_VM_IMPORT_VMCTX = 8,
	OP_VM_IMPORT_INDEX = 16,
	OP_VM_GLOBAL_IMPORT_KIND = 16,
	OP_VM_GLOBAL_IMPORT_INDEX = 20,
	/** VMMemoryDefinition and VMTableDefinition: {base, usize length in bytes or elements}. */
	OP_VM_DEFINITION_SIZE = 16,
	OP_VM_DEFINITION_LENGTH = 8,
	OP_VM_POINTER_SIZE = 8,
	OP_VM_GLOBAL_SIZE = 16,
	OP_VM_TAG_SIZE = 4,
	/** VMFuncRef, in all versions: {array_call, wasm_call, u32 type, vmctx}. */
	OP_VM_FUNC_REF_SIZE = 32,
	OP_VM_FUNC_REF_ARRAY_CALL = 0,
	OP_VM_FUNC_REF_WASM_CALL = 8,
	OP_VM_FUNC_REF_TYPE = 16,
	OP_VM_FUNC_REF_VMCTX = 24,
	/**
	 * VMFunctionImport of 24 bytes, to v44: {wasm_call, array_call, vmctx}; that of 32 is like
	 * a VMFuncRef.
	 */
	OP_VM_SHORT_FUNCTION_IMPORT_SIZE = 24,
	OP_VM_SHORT_FUNCTION_IMPORT_VMCTX = 16,
};

/** VMGlobalKind. */
enum op_vm_global_kind {
	OP_VM_GLOBAL_HOST,
	OP_VM_GLOBAL_INSTANCE,
	OP_VM_GLOBAL_COMPONENT_FLAGS,
	OP_VM_GLOBAL_TASK_MAY_BLOCK,
	OP_VM_GLOBAL_KIND_COUNT,
};

/** Offsets from the vmctx of the parts that the module's counts decide. */
struct op_vmctx_offsets {
	uint64_t imported_memories, memories, owned_memories;
	uint64_t imported_functions, imported_tables, imported_globals, imported_tags;
	uint64_t tables, globals, tags, func_refs;
};
struct op_vmctx_offsets op_vmctx_offsets(const struct op_layout *layout,
					 const struct op_wasm_module *module);

#endif
