// SPDX-License-Identifier: GPL-3.0-or-later
// Both encodings of the address map. The bytes of the block encoding were worked out by hand from
// crates/environ/src/compile/address_map.rs.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/address_map.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

// Entries: (0x10 none) (0x14 0x90) (0x18 0x88) (0x30 none).
static const uint8_t blocks[] = {
	4,    0,    0,    0, 1, 0, 0, 0, // entries, blocks
	0x10, 0,    0,    0, 0, 0, 0, 0, // first text offset, position of the body
	0x01,                            // +0, none
	0x08, 0x90, 0x01,                // +4, 0x90
	0x08, 0x78,                      // +4, -8
	0x31,                            // +24, none
};
static const uint8_t flat[] = {
	4, 0, 0,    0,    0x10, 0,    0,    0, 0x14, 0, 0,    0, 0x18, 0, 0,    0,    0x30, 0,
	0, 0, 0xff, 0xff, 0xff, 0xff, 0x90, 0, 0,    0, 0x88, 0, 0,    0, 0xff, 0xff, 0xff, 0xff,
};

static struct op_address_map *map_of(const void *data, size_t size, bool block_encoded)
{
	struct op_bytes bytes = {.data = data, .size = size, .what = ".wasmtime.addrmap"};
	struct op_address_map *map = NULL;
	must_succeed(op_address_map_create(&bytes, block_encoded, &map));
	return map;
}

static bool collect(void *context, const struct op_address_map_entry *entry)
{
	char *text = context;
	char one[64];
	if (entry->has_position)
		snprintf(one, sizeof(one), "(%x %x)", entry->text_offset, entry->position);
	else
		snprintf(one, sizeof(one), "(%x none)", entry->text_offset);
	strcat(text, one);
	return strlen(text) < 100;
}

static void check_both(const struct op_address_map *map)
{
	static const struct {
		uint32_t text_offset;
		bool found;
		uint32_t position;
	} lookups[] = {
		{0, false, 0},      {0xf, false, 0},        {0x10, false, 0},   {0x13, false, 0},
		{0x14, true, 0x90}, {0x17, true, 0x90},     {0x18, true, 0x88}, {0x2f, true, 0x88},
		{0x30, false, 0},   {UINT32_MAX, false, 0},
	};
	ck_assert_uint_eq(op_address_map_count(map), 4);
	for (size_t i = 0; i < OP_ARRAY_SIZE(lookups); i++) {
		uint32_t position = 0;
		bool found = op_address_map_lookup(map, lookups[i].text_offset, &position);
		ck_assert_msg(found == lookups[i].found &&
				      (!found || position == lookups[i].position),
			      "0x%x: %d 0x%x", lookups[i].text_offset, found, position);
	}
	char text[256] = "";
	must_succeed(op_address_map_each(map, 0, collect, text));
	ck_assert_str_eq(text, "(10 none)(14 90)(18 88)(30 none)");
	text[0] = 0;
	must_succeed(op_address_map_each(map, 0x15, collect, text));
	ck_assert_str_eq(text, "(18 88)(30 none)");
	text[0] = 0;
	must_succeed(op_address_map_each(map, 0x31, collect, text));
	ck_assert_str_eq(text, "");
}

START_TEST(flat_encoding)
{
	struct op_address_map *map = map_of(flat, sizeof(flat), false);
	check_both(map);
	op_address_map_destroy(map);
}
END_TEST

START_TEST(block_encoding)
{
	struct op_address_map *map = map_of(blocks, sizeof(blocks), true);
	check_both(map);
	op_address_map_destroy(map);
}
END_TEST

