// SPDX-License-Identifier: GPL-3.0-or-later
// The frame table: header, program points, patch slots. Descriptors are in frame_descriptor.c.
// Knows no image and no memory of the target.
#include "target-runtime/frame_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/frame_descriptor.h"

enum {
	POINT_RECORD_WORDS = 3, // pc and flag, descriptor, shape
	SLOT_SIZE_MAX = 16,     // the longest patchable call of any ISA is 8 bytes (riscv64)
};
// A frame's first word: 31 bits of pc, and whether another, inner frame follows.
static const uint32_t point_more = UINT32_C(1) << 31;

struct op_frame_table {
	const char *what;
	struct op_lazy_bytes *lazy; // NULL: the whole section is there
	struct op_frame_descriptor_pool descriptors;

	uint32_t point_count;
	const uint8_t *point_keys;  // u32: text offset << 1 | position, ascending
	const uint8_t *point_words; // u32: index of the record's first word in the pool
	const uint8_t *point_pool;
	uint32_t point_pool_words;

	uint32_t slot_count;
	const uint8_t *slot_pcs; // u32, ascending
	const uint8_t *slot_text_offsets;
	const uint8_t *slot_data_ends; // u32: end of the patch bytes, which are as long as the slot

	bool text_order_known;
	uint32_t *text_order; // slot indices by text offset; NULL when that is the slots' own order
};

static uint32_t word(const uint8_t *array, size_t index)
{
	return op_load_u32_unchecked(array + index * 4);
}

/** The header: counts of things and sizes of pools. Four words had no patch slots yet. */
struct frame_header {
	uint32_t descriptors, points, slots;
	uint32_t descriptor_pool, point_pool_words, slot_pool;
};

static struct op_error *read_header(struct op_reader *r, unsigned words, struct frame_header *ret)
{
	uint32_t *const with_slots[] = {
		&ret->descriptors,     &ret->points,           &ret->slots,
		&ret->descriptor_pool, &ret->point_pool_words, &ret->slot_pool};
	uint32_t *const without_slots[] = {&ret->descriptors, &ret->points, &ret->descriptor_pool,
					   &ret->point_pool_words};
	uint32_t *const *fields = words == OP_ARRAY_SIZE(with_slots) ? with_slots : without_slots;
	for (unsigned i = 0; i < words; i++) {
		struct op_error *err = op_reader_u32(r, fields[i]);
		if (err)
			return err;
	}
	return NULL;
}

static struct op_error *take_words(struct op_reader *r, uint32_t count, unsigned words_each,
				   const char *noun, const uint8_t **ret)
{
	if (count > op_reader_left(r) / 4 / words_each)
		return op_reader_fail(r, "%" PRIu32 " %s do not fit", count, noun);
	return op_reader_bytes(r, (size_t)count * 4 * words_each, ret);
}

// The bytes of patches are in the text as well: nobody needs the pool of them.
static struct op_error *need_tables(const struct op_frame_table *table)
{
	const struct {
		const uint8_t *data;
		size_t count, words_each;
	} arrays[] = {
		{table->descriptors.ranges, table->descriptors.count, 2},
		{table->descriptors.slot_to_fp, table->descriptors.count, 1},
		{table->point_keys, table->point_count, 1},
		{table->slot_pcs, table->slot_count, 1},
		{table->slot_text_offsets, table->slot_count, 1},
		{table->slot_data_ends, table->slot_count, 1},
	};
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < OP_ARRAY_SIZE(arrays); i++)
		err = op_lazy_bytes_need(table->lazy, arrays[i].data,
					 arrays[i].count * arrays[i].words_each * 4);
	return err;
}

static struct op_error *check_slots(struct op_reader *r, const struct op_frame_table *table,
				    uint32_t pool_size)
{
	uint32_t start = 0;
	for (uint32_t i = 0; i < table->slot_count; i++) {
		uint32_t end = word(table->slot_data_ends, i);
		if (end <= start || end - start > SLOT_SIZE_MAX || end > pool_size)
			return op_reader_fail(r, "patch slot %" PRIu32 " has no possible size", i);
		start = end;
	}
	return NULL;
}

