// SPDX-License-Identifier: GPL-3.0-or-later
// Between the compiler of stubs (stub.c, stub_expression.c) and the back ends (stub_x86_64.c).
// A back end turns small operations into instructions; it knows no tree, no step and no type rule.
//
// The machine that both think of: two integer registers, LEFT (which also gets results) and RIGHT,
// and two for reals, which hold a double whatever the type is. An i32 stands in the low half of its
// register, the rest is zero. Temporaries are in the stub's own piece of the stack.
#ifndef OP_TRACER_AGENT_STUB_PRIVATE_H
#define OP_TRACER_AGENT_STUB_PRIVATE_H

#include "tracer/agent/stub.h"

enum {
	OP_STUB_TEMPS_MAX = 24,
	/** What is in reach of the code is decided once, for the whole stub: so far from the
	 * address's true limit. */
	OP_STUB_CODE_MAX = 1 << 15,
};

/** Where an operation takes a number from. */
enum op_stub_operand_kind {
	OP_STUB_REGISTER, /**< a left operand: LEFT; a right one: RIGHT */
	OP_STUB_CONSTANT,
	OP_STUB_PLACE,
	OP_STUB_TEMP,
};
struct op_stub_operand {
	enum op_stub_operand_kind kind;
	uint64_t constant; /**< of a real operation: a double's bits */
	struct op_machine_place place;
	unsigned temp;
	unsigned width; /**< PLACE: 4 or 8 bytes */
};

/** A branch whose distance is filled in at the end. */
struct op_stub_branch {
	uint32_t at; /**< of the field that the back end patches */
	unsigned label;
};

/** Registers and temporaries, as bits and a count. */
struct op_stub_use {
	uint32_t registers, vectors;
	unsigned temps;
};

/** Code in the making. A shortage of memory is kept until the end. */
struct op_stub_code {
	struct op_stub *stub;
	uint64_t address, slot_end;
	struct OP_ARRAY(uint32_t) labels; /**< offset; UINT32_MAX: not placed yet */
	struct OP_ARRAY(struct op_stub_branch) branches;
	struct op_stub_use used;  /**< since somebody cleared it */
	struct op_stub_use saved; /**< by the block */
	bool in_block;
	bool no_memory;
};

void op_stub_emit(struct op_stub_code *code, const void *bytes, size_t size);
unsigned op_stub_label_create(struct op_stub_code *code);
void op_stub_label_place(struct op_stub_code *code, unsigned label);
/** True when a branch goes there. */
bool op_stub_label_used(const struct op_stub_code *code, unsigned label);
/** Note that the field that is about to be emitted leads to @p label. */
void op_stub_branch_note(struct op_stub_code *code, unsigned label);
void op_stub_code_deinit(struct op_stub_code *code);

/** A log record's contents. */
struct op_stub_log {
	uint64_t cell;
	unsigned size_log2;
	uint32_t log;
	struct op_stub_operand failed; /**< CONSTANT or TEMP */
	struct op_stub_operand values[OP_LOG_VALUES_MAX];
	unsigned value_count;
};

/** A back end. Every operation may use the registers that code->saved holds, and notes in
 * code->used which ones it used. `error` and `no` are labels. */
struct op_stub_machine {
	uint8_t entry_harmless;

	/** What the code begins with, up to and with the entry. */
	void (*begin)(struct op_stub_code *code);
	// Around the work: a block keeps code->saved and has room for its temporaries.
	void (*enter)(struct op_stub_code *code);
	void (*leave)(struct op_stub_code *code);
	void (*done)(struct op_stub_code *code); /**< back to the slot's end */
	void (*trap)(struct op_stub_code *code);
	void (*jump)(struct op_stub_code *code, unsigned label);
	void (*branch_patch)(uint8_t *field, int32_t distance); /**< from the field */

