// SPDX-License-Identifier: GPL-3.0-or-later
// A Wasm value, or the reason why there is none. Public (installed with outpost.h).
#ifndef OP_TARGET_RUNTIME_VALUE_H
#define OP_TARGET_RUNTIME_VALUE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/compiler.h"

/** Numbers are those of the frame table (crates/environ/src/frame_table.rs, FrameValType). */
enum op_value_type {
	OP_VALUE_I32,
	OP_VALUE_I64,
	OP_VALUE_F32,
	OP_VALUE_F64,
	OP_VALUE_V128,
	OP_VALUE_ANYREF,
	OP_VALUE_FUNCREF,
	OP_VALUE_EXTERNREF,
	OP_VALUE_EXNREF,
	OP_VALUE_CONTREF,
	OP_VALUE_TYPE_COUNT,
};

enum op_value_state {
	OP_VALUE_PRESENT,
	OP_VALUE_NOT_RECORDED, /**< the code was compiled without guest-debug */
	OP_VALUE_UNREADABLE,   /**< the memory at address cannot be read */
	OP_VALUE_NOT_SET_YET,  /**< the frame is in its prologue: nothing was stored yet */
	OP_VALUE_IN_FLIGHT,    /**< the thread is inside an instruction: the operand stack is being
				  changed */
	OP_VALUE_OPTIMISED_OUT,
	OP_VALUE_UNKNOWN_LAYOUT, /**< this Wasmtime version keeps it in a way outpost does not know
				  */
	OP_VALUE_LAZY, /**< a function in a table that Wasmtime writes when it is first used */
	OP_VALUE_HOST_TABLE, /**< a funcref inside a GC object: a number (bytes) in a table that
				only Wasmtime can look into */
	OP_VALUE_NOT_DUMPED, /**< the Wasm core dump does not have it */
};

/** Either bytes of a type, or a state that says why not. */
struct op_value {
	enum op_value_type type;
	enum op_value_state state;
	struct op_host_addr address; /**< where it was, or should have been, read; 0 when it has no
					place in memory */
	uint8_t bytes[16];           /**< little-endian; 4, 8 or 16 of them by type */
};

/** "i32", ... Static. */
OP_API const char *op_value_type_name(enum op_value_type type);
/** Bytes of storage: 4, 8 or 16 (64-bit targets). */
OP_API unsigned op_value_type_size(enum op_value_type type);
/** "not-recorded", ... as JSON shows it. Static. */
OP_API const char *op_value_state_name(enum op_value_state state);
/** The sentence for a person: "not recorded: compiled without guest-debug". Static, without the
 * address. */
OP_API const char *op_value_state_message(enum op_value_state state);
OP_API uint64_t op_value_bits(const struct op_value *value);

#endif
