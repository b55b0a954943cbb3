// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers that Wasmtime gives to the types of a core module while it compiles it
// (ModuleInternedTypeIndex): equal recursion groups are one, and a function type may be followed by
// one for its trampolines. Knows the type section only.
// Source: crates/environ/src/compile/module_types.rs (ModuleTypesBuilder), the same from 36 to 48;
// checked on processes of 36 to 50.
#ifndef OP_TARGET_RUNTIME_WASM_INTERNED_TYPES_H
#define OP_TARGET_RUNTIME_WASM_INTERNED_TYPES_H

#include "target-runtime/wasm/module.h"

/**
 * @param[out] ret heap array with the number of each type of the type section; free() it. NULL when
 * there are none.
 * @param[out] ret_total one more than the highest number.
 */
struct op_error *op_wasm_interned_types(const struct op_wasm_module *module, uint32_t **ret,
					uint32_t *ret_total);

#endif
