// SPDX-License-Identifier: GPL-3.0-or-later
// One walk over an instruction's immediates serves decoding, text and branch targets, so that they
// cannot disagree. Knows no function bodies.
#ifndef OP_TARGET_RUNTIME_WASM_IMMEDIATES_H
#define OP_TARGET_RUNTIME_WASM_IMMEDIATES_H

#include "base/array.h"
#include "target-runtime/wasm/module.h"
#include "target-runtime/wasm/opcodes.h"

struct op_wasm_labels OP_ARRAY(uint32_t);

/** What the walk is for: zero what is not wanted. */
struct op_wasm_immediates {
	struct op_text *text;                /**< append the text form here */
	const struct op_wasm_module *module; /**< with text: names and types; may be NULL */
	uint32_t function; /**< with text: full index for the locals' names, UINT32_MAX: unknown */
	struct op_wasm_labels
		*labels; /**< append every label depth here, in the order of the bytes */
	uint32_t first;  /**< out: what op_wasm_instruction.immediate is to be */
	uint64_t offset; /**< out: of an access to memory */
};

/** Read the opcode at the reader's position. */
struct op_error *op_wasm_opcode_read(struct op_reader *r, uint32_t *ret_opcode,
				     const struct op_wasm_opcode **ret);
/** Read the immediates of an @p opcode that was just read. */
struct op_error *op_wasm_immediates_read(struct op_reader *r, const struct op_wasm_opcode *opcode,
					 struct op_wasm_immediates *walk);
/** Read a whole instruction, without text. */
struct op_error *op_wasm_instruction_read(struct op_reader *r, struct op_wasm_labels *labels,
					  struct op_wasm_instruction *ret);
/** Read a constant expression and its `end`. */
struct op_error *op_wasm_expression_skip(struct op_reader *r);

#endif
