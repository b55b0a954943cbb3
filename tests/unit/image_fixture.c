// SPDX-License-Identifier: GPL-3.0-or-later
// Recorded artifacts, and an address space without a process.
#include "tests/unit/image_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint64_t space_base = UINT64_C(0x7f1200000000);

const char *image_path(const char *name)
{
	static char path[4096];
	const char *source = getenv("srcdir");
	snprintf(path, sizeof(path), "%s/tests/guests/images/%s", source ? source : ".", name);
	return path;
}

uint8_t *image_bytes(const char *name, size_t *ret_size)
{
	FILE *file = fopen(image_path(name), "rb");
	ck_assert_msg(file != NULL, "cannot open %s", image_path(name));
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	ck_assert_int_gt(size, 0);
	rewind(file);
	uint8_t *bytes = malloc((size_t)size);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	*ret_size = (size_t)size;
	return bytes;
}

struct op_artifact *image_open(const char *name)
{
	struct op_artifact *artifact = NULL;
	must_succeed(op_artifact_open_file(image_path(name), &artifact));
	return artifact;
}

void must_succeed(struct op_error *error)
{
	ck_assert_msg(error == NULL, "%s", error ? error->message : "");
}

void must_fail(struct op_error *error, enum op_error_code code)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(error->code == code, "%s: %s", op_error_code_name(error->code),
		      error->message);
	op_error_destroy(error);
}

void space_init(struct space *space)
{
	*space = (struct space){.bytes = calloc(1, SPACE_SIZE)};
	ck_assert_ptr_nonnull(space->bytes);
}

void space_deinit(struct space *space)
{
	free(space->bytes);
}

static struct op_error *space_read_some(void *context, struct op_host_addr addr, void *buffer,
					size_t size, size_t *ret_done)
{
	struct space *space = context;
	space->reads++;
	*ret_done = 0;
	for (size_t i = 0; i < space->region_count && *ret_done < size; i++) {
		const struct op_region *region = &space->regions[i];
		uint64_t at = addr.value + *ret_done;
		uint64_t end = region->end.value;
		if (end > space_base + SPACE_SIZE)
			end = space_base + SPACE_SIZE;
		if (!region->readable || at < region->start.value || at >= end)
			continue;
		uint64_t left = end - at;
		size_t wanted = size - *ret_done < left ? size - *ret_done : (size_t)left;
		memcpy((uint8_t *)buffer + *ret_done, space->bytes + (at - space_base), wanted);
		*ret_done += wanted;
	}
	space->read_bytes += *ret_done;
	return NULL;
}

struct op_memory space_memory(struct space *space)
{
	return (struct op_memory){.context = space, .read_some = space_read_some};
}

void space_region(struct space *space, uint64_t offset, uint64_t size, const char *protection,
		  const char *path)
{
	ck_assert_uint_lt(space->region_count, OP_ARRAY_SIZE(space->regions));
	ck_assert_uint_le(offset + size, SPACE_SIZE);
	space->regions[space->region_count++] = (struct op_region){
		.start = op_host_addr(space_base + offset),
		.end = op_host_addr(space_base + offset + size),
		.readable = protection[0] == 'r',
		.writable = protection[1] == 'w',
		.executable = protection[2] == 'x',
		.anonymous = !path[0],
		.inode = path[0] ? 7 : 0,
		.path = path,
	};
}

static uint64_t page_up(uint64_t value)
{
	return (value + 4095) / 4096 * 4096;
}

uint64_t space_image(struct space *space, const char *name, uint64_t offset, const char *path)
{
	struct op_artifact *artifact = image_open(name);
	const struct op_artifact_info *info = op_artifact_info(artifact);
	size_t size;
	uint8_t *bytes = image_bytes(name, &size);
	ck_assert_uint_eq(info->size, size);
	memcpy(space->bytes + offset, bytes, size);
	free(bytes);
	space_region(space, offset, info->text_offset, "r--", path);
	space_region(space, offset + info->text_offset, info->text_size, "r-x", path);
	uint64_t text_end = info->text_offset + info->text_size;
	space_region(space, offset + text_end, page_up(size) - text_end, "r--", path);
	op_artifact_unref(artifact);
	return offset + page_up(size);
}
