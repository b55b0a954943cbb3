// SPDX-License-Identifier: GPL-3.0-or-later
// The tables of an instance. Elements are read one by one or in ranges: nothing is ever taken by a
// table's size.
// Sources: crates/environ/src/vmoffsets.rs (VMTableDefinition, VMTableImport),
// crates/wasmtime/src/runtime/vm/table.rs (lazy initialisation).
#ifndef OP_TARGET_RUNTIME_TABLE_H
#define OP_TARGET_RUNTIME_TABLE_H

#include "target-runtime/cell.h"
#include "target-runtime/store_set.h"

/** A table as it is now. */
struct op_table_state {
	struct op_wasm_type type; /**< of the elements */
	bool is_64, has_maximum, imported;
	uint64_t minimum, maximum; /**< elements, as declared by this module */
	uint64_t size;             /**< elements now */
	struct op_host_addr base;  /**< of element 0; 0 when the table is empty */
	unsigned element_size;
	struct op_host_addr definition;  /**< VMTableDefinition */
	const struct op_instance *owner; /**< the instance that defines it; NULL when it is not in
					    the set. Borrowed from it */
	bool has_owner_index;
	uint32_t owner_index;                /**< in the owner's index space */
	uint32_t store;                      /**< number of the store */
	const struct op_wasm_module *module; /**< whose types the element type names */
};

struct op_error *op_instance_table_count(const struct op_instance *instance, uint32_t *ret);
/**
 * Table @p index of the instance's index space. @return OP_ERROR_NOT_FOUND, OP_ERROR_UNSUPPORTED,
 * OP_ERROR_FORMAT when what is there is no table.
 */
struct op_error *op_instance_table(const struct op_store_set *set,
				   const struct op_instance *instance, uint32_t index,
				   struct op_table_state *ret);

/** An element. */
struct op_table_element {
	struct op_cell cell;
	/**
	 * A function that nobody has asked for yet: Wasmtime writes it when it is first used. The
	 * value's state is OP_VALUE_LAZY; what it will be:
	 */
	bool lazy;
	bool lazy_known;        /**< the element segments of the module tell */
	bool lazy_null;         /**< null, else: */
	uint32_t lazy_function; /**< function index of the table's owner */
};
/**
 * Elements @p first to @p first + @p count - 1 into @p ret.
 * @return OP_ERROR_NOT_FOUND when they are not all in the table: the sentence says its size.
 */
struct op_error *op_table_elements(const struct op_store_set *set,
				   const struct op_table_state *table, uint64_t first, size_t count,
				   struct op_table_element *ret);

#endif
