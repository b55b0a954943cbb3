// SPDX-License-Identifier: GPL-3.0-or-later
// Where variables are, with what the code itself says of it: not everything that compilers write
// about the operand stack is so.
#ifndef OP_TRACER_SOURCE_LOCATE_H
#define OP_TRACER_SOURCE_LOCATE_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"
#include "tracer/session.h"
#include "tracer/source.h"

/**
 * As op_debug_locate(). LLVM goes on describing a value by its place on the operand stack, or by a
 * Wasm local, when another one may have come to that place; such a location becomes a problem.
 * @param[in] module of the information; NULL: a location that depends on code is a problem.
 */
struct op_error *op_source_locate(struct op_module_entry *module, struct op_debug_info *info,
				  const struct op_debug_variable *variable, uint32_t pc,
				  struct op_debug_location *ret);
/** How a variable was looked for in a frame. */
struct op_source_located {
	struct op_debug_location location;
	bool native;        /**< by the image's native debug information */
	char *not_natively; /**< why not, when that was tried; NULL: it was not */
};
void op_source_located_deinit(struct op_source_located *located);
/**
 * Where it is in a frame of the stopped target: in code that records no values by the image's
 * native debug information, where that knows; else as above.
 * @param[in] body of the frame. @param[in] size of the variable's type; 0: not known.
 * @param[out] ret deinit it, also after an error.
 */
struct op_error *op_source_locate_in_frame(struct op_session *session, const struct op_frame *frame,
					   const struct op_source_body *body,
					   const struct op_debug_variable *variable, uint64_t size,
					   struct op_source_located *ret);

#endif