static struct op_error *read_tables(struct op_reader *r, const struct frame_header *header,
				    struct op_frame_table *table)
{
	table->descriptors.count = header->descriptors;
	table->point_count = header->points;
	table->slot_count = header->slots;
	table->point_pool_words = header->point_pool_words;
	const struct {
		uint32_t count;
		unsigned words_each;
		const char *noun;
		const uint8_t **ret;
	} arrays[] = {
		{header->descriptors, 2, "frame descriptors", &table->descriptors.ranges},
		{header->descriptors, 1, "frame descriptors", &table->descriptors.slot_to_fp},
		{header->points, 1, "program points", &table->point_keys},
		{header->points, 1, "program points", &table->point_words},
		{header->slots, 1, "patch slots", &table->slot_pcs},
		{header->slots, 1, "patch slots", &table->slot_text_offsets},
		{header->slots, 1, "patch slots", &table->slot_data_ends},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(arrays); i++) {
		struct op_error *err = take_words(r, arrays[i].count, arrays[i].words_each,
						  arrays[i].noun, arrays[i].ret);
		if (err)
			return err;
	}
	struct op_error *err =
		op_reader_bytes(r, header->descriptor_pool, &table->descriptors.pool.data);
	if (err)
		return err;
	table->descriptors.pool.size = header->descriptor_pool;
	table->descriptors.pool.what = table->what;
	err = take_words(r, header->point_pool_words, 1, "words of program points",
			 &table->point_pool);
	if (!err)
		err = op_reader_skip(r, header->slot_pool);
	if (err)
		return err;
	if (op_reader_left(r) != 0)
		return op_reader_fail(
			r, "%zu bytes are left over: this is not the layout that it should have",
			op_reader_left(r));
	err = need_tables(table);
	return err ?: check_slots(r, table, header->slot_pool);
}

struct op_error *op_frame_table_create(const struct op_bytes *section,
				       const struct op_layout *layout, struct op_frame_table **ret)
{
	return op_frame_table_create_lazy(section, NULL, layout, ret);
}

struct op_error *op_frame_table_create_lazy(const struct op_bytes *section,
					    struct op_lazy_bytes *lazy,
					    const struct op_layout *layout,
					    struct op_frame_table **ret)
{
	if (layout->frame_table_header_words == 0)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"Wasmtime %u to %u have no frame table, but the image has one",
			layout->first_version, layout->last_version);
	_cleanup_free_ struct op_frame_table *table = calloc(1, sizeof(*table));
	if (!table)
		return op_error_no_memory();
	struct op_reader r = op_reader(section);
	struct frame_header header = {0};
	table->what = section->what;
	table->descriptors.kind_shift = layout->function_key_kind_shift;
	table->lazy = table->descriptors.lazy = lazy;
	struct op_error *err =
		op_lazy_bytes_need(lazy, section->data, layout->frame_table_header_words * 4);
	if (!err)
		err = read_header(&r, layout->frame_table_header_words, &header);
	if (!err)
		err = read_tables(&r, &header, table);
	if (err)
		return err;
	*ret = op_take(table);
	return NULL;
}

void op_frame_table_destroy(struct op_frame_table *table)
{
	if (!table)
		return;
	free(table->text_order);
	free(table);
}

size_t op_frame_table_descriptor_count(const struct op_frame_table *table)
{
	return table->descriptors.count;
}

struct op_error *op_frame_table_descriptor(const struct op_frame_table *table, uint32_t index,
					   struct op_frame_descriptor *ret)
{
	return op_frame_descriptor_read(&table->descriptors, index, ret);
}

// Program points ------------------------------------------------------------------------------

size_t op_frame_table_point_count(const struct op_frame_table *table)
{
	return table->point_count;
}

struct op_point op_frame_table_point(const struct op_frame_table *table, size_t index)
{
	uint32_t key = word(table->point_keys, index);
	return (struct op_point){
		.text_offset = key >> 1,
		.position = key & 1 ? OP_POINT_PRE : OP_POINT_POST,
		.index = (uint32_t)index,
	};
}

