// SPDX-License-Identifier: GPL-3.0-or-later
// Stubs, run in this process: what each step does, that nothing but memory is changed, how short
// the code is, what is refused.
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/stub_harness.h"
#include "tests/unit/suite.h"

static struct op_stub stub;
static struct tree tree;

static void setup(void)
{
	machine_init();
	stub = (struct op_stub){0};
	tree.count = 0;
}

static void teardown(void)
{
	op_stub_deinit(&stub);
}

static uint64_t cell(size_t index)
{
	return (uintptr_t)&state->cells[index];
}

static void set_local(uint32_t index, uint64_t bits)
{
	memcpy(state_place(OP_EXPRESSION_LOCAL, index), &bits,
	       op_value_type_size(state_type(index)));
}

static struct op_expression_node *local(uint32_t index)
{
	return tree_leaf(&tree, OP_EXPRESSION_LOCAL, index);
}

static struct op_expression_node *number(int64_t value)
{
	return tree_integer(&tree, value, OP_VALUE_I32, false);
}

static void load_steps(const struct op_stub_step *steps, size_t count)
{
	struct op_stub_group group = {steps, count};
	struct op_error *err = machine_load(&group, 1, 0, &stub);
	ck_assert_msg(!err, "%s", err ? err->message : "");
	machine_listing(&stub, (uintptr_t)machine_code);
}

static size_t lines(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

// Counters ------------------------------------------------------------------------------------

START_TEST(count_in_reach)
{
	for (int atomic = 0; atomic < 2; atomic++) {
		struct op_stub_step step = {
			.kind = OP_STUB_COUNT, .cell = cell(3), .atomic = atomic};
		state->cells[3] = UINT32_MAX;
		load_steps(&step, 1);
		ck_assert_uint_eq(stub.code.count, 19 + (size_t)atomic);
		ck_assert_uint_eq(lines(machine_listing(&stub, (uintptr_t)machine_code)), 4);
		machine_run(0);
		machine_run(0);
		ck_assert_uint_eq(state->cells[3], UINT64_C(0x100000001));
	}
}
END_TEST

START_TEST(count_far)
{
	struct op_stub_step step = {.kind = OP_STUB_COUNT, .cell = (uintptr_t)&machine_far[100]};
	load_steps(&step, 1);
	machine_run(0);
	ck_assert_uint_eq(machine_far[100], 1);
}
END_TEST

// What is in reach is decided for the stub's address, whatever the length of the code before it.
START_TEST(count_at_the_edge)
{
	struct op_stub_step steps[40];
	for (int64_t distance = INT32_MAX - 40000; distance < (int64_t)INT32_MAX + 200;
	     distance += 1111) {
		for (size_t i = 0; i < 40; i++)
			steps[i] = (struct op_stub_step){
				.kind = i < 39 ? OP_STUB_IGNORE : OP_STUB_COUNT,
				.cell = (uintptr_t)machine_code + (uint64_t)distance};
		load_steps(steps, 40);
	}
}
END_TEST

START_TEST(harmless_entry)
{
	tree_done(&tree, tree_binary(&tree, OP_OPERATOR_MUL, local(0), local(1)));
	struct op_stub_step step_sets[][2] = {
		{{.kind = OP_STUB_COUNT, .cell = cell(0)}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_COUNT, .cell = cell(0), .atomic = true}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_TRAP}, {.kind = OP_STUB_COUNT, .cell = cell(0)}},
		{{.kind = OP_STUB_TRACE, .cell = cell(0)}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_IGNORE, .cell = cell(0)}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_FRAME, .cell = cell(0)}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_OUTER, .cell = cell(0)}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_LOG, .cell = cell(0)}, {.kind = OP_STUB_TRAP}},
		{{.kind = OP_STUB_CHANGED, .cell = cell(0), .expression = &tree.expression},
		 {.kind = OP_STUB_TRAP}},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(step_sets); i++) {
		load_steps(step_sets[i], 2);
		machine_code[stub.entry] = stub.entry_harmless;
		struct state before = *state;
		machine_trap_count = 0;
		machine_run(0);
		ck_assert_mem_eq(&before, state, sizeof(before));
		ck_assert_uint_eq(machine_trap_count, 0);
	}
}
END_TEST

