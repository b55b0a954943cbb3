// SPDX-License-Identifier: GPL-3.0-or-later
// What functions do with the shadow stack's pointer: tests/guests/wasm/shadow.wat, asked at each of
// its nops.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/wasm/shadow_stack.h"
#include "tests/unit/suite.h"
#include "tests/unit/wasm_fixture.h"

enum { NOP = 0x01, NOPS_MAX = 8, STACK_POINTER = 1 };

static struct op_bytes bytes;
static struct op_wasm_module *module;

static void setup(void)
{
	bytes = op_fixture_read("shadow.wasm");
	module = op_fixture_module(&bytes);
}

static void teardown(void)
{
	op_wasm_module_destroy(module);
	free((void *)bytes.data);
}

static uint32_t function_named(const char *name)
{
	for (uint32_t i = 0; i < op_wasm_module_function_count(module); i++) {
		struct op_wasm_name found = op_wasm_module_function_name(module, i);
		if (found.size == strlen(name) && !memcmp(found.data, name, found.size))
			return i;
	}
	ck_abort_msg("no function %s", name);
}

static struct op_shadow_frame frame_of(uint32_t function)
{
	struct op_shadow_frame frame;
	struct op_error *error = op_shadow_frame_read(module, function, STACK_POINTER, &frame);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	return frame;
}

static size_t nops_of(uint32_t function, uint32_t *ret)
{
	struct op_wasm_body body;
	size_t count = 0;
	ck_assert(op_wasm_module_function_body(module, function, &body));
	for (uint32_t at = body.code_start; at < body.end;) {
		struct op_wasm_instruction instruction;
		ck_assert(!op_wasm_instruction_decode(module, at, &instruction));
		if (instruction.opcode == NOP) {
			ck_assert_uint_lt(count, NOPS_MAX);
			ret[count++] = at;
		}
		at += instruction.size;
	}
	return count;
}

START_TEST(the_stack_pointer_has_a_name)
{
	uint32_t global;
	ck_assert(!op_shadow_stack_pointer(module, &global));
	ck_assert_uint_eq(global, STACK_POINTER);
	struct op_bytes flow = op_fixture_read("flow.wasm");
	struct op_wasm_module *without = op_fixture_module(&flow);
	struct op_error *error = op_shadow_stack_pointer(without, &global);
	ck_assert(error && error->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(error);
	op_wasm_module_destroy(without);
	free((void *)flow.data);
}
END_TEST

/** At each nop: how far the stack pointer was moved, and where the address in a local is. */
static const struct pattern {
	const char *function;
	size_t nops;
	uint64_t depths[NOPS_MAX];
	uint32_t local;
	bool known[NOPS_MAX];
	uint64_t local_depth;
} patterns[] = {
	{"caller", 5, {0, 0, 32, 32, 0}, 3, {false, true, true, true, true}, 32},
	{"leaf", 1, {0}, 1, {true}, 16},
	{"two_ways", 5, {48, 48, 0, 48, 0}, 1, {true, true, true, true, true}, 48},
	{"untouched", 1, {0}, 0, {false}, 0},
};

START_TEST(patterns_that_hold)
{
	const struct pattern *expected = &patterns[_i];
	uint32_t function = function_named(expected->function), nops[NOPS_MAX];
	struct op_shadow_frame frame = frame_of(function);
	ck_assert_msg(!frame.problem, "%s: %s", expected->function, frame.problem ?: "");
	ck_assert_uint_eq(nops_of(function, nops), expected->nops);
	for (size_t i = 0; i < expected->nops; i++) {
		uint64_t depth = 0;
		ck_assert_uint_eq(op_shadow_frame_depth(&frame, nops[i]), expected->depths[i]);
		ck_assert_int_eq(op_shadow_frame_local(&frame, expected->local, nops[i], &depth),
				 expected->known[i]);
		if (expected->known[i])
			ck_assert_uint_eq(depth, expected->local_depth);
	}
	op_shadow_frame_deinit(&frame);
}
END_TEST

static const struct {
	const char *function, *problem;
} refused[] = {
	{"variable_size", "it sets the stack pointer to what is not a constant below it, at 0x"},
	{"twice", "it moves the stack pointer again at 0x"},
	{"reused", "it sets the stack pointer to what is not a constant below it, at 0x"},
	{"stays", "it puts the stack pointer back and does not leave, at 0x"},
	{"in_a_block", "it sets the stack pointer to what is not a constant below it, at 0x"},
	{"given", "it sets the stack pointer to what is not a constant below it, at 0x"},
	{"catches", "it catches exceptions"},
	{"above", "it sets the stack pointer to what is not a constant below it, at 0x"},
};

START_TEST(patterns_that_do_not_hold)
{
	struct op_shadow_frame frame = frame_of(function_named(refused[_i].function));
	ck_assert_msg(frame.problem, "%s is not refused", refused[_i].function);
	ck_assert_msg(strstr(frame.problem, refused[_i].problem), "%s: %s", refused[_i].function,
		      frame.problem);
	op_shadow_frame_deinit(&frame);
}
END_TEST

// A local that is written a second time holds an address for a while only, and that is not enough.
START_TEST(reused_local_is_not_known)
{
	uint32_t function = function_named("reused"), nops[NOPS_MAX];
	struct op_shadow_frame frame = frame_of(function);
	uint64_t depth;
	ck_assert_uint_eq(nops_of(function, nops), 1);
	ck_assert(!op_shadow_frame_local(&frame, 1, nops[0], &depth));
	op_shadow_frame_deinit(&frame);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shadow_stack");
	TCase *tests = tcase_create("patterns");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_stack_pointer_has_a_name);
	tcase_add_loop_test(tests, patterns_that_hold, 0, OP_ARRAY_SIZE(patterns));
	tcase_add_loop_test(tests, patterns_that_do_not_hold, 0, OP_ARRAY_SIZE(refused));
	tcase_add_test(tests, reused_local_is_not_known);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
