// SPDX-License-Identifier: GPL-3.0-or-later
// The globals of an instance: its own, imported ones, and those that the host made.
// Source: crates/environ/src/vmoffsets.rs (VMGlobalImport, VMGlobalDefinition).
#ifndef OP_TARGET_RUNTIME_GLOBAL_H
#define OP_TARGET_RUNTIME_GLOBAL_H

#include "target-runtime/cell.h"
#include "target-runtime/store_set.h"

/**
 * How many globals the instance has, imported ones included. @return OP_ERROR_UNSUPPORTED: the
 * module is not known.
 */
struct op_error *op_instance_global_count(const struct op_instance *instance, uint32_t *ret);
/**
 * Global @p index of the instance's index space. @return OP_ERROR_NOT_FOUND for an index out of
 * range.
 */
struct op_error *op_instance_global(const struct op_store_set *set,
				    const struct op_instance *instance, uint32_t index,
				    struct op_cell *ret);
/** The same where the instance is known by its context alone, without a search for its store. */
struct op_error *op_global_read(const struct op_memory *memory, const struct op_layout *layout,
				const struct op_wasm_module *module, struct op_host_addr vmctx,
				uint32_t index, struct op_cell *ret);

#endif
