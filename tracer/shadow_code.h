// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a thread in optimised code stands where its Wasm pc says, as far as the shadow stack's
// pointer goes. The compiler keeps writes in their order, but moves instructions that only compute
// in front of and behind them.
#ifndef OP_TRACER_SHADOW_CODE_H
#define OP_TRACER_SHADOW_CODE_H

#include "target-runtime/wasm/shadow_stack.h"
#include "tracer/session.h"

/**
 * @param[in] text_offset of the next machine instruction of the thread, in @p function's code.
 * @param[in] depth of the stack pointer by the Wasm pc.
 * @param[out] ret_agrees the writes in the machine code before that place leave the same depth.
 */
struct op_error *op_shadow_code_agrees(const struct op_module_entry *module,
				       const struct op_function *function, uint32_t text_offset,
				       const struct op_shadow_frame *frame, uint64_t depth,
				       bool *ret_agrees);

#endif