// Traps and conditions ------------------------------------------------------------------------

static void check_trap(size_t index, uint32_t tag)
{
	for (size_t i = 0; i < stub.traps.count; i++) {
		if (machine_traps[index].pc ==
		    (uintptr_t)machine_code + stub.traps.data[i].offset + 1) {
			ck_assert_uint_eq(stub.traps.data[i].tag, tag);
			return;
		}
	}
	ck_abort_msg("the trap at %" PRIx64 " is none of the stub's", machine_traps[index].pc);
}

START_TEST(local_above_constant)
{
	tree_done(&tree, tree_binary(&tree, OP_OPERATOR_GT, local(0), number(41)));
	struct op_stub_step steps[] = {{.kind = OP_STUB_TRUE, .expression = &tree.expression},
				       {.kind = OP_STUB_TRAP, .tag = 7}};
	load_steps(steps, 2);
	const char *listing = machine_listing(&stub, (uintptr_t)machine_code);
	ck_assert_msg(lines(listing) == 7, "%s", listing); // jmp; test, cmp, jle, int3, nop, jmp
	static const int64_t below[] = {41, -1, INT32_MIN, 0}, above[] = {42, INT32_MAX};
	for (size_t i = 0; i < OP_ARRAY_SIZE(below); i++) {
		set_local(0, (uint64_t)below[i]);
		machine_run(0);
		ck_assert_uint_eq(machine_trap_count, 0);
	}
	for (size_t i = 0; i < OP_ARRAY_SIZE(above); i++) {
		set_local(0, (uint64_t)above[i]);
		machine_run(0);
		ck_assert_uint_eq(machine_trap_count, i + 1);
		check_trap(i, 7);
	}
}
END_TEST

START_TEST(short_conditions)
{
	const struct {
		struct op_expression_node *root;
		size_t lines; // with the way back, the entry, int3, its nop and the last jmp
	} cases[] = {
		{local(0), 7},
		{tree_unary(&tree, '!', local(1)), 7},
		{tree_binary(&tree, OP_OPERATOR_EQ, tree_leaf(&tree, OP_EXPRESSION_GLOBAL, 0),
			     number(1)),
		 12},
		{tree_binary(&tree, OP_OPERATOR_AND_AND,
			     tree_binary(&tree, OP_OPERATOR_LT, local(0), number(3)),
			     tree_binary(&tree, OP_OPERATOR_GT, local(4), number(9))),
		 9},
		{tree_binary(&tree, OP_OPERATOR_EQ,
			     tree_binary(&tree, OP_OPERATOR_MOD, local(0), number(1000)),
			     number(0)),
		 29},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		tree_done(&tree, cases[i].root);
		struct op_stub_step steps[] = {
			{.kind = OP_STUB_TRUE, .expression = &tree.expression},
			{.kind = OP_STUB_TRAP}};
		load_steps(steps, 2);
		const char *listing = machine_listing(&stub, (uintptr_t)machine_code);
		ck_assert_msg(lines(listing) <= cases[i].lines, "%zu: %s", i, listing);
	}
}
END_TEST

START_TEST(error_is_true)
{
	tree_done(&tree, tree_binary(&tree, OP_OPERATOR_AND_AND, local(0),
				     tree_binary(&tree, OP_OPERATOR_DIV, number(1), local(4))));
	struct op_stub_step steps[] = {{.kind = OP_STUB_TRUE, .expression = &tree.expression},
				       {.kind = OP_STUB_TRAP}};
	load_steps(steps, 2);
	set_local(0, 0);
	set_local(4, 0);
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 0);
	set_local(0, 1);
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 1);
	set_local(4, 2); // 1 / 2
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 1);
}
END_TEST

