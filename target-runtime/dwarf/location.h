// SPDX-License-Identifier: GPL-3.0-or-later
// Where variables are: DWARF expressions and location lists, decoded here rather than by libdw,
// which does not know DW_OP_WASM_location. Nothing is evaluated: a location is a small program over
// the guest's locals, globals, operand stack and memory, which an interpreter runs and a compiler
// compiles. Of native information (native_dwarf.h) it is one over registers and the host's memory.
#ifndef OP_TARGET_RUNTIME_DWARF_LOCATION_H
#define OP_TARGET_RUNTIME_DWARF_LOCATION_H

#include "target-runtime/dwarf/debug_info.h"

/** A step on a stack of 32-bit (memory64: 64-bit) addresses. Frame bases are put in place. */
enum op_location_op {
	OP_LOCATION_CONSTANT, /**< push value */
	OP_LOCATION_LOCAL,    /**< push the Wasm local value */
	OP_LOCATION_GLOBAL,   /**< push the Wasm global value */
	OP_LOCATION_OPERAND,  /**< push the operand stack's value, 0 is the bottom */
	OP_LOCATION_LOAD, /**< pop an address, push value bytes of memory 0; native: of the host's
			     memory */
	OP_LOCATION_REGISTER,      /**< native: push the host's register value, by DWARF's number */
	OP_LOCATION_FRAME_ADDRESS, /**< native: push the canonical frame address */
	OP_LOCATION_DUPLICATE,     /**< push the entry that is value deep; 0 is the top */
	OP_LOCATION_DROP,
	OP_LOCATION_SWAP,
	OP_LOCATION_ROTATE, /**< DW_OP_rot */
	OP_LOCATION_NEGATE,
	OP_LOCATION_NOT,
	OP_LOCATION_ABSOLUTE,
	OP_LOCATION_ADD, /**< pop two, push one; the next too */
	OP_LOCATION_SUB,
	OP_LOCATION_MUL,
	OP_LOCATION_DIV, /**< signed */
	OP_LOCATION_MOD, /**< unsigned */
	OP_LOCATION_AND,
	OP_LOCATION_OR,
	OP_LOCATION_XOR,
	OP_LOCATION_SHL,
	OP_LOCATION_SHR, /**< logical */
	OP_LOCATION_SAR,
	OP_LOCATION_EQ, /**< signed comparisons: 1 or 0 */
	OP_LOCATION_NE,
	OP_LOCATION_LT,
	OP_LOCATION_GT,
	OP_LOCATION_LE,
	OP_LOCATION_GE,
	OP_LOCATION_CONVERT, /**< value bytes: the top is truncated to so many bytes; is_signed: and
				sign-extended (DW_OP_convert between integers) */
};
struct op_location_step {
	enum op_location_op op;
	int64_t value;
	bool is_signed;
};

enum op_location_kind {
	OP_LOCATION_NONE,       /**< optimised out: nothing describes it here */
	OP_LOCATION_MEMORY,     /**< the steps give its address in memory 0; native: the host's */
	OP_LOCATION_VALUE,      /**< the steps give its value (DW_OP_stack_value) */
	OP_LOCATION_WASM_LOCAL, /**< it is the Wasm local index: any type, can be shown whole. (A
				   local without DW_OP_stack_value is MEMORY: LLVM means an
				   address.) */
	OP_LOCATION_WASM_GLOBAL,
	OP_LOCATION_WASM_OPERAND,
	OP_LOCATION_HOST_REGISTER, /**< native: it is the register index, by DWARF's number */
	OP_LOCATION_BYTES,      /**< its value is bytes (DW_OP_implicit_value, DW_AT_const_value, or
				   one constant): numbers have 16, of which the type's count */
	OP_LOCATION_UNKNOWN_OP, /**< problem says which */
};
/** One piece: most variables are one piece that is whole. */
struct op_location_piece {
	enum op_location_kind kind;
	uint64_t bit_size;                    /**< 0: the whole variable */
	uint64_t bit_offset;                  /**< in the place where it is */
	uint32_t index;                       /**< WASM_*, HOST_REGISTER */
	const struct op_location_step *steps; /**< they never take more than there is */
	size_t step_count;
	const uint8_t *bytes; /**< BYTES */
	size_t byte_count;
};
/** A part of the code in which a variable can be had; for "optimised out here". */
struct op_location_range {
	uint32_t low_pc, high_pc;
};
/** Owns everything it points to. */
struct op_debug_location {
	struct op_location_piece *pieces;
	size_t piece_count;               /**< 0: optimised out here */
	struct op_location_range here;    /**< what pieces hold for; low_pc 0: everywhere */
	struct op_location_range *ranges; /**< where it is available, when it is not here */
	size_t range_count;
	char *problem; /**< why it cannot be told; NULL when it can */
	bool is_gone;  /**< problem: something else is in its place by now (source_locate.h) */
	void *internal;
};
void op_location_deinit(struct op_debug_location *location);
/** A location that is known otherwise. @param[in] pieces copied, with steps and bytes. */
struct op_error *op_location_make(const struct op_location_piece *pieces, size_t count,
				  struct op_debug_location *ret);

/**
 * Where a variable is at @p pc.
 * @param[in] variable an entry with DW_AT_location or DW_AT_const_value (an abstract origin's
 * too); none of these: optimised out.
 * @param[in] function the body it belongs to (for the frame base); 0 for globals.
 * Entry values (DW_OP_entry_value) of a parameter are unsupported unless the parameter's Wasm local
 * is never written in the function: a problem.
 */
struct op_error *op_debug_locate(struct op_debug_info *info, struct op_die variable,
				 struct op_die function, uint32_t pc,
				 struct op_debug_location *ret);
/** The frame base of the function at @p pc, as a VALUE; for shadow stacks. */
struct op_error *op_debug_frame_base(struct op_debug_info *info, struct op_die function,
				     uint32_t pc, struct op_debug_location *ret);

#endif
