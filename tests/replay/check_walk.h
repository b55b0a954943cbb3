// SPDX-License-Identifier: GPL-3.0-or-later
// What the replay tests share: a recorded process made ready to be walked, and the comparison of a
// walk with what must be there.
#ifndef OP_TESTS_REPLAY_CHECK_WALK_H
#define OP_TESTS_REPLAY_CHECK_WALK_H

#include "target-runtime/stack.h"
#include "tests/replay/image_file.h"

enum { NO_LIMIT = 1000000 };

/** A recorded process, loaded. */
struct process {
	struct op_replay replay;
	struct op_image_set *images;
	struct op_stack_context context;
	struct op_registers registers; /**< of the only thread that is in the guest */
};

/** What one virtual (or, for other kinds, machine) frame must be. */
struct expected {
	enum op_machine_frame_kind kind;
	uint32_t activation;
	const char *call; /**< EXIT: what is called */
	uint32_t function, pc, next;
	enum op_frame_precision precision;
	const char *locals, *operands; /**< NULL: not compared here */
	bool inlined, no_instance;
};

#define HOST(activation_)                                                                          \
	{                                                                                          \
		.kind = OP_MACHINE_FRAME_HOST, .activation = (activation_)                         \
	}
#define EXIT(activation_, call_)                                                                   \
	{                                                                                          \
		.kind = OP_MACHINE_FRAME_EXIT, .activation = (activation_), .call = (call_)        \
	}
#define ENTRY(activation_)                                                                         \
	{                                                                                          \
		.kind = OP_MACHINE_FRAME_ENTRY, .activation = (activation_)                        \
	}
#define GUEST(activation_, function_, pc_, next_, precision_, locals_, operands_)                  \
	{                                                                                          \
		.kind = OP_MACHINE_FRAME_WASM, .activation = (activation_),                        \
		.function = (function_), .pc = (pc_), .next = (next_), .precision = (precision_),  \
		.locals = (locals_), .operands = (operands_)                                       \
	}

/** Fails the test with the error's sentence, if there is one. */
void no_error(struct op_error *err);
/** Load tests/replay/images/NAME.img; unload it. */
void load(struct process *process, const char *name);
void unload(struct process *process);
/** A recorded word; writing it changes the loaded process only. */
uint8_t *place(struct process *process, uint64_t addr);
uint64_t word_at(struct process *process, uint64_t addr);
void set_word(struct process *process, uint64_t addr, uint64_t value);
/** Walk the thread that is in the guest. */
void walk_thread(struct process *process, struct op_walk *ret);
/** Find the only suspended guest and walk it. */
void walk_suspended(struct process *process, struct op_walk *ret);
/** Compare every frame. Values are written as "i32:0000002a f32:not-recorded", locals by index,
 * operands bottom first. */
void check_walk(const struct process *process, const struct op_walk *walk,
		const struct expected *expected, size_t count);

#define CHECK_WALK(process, walk, expected)                                                        \
	check_walk(process, walk, expected, OP_ARRAY_SIZE(expected))

#endif