// Each group begins anew, and code goes on behind a trap.
START_TEST(groups)
{
	struct tree second = {0};
	tree_done(&tree, tree_binary(&tree, OP_OPERATOR_ADD, local(0), local(4)));
	tree_done(&second, tree_leaf(&second, OP_EXPRESSION_LOCAL, 1));
	struct op_stub_step a[] = {{.kind = OP_STUB_TRUE, .expression = &tree.expression},
				   {.kind = OP_STUB_COUNT, .cell = cell(0)},
				   {.kind = OP_STUB_TRAP, .tag = 1}};
	struct op_stub_step b[] = {{.kind = OP_STUB_COUNT, .cell = (uintptr_t)&machine_far[50]},
				   {.kind = OP_STUB_TRAP, .tag = 2},
				   {.kind = OP_STUB_COUNT, .cell = (uintptr_t)&machine_far[51]}};
	struct op_stub_step c[] = {{.kind = OP_STUB_TRUE, .expression = &second.expression},
				   {.kind = OP_STUB_TRAP, .tag = 3}};
	struct op_stub_group all[] = {{a, 3}, {NULL, 0}, {b, 3}, {c, 2}};
	ck_assert_ptr_null(machine_load(all, 4, 0, &stub));
	machine_listing(&stub, (uintptr_t)machine_code);
	ck_assert_uint_eq(stub.traps.count, 3);
	machine_run(0); // 0 + 0; local 1 is 0
	ck_assert_uint_eq(machine_trap_count, 1);
	check_trap(0, 2);
	set_local(0, 5);
	set_local(1, UINT64_C(1) << 40);
	machine_trap_count = 0;
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		check_trap(i, i + 1);
	ck_assert_uint_eq(state->cells[0], 1);
	ck_assert_uint_eq(machine_far[50], 2);
	ck_assert_uint_eq(machine_far[51], 2);
	ck_assert_ptr_null(machine_load(NULL, 0, 0, &stub));
	machine_run(0);
}
END_TEST

START_TEST(ignore)
{
	struct op_stub_step steps[] = {{.kind = OP_STUB_IGNORE, .cell = cell(0)},
				       {.kind = OP_STUB_COUNT, .cell = cell(1)}};
	load_steps(steps, 2);
	state->cells[0] = 3;
	for (int i = 0; i < 10; i++)
		machine_run(0);
	ck_assert_uint_eq(state->cells[0], 0);
	ck_assert_uint_eq(state->cells[1], 7);
	state->cells[0] = (uint64_t)-5;
	machine_run(0);
	ck_assert_uint_eq(state->cells[1], 8);
	ck_assert_uint_eq(state->cells[0], (uint64_t)-5);
}
END_TEST

START_TEST(frame)
{
	uint64_t *places[] = {&state->cells[0], &machine_far[60]};
	for (size_t i = 0; i < 2; i++) {
		struct op_stub_step steps[] = {
			{.kind = OP_STUB_FRAME, .cell = (uintptr_t)places[i]},
			{.kind = OP_STUB_COUNT, .cell = cell(1)}};
		state->cells[1] = 0;
		load_steps(steps, 2);
		*places[i] = 0;
		machine_run(0);
		ck_assert_uint_eq(state->cells[1], 1);
		*places[i] = (uintptr_t)state->frame_words + 16;
		machine_run(0);
		ck_assert_uint_eq(state->cells[1], 1);
		*places[i] -= 16;
		machine_run(0);
		ck_assert_uint_eq(state->cells[1], 2);
	}
}
END_TEST

// Frames at the limit and above it, wherever that is: near the code, or far from it.
START_TEST(outer_frames)
{
	const uint64_t fp = (uintptr_t)state->frame_words;
	const struct {
		uint64_t limit;
		unsigned counted;
	} cases[] = {
		{fp - 16, 1}, {fp - 8, 1}, {fp, 1},           {fp + 8, 0},
		{fp + 16, 0}, {1, 1},      {(uint64_t)-1, 0},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		struct op_stub_step steps[] = {{.kind = OP_STUB_OUTER, .cell = cases[i].limit},
					       {.kind = OP_STUB_COUNT, .cell = cell(1)}};
		state->cells[1] = 0;
		load_steps(steps, 2);
		machine_run(0);
		ck_assert_uint_eq(state->cells[1], cases[i].counted);
	}
}
END_TEST

