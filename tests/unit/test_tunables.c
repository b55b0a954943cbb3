// SPDX-License-Identifier: GPL-3.0-or-later
// The settings in .wasmtime.engine. The bytes follow crates/environ/src/tunables.rs at the tags;
// those of whole images are decoded in test_store_set.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/tunables.h"
#include "tests/unit/suite.h"

// Header version 0, version "V", target "t", one shared flag "a" = bool, one flag of the
// instruction set "b" = enum "c".
#define HEAD 0, 1, 'V', 1, 't', 1, 1, 'a', 2, 1, 1, 1, 'b', 0, 1, 'c'
// Collector, then 4 GiB, 32 MiB, 2 GiB.
#define SOME(collector)                                                                            \
	1, collector, 0x80, 0x80, 0x80, 0x80, 0x10, 0x80, 0x80, 0x80, 0x10, 0x80, 0x80, 0x80,      \
		0x80, 0x08

static const struct op_layout *layout_of(unsigned version)
{
	bool known;
	return op_layout_find(version, &known);
}

static struct op_error *parse(unsigned version, const uint8_t *bytes, size_t size,
			      struct op_tunables *ret)
{
	struct op_bytes section = {.data = bytes, .size = size, .what = ".wasmtime.engine"};
	return op_tunables_parse(&section, layout_of(version), ret);
}

static void check_parse(unsigned version, const uint8_t *bytes, size_t size,
			struct op_tunables expected)
{
	struct op_tunables found;
	struct op_error *err = parse(version, bytes, size, &found);
	ck_assert_msg(!err, "%s", err ? err->message : "");
	ck_assert_int_eq(found.collector, expected.collector);
	ck_assert_uint_eq(found.memory_reservation, UINT64_C(4) << 30);
	ck_assert_uint_eq(found.memory_guard_size, 32 << 20);
	ck_assert_int_eq(found.debug_guest, expected.debug_guest);
	ck_assert_int_eq(found.consume_fuel, expected.consume_fuel);
	ck_assert_int_eq(found.epoch_interruption, expected.epoch_interruption);
	ck_assert_int_eq(found.memory_may_move, expected.memory_may_move);
	ck_assert_int_eq(found.table_lazy_init, expected.table_lazy_init);
	// Any shorter section ends in the middle of something.
	for (size_t cut = 0; cut < size; cut++) {
		struct op_error *short_err = parse(version, bytes, cut, &found);
		ck_assert(short_err && short_err->code == OP_ERROR_FORMAT);
		op_error_destroy(short_err);
	}
}

START_TEST(version_36)
{
	// debug_native, parse_wasm_debuginfo, consume_fuel, epoch_interruption, memory_may_move,
	// guard_before, table_lazy_init
	static const uint8_t bytes[] = {HEAD, SOME(0), 0, 0, 1, 0, 1, 0, 1};
	check_parse(36, bytes, sizeof(bytes),
		    (struct op_tunables){.collector = OP_COLLECTOR_DRC,
					 .consume_fuel = true,
					 .memory_may_move = true,
					 .table_lazy_init = true});
}
END_TEST

START_TEST(version_42)
{
	// ... debug_guest second
	static const uint8_t bytes[] = {HEAD, SOME(1), 0, 1, 0, 0, 1, 0, 1, 0};
	check_parse(42, bytes, sizeof(bytes),
		    (struct op_tunables){.collector = OP_COLLECTOR_NULL,
					 .debug_guest = true,
					 .epoch_interruption = true,
					 .table_lazy_init = false});
}
END_TEST

START_TEST(version_49)
{
	// ... debug_symbols third, the operators' cost (1: default) behind consume_fuel
	static const uint8_t bytes[] = {HEAD, SOME(2), 0, 1, 1, 0, 1, 1, 1, 0, 0, 1};
	check_parse(49, bytes, sizeof(bytes),
		    (struct op_tunables){.collector = OP_COLLECTOR_COPYING,
					 .debug_guest = true,
					 .consume_fuel = true,
					 .epoch_interruption = true,
					 .table_lazy_init = true});
}
END_TEST

START_TEST(not_settings)
{
	struct op_tunables found;
	// A cost table of the embedder's own.
	static const uint8_t costs[] = {HEAD, SOME(2), 0, 1, 1, 0, 1, 0, 1, 0, 0, 1};
	struct op_error *err = parse(49, costs, sizeof(costs), &found);
	ck_assert(err && err->code == OP_ERROR_FORMAT);
	op_error_destroy(err);
	// A count of flags that cannot be.
	static const uint8_t flags[] = {0, 1, 'V', 1, 't', 0xff, 0xff, 0x03, 1};
	err = parse(49, flags, sizeof(flags), &found);
	ck_assert(err && err->code == OP_ERROR_FORMAT);
	op_error_destroy(err);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tunables");
	TCase *tcase = tcase_create("bytes");
	tcase_add_test(tcase, version_36);
	tcase_add_test(tcase, version_42);
	tcase_add_test(tcase, version_49);
	tcase_add_test(tcase, not_settings);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
