// SPDX-License-Identifier: GPL-3.0-or-later
// The patches: which addresses of the target's code hold a trap while it runs, and on whose behalf.
// Written only while every thread is stopped (or into memory that no thread can execute yet); taken
// out at every stop that a person sees.
#ifndef OP_TRACER_PATCH_H
#define OP_TRACER_PATCH_H

#include "tracer/session.h"

enum op_patch_kind {
	OP_PATCH_SLOT, /**< in a patch slot: a thread runs on through the rest of it */
	OP_PATCH_RAW,  /**< a trap over an instruction of code that has no slot there */
};

/** Who wants the thread to stop there; several may at once. */
enum op_patch_purpose {
	OP_PATCH_STEP = 1,  /**< the end of a Wasm instruction's step */
	OP_PATCH_ENTRY = 2, /**< launch: first instruction of a function that the host may enter */
	OP_PATCH_TRAP = 4,  /**< the builtin through which the guest traps */
	OP_PATCH_LEAVE = 8, /**< where the guest goes back to the host */
	OP_PATCH_NATIVE_RETURN =
		16,           /**< a builtin's return while a step goes by native instructions */
	OP_PATCH_TARGET = 32, /**< the place that a run goes to */
	OP_PATCH_CATCH = 64,  /**< only because an exception may go there */
	OP_PATCH_LINE = 1024, /**< a statement that a step by lines may end at */
	OP_PATCH_RUN_MASK = 127 | OP_PATCH_LINE, /**< all of these end with the run */
	OP_PATCH_CALL = 128, /**< call_trace.c, as long as it is on: a host call begins */
	OP_PATCH_CALL_RETURN = 256,
	OP_PATCH_CALL_FAILURE = 512,
	OP_PATCH_CALL_MASK = 896,
};

struct op_patch {
	uint64_t address;
	enum op_patch_kind kind;
	uint32_t image;               /**< id; 0: none */
	struct op_artifact *artifact; /**< of the image, for knowing it again only; NULL: none */
	uint32_t text_offset;
	uint32_t pc;       /**< Wasm pc, SLOT: as in the breakpoint table */
	unsigned purposes; /**< of enum op_patch_purpose */
	uint8_t plan; /**< step.c's note on what can follow this slot's instruction; 0 when the step
			 is over */
	bool inserted;
	uint8_t size;
	uint8_t original[OP_SLOT_MAX];
	uint32_t journal_entry; /**< while a trap is inserted: op_process_plant()'s */
	uint32_t *breakpoints;  /**< numbers of the breakpoints here; owned */
	uint64_t
		*cells; /**< the same places: where a counter is in the target; NULL: no counters */
	uint32_t breakpoint_count;
	bool wants_stub; /**< one of them is better served by code in the target */
	/** Of a step over calls: arrivals in frames below this one mean nothing to it, and there
	 * are many, so code in the target passes them by; 0: none such. */
	uint64_t step_frame;
	unsigned inner_arrivals;    /**< during this run, in such frames */
	bool called;                /**< what is inserted is a call of the stub, else a trap */
	uint32_t inside;            /**< bit i: the stub does what breakpoint i of the list wants */
	struct op_patch_stub *stub; /**< agent.c's; NULL: none */
};

/** Whether code in the target does better than a trap at each arrival. */
static inline bool op_patch_wants_stub(const struct op_patch *patch)
{
	return patch->wants_stub || patch->step_frame;
}

struct op_error *op_patch_set_create(struct op_patch_set **ret);
void op_patch_set_destroy(struct op_patch_set *set);
/** Forget all patches without touching the target: it is gone. */
void op_patch_set_clear(struct op_session *session);

/** The patch at an address, NULL when there is none. Borrowed until the patch goes. */
struct op_patch *op_patch_find(struct op_patch_set *set, uint64_t address);
/** Find or create. */
struct op_error *op_patch_want(struct op_session *session, uint64_t address,
			       enum op_patch_kind kind, struct op_patch **ret);
/** A slot of an image, as a patch. */
struct op_error *op_patch_want_slot(struct op_session *session, const struct op_image *image,
				    const struct op_slot *slot, struct op_patch **ret);
/** What a breakpoint is to do, as far as its patch matters. */
enum op_patch_use {
	OP_USE_STOP,  /**< stop each time */
	OP_USE_STUB,  /**< something that code in the target can do or decide */
	OP_USE_COUNT, /**< ... and that needs a cell for each patch */
};
struct op_error *op_patch_add_breakpoint(struct op_patch *patch, uint32_t number,
					 enum op_patch_use use);
