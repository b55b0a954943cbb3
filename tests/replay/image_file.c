// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and writes recorded memory images. Knows nothing of what the pages hold.
#include "tests/replay/image_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

static const char magic[8] = "OPIMAGE1";

enum { READABLE = 1, WRITABLE = 2, EXECUTABLE = 4, ANONYMOUS = 8, IS_ZERO = UINT32_MAX };

static void put_u32(FILE *file, uint32_t value)
{
	uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			    (uint8_t)(value >> 24)};
	fwrite(bytes, sizeof(bytes), 1, file);
}

static void put_u64(FILE *file, uint64_t value)
{
	put_u32(file, (uint32_t)value);
	put_u32(file, (uint32_t)(value >> 32));
}

// The index of an earlier page with the same bytes, IS_ZERO for zeros, else the page's own index.
static uint32_t same_page(const struct op_replay *replay, size_t index)
{
	static const uint8_t zeros[OP_REPLAY_PAGE];
	const uint8_t *bytes = replay->pages[index].bytes;
	if (!memcmp(bytes, zeros, OP_REPLAY_PAGE))
		return IS_ZERO;
	size_t i = 0;
	while (memcmp(replay->pages[i].bytes, bytes, OP_REPLAY_PAGE) != 0)
		i++;
	return (uint32_t)i;
}

struct op_error *op_replay_write(const struct op_replay *replay, const char *path)
{
	FILE *file = fopen(path, "wb");
	if (!file)
		return op_error_system(OP_ERROR_IO, errno, "cannot create %s", path);
	fwrite(magic, sizeof(magic), 1, file);
	put_u32(file, (uint32_t)replay->region_count);
	put_u32(file, (uint32_t)replay->thread_count);
	put_u32(file, (uint32_t)replay->page_count);
	for (size_t i = 0; i < replay->region_count; i++) {
		const struct op_region *region = &replay->regions[i];
		put_u64(file, region->start.value);
		put_u64(file, region->end.value);
		put_u32(file, (region->readable ? READABLE : 0) |
				      (region->writable ? WRITABLE : 0) |
				      (region->executable ? EXECUTABLE : 0) |
				      (region->anonymous ? ANONYMOUS : 0));
	}
	for (size_t i = 0; i < replay->thread_count; i++) {
		put_u64(file, (uint64_t)replay->threads[i].id);
		for (size_t r = 0; r < OP_REPLAY_REGISTERS; r++)
			put_u64(file, replay->threads[i].registers[r]);
	}
	for (size_t i = 0; i < replay->page_count; i++) {
		uint32_t same = same_page(replay, i);
		put_u64(file, replay->pages[i].addr);
		put_u32(file, same);
		if (same == i)
			fwrite(replay->pages[i].bytes, OP_REPLAY_PAGE, 1, file);
	}
	bool failed = ferror(file);
	if (fclose(file) != 0 || failed)
		return op_error_create(OP_ERROR_IO, "cannot write %s", path);
	return NULL;
}

static struct op_error *read_file(const char *path, uint8_t **ret, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	size_t capacity = 4 << 20;
	uint8_t *data = malloc(capacity);
	*ret_size = data ? fread(data, 1, capacity, file) : 0;
	fclose(file);
	*ret = data;
	return data ? NULL : op_error_no_memory();
}

static struct op_error *read_region(struct op_reader *r, struct op_region *ret)
{
	uint32_t flags;
	*ret = (struct op_region){.path = ""};
	struct op_error *err = op_reader_u64(r, &ret->start.value);
	if (!err)
		err = op_reader_u64(r, &ret->end.value);
	if (!err)
		err = op_reader_u32(r, &flags);
	if (err)
		return err;
	ret->readable = flags & READABLE;
	ret->writable = flags & WRITABLE;
	ret->executable = flags & EXECUTABLE;
	ret->anonymous = flags & ANONYMOUS;
	return NULL;
}

static struct op_error *read_thread(struct op_reader *r, struct op_replay_thread *ret)
{
	uint64_t id;
	struct op_error *err = op_reader_u64(r, &id);
	for (size_t i = 0; !err && i < OP_REPLAY_REGISTERS; i++)
		err = op_reader_u64(r, &ret->registers[i]);
	if (!err)
		ret->id = (int64_t)id;
	return err;
}

