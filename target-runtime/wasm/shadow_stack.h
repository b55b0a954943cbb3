// SPDX-License-Identifier: GPL-3.0-or-later
// The shadow stack: the stack in linear memory on which LLVM keeps what has an address, and at -O0
// every variable. A function moves the global __stack_pointer down by a constant at its beginning
// and puts it back before it leaves. This is read from its bytecode, strictly: a function that does
// anything else with the stack pointer does not hold to the pattern, and nothing is said of it.
// Source: LLVM, lib/Target/WebAssembly/WebAssemblyFrameLowering.cpp (emitPrologue, emitEpilogue,
// needsSPWriteback: a leaf with a small frame leaves the global alone).
#ifndef OP_TARGET_RUNTIME_WASM_SHADOW_STACK_H
#define OP_TARGET_RUNTIME_WASM_SHADOW_STACK_H

#include "base/array.h"
#include "target-runtime/wasm/module.h"

/**
 * The global that is the stack pointer: the one that the name section calls __stack_pointer, a
 * mutable integer. @return OP_ERROR_NOT_FOUND with the reason.
 */
struct op_error *op_shadow_stack_pointer(const struct op_wasm_module *module, uint32_t *ret_global);

/** A global.set of the stack pointer. */
struct op_shadow_write {
	uint32_t pc;
	uint64_t depth; /**< the stack pointer is then so far below its value at the entry */
	/** depth 0: the instruction that leaves the function, with nothing but plain ones before.
	 */
	uint32_t last_pc;
};
/** A local that is written once, at the function's beginning, with an address in the frame. */
struct op_shadow_local {
	uint32_t local;
	uint32_t pc;    /**< of the write */
	uint64_t depth; /**< below the stack pointer at the entry */
};
/** What a function does with the stack pointer. */
struct op_shadow_frame {
	struct OP_ARRAY(
		struct op_shadow_write) writes; /**< ascending; the first is the prologue's */
	struct OP_ARRAY(struct op_shadow_local) locals;
	char *problem; /**< why it does not hold to the pattern, "it ..."; NULL when it does */
};
void op_shadow_frame_deinit(struct op_shadow_frame *frame);

/**
 * Read a defined function. @param[in] stack_pointer the global.
 * @return errors of the bytecode, of memory; a function that does not hold to the pattern is none.
 */
struct op_error *op_shadow_frame_read(const struct op_wasm_module *module, uint32_t function,
				      uint32_t stack_pointer, struct op_shadow_frame *ret);
/** How far below its value at the entry the stack pointer is before the instruction at @p pc. */
uint64_t op_shadow_frame_depth(const struct op_shadow_frame *frame, uint32_t pc);
/** Where the address in @p local is before the instruction at @p pc; false when that is not known.
 */
bool op_shadow_frame_local(const struct op_shadow_frame *frame, uint32_t local, uint32_t pc,
			   uint64_t *ret_depth);

#endif
