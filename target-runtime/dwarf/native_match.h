// SPDX-License-Identifier: GPL-3.0-or-later
// From a variable of the guest's debug information to the same one in the image's native debug
// information: Wasmtime clones entries and keeps their names and lines, but neither offsets nor all
// of them (crates/cranelift/src/debug/transform/unit.rs).
#ifndef OP_TARGET_RUNTIME_DWARF_NATIVE_MATCH_H
#define OP_TARGET_RUNTIME_DWARF_NATIVE_MATCH_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"

/** A variable of a body at a place, twice: in Wasm, and in machine code. */
struct op_native_question {
	struct op_debug_info *guest; /**< the module's information */
	uint32_t guest_pc;
	const struct op_debug_variable *variable; /**< a local or parameter of a body at guest_pc;
						     NULL: none is asked for */
	struct op_debug_info *native;
	uint32_t native_pc; /**< OP_NATIVE_PC_BIAS is in it */
};
/**
 * Where it is at native_pc, of the host: registers, the frame, the host's memory.
 * @param[out] ret deinit it; its problem when the variable cannot be told for sure from others, or
 * the compilers' two descriptions of it do not agree; no pieces when it is optimised out here.
 */
struct op_error *op_native_locate(const struct op_native_question *question,
				  struct op_debug_location *ret);
/** Where the function's VMContext is (Wasmtime's variable "__vmctx"). */
struct op_error *op_native_locate_context(const struct op_native_question *question,
					  struct op_debug_location *ret);

#endif
