// SPDX-License-Identifier: GPL-3.0-or-later
// From a code address to the image and function that hold it, and what part that function plays in
// a guest's stack. Remembers what it was asked: a recursion of 50,000 frames asks the same few
// questions. Knows nothing of stacks' contents.
#ifndef OP_TARGET_RUNTIME_CODE_PLACES_H
#define OP_TARGET_RUNTIME_CODE_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "target-runtime/stack.h"

/** The part a function plays between the host and the guest. */
enum op_code_role {
	OP_CODE_NONE,    /**< not in the text of any image, or in no function */
	OP_CODE_GUEST,   /**< a function of the guest */
	OP_CODE_EXIT,    /**< guest -> host or runtime */
	OP_CODE_ENTRY,   /**< host -> guest: the last frame of an activation */
	OP_CODE_STARTUP, /**< v46+: instantiation code that an entry calls; no frame of the guest's
			    author */
};

struct op_code_place {
	enum op_code_role role;
	const struct op_image *image;       /**< NULL for OP_CODE_NONE */
	const struct op_function *function; /**< NULL for OP_CODE_NONE */
	bool after_call; /**< asked as a return address: a call instruction ends there */
};

enum { OP_CODE_PLACES_SIZE = 256 };

struct op_code_places {
	const struct op_stack_context *context;
	uint64_t text_low, text_high; /**< around the text of all images */
	/** The first reason why a place is not known that says nothing about the code; owned. */
	struct op_error *failure;
	struct {
		uint64_t pc;
		bool used, is_return;
		struct op_code_place place;
	} slots[OP_CODE_PLACES_SIZE];
};

void op_code_places_init(struct op_code_places *places, const struct op_stack_context *context);
void op_code_places_deinit(struct op_code_places *places);
/**
 * The place of @p pc. A return address is looked up one byte lower: a call that does not return may
 * be its function's last instruction.
 */
struct op_code_place op_code_places_find(struct op_code_places *places, uint64_t pc,
					 bool is_return);

/**
 * Bytes between the frame pointer and the stack pointer in the body of a trampoline, from its
 * prologue.
 * @return false when the instruction set's prologue is not known here.
 */
bool op_code_frame_size(const struct op_stack_context *context, const struct op_code_place *place,
			uint64_t *ret);

/**
 * The function that a call instruction names directly; false for an indirect call, or where the
 * instruction set is not known here.
 * @param[in] pc the address after the call.
 */
bool op_code_call_target(struct op_code_places *places, uint64_t pc, struct op_code_place *ret);

#endif
