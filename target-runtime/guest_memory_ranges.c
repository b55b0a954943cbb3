// SPDX-License-Identifier: GPL-3.0-or-later
// Collects linear memories and GC heaps of instances that may not all be true: a range that holds
// what only Wasmtime can have is not believed.
#include "target-runtime/guest_memory_ranges.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/reader.h"
#include "target-runtime/image_scan.h"
#include "target-runtime/vmctx.h"

enum {
	HOST_PAGE_SIZE = 4096,
	// As much of a VMContext as is searched for memories when its module is not known: they
	// come first.
	VMCTX_PART_SIZE = 1024,
	MEMORIES_MAX = 1000,
};

/** A range, and the instance that says so. */
struct claim {
	struct op_address_range range;
	uint64_t owner;
};

struct claims OP_ARRAY(struct claim);

struct collector {
	const struct op_stack_context *context;
	struct op_region_list regions;
	const struct op_candidates *candidates;
	struct claims *claims;
};

void op_guest_ranges_deinit(struct op_guest_ranges *ranges)
{
	free(ranges->data);
	*ranges = (struct op_guest_ranges){0};
}

static struct op_error *read_part(const struct collector *collector, uint64_t address,
				  uint8_t *buffer, size_t size, size_t *ret_done)
{
	const struct op_memory *memory = &collector->context->memory;
	return memory->read_some(memory->context, op_host_addr(address), buffer, size, ret_done);
}

/**
 * Does the range hold a place that the instance itself needs, or an instance that a frame has
 * shown?
 */
static bool is_impossible(const struct collector *collector, const struct op_candidate *owner,
			  uint64_t start, uint64_t end)
{
	if ((owner->vmctx >= start && owner->vmctx < end) ||
	    (owner->store >= start && owner->store < end))
		return true;
	size_t low = 0, high = collector->candidates->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (collector->candidates->data[middle].vmctx < start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < collector->candidates->count; low++) {
		if (collector->candidates->data[low].vmctx >= end)
			break;
		if (collector->candidates->data[low].proved)
			return true;
	}
	return false;
}

static struct op_error *add_range(const struct collector *collector,
				  const struct op_candidate *owner, uint64_t base, uint64_t size)
{
	const struct op_region *region = op_region_find(&collector->regions, op_host_addr(base));
	if (base % HOST_PAGE_SIZE != 0 || !region || !region->writable ||
	    size > UINT64_MAX - base || size < HOST_PAGE_SIZE)
		return NULL;
	struct claim claim = {
		.range = {.start = base, .end = (base + size) / HOST_PAGE_SIZE * HOST_PAGE_SIZE},
		.owner = owner->vmctx};
	if (is_impossible(collector, owner, claim.range.start, claim.range.end))
		return NULL;
	return op_array_push(collector->claims, claim) ? NULL : op_error_no_memory();
}

/** {base, length} at @p definition. */
static struct op_error *add_definition(const struct collector *collector,
				       const struct op_candidate *owner, uint64_t definition)
{
	uint8_t bytes[OP_VM_DEFINITION_SIZE];
	size_t done;
	struct op_error *err = read_part(collector, definition, bytes, sizeof(bytes), &done);
	if (err || done < sizeof(bytes))
		return err;
	return add_range(collector, owner, op_load_u64_unchecked(bytes),
			 op_load_u64_unchecked(bytes + OP_VM_DEFINITION_LENGTH));
}

static struct op_error *memories_of_module(const struct collector *collector,
					   const struct op_candidate *owner,
					   const struct op_wasm_module *module,
					   const struct op_layout *layout)
{
	struct op_vmctx_offsets offsets = op_vmctx_offsets(layout, module);
	uint32_t count, imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY);
	op_wasm_module_memories(module, &count);
	count = count - imported < MEMORIES_MAX ? count - imported : MEMORIES_MAX;
	_cleanup_free_ uint8_t *pointers = malloc((size_t)count * OP_VM_POINTER_SIZE + 1);
	size_t done;
	if (!pointers)
		return op_error_no_memory();
	struct op_error *err = read_part(collector, owner->vmctx + offsets.memories, pointers,
					 (size_t)count * OP_VM_POINTER_SIZE, &done);
	for (size_t at = 0; !err && at + OP_VM_POINTER_SIZE <= done; at += OP_VM_POINTER_SIZE)
		err = add_definition(collector, owner, op_load_u64_unchecked(pointers + at));
	return err;
}

