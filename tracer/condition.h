// SPDX-License-Identifier: GPL-3.0-or-later
// Conditions of breakpoints, evaluated by outpost where a thread has arrived. Knows no breakpoint.
#ifndef OP_TRACER_CONDITION_H
#define OP_TRACER_CONDITION_H

#include "tracer/session.h"

/**
 * Whether an expression is true in the innermost frame of @p thread, which stands at the patch at
 * @p address; the other threads may run.
 * @return the evaluation's own error, and OP_ERROR_UNSUPPORTED for a value that is no number.
 */
struct op_error *op_condition_holds(struct op_session *session, const char *condition,
				    uint64_t address, op_thread_id thread, bool *ret);

#endif
