// SPDX-License-Identifier: GPL-3.0-or-later
// A view of one stack in the target: words by address, read in growing chunks, never beyond the
// stack's own pages. Knows nothing of frames or of Wasmtime.
#include "target-runtime/stack_window.h"

#include <stdlib.h>

#include "base/reader.h"

// A short stack costs one small read, a deep one is read in pieces that a system call is worth.
enum { FIRST_CHUNK = 2048, LAST_CHUNK = 128 * 1024, LOOK_BACK = 1024 };

bool op_stack_region(const struct op_region *regions, size_t count, struct op_host_addr addr,
		     size_t *ret)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (regions[middle].end.value <= addr.value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || regions[low].start.value > addr.value)
		return false;
	*ret = low;
	return true;
}

void op_stack_window_init(struct op_stack_window *window, const struct op_memory *memory,
			  uint64_t start, uint64_t end)
{
	*window = (struct op_stack_window){
		.memory = memory, .start = start, .end = end, .next_chunk = FIRST_CHUNK};
}

void op_stack_window_deinit(struct op_stack_window *window)
{
	free(window->buffer);
	op_error_destroy(window->failure);
	*window = (struct op_stack_window){0};
}

static bool has_word(const struct op_stack_window *window, uint64_t addr)
{
	return addr >= window->chunk_start && addr - window->chunk_start < window->chunk_size &&
	       window->chunk_size - (addr - window->chunk_start) >= sizeof(uint64_t);
}

static bool load_from(struct op_stack_window *window, uint64_t addr, size_t size)
{
	if (size > window->end - addr)
		size = window->end - addr;
	window->chunk_start = addr;
	window->chunk_size = 0;
	window->failure = window->memory->read_some(window->memory->context, op_host_addr(addr),
						    window->buffer, size, &window->chunk_size);
	return !window->failure;
}

// Load the chunk around addr. Walks and scans go upwards, but look a few words back.
static bool load_chunk(struct op_stack_window *window, uint64_t addr)
{
	if (window->failure)
		return false;
	if (addr < window->chunk_start)
		window->next_chunk = FIRST_CHUNK;
	if (window->buffer_capacity < window->next_chunk) {
		uint8_t *grown = realloc(window->buffer, window->next_chunk);
		if (!grown) {
			window->failure = op_error_no_memory();
			return false;
		}
		window->buffer = grown;
		window->buffer_capacity = window->next_chunk;
	}
	uint64_t back = addr - window->start < LOOK_BACK ? addr - window->start : LOOK_BACK;
	if (!load_from(window, addr - back, window->next_chunk))
		return false;
	// A core file may lack the pages below.
	if (!has_word(window, addr) && back && !load_from(window, addr, window->next_chunk))
		return false;
	if (window->next_chunk < LAST_CHUNK)
		window->next_chunk *= 4;
	return has_word(window, addr);
}

bool op_stack_window_read(struct op_stack_window *window, uint64_t addr, uint64_t *ret)
{
	if (addr < window->start || addr > window->end || window->end - addr < sizeof(uint64_t))
		return false;
	if (!has_word(window, addr) && !load_chunk(window, addr))
		return false;
	*ret = op_load_u64_unchecked(window->buffer + (addr - window->chunk_start));
	return true;
}
