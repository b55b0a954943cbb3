// SPDX-License-Identifier: GPL-3.0-or-later
// The pages of a copied process: pieces that are filled while it runs, and in the end the runs of
// pages that count.
#include "platform/linux/copied.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/frozen.h"

struct op_copied_piece *op_copied_add_piece(struct op_copied *copied, uint64_t start, uint64_t end)
{
	// Of a reservation only what is written to takes room here, too.
	uint8_t *data = mmap(NULL, end - start, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED)
		return NULL;
	if (!op_array_push(&copied->pieces, ((struct op_copied_piece){start, end, data}))) {
		munmap(data, end - start);
		return NULL;
	}
	return &copied->pieces.data[copied->pieces.count - 1];
}

bool op_copied_fill(struct op_copied *copied, int memory_fd, struct op_copied_piece *piece,
		    uint64_t start, uint64_t end)
{
	while (start < end) {
		ssize_t got = pread(memory_fd, piece->data + (start - piece->start), end - start,
				    (off_t)start);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		copied->taken += (uint64_t)got;
		start += (uint64_t)got;
	}
	return true;
}

struct op_error *op_copied_add_run(struct op_copied *copied, const struct op_copied_piece *piece,
				   uint64_t start, uint64_t end, bool of_file)
{
	struct op_copied_run *last =
		copied->runs.count ? &copied->runs.data[copied->runs.count - 1] : NULL;
	const uint8_t *data = piece->data + (start - piece->start);

	if (last && last->end == start && last->of_file == of_file &&
	    last->data + (start - last->start) == data) {
		last->end = end;
		return NULL;
	}
	struct op_copied_run run = {start, end, data, of_file};
	return op_array_push(&copied->runs, run) ? NULL : op_error_no_memory();
}

/** The first run that does not end before or at @p addr. */
static size_t first_run(const struct op_copied *copied, uint64_t addr)
{
	size_t low = 0, high = copied->runs.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (copied->runs.data[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool op_copied_has(const struct op_copied *copied, uint64_t start, uint64_t end)
{
	size_t at = first_run(copied, start);

	return at < copied->runs.count && copied->runs.data[at].start < end;
}

bool op_copied_forbids(const struct op_copied *copied, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < copied->forbidden.count; i++) {
		const struct op_tracked_range *range = &copied->forbidden.data[i];
		if (range->start < end && range->end > start)
			return true;
	}
	return false;
}

void op_copied_pages(const struct op_copied *copied, uint64_t addr, size_t count, uint8_t *ret)
{
	uint64_t end = addr + count * OP_FROZEN_PAGE;

	memset(ret, 0, count);
	for (size_t i = first_run(copied, addr); i < copied->runs.count; i++) {
		const struct op_copied_run *run = &copied->runs.data[i];
		uint64_t from = run->start > addr ? run->start : addr;
		uint64_t to = run->end < end ? run->end : end;
		if (from >= end)
			break;
		memset(ret + (from - addr) / OP_FROZEN_PAGE,
		       OP_PAGE_THERE | (run->of_file ? OP_PAGE_OF_FILE : 0),
		       (to - from) / OP_FROZEN_PAGE);
	}
}

size_t op_copied_read(const struct op_copied *copied, uint64_t addr, void *buffer, size_t size)
{
	size_t done = 0;

	for (size_t i = first_run(copied, addr); done < size && i < copied->runs.count; i++) {
		const struct op_copied_run *run = &copied->runs.data[i];
		uint64_t at = addr + done, left = run->end - at;
		if (run->start > at)
			break;
		size_t part = size - done < left ? size - done : (size_t)left;
		memcpy((uint8_t *)buffer + done, run->data + (at - run->start), part);
		done += part;
	}
	return done;
}

void op_copied_destroy(struct op_copied *copied)
{
	if (!copied)
		return;
	op_write_track_end(&copied->track);
	for (size_t i = 0; i < copied->pieces.count; i++)
		munmap(copied->pieces.data[i].data,
		       copied->pieces.data[i].end - copied->pieces.data[i].start);
	if (copied->memory_fd >= 0)
		close(copied->memory_fd);
	if (copied->pages_fd >= 0)
		close(copied->pages_fd);
	free(copied->pieces.data);
	free(copied->runs.data);
	free(copied->forbidden.data);
	free(copied);
}
