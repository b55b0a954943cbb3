// SPDX-License-Identifier: GPL-3.0-or-later
// Files of commands that outpost reads without being told to: whether they are this user's own, and
// which of them he has allowed. Knows no session. What gdb calls auto-load safe-path; that it is
// the content that is allowed, and not a folder, is direnv's way.
#ifndef OP_TRACER_REPL_TRUSTED_FILE_H
#define OP_TRACER_REPL_TRUSTED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/**
 * Read a file that only this user can have written.
 * @param[in] follow whether it may be a symbolic link, to such a file.
 * @param[out] ret its text, free() it; NULL when there is no such file.
 * @return OP_ERROR_PERMISSION for a file of another user's, or that others may write to: a sentence
 * that says which.
 */
struct op_error *op_trusted_file_read(const char *path, bool follow, char **ret, size_t *ret_size);

enum op_allowance {
	OP_ALLOWANCE_NEVER,   /**< nobody has allowed it */
	OP_ALLOWANCE_CHANGED, /**< another content of it was allowed */
	OP_ALLOWANCE_GIVEN,
};
/** Whether this content at this place was allowed. @param[in] path without symbolic links. */
struct op_error *op_allowance_of(const char *path, const char *text, size_t size,
				 enum op_allowance *ret);
/** Remember that it is. */
struct op_error *op_allowance_give(const char *path, const char *text, size_t size);
/** Forget it. @param[out] ret_given whether it was there. */
struct op_error *op_allowance_take_back(const char *path, bool *ret_given);

#endif