// Rings ---------------------------------------------------------------------------------------

START_TEST(trace)
{
	uint64_t *rings[] = {&state->cells[0], &machine_far[200]};
	for (size_t i = 0; i < 2; i++) {
		struct op_trace_ring *ring = (struct op_trace_ring *)rings[i];
		struct op_stub_step step = {
			.kind = OP_STUB_TRACE, .cell = (uintptr_t)ring, .size_log2 = 3};
		load_steps(&step, 1);
		ck_assert_uint_le(lines(machine_listing(&stub, (uintptr_t)machine_code)), 15);
		for (int n = 0; n < 13; n++)
			machine_run(0);
		ck_assert_uint_eq(ring->head, 13);
		for (size_t n = 0; n < 8; n++)
			ck_assert_uint_eq(ring->entries[n],
					  (uintptr_t)machine_code + MACHINE_WAY_BACK);
		ck_assert_uint_eq(rings[i][9], 0);
		memset(state->cells, 0, sizeof(state->cells));
	}
}
END_TEST

START_TEST(log_values)
{
	struct op_log_ring *ring = (struct op_log_ring *)&machine_far[300];
	struct op_log_record *records = (struct op_log_record *)(ring + 1);
	struct tree trees[OP_LOG_VALUES_MAX] = {0};
	const struct op_expression *values[OP_LOG_VALUES_MAX];
	values[0] = tree_done(&trees[0], tree_leaf(&trees[0], OP_EXPRESSION_LOCAL, 0));
	values[1] =
		tree_done(&trees[1], tree_binary(&trees[1], OP_OPERATOR_DIV,
						 tree_integer(&trees[1], 100, OP_VALUE_I64, false),
						 tree_leaf(&trees[1], OP_EXPRESSION_LOCAL, 0)));
	values[2] = tree_done(&trees[2], tree_leaf(&trees[2], OP_EXPRESSION_LOCAL, 3));
	values[3] = tree_done(&trees[3], tree_binary(&trees[3], OP_OPERATOR_ADD,
						     tree_leaf(&trees[3], OP_EXPRESSION_LOCAL, 2),
						     tree_real(&trees[3], 0.5, OP_VALUE_F32)));
	values[4] = tree_done(&trees[4], tree_memory(&trees[4], 0, &tree_types[TREE_I32],
						     tree_leaf(&trees[4], OP_EXPRESSION_LOCAL, 0)));
	values[5] = tree_done(&trees[5], tree_leaf(&trees[5], OP_EXPRESSION_PC, 0));
	struct op_stub_step step = {.kind = OP_STUB_LOG,
				    .cell = (uintptr_t)ring,
				    .size_log2 = 1,
				    .values = values,
				    .value_count = OP_LOG_VALUES_MAX,
				    .log = 99};
	load_steps(&step, 1);
	double wide = -2.25;
	float narrow = 1.5f;
	memcpy(state_place(OP_EXPRESSION_LOCAL, 3), &wide, sizeof(wide));
	memcpy(state_place(OP_EXPRESSION_LOCAL, 2), &narrow, sizeof(narrow));
	memcpy(state->bytes[0] + 7, "\x01\x02\x03\x84", 4);
	set_local(0, 7);
	machine_run(0);
	set_local(0, 0);
	state->memories[0].length = 3;
	machine_run(0);
	machine_run(0);
	ck_assert_uint_eq(ring->head, 2);
	ck_assert_uint_eq(ring->lost, 1);
	const uint64_t expected[2][OP_LOG_VALUES_MAX] = {
		{7, 14, UINT64_C(0xc002000000000000), 0x40000000, 0x84030201, STATE_PC},
		{0, 0, UINT64_C(0xc002000000000000), 0x40000000, 0, STATE_PC}};
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(records[i].sequence, i + 1);
		ck_assert_uint_eq(records[i].log, 99);
		ck_assert_uint_eq(records[i].failed, i == 0 ? 0 : 1 << 1 | 1 << 4);
		ck_assert_mem_eq(records[i].values, expected[i], sizeof(expected[i]));
	}
	// Read, so there is room again, in the first record.
	ring->tail = 1;
	machine_run(0);
	ck_assert_uint_eq(ring->head, 3);
	ck_assert_uint_eq(ring->lost, 1);
	ck_assert_uint_eq(records[0].sequence, 3);
}
END_TEST

