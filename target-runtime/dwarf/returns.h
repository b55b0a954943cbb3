// SPDX-License-Identifier: GPL-3.0-or-later
// What functions return: the type of the value by the debug information, and where WebAssembly's
// calling conventions put it.
//
// Sources: tool-conventions, BasicCABI.md ("Function arguments and return values"); for Rust
// compiler/rustc_ty_utils/src/abi.rs: a small aggregate is returned as an integer of its bytes, a
// pair of scalars as two values, which LLVM puts into memory where a function has one result.
#ifndef OP_TARGET_RUNTIME_DWARF_RETURNS_H
#define OP_TARGET_RUNTIME_DWARF_RETURNS_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/type.h"
#include "target-runtime/wasm/module.h"

enum op_return_way {
	OP_RETURN_UNKNOWN,   /**< the Wasm function is not as the convention has it */
	OP_RETURN_NOTHING,   /**< void, or a type without a value */
	OP_RETURN_DIRECT,    /**< the first bytes of the Wasm result, as many as the type has */
	OP_RETURN_IN_MEMORY, /**< where the first Wasm parameter points to */
};
struct op_debug_return {
	enum op_return_way way;
	const struct op_type *type; /**< NULL: void, or not told */
};

/**
 * What a function returns. The type is that of its entry, of what that is an instance of, or of its
 * declaration.
 * @param[in] function no inlined body.
 * @param[in] wasm the module that @p signature, the Wasm function's type, is of.
 */
struct op_error *op_debug_return(struct op_debug_info *info,
				 const struct op_debug_function *function,
				 const struct op_wasm_module *wasm,
				 const struct op_wasm_type_def *signature,
				 struct op_debug_return *ret);

#endif
