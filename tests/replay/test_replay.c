// SPDX-License-Identifier: GPL-3.0-or-later
// Walks recorded processes of Wasmtime 36 to 50 and compares frames, pcs, locals and operand stacks
// with what the guests' sources in guests/ say must be there. README.md lists the images. No
// process is needed.
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/instance.h"
#include "tests/replay/check_walk.h"
#include "tests/unit/suite.h"

// guests/read.wat

// i32 42, i64 0x1122334455667788, f32 1.5, f64 -2.25, i32x4 1 2 3 4.
#define READ_ARGUMENTS                                                                             \
	"i32:0000002a i64:1122334455667788 f32:3fc00000 f64:c002000000000000 "                     \
	"v128:00000004000000030000000200000001"
// Below the arguments of fd_read(0, 0, 1, 32) lie an i64 and the f32 0.5.
#define READ_OPERANDS                                                                              \
	"i64:0102030405060708 f32:3f000000 i32:00000000 i32:00000000 i32:00000001 i32:00000020"

// The reference to $leaf is an address that differs in every process: it must be a VMFuncRef of
// this instance.
static void check_read_reference(struct process *process, const struct op_walk *walk)
{
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	size_t count;
	uint32_t locals;
	struct op_value null, reference, integer;
	no_error(op_virtual_frames(&process->context, &walk->frames[2], NULL, frames, &count));
	no_error(op_frame_local_count(&frames[0], &locals));
	ck_assert_uint_eq(locals, 9);
	no_error(op_frame_local(&process->context, &frames[0], 5, &integer));
	ck_assert_int_eq(integer.type, OP_VALUE_I32);
	ck_assert_uint_eq(op_value_bits(&integer), 0x11223344);
	no_error(op_frame_local(&process->context, &frames[0], 6, &integer));
	ck_assert_int_eq(integer.type, OP_VALUE_I64);
	ck_assert_uint_eq(op_value_bits(&integer), (uint64_t)-2);
	no_error(op_frame_local(&process->context, &frames[0], 7, &null));
	ck_assert_int_eq(null.type, OP_VALUE_EXTERNREF);
	ck_assert_uint_eq(op_value_bits(&null), 0);
	no_error(op_frame_local(&process->context, &frames[0], 8, &reference));
	ck_assert_int_eq(reference.type, OP_VALUE_FUNCREF);
	// VMFuncRef: array_call, wasm_call, type, vmctx.
	ck_assert_uint_eq(word_at(process, op_value_bits(&reference) + 24), frames[0].vmctx.value);
	const struct op_image *image = op_image_set_find(
		process->images, op_host_addr(word_at(process, op_value_bits(&reference) + 8)));
	ck_assert_ptr_nonnull(image);
}

