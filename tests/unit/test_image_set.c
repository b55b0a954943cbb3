// SPDX-License-Identifier: GPL-3.0-or-later
// Finding images in an address space, and keeping up with its changes.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/image_set.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

static struct space space;
static struct op_image_set *set;

static void setup(void)
{
	space_init(&space);
	struct op_memory memory = space_memory(&space);
	must_succeed(op_image_set_create(&memory, &set));
}

static void teardown(void)
{
	op_image_set_destroy(set);
	space_deinit(&space);
}

static bool update(void)
{
	bool changed;
	must_succeed(op_image_set_update(set, space.regions, space.region_count, &changed));
	return changed;
}

/** The images' offsets in the space, as "0 5000 ". */
static const char *found(void)
{
	static char text[256];
	size_t count;
	const struct op_image *const *images = op_image_set_images(set, &count);
	text[0] = 0;
	for (size_t i = 0; i < count; i++) {
		char one[32];
		snprintf(one, sizeof(one), "%llx ",
			 (unsigned long long)(images[i]->base.value - space_base));
		strcat(text, one);
	}
	return text;
}

/** What the kernel does to neighbours of equal protection: one region. */
static void merge_regions(size_t index)
{
	space.regions[index].end = space.regions[index + 1].end;
	space.region_count--;
	memmove(&space.regions[index + 1], &space.regions[index + 2],
		(space.region_count - index - 1) * sizeof(space.regions[0]));
}

START_TEST(copies_share_an_artifact)
{
	space_region(&space, 0x1000, 0x1000, "rw-", "");
	uint64_t second = space_image(&space, "calls-49.cwasm", 0x2000, "");
	uint64_t third = space_image(&space, "calls-49.cwasm", second, "");
	space_image(&space, "pair-43.cwasm", third, "");
	// The end of each image and the head of the next are one region.
	merge_regions(3);
	merge_regions(5);
	ck_assert_uint_eq(space.region_count, 8);
	ck_assert(update());
	ck_assert_str_eq(found(), "2000 6000 a000 ");
	size_t count;
	const struct op_image *const *images = op_image_set_images(set, &count);
	ck_assert_ptr_eq(images[0]->artifact, images[1]->artifact);
	ck_assert_ptr_ne(images[0]->artifact, images[2]->artifact);
	ck_assert_uint_ne(images[0]->id, images[1]->id);
	ck_assert(!images[0]->file_backed);
	ck_assert_str_eq(images[0]->path, "");
	ck_assert_uint_eq(images[1]->text.value, space_base + 0x7000);
	ck_assert_ptr_eq(op_image_set_by_id(set, images[2]->id), images[2]);
	ck_assert_ptr_null(op_image_set_by_id(set, 1000));
	ck_assert_ptr_eq(op_image_set_find(set, op_host_addr(space_base + 0x7000)), images[1]);
	ck_assert_ptr_eq(op_image_set_find(set, op_host_addr(space_base + 0x7fff)), images[1]);
	ck_assert_ptr_null(op_image_set_find(set, op_host_addr(space_base + 0x8000)));
	ck_assert_ptr_null(op_image_set_find(set, op_host_addr(space_base + 0x6fff)));
	ck_assert_ptr_null(op_image_set_find(set, op_host_addr(0)));
	// Nothing has changed: nothing changes.
	ck_assert(!update());
}
END_TEST

START_TEST(what_is_no_image)
{
	// Not executable text; a writable copy; a fake inside of a real image's data.
	space_image(&space, "calls-49.cwasm", 0, "");
	space.regions[1].executable = false;
	space_image(&space, "plain-49.cwasm", 0x10000, "");
	space.regions[3].writable = true;
	uint64_t end = space_image(&space, "calls-42.cwasm", 0x20000, "");
	memcpy(space.bytes + 0x22000, space.bytes + 0x20000, 64);
	space_image(&space, "pair-49.cwasm", end, "");
	ck_assert(update());
	ck_assert_str_eq(found(), "20000 24000 ");
}
END_TEST

START_TEST(memory_that_cannot_be_read_without_end)
{
	bool changed;
	uint64_t end = space_image(&space, "calls-49.cwasm", 0, "");
	// As a core file may say: nothing of it can be read.
	space_region(&space, end, 0x1000, "r--", "");
	space.regions[3].end = op_host_addr(space.regions[3].start.value + (UINT64_C(1) << 46));
	memset(space.bytes + end, 0, 0x1000);
	must_fail(op_image_set_update(set, space.regions, space.region_count, &changed),
		  OP_ERROR_LIMIT);
	ck_assert_str_eq(found(), "0 ");
}
END_TEST

