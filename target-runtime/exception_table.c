// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the exception table in place: six arrays of u32 behind two counts.
#include "target-runtime/exception_table.h"

#include <inttypes.h>

enum { COUNTS_SIZE = 8, CALLSITE_ARRAYS = 3, HANDLER_ARRAYS = 3, NONE = -1 };

static uint32_t item(const uint8_t *array, uint32_t index)
{
	return op_load_u32_unchecked(array + (size_t)index * sizeof(uint32_t));
}

struct op_error *op_exception_table_init(struct op_exception_table *table,
					 const struct op_bytes *section)
{
	*table = (struct op_exception_table){0};
	if (!section->size)
		return NULL;
	if (section->size < COUNTS_SIZE)
		return op_error_create(OP_ERROR_FORMAT, "the exception table has %zu bytes",
				       section->size);
	uint32_t callsites = item(section->data, 0), handlers = item(section->data, 1);
	uint64_t words =
		(uint64_t)callsites * CALLSITE_ARRAYS + (uint64_t)handlers * HANDLER_ARRAYS;
	if (words > (section->size - COUNTS_SIZE) / sizeof(uint32_t))
		return op_error_create(OP_ERROR_FORMAT,
				       "%" PRIu32 " calls and %" PRIu32
				       " handlers do not fit the exception table of %zu bytes",
				       callsites, handlers, section->size);
	const uint8_t *at = section->data + COUNTS_SIZE;
	size_t callsite_bytes = (size_t)callsites * sizeof(uint32_t);
	size_t handler_bytes = (size_t)handlers * sizeof(uint32_t);
	table->callsite_count = callsites;
	table->handler_count = handlers;
	table->callsites = at;
	table->frame_offsets = at + callsite_bytes;
	table->ranges = at + 2 * callsite_bytes;
	table->tags = at + 3 * callsite_bytes;
	table->contexts = table->tags + handler_bytes;
	return NULL;
}

bool op_exception_table_find(const struct op_exception_table *table, uint32_t return_offset,
			     struct op_exception_callsite *ret)
{
	uint32_t low = 0, high = table->callsite_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (item(table->callsites, middle) < return_offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->callsite_count || item(table->callsites, low) != return_offset)
		return false;
	ret->frame_offset = item(table->frame_offsets, low);
	ret->first = low ? item(table->ranges, low - 1) : 0;
	ret->end = item(table->ranges, low);
	return ret->first <= ret->end && ret->end <= table->handler_count;
}

struct op_exception_handler op_exception_table_handler(const struct op_exception_table *table,
						       uint32_t index)
{
	uint32_t tag = item(table->tags, index), context = item(table->contexts, index);
	return (struct op_exception_handler){
		.catches_all = tag == (uint32_t)NONE,
		.tag = tag,
		.has_context = context != (uint32_t)NONE,
		.context_offset = context,
	};
}