START_TEST(changed)
{
	tree_done(&tree, tree_binary(&tree, OP_OPERATOR_DIV, number(100), local(0)));
	struct op_stub_step steps[] = {
		{.kind = OP_STUB_CHANGED, .cell = cell(0), .expression = &tree.expression},
		{.kind = OP_STUB_TRAP}};
	const struct op_stub_watch *watch = (struct op_stub_watch *)&state->cells[0];
	load_steps(steps, 2);
	set_local(0, 0);
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 0);
	set_local(0, 50);
	machine_run(0);
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 1);
	ck_assert_uint_eq(watch->value, 2);
	ck_assert_uint_eq(watch->before, 0);
	set_local(0, (uint64_t)-100);
	machine_run(0);
	ck_assert_uint_eq(machine_trap_count, 2);
	ck_assert_uint_eq(watch->value, UINT32_MAX);
	ck_assert_uint_eq(watch->before, 2);
}
END_TEST

// Many threads --------------------------------------------------------------------------------

enum { THREADS = 8, ROUNDS = 20000 };

static void run_threads(void *(*work)(void *))
{
	pthread_t threads[THREADS];
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

static void *run_often(void *argument)
{
	for (int i = 0; i < ROUNDS; i++)
		machine_run(0);
	return NULL;
}

START_TEST(threads_count)
{
	struct op_stub_step steps[] = {
		{.kind = OP_STUB_COUNT, .cell = cell(0), .atomic = true},
		{.kind = OP_STUB_IGNORE, .cell = cell(1)},
		{.kind = OP_STUB_COUNT, .cell = (uintptr_t)&machine_far[70], .atomic = true}};
	state->cells[1] = 12345;
	load_steps(steps, 3);
	run_threads(run_often);
	ck_assert_uint_eq(state->cells[0], THREADS * ROUNDS);
	ck_assert_uint_eq(state->cells[1], 0);
	ck_assert_uint_eq(machine_far[70], THREADS * ROUNDS - 12345);
}
END_TEST

// A reader takes records while the writers write: what it saw and what was lost are all of them,
// and each that it saw is whole.
struct reading {
	struct op_log_ring *ring;
	bool stop;
	uint64_t seen;
};

static void *read_log(void *argument)
{
	struct reading *reading = argument;
	struct op_log_ring *ring = reading->ring;
	struct op_log_record *records = (struct op_log_record *)(ring + 1);
	for (;;) {
		bool last = __atomic_load_n(&reading->stop, __ATOMIC_ACQUIRE);
		uint64_t position = ring->tail;
		const struct op_log_record *record = &records[position & 15];
		if (__atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE) == position + 1) {
			ck_assert_uint_eq(record->log, 5);
			ck_assert_uint_eq(record->failed, 0);
			ck_assert_uint_eq(record->values[0], UINT64_C(0x1234567));
			ck_assert_uint_eq(record->values[1], UINT64_C(0x1234568));
			reading->seen++;
			__atomic_store_n(&ring->tail, position + 1, __ATOMIC_RELEASE);
		} else if (last) {
			return NULL;
		}
	}
}