static void check_read(const char *name, bool next, const char *call)
{
	struct process process;
	struct op_walk walk;
	const struct expected expected[] = {
		HOST(0),
		EXIT(0, call),
		GUEST(0, 1, 0xb3, next ? 0xb5 : 0xb3, OP_FRAME_EXACT, NULL, READ_OPERANDS),
		GUEST(0, 2, 0xef, next ? 0xf1 : 0xef, OP_FRAME_EXACT, "i32:00000029",
		      "i32:00000064 " READ_ARGUMENTS),
		GUEST(0, 3, 0xf7, next ? 0xf9 : 0xf7, OP_FRAME_EXACT, "", "i32:00000029"),
		ENTRY(0),
	};
	load(&process, name);
	walk_suspended(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	check_read_reference(&process, &walk);
	op_walk_deinit(&walk);
	unload(&process);
}

START_TEST(suspended_guest)
{
	check_read("read-49", true, "fd_read");
	check_read("read-44", true, "fd_read");
}
END_TEST

// Before 44 the program point of a call names the call, and 42 records no bytecode: neither the
// next instruction nor the import is known.
START_TEST(suspended_guest_of_42)
{
	check_read("read-42", false, "");
}
END_TEST

START_TEST(suspended_guest_without_table)
{
	struct process process;
	struct op_walk walk;
	const struct expected expected[] = {
		HOST(0),
		EXIT(0, ""),
		GUEST(0, 1, 0xb3, 0xb3, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		GUEST(0, 2, 0xef, 0xef, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		GUEST(0, 3, 0xf7, 0xf7, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		ENTRY(0),
	};
	load(&process, "read-36");
	walk_suspended(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	size_t count;
	uint32_t locals;
	no_error(op_virtual_frames(&process.context, &walk.frames[2], NULL, frames, &count));
	struct op_error *err = op_frame_local_count(&frames[0], &locals);
	ck_assert(err && err->code == OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// guests/wait.wat

static const struct expected wait_frames[] = {
	HOST(0),
	EXIT(0, "memory_atomic_wait32"),
	GUEST(0, 0, 0x3f, 0x3f, OP_FRAME_EXACT, "i32:00000040 i64:0000000000000009",
	      "i32:00000040 i32:00000000 i64:ffffffffffffffff"),
	GUEST(0, 1, 0x50, 0x52, OP_FRAME_EXACT, "", "i32:00000040 i64:0000000000000009"),
	ENTRY(0),
};

START_TEST(thread_in_host_code)
{
	struct process process;
	struct op_walk walk;
	load(&process, "wait-49");
	walk_thread(&process, &walk);
	CHECK_WALK(&process, &walk, wait_frames);
	ck_assert_uint_eq(walk.frames[0].pc.value,
			  process.registers.value[process.context.arch->pc]);
	ck_assert_uint_eq(walk.frames[0].sp.value,
			  process.registers.value[process.context.arch->sp]);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// A record of an earlier call lies in an unused part of the host's frames, nearer than the live
// one, and leads into live frames.
START_TEST(stale_record_loses)
{
	struct process process;
	struct op_walk walk;
	load(&process, "wait-49");
	walk_thread(&process, &walk);
	uint64_t sp = walk.frames[0].sp.value;
	uint64_t inner_fp = walk.frames[2].fp.value, inner_pc = walk.frames[2].pc.value,
		 outer_fp = walk.frames[3].fp.value, outer_pc = walk.frames[3].pc.value;
	op_walk_deinit(&walk);
	set_word(&process, sp + 16, outer_fp);
	set_word(&process, sp + 24, outer_pc);
	set_word(&process, sp + 48, inner_fp);
	set_word(&process, sp + 56, inner_pc);
	walk_thread(&process, &walk);
	CHECK_WALK(&process, &walk, wait_frames);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// What the store says is not true of this stack any more: nothing is shown rather than old frames.
START_TEST(record_without_store_is_not_shown)
{
	struct process process;
	struct op_walk walk;
	struct op_host_addr store;
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	size_t count;
	load(&process, "wait-49");
	walk_thread(&process, &walk);
	no_error(op_virtual_frames(&process.context, &walk.frames[2], NULL, frames, &count));
	no_error(op_instance_store(&process.context.memory, frames[0].vmctx, &store));
	const struct op_layout *layout = op_artifact_info(frames[0].artifact)->layout;
	struct op_store_state state;
	no_error(op_store_read(&process.context.memory, layout, store, &state));
	ck_assert_uint_eq(state.exit_fp.value, walk.frames[1].fp.value);
	ck_assert_uint_eq(state.exit_pc.value, walk.frames[2].pc.value);
	ck_assert_uint_eq(state.entry_fp.value, walk.frames[4].fp.value);
	ck_assert_uint_eq(state.entry_sp.value, walk.frames[4].sp.value);
	op_walk_deinit(&walk);
	set_word(&process, store.value + layout->store_exit_fp, 0);
	walk_thread(&process, &walk);
	ck_assert_uint_eq(walk.count, 0);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// guests/trap.wat

// i32.div_s of 5 and 0 at 0x6f, in the call at 0x91; Wasmtime's own backtrace says the same two
// offsets.
static void check_divide(const char *name, bool next, const char *call)
{
	struct process process;
	struct op_walk walk;
	const struct expected expected[] = {
		HOST(0),
		EXIT(0, call),
		GUEST(0, 1, 0x6f, 0x6f, OP_FRAME_EXACT, "i32:00000000 i64:0000000000005555",
		      "i32:00000005 i32:00000000"),
		GUEST(0, 2, 0x91, next ? 0x93 : 0x91, OP_FRAME_EXACT, "",
		      "i32:00000003 i32:00000000"),
		ENTRY(0),
	};
	load(&process, name);
	walk_thread(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	op_walk_deinit(&walk);
	unload(&process);
}

START_TEST(trapping_guest)
{
	check_divide("divide-49-trap", true, "trap");
	check_divide("divide-49-raise", true, "raise");
	check_divide("divide-42-trap", false, "trap");
}
END_TEST

// guests/over.wat

// $again(48) finds no room: nothing of its frame is stored. Below it 47 calls of itself, each with
// the argument one lower.
START_TEST(stack_overflow)
{
	enum { CALLS = 47 };
	static struct expected expected[CALLS + 5];
	char locals[CALLS][64], operands[CALLS][32];
	struct process process;
	struct op_walk walk;
	expected[0] = (struct expected)HOST(0);
	expected[1] = (struct expected)EXIT(0, "trap");
	expected[2] = (struct expected)GUEST(0, 1, 0x67, 0x67, OP_FRAME_PROLOGUE,
					     "i32:not-set-yet i64:not-set-yet f64:not-set-yet",
					     "not-set-yet");
	expected[2].no_instance = true;
	for (unsigned i = 0; i < CALLS; i++) {
		unsigned n = CALLS - i;
		snprintf(locals[i], sizeof(locals[i]),
			 "i32:%08x i64:0000000000000000 f64:0000000000000000", n);
		snprintf(operands[i], sizeof(operands[i]), "i32:00000001 i32:%08x", n + 1);
		expected[3 + i] = (struct expected)GUEST(0, 1, 0x6e, 0x70, OP_FRAME_EXACT,
							 locals[i], operands[i]);
	}
	expected[3 + CALLS] =
		(struct expected)GUEST(0, 2, 0x90, 0x92, OP_FRAME_EXACT, "", "i32:00000001");
	expected[4 + CALLS] = (struct expected)ENTRY(0);
	load(&process, "over-49-trap");
	walk_thread(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// guests/try.wat, block.wat

// A call inside try_table has no program point of its own: the one before it tells its operands.
START_TEST(call_in_try_table)
{
	struct process process;
	struct op_walk walk;
	const struct expected expected[] = {
		HOST(0),
		EXIT(0, "fd_read"),
		GUEST(0, 1, 0x74, 0x76, OP_FRAME_EXACT, "i32:00000006",
		      "i32:00000000 i32:00000000 i32:00000001 i32:00000020"),
		GUEST(0, 2, 0x9a, 0x9c, OP_FRAME_EXACT, "i32:00000021",
		      "i32:00000005 i32:00000006"),
		ENTRY(0),
	};
	load(&process, "try-49");
	walk_suspended(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

START_TEST(suspended_component)
{
	struct process process;
	struct op_walk walk;
	const struct expected expected[] = {
		HOST(0),
		EXIT(0, "blk"),
		GUEST(0, 2, 0x55, 0x57, OP_FRAME_EXACT, "i32:00000001 i64:000000000000004d",
		      "i32:00000001"),
		GUEST(0, 3, 0x63, 0x65, OP_FRAME_EXACT, "", "i32:00000001"),
		ENTRY(0),
	};
	load(&process, "block-49");
	walk_suspended(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// guests/spin.wat

// The caller's counter, which it has just given to $leaf as argument.
static char *spin_operands(struct process *process, const struct op_machine_frame *turn)
{
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	size_t count;
	struct op_value counter;
	struct op_text text = OP_TEXT_INIT;
	char *ret;
	no_error(op_virtual_frames(&process->context, turn, NULL, frames, &count));
	no_error(op_frame_local(&process->context, &frames[0], 2, &counter));
	op_text_printf(&text, "i32:00000007 i32:%08" PRIx64, op_value_bits(&counter));
	no_error(op_text_steal(&text, &ret));
	return ret;
}

static void check_spin(struct process *process, const struct op_walk *walk, bool next, uint32_t pc,
		       enum op_frame_precision precision, const char *locals, const char *operands)
{
	ck_assert_uint_eq(walk->count, 4);
	char *passed = spin_operands(process, &walk->frames[1]);
	const struct expected expected[] = {
		GUEST(0, 0, pc, pc, precision, locals, operands),
		GUEST(0, 1, 0x62, next ? 0x64 : 0x62, OP_FRAME_EXACT, NULL, passed),
		GUEST(0, 2, 0x77, next ? 0x79 : 0x77, OP_FRAME_EXACT, "",
		      "i32:00000005 i64:0000000000000006"),
		ENTRY(0),
	};
	CHECK_WALK(process, walk, expected);
	free(passed);
}

#define NOT_SET "i32:not-set-yet i32:not-set-yet"

// Caught behind the prologue's `mov rbp, rsp`, before anything was stored: the instance comes from
// the argument register.
START_TEST(thread_in_prologue)
{
	struct process process;
	struct op_walk walk;
	load(&process, "spin-49");
	walk_thread(&process, &walk);
	check_spin(&process, &walk, true, 0x47, OP_FRAME_PROLOGUE, NOT_SET, "not-set-yet");
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// The two places where fp is still the caller's. The memory is what it was in either: the record is
// on the stack.
START_TEST(thread_at_first_instructions)
{
	static const uint64_t pushed[] = {0, 1};
	for (size_t i = 0; i < OP_ARRAY_SIZE(pushed); i++) {
		struct process process;
		struct op_walk walk;
		load(&process, "spin-49");
		const struct op_arch *arch = process.context.arch;
		uint64_t fp = process.registers.value[arch->fp];
		const struct op_image *image = op_image_set_find(
			process.images, op_host_addr(process.registers.value[arch->pc]));
		process.registers.value[arch->fp] = word_at(&process, fp);
		process.registers.value[arch->sp] = pushed[i] ? fp : fp + 8;
		// $leaf is the image's first function.
		process.registers.value[arch->pc] = image->text.value + pushed[i];
		walk_thread(&process, &walk);
		check_spin(&process, &walk, true, 0x47, OP_FRAME_PROLOGUE, NOT_SET, "not-set-yet");
		ck_assert_uint_eq(walk.frames[0].fp.value, fp);
		op_walk_deinit(&walk);
		unload(&process);
	}
}
END_TEST

START_TEST(thread_at_return)
{
	struct process process;
	struct op_walk walk;
	load(&process, "spin-49");
	const struct op_arch *arch = process.context.arch;
	uint64_t fp = process.registers.value[arch->fp];
	const struct op_image *image =
		op_image_set_find(process.images, op_host_addr(process.registers.value[arch->pc]));
	const struct op_function *leaf;
	no_error(op_artifact_function_at(image->artifact, 0, &leaf));
	uint64_t ret = image->text.value;
	// mov rsp, rbp; pop rbp; ret
	while (memcmp(place(&process, ret), "\x48\x89\xec\x5d\xc3", 5) != 0)
		ret++;
	ret += 4;
	ck_assert_uint_lt(ret, image->text.value + leaf->size);
	process.registers.value[arch->pc] = ret;
	process.registers.value[arch->fp] = word_at(&process, fp);
	process.registers.value[arch->sp] = fp + 8;
	walk_thread(&process, &walk);
	check_spin(&process, &walk, true, 0x57, OP_FRAME_IN_FLIGHT,
		   "i32:optimised-out i32:optimised-out", "optimised-out");
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// In every slot of $leaf, at its first byte, behind an int3 and at its end, the frame is exactly
// before the slot's instruction.
START_TEST(thread_in_slots)
{
	// The depth of the operand stack before each instruction of $leaf, from its source.
	static const struct {
		uint32_t pc;
		size_t depth;
	} instructions[] = {
		{0x47, 0}, {0x49, 1}, {0x4b, 2}, {0x4c, 1}, {0x4e, 0},
		{0x50, 1}, {0x52, 2}, {0x53, 1}, {0x55, 0}, {0x57, 1},
	};
	static const uint64_t inside[] = {0, 1, 5};
	struct process process;
	load(&process, "spin-49");
	const struct op_arch *arch = process.context.arch;
	uint64_t fp = process.registers.value[arch->fp];
	const struct op_image *image =
		op_image_set_find(process.images, op_host_addr(process.registers.value[arch->pc]));
	const struct op_frame_table *table;
	const struct op_function *leaf;
	no_error(op_artifact_frame_table(image->artifact, &table));
	no_error(op_artifact_function_at(image->artifact, 0, &leaf));
	size_t found = 0;
	for (size_t i = 0; i < op_frame_table_slot_count(table); i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		if (slot.text_offset >= leaf->size)
			continue;
		ck_assert_uint_lt(found, OP_ARRAY_SIZE(instructions));
		for (size_t k = 0; k < OP_ARRAY_SIZE(inside); k++) {
			static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
			struct op_walk walk;
			size_t count, depth;
			struct op_value *values;
			enum op_value_state reason;
			process.registers.value[arch->pc] =
				image->text.value + slot.text_offset + inside[k];
			process.registers.value[arch->fp] = fp;
			walk_thread(&process, &walk);
			ck_assert_uint_eq(walk.count, 4);
			no_error(op_virtual_frames(&process.context, &walk.frames[0],
						   &process.registers, frames, &count));
			ck_assert_uint_eq(count, 1);
			ck_assert_int_eq(frames[0].precision, OP_FRAME_EXACT);
			ck_assert_uint_eq(frames[0].pc.offset, instructions[found].pc);
			no_error(op_frame_operands(&process.context, &frames[0], &values, &depth,
						   &reason));
			ck_assert_int_eq(reason, OP_VALUE_PRESENT);
			ck_assert_uint_eq(depth, instructions[found].depth);
			free(values);
			op_walk_deinit(&walk);
		}
		found++;
	}
	ck_assert_uint_eq(found, OP_ARRAY_SIZE(instructions));
	unload(&process);
}
END_TEST

// 42: caught at the slot of global.set, with turns + 1 on the operand stack, which is also the
// caller's counter + 1.
START_TEST(thread_in_guest_of_42)
{
	struct process process;
	struct op_walk walk;
	load(&process, "spin-42");
	walk_thread(&process, &walk);
	ck_assert_uint_eq(walk.count, 4);
	char *passed = spin_operands(&process, &walk.frames[1]);
	uint32_t counter = (uint32_t)strtoul(strrchr(passed, ':') + 1, NULL, 16);
	free(passed);
	char locals[64], operands[64];
	snprintf(locals, sizeof(locals), "i32:%08x i32:%08x", counter, counter * 3);
	snprintf(operands, sizeof(operands), "i32:%08x", counter + 1);
	check_spin(&process, &walk, false, 0x53, OP_FRAME_EXACT, locals, operands);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// Compiled with -C inlining=y: one machine frame is three functions.
START_TEST(inlined_frames)
{
	struct process process;
	struct op_walk walk;
	load(&process, "inline-49");
	walk_thread(&process, &walk);
	struct expected expected[] = {
		GUEST(0, 0, 0x49, 0x49, OP_FRAME_EXACT, NULL, NULL),
		GUEST(0, 1, 0x62, 0x64, OP_FRAME_EXACT, NULL, NULL),
		GUEST(0, 2, 0x77, 0x79, OP_FRAME_EXACT, "", "i32:00000005 i64:0000000000000006"),
		ENTRY(0),
	};
	expected[0].inlined = expected[1].inlined = true;
	CHECK_WALK(&process, &walk, expected);
	static struct op_virtual_frame frames[OP_VIRTUAL_FRAMES_MAX];
	size_t count, depth;
	struct op_value counter, parameter, *operands;
	enum op_value_state reason;
	no_error(op_virtual_frames(&process.context, &walk.frames[0], &process.registers, frames,
				   &count));
	no_error(op_frame_local(&process.context, &frames[1], 2, &counter));
	no_error(op_frame_local(&process.context, &frames[0], 0, &parameter));
	ck_assert_uint_eq(op_value_bits(&parameter), op_value_bits(&counter));
	// The loop's constant, and the argument of the call.
	no_error(op_frame_operands(&process.context, &frames[1], &operands, &depth, &reason));
	ck_assert_uint_eq(depth, 2);
	ck_assert_uint_eq(op_value_bits(&operands[0]), 7);
	ck_assert_uint_eq(op_value_bits(&operands[1]), op_value_bits(&counter));
	free(operands);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// Optimised code, caught on `ret` of $leaf: the frame-pointer register is the caller's already.
START_TEST(thread_at_return_without_table)
{
	struct process process;
	struct op_walk walk;
	const struct expected expected[] = {
		GUEST(0, 0, 0x57, 0x57, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		GUEST(0, 1, 0x62, 0x62, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		GUEST(0, 2, 0x77, 0x77, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		ENTRY(0),
	};
	load(&process, "plain-49");
	walk_thread(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	ck_assert_int_eq(walk.frames[0].state, OP_FRAME_NOT_PUSHED);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// guests/nest.wat, nest.py

START_TEST(nested_activations_of_two_stores)
{
	struct process process;
	struct op_walk walk;
#define NEST(activation)                                                                           \
	HOST(activation), EXIT(activation, ""),                                                    \
		GUEST(activation, 2, 0x57, 0x57, OP_FRAME_NO_TABLE, NULL, "not-recorded"),         \
		GUEST(activation, 3, 0x5e, 0x5e, OP_FRAME_NO_TABLE, NULL, "not-recorded"),         \
		ENTRY(activation)
	const struct expected expected[] = {
		GUEST(0, 1, 0x4d, 0x4d, OP_FRAME_NO_TABLE, NULL, "not-recorded"),
		ENTRY(0),
		NEST(1),
		NEST(2),
		NEST(3),
	};
	load(&process, "nest-50");
	walk_thread(&process, &walk);
	CHECK_WALK(&process, &walk, expected);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

// Hostile and unlucky stacks

START_TEST(limit_and_interrupt)
{
	struct process process;
	struct op_walk walk;
	load(&process, "spin-49");
	no_error(op_walk_thread(&process.context, &process.registers, 2, &walk));
	ck_assert_uint_eq(walk.count, 2);
	ck_assert(walk.problem && walk.problem->code == OP_ERROR_LIMIT);
	op_walk_deinit(&walk);
	struct op_cancel cancel = {.requested = 1};
	process.context.cancel = &cancel;
	walk_thread(&process, &walk);
	ck_assert_uint_eq(walk.count, 0);
	ck_assert(walk.problem && walk.problem->code == OP_ERROR_INTERRUPTED);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

START_TEST(broken_chains_end)
{
	// What the saved frame pointer of $leaf's frame may be turned into, relative to the frame,
	// or absolute.
	static const struct {
		bool relative;
		uint64_t value;
	} wrong[] = {{true, 0}, {true, -16}, {true, 8},           {true, 1 << 20},
		     {true, 3}, {false, 0},  {false, UINT64_MAX}, {false, UINT64_MAX - 7}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(wrong); i++) {
		struct process process;
		struct op_walk walk;
		load(&process, "spin-49");
		uint64_t fp = process.registers.value[process.context.arch->fp];
		set_word(&process, fp, wrong[i].relative ? fp + wrong[i].value : wrong[i].value);
		walk_thread(&process, &walk);
		ck_assert_uint_ge(walk.count, 1);
		ck_assert(walk.problem && walk.problem->code == OP_ERROR_FORMAT);
		op_walk_deinit(&walk);
		unload(&process);
	}
}
END_TEST

START_TEST(stack_pointer_outside_everything)
{
	struct process process;
	struct op_walk walk;
	load(&process, "spin-49");
	process.registers.value[process.context.arch->sp] = 0x10;
	walk_thread(&process, &walk);
	ck_assert_uint_eq(walk.count, 0);
	op_walk_deinit(&walk);
	unload(&process);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *cases = tcase_create("recorded processes");
	tcase_add_test(cases, suspended_guest);
	tcase_add_test(cases, suspended_guest_of_42);
	tcase_add_test(cases, suspended_guest_without_table);
	tcase_add_test(cases, thread_in_host_code);
	tcase_add_test(cases, stale_record_loses);
	tcase_add_test(cases, record_without_store_is_not_shown);
	tcase_add_test(cases, trapping_guest);
	tcase_add_test(cases, stack_overflow);
	tcase_add_test(cases, call_in_try_table);
	tcase_add_test(cases, suspended_component);
	tcase_add_test(cases, thread_in_prologue);
	tcase_add_test(cases, thread_at_first_instructions);
	tcase_add_test(cases, thread_at_return);
	tcase_add_test(cases, thread_in_slots);
	tcase_add_test(cases, thread_in_guest_of_42);
	tcase_add_test(cases, inlined_frames);
	tcase_add_test(cases, thread_at_return_without_table);
	tcase_add_test(cases, nested_activations_of_two_stores);
	tcase_add_test(cases, limit_and_interrupt);
	tcase_add_test(cases, broken_chains_end);
	tcase_add_test(cases, stack_pointer_outside_everything);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
