// SPDX-License-Identifier: GPL-3.0-or-later
// A Wasm core dump as an implementation of platform.h: a process that is stopped for good, whose
// memory is made of what the dump knows (dump_contexts.h) and whose threads have the dump's stacks.
#ifndef OP_TRACER_DUMP_PROCESS_H
#define OP_TRACER_DUMP_PROCESS_H

#include "platform/platform.h"
#include "target-runtime/dump_stack.h"

/** Whether a file begins like a Wasm module. */
bool op_is_dump_file(const char *path);
/**
 * @param[in] files the bytes of its modules, where somebody has them. Copied.
 * @return OP_ERROR_IO, OP_ERROR_FORMAT; OP_ERROR_NOT_FOUND: a file that is none of its modules.
 */
struct op_error *op_dump_process_open(const char *path, const char *const *files, size_t file_count,
				      struct op_process **ret);
/** Its stacks; NULL: the process is no Wasm core dump. Borrowed until it is destroyed. */
const struct op_dump_stacks *op_dump_process_stacks(const struct op_process *process);

#endif
