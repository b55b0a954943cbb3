// SPDX-License-Identifier: GPL-3.0-or-later
// Finds a global's cell: in the instance, or where its import points. Source:
// crates/environ/src/vmoffsets.rs.
#include "target-runtime/global.h"

#include <inttypes.h>

#include "target-runtime/vmctx.h"

struct op_error *op_instance_global_count(const struct op_instance *instance, uint32_t *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(instance, &module);
	if (!err)
		op_wasm_module_globals(module, ret);
	return err;
}

struct op_error *op_global_read(const struct op_memory *memory, const struct op_layout *layout,
				const struct op_wasm_module *module, struct op_host_addr vmctx,
				uint32_t index, struct op_cell *ret)
{
	uint32_t count, imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_GLOBAL);
	const struct op_wasm_global *globals = op_wasm_module_globals(module, &count);
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no global %" PRIu32 ": the module has %" PRIu32,
				       index, count);
	struct op_vmctx_offsets offsets = op_vmctx_offsets(layout, module);
	struct op_host_addr cell = op_host_addr_add(
		vmctx, offsets.globals + (uint64_t)(index - imported) * OP_VM_GLOBAL_SIZE);
	struct op_error *err = NULL;
	if (index < imported)
		err = op_memory_read_u64(
			memory,
			op_host_addr_add(vmctx, offsets.imported_globals +
							(uint64_t)index * OP_VM_IMPORT_SIZE),
			&cell.value);
	if (!err)
		err = op_cell_read(memory, module, cell, &globals[index].type, OP_CELL_VMCTX,
				   globals[index].is_mutable, ret);
	return op_error_at(err, "global %" PRIu32 " of instance 0x%" PRIx64, index, vmctx.value);
}

struct op_error *op_instance_global(const struct op_store_set *set,
				    const struct op_instance *instance, uint32_t index,
				    struct op_cell *ret)
{
	const struct op_wasm_module *module;
	struct op_error *err = op_instance_module(instance, &module);
	return err
		       ?: op_global_read(&op_store_set_context(set)->memory, instance->layout,
					 module, instance->vmctx, index, ret);
}
