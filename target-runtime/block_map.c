// SPDX-License-Identifier: GPL-3.0-or-later
// The blocks of v47+ address maps and trap tables. Knows text offsets only.
#include "target-runtime/block_map.h"

#include <inttypes.h>

enum { INDEX_ENTRY_SIZE = 8 };

static uint32_t block_first(const struct op_block_map *map, uint32_t block)
{
	return op_load_u32_unchecked(map->index + (size_t)block * INDEX_ENTRY_SIZE);
}

struct op_error *op_block_map_init(const struct op_bytes *section, struct op_block_map *ret)
{
	struct op_reader r = op_reader(section);
	struct op_block_map map;
	struct op_error *err = op_reader_u32(&r, &map.entry_count);
	if (!err)
		err = op_reader_u32(&r, &map.block_count);
	if (err)
		return err;
	uint32_t expected =
		map.entry_count / OP_BLOCK_ENTRIES + (map.entry_count % OP_BLOCK_ENTRIES != 0);
	if (map.block_count != expected)
		return op_reader_fail(&r, "%" PRIu32 " entries cannot be in %" PRIu32 " blocks",
				      map.entry_count, map.block_count);
	if (map.block_count > op_reader_left(&r) / INDEX_ENTRY_SIZE)
		return op_reader_fail(&r, "%" PRIu32 " blocks do not fit", map.block_count);
	err = op_reader_bytes(&r, (size_t)map.block_count * INDEX_ENTRY_SIZE, &map.index);
	if (err)
		return err;
	// An entry is one byte at least.
	if (map.entry_count > op_reader_left(&r))
		return op_reader_fail(&r, "%" PRIu32 " entries do not fit", map.entry_count);
	map.bodies =
		(struct op_bytes){.data = r.pos, .size = op_reader_left(&r), .what = section->what};
	*ret = map;
	return NULL;
}

struct op_error *op_block_cursor_init(const struct op_block_map *map, uint32_t block,
				      struct op_block_cursor *ret)
{
	ret->reader = op_reader(&map->bodies);
	ret->text_offset = block_first(map, block);
	ret->left = map->entry_count - block * OP_BLOCK_ENTRIES;
	if (ret->left > OP_BLOCK_ENTRIES)
		ret->left = OP_BLOCK_ENTRIES;
	return op_reader_seek(
		&ret->reader,
		op_load_u32_unchecked(map->index + (size_t)block * INDEX_ENTRY_SIZE + 4));
}

struct op_error *op_block_cursor_next(struct op_block_cursor *cursor, bool *ret_flag)
{
	// The delta is 32 bits wide and has a flag bit below it.
	uint64_t token;
	struct op_error *err = op_reader_uleb64(&cursor->reader, &token);
	if (err)
		return err;
	if (token >> 1 > UINT32_MAX - cursor->text_offset)
		return op_reader_fail(&cursor->reader, "a text offset is beyond 32 bits");
	cursor->text_offset += (uint32_t)(token >> 1);
	cursor->left--;
	*ret_flag = token & 1;
	return NULL;
}

bool op_block_map_find(const struct op_block_map *map, uint32_t text_offset, uint32_t *ret_block)
{
	uint32_t low = 0, high = map->block_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (block_first(map, middle) <= text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_block = low - 1;
	return low > 0;
}
