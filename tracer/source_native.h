// SPDX-License-Identifier: GPL-3.0-or-later
// Variables in optimised code by the native debug information that Wasmtime's -D debug-info=y has
// put into the image: where they are in the host's registers, on its stack, or in linear memory.
#ifndef OP_TRACER_SOURCE_NATIVE_H
#define OP_TRACER_SOURCE_NATIVE_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"
#include "tracer/source.h"

/** An image's native information, opened when it is first asked for. */
struct op_native_info;
void op_native_info_destroy(struct op_native_info *native);

/**
 * Whether a variable of a frame is looked up this way: a local or parameter, the frame's code
 * records no values, and its image has native debug information.
 */
bool op_source_native_applies(struct op_session *session, const struct op_frame *frame,
			      const struct op_debug_variable *variable);
/**
 * Where it is now, as a location for Wasm: a constant address in linear memory, or its bytes.
 * @param[in] body of the frame. @param[in] size of the variable's type.
 * @param[out] ret deinit it; its problem says why nothing is known.
 */
struct op_error *op_source_native_locate(struct op_session *session, const struct op_frame *frame,
					 const struct op_source_body *body,
					 const struct op_debug_variable *variable, uint64_t size,
					 struct op_debug_location *ret);
/** The VMContext of a frame's function, as the native debug information has it; 0: it does not
 * say. */
struct op_error *op_source_native_context(struct op_session *session, const struct op_frame *frame,
					  struct op_host_addr *ret);

#endif