/**
 * Without the module: a pointer to a place further on in the same VMContext is one to a definition
 * of the instance's own; nothing else there points inside it.
 */
static struct op_error *memories_by_pointers(const struct collector *collector,
					     const struct op_candidate *owner)
{
	uint8_t part[VMCTX_PART_SIZE];
	size_t done;
	uint64_t start = owner->vmctx + OP_VMCTX_VARIABLE;
	struct op_error *err = read_part(collector, start, part, sizeof(part), &done);
	for (size_t at = 0; !err && at + OP_VM_POINTER_SIZE <= done; at += OP_VM_POINTER_SIZE) {
		uint64_t pointer = op_load_u64_unchecked(part + at);
		if (pointer > start + at && pointer - start < sizeof(part) &&
		    pointer % OP_VM_POINTER_SIZE == 0)
			err = add_definition(collector, owner, pointer);
	}
	return err;
}

static struct op_error *heap_of_store(const struct collector *collector,
				      const struct op_candidate *owner,
				      const struct op_layout *layout)
{
	uint64_t words[2] = {layout->store_gc_heap_base, layout->store_gc_heap_length};
	for (size_t i = 0; i < OP_ARRAY_SIZE(words); i++) {
		uint8_t bytes[OP_VM_POINTER_SIZE];
		size_t done;
		struct op_error *err =
			read_part(collector, owner->store + words[i], bytes, sizeof(bytes), &done);
		if (err || done < sizeof(bytes))
			return err;
		words[i] = op_load_u64_unchecked(bytes);
	}
	return add_range(collector, owner, words[0], words[1]);
}

static int by_start(const void *a, const void *b)
{
	const struct op_address_range *left = a, *right = b;
	return (left->start > right->start) - (left->start < right->start);
}

static void join(struct op_guest_ranges *ranges)
{
	size_t kept = 0;
	if (ranges->count > 0)
		qsort(ranges->data, ranges->count, sizeof(*ranges->data), by_start);
	for (size_t i = 0; i < ranges->count; i++) {
		struct op_address_range *last = kept ? &ranges->data[kept - 1] : NULL;
		if (last && ranges->data[i].start <= last->end)
			last->end =
				last->end > ranges->data[i].end ? last->end : ranges->data[i].end;
		else
			ranges->data[kept++] = ranges->data[i];
	}
	ranges->count = kept;
}

bool op_guest_ranges_hold(const struct op_guest_ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->data[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->count && ranges->data[low].start <= address;
}

static struct op_error *collect(const struct collector *collector,
				const struct op_identity *identities)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < collector->candidates->count; i++) {
		const struct op_candidate *candidate = &collector->candidates->data[i];
		const struct op_identity *identity = &identities[i];
		const struct op_layout *layout =
			identity->image ? op_artifact_info(identity->image->artifact)->layout
					: candidate->layout;
		if (identity->wasm && layout)
			err = memories_of_module(collector, candidate, identity->wasm, layout);
		else
			err = memories_by_pointers(collector, candidate);
		if (!err && layout)
			err = heap_of_store(collector, candidate, layout);
	}
	return err;
}

/**
 * What an instance says that lies in another's memory itself is what that guest wrote there.
 * @param[in] suspects NULL: every claim counts.
 */
static struct op_error *believe(const struct claims *claims, const struct op_guest_ranges *suspects,
				struct op_guest_ranges *ret)
{
	for (size_t i = 0; i < claims->count; i++) {
		if (suspects && op_guest_ranges_hold(suspects, claims->data[i].owner))
			continue;
		if (!op_array_push(ret, claims->data[i].range))
			return op_error_no_memory();
	}
	join(ret);
	return NULL;
}

struct op_error *op_guest_ranges_collect(const struct op_stack_context *context,
					 const struct op_candidates *candidates,
					 const struct op_identity *identities,
					 struct op_guest_ranges *ret)
{
	struct claims claims = {0};
	struct op_guest_ranges all = {0};
	const struct collector collector = {
		.context = context,
		.regions = {.data = context->regions, .count = context->region_count},
		.candidates = candidates,
		.claims = &claims,
	};
	struct op_error *err = collect(&collector, identities);
	if (!err)
		err = believe(&claims, NULL, &all);
	if (!err)
		err = believe(&claims, &all, ret);
	op_guest_ranges_deinit(&all);
	free(claims.data);
	return err;
}
