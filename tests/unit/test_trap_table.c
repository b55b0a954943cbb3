// SPDX-License-Identifier: GPL-3.0-or-later
// Both encodings of the trap table. The bytes of the block encoding were worked out by hand from
// crates/environ/src/compile/trap_encoding.rs.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/trap_table.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

// Entries: (0x20 1) (0x24 9) (0x30 1).
static const uint8_t blocks[] = {
	3,    0, 0, 0, 1, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0,
	1,       // the code of those that bring none
	0x00,    // +0
	0x09, 9, // +4, its own code
	0x18,    // +12
};
static const uint8_t flat[] = {
	3, 0, 0, 0, 0x20, 0, 0, 0, 0x24, 0, 0, 0, 0x30, 0, 0, 0, 1, 9, 1,
};

static void check_both(const uint8_t *data, size_t size, bool block_encoded)
{
	struct op_bytes bytes = {.data = data, .size = size, .what = ".wasmtime.traps"};
	struct op_trap_table *table;
	must_succeed(op_trap_table_create(&bytes, block_encoded, &table));
	ck_assert_uint_eq(op_trap_table_count(table), 3);
	for (uint32_t offset = 0; offset < 0x40; offset++) {
		uint8_t code = 0;
		bool found = op_trap_table_lookup(table, offset, &code);
		ck_assert_msg(found == (offset == 0x20 || offset == 0x24 || offset == 0x30), "0x%x",
			      offset);
		if (found)
			ck_assert_uint_eq(code, offset == 0x24 ? 9 : 1);
	}
	op_trap_table_destroy(table);
}

START_TEST(flat_encoding)
{
	check_both(flat, sizeof(flat), false);
}
END_TEST

START_TEST(block_encoding)
{
	check_both(blocks, sizeof(blocks), true);
}
END_TEST

START_TEST(malformed)
{
	struct op_trap_table *table;
	for (size_t size = 0; size < sizeof(flat); size++) {
		struct op_bytes bytes = {.data = flat, .size = size, .what = "traps"};
		must_fail(op_trap_table_create(&bytes, false, &table), OP_ERROR_FORMAT);
	}
	// Cut in the index or header: refused. Cut in a body: what is still there is found.
	for (size_t size = 0; size < sizeof(blocks); size++) {
		struct op_bytes bytes = {.data = blocks, .size = size, .what = "traps"};
		struct op_error *error = op_trap_table_create(&bytes, true, &table);
		uint8_t code;
		if (size < 19) {
			must_fail(error, OP_ERROR_FORMAT);
			continue;
		}
		must_succeed(error);
		ck_assert(op_trap_table_lookup(table, 0x20, &code));
		ck_assert(op_trap_table_lookup(table, 0x24, &code) == (size >= 20));
		ck_assert(!op_trap_table_lookup(table, 0x30, &code));
		op_trap_table_destroy(table);
	}
}
END_TEST

START_TEST(recorded)
{
	// By an independent decoder.
	static const struct {
		const char *image;
		size_t count;
		uint32_t text_offset;
		uint8_t code;
	} rows[] = {
		{"calls-49.cwasm", 3, 0x271, 6}, {"calls-49.cwasm", 3, 0x2d0, 7},
		{"calls-49.cwasm", 3, 0x32e, 1}, {"calls-42.cwasm", 3, 0x271, 6},
		{"plain-49.cwasm", 5, 0xe4, 9},  {"plain-49.cwasm", 5, 0x9d, 0},
		{"plain-36.cwasm", 5, 0xcb, 1},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		struct op_artifact *artifact = image_open(rows[i].image);
		const struct op_trap_table *table;
		uint8_t code = 0xaa;
		must_succeed(op_artifact_trap_table(artifact, &table));
		ck_assert_uint_eq(op_trap_table_count(table), rows[i].count);
		ck_assert(op_trap_table_lookup(table, rows[i].text_offset, &code));
		ck_assert_uint_eq(code, rows[i].code);
		ck_assert(!op_trap_table_lookup(table, rows[i].text_offset + 1, &code));
		op_artifact_unref(artifact);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trap_table");
	TCase *cases = tcase_create("trap_table");
	tcase_add_test(cases, flat_encoding);
	tcase_add_test(cases, block_encoding);
	tcase_add_test(cases, malformed);
	tcase_add_test(cases, recorded);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
