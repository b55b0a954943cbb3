// SPDX-License-Identifier: GPL-3.0-or-later
// What a function that is finished returns, as its own language has it. What can only be known
// before it returns is noted then: its type, its instance, and where a value in memory will be.
#ifndef OP_TRACER_RETURNED_H
#define OP_TRACER_RETURNED_H

#include "target-runtime/dwarf/returns.h"
#include "target-runtime/stack.h"
#include "tracer/session.h"

/** What is noted of a frame that is to return. Must not move. Zero-initialised: nothing is known
 * of its language. */
struct op_return_note {
	const struct op_module_entry *module; /**< that info is of; NULL: none */
	struct op_debug_info *info;
	struct op_debug_return what;
	uint64_t address;      /**< IN_MEMORY: of the value */
	char *unknown;         /**< IN_MEMORY: why the address is not known; NULL: it is. Owned */
	struct op_frame frame; /**< its instance, for what the value leads to */
	struct op_virtual_frame virtual_frame; /**< of frame */
};
void op_return_note_clear(struct op_return_note *note);

/** @param[in] frame of the stopped target. @param[in] wasm of its module, as @p signature is. */
struct op_error *op_return_note(struct op_session *session, const struct op_frame *frame,
				const struct op_wasm_module *wasm,
				const struct op_wasm_type_def *signature,
				struct op_return_note *ret);

/**
 * The frame has returned, and the target is stopped: the value, which is kept in the history, into
 * event->returned. Left NULL where there is none, or several.
 * @param[in,out] event its results are Wasm's. Of a value in memory that is not to be had, it gets
 * the reason.
 */
struct op_error *op_returned_value(struct op_session *session, const struct op_return_note *note,
				   struct op_event *event);

#endif
