// SPDX-License-Identifier: GPL-3.0-or-later
// Watchpoints in hardware: what a person asked for, which debug registers stand for it, and what a
// hit means. The list of breakpoints (breakpoint.c) has their numbers, counts and conditions.
#ifndef OP_TRACER_WATCHPOINT_H
#define OP_TRACER_WATCHPOINT_H

#include "tracer/session.h"
#include "tracer/watch_frame.h"

struct op_watch_set;

void op_watch_set_destroy(struct op_watch_set *set);
/** The process is gone, or runs another program: what was watched is not there any more. */
void op_watch_set_lose(struct op_session *session);
void op_watch_remove(struct op_session *session, uint32_t number);
/** @return OP_ERROR_LIMIT when the hardware has no room for it any more, OP_ERROR_STATE when its
 * instance is gone. */
struct op_error *op_watch_enable(struct op_session *session, uint32_t number, bool enabled);

/** Set the slots for a run; all threads are stopped. */
struct op_error *op_watch_arm(struct op_session *session);
/** Clear them before the target is let go; all threads are stopped. */
struct op_error *op_watch_disarm(struct op_session *session);
/** The person wrote into the target: what a watchpoint takes for the old value is read again. */
void op_watch_reread(struct op_session *session);

/**
 * A thread was stopped by a slot. Counts the hits, follows memory that moves (then every thread is
 * stopped), fills in the event.
 * @param[out] ret_stop whether a watchpoint wants to stop.
 */
struct op_error *op_watch_reached(struct op_session *session, int64_t thread,
				  struct op_event *event, bool *ret_stop);
/** A thread came to where the frame of a watchpoint returns to. @param[out] ret_stop it came from
 * that very frame: the watchpoint is over, and the event says so. */
struct op_error *op_watch_frame_returned(struct op_session *session, uint32_t number,
					 const struct op_watch_frame *frame, int64_t thread,
					 struct op_event *event, bool *ret_stop);
/** The debug information that values are shown by goes. NULL: all of it. */
void op_watch_forget_types(struct op_session *session, const struct op_debug_info *info);
/** The target stands for a person to see: the thread's innermost frame is where the access was
 * made.
 */
void op_watch_show_access(struct op_session *session, int64_t thread);
/** Complete the event with what needs the whole target: who made the access, in which store. */
struct op_error *op_watch_describe(struct op_session *session, struct op_event *event);

#endif
