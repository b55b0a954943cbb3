// SPDX-License-Identifier: GPL-3.0-or-later
// The end of copying a process's memory: it stands, and what was written since the last round is
// copied, with what could not be tracked.
#include <stdlib.h>

#include "platform/linux/frozen.h"

// More than this is sooner there by a fork.
static const uint64_t left_max = 48 << 20;

struct completing {
	struct op_copied *copied;
	struct op_frozen *frozen;
	struct op_copied_piece *piece;
	const struct op_mapping *mapping;
	size_t next; /**< piece that does not end before it */
};

/** Whether @p more bytes are too many to copy while the process stands. */
static bool is_too_much(const struct op_copied *copied, uint64_t more)
{
	return more > left_max || copied->taken > left_max - more;
}

static struct op_error *too_much(void)
{
	return op_error_create(OP_ERROR_LIMIT, "much of the memory was written to meanwhile");
}

static struct op_error *take_noted(void *context, uint64_t start, uint64_t end, unsigned flags)
{
	struct completing *completing = context;
	struct op_copied *copied = completing->copied;

	if (!(flags & OP_TRACK_THERE))
		return NULL;
	if (flags & OP_TRACK_WRITTEN) {
		if (is_too_much(copied, end - start))
			return too_much();
		if (!op_copied_fill(copied, completing->frozen->memory_fd, completing->piece, start,
				    end))
			return NULL;
	}
	return op_copied_add_run(copied, completing->piece, start, end, false);
}

static struct op_error *take(struct completing *completing, uint64_t start, uint64_t end,
			     bool of_file)
{
	struct op_copied *copied = completing->copied;
	if (is_too_much(copied, end - start))
		return too_much();
	struct op_copied_piece *piece = op_copied_add_piece(copied, start, end);
	if (!piece)
		return op_error_no_memory();
	// What cannot be read is not in the copy, and is counted when it is written.
	if (!op_copied_fill(copied, completing->frozen->memory_fd, piece, start, end))
		return NULL;
	return op_copied_add_run(copied, piece, start, end, of_file);
}

static struct op_error *take_run(void *context, uint64_t start, uint64_t end)
{
	return take(context, start, end, false);
}

static struct op_error *take_untracked(struct completing *completing, uint64_t start, uint64_t end)
{
	return op_frozen_each_run(completing->frozen, start, end, false, 0, take_run, completing);
}

/** What of a piece is in [start, end). */
static struct op_error *take_tracked(struct completing *completing, struct op_copied_piece *piece,
				     uint64_t start, uint64_t end)
{
	size_t runs = completing->copied->runs.count;

	completing->piece = piece;
	struct op_error *err = op_write_track_last(completing->frozen->pages_fd, start, end,
						   take_noted, completing);
	if (!err || err->code != OP_ERROR_NOT_FOUND)
		return err;
	// It was mapped anew, or moved.
	op_error_destroy(err);
	completing->copied->runs.count = runs;
	return take_untracked(completing, start, end);
}

/** Memory of the process's own: what is tracked of it, and what came since. */
static struct op_error *take_own(struct completing *completing)
{
	struct op_copied *copied = completing->copied;
	uint64_t at = completing->mapping->start.value, end = completing->mapping->end.value;
	struct op_error *err = NULL;

	// Both ascend.
	while (completing->next < copied->tracked &&
	       copied->pieces.data[completing->next].end <= at)
		completing->next++;
	for (size_t i = completing->next; !err && i < copied->tracked; i++) {
		uint64_t from = copied->pieces.data[i].start, to = copied->pieces.data[i].end;
		if (from >= end)
			break;
		if (from > at) {
			err = take_untracked(completing, at, from);
			at = from;
		}
		to = to < end ? to : end;
		// The pieces may have moved.
		if (!err)
			err = take_tracked(completing, &copied->pieces.data[i], at, to);
		at = to;
	}
	return err ? err : take_untracked(completing, at, end);
}

static struct op_error *take_file(struct completing *completing)
{
	uint64_t start = completing->mapping->start.value;
	uint8_t first;
	struct op_error *err = op_frozen_pages(completing->frozen, start, 1, &first);
	bool own = first & OP_PAGE_THERE && !(first & OP_PAGE_OF_FILE);

	// Its first page tells which file it is.
	if (!err && !own && !completing->mapping->file_offset)
		err = take(completing, start, start + OP_FROZEN_PAGE, true);
	if (!err)
		err = op_frozen_each_run(completing->frozen, start + (own ? 0 : OP_FROZEN_PAGE),
					 completing->mapping->end.value, true, OP_CORE_GAP_PAGES,
					 take_run, completing);
	return err;
}

static struct op_error *take_mapping(struct completing *completing)
{
	uint64_t start = completing->mapping->start.value, end = completing->mapping->end.value;

	if (op_copied_forbids(completing->copied, start, end))
		return NULL;
	switch (op_core_kind_of(completing->mapping)) {
	case OP_CORE_OWN:
		return take_own(completing);
	case OP_CORE_FILE:
		return take_file(completing);
	case OP_CORE_WHOLE:
		return take(completing, start, end, false);
	case OP_CORE_SHARED:
	case OP_CORE_UNWANTED:
		break;
	}
	return NULL;
}

struct op_error *op_copied_complete(struct op_copied *copied, struct op_frozen *frozen,
				    bool *ret_complete)
{
	struct completing completing = {.copied = copied, .frozen = frozen};
	struct op_error *err = NULL;

	copied->taken = 0;
	for (size_t i = 0; !err && i < frozen->mappings.count; i++) {
		completing.mapping = &frozen->mappings.data[i];
		err = take_mapping(&completing);
	}
	*ret_complete = !err;
	if (!err || err->code != OP_ERROR_LIMIT)
		return err;
	op_error_destroy(err);
	return NULL;
}
