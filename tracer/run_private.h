// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a run, shared by run.c (from one stop to the next) and run_trap.c (what a trap
// means), and by nobody else.
#ifndef OP_TRACER_RUN_PRIVATE_H
#define OP_TRACER_RUN_PRIVATE_H

#include "tracer/run.h"

// run.c
/** Let a thread run, 0: all; but for those that scheduler-locking holds. */
struct op_error *op_run_threads(struct op_session *session, op_thread_id thread);
/** The stop that a person sees. */
struct op_error *op_run_show(struct op_session *session, op_thread_id thread,
			     enum op_stop_reason reason, struct op_event *event);

// run_trap.c
/** A thread stopped at a trap: act on it. @p event stays as it is when nobody is to see it. */
struct op_error *op_run_trapped(struct op_session *session, op_thread_id thread,
				struct op_event *event);
struct op_error *op_run_native_step(struct op_session *session, op_thread_id thread);

#endif
