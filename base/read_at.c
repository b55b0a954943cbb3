// SPDX-License-Identifier: GPL-3.0-or-later
// Reading at a place of a file, whatever interrupts it.
#include "base/read_at.h"

#include <errno.h>
#include <unistd.h>

size_t op_read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	errno = 0;
	while (done < size && offset <= (uint64_t)INT64_MAX - done) {
		ssize_t got =
			pread(fd, (uint8_t *)buffer + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR) {
			errno = 0;
			continue;
		}
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}
