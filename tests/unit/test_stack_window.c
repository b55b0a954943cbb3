// SPDX-License-Identifier: GPL-3.0-or-later
// The view of a stack: borders, unreadable pages, chunks in every direction, a source that goes
// away.
#include <check.h>
#include <stdlib.h>

#include "target-runtime/stack_window.h"
#include "tests/unit/suite.h"

enum { START = 0x10000, SIZE = 1 << 20, WORD = 8 };

/** Memory in which every word holds its own address; readable only from `first` on. */
struct source {
	uint64_t first;
	size_t reads, bytes;
	bool gone;
};

static struct op_error *read_some(void *context, struct op_host_addr addr, void *buffer,
				  size_t size, size_t *ret_done)
{
	struct source *source = context;
	uint8_t *to = buffer;
	*ret_done = 0;
	if (source->gone)
		return op_error_create(OP_ERROR_PROCESS_GONE, "gone");
	source->reads++;
	if (addr.value < source->first)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		uint64_t at = addr.value + i, word = at & ~(uint64_t)(WORD - 1);
		to[i] = (uint8_t)(word >> at % WORD * 8);
	}
	source->bytes += size;
	*ret_done = size;
	return NULL;
}

static void check_word(struct op_stack_window *window, uint64_t addr)
{
	uint64_t value;
	ck_assert(op_stack_window_read(window, addr, &value));
	ck_assert_uint_eq(value, addr);
}

START_TEST(every_word_upwards)
{
	struct source source = {0};
	struct op_memory memory = {.context = &source, .read_some = read_some};
	struct op_stack_window window;
	op_stack_window_init(&window, &memory, START, START + SIZE);
	for (uint64_t addr = START; addr < START + SIZE; addr += WORD)
		check_word(&window, addr);
	// A long stack is read in long pieces, and nothing is read twice but the few words of
	// looking back.
	ck_assert_uint_lt(source.reads, 20);
	ck_assert_uint_lt(source.bytes, SIZE + 20 * 2048);
	op_stack_window_deinit(&window);
}
END_TEST

START_TEST(every_word_downwards)
{
	struct source source = {0};
	struct op_memory memory = {.context = &source, .read_some = read_some};
	struct op_stack_window window;
	op_stack_window_init(&window, &memory, START, START + SIZE);
	for (uint64_t addr = START + SIZE - WORD; addr >= START; addr -= WORD)
		check_word(&window, addr);
	ck_assert_uint_lt(source.bytes, 4 * SIZE);
	op_stack_window_deinit(&window);
}
END_TEST

START_TEST(borders)
{
	static const uint64_t outside[] = {0,
					   START - WORD,
					   START - 1,
					   START + SIZE - WORD + 1,
					   START + SIZE,
					   START + SIZE + 1,
					   UINT64_MAX,
					   UINT64_MAX - 7};
	struct source source = {0};
	struct op_memory memory = {.context = &source, .read_some = read_some};
	struct op_stack_window window;
	op_stack_window_init(&window, &memory, START, START + SIZE);
	for (size_t i = 0; i < OP_ARRAY_SIZE(outside); i++) {
		uint64_t value;
		ck_assert(!op_stack_window_read(&window, outside[i], &value));
	}
	ck_assert_uint_eq(source.reads, 0);
	check_word(&window, START + SIZE - WORD);
	check_word(&window, START);
	op_stack_window_deinit(&window);
}
END_TEST

// A core file may hold only the live part of a stack: looking back below it must not hide the word
// itself.
START_TEST(unreadable_below)
{
	struct source source = {.first = START + 4096};
	struct op_memory memory = {.context = &source, .read_some = read_some};
	struct op_stack_window window;
	uint64_t value;
	op_stack_window_init(&window, &memory, START, START + SIZE);
	check_word(&window, START + 4096);
	ck_assert(!op_stack_window_read(&window, START, &value));
	check_word(&window, START + 5000 / WORD * WORD);
	ck_assert_ptr_null(window.failure);
	op_stack_window_deinit(&window);
}
END_TEST

START_TEST(source_gone)
{
	struct source source = {.gone = true};
	struct op_memory memory = {.context = &source, .read_some = read_some};
	struct op_stack_window window;
	uint64_t value;
	op_stack_window_init(&window, &memory, START, START + SIZE);
	ck_assert(!op_stack_window_read(&window, START, &value));
	ck_assert(!op_stack_window_read(&window, START, &value));
	ck_assert(window.failure && window.failure->code == OP_ERROR_PROCESS_GONE);
	op_stack_window_deinit(&window);
}
END_TEST

START_TEST(region_of_address)
{
	const struct op_region regions[] = {
		{.start = {0x1000}, .end = {0x2000}},
		{.start = {0x2000}, .end = {0x3000}},
		{.start = {0x5000}, .end = {0x6000}},
	};
	static const struct {
		uint64_t addr;
		bool found;
		size_t index;
	} cases[] = {{0, false, 0},         {0x1000, true, 0},  {0x1fff, true, 0},
		     {0x2000, true, 1},     {0x3000, false, 0}, {0x4fff, false, 0},
		     {0x5000, true, 2},     {0x5fff, true, 2},  {0x6000, false, 0},
		     {UINT64_MAX, false, 0}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		size_t index;
		ck_assert_int_eq(op_stack_region(regions, OP_ARRAY_SIZE(regions),
						 op_host_addr(cases[i].addr), &index),
				 cases[i].found);
		if (cases[i].found)
			ck_assert_uint_eq(index, cases[i].index);
	}
	size_t index;
	ck_assert(!op_stack_region(regions, 0, op_host_addr(0x1000), &index));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stack window");
	TCase *cases = tcase_create("window");
	tcase_add_test(cases, every_word_upwards);
	tcase_add_test(cases, every_word_downwards);
	tcase_add_test(cases, borders);
	tcase_add_test(cases, unreadable_below);
	tcase_add_test(cases, source_gone);
	tcase_add_test(cases, region_of_address);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
