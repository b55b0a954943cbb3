// SPDX-License-Identifier: GPL-3.0-or-later
// Which pages of a running process were written to since somebody looked: the kernel's asynchronous
// write protection (userfaultfd) and PAGEMAP_SCAN, Linux 6.7. Knows nothing of why it is asked.
#ifndef OP_PLATFORM_LINUX_WRITE_TRACK_H
#define OP_PLATFORM_LINUX_WRITE_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/array.h"
#include "base/error.h"

struct op_live;

struct op_tracked_range {
	uint64_t start, end;
};

struct op_write_track {
	int fd; /**< outpost's own: when it goes, so does every trace in the process */
	struct OP_ARRAY(struct op_tracked_range) ranges;
};

/** What a scan says of a run of pages. */
enum {
	OP_TRACK_THERE = 1,   /**< in memory or swapped out */
	OP_TRACK_WRITTEN = 2, /**< since the scan before */
};
typedef struct op_error *op_track_visit(void *context, uint64_t start, uint64_t end,
					unsigned flags);

/**
 * Prepare tracking: one of the stopped process's threads makes the descriptor, and closes its own
 * end of it. Nothing in the process changes by that.
 * @return OP_ERROR_UNSUPPORTED when it cannot be had: an older kernel, a seccomp filter.
 */
struct op_error *op_write_track_begin(struct op_live *process, struct op_write_track *ret);
/** Take in private memory of no file; the process may run. @return false: the kernel does not want
 * to. */
bool op_write_track_add(struct op_write_track *track, uint64_t start, uint64_t end);
/**
 * Visit the runs of pages of [start, end) that are there and were written to; they count as
 * unwritten from then on. The process may run: what is written after @p visit was called is found
 * by the next scan.
 * @param[in] pages_fd /proc/PID/pagemap.
 * @return OP_ERROR_NOT_FOUND: not all of it is (still) tracked.
 */
struct op_error *op_write_track_next(int pages_fd, uint64_t start, uint64_t end,
				     op_track_visit *visit, void *context);
/** Visit all of [start, end), as it is. The process stands. */
struct op_error *op_write_track_last(int pages_fd, uint64_t start, uint64_t end,
				     op_track_visit *visit, void *context);
/** End the tracking, bit by bit: the process may run, and is never kept for long. */
void op_write_track_end(struct op_write_track *track);

#endif
