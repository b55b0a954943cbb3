// SPDX-License-Identifier: GPL-3.0-or-later
// Locations of variables run in a frame of the stopped target: the small programs over locals,
// globals, the operand stack and memory that target-runtime/dwarf/location.h decodes.
#ifndef OP_TRACER_SOURCE_STEPS_H
#define OP_TRACER_SOURCE_STEPS_H

#include "target-runtime/dwarf/location.h"
#include "tracer/expression_session.h"
#include "tracer/frame_registers.h"

/**
 * Run the steps of a MEMORY or VALUE piece.
 * @param[in] frame NULL: steps that need one fail.
 * @param[out] ret the address, or the value's bits: zero-extended from 32 bits in a module whose
 * memory is addressed by 32.
 */
struct op_error *op_source_steps_run(struct op_session *session, const struct op_frame *frame,
				     const struct op_location_piece *piece, uint64_t *ret);
/** The same; @p ret_recovered becomes true when a local was found through the shadow stack. */
struct op_error *op_source_steps_recover(struct op_session *session, const struct op_frame *frame,
					 const struct op_location_piece *piece, bool *ret_recovered,
					 uint64_t *ret);
/** The same of native debug information: of the host, in 64 bits. OP_ERROR_NOT_FOUND when it
 * depends on a register that is not known in the frame. */
struct op_error *op_source_steps_native(struct op_session *session,
					const struct op_frame_registers *frame,
					const struct op_location_piece *piece, uint64_t *ret);
/** A register of a frame, by DWARF's number; the same errors. */
struct op_error *op_source_native_register(struct op_session *session,
					   const struct op_frame_registers *frame, uint64_t number,
					   uint64_t *ret);

#endif
