// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces one behind the other, with room between them, so that what reads past one finds nothing.
#include "tracer/dump_space.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

static const uint64_t first_address = UINT64_C(0x100000000), page = 4096,
		      last_address = UINT64_C(1) << 47;

void op_dump_space_deinit(struct op_dump_space *space)
{
	for (size_t i = 0; i < space->pieces.count; i++)
		free(space->pieces.data[i].data);
	free(space->pieces.data);
	free(space->holes.data);
	*space = (struct op_dump_space){0};
}

static struct op_error *add_piece(struct op_dump_space *space, uint64_t size,
				  struct op_dump_piece *piece)
{
	if (!space->next)
		space->next = first_address;
	if (size > last_address - space->next)
		return op_error_create(OP_ERROR_LIMIT,
				       "the Wasm core dump says that it holds more memory than "
				       "there are addresses");
	piece->start = space->next;
	piece->end = space->next + (size + page - 1) / page * page;
	space->next = piece->end + page;
	return op_array_push(&space->pieces, *piece) ? NULL : op_error_no_memory();
}

struct op_error *op_dump_space_add(struct op_dump_space *space, uint64_t size, unsigned protection,
				   uint8_t **ret_data, uint64_t *ret_start)
{
	struct op_dump_piece piece = {.protection = protection};
	uint64_t whole = (size + page - 1) / page * page;
	piece.data = calloc(1, whole ? whole : page);
	if (!piece.data)
		return op_error_no_memory();
	struct op_error *err = add_piece(space, whole ? whole : page, &piece);
	if (err)
		free(piece.data);
	*ret_data = piece.data;
	*ret_start = piece.start;
	return err;
}

struct op_error *op_dump_space_add_memory(struct op_dump_space *space, uint32_t memory,
					  uint64_t *ret_start)
{
	// Writable, as it was: what starts like an image in there is none.
	struct op_dump_piece piece = {.protection = OP_PROTECTION_READ | OP_PROTECTION_WRITE,
				      .memory = memory};
	uint64_t size = op_wasm_core_dump_memory_size(space->dump, memory);
	struct op_error *err = add_piece(space, size ? size : page, &piece);
	*ret_start = piece.start;
	return err;
}

struct op_error *op_dump_space_add_hole(struct op_dump_space *space, uint64_t start, uint64_t end,
					const char *reason)
{
	struct op_dump_hole hole = {start, end, reason};
	if (start >= end)
		return NULL;
	return op_array_push(&space->holes, hole) ? NULL : op_error_no_memory();
}

static int by_start(const void *left, const void *right)
{
	const struct op_dump_hole *a = left, *b = right;
	return (a->start > b->start) - (a->start < b->start);
}

void op_dump_space_finish(struct op_dump_space *space)
{
	if (space->holes.count)
		qsort(space->holes.data, space->holes.count, sizeof(*space->holes.data), by_start);
}

static const struct op_dump_piece *find_piece(const struct op_dump_space *space, uint64_t addr)
{
	size_t low = 0, high = space->pieces.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->pieces.data[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	const struct op_dump_piece *piece = &space->pieces.data[low];
	return low < space->pieces.count && piece->start <= addr ? piece : NULL;
}

/** The first hole that does not end before or at @p addr; NULL: none. */
static const struct op_dump_hole *next_hole(const struct op_dump_space *space, uint64_t addr)
{
	size_t low = 0, high = space->holes.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (space->holes.data[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < space->holes.count ? &space->holes.data[low] : NULL;
}

static size_t read_memory(const struct op_dump_space *space, const struct op_dump_piece *piece,
			  uint64_t offset, void *buffer, size_t size)
{
	uint64_t length = op_wasm_core_dump_memory_size(space->dump, piece->memory);
	if (offset >= length)
		return 0;
	if (size > length - offset)
		size = (size_t)(length - offset);
	struct op_error *err =
		op_wasm_core_dump_read(space->dump, piece->memory, offset, buffer, size);
	if (!err)
		return size;
	op_error_destroy(err);
	return 0;
}

size_t op_dump_space_read(const struct op_dump_space *space, uint64_t addr, void *buffer,
			  size_t size)
{
	const struct op_dump_piece *piece = find_piece(space, addr);
	const struct op_dump_hole *hole = next_hole(space, addr);
	if (!piece || (hole && hole->start <= addr))
		return 0;
	uint64_t end = hole && hole->start < piece->end ? hole->start : piece->end;
	if (size > end - addr)
		size = (size_t)(end - addr);
	if (!piece->data)
		return read_memory(space, piece, addr - piece->start, buffer, size);
	memcpy(buffer, piece->data + (addr - piece->start), size);
	return size;
}

struct op_error *op_dump_space_unreadable(const struct op_dump_space *space, uint64_t addr)
{
	const struct op_dump_hole *hole = next_hole(space, addr);
	if (hole && hole->start <= addr)
		return op_error_create(OP_ERROR_UNREADABLE, "%s", hole->reason);
	return op_error_create(OP_ERROR_UNREADABLE,
			       "there is nothing at host address 0x%" PRIx64
			       ": a Wasm core dump holds the guest's memory alone",
			       addr);
}

struct op_error *op_dump_space_mappings(const struct op_dump_space *space, struct op_mappings *ret)
{
	struct op_mappings mappings = {0};
	for (size_t i = 0; i < space->pieces.count; i++) {
		const struct op_dump_piece *piece = &space->pieces.data[i];
		struct op_mapping mapping = {
			.start = op_host_addr(piece->start),
			.end = op_host_addr(piece->end),
			.protection = piece->protection,
			.anonymous = true,
			.path = strdup(""),
		};
		if (!mapping.path || !op_array_push(&mappings, mapping)) {
			free(mapping.path);
			op_mappings_deinit(&mappings);
			return op_error_no_memory();
		}
	}
	*ret = mappings;
	return NULL;
}
