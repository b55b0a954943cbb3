// SPDX-License-Identifier: GPL-3.0-or-later
// A typed place in the target: a global, a table element, a field of a GC object. Knows how each is
// stored, not where.
#ifndef OP_TARGET_RUNTIME_CELL_H
#define OP_TARGET_RUNTIME_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "target-runtime/memory.h"
#include "target-runtime/value.h"
#include "target-runtime/wasm/module.h"

/**
 * What stands at a place. value.address is the place, 0 when there is none. Packed fields (i8, i16)
 * have value.type OP_VALUE_I32, zero-extended; funcrefs are pointers to a VMFuncRef
 * (op_function_ref_read()), other references the u32 that op_gc_object_read() takes.
 */
struct op_cell {
	struct op_value value;
	struct op_wasm_type type; /**< as declared; OP_WASM_TYPE_I8 and I16 for packed fields */
	unsigned size;            /**< bytes at value.address: 1, 2, 4, 8 or 16 */
	bool is_mutable;          /**< as declared */
};

/**
 * True for i32, i64, f32, f64, v128 and packed fields: what can be written without Wasmtime's help.
 */
bool op_cell_is_number(const struct op_cell *cell);

enum op_cell_storage {
	OP_CELL_VMCTX, /**< globals: funcref a pointer */
	OP_CELL_TABLE, /**< table elements: funcref a pointer with a tag in bit 0 */
	OP_CELL_HEAP,  /**< GC objects: funcref a number in a table of the store */
};
/**
 * Read what stands at @p address; what cannot be read becomes the value's state. Fails only when
 * the target is gone.
 * @param[in] module for types that it defines; may be NULL.
 */
struct op_error *op_cell_read(const struct op_memory *memory, const struct op_wasm_module *module,
			      struct op_host_addr address, const struct op_wasm_type *type,
			      enum op_cell_storage storage, bool is_mutable, struct op_cell *ret);
/**
 * The same without memory: @p ret gets a type, a size and no value yet. False for a type that is
 * not known.
 */
bool op_cell_init(const struct op_wasm_module *module, const struct op_wasm_type *type,
		  enum op_cell_storage storage, struct op_cell *ret);

#endif