/** Before the first trap, or the first debug register: what lets the target outlive outpost. Where
 * that is impossible it is told once. */
struct op_error *op_patch_set_shield(struct op_session *session);
/** Take a breakpoint out of all patches. */
void op_patch_set_remove_breakpoint(struct op_session *session, uint32_t number);
/** Call @p visit for every patch that a breakpoint is on, until it fails. */
struct op_error *op_patch_set_each(struct op_session *session, uint32_t number,
				   struct op_error *(*visit)(void *context, struct op_patch *patch,
							     uint32_t index),
				   void *context);
/** Make what was placed for a breakpoint a purpose's instead. */
struct op_error *op_patch_set_turn_breakpoint(struct op_session *session, uint32_t number,
					      unsigned purpose);
/** The target is about to end: keep what the counters' cells hold. */
void op_patch_set_retire_counts(struct op_session *session);
/** Add a purpose; the trap is written by the next op_patch_set_insert() or, during a run,
 * op_patch_set_insert_new(). */
struct op_error *op_patch_add_purpose(struct op_patch_set *set, struct op_patch *patch,
				      unsigned purposes);
/** During a run: one of its purposes is gone. When nothing else wants it, it is taken out of the
 * code; the one thread that executes that is stopped. */
struct op_error *op_patch_drop_purpose(struct op_session *session, struct op_patch *patch,
				       unsigned purpose);
/** Take purposes out of all patches. */
void op_patch_set_remove_purposes(struct op_patch_set *set, unsigned purposes);

/**
 * Write every wanted patch that is not in the code yet. Before, what stands there is read: a slot
 * must hold its NOP (or a trap that an earlier outpost left, which counts as ours); anything else
 * is left alone and told once.
 */
struct op_error *op_patch_set_insert(struct op_session *session);
/** The same for the patches that got a purpose since the last insert: what a step wants while the
 * target runs. */
struct op_error *op_patch_set_insert_new(struct op_session *session);
/** All threads stopped, and the guest's code was seen to run in this copy: its traps that a stub
 * serves better become calls. */
struct op_error *op_patch_set_promote(struct op_session *session, const struct op_image *image);
/** A private copy of the code whose one thread is stopped: what stands in it is another copy's,
 * which it was made from; the patches are written anew. */
struct op_error *op_patch_set_renew(struct op_session *session, const struct op_image *image);
/** Write the original bytes of every inserted patch, and move threads that stand inside one. All
 * threads are stopped. */
struct op_error *op_patch_set_withdraw(struct op_session *session);
/** Write a child's copy of the code as it was. */
struct op_error *op_patch_set_clean_child(struct op_session *session, int64_t child);
/** Forget patches of images that are gone, and of nobody's wish. */
void op_patch_set_prune(struct op_session *session);
/** Do what the instruction under a RAW patch does in its place, where that is known; the other
 * threads may run. */
struct op_error *op_patch_emulate(struct op_session *session, op_thread_id thread,
				  const struct op_patch *patch, bool *ret_done);
/** Let @p thread execute the instruction under the RAW patch it stands at (pc is at the patch), all
 * other threads stopped meanwhile. */
struct op_error *op_patch_step_over(struct op_session *session, op_thread_id thread,
				    struct op_patch *patch);
/** Remember a trap that was written into code which Wasmtime may clone (patch_sweep.c). */
struct op_error *op_patch_note_copied(struct op_session *session, const struct op_patch *patch);
/** The original under a RAW patch in a clone that was made while the trap was in the engine's copy;
 * false when that is not known. */
bool op_patch_original_of_copied(struct op_session *session, struct op_patch *patch);
/** Put the original back under a trap that a clone inherited and that nobody wants any more;
 * *ret false when the trap at @p address is none of those. */
struct op_error *op_patch_heal_copied(struct op_session *session, uint64_t address, bool *ret);
/** Before letting go, everything withdrawn, all threads stopped: clean the clones that are being
 * made, and those that are new and have inherited traps. Whoever has hit one goes back in front. */
struct op_error *op_patch_sweep_copies(struct op_session *session);
/** Whether an image holds a trap that was written into another copy: it is a clone of that. */
struct op_error *op_patch_is_in_clone(struct op_session *session, const struct op_image *image,
				      bool *ret);
void op_patch_forget_copied(struct op_session *session);
/** At a stop: forget traps in code that is gone; no clone of it is being made. */
void op_patch_prune_copied(struct op_session *session);

#endif
