// SPDX-License-Identifier: GPL-3.0-or-later
// What a person asked to stop at: parsed once, resolved whenever modules come, placed in every copy
// of the code.
#ifndef OP_TRACER_BREAKPOINT_H
#define OP_TRACER_BREAKPOINT_H

#include "tracer/patch.h"
#include "tracer/session.h"

struct op_error *op_breakpoint_set_create(struct op_breakpoint_set **ret);
void op_breakpoint_set_destroy(struct op_breakpoint_set *set);
struct op_watch_frame;
/** A watchpoint takes its number and keeps its counts here. @param[in] condition NULL: none.
 * @param[in] frame at whose return it ends; NULL: it is of none. */
struct op_error *op_breakpoint_set_add_watch(struct op_session *session, const char *expression,
					     const char *condition, enum op_breakpoint_kind kind,
					     const struct op_watch_frame *frame,
					     struct op_breakpoint **ret);
/** NULL: there is none. Borrowed until a breakpoint changes. */
struct op_breakpoint *op_breakpoint_set_find(struct op_session *session, uint32_t number);
/** Resolve again against the modules and images that there are now; places patches (which are
 * written at the next insert). */
struct op_error *op_breakpoint_set_resolve(struct op_session *session);
/** The target is gone: all become pending. */
void op_breakpoint_set_unresolve(struct op_breakpoint_set *set);
/**
 * A thread reached @p patch. Counts the hit for every enabled breakpoint there whose condition
 * holds.
 * @param[in] tag of the trap: the number of the breakpoint that the patch's stub decided to stop
 * at, or one of OP_SITE_TAG_*.
 * @param[in,out] event reason and details, when a catchpoint wants to stop.
 * @param[out] ret the number of the first one that wants to stop, 0 when none does.
 */
struct op_error *op_breakpoint_set_hit(struct op_session *session, const struct op_patch *patch,
				       op_thread_id thread, uint32_t tag, struct op_event *event,
				       uint32_t *ret);
/** The same for an event that needs no patch: every enabled catchpoint of the kind that means it.
 */
struct op_error *op_breakpoint_set_event(struct op_session *session, enum op_catch_kind kind,
					 op_thread_id thread, struct op_event *event,
					 uint32_t *ret);
/** Whether an enabled catchpoint of the kind is there. */
bool op_breakpoint_set_waits_for(struct op_session *session, enum op_catch_kind kind);
/** Whether something is noted in the target that must be read before it ends. */
bool op_breakpoint_set_notes(struct op_session *session);
/** A person sees the stop that the last hit asked for: its breakpoints, into @p event. Temporary
 * ones have done their duty. */
void op_breakpoint_set_shown(struct op_session *session, struct op_event *event);
/**
 * Want patches of one purpose at a place, for this run only.
 * @param[in] spec as for op_session_break(), without a condition.
 * @param[out] ret the first location. Borrowed names.
 */
struct op_error *op_breakpoint_place_once(struct op_session *session, const char *spec,
					  unsigned purpose, struct op_location *ret);
/** At a stop: take over what stubs have ignored. */
struct op_error *op_breakpoint_set_read_ignored(struct op_session *session);
/** Delete the temporary ones that have: before the next run. */
void op_breakpoint_set_drop_spent(struct op_session *session);
/** True when new code must be noticed the moment it is mapped: something is pending, lies in
 * file-backed code, or waits for modules. */
bool op_breakpoint_set_wants_mappings(struct op_session *session);

#endif