START_TEST(threads_log)
{
	struct op_log_ring *ring = (struct op_log_ring *)&machine_far[300];
	struct tree second = {0};
	const struct op_expression *values[] = {
		tree_done(&tree, local(0)),
		tree_done(&second, tree_binary(&second, OP_OPERATOR_ADD,
					       tree_leaf(&second, OP_EXPRESSION_LOCAL, 0),
					       tree_integer(&second, 1, OP_VALUE_I32, false)))};
	struct op_stub_step step = {.kind = OP_STUB_LOG,
				    .cell = (uintptr_t)ring,
				    .size_log2 = 4,
				    .values = values,
				    .value_count = 2,
				    .log = 5};
	load_steps(&step, 1);
	set_local(0, 0x1234567);
	struct reading reading = {.ring = ring};
	pthread_t reader;
	ck_assert_int_eq(pthread_create(&reader, NULL, read_log, &reading), 0);
	run_threads(run_often);
	__atomic_store_n(&reading.stop, true, __ATOMIC_RELEASE);
	ck_assert_int_eq(pthread_join(reader, NULL), 0);
	ck_assert_uint_eq(reading.seen, ring->head);
	ck_assert_uint_eq(reading.seen + ring->lost, THREADS * ROUNDS);
}
END_TEST

// One thread writes values that go up, all look: each value is reported once.
enum { WATCHED = 200 };
static uint32_t reports[THREADS];

static void *look(void *argument)
{
	volatile uint32_t *value = (volatile uint32_t *)state_place(OP_EXPRESSION_GLOBAL, 4);
	uintptr_t self = (uintptr_t)argument;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		if (self == 0 && i % (ROUNDS / WATCHED) == 0)
			*value = i / (ROUNDS / WATCHED) + 1;
		machine_trap_count = 0;
		machine_run(0);
		reports[self] += (uint32_t)machine_trap_count;
	}
	return NULL;
}

START_TEST(threads_changed)
{
	tree_done(&tree, tree_leaf(&tree, OP_EXPRESSION_GLOBAL, 4));
	struct op_stub_step steps[] = {
		{.kind = OP_STUB_CHANGED, .cell = cell(0), .expression = &tree.expression},
		{.kind = OP_STUB_COUNT, .cell = cell(3), .atomic = true},
		{.kind = OP_STUB_TRAP}};
	load_steps(steps, 3);
	run_threads(look);
	uint64_t sum = 0;
	for (size_t i = 0; i < THREADS; i++)
		sum += reports[i];
	ck_assert_uint_eq(sum, state->cells[3]);
	ck_assert_uint_eq(sum, WATCHED);
	ck_assert_uint_eq(state->cells[0], WATCHED);
}
END_TEST

// A value that stands still is reported by one of the threads that find it changed.
static pthread_barrier_t barrier;

static void *look_in_turns(void *argument)
{
	for (uint32_t i = 0; i < 1000; i++) {
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			set_local(0, i + 1);
		pthread_barrier_wait(&barrier);
		machine_trap_count = 0;
		machine_run(0);
		__atomic_add_fetch(&reports[0], machine_trap_count, __ATOMIC_RELAXED);
	}
	return NULL;
}

START_TEST(threads_changed_once)
{
	tree_done(&tree, local(0));
	struct op_stub_step steps[] = {
		{.kind = OP_STUB_CHANGED, .cell = cell(0), .expression = &tree.expression},
		{.kind = OP_STUB_TRAP}};
	load_steps(steps, 2);
	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	reports[0] = 0;
	run_threads(look_in_turns);
	ck_assert_uint_eq(reports[0], 1000);
	ck_assert_uint_eq(state->cells[0], 1000);
	ck_assert_uint_eq(state->cells[1], 999);
}
END_TEST

// Refusals ------------------------------------------------------------------------------------

static void check_refused(const struct op_expression_node *root, enum op_error_code code,
			  const char *says)
{
	tree_done(&tree, root);
	struct op_stub_step step = {.kind = OP_STUB_TRUE, .expression = &tree.expression};
	struct op_stub_group group = {&step, 1};
	struct op_error *err = machine_load(&group, 1, 0, &stub);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, code);
	ck_assert_msg(strstr(err->message, says) != NULL, "%s", err->message);
	op_error_destroy(err);
}

