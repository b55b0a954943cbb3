// SPDX-License-Identifier: GPL-3.0-or-later
// Where variables are, with what the code itself says of it: not everything that compilers write
// about the operand stack is so.
#ifndef OP_TRACER_SOURCE_LOCATE_H
#define OP_TRACER_SOURCE_LOCATE_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"
#include "tracer/session.h"

/**
 * As op_debug_locate(). LLVM goes on describing a value by its place on the operand stack when it
 * was taken from there, and another one may have come to that place; such a location becomes a
 * problem.
 * @param[in] module of the information; NULL: a location that depends on code is a problem.
 */
struct op_error *op_source_locate(struct op_module_entry *module, struct op_debug_info *info,
				  const struct op_debug_variable *variable, uint32_t pc,
				  struct op_debug_location *ret);

#endif
