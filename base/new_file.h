// SPDX-License-Identifier: GPL-3.0-or-later
// A file that appears whole or not at all: written without a name, or under a temporary one where
// the file system wants one, and given its own when it is complete. Knows nothing of what is in it.
#ifndef OP_BASE_NEW_FILE_H
#define OP_BASE_NEW_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct op_new_file {
	char *path;      /**< NULL: none */
	char *temporary; /**< NULL: none there */
	int fd;
};

/**
 * Begin the file @p path: readable and writable by its owner only, whatever the umask says.
 * @return OP_ERROR_IO; also when there is something at @p path that is not a plain file.
 */
struct op_error *op_new_file_begin(struct op_new_file *file, const char *path);
/** Write at a place; what is skipped is a hole, and reads as zeros. */
struct op_error *op_new_file_write(struct op_new_file *file, uint64_t offset, const void *data,
				   size_t size);
/** The file is @p size bytes long: give it its name, in place of a file that had it. */
struct op_error *op_new_file_finish(struct op_new_file *file, uint64_t size);
/** Without op_new_file_finish() nothing is left of it. */
void op_new_file_deinit(struct op_new_file *file);

#endif
