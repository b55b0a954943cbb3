// SPDX-License-Identifier: GPL-3.0-or-later
// What the users of one patch slot want done there, as the groups of a stub.
#ifndef OP_TRACER_AGENT_SITE_H
#define OP_TRACER_AGENT_SITE_H

#include "tracer/agent/scope.h"
#include "tracer/agent/stub.h"
#include "tracer/patch.h"

enum {
	OP_SITE_USERS_MAX = 32, /**< of a patch that stubs look at; later ones stop each time */
	OP_SITE_STEPS_MAX = 4,  /**< of a group */
	/** Tag of the trap at a stub's end that every arrival takes: for whoever has to look from
	 * outside. */
	OP_SITE_TAG_ANY = 0,
	/** Not a stub's: a trap in the slot itself, before which nothing was done. */
	OP_SITE_TAG_NONE = UINT32_MAX,
};

struct op_site {
	struct op_stub_group groups[OP_SITE_USERS_MAX + 1];
	struct op_stub_step steps[OP_SITE_USERS_MAX + 1][OP_SITE_STEPS_MAX];
	uint32_t users[OP_SITE_USERS_MAX +
		       1]; /**< which of the patch's breakpoints a group is for */
	const struct op_expression *values[OP_SITE_USERS_MAX][OP_LOG_VALUES_MAX];
	size_t group_count; /**< 0: no stub is needed, a trap in the slot does it */
	struct op_session *session;
	struct op_slot_scope slot;
	bool has_scope;                  /**< slot and of_slot are known */
	struct op_machine_scope of_slot; /**< what the slot sees */
	struct op_machine_scope scope;   /**< for op_stub_compile(); its context is this struct */
};

/** Whether a breakpoint of this kind stops; else it acts and lets the thread go on. */
static inline bool op_site_stops(enum op_breakpoint_action action)
{
	return action == OP_ACTION_STOP || action == OP_ACTION_WATCH;
}

/**
 * Plan a patch's stub. Sets patch->inside.
 * @param[in] outside bit i: breakpoint i of the patch cannot be served by a stub.
 */
struct op_error *op_site_plan(struct op_session *session, const struct op_image *image,
			      struct op_patch *patch, uint32_t outside, struct op_site *ret);
void op_site_deinit(struct op_site *site);
/** Say, once for each, that a breakpoint is served from outside. */
void op_site_tell_outside(struct op_session *session, const struct op_patch *patch, uint32_t index,
			  const struct op_error *why);
/** The same for all whom a stub would serve, in code that has no slots. */
void op_site_tell_raw(struct op_session *session, const struct op_patch *patch);

#endif
