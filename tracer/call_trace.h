// SPDX-License-Identifier: GPL-3.0-or-later
// trace-calls: every call of the guest's to the host, told when it has ended. The target is stopped
// for an instant at the beginning and the end of each, one thread only.
#ifndef OP_TRACER_CALL_TRACE_H
#define OP_TRACER_CALL_TRACE_H

#include "tracer/patch.h"
#include "tracer/session.h"

void op_call_trace_destroy(struct op_call_trace *trace);
/** The images are known anew: want patches in them. Nothing happens while no trace is on. */
struct op_error *op_call_trace_place(struct op_session *session);
/** True when new code must be noticed the moment it is mapped. */
bool op_call_trace_wants_mappings(struct op_session *session);
/** A thread reached @p patch, which has one of the purposes OP_PATCH_CALL_MASK. The event is filled
 * when a call has ended; the thread is to go on in any case. */
struct op_error *op_call_trace_reached(struct op_session *session, op_thread_id thread,
				       const struct op_patch *patch, struct op_event *event);

#endif
