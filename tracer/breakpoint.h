// SPDX-License-Identifier: GPL-3.0-or-later
// What a person asked to stop at: parsed once, resolved whenever modules come, placed in every copy
// of the code.
#ifndef OP_TRACER_BREAKPOINT_H
#define OP_TRACER_BREAKPOINT_H

#include "tracer/patch.h"
#include "tracer/session.h"

struct op_error *op_breakpoint_set_create(struct op_breakpoint_set **ret);
void op_breakpoint_set_destroy(struct op_breakpoint_set *set);
/** Resolve again against the modules and images that there are now; places patches (which are
 * written at the next insert). */
struct op_error *op_breakpoint_set_resolve(struct op_session *session);
/** The target is gone: all become pending. */
void op_breakpoint_set_unresolve(struct op_breakpoint_set *set);
/**
 * A thread reached @p patch. Counts the hit for every enabled breakpoint there whose condition
 * holds.
 * @param[out] ret the number of the first one that wants to stop, 0 when none does.
 */
struct op_error *op_breakpoint_set_hit(struct op_session *session, const struct op_patch *patch,
				       op_thread_id thread, uint32_t *ret);
/** A person sees that this one was hit: a temporary one has done its duty. */
void op_breakpoint_set_shown(struct op_session *session, uint32_t number);
/** Delete the temporary ones that have: before the next run. */
void op_breakpoint_set_drop_spent(struct op_session *session);
/** True when new code must be noticed the moment it is mapped: something is pending, or a
 * breakpoint lies in file-backed code. */
bool op_breakpoint_set_wants_mappings(struct op_session *session);

#endif