START_TEST(refused)
{
	static const struct op_access_type vector = {"v128", OP_VALUE_V128, 16, false};
	static const enum op_expression_kind kinds[] = {OP_EXPRESSION_TABLE, OP_EXPRESSION_FIELD,
							OP_EXPRESSION_ELEMENT,
							OP_EXPRESSION_OBJECT};
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++)
		check_refused(tree_node(&tree, kinds[i]), OP_ERROR_UNSUPPORTED, "cannot follow");
	struct op_expression_node *reference = local(0);
	reference->type.type = OP_VALUE_ANYREF;
	check_refused(reference, OP_ERROR_UNSUPPORTED, "cannot calculate with anyref");
	struct op_expression_node *unknown = local(0);
	unknown->type.known = false;
	check_refused(tree_unary(&tree, '!', unknown), OP_ERROR_UNSUPPORTED, "not known before");
	check_refused(tree_memory(&tree, 0, &vector, number(0)), OP_ERROR_UNSUPPORTED, "v128");
	check_refused(local(99), OP_ERROR_NOT_FOUND, "no such local");
	check_refused(tree_unary(&tree, '~', local(3)), OP_ERROR_SYNTAX, "needs an integer");
	check_refused(tree_binary(&tree, OP_OPERATOR_SHL, number(1), local(3)), OP_ERROR_SYNTAX,
		      "needs integers");
	check_refused(tree_memory(&tree, 0, &tree_types[0], local(3)), OP_ERROR_SYNTAX,
		      "must be an integer");
	check_refused(tree_choice(&tree, number(1), number(1), local(3)), OP_ERROR_UNSUPPORTED,
		      "not known before");
}
END_TEST

START_TEST(too_large)
{
	struct op_stub_step steps[] = {{.kind = OP_STUB_LOG, .cell = cell(0), .size_log2 = 60},
				       {.kind = OP_STUB_TRACE, .cell = cell(0), .size_log2 = 29},
				       {.kind = OP_STUB_LOG, .cell = cell(0), .value_count = 7}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(steps); i++) {
		struct op_stub_group group = {&steps[i], 1};
		struct op_error *err = machine_load(&group, 1, 0, &stub);
		ck_assert(err && err->code == OP_ERROR_LIMIT);
		op_error_destroy(err);
	}
	enum { MANY = 8000 };
	struct op_stub_step *many = calloc(MANY, sizeof(*many));
	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct op_stub_step){.kind = OP_STUB_COUNT, .cell = cell(0)};
	struct op_stub_group group = {many, MANY};
	struct op_error *err = machine_load(&group, 1, 0, &stub);
	ck_assert(err && err->code == OP_ERROR_UNSUPPORTED);
	op_error_destroy(err);
	free(many);
}
END_TEST

START_TEST(machines)
{
	ck_assert_ptr_eq(op_stub_machine_for(&op_arch_x86_64), &op_stub_x86_64);
	struct op_arch other = {.name = "other"};
	ck_assert_ptr_null(op_stub_machine_for(&other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stub");
	TCase *tcase = tcase_create("stub");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, count_in_reach);
	tcase_add_test(tcase, count_far);
	tcase_add_test(tcase, count_at_the_edge);
	tcase_add_test(tcase, harmless_entry);
	tcase_add_test(tcase, local_above_constant);
	tcase_add_test(tcase, short_conditions);
	tcase_add_test(tcase, error_is_true);
	tcase_add_test(tcase, groups);
	tcase_add_test(tcase, ignore);
	tcase_add_test(tcase, frame);
	tcase_add_test(tcase, outer_frames);
	tcase_add_test(tcase, trace);
	tcase_add_test(tcase, log_values);
	tcase_add_test(tcase, changed);
	tcase_add_test(tcase, threads_count);
	tcase_add_test(tcase, threads_log);
	tcase_add_test(tcase, threads_changed);
	tcase_add_test(tcase, threads_changed_once);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, too_large);
	tcase_add_test(tcase, machines);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
