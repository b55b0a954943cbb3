// SPDX-License-Identifier: GPL-3.0-or-later
// Names of types, of the fields of structures, and of tags: what the extended-name-section proposal
// adds to the name section.
// Asked for when a person looks at an object, not in loops over a whole program: nothing is kept.
// Knows nothing of Wasmtime.
#ifndef OP_TARGET_RUNTIME_WASM_TYPE_NAMES_H
#define OP_TARGET_RUNTIME_WASM_TYPE_NAMES_H

#include "target-runtime/wasm/module.h"

/** The name section's answer; data NULL where it has none. A name lives as long as the module. */
struct op_wasm_name op_wasm_module_type_name(const struct op_wasm_module *module, uint32_t type);
struct op_wasm_name op_wasm_module_field_name(const struct op_wasm_module *module, uint32_t type,
					      uint32_t field);
struct op_wasm_name op_wasm_module_tag_name(const struct op_wasm_module *module, uint32_t tag);

#endif
