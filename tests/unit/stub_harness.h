// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of stubs share: trees made by hand, a made-up frame with locals, globals and
// memories, and a trampoline that runs a stub in this process and looks at every register.
#ifndef OP_TESTS_UNIT_STUB_HARNESS_H
#define OP_TESTS_UNIT_STUB_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/agent/stub.h"

// Trees -----------------------------------------------------------------------------------------

enum { TREE_NODES_MAX = 512 };
struct tree {
	struct op_expression expression;
	struct op_expression_node nodes[TREE_NODES_MAX];
	size_t count;
};
extern const struct op_access_type tree_types[10]; // i8 u8 i16 u16 i32 u32 i64 u64 f32 f64
enum { TREE_I32 = 4, TREE_I64 = 6, TREE_F32 = 8, TREE_F64 = 9 };

struct op_expression_node *tree_node(struct tree *tree, enum op_expression_kind kind);
struct op_expression_node *tree_integer(struct tree *tree, int64_t value, enum op_value_type type,
					bool is_unsigned);
struct op_expression_node *tree_real(struct tree *tree, double value, enum op_value_type type);
struct op_expression_node *tree_leaf(struct tree *tree, enum op_expression_kind kind,
				     uint32_t index);
struct op_expression_node *tree_memory(struct tree *tree, uint32_t index,
				       const struct op_access_type *access,
				       const struct op_expression_node *address);
struct op_expression_node *tree_unary(struct tree *tree, char what,
				      const struct op_expression_node *first);
struct op_expression_node *tree_binary(struct tree *tree, enum op_operator what,
				       const struct op_expression_node *first,
				       const struct op_expression_node *end);
/** @param[in] end of the same type as @p first. */
struct op_expression_node *tree_choice(struct tree *tree, const struct op_expression_node *base,
				       const struct op_expression_node *first,
				       const struct op_expression_node *end);
struct op_expression_node *tree_convert(struct tree *tree, const struct op_access_type *access,
					const struct op_expression_node *first);
/** Make it the root. */
const struct op_expression *tree_done(struct tree *tree, const struct op_expression_node *root);

// The state that a stub looks at ----------------------------------------------------------------

enum {
	STATE_LOCALS = 8, // i32 i64 f32 f64, twice; packed
	STATE_OPERANDS = 4,
	STATE_GLOBALS = 6, // i32 i64 f32 f64 (by turns own and imported), i32 near, i64 far
	STATE_MEMORIES = 2,
	STATE_MEMORY_SIZE = 256,
	STATE_PC = 0x1234,
};
struct state_memory {
	uint64_t base, length;
};
/** In memory that stubs reach. */
struct state {
	uint8_t below[256]; // locals and operands
	uint64_t frame_words[2];
	struct {
		uint64_t memory, imports[2], own[2][2];
	} vmctx;
	uint64_t imported[2];
	uint64_t near_global;
	struct state_memory memories[STATE_MEMORIES];
	uint8_t bytes[STATE_MEMORIES][STATE_MEMORY_SIZE];
	uint64_t cells[64];
};
extern struct state *state;
/** Of local, operand or global @p index. */
enum op_value_type state_type(uint32_t index);
/** Where the value of a leaf is. */
uint8_t *state_place(enum op_expression_kind kind, uint32_t index);
extern const struct op_machine_scope state_scope;
/** The same leaves for the interpreter. */
extern const struct op_expression_source state_source;

// Running ---------------------------------------------------------------------------------------

/** The stubs' room; at its end is what they go back to. */
enum { MACHINE_CODE_SIZE = 1 << 16, MACHINE_WAY_BACK = MACHINE_CODE_SIZE - 16 };
/** Registers in the order of op_x86_register, then r8 to r15; xmm as two words each. */
struct machine_registers {
	uint64_t general[16];
	uint64_t vectors[16][2];
};
/** What a trap in a stub looked like. */
struct machine_trap {
	uint64_t pc;  // behind it
	uint64_t top; // of the stack
	struct machine_registers registers;
};
enum { MACHINE_TRAPS_MAX = 16 };
extern _Thread_local struct machine_trap machine_traps[MACHINE_TRAPS_MAX];
extern _Thread_local size_t machine_trap_count;

/** Map the pages: code, a state in its reach, and what is far away. Once a process. */
void machine_init(void);
extern uint8_t *machine_code; // MACHINE_CODE_SIZE bytes
extern uint64_t *machine_far; // 1024 words, more than 2 GiB from the code
/** Where a stub that runs was called from. */
extern const uint8_t machine_slot_end[];
/** The disassembly of a stub, a line each; fails the test when something in it is no instruction.
 * Static. */
const char *machine_listing(const struct op_stub *stub, uint64_t address);
/** Compile for the code page and put it there, at @p offset. */
struct op_error *machine_load(const struct op_stub_group *groups, size_t count, size_t offset,
			      struct op_stub *stub);
/** Call the stub at @p offset with every register set to something; fails the test when one is
 * changed. */
void machine_run(size_t offset);

#endif
