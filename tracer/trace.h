// SPDX-License-Identifier: GPL-3.0-or-later
// Traces: rings in the target that hold the last instructions which one copy of the code executed.
#ifndef OP_TRACER_TRACE_H
#define OP_TRACER_TRACE_H

#include "tracer/patch.h"
#include "tracer/session.h"

struct op_trace_set;
struct op_error *op_trace_set_create(struct op_trace_set **ret);
void op_trace_set_destroy(struct op_trace_set *set);
/** The target is gone, and the rings with it. */
void op_trace_set_clear(struct op_trace_set *set);

/** The ring of trace @p number for the copy that a patch is in; made when it is first asked for. */
struct op_error *op_trace_ring(struct op_session *session, uint32_t number, uint64_t length,
			       const struct op_patch *patch, uint64_t *ret_address,
			       unsigned *ret_size_log2);
/** The trace is deleted; no stub writes to its rings any more. */
void op_trace_forget(struct op_session *session, uint32_t number);
/** Rings of copies that are gone. */
void op_trace_prune(struct op_session *session);

#endif
