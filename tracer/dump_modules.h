// SPDX-License-Identifier: GPL-3.0-or-later
// The modules of a Wasm core dump: the bytes that somebody has of them and that fit what the dump
// knows, else a module that is made up of just that.
#ifndef OP_TRACER_DUMP_MODULES_H
#define OP_TRACER_DUMP_MODULES_H

#include "base/reader.h"
#include "target-runtime/wasm/module.h"
#include "target-runtime/wasm_core_dump.h"

struct op_dump_module {
	struct op_bytes bytes;       /**< data is owned */
	struct op_wasm_module *wasm; /**< owned */
	const char *file;            /**< borrowed; NULL: it is made up */
};
struct op_dump_modules {
	struct op_dump_module *data; /**< by module of the dump */
	size_t count;
};
void op_dump_modules_deinit(struct op_dump_modules *modules);

/**
 * Take the files for the modules that they fit, and make the others up.
 * @param[in] files borrowed as long as @p ret is used.
 * @return OP_ERROR_NOT_FOUND: a file that fits none, with the reason; OP_ERROR_IO, OP_ERROR_FORMAT.
 */
struct op_error *op_dump_modules_find(const struct op_wasm_core_dump *dump,
				      const char *const *files, size_t file_count,
				      struct op_dump_modules *ret);

#endif
