// SPDX-License-Identifier: GPL-3.0-or-later
// Activations on one stack: where the guest left for the host, the frame chain from there to the
// entry, and the store they belong to. A record is believed only when a VMStoreContext, or a state
// that was saved from one, agrees with it. Knows no values and no Wasm pcs. Sources:
// crates/unwinder/src/stackwalk.rs, crates/wasmtime/src/runtime/func.rs (EntryStoreContext),
// runtime/vm/traphandlers.rs.
#ifndef OP_TARGET_RUNTIME_ACTIVATION_H
#define OP_TARGET_RUNTIME_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target-runtime/code_places.h"
#include "target-runtime/instance.h"
#include "target-runtime/stack_window.h"

/** A machine frame while the chain is followed. */
struct op_chain_frame {
	uint64_t pc, fp, sp;
	bool is_return;
	enum op_frame_state state;
	struct op_code_place place;
};

enum op_chain_result {
	OP_CHAIN_ENTRY,   /**< the entry trampoline was reached (and visited) */
	OP_CHAIN_BROKEN,  /**< the next record is no record */
	OP_CHAIN_STOPPED, /**< the visitor had enough */
};

/** How a chain ended. */
struct op_chain_end {
	struct op_chain_frame
		last; /**< the last frame that was visited; for OP_CHAIN_ENTRY the trampoline's */
	uint64_t broken_pc; /**< OP_CHAIN_BROKEN: what stood where a return address should be; 0
			       when it could not be read */
};

/** Where the guest of one store is when the host has control: as in VMStoreContext or saved in an
 * EntryStoreContext. */
struct op_exit_state {
	uint64_t store;
	uint64_t exit_pc, exit_fp, entry_fp;
	bool exit_fp_is_caller; /**< v36: exit_fp is the guest frame's own fp, else the exit
				   trampoline's */
	uint64_t context;       /**< saved: address of the EntryStoreContext's last word; 0 for a
				   VMStoreContext */
};

enum { OP_ACTIVATION_STORES_MAX = 16 };

/** Finds and follows activations on one stack. */
struct op_unwinder {
	const struct op_stack_context *context;
	struct op_code_places places;
	uint64_t stack_start, stack_end;
	struct op_stack_window scan;  /**< for looking upwards */
	struct op_stack_window chain; /**< for following frame chains, so that the two do not take
					 each other's chunk */
	/** What each known store says about the next outer activation. */
	struct op_exit_state stores[OP_ACTIVATION_STORES_MAX];
	size_t store_count;
	size_t steps_left; /**< of chains followed only to check a record */
};

/** A place on the stack where the guest called out. */
struct op_exit_record {
	uint64_t address; /**< of the frame record: the exit trampoline's fp */
	uint64_t pc, fp;  /**< of the guest frame that called */
	struct op_exit_state state;
};

/** @param[in] sp tells which stack. @return false when no readable, writable region holds it. */
bool op_unwinder_init(struct op_unwinder *unwinder, const struct op_stack_context *context,
		      uint64_t sp);
/** The same for a stack whose borders are known. */
void op_unwinder_init_range(struct op_unwinder *unwinder, const struct op_stack_context *context,
			    uint64_t start, uint64_t end);
void op_unwinder_deinit(struct op_unwinder *unwinder);
/** The error that made reads fail, if any; the caller owns it. */
struct op_error *op_unwinder_take_failure(struct op_unwinder *unwinder);

/**
 * Follow the frame chain from @p first to the entry.
 * @param[in] first pc, fp, sp, is_return and state are read.
 */
enum op_chain_result
op_chain_follow(struct op_unwinder *unwinder, const struct op_chain_frame *first,
		bool (*visit)(void *context, const struct op_chain_frame *frame),
		void *visit_context, struct op_chain_end *ret);

/** Remember the store of the newest activation, whose entry frame is @p end. */
void op_unwinder_learn_store(struct op_unwinder *unwinder, const struct op_chain_end *end);
/** Remember a state that was saved by the host. */
void op_unwinder_learn_state(struct op_unwinder *unwinder, const struct op_exit_state *state);

/**
 * The next activation above @p from whose guest is in a host call.
 * @param[in] suspended the stack belongs to no thread: every activation's state was saved on it.
 */
bool op_activation_find(struct op_unwinder *unwinder, uint64_t from, bool suspended,
			struct op_exit_record *ret);

/** The saved EntryStoreContext whose last word is at @p addr; false when the words there are not
 * one. */
bool op_saved_state_match(struct op_unwinder *unwinder, uint64_t addr, struct op_exit_state *ret);
/** The first saved state at or above @p from. */
bool op_saved_state_find(struct op_unwinder *unwinder, uint64_t from, struct op_exit_state *ret);

/**
 * The frame of the trampoline that left a record; false when it cannot be told.
 * @param[in] low where the frames of the host begin below: the stack pointer, or the end of the
 * next newer activation.
 */
bool op_exit_frame_find(struct op_unwinder *unwinder, uint64_t low,
			const struct op_exit_record *record, struct op_chain_frame *ret);

#endif
