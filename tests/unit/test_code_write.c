// SPDX-License-Identifier: GPL-3.0-or-later
// Writes into code, joined or one by one, on a memory of the test's own in the target's place.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/code_write.h"

enum { BASE = 0x10000, SIZE = 512 << 10 };

static uint8_t memory[SIZE];
// What cannot be written: this address, or 0.
static uint64_t broken;
static struct {
	uint64_t address;
	size_t size;
	uint8_t first;
} made[SIZE];
static size_t made_count;

struct op_error *op_process_read(struct op_process *process, struct op_host_addr addr, void *buffer,
				 size_t size)
{
	(void)process;
	ck_assert_uint_ge(addr.value, BASE);
	ck_assert_uint_le(addr.value - BASE + size, SIZE);
	memcpy(buffer, memory + (addr.value - BASE), size);
	return NULL;
}

struct op_error *op_process_write(struct op_process *process, struct op_host_addr addr,
				  const void *bytes, size_t size)
{
	(void)process;
	ck_assert_uint_ge(addr.value, BASE);
	ck_assert_uint_le(addr.value - BASE + size, SIZE);
	if (broken >= addr.value && broken < addr.value + size)
		return op_error_create(OP_ERROR_UNREADABLE, "broken");
	memcpy(memory + (addr.value - BASE), bytes, size);
	made[made_count].address = addr.value;
	made[made_count].size = size;
	made[made_count++].first = *(const uint8_t *)bytes;
	return NULL;
}

static void prepare(void)
{
	for (size_t i = 0; i < SIZE; i++)
		memory[i] = (uint8_t)(i * 7);
	made_count = 0;
	broken = 0;
}

static void want(struct op_code_writes *writes, uint64_t address, uint8_t value)
{
	struct op_code_write write = {.address = address, .size = 5};
	memset(write.bytes, value, sizeof(write.bytes));
	ck_assert(op_array_push(writes, write));
}

// Everything that was not asked for is as it was; what was asked for is there.
static void check_memory(const struct op_code_writes *writes)
{
	static uint8_t expected[SIZE];
	for (size_t i = 0; i < SIZE; i++)
		expected[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < writes->count; i++) {
		const struct op_code_write *write = &writes->data[i];
		if (broken < write->address || broken >= write->address + write->size)
			memcpy(expected + (write->address - BASE), write->bytes, write->size);
	}
	ck_assert_mem_eq(memory, expected, SIZE);
}

START_TEST(few_are_made_as_they_are)
{
	struct op_code_writes writes = {0};
	prepare();
	for (uint64_t i = 0; i < 8; i++)
		want(&writes, BASE + 16 * i, (uint8_t)i);
	ck_assert_ptr_null(op_code_write(NULL, &writes, false));
	ck_assert_uint_eq(made_count, 8);
	check_memory(&writes);
	free(writes.data);
}
END_TEST

START_TEST(many_neighbours_are_one)
{
	struct op_code_writes writes = {0};
	prepare();
	// In any order.
	for (uint64_t i = 0; i < 100; i++)
		want(&writes, BASE + 16 * (i * 37 % 100), (uint8_t)i);
	ck_assert_ptr_null(op_code_write(NULL, &writes, false));
	ck_assert_uint_eq(made_count, 1);
	ck_assert_uint_eq(made[0].address, BASE);
	ck_assert_uint_eq(made[0].size, 16 * 99 + 5);
	check_memory(&writes);
	free(writes.data);
}
END_TEST

START_TEST(far_ones_are_apart)
{
	struct op_code_writes writes = {0};
	prepare();
	for (uint64_t i = 0; i < 50; i++) {
		want(&writes, BASE + 16 * i, 1);
		want(&writes, BASE + (300 << 10) + 16 * i, 2);
	}
	ck_assert_ptr_null(op_code_write(NULL, &writes, false));
	ck_assert_uint_eq(made_count, 2);
	check_memory(&writes);
	free(writes.data);
}
END_TEST

START_TEST(one_is_not_longer_than_the_buffer)
{
	struct op_code_writes writes = {0};
	prepare();
	for (uint64_t at = 0; at + 5 <= SIZE; at += 11)
		want(&writes, BASE + at, (uint8_t)at);
	ck_assert_ptr_null(op_code_write(NULL, &writes, false));
	ck_assert_uint_ge(made_count, SIZE >> 16);
	for (size_t i = 0; i < made_count; i++)
		ck_assert_uint_le(made[i].size, (64 << 10) + OP_SLOT_MAX);
	check_memory(&writes);
	free(writes.data);
}
END_TEST

START_TEST(one_that_fails_does_not_keep_the_others)
{
	struct op_code_writes writes = {0};
	for (int many = 0; many < 2; many++) {
		prepare();
		writes.count = 0;
		broken = BASE + 16 * 3 + 2;
		for (uint64_t i = 0; i < (many ? 200 : 6); i++)
			want(&writes, BASE + 16 * i, (uint8_t)i);
		struct op_error *err = op_code_write(NULL, &writes, false);
		ck_assert_ptr_nonnull(err);
		ck_assert_int_eq(err->code, OP_ERROR_UNREADABLE);
		// It says where.
		ck_assert_ptr_nonnull(strstr(err->message, "0x10030"));
		op_error_destroy(err);
		check_memory(&writes);
	}
	free(writes.data);
}
END_TEST

// Each first byte before the rest of the same write, and nothing joined.
START_TEST(while_threads_run)
{
	struct op_code_writes writes = {0};
	prepare();
	for (uint64_t i = 0; i < 40; i++)
		want(&writes, BASE + 16 * i, (uint8_t)(i + 1));
	ck_assert_ptr_null(op_code_write(NULL, &writes, true));
	ck_assert_uint_eq(made_count, 80);
	for (size_t i = 0; i < made_count; i += 2) {
		ck_assert_uint_eq(made[i].size, 1);
		ck_assert_uint_eq(made[i + 1].address, made[i].address + 1);
		ck_assert_uint_eq(made[i + 1].size, 4);
	}
	check_memory(&writes);
	free(writes.data);
}
END_TEST

// A store that ends takes its code with it: the others are written, and it is said which is gone.
START_TEST(gone_while_threads_run)
{
	struct op_code_writes writes = {0};
	for (uint64_t at = 0; at < 5; at++) {
		prepare();
		writes.count = 0;
		broken = BASE + 16 * 3 + at;
		for (uint64_t i = 0; i < 6; i++)
			want(&writes, BASE + 16 * i, (uint8_t)(i + 1));
		ck_assert_ptr_null(op_code_write(NULL, &writes, true));
		for (size_t i = 0; i < writes.count; i++) {
			ck_assert_int_eq(writes.data[i].gone, i == 3);
			if (i != 3)
				ck_assert_mem_eq(memory + 16 * i, writes.data[i].bytes, 5);
		}
	}
	free(writes.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("code_write");
	TCase *cases = tcase_create("code_write");
	tcase_add_test(cases, few_are_made_as_they_are);
	tcase_add_test(cases, many_neighbours_are_one);
	tcase_add_test(cases, far_ones_are_apart);
	tcase_add_test(cases, one_is_not_longer_than_the_buffer);
	tcase_add_test(cases, one_that_fails_does_not_keep_the_others);
	tcase_add_test(cases, while_threads_run);
	tcase_add_test(cases, gone_while_threads_run);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
