// SPDX-License-Identifier: GPL-3.0-or-later
// The file that a mapping of the host's code is of, or the reason why there is none to be had.
// Knows no unwinding.
#ifndef OP_TRACER_HOST_FILE_H
#define OP_TRACER_HOST_FILE_H

#include "tracer/session.h"

/**
 * Open the very file that is mapped; a newer one at its path has other code.
 *
 * @param[out] ret_path where it was found; free() it.
 * @param[out] ret_fd the open file; close() it.
 * @return OP_ERROR_IO with the file and what became of it: it was deleted, is another one by now,
 * or cannot be opened.
 */
struct op_error *op_host_file_open(struct op_session *session, const struct op_mapping *mapping,
				   char **ret_path, int *ret_fd);

#endif
