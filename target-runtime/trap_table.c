// SPDX-License-Identifier: GPL-3.0-or-later
// The trap table. Knows codes as numbers; their names are in layout/. Lookups that run into
// malformed
// bytes find nothing.
#include "target-runtime/trap_table.h"

#include <inttypes.h>

#include "target-runtime/block_map.h"

struct op_trap_table {
	bool block_encoded;
	struct op_block_map blocks; // v47+
	uint32_t count;
	const uint8_t *text_offsets; // to v46: count unaligned u32
	const uint8_t *codes;        // count bytes
};

static struct op_error *flat_init(const struct op_bytes *section, struct op_trap_table *table)
{
	struct op_reader r = op_reader(section);
	struct op_error *err = op_reader_u32(&r, &table->count);
	if (err)
		return err;
	if (table->count > op_reader_left(&r) / 5)
		return op_reader_fail(&r, "%" PRIu32 " entries do not fit", table->count);
	err = op_reader_bytes(&r, (size_t)table->count * 4, &table->text_offsets);
	if (!err)
		err = op_reader_bytes(&r, table->count, &table->codes);
	return err;
}

static struct op_error *block_init(const struct op_bytes *section, struct op_trap_table *table)
{
	struct op_error *err = op_block_map_init(section, &table->blocks);
	table->count = err ? 0 : table->blocks.entry_count;
	return err;
}

struct op_error *op_trap_table_create(const struct op_bytes *section, bool block_encoded,
				      struct op_trap_table **ret)
{
	_cleanup_free_ struct op_trap_table *table = calloc(1, sizeof(*table));
	if (!table)
		return op_error_no_memory();
	table->block_encoded = block_encoded;
	struct op_error *err =
		block_encoded ? block_init(section, table) : flat_init(section, table);
	if (err)
		return err;
	*ret = op_take(table);
	return NULL;
}

void op_trap_table_destroy(struct op_trap_table *table)
{
	free(table);
}

size_t op_trap_table_count(const struct op_trap_table *table)
{
	return table->count;
}

static bool flat_lookup(const struct op_trap_table *table, uint32_t text_offset, uint8_t *ret_code)
{
	uint32_t low = 0, high = table->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t offset = op_load_u32_unchecked(table->text_offsets + (size_t)middle * 4);
		if (offset == text_offset) {
			*ret_code = table->codes[middle];
			return true;
		}
		if (offset < text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool block_lookup(const struct op_trap_table *table, uint32_t text_offset, uint8_t *ret_code)
{
	uint32_t block;
	if (!op_block_map_find(&table->blocks, text_offset, &block))
		return false;
	struct op_block_cursor cursor;
	_cleanup_error_ struct op_error *err = op_block_cursor_init(&table->blocks, block, &cursor);
	// A block starts with the code of those of its entries that do not bring their own.
	uint8_t common;
	if (!err)
		err = op_reader_u8(&cursor.reader, &common);
	while (!err && cursor.left > 0) {
		bool differs;
		err = op_block_cursor_next(&cursor, &differs);
		if (err || cursor.text_offset > text_offset)
			return false;
		uint8_t code = common;
		if (differs)
			err = op_reader_u8(&cursor.reader, &code);
		if (!err && cursor.text_offset == text_offset) {
			*ret_code = code;
			return true;
		}
	}
	return false;
}

bool op_trap_table_lookup(const struct op_trap_table *table, uint32_t text_offset,
			  uint8_t *ret_code)
{
	return table->block_encoded ? block_lookup(table, text_offset, ret_code)
				    : flat_lookup(table, text_offset, ret_code);
}
