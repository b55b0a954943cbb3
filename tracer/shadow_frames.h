// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of code without guest-debug on the shadow stack in linear memory: nothing records where
// their Wasm locals are, but the addresses of what they keep in linear memory follow from the stack
// pointer and from what the functions on the stack have taken of it. All of them must hold to the
// pattern of target-runtime/wasm/shadow_stack.h; else the reason.
#ifndef OP_TRACER_SHADOW_FRAMES_H
#define OP_TRACER_SHADOW_FRAMES_H

#include "tracer/session.h"

/** What is known of a module's functions; NULL: nothing yet. */
struct op_shadow_functions;
void op_shadow_functions_destroy(struct op_shadow_functions *functions);

/**
 * The value of a Wasm local that holds an address in the frame.
 * @param[in] frame of the session's walked stack, with no_values.
 * @return OP_ERROR_NOT_FOUND with the reason why it cannot be told.
 */
struct op_error *op_shadow_frame_address(struct op_session *session, const struct op_frame *frame,
					 uint32_t local, uint64_t *ret);

#endif
