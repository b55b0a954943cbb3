// SPDX-License-Identifier: GPL-3.0-or-later
// Files of this machine that somebody else names: only regular ones, only up to a size, never
// waited for.
#ifndef OP_TRACER_LOCAL_FILE_H
#define OP_TRACER_LOCAL_FILE_H

#include "base/error.h"
#include "base/reader.h"

/**
 * A file's contents, read whole: a file that somebody shortens afterwards does no harm.
 * @param[out] ret data is to be freed; what is @p path, borrowed. An empty file has no data.
 * @return OP_ERROR_IO: it cannot be opened or read, is no regular file or is larger than @p limit.
 */
struct op_error *op_local_file_read(const char *path, size_t limit, struct op_bytes *ret);
/** Free what op_local_file_read() gave. */
void op_local_file_free(struct op_bytes *bytes);
#define _cleanup_file_ _cleanup_(op_local_file_free)

/** A file whose parts are read when somebody needs them (base/lazy_bytes.h). */
struct op_local_file;
struct op_lazy_bytes;
/**
 * Open a file. One that is shortened or written to afterwards fails the next read.
 * @return as op_local_file_read(); OP_ERROR_FORMAT when it is empty.
 */
struct op_error *op_local_file_open(const char *path, size_t limit, struct op_local_file **ret);
void op_local_file_close(struct op_local_file *file);
static inline void op_local_file_closep(struct op_local_file **file)
{
	op_local_file_close(*file);
}
/** Its bytes, borrowed; what of them is read is op_lazy_bytes_need()'s. */
struct op_lazy_bytes *op_local_file_bytes(const struct op_local_file *file);

#endif
