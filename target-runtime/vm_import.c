// SPDX-License-Identifier: GPL-3.0-or-later
// Reads one import and looks its defining instance up among the known ones.
#include "target-runtime/vm_import.h"

#include "base/reader.h"
#include "target-runtime/vmctx.h"

static struct op_error *read_import(const struct op_store_set *set,
				    const struct op_instance *instance, uint64_t offset,
				    uint8_t bytes[OP_VM_IMPORT_SIZE], struct op_vm_import *ret)
{
	struct op_error *err =
		op_memory_read(&op_store_set_context(set)->memory,
			       op_host_addr_add(instance->vmctx, offset), bytes, OP_VM_IMPORT_SIZE);
	*ret = (struct op_vm_import){0};
	if (err)
		return err;
	ret->definition = op_host_addr(op_load_u64_unchecked(bytes));
	ret->vmctx = op_host_addr(op_load_u64_unchecked(bytes + OP_VM_IMPORT_VMCTX));
	ret->instance = ret->vmctx.value ? op_store_set_find(set, ret->vmctx) : NULL;
	return NULL;
}

struct op_error *op_vm_import_read(const struct op_store_set *set,
				   const struct op_instance *instance, uint64_t offset,
				   struct op_vm_import *ret)
{
	uint8_t bytes[OP_VM_IMPORT_SIZE];
	struct op_error *err = read_import(set, instance, offset, bytes, ret);
	if (!err)
		ret->defined_index = op_load_u32_unchecked(bytes + OP_VM_IMPORT_INDEX);
	return err;
}

struct op_error *op_vm_global_import_read(const struct op_store_set *set,
					  const struct op_instance *instance, uint64_t offset,
					  struct op_vm_import *ret)
{
	uint8_t bytes[OP_VM_IMPORT_SIZE];
	struct op_error *err = read_import(set, instance, offset, bytes, ret);
	if (!err) {
		ret->kind = op_load_u32_unchecked(bytes + OP_VM_GLOBAL_IMPORT_KIND);
		ret->defined_index = op_load_u32_unchecked(bytes + OP_VM_GLOBAL_IMPORT_INDEX);
	}
	return err;
}

static uint32_t external_count(const struct op_wasm_module *module, enum op_wasm_external kind)
{
	uint32_t count = 0;
	switch (kind) {
	case OP_WASM_EXTERNAL_FUNC:
		return op_wasm_module_function_count(module);
	case OP_WASM_EXTERNAL_TABLE:
		op_wasm_module_tables(module, &count);
		break;
	case OP_WASM_EXTERNAL_MEMORY:
		op_wasm_module_memories(module, &count);
		break;
	case OP_WASM_EXTERNAL_GLOBAL:
		op_wasm_module_globals(module, &count);
		break;
	case OP_WASM_EXTERNAL_TAG:
		op_wasm_module_tags(module, &count);
		break;
	}
	return count;
}

bool op_vm_import_owner_index(const struct op_vm_import *import, enum op_wasm_external kind,
			      uint32_t *ret)
{
	if (!import->instance || !import->instance->wasm)
		return false;
	uint32_t imported = op_wasm_module_imported(import->instance->wasm, kind);
	if (import->defined_index >= external_count(import->instance->wasm, kind) - imported)
		return false;
	*ret = imported + import->defined_index;
	return true;
}
