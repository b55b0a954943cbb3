// SPDX-License-Identifier: GPL-3.0-or-later
// Stubs: machine code that a patch slot jumps to inside the target. A stub is a list of groups;
// each group is a list of steps that run in order until one of them says no, and then the next
// group follows. Pure: from steps to bytes, for one instruction set at a time; knows no process.
//
// What a stub may rely on: the frame pointer is the Wasm function's, every register but the flags
// is live and kept, the stack below sp is free for less than what Wasmtime's own breakpoint
// trampoline would use there. It runs on any number of threads at once. It is jumped to and jumps
// back: a call and its return cost a tight loop several times as much.
//
// Its entry's first byte, replaced by stub->entry_harmless, makes the whole stub do nothing for
// whoever enters it, while threads that are inside go on: that is how the guardian switches it off.
#ifndef OP_TRACER_AGENT_STUB_H
#define OP_TRACER_AGENT_STUB_H

#include "arch/arch.h"
#include "base/array.h"
#include "tracer/expression_tree.h"

/** Where compiled code finds something: from the base, each offset is added and, but for the last,
 * a pointer loaded there. */
enum op_machine_base { OP_BASE_FRAME, /**< the frame pointer */ OP_BASE_ABSOLUTE };
enum { OP_MACHINE_OFFSETS_MAX = 4 };
struct op_machine_place {
	enum op_machine_base base;
	uint64_t address;                        /**< ABSOLUTE */
	int64_t offsets[OP_MACHINE_OFFSETS_MAX]; /**< of a frame: -2^31 .. 2^31 - 1 */
	unsigned offset_count;                   /**< at least 1 */
};

/** Where the leaves of an expression are at the place that the stub is for. */
struct op_machine_scope {
	void *context;
	struct op_error *(*local)(void *context, uint32_t index, struct op_machine_place *ret);
	struct op_error *(*operand)(void *context, uint32_t index, struct op_machine_place *ret);
	struct op_error *(*global)(void *context, uint32_t index, struct op_machine_place *ret);
	/** Of memory @p index: its VMMemoryDefinition {u64 base, u64 length}. */
	struct op_error *(*memory)(void *context, uint32_t index, struct op_machine_place *ret);
	struct op_error *(*pc)(void *context, uint32_t *ret);
};

enum op_stub_step_kind {
	OP_STUB_COUNT,   /**< *(u64 *)cell += 1; atomic says whether other threads may do so too */
	OP_STUB_TRACE,   /**< append the slot's end to the trace ring at cell */
	OP_STUB_TRUE,    /**< says no unless the expression is true; an error counts as true */
	OP_STUB_IGNORE,  /**< says no while *(i64 *)cell > 0, and takes 1 from it (atomically) */
	OP_STUB_FRAME,   /**< says no unless the frame pointer is *(u64 *)cell, or that is 0 */
	OP_STUB_OUTER,   /**< says no while the frame pointer is below cell, a stack address */
	OP_STUB_CHANGED, /**< says no unless the expression's bits differ from those in the
			    op_stub_watch at cell; then they are stored there. An error says no */
	OP_STUB_LOG,     /**< append a record to the log ring at cell */
	OP_STUB_TRAP,    /**< a trap; the tracer sees all registers as at the slot, but for pc */
};

/** A log ring in the target: header, then 1 << size_log2 records. Many writers, one reader. */
enum { OP_LOG_VALUES_MAX = 6 };
struct op_log_record {
	uint64_t sequence;                  /**< its position + 1, written last */
	uint32_t log;                       /**< number */
	uint32_t failed;                    /**< bit i: value i could not be computed */
	uint64_t values[OP_LOG_VALUES_MAX]; /**< bits, of the expression's type */
};
struct op_log_ring {
	uint64_t head; /**< next position; written by stubs */
	uint64_t tail; /**< first position that was not read yet; written by outpost */
	uint64_t lost; /**< records that found the ring full */
	uint64_t reserved[5];
};
/** A trace ring: one writer (a private copy of the code runs on one thread at a time). */
struct op_trace_ring {
	uint64_t head;      /**< entries written so far */
	uint64_t entries[]; /**< 1 << size_log2 slot ends */
};
struct op_stub_watch {
	uint64_t value;  /**< what the last check saw */
	uint64_t before; /**< ... and before the last change */
};

struct op_stub_step {
	enum op_stub_step_kind kind;
	uint64_t cell; /**< absolute address in the target */
	bool atomic;
	unsigned size_log2;                        /**< TRACE, LOG: entries of the ring */
	const struct op_expression *expression;    /**< TRUE, CHANGED */
	const struct op_expression *const *values; /**< LOG */
	unsigned value_count;
	uint32_t log;
	uint32_t tag; /**< TRAP: comes back in op_stub_trap */
};
struct op_stub_group {
	const struct op_stub_step *steps;
	size_t count;
};

/** A trap instruction in a stub. */
struct op_stub_trap {
	uint32_t offset; /**< in the code */
	uint32_t tag;
};

struct op_stub {
	struct OP_ARRAY(uint8_t) code;
	struct OP_ARRAY(struct op_stub_trap) traps;
	uint32_t entry; /**< offset in the code where the slot jumps to */
	uint8_t entry_harmless;
};
void op_stub_deinit(struct op_stub *stub);

/** An instruction set's back end; one table per ISA (stub_x86_64.c). */
struct op_stub_machine;
extern const struct op_stub_machine op_stub_x86_64;
/** NULL: there is none for this machine. */
const struct op_stub_machine *op_stub_machine_for(const struct op_arch *arch);

/**
 * Compile.
 * @param[in] address where the code will stand, for what it reaches relative to itself.
 * @param[in] slot_end where it goes back to, within 2 GiB of that.
 * @param[in,out] stub zero-initialised, or to be used again: its buffers are kept.
 * @return OP_ERROR_UNSUPPORTED, with the reason, for an expression that has no compiled form (a
 * reference, a field, a table, a v128): it is evaluated from outside then.
 */
struct op_error *op_stub_compile(const struct op_stub_machine *machine,
				 const struct op_stub_group *groups, size_t count,
				 const struct op_machine_scope *scope, uint64_t address,
				 uint64_t slot_end, struct op_stub *stub);

#endif