bool op_frame_table_find_before(const struct op_frame_table *table, uint32_t text_offset,
				enum op_point_position position, struct op_point *ret)
{
	// Keys have 31 bits of text offset; what lies beyond is behind every point.
	uint64_t wanted = (uint64_t)text_offset << 1 | (unsigned)position;
	uint32_t low = 0, high = table->point_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (word(table->point_keys, middle) <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*ret = op_frame_table_point(table, low - 1);
	return true;
}

bool op_frame_table_find_exact(const struct op_frame_table *table, uint32_t text_offset,
			       enum op_point_position position, struct op_point *ret)
{
	struct op_point point;
	if (!op_frame_table_find_before(table, text_offset, position, &point) ||
	    point.text_offset != text_offset || point.position != position)
		return false;
	*ret = point;
	return true;
}

struct op_error *op_frame_table_point_frames(const struct op_frame_table *table,
					     const struct op_point *point,
					     struct op_point_frame *ret, size_t capacity,
					     size_t *ret_count)
{
	struct op_error *err =
		op_lazy_bytes_need(table->lazy, table->point_words + (size_t)point->index * 4, 4);
	if (err)
		return err;
	size_t at = word(table->point_words, point->index);
	size_t count = 0;
	for (bool more = true; more; at += POINT_RECORD_WORDS) {
		if (at > table->point_pool_words ||
		    table->point_pool_words - at < POINT_RECORD_WORDS)
			return op_error_create(OP_ERROR_FORMAT,
					       "%s: the record of program point %" PRIu32
					       " is not inside the pool",
					       table->what, point->index);
		if (count == capacity)
			return op_error_create(OP_ERROR_LIMIT,
					       "%s: program point %" PRIu32
					       " has more than %zu frames",
					       table->what, point->index, capacity);
		err = op_lazy_bytes_need(table->lazy, table->point_pool + at * 4,
					 POINT_RECORD_WORDS * 4);
		if (err)
			return err;
		uint32_t first = word(table->point_pool, at);
		more = first & point_more;
		ret[count++] = (struct op_point_frame){
			.pc = first & ~point_more,
			.descriptor = word(table->point_pool, at + 1),
			.shape = word(table->point_pool, at + 2),
		};
	}
	*ret_count = count;
	return NULL;
}

// Patch slots ---------------------------------------------------------------------------------

size_t op_frame_table_slot_count(const struct op_frame_table *table)
{
	return table->slot_count;
}

struct op_slot op_frame_table_slot(const struct op_frame_table *table, size_t index)
{
	uint32_t start = index ? word(table->slot_data_ends, index - 1) : 0;
	return (struct op_slot){
		.pc = word(table->slot_pcs, index),
		.text_offset = word(table->slot_text_offsets, index),
		.size = word(table->slot_data_ends, index) - start,
	};
}

size_t op_frame_table_slot_lower_bound(const struct op_frame_table *table, uint32_t pc)
{
	size_t low = 0, high = table->slot_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (word(table->slot_pcs, middle) < pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool text_offsets_ascend(const struct op_frame_table *table)
{
	for (uint32_t i = 1; i < table->slot_count; i++) {
		if (word(table->slot_text_offsets, i) < word(table->slot_text_offsets, i - 1))
			return false;
	}
	return true;
}

/** One pass of a radix sort: slot indices by the byte at @p shift of their text offset; stable. */
static void sort_by_byte(const struct op_frame_table *table, const uint32_t *from, uint32_t *to,
			 unsigned shift)
{
	size_t next[256] = {0};
	for (uint32_t i = 0; i < table->slot_count; i++)
		next[word(table->slot_text_offsets, i) >> shift & 0xff]++;
	size_t sum = 0;
	for (size_t i = 0; i < OP_ARRAY_SIZE(next); i++) {
		size_t count = next[i];
		next[i] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < table->slot_count; i++)
		to[next[word(table->slot_text_offsets, from[i]) >> shift & 0xff]++] = from[i];
}

struct op_error *op_frame_table_slots_by_text(struct op_frame_table *table)
{
	if (table->text_order_known)
		return NULL;
	if (!text_offsets_ascend(table)) {
		_cleanup_free_ uint32_t *order = calloc(table->slot_count, sizeof(*order));
		_cleanup_free_ uint32_t *other = calloc(table->slot_count, sizeof(*other));
		if (!order || !other)
			return op_error_no_memory();
		for (uint32_t i = 0; i < table->slot_count; i++)
			order[i] = i;
		// An even number of passes: the result is back in `order`.
		for (unsigned shift = 0; shift < 32; shift += 16) {
			sort_by_byte(table, order, other, shift);
			sort_by_byte(table, other, order, shift + 8);
		}
		table->text_order = op_take(order);
	}
	table->text_order_known = true;
	return NULL;
}

struct op_slot op_frame_table_text_slot(const struct op_frame_table *table, size_t index)
{
	return op_frame_table_slot(table, table->text_order ? table->text_order[index] : index);
}

size_t op_frame_table_text_slot_lower_bound(const struct op_frame_table *table,
					    uint32_t text_offset)
{
	size_t low = 0, high = table->slot_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (op_frame_table_text_slot(table, middle).text_offset < text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
