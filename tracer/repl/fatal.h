// SPDX-License-Identifier: GPL-3.0-or-later
// Which errors end a whole command, and which are only the reason why one value or stack is
// missing.
#ifndef OP_TRACER_REPL_FATAL_H
#define OP_TRACER_REPL_FATAL_H

#include "base/error.h"

static inline bool op_error_is_fatal(const struct op_error *error)
{
	return error->code == OP_ERROR_PROCESS_GONE || error->code == OP_ERROR_INTERRUPTED ||
	       error->code == OP_ERROR_NO_MEMORY;
}

#endif
