// SPDX-License-Identifier: GPL-3.0-or-later
// A Wasm core dump as outpost core shows it.
#ifndef OP_TRACER_REPL_WASM_CORE_H
#define OP_TRACER_REPL_WASM_CORE_H

#include "tracer/report/output.h"

/** Whether a file begins like a Wasm module. */
bool op_is_wasm_core(const char *path);
/** Read a Wasm core dump and show all of it but the bytes of its memories. */
struct op_error *op_wasm_core_show(struct op_output *out, const char *path);

#endif
