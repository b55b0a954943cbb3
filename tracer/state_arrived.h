// SPDX-License-Identifier: GPL-3.0-or-later
// The instance of a frame that a thread has just arrived in, found thousands of times a second.
#ifndef OP_TRACER_STATE_ARRIVED_H
#define OP_TRACER_STATE_ARRIVED_H

#include "tracer/state.h"

/** The session's own: where the store that was last arrived in has its list of instances. */
struct op_arrived_state;
void op_arrived_state_destroy(struct op_session *session);
/** The target runs. Where the list is stays known, what is in it does not. */
void op_arrived_state_forget(struct op_session *session);

/**
 * The same as op_state_frame_instance(), by the list of the frame's store. *ret->set has that store
 * alone.
 * @param[out] ret_found false: not by this way.
 */
struct op_error *op_arrived_instance(struct op_session *session, const struct op_frame *frame,
				     bool *ret_found, struct op_scope *ret);
/** A search has found the frame's instance: look where its store has the list. */
struct op_error *op_arrived_learn(struct op_session *session, const struct op_scope *scope);
/**
 * @param[out] ret the frame pointer of the trampoline through which the host has entered the
 * newest activation of the thread, which its store has noted; 0: not known.
 */
struct op_error *op_arrived_entry(struct op_session *session, const struct op_frame *frame,
				  uint64_t *ret);

#endif
