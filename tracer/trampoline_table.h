// SPDX-License-Identifier: GPL-3.0-or-later
// What is remembered of an artifact's trampolines; how they are found is trampolines.h's.
#ifndef OP_TRACER_TRAMPOLINE_TABLE_H
#define OP_TRACER_TRAMPOLINE_TABLE_H

#include <stdint.h>

#include "base/array.h"

struct op_artifact;
struct op_function;

/** OP_FUNCTION_EXIT_TRAMPOLINE or OP_FUNCTION_BUILTIN. */
struct op_trampoline {
	const struct op_function *function; /**< borrowed from the artifact */
	/** Text offsets; OP_CODE_NOWHERE: there is none. See arch->trampoline_exits. */
	uint32_t return_offset, failure_offset;
};

/** Once code is patched it could not be read any more. */
struct op_trampoline_table {
	struct op_artifact *artifact;                /**< one reference */
	struct OP_ARRAY(struct op_trampoline) items; /**< ascending by text offset */
};

#endif
