// SPDX-License-Identifier: GPL-3.0-or-later
// The element segments that a table starts with, as far as Wasmtime applies them when it compiles:
// lists of functions at constant places.
// Source: WebAssembly core specification 3.0, binary format, "Element Section". Reads the module's
// bytes anew at each call.
#ifndef OP_TARGET_RUNTIME_WASM_ELEMENTS_H
#define OP_TARGET_RUNTIME_WASM_ELEMENTS_H

#include "target-runtime/wasm/module.h"

/** What a table holds somewhere before the program changes it. */
struct op_wasm_element {
	bool is_function; /**< else null */
	uint32_t function;
};

/**
 * What elements @p first to @p first + @p count - 1 of a table that the module defines get from the
 * segments before the first one that has to be evaluated when the module is instantiated. Elements
 * that no segment covers are null.
 */
struct op_error *op_wasm_elements_initial(const struct op_wasm_module *module, uint32_t table,
					  uint64_t first, size_t count,
					  struct op_wasm_element *ret);

#endif
