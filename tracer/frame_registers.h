// SPDX-License-Identifier: GPL-3.0-or-later
// The host's registers in frames of the guest, as far as the functions called from them have kept
// them: by the unwind information of the image, and of the host's files for stretches between.
#ifndef OP_TRACER_FRAME_REGISTERS_H
#define OP_TRACER_FRAME_REGISTERS_H

#include "tracer/host_modules.h"
#include "tracer/session.h"

/** One machine frame of the walked stack, as it was when it made its call. */
struct op_frame_registers {
	struct op_known_registers registers;
	bool has_frame_address;
	uint64_t frame_address; /**< canonical: what sp is when the function has returned */
	bool is_innermost;      /**< the thread's own: its vector registers are this frame's */
};
/** What is known of the stack that was walked last (op_session.frame_chain). */
void op_frame_chain_destroy(struct op_frame_chain *chain);
/**
 * @param[in] frame of the session's walked stack, WASM.
 * @param[out] ret borrowed, until the next call. NULL: the frame is not on that stack.
 */
struct op_error *op_frame_registers(struct op_session *session, const struct op_frame *frame,
				    const struct op_frame_registers **ret);
/** The machine frame that a frame of the walked stack is on; NULL: none. */
const struct op_machine_frame *op_frame_machine(const struct op_session *session,
						const struct op_frame *frame);

#endif
