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

#endif
