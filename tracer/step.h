// SPDX-License-Identifier: GPL-3.0-or-later
// Stepping by Wasm instructions: where can a stack go next (known from the bytecode), and has it
// arrived.
#ifndef OP_TRACER_STEP_H
#define OP_TRACER_STEP_H

#include "tracer/patch.h"
#include "tracer/session.h"

struct op_error *op_step_create(struct op_step **ret);
void op_step_destroy(struct op_step *step);
void op_step_reset(struct op_step *step);
/** Images came or went: cached control flow of vanished artifacts is forgotten. */
void op_step_images_changed(struct op_session *session);

/** A module goes, or its debug information: what was planned in it is forgotten. */
void op_step_forget_module(struct op_session *session, const struct op_module_entry *module);

/** The run is over: what was planned is forgotten. */
void op_step_end(struct op_step *step);
bool op_step_is_finish(const struct op_step *step);
/** A step by lines of a thread that stands where inlined bodies begin enters them, one for each of
 * @p count steps, and the program does not move. @param[in,out] count what is left of it.
 * @return the steps are done. */
bool op_step_enters_inlined(struct op_session *session, enum op_run_kind kind, uint64_t *count);
/** Plan a step, next or finish of the selected frame: wants the patches that are needed. */
struct op_error *op_step_start(struct op_session *session, enum op_run_kind kind, uint64_t count);

/** Plan a run of the selected stack to a place: op_session_run_to(). */
struct op_error *op_step_start_to(struct op_session *session, const char *place, bool any_frame);

enum op_step_verdict {
	OP_STEP_ELSEWHERE, /**< not this stack, or a deeper frame: let it run */
	OP_STEP_ON,        /**< on its way; the thread may run, new patches may be wanted */
	OP_STEP_DONE,
	OP_STEP_TRAPPED, /**< the guest is about to trap */
	OP_STEP_LEFT,    /**< the guest goes back to the host */
	OP_STEP_NATIVE,  /**< the thread must go on by native instructions (an indirect call):
			    op_step_native() */
};
/** A thread reached @p patch, which has purposes of a step. */
struct op_error *op_step_reached(struct op_session *session, op_thread_id thread,
				 struct op_patch *patch, enum op_step_verdict *ret);
/** Follow an indirect call by native instructions until the callee is known. The thread is stopped;
 * the other threads are left as they are. */
struct op_error *op_step_native(struct op_session *session, op_thread_id thread,
				enum op_step_verdict *ret);
/** True when the thread's next stop belongs to a native step. */
bool op_step_is_native(const struct op_step *step, op_thread_id thread);
/** After OP_STEP_DONE of a finish: the returned values, into session->results. */
struct op_error *op_step_results(struct op_session *session, struct op_event *event);
/** The one result of a function that @p thread has just returned from, by the calling convention.
 * @param[in,out] value its type is set. */
struct op_error *op_step_register_result(struct op_session *session, op_thread_id thread,
					 struct op_value *value);
/** Is this patch of a step? */
static inline bool op_patch_is_step(const struct op_patch *patch)
{
	return patch->purposes & (OP_PATCH_STEP | OP_PATCH_TRAP | OP_PATCH_LEAVE |
				  OP_PATCH_NATIVE_RETURN | OP_PATCH_TARGET | OP_PATCH_LINE);
}

#endif
