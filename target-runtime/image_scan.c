// SPDX-License-Identifier: GPL-3.0-or-later
// Finds what starts like an image. Whether it is one is decided by whoever asked.
#include "target-runtime/image_scan.h"

#include <inttypes.h>

const struct op_region *op_region_find(const struct op_region_list *regions,
				       struct op_host_addr addr)
{
	size_t low = 0, high = regions->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (regions->data[middle].end.value <= addr.value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == regions->count || regions->data[low].start.value > addr.value)
		return NULL;
	return &regions->data[low];
}

bool op_region_is_candidate(const struct op_region *region)
{
	return region->readable && !region->writable && !region->executable;
}

struct op_host_addr op_region_readable_end(const struct op_region_list *regions,
					   const struct op_region *region)
{
	const struct op_region *end = regions->data + regions->count;
	const struct op_region *next = region + 1;
	while (next < end && next->readable && next->start.value == next[-1].end.value)
		next++;
	return next[-1].end;
}

bool op_region_covers(const struct op_region_list *regions, struct op_host_addr start,
		      uint64_t size, bool executable)
{
	const struct op_region *region = op_region_find(regions, start);
	const struct op_region *end = regions->data + regions->count;
	if (!region || size > UINT64_MAX - start.value)
		return false;
	for (uint64_t at = start.value; region < end && region->start.value <= at; region++) {
		if (!region->readable || (executable && !region->executable))
			return false;
		at = region->end.value;
		if (at >= start.value + size)
			return true;
	}
	return false;
}

static uint64_t round_up_to_page(uint64_t value)
{
	return value + (OP_SCAN_PAGE_SIZE - value % OP_SCAN_PAGE_SIZE) % OP_SCAN_PAGE_SIZE;
}

/**
 * Look at the page starts in @p size bytes that were read from @p at. *ret_end: how far the look
 * went.
 */
static struct op_error *scan_pages(const struct op_region *region, const uint8_t *bytes,
				   size_t size, uint64_t at, uint64_t limit,
				   const struct op_scan_client *client, uint64_t *ret_end)
{
	for (size_t page = 0; page < size && size - page >= OP_ELF_HEADER_SIZE;
	     page += OP_SCAN_PAGE_SIZE) {
		struct op_elf_header header;
		struct op_host_addr base = op_host_addr(at + page);
		if (!op_elf_header_parse(bytes + page, limit - base.value, &header))
			continue;
		struct op_error *err = NULL;
		if (client->known_end(client->context, base).value == base.value)
			err = client->found(client->context, region, base);
		struct op_host_addr end = client->known_end(client->context, base);
		if (err || end.value > base.value) {
			*ret_end = end.value;
			return err;
		}
	}
	// A page of which nothing can be read is passed over, and the next ones are tried.
	*ret_end = at + (size ? size : 1);
	return NULL;
}

static struct op_error *pass_over(uint64_t at, const struct op_scan_client *client)
{
	if (*client->unread_left) {
		--*client->unread_left;
		return NULL;
	}
	return op_error_create(OP_ERROR_LIMIT,
			       "modules cannot be looked for at 0x%" PRIx64
			       " and behind: too much of the memory that is mapped cannot be read",
			       at);
}

struct op_error *op_region_scan(const struct op_memory *memory,
				const struct op_region_list *regions,
				const struct op_region *region, uint8_t *buffer,
				const struct op_scan_client *client)
{
	uint64_t limit = op_region_readable_end(regions, region).value;
	uint64_t end = region->end.value;
	if (!region->anonymous && end - region->start.value > OP_SCAN_PAGE_SIZE)
		end = region->start.value + OP_SCAN_PAGE_SIZE;
	// One page at first, and behind each image: most often an image starts there, and need not
	// be read through.
	uint64_t chunk = OP_SCAN_PAGE_SIZE;
	for (uint64_t at = region->start.value; at < end;) {
		uint64_t known = round_up_to_page(
			client->known_end(client->context, op_host_addr(at)).value);
		if (known > at) {
			at = known;
			chunk = OP_SCAN_PAGE_SIZE;
			continue;
		}
		size_t size = (size_t)(end - at < chunk ? end - at : chunk);
		size_t done = 0;
		struct op_error *err =
			memory->read_some(memory->context, op_host_addr(at), buffer, size, &done);
		if (!err && !done)
			err = pass_over(at, client);
		if (!err)
			err = scan_pages(region, buffer, done, at, limit, client, &at);
		if (err)
			return err;
		at = round_up_to_page(at);
		chunk = OP_SCAN_BUFFER_SIZE;
	}
	return NULL;
}
