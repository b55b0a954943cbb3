// SPDX-License-Identifier: GPL-3.0-or-later
// The opcode space as data: mnemonic, form of the immediates, effect on control. Knows neither
// modules nor readers.
#ifndef OP_TARGET_RUNTIME_WASM_OPCODES_H
#define OP_TARGET_RUNTIME_WASM_OPCODES_H

#include <stdint.h>

#include "target-runtime/wasm/module.h"

/** The form of an instruction's immediates; immediates.c has one function for each. */
enum op_immediate {
	OP_IMMEDIATE_NONE,
	OP_IMMEDIATE_BLOCK,      /**< a block type */
	OP_IMMEDIATE_LABEL,      /**< a label depth */
	OP_IMMEDIATE_INDEX,      /**< one index that is always shown */
	OP_IMMEDIATE_INDEX_PAIR, /**< two of them */
	OP_IMMEDIATE_FUNCTION,   /**< an index whose name is shown */
	OP_IMMEDIATE_LOCAL,
	OP_IMMEDIATE_GLOBAL,
	OP_IMMEDIATE_OPTIONAL, /**< a memory index that is shown unless it is 0 */
	OP_IMMEDIATE_SEGMENT,  /**< a segment, then a memory or table, shown first unless 0 */
	OP_IMMEDIATE_COPY,     /**< destination and source, shown unless both are 0 */
	OP_IMMEDIATE_INDIRECT, /**< a function type, then a table, shown unless 0 */
	OP_IMMEDIATE_BR_TABLE,
	OP_IMMEDIATE_BR_CAST,      /**< flags, label, two heap types */
	OP_IMMEDIATE_TRY_TABLE,    /**< a block type, then catch clauses */
	OP_IMMEDIATE_RESUME,       /**< a continuation type, then handlers */
	OP_IMMEDIATE_RESUME_THROW, /**< a continuation type, a tag, then handlers */
	OP_IMMEDIATE_MEMORY,       /**< alignment, memory, offset */
	OP_IMMEDIATE_MEMORY_LANE,  /**< the same, then a lane */
	OP_IMMEDIATE_LANE,
	OP_IMMEDIATE_LANES, /**< sixteen lanes */
	OP_IMMEDIATE_I32,
	OP_IMMEDIATE_I64,
	OP_IMMEDIATE_F32,
	OP_IMMEDIATE_F64,
	OP_IMMEDIATE_V128,
	OP_IMMEDIATE_SELECT_TYPES,
	OP_IMMEDIATE_HEAP_TYPE,
	OP_IMMEDIATE_REF,      /**< a heap type, meaning the non-null reference to it */
	OP_IMMEDIATE_REF_NULL, /**< a heap type, meaning the nullable reference to it */
	OP_IMMEDIATE_FENCE,    /**< a byte that must be 0 */
	OP_IMMEDIATE_COUNT,
};

struct op_wasm_opcode {
	const char *name; /**< the mnemonic; NULL: no such instruction */
	enum op_immediate immediate;
	enum op_wasm_control control;
	uint8_t align; /**< memory instructions: log2 of the natural alignment */
};

/**
 * The row for an opcode; NULL when it is not known.
 * @param[in] prefix 0 for opcodes of one byte, else 0xfb ... 0xfe.
 */
const struct op_wasm_opcode *op_wasm_opcode_find(uint8_t prefix, uint32_t opcode);

#endif
