// SPDX-License-Identifier: GPL-3.0-or-later
// Where compiled code finds locals, operands, globals and memories at a patch slot: everything from
// the frame pointer, so that one stub serves all threads, instances and copies of the code. Knows
// no process and reads no memory but the artifact's.
#ifndef OP_TRACER_AGENT_SCOPE_H
#define OP_TRACER_AGENT_SCOPE_H

#include "target-runtime/artifact.h"
#include "target-runtime/vmctx.h"
#include "tracer/agent/stub.h"

/** A slot, as an expression sees it. Borrows the artifact's bytes. */
struct op_slot_scope {
	struct op_frame_descriptor descriptor; /**< of the innermost body: an inlined one's own */
	struct op_frame_place *operands;       /**< owned; bottom first */
	size_t operand_count;
	const struct op_wasm_module *module; /**< NULL: not recorded */
	struct op_vmctx_offsets offsets;     /**< when there is a module */
	bool has_pc;
	uint32_t pc; /**< in the module */
};

/**
 * From the parts.
 * @param[in] shape the operand stack's top, UINT32_MAX when it is empty.
 * @param[in] module may be NULL; then globals and memories are refused.
 * @param[out] ret zero-initialised or not; deinit it when there is no error.
 */
struct op_error *op_slot_scope_init(const struct op_frame_descriptor *descriptor, uint32_t shape,
				    const struct op_layout *layout,
				    const struct op_wasm_module *module, struct op_slot_scope *ret);
/**
 * Of the slot in the artifact's text that ends at @p slot_end. @return OP_ERROR_NOT_FOUND when
 * there is none.
 */
struct op_error *op_slot_scope_at(struct op_artifact *artifact, uint32_t slot_end,
				  struct op_slot_scope *ret);
void op_slot_scope_deinit(struct op_slot_scope *scope);

/**
 * For op_stub_compile(); borrows @p scope. It refuses with OP_ERROR_UNSUPPORTED what is no number,
 * with OP_ERROR_NOT_FOUND what is not there.
 */
struct op_machine_scope op_slot_scope_machine(struct op_slot_scope *scope);

#endif
