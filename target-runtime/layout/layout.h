// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between Wasmtime versions, as data. A new version is one row in layout.c.
#ifndef OP_TARGET_RUNTIME_LAYOUT_H
#define OP_TARGET_RUNTIME_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/** Offset of a field that the version does not have. */
#define OP_LAYOUT_ABSENT UINT32_MAX

enum { OP_TRAP_CODES_MAX = 64 };

/** Layout of one range of major versions on 64-bit targets. Offsets in bytes. Sources: facts in
 * docs/wasmtime.md. */
struct op_layout {
	unsigned first_version, last_version; /**< major versions, inclusive */

	/** Frame table (.wasmtime.frames); 0 words: the version has none. */
	unsigned frame_table_header_words; /**< 4 (v39, v40) or 6 */
	unsigned function_key_kind_shift;  /**< of a FuncKey namespace: 29 (to v40) or 28 */
	bool call_point_is_next; /**< v44+: the program point of a call's return names the next
				    operator, not the call */
	bool pcs_are_component_relative; /**< to v43: Wasm pcs of components count from the
					    component's first byte */
	bool has_bytecode;               /**< v43+ */
	bool block_encoded_maps;         /**< v47+: address map and trap table are block encoded */

	/** VMStoreContext. */
	uint32_t store_fuel, store_epoch_deadline, store_execution_version, store_stack_limit;
	uint32_t store_gc_heap_base, store_gc_heap_length;
	uint32_t store_exit_fp; /**< last_wasm_exit_trampoline_fp; to v36 the FP of the Wasm caller
				   itself */
	bool store_exit_fp_is_caller; /**< v36 */
	uint32_t store_exit_pc, store_entry_sp, store_entry_fp, store_entry_trap_handler;
	uint32_t store_stack_chain, store_data, store_async_guard;

	/**
	 * Fields of Wasmtime's Instance, bytes below the VMContext that it ends with. It is laid
	 * out by the Rust compiler, so these are what the released programs have; whoever uses them
	 * checks what is there.
	 */
	uint32_t instance_id;           /**< u32 */
	uint32_t instance_runtime_info; /**< u64 0: a module, 1: bare; then the pointer to an Arc of
					   it */
	uint32_t
		instance_store; /**< pointer to the store; equal to store_data where there is one */

	/** Settings that precede others in .wasmtime.engine (crates/environ/src/tunables.rs). */
	bool tunables_debug_guest, tunables_debug_symbols, tunables_operator_cost;

	/** VMContext, variable part. */
	uint32_t function_import_size; /**< 24 to v44, 32 since */
	bool align_func_refs;          /**< v49+ */

	/** Indices in VMBuiltinFunctionsArray; OP_LAYOUT_ABSENT where there is none. */
	uint32_t builtin_trap, builtin_raise, builtin_throw_ref, builtin_breakpoint;

	const char *const *trap_codes; /**< code -> name in the field's words ("integer divide by
					  zero"); NULL entries unknown */
	unsigned trap_code_count;
};

/**
 * The layout for a major version; the newest one for versions that are newer than all known
 * (*ret_known false), NULL for versions older than the oldest.
 */
const struct op_layout *op_layout_find(unsigned version, bool *ret_known);

/** The name of a trap code under @p layout, or NULL. */
const char *op_layout_trap_name(const struct op_layout *layout, uint8_t code);

#endif
