// SPDX-License-Identifier: GPL-3.0-or-later
// Instances and stores as Wasmtime keeps them: VMContext, VMStoreContext, memories. Reads memory
// only; knows no stacks. Source: crates/environ/src/vmoffsets.rs, vmtypes.rs; docs/wasmtime.md.
#include "target-runtime/instance.h"

#include <inttypes.h>

#include "base/reader.h"
#include "target-runtime/wasm/module.h"

// The fixed part of a VMContext: the same in all versions from 36 to 50.
enum {
	VMCTX_MAGIC = 0x65726f63, // "core"
	VMCTX_SELF = -16,         // vmctx_self_reference
	VMCTX_STORE = 0x08,
	VMCTX_BUILTINS = 0x10,
	VMCTX_VARIABLE = 0x30,
	IMPORTED_MEMORY_SIZE = 24,
	POINTER_SIZE = 8,
};

// VMBuiltinFunctionsArray never had more entries; an index from a wrong table must not read far
// away.
enum { BUILTINS_MAX = 256 };

struct op_error *op_instance_check(const struct op_memory *memory, struct op_host_addr vmctx,
				   bool *ret)
{
	*ret = false;
	if (vmctx.value < 4096 || vmctx.value % 16 != 0)
		return NULL;
	uint8_t head[16 + VMCTX_VARIABLE];
	size_t done;
	struct op_error *err = memory->read_some(
		memory->context, op_host_addr(vmctx.value + VMCTX_SELF), head, sizeof(head), &done);
	if (err)
		return err;
	if (done < sizeof(head) || op_load_u64_unchecked(head) != vmctx.value ||
	    op_load_u32_unchecked(head + 16) != VMCTX_MAGIC)
		return NULL;
	uint64_t store = op_load_u64_unchecked(head + 16 + VMCTX_STORE);
	uint64_t builtins = op_load_u64_unchecked(head + 16 + VMCTX_BUILTINS);
	uint8_t byte;
	size_t store_done, builtins_done;
	err = memory->read_some(memory->context, op_host_addr(store), &byte, 1, &store_done);
	if (!err)
		err = memory->read_some(memory->context, op_host_addr(builtins), &byte, 1,
					&builtins_done);
	if (err)
		return err;
	*ret = store % 8 == 0 && store_done == 1 && builtins % 8 == 0 && builtins_done == 1;
	return NULL;
}

struct op_error *op_instance_store(const struct op_memory *memory, struct op_host_addr vmctx,
				   struct op_host_addr *ret)
{
	return op_error_at(
		op_memory_read_u64(memory, op_host_addr_add(vmctx, VMCTX_STORE), &ret->value),
		"store of instance 0x%" PRIx64, vmctx.value);
}

struct op_error *op_instance_memory(const struct op_memory *memory, const struct op_layout *layout,
				    const struct op_wasm_module *module, struct op_host_addr vmctx,
				    uint32_t index, struct op_memory_state *ret)
{
	if (!layout || !module)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"memory %" PRIu32 " of instance 0x%" PRIx64
			" cannot be found: the module's original bytes are not known, "
			"so the number of its imported memories is not either",
			index, vmctx.value);
	uint32_t count;
	op_wasm_module_memories(module, &count);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no memory %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	uint32_t imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY);
	// Imported: VMMemoryImport, whose first field is the pointer. Defined: the pointers follow
	// the imports.
	uint64_t place = VMCTX_VARIABLE;
	if (index < imported)
		place += (uint64_t)index * IMPORTED_MEMORY_SIZE;
	else
		place += (uint64_t)imported * IMPORTED_MEMORY_SIZE +
			 (uint64_t)(index - imported) * POINTER_SIZE;
	uint64_t definition;
	struct op_error *err =
		op_memory_read_u64(memory, op_host_addr_add(vmctx, place), &definition);
	if (!err)
		err = op_memory_read_u64(memory, op_host_addr(definition), &ret->base.value);
	if (!err)
		err = op_memory_read_u64(memory, op_host_addr(definition + POINTER_SIZE),
					 &ret->size);
	ret->imported = index < imported;
	return op_error_at(err, "memory %" PRIu32 " of instance 0x%" PRIx64, index, vmctx.value);
}

struct op_error *op_instance_builtin(const struct op_memory *memory, struct op_host_addr vmctx,
				     uint32_t index, struct op_host_addr *ret)
{
	if (index >= BUILTINS_MAX)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "this Wasmtime version has no such builtin function");
	uint64_t builtins;
	struct op_error *err =
		op_memory_read_u64(memory, op_host_addr_add(vmctx, VMCTX_BUILTINS), &builtins);
	if (!err)
		err = op_memory_read_u64(memory,
					 op_host_addr(builtins + (uint64_t)index * POINTER_SIZE),
					 &ret->value);
	return op_error_at(err, "builtin function %" PRIu32 " of instance 0x%" PRIx64, index,
			   vmctx.value);
}

struct op_error *op_store_read(const struct op_memory *memory, const struct op_layout *layout,
			       struct op_host_addr store, struct op_store_state *ret)
{
	const struct {
		uint32_t offset;
		struct op_host_addr *field;
	} fields[] = {
		{layout->store_exit_fp, &ret->exit_fp},
		{layout->store_exit_pc, &ret->exit_pc},
		{layout->store_entry_fp, &ret->entry_fp},
		{layout->store_entry_sp, &ret->entry_sp},
		{layout->store_entry_trap_handler, &ret->entry_trap_handler},
		{layout->store_async_guard, &ret->guard_start},
		{layout->store_async_guard == OP_LAYOUT_ABSENT ? OP_LAYOUT_ABSENT
							       : layout->store_async_guard + 8,
		 &ret->guard_end},
	};
	*ret = (struct op_store_state){0};
	for (size_t i = 0; i < OP_ARRAY_SIZE(fields); i++) {
		if (fields[i].offset == OP_LAYOUT_ABSENT)
			continue;
		struct op_error *err = op_memory_read_u64(
			memory, op_host_addr_add(store, fields[i].offset), &fields[i].field->value);
		if (err)
			return op_error_at(err, "VMStoreContext at 0x%" PRIx64, store.value);
	}
	return NULL;
}
