// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of the breakpoints, shared by breakpoint*.c and by nobody else.
#ifndef OP_TRACER_BREAKPOINT_PRIVATE_H
#define OP_TRACER_BREAKPOINT_PRIVATE_H

#include "tracer/breakpoint_entry.h"

struct op_breakpoint_set {
	struct OP_ARRAY(struct op_breakpoint_entry *) entries;
	uint32_t next_number;
	struct OP_ARRAY(const struct op_breakpoint *) list;
	struct OP_ARRAY(uint32_t) stopping; // numbers of those that the last hit stops for
	struct OP_ARRAY(uint32_t) found;    // of op_session_breakpoints_at()
};

// breakpoint.c
void op_breakpoint_entry_destroy(struct op_breakpoint_entry *entry);
static inline void op_breakpoint_entry_destroyp(struct op_breakpoint_entry **entry)
{
	op_breakpoint_entry_destroy(*entry);
}
#define _cleanup_breakpoint_entry_ _cleanup_(op_breakpoint_entry_destroyp)
/** A watchpoint whose slots watchpoint.c looks after: it has no places in code. */
bool op_breakpoint_is_hardware(const struct op_breakpoint_entry *entry);

// breakpoint_spec.c
/** "PLACE [if EXPRESSION]" into the entry. */
struct op_error *op_breakpoint_parse(const char *spec, struct op_breakpoint_entry *entry);
/** "[MODULE!]PATTERN", or nothing, into the entry. */
struct op_error *op_breakpoint_parse_pattern(const char *spec, struct op_breakpoint_entry *entry);
/** entry->spec is "SOMETHING if EXPRESSION": the expression moves to its condition. */
struct op_error *op_breakpoint_split_condition(struct op_breakpoint_entry *entry);

// breakpoint_place.c
/** op_breakpoint_parse(); a line of the selected frame's file becomes FILE:LINE. */
struct op_error *op_breakpoint_parse_place(struct op_session *session, const char *spec,
					   struct op_breakpoint_entry *entry);

// breakpoint_resolve.c
/** Find its places anew. @return OP_ERROR_UNSUPPORTED when no module has one, and why. */
struct op_error *op_breakpoint_resolve(struct op_session *session,
				       struct op_breakpoint_entry *entry);
/** Say, once, at which place its expressions mean nothing. */
void op_breakpoint_tell_problem(struct op_session *session, struct op_breakpoint_entry *entry);
/** The refusal of what matches nothing, with names that are near. */
struct op_error *op_breakpoint_no_match(struct op_session *session,
					const struct op_breakpoint_entry *entry);

// breakpoint_hit.c
/** How many arrivals are still to be ignored is in the target while a stub counts them. */
struct op_error *op_breakpoint_write_ignore(struct op_session *session,
					    const struct op_breakpoint_entry *entry);

#endif
