// SPDX-License-Identifier: GPL-3.0-or-later
// Files that a person asks for by name and that hold what the target holds. Knows nothing of what
// is written.
#ifndef OP_TRACER_REPL_PRIVATE_FILE_H
#define OP_TRACER_REPL_PRIVATE_FILE_H

#include <stdbool.h>

#include "base/error.h"

/**
 * An empty file of this user's alone. What stands at the path may be anybody's, in a directory that
 * everybody writes to: a link is not followed, and what is not a plain file of the user's own is
 * left alone.
 * @param[in] devices whether it may also be a device, /dev/null.
 * @param[out] ret open for writing; close() it.
 */
struct op_error *op_private_file_open(const char *path, bool devices, int *ret);

#endif
