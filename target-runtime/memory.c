// SPDX-License-Identifier: GPL-3.0-or-later
// Exact reads over a memory, and a page cache that is a memory itself. Knows nothing of what the
// bytes mean.
#include "target-runtime/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// then.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/compiler.h"
#include "base/reader.h"

struct op_error *op_memory_read(const struct op_memory *memory, struct op_host_addr addr,
				void *buffer, size_t size)
{
	size_t done = 0;
	struct op_error *err = memory->read_some(memory->context, addr, buffer, size, &done);
	if (err)
		return err;
	if (done < size && memory->unreadable)
		return memory->unreadable(memory->context, op_host_addr_add(addr, done));
	if (done < size)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "cannot read the target's memory at 0x%" PRIx64
				       " (%zu bytes wanted from 0x%" PRIx64 ")",
				       addr.value + done, size, addr.value);
	return NULL;
}

struct op_error *op_memory_read_u32(const struct op_memory *memory, struct op_host_addr addr,
				    uint32_t *ret)
{
	uint8_t bytes[4];
	struct op_error *err = op_memory_read(memory, addr, bytes, sizeof(bytes));
	if (err)
		return err;
	*ret = op_load_u32_unchecked(bytes);
	return NULL;
}

struct op_error *op_memory_read_u64(const struct op_memory *memory, struct op_host_addr addr,
				    uint64_t *ret)
{
	uint8_t bytes[8];
	struct op_error *err = op_memory_read(memory, addr, bytes, sizeof(bytes));
	if (err)
		return err;
	*ret = op_load_u64_unchecked(bytes);
	return NULL;
}

enum { CACHE_PAGE_SIZE = 4096 };

struct cache_page {
	uint64_t number;
	size_t valid; // bytes from the page's start that could be read
	UT_hash_handle hh;
	uint8_t bytes[CACHE_PAGE_SIZE];
};

struct op_memory_cache {
	struct op_memory source;
	struct cache_page *pages; // uthash keeps them in the order in which they were added
	size_t page_limit;
};

struct op_error *op_memory_cache_create(const struct op_memory *source, size_t limit,
					struct op_memory_cache **ret)
{
	struct op_memory_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return op_error_no_memory();
	cache->source = *source;
	cache->page_limit = limit / CACHE_PAGE_SIZE ? limit / CACHE_PAGE_SIZE : 1;
	*ret = cache;
	return NULL;
}

void op_memory_cache_drop(struct op_memory_cache *cache)
{
	struct cache_page *page, *next;
	HASH_ITER(hh, cache->pages, page, next)
	{
		HASH_DEL(cache->pages, page);
		free(page);
	}
}

void op_memory_cache_destroy(struct op_memory_cache *cache)
{
	if (!cache)
		return;
	op_memory_cache_drop(cache);
	free(cache);
}

/** The page @p number, read when it is not there yet; *ret NULL when nothing of it can be had. */
static struct op_error *cache_page(struct op_memory_cache *cache, uint64_t number,
				   const struct cache_page **ret)
{
	struct cache_page *found;
	HASH_FIND(hh, cache->pages, &number, sizeof(number), found);
	*ret = found;
	if (found)
		return NULL;
	_cleanup_free_ struct cache_page *page = calloc(1, sizeof(*page));
	if (!page)
		return NULL;
	page->number = number;
	struct op_error *err = cache->source.read_some(cache->source.context,
						       op_host_addr(number * CACHE_PAGE_SIZE),
						       page->bytes, CACHE_PAGE_SIZE, &page->valid);
	if (err)
		return err;
	if (page->valid == 0)
		return NULL;
	if (HASH_COUNT(cache->pages) >= cache->page_limit) {
		struct cache_page *oldest = cache->pages;
		HASH_DEL(cache->pages, oldest);
		free(oldest);
	}
	HASH_ADD(hh, cache->pages, number, sizeof(page->number), page);
	if (!page->hh.tbl)
		return NULL;
	*ret = op_take(page);
	return NULL;
}

static struct op_error *cache_read_some(void *context, struct op_host_addr addr, void *buffer,
					size_t size, size_t *ret_done)
{
	struct op_memory_cache *cache = context;
	*ret_done = 0;
	if (size > CACHE_PAGE_SIZE)
		return cache->source.read_some(cache->source.context, addr, buffer, size, ret_done);
	while (*ret_done < size) {
		struct op_host_addr at = op_host_addr_add(addr, *ret_done);
		if (at.value < addr.value)
			return NULL; // past the end of the address space
		size_t offset = at.value % CACHE_PAGE_SIZE;
		size_t wanted = size - *ret_done;
		if (wanted > CACHE_PAGE_SIZE - offset)
			wanted = CACHE_PAGE_SIZE - offset;
		const struct cache_page *page;
		struct op_error *err = cache_page(cache, at.value / CACHE_PAGE_SIZE, &page);
		if (err)
			return err;
		size_t done = 0;
		if (page && page->valid >= offset + wanted) {
			memcpy((uint8_t *)buffer + *ret_done, page->bytes + offset, wanted);
			done = wanted;
		} else {
			// A page with a hole, or none at all: the source knows what of it can be
			// read.
			err = cache->source.read_some(cache->source.context, at,
						      (uint8_t *)buffer + *ret_done, wanted, &done);
			if (err)
				return err;
		}
		*ret_done += done;
		if (done < wanted)
			return NULL;
	}
	return NULL;
}

static struct op_error *cache_unreadable(void *context, struct op_host_addr addr)
{
	struct op_memory_cache *cache = context;
	return cache->source.unreadable(cache->source.context, addr);
}

struct op_memory op_memory_cache_memory(struct op_memory_cache *cache)
{
	return (struct op_memory){
		.context = cache,
		.read_some = cache_read_some,
		.unreadable = cache->source.unreadable ? cache_unreadable : NULL,
	};
}
