// SPDX-License-Identifier: GPL-3.0-or-later
// The decoder of DWARF expressions, shared by expression.c and location.c.
#ifndef OP_TARGET_RUNTIME_DWARF_LOCATION_PRIVATE_H
#define OP_TARGET_RUNTIME_DWARF_LOCATION_PRIVATE_H

#include "target-runtime/dwarf/location_list.h"

/** A piece whose steps are [first_step, first_step + its step_count). */
struct op_location_program_piece {
	struct op_location_piece piece;
	size_t first_step;
	uint8_t constant[16]; /**< its bytes, when it has some and piece.bytes is NULL */
};

/** Steps of an expression, pieces' steps one after the other. */
struct op_location_program {
	struct op_location_unit unit;
	/** For DW_OP_fbreg: puts the frame base on the stack. NULL: there is none. */
	struct op_error *(*frame_base)(struct op_location_program *program);
	void *context; /**< of frame_base */
	uint32_t pc;
	struct OP_ARRAY(struct op_location_step) steps;
	struct OP_ARRAY(struct op_location_program_piece) pieces;
	size_t depth; /**< of the stack where decoding stands */
};
void op_location_program_deinit(struct op_location_program *program);

/**
 * Decode one expression: its pieces are added to the program.
 * @param[in] depth entries that are on the stack before it: DW_AT_data_member_location finds the
 * address of the structure there.
 * @return OP_ERROR_UNSUPPORTED or OP_ERROR_FORMAT with the reason, which is the location's problem.
 */
struct op_error *op_location_decode(struct op_location_program *program,
				    const struct op_bytes *expression, size_t depth);
/** The same for what DW_OP_fbreg puts in the place of itself: steps only, one piece. */
struct op_error *op_location_decode_base(struct op_location_program *program,
					 const struct op_bytes *expression);

#endif
