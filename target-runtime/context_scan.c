// SPDX-License-Identifier: GPL-3.0-or-later
// Reads writable memory in big pieces and looks at one u32 in 16 bytes: a VMContext is aligned so.
// Knows nothing of what is in one.
// Source: crates/wasmtime/src/runtime/vm/instance.rs (OwnedVMContext),
// crates/environ/src/vmoffsets.rs.
#include "target-runtime/context_scan.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/compiler.h"
#include "base/reader.h"
#include "target-runtime/vmctx.h"

enum {
	CHUNK_SIZE = 256 << 10,
	BLOCK_SIZE = 1024, // decided at once whether anything is in it
	HOST_PAGE_SIZE = 4096,
	FOUND_MAX = 1 << 20,
};

/**
 * Does any 16th byte of the block start one of the magic numbers? Without branches, so that the
 * compiler can do many at once.
 */
static bool block_has_magic(const uint8_t *block)
{
	uint32_t core = 0, component = 0;
	for (size_t i = 0; i < BLOCK_SIZE; i += OP_VMCTX_ALIGN) {
		uint32_t word = op_load_u32_unchecked(block + i);
		core |= word == OP_VMCTX_MAGIC_CORE;
		component |= word == OP_VMCTX_MAGIC_COMPONENT;
	}
	return core | component;
}

static struct op_error *look_at_word(const uint8_t *at, uint64_t self, uint64_t address,
				     struct op_found_contexts *ret)
{
	uint32_t magic = op_load_u32_unchecked(at);
	if ((magic != OP_VMCTX_MAGIC_CORE && magic != OP_VMCTX_MAGIC_COMPONENT) || self != address)
		return NULL;
	if (ret->count == FOUND_MAX)
		return op_error_create(OP_ERROR_LIMIT, "there are more than %d instances in memory",
				       FOUND_MAX);
	struct op_found_context found = {.address = op_host_addr(address), .magic = magic};
	return op_array_push(ret, found) ? NULL : op_error_no_memory();
}

/**
 * @param[in] bytes of memory at @p address, both multiples of the alignment.
 * @param[in,out] last the last word before the bytes that is the self pointer of a context right at
 * their start.
 */
static struct op_error *look_at_bytes(const uint8_t *bytes, size_t size, uint64_t address,
				      uint64_t *last, struct op_found_contexts *ret)
{
	struct op_error *err = NULL;
	for (size_t block = 0; !err && block < size; block += BLOCK_SIZE) {
		size_t end = block + BLOCK_SIZE;
		if (end <= size && !block_has_magic(bytes + block))
			continue;
		for (size_t at = block; !err && at < end && at + OP_VMCTX_ALIGN <= size;
		     at += OP_VMCTX_ALIGN) {
			uint64_t self =
				at ? op_load_u64_unchecked(bytes + at - OP_VMCTX_ALIGN) : *last;
			err = look_at_word(bytes + at, self, address + at, ret);
		}
	}
	if (size >= OP_VMCTX_ALIGN)
		*last = op_load_u64_unchecked(bytes + size - OP_VMCTX_ALIGN);
	return err;
}

static struct op_error *scan_range(const struct op_stack_context *context, uint64_t start,
				   uint64_t end, uint8_t *buffer, struct op_found_contexts *ret)
{
	uint64_t last = 0;
	while (start < end) {
		if (op_cancelled(context->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED,
					       "the search for instances was interrupted");
		size_t wanted = end - start < CHUNK_SIZE ? (size_t)(end - start) : CHUNK_SIZE, done;
		const struct op_memory *memory = &context->memory;
		struct op_error *err = memory->read_some(memory->context, op_host_addr(start),
							 buffer, wanted, &done);
		done -= done % OP_VMCTX_ALIGN;
		if (!err)
			err = look_at_bytes(buffer, done, start, &last, ret);
		if (err)
			return err;
		// A page that cannot be read is passed over.
		if (done < wanted) {
			start = (start + done) / HOST_PAGE_SIZE * HOST_PAGE_SIZE + HOST_PAGE_SIZE;
			last = 0;
		} else {
			start += done;
		}
	}
	return NULL;
}

struct op_error *op_context_scan(const struct op_stack_context *context,
				 const struct op_address_range *skip, size_t skip_count,
				 struct op_found_contexts *ret)
{
	_cleanup_free_ uint8_t *buffer = malloc(CHUNK_SIZE);
	if (!buffer)
		return op_error_no_memory();
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < context->region_count; i++) {
		const struct op_region *region = &context->regions[i];
		if (!region->readable || !region->writable)
			continue;
		uint64_t start = region->start.value;
		while (!err && start < region->end.value) {
			// Up to the next range to leave out, then behind it.
			uint64_t end = region->end.value, next = end;
			for (size_t k = 0; k < skip_count; k++) {
				if (skip[k].end <= start || skip[k].start >= end)
					continue;
				end = skip[k].start > start ? skip[k].start : start;
				next = skip[k].end < region->end.value ? skip[k].end
								       : region->end.value;
			}
			err = scan_range(context, start, end, buffer, ret);
			start = next;
		}
	}
	return err;
}