static struct op_error *read_page(struct op_reader *r, struct op_replay *replay, size_t index)
{
	struct op_replay_page *page = &replay->pages[index];
	uint32_t same;
	const uint8_t *bytes;
	struct op_error *err = op_reader_u64(r, &page->addr);
	if (!err)
		err = op_reader_u32(r, &same);
	if (err || same == IS_ZERO)
		return err;
	if (same > index)
		return op_reader_fail(r, "a page refers to a later one");
	if (same < index) {
		memcpy(page->bytes, replay->pages[same].bytes, OP_REPLAY_PAGE);
		return NULL;
	}
	err = op_reader_bytes(r, OP_REPLAY_PAGE, &bytes);
	if (!err)
		memcpy(page->bytes, bytes, OP_REPLAY_PAGE);
	return err;
}

static struct op_error *parse(struct op_reader *r, struct op_replay *replay)
{
	const uint8_t *start;
	uint32_t regions, threads, pages;
	struct op_error *err = op_reader_bytes(r, sizeof(magic), &start);
	if (!err && memcmp(start, magic, sizeof(magic)) != 0)
		err = op_reader_fail(r, "no recorded image");
	if (!err)
		err = op_reader_u32(r, &regions);
	if (!err)
		err = op_reader_u32(r, &threads);
	if (!err)
		err = op_reader_u32(r, &pages);
	if (!err && (regions > op_reader_left(r) / 20 || threads > op_reader_left(r) / 144 ||
		     pages > op_reader_left(r) / 12))
		err = op_reader_fail(r, "more entries than the file has room for");
	if (err)
		return err;
	replay->regions = calloc(regions + 1, sizeof(*replay->regions));
	replay->threads = calloc(threads + 1, sizeof(*replay->threads));
	replay->pages = calloc(pages + 1, sizeof(*replay->pages));
	if (!replay->regions || !replay->threads || !replay->pages)
		return op_error_no_memory();
	replay->region_count = regions;
	replay->thread_count = threads;
	replay->page_count = pages;
	for (size_t i = 0; !err && i < regions; i++)
		err = read_region(r, &replay->regions[i]);
	for (size_t i = 0; !err && i < threads; i++)
		err = read_thread(r, &replay->threads[i]);
	for (size_t i = 0; !err && i < pages; i++)
		err = read_page(r, replay, i);
	return err;
}

struct op_error *op_replay_read(const char *path, struct op_replay *ret)
{
	_cleanup_free_ uint8_t *data = NULL;
	size_t size;
	*ret = (struct op_replay){0};
	struct op_error *err = read_file(path, &data, &size);
	if (err)
		return err;
	struct op_bytes bytes = {.data = data, .size = size, .what = path};
	struct op_reader r = op_reader(&bytes);
	err = parse(&r, ret);
	if (err)
		op_replay_deinit(ret);
	return err;
}

bool op_replay_take_regions(struct op_replay *replay, const struct op_mappings *mappings)
{
	struct op_region *regions = calloc(mappings->count + 1, sizeof(*regions));

	if (!regions)
		return false;
	for (size_t i = 0; i < mappings->count; i++) {
		const struct op_mapping *mapping = &mappings->data[i];
		regions[i] = (struct op_region){
			.start = mapping->start,
			.end = mapping->end,
			.readable = mapping->protection & OP_PROTECTION_READ,
			.writable = mapping->protection & OP_PROTECTION_WRITE,
			.executable = mapping->protection & OP_PROTECTION_EXECUTE,
			.anonymous = mapping->anonymous,
			.path = "",
		};
	}
	free(replay->regions);
	replay->regions = regions;
	replay->region_count = mappings->count;
	return true;
}

void op_replay_deinit(struct op_replay *replay)
{
	free(replay->regions);
	free(replay->threads);
	free(replay->pages);
	*replay = (struct op_replay){0};
}

static const struct op_replay_page *find_page(const struct op_replay *replay, uint64_t addr)
{
	size_t low = 0, high = replay->page_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (replay->pages[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < replay->page_count && replay->pages[low].addr == addr ? &replay->pages[low]
									   : NULL;
}

static struct op_error *read_some(void *context, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	uint8_t *to = buffer;
	*ret_done = 0;
	while (*ret_done < size) {
		uint64_t at = addr.value + *ret_done, inside = at % OP_REPLAY_PAGE;
		const struct op_replay_page *page = find_page(context, at - inside);
		if (!page)
			break;
		size_t piece = OP_REPLAY_PAGE - inside;
		if (piece > size - *ret_done)
			piece = size - *ret_done;
		memcpy(to + *ret_done, page->bytes + inside, piece);
		*ret_done += piece;
	}
	return NULL;
}

struct op_memory op_replay_memory(struct op_replay *replay)
{
	return (struct op_memory){.context = replay, .read_some = read_some};
}
