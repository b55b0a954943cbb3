// SPDX-License-Identifier: GPL-3.0-or-later
// The address map. Knows neither functions nor modules. Lookups that run into malformed bytes find
// nothing.
#include "target-runtime/address_map.h"

#include <inttypes.h>

#include "target-runtime/block_map.h"

// FilePos::none() of crates/environ/src/address_map.rs.
static const uint32_t no_position = UINT32_MAX;

struct op_address_map {
	bool block_encoded;
	struct op_block_map blocks; // v47+
	uint32_t count;
	const uint8_t *text_offsets; // to v46: count unaligned u32
	const uint8_t *positions;    // likewise
};

static struct op_error *flat_init(const struct op_bytes *section, struct op_address_map *map)
{
	struct op_reader r = op_reader(section);
	struct op_error *err = op_reader_u32(&r, &map->count);
	if (err)
		return err;
	if (map->count > op_reader_left(&r) / 8)
		return op_reader_fail(&r, "%" PRIu32 " entries do not fit", map->count);
	err = op_reader_bytes(&r, (size_t)map->count * 4, &map->text_offsets);
	if (!err)
		err = op_reader_bytes(&r, (size_t)map->count * 4, &map->positions);
	return err;
}

static struct op_error *block_init(const struct op_bytes *section, struct op_address_map *map)
{
	struct op_error *err = op_block_map_init(section, &map->blocks);
	map->count = err ? 0 : map->blocks.entry_count;
	return err;
}

struct op_error *op_address_map_create(const struct op_bytes *section, bool block_encoded,
				       struct op_address_map **ret)
{
	_cleanup_free_ struct op_address_map *map = calloc(1, sizeof(*map));
	if (!map)
		return op_error_no_memory();
	map->block_encoded = block_encoded;
	struct op_error *err = block_encoded ? block_init(section, map) : flat_init(section, map);
	if (err)
		return err;
	*ret = op_take(map);
	return NULL;
}

void op_address_map_destroy(struct op_address_map *map)
{
	free(map);
}

size_t op_address_map_count(const struct op_address_map *map)
{
	return map->count;
}

/** Index of the first flat entry with a text offset not below @p text_offset. */
static uint32_t flat_lower_bound(const struct op_address_map *map, uint32_t text_offset)
{
	uint32_t low = 0, high = map->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (op_load_u32_unchecked(map->text_offsets + (size_t)middle * 4) < text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct op_address_map_entry flat_entry(const struct op_address_map *map, uint32_t index)
{
	uint32_t position = op_load_u32_unchecked(map->positions + (size_t)index * 4);
	return (struct op_address_map_entry){
		.text_offset = op_load_u32_unchecked(map->text_offsets + (size_t)index * 4),
		.has_position = position != no_position,
		.position = position,
	};
}

/**
 * A walk through one block's entries: positions are differences to the last one that was not
 * "none".
 */
struct entry_cursor {
	struct op_block_cursor block;
	bool has_previous;
	uint32_t previous;
};

static struct op_error *entry_next(struct entry_cursor *cursor, struct op_address_map_entry *ret)
{
	bool none;
	struct op_error *err = op_block_cursor_next(&cursor->block, &none);
	if (err)
		return err;
	*ret = (struct op_address_map_entry){.text_offset = cursor->block.text_offset,
					     .position = no_position};
	if (none)
		return NULL;
	if (!cursor->has_previous) {
		err = op_reader_uleb32(&cursor->block.reader, &cursor->previous);
	} else {
		int64_t delta;
		err = op_reader_sleb64(&cursor->block.reader, &delta);
		if (!err && (delta < -(int64_t)cursor->previous ||
			     delta > UINT32_MAX - (int64_t)cursor->previous))
			err = op_reader_fail(&cursor->block.reader, "a position is beyond 32 bits");
		if (!err)
			cursor->previous = (uint32_t)(cursor->previous + delta);
	}
	if (err)
		return err;
	cursor->has_previous = true;
	ret->has_position = true;
	ret->position = cursor->previous;
	return NULL;
}

static bool block_lookup(const struct op_address_map *map, uint32_t text_offset,
			 struct op_address_map_entry *ret)
{
	uint32_t block;
	if (!op_block_map_find(&map->blocks, text_offset, &block))
		return false;
	struct entry_cursor cursor = {0};
	_cleanup_error_ struct op_error *err =
		op_block_cursor_init(&map->blocks, block, &cursor.block);
	bool found = false;
	while (!err && cursor.block.left > 0) {
		struct op_address_map_entry entry;
		err = entry_next(&cursor, &entry);
		if (err || entry.text_offset > text_offset)
			break;
		*ret = entry;
		found = true;
	}
	return found && !err;
}

bool op_address_map_lookup(const struct op_address_map *map, uint32_t text_offset,
			   uint32_t *ret_position)
{
	struct op_address_map_entry entry = {0};
	if (map->block_encoded) {
		if (!block_lookup(map, text_offset, &entry))
			return false;
	} else {
		uint32_t after = text_offset == UINT32_MAX ? map->count
							   : flat_lower_bound(map, text_offset + 1);
		if (after == 0)
			return false;
		entry = flat_entry(map, after - 1);
	}
	*ret_position = entry.position;
	return entry.has_position;
}

static struct op_error *
block_each(const struct op_address_map *map, uint32_t from,
	   bool (*visit)(void *context, const struct op_address_map_entry *entry), void *context)
{
	// Entries at `from` itself may end the block before the one that op_block_map_find() gives.
	uint32_t block = 0;
	if (from == 0 || !op_block_map_find(&map->blocks, from - 1, &block))
		block = 0;
	for (; block < map->blocks.block_count; block++) {
		struct entry_cursor cursor = {0};
		struct op_error *err = op_block_cursor_init(&map->blocks, block, &cursor.block);
		if (err)
			return err;
		while (cursor.block.left > 0) {
			struct op_address_map_entry entry;
			err = entry_next(&cursor, &entry);
			if (err)
				return err;
			if (entry.text_offset >= from && !visit(context, &entry))
				return NULL;
		}
	}
	return NULL;
}

struct op_error *op_address_map_each(const struct op_address_map *map, uint32_t from,
				     bool (*visit)(void *context,
						   const struct op_address_map_entry *entry),
				     void *context)
{
	if (map->block_encoded)
		return block_each(map, from, visit, context);
	for (uint32_t i = flat_lower_bound(map, from); i < map->count; i++) {
		struct op_address_map_entry entry = flat_entry(map, i);
		if (!visit(context, &entry))
			return NULL;
	}
	return NULL;
}
