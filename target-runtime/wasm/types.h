// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and showing the pieces that types are made of. Knows no sections and no instructions.
#ifndef OP_TARGET_RUNTIME_WASM_TYPES_H
#define OP_TARGET_RUNTIME_WASM_TYPES_H

#include "target-runtime/wasm/module.h"

/** What a block type says: nothing, one result, or a function type. */
struct op_wasm_block_type {
	enum { OP_BLOCK_TYPE_EMPTY, OP_BLOCK_TYPE_RESULT, OP_BLOCK_TYPE_FUNCTION } kind;
	struct op_wasm_type result;
	uint32_t function; /**< type index */
};

/** A value type. */
struct op_error *op_wasm_type_read(struct op_reader *r, struct op_wasm_type *ret);
/** A value type, i8 or i16: the type of a field. */
struct op_error *op_wasm_storage_type_read(struct op_reader *r, struct op_wasm_type *ret);
/** A heap type as in op_wasm_type.heap_type. */
struct op_error *op_wasm_heap_type_read(struct op_reader *r, int32_t *ret);
struct op_error *op_wasm_block_type_read(struct op_reader *r, struct op_wasm_block_type *ret);
struct op_error *op_wasm_table_type_read(struct op_reader *r, struct op_wasm_table *ret);
struct op_error *op_wasm_memory_type_read(struct op_reader *r, struct op_wasm_limits *ret);
struct op_error *op_wasm_global_type_read(struct op_reader *r, struct op_wasm_global *ret);

/** "func", "any", "3": append. */
void op_wasm_heap_type_text(int32_t heap_type, struct op_text *text);
/** " (param i32 i32) (result i64)": append, nothing for an empty list. */
void op_wasm_function_type_clauses(const struct op_wasm_type_def *type, struct op_text *text);

#endif
