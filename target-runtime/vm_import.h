// SPDX-License-Identifier: GPL-3.0-or-later
// VMMemoryImport, VMTableImport, VMTagImport and VMGlobalImport: a definition, the instance that
// has it, its index there.
// Source: crates/environ/src/vmoffsets.rs, crates/wasmtime/src/runtime/vm/vmcontext.rs.
#ifndef OP_TARGET_RUNTIME_VM_IMPORT_H
#define OP_TARGET_RUNTIME_VM_IMPORT_H

#include "target-runtime/store_set.h"

struct op_vm_import {
	struct op_host_addr definition;
	struct op_host_addr vmctx;
	const struct op_instance *instance; /**< NULL: not in the set */
	uint32_t kind;                      /**< globals: enum op_vm_global_kind */
	uint32_t defined_index;             /**< without the instance's own imports */
};

/** @param[in] offset of the import in the VMContext. */
struct op_error *op_vm_import_read(const struct op_store_set *set,
				   const struct op_instance *instance, uint64_t offset,
				   struct op_vm_import *ret);
/** The same for a global. */
struct op_error *op_vm_global_import_read(const struct op_store_set *set,
					  const struct op_instance *instance, uint64_t offset,
					  struct op_vm_import *ret);
/**
 * From the defined index to the index space of the defining instance; false when its module is not
 * known or has no such thing.
 */
bool op_vm_import_owner_index(const struct op_vm_import *import, enum op_wasm_external kind,
			      uint32_t *ret);

#endif