START_TEST(file_mappings)
{
	// A library that is no image is looked at once, in its first page.
	space_region(&space, 0, 0x20000, "r--", "/usr/lib/libc.so.6");
	memcpy(space.bytes + 0x3000, "\177ELF", 4);
	space_image(&space, "calls-49.cwasm", 0x20000, "/srv/app.cwasm");
	ck_assert(update());
	ck_assert_str_eq(found(), "20000 ");
	size_t count;
	const struct op_image *const *images = op_image_set_images(set, &count);
	ck_assert(images[0]->file_backed);
	ck_assert_str_eq(images[0]->path, "/srv/app.cwasm");
	ck_assert_uint_lt(space.read_bytes, 0x6000);
}
END_TEST

START_TEST(images_come_and_go)
{
	uint64_t second = space_image(&space, "calls-49.cwasm", 0, "");
	ck_assert(update());
	size_t count;
	const struct op_image *const *images = op_image_set_images(set, &count);
	uint32_t first_id = images[0]->id;
	struct op_artifact *artifact = op_artifact_ref(images[0]->artifact);

	// A store makes its private copy.
	space_image(&space, "calls-49.cwasm", second, "");
	ck_assert(update());
	ck_assert_str_eq(found(), "0 4000 ");
	images = op_image_set_images(set, &count);
	ck_assert_uint_eq(images[0]->id, first_id);
	ck_assert_ptr_eq(images[1]->artifact, artifact);

	// The first copy goes: the artifact reads on from the other one.
	memmove(&space.regions[0], &space.regions[3], 3 * sizeof(space.regions[0]));
	space.region_count = 3;
	memset(space.bytes, 0, second);
	ck_assert(update());
	ck_assert_str_eq(found(), "4000 ");
	struct op_bytes section;
	must_succeed(op_artifact_section(artifact, ".symtab", &section));
	ck_assert_uint_eq(section.size, 0x1e0);

	// The last one goes as well: what was not read is lost, and said to be.
	space.region_count = 0;
	ck_assert(update());
	ck_assert_str_eq(found(), "");
	must_fail(op_artifact_section(artifact, ".wasmtime.traps", &section), OP_ERROR_UNREADABLE);
	op_artifact_unref(artifact);
}
END_TEST

START_TEST(another_image_at_the_same_place)
{
	// Both are as long and have the same regions, as after munmap and mmap between two stops.
	space_image(&space, "calls-49.cwasm", 0, "");
	ck_assert(update());
	size_t count;
	const struct op_image *const *images = op_image_set_images(set, &count);
	uint32_t id = images[0]->id;
	// Another module with tables of the same size: only its checksum tells.
	space.bytes[0x3138 + 0x100] ^= 0x55;
	ck_assert(update());
	images = op_image_set_images(set, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_ne(images[0]->id, id);
	// And something that is no image at all.
	memset(space.bytes, 0, 64);
	ck_assert(update());
	ck_assert_str_eq(found(), "");
}
END_TEST

START_TEST(another_image_within_the_same_bounds)
{
	// Unmapped and mapped again between two looks: the regions are as before, what is in them
	// is not.
	space_image(&space, "calls-49.cwasm", 0, "");
	ck_assert(update());
	uint8_t head[4];
	memcpy(head, space.bytes, sizeof(head));
	memset(space.bytes, 0, sizeof(head));
	ck_assert(update());
	ck_assert_str_eq(found(), "");
	memcpy(space.bytes, head, sizeof(head));
	ck_assert(update());
	ck_assert_str_eq(found(), "0 ");
}
END_TEST

START_TEST(text_that_becomes_executable_later)
{
	// Between two stops of mprotect: first all of it r--, then the text r-x.
	space_image(&space, "calls-49.cwasm", 0, "");
	struct op_region split[3];
	memcpy(split, space.regions, sizeof(split));
	space.regions[0].end = space.regions[2].end;
	space.region_count = 1;
	ck_assert(!update());
	memcpy(space.regions, split, sizeof(split));
	space.region_count = 3;
	ck_assert(update());
	ck_assert_str_eq(found(), "0 ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_set");
	TCase *cases = tcase_create("image_set");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, copies_share_an_artifact);
	tcase_add_test(cases, what_is_no_image);
	tcase_add_test(cases, memory_that_cannot_be_read_without_end);
	tcase_add_test(cases, file_mappings);
	tcase_add_test(cases, images_come_and_go);
	tcase_add_test(cases, another_image_at_the_same_place);
	tcase_add_test(cases, another_image_within_the_same_bounds);
	tcase_add_test(cases, text_that_becomes_executable_later);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
