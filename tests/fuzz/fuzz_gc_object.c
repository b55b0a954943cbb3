// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the GC heap of recorded processes: the input overwrites words of the heap, then every
// reference into it is followed. Nothing that an object says of itself may lead out of the heap.
//
// clang -fsanitize=fuzzer,address,undefined, run in the source tree's root; corpus in
// tests/fuzz/corpus/gc_object/.
#include <assert.h>
#include <string.h>

#include "target-runtime/gc_object.h"
#include "tests/fuzz/recorded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// An edit is a word's number in the heap's first page and its bits.
enum { EDIT = 6, FIELDS_MAX = 32 };

static const char *const names[] = {"state-49", "state-44", "state-49-null"};

struct heap {
	struct op_recorded recorded;
	struct op_store_set *set;
	const struct op_store *store;
	size_t page; // the heap's first
};

static struct heap *load(size_t index)
{
	static struct heap heaps[OP_ARRAY_SIZE(names)];
	struct heap *heap = &heaps[index];
	const struct op_replay *replay = &heap->recorded.replay;
	if (heap->set)
		return heap;
	op_recorded_load(names[index], &heap->recorded);
	op_must(op_store_set_create(&heap->recorded.context, NULL, 0, &heap->set));
	size_t count;
	heap->store = op_store_set_stores(heap->set, &count);
	assert(count == 1 && heap->store->gc_size > 0);
	heap->page = replay->page_count;
	for (size_t i = 0; i < replay->page_count; i++) {
		if (replay->pages[i].addr == heap->store->gc_base.value)
			heap->page = i;
	}
	assert(heap->page < replay->page_count);
	return heap;
}

static void look_at(const struct heap *heap, uint32_t ref)
{
	struct op_gc_object object;
	op_must(op_gc_object_read_in(heap->set, 0, ref, &object));
	assert(object.kind != OP_GC_BAD ||
	       (object.problem && !object.type && object.field_count == 0));
	if (object.kind == OP_GC_BAD || object.kind == OP_GC_NULL || object.kind == OP_GC_I31)
		return;
	uint64_t end = heap->store->gc_base.value + heap->store->gc_size;
	assert(object.address.value + object.limit <= end);
	for (uint32_t i = 0; object.type && i < object.field_count && i < FIELDS_MAX; i++) {
		// The last ones too.
		uint32_t index =
			i < FIELDS_MAX / 2 ? i : object.field_count - 1 - (i - FIELDS_MAX / 2);
		struct op_cell cell;
		op_must(op_gc_object_field(heap->set, &object, index, &cell));
		assert(cell.value.address.value >= object.address.value + object.header_size);
		assert(cell.value.address.value + cell.size <= object.address.value + object.limit);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const struct heap *heap = load(data[0] % OP_ARRAY_SIZE(names));
	struct op_replay_page *page = &heap->recorded.replay.pages[heap->page];
	for (data++, size--; size >= EDIT; data += EDIT, size -= EDIT)
		memcpy(page->bytes + (data[0] | (size_t)data[1] << 8) % (OP_REPLAY_PAGE / 4) * 4,
		       data + 2, 4);
	for (uint32_t ref = 0; ref < OP_REPLAY_PAGE; ref += 4)
		look_at(heap, ref);
	*page = heap->recorded.pristine[heap->page];
	return 0;
}
