// SPDX-License-Identifier: GPL-3.0-or-later
// Exact reads, the page cache, and the names of values.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/memory.h"
#include "target-runtime/value.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

static struct space space;

static void setup(void)
{
	space_init(&space);
	for (size_t i = 0; i < SPACE_SIZE; i++)
		space.bytes[i] = (uint8_t)(i * 7 + i / 251);
	// A hole at page 4, and pages 8 and 9 that end where nothing follows.
	space_region(&space, 0, 4 * 4096, "r--", "");
	space_region(&space, 5 * 4096, 5 * 4096, "rw-", "");
}

static void teardown(void)
{
	space_deinit(&space);
}

START_TEST(exact_reads)
{
	struct op_memory memory = space_memory(&space);
	uint32_t u32;
	uint64_t u64;
	memcpy(space.bytes + 3, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	must_succeed(op_memory_read_u32(&memory, op_host_addr(space_base + 3), &u32));
	must_succeed(op_memory_read_u64(&memory, op_host_addr(space_base + 3), &u64));
	ck_assert_uint_eq(u32, 0x04030201);
	ck_assert_uint_eq(u64, 0x0807060504030201);
	uint8_t buffer[64];
	struct op_error *error =
		op_memory_read(&memory, op_host_addr(space_base + 4 * 4096 - 8), buffer, 64);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, OP_ERROR_UNREADABLE);
	// The first address that cannot be read.
	ck_assert_msg(strstr(error->message, "0x7f1200004000") != NULL, "%s", error->message);
	op_error_destroy(error);
}
END_TEST

START_TEST(cache_gives_the_same_bytes)
{
	struct op_memory memory = space_memory(&space);
	struct op_memory_cache *cache;
	must_succeed(op_memory_cache_create(&memory, 3 * 4096, &cache));
	struct op_memory cached = op_memory_cache_memory(cache);
	static const size_t sizes[] = {1, 8, 100, 4095, 4096, 4097, 10000};
	uint8_t direct[10000], through[10000];
	for (uint64_t at = 0; at < 11 * 4096; at += 997) {
		for (size_t i = 0; i < OP_ARRAY_SIZE(sizes); i++) {
			size_t direct_done = 0, through_done = 0;
			struct op_host_addr addr = op_host_addr(space_base + at);
			must_succeed(memory.read_some(memory.context, addr, direct, sizes[i],
						      &direct_done));
			must_succeed(cached.read_some(cached.context, addr, through, sizes[i],
						      &through_done));
			ck_assert_uint_eq(direct_done, through_done);
			ck_assert_mem_eq(direct, through, direct_done);
		}
	}
	op_memory_cache_destroy(cache);
}
END_TEST

START_TEST(cache_is_bounded_and_first_in_first_out)
{
	struct op_memory memory = space_memory(&space);
	struct op_memory_cache *cache;
	must_succeed(op_memory_cache_create(&memory, 2 * 4096, &cache));
	struct op_memory cached = op_memory_cache_memory(cache);
	// Pages 0 and 1 are in, 2 pushes 0 out; 1 is still there.
	static const struct {
		unsigned page;
		size_t reads;
	} steps[] = {{0, 1}, {0, 0}, {1, 1}, {0, 0}, {2, 1},
		     {1, 0}, {2, 0}, {0, 1}, {2, 0}, {1, 1}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(steps); i++) {
		uint32_t value;
		space.reads = 0;
		must_succeed(op_memory_read_u32(
			&cached, op_host_addr(space_base + steps[i].page * 4096u), &value));
		ck_assert_msg(space.reads == steps[i].reads, "step %zu: %zu reads", i, space.reads);
	}
	// What was dropped is read anew.
	space.bytes[4096] ^= 0xff;
	uint32_t before, after;
	must_succeed(op_memory_read_u32(&cached, op_host_addr(space_base + 4096), &before));
	op_memory_cache_drop(cache);
	must_succeed(op_memory_read_u32(&cached, op_host_addr(space_base + 4096), &after));
	ck_assert_uint_eq(before ^ after, 0xff);
	op_memory_cache_destroy(cache);
}
END_TEST

START_TEST(end_of_the_address_space)
{
	struct op_memory memory = space_memory(&space);
	struct op_memory_cache *cache;
	must_succeed(op_memory_cache_create(&memory, 4096, &cache));
	struct op_memory cached = op_memory_cache_memory(cache);
	uint8_t buffer[64];
	size_t done = 1;
	must_succeed(cached.read_some(cached.context, op_host_addr(UINT64_MAX - 3), buffer,
				      sizeof(buffer), &done));
	ck_assert_uint_eq(done, 0);
	op_memory_cache_destroy(cache);
}
END_TEST

START_TEST(values)
{
	ck_assert_str_eq(op_value_type_name(OP_VALUE_V128), "v128");
	ck_assert_str_eq(op_value_type_name(OP_VALUE_TYPE_COUNT), "unknown");
	ck_assert_uint_eq(op_value_type_size(OP_VALUE_FUNCREF), 8);
	ck_assert_uint_eq(op_value_type_size(OP_VALUE_EXTERNREF), 4);
	ck_assert_uint_eq(op_value_type_size(OP_VALUE_CONTREF), 16);
	ck_assert_str_eq(op_value_state_name(OP_VALUE_NOT_RECORDED), "not-recorded");
	ck_assert_str_eq(op_value_state_message(OP_VALUE_NOT_RECORDED),
			 "not recorded: compiled without guest-debug");
	struct op_value value = {.type = OP_VALUE_I32, .bytes = {1, 2, 3, 4, 5, 6, 7, 8}};
	ck_assert_uint_eq(op_value_bits(&value), 0x04030201);
	value.type = OP_VALUE_F64;
	ck_assert_uint_eq(op_value_bits(&value), 0x0807060504030201);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *cases = tcase_create("memory");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, exact_reads);
	tcase_add_test(cases, cache_gives_the_same_bytes);
	tcase_add_test(cases, cache_is_bounded_and_first_in_first_out);
	tcase_add_test(cases, end_of_the_address_space);
	tcase_add_test(cases, values);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
