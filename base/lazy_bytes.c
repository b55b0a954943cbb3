// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses for all bytes are taken at once, memory only for the chunks that were fetched: the
// kernel gives a private anonymous page when it is first written to.
#include "base/lazy_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Of one fetch at least. A multiple of the page size; heads of units that lie together come at
// once, one that is alone brings little else.
enum { CHUNK_SIZE = 16 * 1024 };

struct op_lazy_bytes {
	struct op_bytes all;
	uint8_t *data; // = all.data
	size_t mapped;
	op_lazy_fetch_fn fetch;
	void *context;
	size_t chunk_count;
	bool *chunks; // whether each was fetched
	size_t fetched;
	bool failed; // a fetch did
};

struct op_error *op_lazy_bytes_create(size_t size, const char *what, op_lazy_fetch_fn fetch,
				      void *context, struct op_lazy_bytes **ret)
{
	struct op_lazy_bytes *lazy = calloc(1, sizeof(*lazy));
	if (!lazy)
		return op_error_no_memory();
	*lazy = (struct op_lazy_bytes){
		.mapped = size + 1,
		.fetch = fetch,
		.context = context,
		.chunk_count = (size + CHUNK_SIZE - 1) / CHUNK_SIZE,
	};
	lazy->chunks = calloc(lazy->chunk_count, sizeof(*lazy->chunks));
	// Without a reserve: a large image would be refused where memory is counted strictly, and
	// little of it is ever there.
	void *data = lazy->chunks ? mmap(NULL, lazy->mapped, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
				  : MAP_FAILED;
	if (data == MAP_FAILED) {
		free(lazy->chunks);
		free(lazy);
		return op_error_no_memory();
	}
	lazy->data = data;
	lazy->all = (struct op_bytes){.data = data, .size = size, .what = what};
	*ret = lazy;
	return NULL;
}

void op_lazy_bytes_destroy(struct op_lazy_bytes *lazy)
{
	if (!lazy)
		return;
	munmap(lazy->data, lazy->mapped);
	free(lazy->chunks);
	free(lazy);
}

const struct op_bytes *op_lazy_bytes_all(const struct op_lazy_bytes *lazy)
{
	return &lazy->all;
}

size_t op_lazy_bytes_fetched(const struct op_lazy_bytes *lazy)
{
	return lazy->fetched;
}

// A run of chunks, none of which is there, in one read.
static struct op_error *fetch_run(struct op_lazy_bytes *lazy, size_t first, size_t end)
{
	size_t start = first * CHUNK_SIZE, stop = end * CHUNK_SIZE;
	if (stop > lazy->all.size)
		stop = lazy->all.size;
	struct op_error *err = lazy->fetch(lazy->context, start, lazy->data + start, stop - start);
	lazy->failed |= err != NULL;
	if (err)
		return err;
	for (size_t i = first; i < end; i++)
		lazy->chunks[i] = true;
	lazy->fetched += stop - start;
	return NULL;
}

struct op_error *op_lazy_bytes_need(struct op_lazy_bytes *lazy, const void *at, size_t size)
{
	if (!lazy || !size || (const uint8_t *)at < lazy->data ||
	    (size_t)((const uint8_t *)at - lazy->data) >= lazy->all.size)
		return NULL;
	size_t offset = (size_t)((const uint8_t *)at - lazy->data);
	if (size > lazy->all.size - offset)
		size = lazy->all.size - offset;
	size_t end = (offset + size - 1) / CHUNK_SIZE + 1;
	for (size_t i = offset / CHUNK_SIZE; i < end;) {
		size_t run = i;
		while (run < end && !lazy->chunks[run])
			run++;
		struct op_error *err = run > i ? fetch_run(lazy, i, run) : NULL;
		if (err)
			return err;
		i = run > i ? run : i + 1;
	}
	return NULL;
}

static bool is_there(const struct op_lazy_bytes *lazy, size_t offset, size_t size)
{
	for (size_t i = offset / CHUNK_SIZE; i * CHUNK_SIZE < offset + size; i++)
		if (!lazy->chunks[i])
			return false;
	return true;
}

struct op_error *op_lazy_bytes_copy(const struct op_lazy_bytes *lazy, const void *at, void *buffer,
				    size_t size)
{
	size_t offset = lazy ? (size_t)((const uint8_t *)at - lazy->data) : 0;
	// What is there may be gone where it came from.
	if (lazy && !is_there(lazy, offset, size))
		return lazy->fetch(lazy->context, offset, buffer, size);
	memcpy(buffer, at, size);
	return NULL;
}

struct op_error *op_lazy_bytes_is_same(const struct op_lazy_bytes *lazy, bool *ret)
{
	*ret = false;
	if (lazy->failed)
		return NULL;
	_cleanup_free_ uint8_t *again = malloc(CHUNK_SIZE);
	if (!again)
		return op_error_no_memory();
	for (size_t i = 0; i < lazy->chunk_count; i++) {
		if (!lazy->chunks[i])
			continue;
		size_t start = i * CHUNK_SIZE, left = lazy->all.size - start;
		size_t size = left < CHUNK_SIZE ? left : CHUNK_SIZE;
		struct op_error *err = lazy->fetch(lazy->context, start, again, size);
		if (err || memcmp(again, lazy->data + start, size) != 0)
			return err;
	}
	*ret = true;
	return NULL;
}
