// SPDX-License-Identifier: GPL-3.0-or-later
// Instances and stores as Wasmtime keeps them: VMContext, VMStoreContext, memories. Offsets come
// from layout/. Source: crates/environ/src/vmoffsets.rs, vmtypes.rs; docs/wasmtime.md.
#ifndef OP_TARGET_RUNTIME_INSTANCE_H
#define OP_TARGET_RUNTIME_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "target-runtime/layout/layout.h"
#include "target-runtime/memory.h"

struct op_wasm_module;

/** True when @p vmctx is the VMContext of a core instance: magic, self pointer, readable store. */
struct op_error *op_instance_check(const struct op_memory *memory, struct op_host_addr vmctx,
				   bool *ret);
/** The VMStoreContext of an instance. */
struct op_error *op_instance_store(const struct op_memory *memory, struct op_host_addr vmctx,
				   struct op_host_addr *ret);

/** A linear memory of an instance as it is now. */
struct op_memory_state {
	struct op_host_addr base;
	uint64_t size; /**< bytes */
	bool imported;
};
/** Memory @p index of the instance's index space. @param[in] module the instance's module (counts).
 */
struct op_error *op_instance_memory(const struct op_memory *memory, const struct op_layout *layout,
				    const struct op_wasm_module *module, struct op_host_addr vmctx,
				    uint32_t index, struct op_memory_state *ret);

/** The host function behind a builtin, by its index in VMBuiltinFunctionsArray. */
struct op_error *op_instance_builtin(const struct op_memory *memory, struct op_host_addr vmctx,
				     uint32_t index, struct op_host_addr *ret);

/** The fields of a VMStoreContext that the walk needs. */
struct op_store_state {
	struct op_host_addr exit_fp, exit_pc, entry_fp, entry_sp, entry_trap_handler;
	struct op_host_addr guard_start, guard_end; /**< 0 where the version has none */
};
struct op_error *op_store_read(const struct op_memory *memory, const struct op_layout *layout,
			       struct op_host_addr store, struct op_store_state *ret);

#endif
