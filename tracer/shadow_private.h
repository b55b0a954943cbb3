// SPDX-License-Identifier: GPL-3.0-or-later
// What shadow_frames.c and shadow_outer.c share.
#ifndef OP_TRACER_SHADOW_PRIVATE_H
#define OP_TRACER_SHADOW_PRIVATE_H

#include "target-runtime/wasm/shadow_stack.h"
#include "tracer/session.h"

/** Why a value is not to be had: OP_ERROR_NOT_FOUND with the whole sentence. */
struct op_error *op_shadow_refuse(const char *format, ...) _printf_(1, 2);

/** What a function does with the stack pointer; borrowed from the module. The module's stack
 * pointer must be known. */
struct op_error *op_shadow_function(struct op_module_entry *module, uint32_t index,
				    const struct op_shadow_frame **ret);
/** The global. */
uint32_t op_shadow_pointer(const struct op_module_entry *module);
/** Whether functions of other modules can move the stack pointer. */
bool op_shadow_pointer_is_exported(const struct op_module_entry *module);

/**
 * The stack pointer at the entry of a frame's function: its first value, less what all frames
 * further out have taken. @p ret_found false: one of them does not hold to the pattern, or there
 * are too many.
 */
struct op_error *op_shadow_entry_from_outside(struct op_session *session,
					      struct op_module_entry *module,
					      const struct op_frame *frame, bool *ret_found,
					      uint64_t *ret);

#endif
