// SPDX-License-Identifier: GPL-3.0-or-later
// Reading at a place of a file, whatever interrupts it.
#ifndef OP_BASE_READ_AT_H
#define OP_BASE_READ_AT_H

#include <stddef.h>
#include <stdint.h>

/**
 * Read @p size bytes from @p offset on, or as many as there are.
 * @return how many; when they are fewer than @p size, errno says why, 0 at the file's end.
 */
size_t op_read_at(int fd, uint64_t offset, void *buffer, size_t size);

#endif
