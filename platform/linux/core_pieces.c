// SPDX-License-Identifier: GPL-3.0-or-later
// The map of a core's memory: which stretches there were, what of them the core holds, which files
// were mapped there. Reads no memory but a page here and there, and no file.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "platform/linux/core.h"

enum { PAGE_SIZE_MIN = 4096 };

static int compare_pieces(const void *left, const void *right)
{
	const struct op_core_piece *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

struct op_error *op_core_sort_pieces(struct op_core *core)
{
	size_t kept = 0, dropped = 0;

	if (core->pieces.count)
		qsort(core->pieces.data, core->pieces.count, sizeof(*core->pieces.data),
		      compare_pieces);
	for (size_t i = 0; i < core->pieces.count; i++) {
		struct op_core_piece *piece = &core->pieces.data[i];

		if (kept && core->pieces.data[kept - 1].end > piece->start)
			dropped++;
		else
			core->pieces.data[kept++] = *piece;
	}
	core->pieces.count = kept;
	return dropped ? op_core_remark(core,
					"%zu of the core file's program headers claim memory that "
					"another one has as well, and are left out",
					dropped)
		       : NULL;
}

/** Index of the first of the @p count first pieces, which are in order, that ends behind @p addr.
 */
static size_t first_behind(const struct op_core *core, size_t count, uint64_t addr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (core->pieces.data[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct op_core_piece *op_core_find_piece(const struct op_core *core, uint64_t addr)
{
	size_t at = first_behind(core, core->pieces.count, addr);

	return at < core->pieces.count && core->pieces.data[at].start <= addr
		       ? &core->pieces.data[at]
		       : NULL;
}

/**
 * A mapping that has no program header: gdb writes none for what it leaves out. Its protection is
 * not known. What stands at a file's beginning can be read; behind it there may be code.
 */
static bool add_unheld(struct op_core *core, uint64_t start, uint64_t end, uint64_t file_offset,
		       uint32_t file)
{
	struct op_core_piece piece = {
		.start = start,
		.end = end,
		.protection = OP_PROTECTION_READ | (file_offset ? OP_PROTECTION_EXECUTE : 0U),
		.file = file,
		.file_offset = file_offset,
	};
	return op_array_push(&core->pieces, piece);
}

/** What was mapped writable may differ from the file, everything else must not. */
static void note_first_page(struct op_core *core, const struct op_core_piece *piece)
{
	struct op_core_file *file = &core->files.data[piece->file];

	if (!file->first_page && piece->held && !piece->file_offset &&
	    !(piece->protection & OP_PROTECTION_WRITE))
		file->first_page = piece->start;
}

struct op_error *op_core_place_file(struct op_core *core, uint64_t start, uint64_t end,
				    uint64_t file_offset, uint32_t file)
{
	size_t known = core->header_pieces;
	uint64_t at = start;
	struct op_core_file *mapped = &core->files.data[file];

	if (file_offset + (end - start) > mapped->mapped_end)
		mapped->mapped_end = file_offset + (end - start);

	for (size_t i = first_behind(core, known, start);
	     i < known && core->pieces.data[i].start < end; i++) {
		struct op_core_piece *piece = &core->pieces.data[i];

		if (piece->start > at &&
		    !add_unheld(core, at, piece->start, file_offset + (at - start), file))
			return op_error_no_memory();
		piece = &core->pieces.data[i];
		// A piece that began before the mapping does is not of this file alone.
		if (piece->start >= start && piece->end <= end) {
			piece->file = file;
			piece->file_offset = file_offset + (piece->start - start);
			note_first_page(core, piece);
		}
		at = piece->end;
	}
	if (at < end && !add_unheld(core, at, end, file_offset + (at - start), file))
		return op_error_no_memory();
	return NULL;
}

/** Is the beginning of what the core holds of a piece nothing but zeros? */
static bool begins_empty(const struct op_core *core, const struct op_core_piece *piece)
{
	static const uint8_t zeros[PAGE_SIZE_MIN];
	uint8_t page[PAGE_SIZE_MIN];
	size_t size = piece->held < sizeof(page) ? (size_t)piece->held : sizeof(page);

	return op_core_read_file(core, piece->offset, page, size) && memcmp(page, zeros, size) == 0;
}

/**
 * gdb reads what the process itself may not (guard pages, reservations of gigabytes), finds zeros
 * there, and writes them as readable memory: a linear memory of 64 KiB gives 4 GiB of them. Such a
 * piece is taken for what it was, unless it touches code, as the images that are looked for do.
 */
static bool was_inaccessible(const struct op_core *core, size_t index)
{
	const struct op_core_piece *piece = &core->pieces.data[index];
	const struct op_core_piece *before = index ? piece - 1 : NULL;
	const struct op_core_piece *after = index + 1 < core->pieces.count ? piece + 1 : NULL;

	if (!core->by_gdb || piece->file != OP_CORE_NO_FILE ||
	    piece->protection != OP_PROTECTION_READ || !piece->held)
		return false;
	if (before && before->end == piece->start && before->protection & OP_PROTECTION_EXECUTE)
		return false;
	if (after && after->start == piece->end && after->protection & OP_PROTECTION_EXECUTE)
		return false;
	return begins_empty(core, piece);
}

void op_core_finish_pieces(struct op_core *core)
{
	for (size_t i = 0; i < core->pieces.count; i++) {
		struct op_core_piece *piece = &core->pieces.data[i];

		if (was_inaccessible(core, i))
			piece->protection = 0;
		if (piece->file == OP_CORE_NO_FILE && piece->held &&
		    piece->protection & OP_PROTECTION_WRITE)
			core->private_memory = true;
		if (piece->protection && piece->held &&
		    (piece->offset >= core->size || piece->held > core->size - piece->offset))
			core->missing += piece->offset >= core->size
						 ? piece->held
						 : piece->held - (core->size - piece->offset);
	}
}