START_TEST(many_blocks)
{
	// 300 entries at text offsets 0, 2, 4, ...; positions 1000, 1001, ... in three blocks.
	enum { ENTRIES = 300, BLOCKS = 3 };
	uint8_t bytes[8 + 8 * BLOCKS + 4 * ENTRIES] = {ENTRIES & 0xff, ENTRIES >> 8, 0, 0, BLOCKS};
	size_t at = 8 + 8 * BLOCKS, body = at;
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (i % 128 == 0) {
			uint8_t *index = bytes + 8 + 8 * (i / 128);
			index[0] = (uint8_t)(2 * i);
			index[1] = (uint8_t)(2 * i >> 8);
			index[4] = (uint8_t)(at - body);
			index[5] = (uint8_t)((at - body) >> 8);
			bytes[at++] = 0;
			bytes[at++] = (uint8_t)((1000 + i) & 0x7f) | 0x80;
			bytes[at++] = (uint8_t)((1000 + i) >> 7);
		} else {
			bytes[at++] = 2 << 1;
			bytes[at++] = 1;
		}
	}
	struct op_address_map *map = map_of(bytes, at, true);
	for (unsigned offset = 0; offset < 2 * ENTRIES; offset++) {
		uint32_t position;
		ck_assert(op_address_map_lookup(map, offset, &position));
		ck_assert_uint_eq(position, 1000 + offset / 2);
	}
	char text[256] = "";
	must_succeed(op_address_map_each(map, 254, collect, text));
	// 254 is the last entry of the first block.
	ck_assert_msg(strncmp(text, "(fe 467)(100 468)(102 469)", 26) == 0, "%s", text);
	op_address_map_destroy(map);
}
END_TEST

START_TEST(malformed)
{
	struct op_address_map *map;
	uint8_t bytes[sizeof(flat)];
	memcpy(bytes, flat, sizeof(flat));
	bytes[0] = 5;
	struct op_bytes section = {.data = bytes, .size = sizeof(flat), .what = "map"};
	must_fail(op_address_map_create(&section, false, &map), OP_ERROR_FORMAT);
	memset(bytes, 0xff, sizeof(bytes));
	must_fail(op_address_map_create(&section, false, &map), OP_ERROR_FORMAT);
	must_fail(op_address_map_create(&section, true, &map), OP_ERROR_FORMAT);
	section.size = 3;
	must_fail(op_address_map_create(&section, false, &map), OP_ERROR_FORMAT);
	must_fail(op_address_map_create(&section, true, &map), OP_ERROR_FORMAT);
	// Wrong number of blocks for the entries.
	memcpy(bytes, blocks, sizeof(blocks));
	bytes[4] = 2;
	section.size = sizeof(blocks);
	must_fail(op_address_map_create(&section, true, &map), OP_ERROR_FORMAT);
	// A body that is not there: lookups find nothing, a walk says so.
	bytes[4] = 1;
	bytes[12] = 100;
	map = map_of(bytes, sizeof(blocks), true);
	uint32_t position;
	ck_assert(!op_address_map_lookup(map, 0x14, &position));
	char text[256] = "";
	must_fail(op_address_map_each(map, 0, collect, text), OP_ERROR_FORMAT);
	op_address_map_destroy(map);
}
END_TEST

START_TEST(recorded)
{
	// 49 (blocks) and 36 (flat); expected values by an independent decoder.
	static const struct {
		const char *image;
		uint32_t text_offset;
		bool found;
		uint32_t position;
	} lookups[] = {
		{"calls-49.cwasm", 0xc, false, 0},    {"calls-49.cwasm", 0xd, true, 0x6c},
		{"calls-49.cwasm", 0x44, true, 0x6f}, {"calls-49.cwasm", 0x191, true, 0xa4},
		{"calls-49.cwasm", 0x1ab, false, 0},  {"plain-36.cwasm", 0x4, true, 0x87},
		{"plain-36.cwasm", 0x58, true, 0x8e}, {"plain-36.cwasm", 0x85, false, 0},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(lookups); i++) {
		struct op_artifact *artifact = image_open(lookups[i].image);
		const struct op_address_map *map;
		uint32_t position = 0;
		must_succeed(op_artifact_address_map(artifact, &map));
		ck_assert_ptr_nonnull(map);
		bool found = op_address_map_lookup(map, lookups[i].text_offset, &position);
		ck_assert_msg(found == lookups[i].found &&
				      (!found || position == lookups[i].position),
			      "%s 0x%x: %d 0x%x", lookups[i].image, lookups[i].text_offset, found,
			      position);
		op_artifact_unref(artifact);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address_map");
	TCase *cases = tcase_create("address_map");
	tcase_add_test(cases, flat_encoding);
	tcase_add_test(cases, block_encoding);
	tcase_add_test(cases, many_blocks);
	tcase_add_test(cases, malformed);
	tcase_add_test(cases, recorded);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
