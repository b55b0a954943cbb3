// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of a process's memory that outpost makes while the process runs: what the program writes
// meanwhile is copied again, the last of it while the process stands. Knows nothing of core files.
#ifndef OP_PLATFORM_LINUX_COPIED_H
#define OP_PLATFORM_LINUX_COPIED_H

#include "platform/linux/write_track.h"
#include "platform/platform.h"

/** Pages of the process; those of one mapping follow one another. */
struct op_copied_run {
	uint64_t start, end;
	const uint8_t *data; /**< of a piece */
	bool of_file;        /**< never written to, or shared */
};
/** Room for a stretch of memory, taken as it is filled. */
struct op_copied_piece {
	uint64_t start, end;
	uint8_t *data; /**< owned */
};

struct op_copied {
	pid_t pid;
	uint64_t stop_ns;        /**< how long it stood for the tracking to begin */
	int memory_fd, pages_fd; /**< of the running process; -1 at the end */
	struct op_write_track track;
	struct OP_ARRAY(
		struct op_copied_piece) pieces; /**< those that are tracked first, ascending */
	size_t tracked;
	struct OP_ARRAY(struct op_copied_run) runs; /**< ascending; at the end */
	uint64_t taken;                             /**< bytes, since somebody set it to 0 */
	struct OP_ARRAY(struct op_tracked_range) forbidden; /**< at the beginning; ascending */
};

/** Make room for the pages of [start, end). @return NULL: no memory. Borrowed. */
struct op_copied_piece *op_copied_add_piece(struct op_copied *copied, uint64_t start, uint64_t end);
/** Copy pages into their piece. @return false: not all could be read. */
bool op_copied_fill(struct op_copied *copied, int memory_fd, struct op_copied_piece *piece,
		    uint64_t start, uint64_t end);
/** These pages, which are in @p piece, are part of the copy. They come ascending. */
struct op_error *op_copied_add_run(struct op_copied *copied, const struct op_copied_piece *piece,
				   uint64_t start, uint64_t end, bool of_file);
/** As op_frozen_pages() and op_frozen_read(), of a copy that is complete. */
void op_copied_pages(const struct op_copied *copied, uint64_t addr, size_t count, uint8_t *ret);
size_t op_copied_read(const struct op_copied *copied, uint64_t addr, void *buffer, size_t size);
/** Whether there is a page of [start, end) in it. */
bool op_copied_has(const struct op_copied *copied, uint64_t start, uint64_t end);
/** Whether the program wants something of [start, end) in no core file. */
bool op_copied_forbids(const struct op_copied *copied, uint64_t start, uint64_t end);
static inline void op_copied_destroyp(struct op_copied **copied)
{
	op_copied_destroy(*copied);
}

/* copied_end.c */
struct op_frozen;
/**
 * The process stands, and was asked for its threads and mappings: copy the rest.
 * @param[out] ret_complete false: there is so much left that it had better make a copy of itself.
 */
struct op_error *op_copied_complete(struct op_copied *copied, struct op_frozen *frozen,
				    bool *ret_complete);

#endif