	// Integers. wide: 64 bits, else 32.
	void (*load)(struct op_stub_code *code, const struct op_stub_operand *from);
	void (*store_temp)(struct op_stub_code *code, unsigned temp);
	void (*to_right)(struct op_stub_code *code); /**< RIGHT = LEFT */
	void (*extend)(struct op_stub_code *code);   /**< the low half's sign to the upper half */
	/** Keep the low 1, 2 or 4 bytes as an i32. */
	void (*narrow)(struct op_stub_code *code, unsigned width, bool is_unsigned);
	void (*negate)(struct op_stub_code *code, bool wide);
	void (*invert)(struct op_stub_code *code, bool wide);
	/** LEFT = LEFT what right, up to OP_OPERATOR_MOD; no comparison. */
	void (*arithmetic)(struct op_stub_code *code, enum op_operator what, bool wide,
			   bool is_unsigned, const struct op_stub_operand *right, unsigned error);
	/** Branch to @p label when the comparison is @p when. */
	void (*compare)(struct op_stub_code *code, enum op_operator what, bool wide,
			bool is_unsigned, const struct op_stub_operand *left,
			const struct op_stub_operand *right, bool when, unsigned label);
	/** LEFT = the number of @p width bytes at address LEFT (or a constant) of the memory whose
	 * {u64 base, u64 length} is at a place. Signed ones of 1 and 2 bytes become an i32. */
	void (*memory)(struct op_stub_code *code, const struct op_machine_place *definition,
		       const struct op_stub_operand *address, unsigned width, bool is_unsigned,
		       unsigned error);

	// Reals.
	void (*real_load)(struct op_stub_code *code, const struct op_stub_operand *from);
	void (*real_store_temp)(struct op_stub_code *code, unsigned temp);
	void (*real_to_right)(struct op_stub_code *code);
	void (*real_from_bits)(struct op_stub_code *code, bool wide); /**< of f32, f64, in LEFT */
	void (*real_to_bits)(struct op_stub_code *code, bool wide);
	void (*real_from_integer)(struct op_stub_code *code, bool is_unsigned); /**< 64 bits */
	/** To 64 bits, towards zero; an error below -2^63 (and at it) and from 2^64 on. */
	void (*real_to_integer)(struct op_stub_code *code, unsigned error);
	void (*real_round)(struct op_stub_code *code); /**< to an f32's precision */
	void (*real_negate)(struct op_stub_code *code);
	void (*real_arithmetic)(struct op_stub_code *code, enum op_operator what,
				const struct op_stub_operand *right);
	void (*real_compare)(struct op_stub_code *code, enum op_operator what,
			     const struct op_stub_operand *right, bool when, unsigned label);

	// Steps.
	void (*count)(struct op_stub_code *code, uint64_t cell, bool atomic);
	void (*trace)(struct op_stub_code *code, uint64_t cell, unsigned size_log2);
	void (*ignore)(struct op_stub_code *code, uint64_t cell, unsigned no);
	void (*frame)(struct op_stub_code *code, uint64_t cell, unsigned no);
	void (*outer)(struct op_stub_code *code, uint64_t limit, unsigned no);
	/** If an op_stub_watch's value is still @p temp, make it LEFT and `before` @p temp; else
	 * branch to @p again. */
	void (*exchange)(struct op_stub_code *code, uint64_t cell, unsigned temp, unsigned again);
	void (*log)(struct op_stub_code *code, const struct op_stub_log *log);
};

/** An expression being compiled. */
struct op_stub_walk {
	const struct op_stub_machine *machine;
	const struct op_machine_scope *scope;
	struct op_stub_code *code;
	const char *text; /**< the expression's, for errors' sentences */
	unsigned error;   /**< label for what has no value */
	unsigned temps;   /**< in use */
};

/** Look whether the expression has a compiled form as far as the tree tells (stub_check.c). */
struct op_error *op_stub_expression_check(const struct op_expression *expression);
/** Branch to @p label when the expression is @p when, else run on. */
struct op_error *op_stub_expression_branch(struct op_stub_walk *walk,
					   const struct op_expression_node *node, bool when,
					   unsigned label);
/** LEFT = the bits of its value. */
struct op_error *op_stub_expression_bits(struct op_stub_walk *walk,
					 const struct op_expression_node *node);
/** Where the value's bits can be had without calculating; false: nowhere. */
struct op_error *op_stub_expression_operand(struct op_stub_walk *walk,
					    const struct op_expression_node *node,
					    struct op_stub_operand *ret, bool *ret_direct);
/** True when it may have no value. */
bool op_stub_expression_fails(const struct op_expression_node *node);
/** A free temporary, OP_ERROR_UNSUPPORTED when there is none. */
struct op_error *op_stub_temp_take(struct op_stub_walk *walk, unsigned *ret);

#endif
