// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of the watchpoints, shared by watchpoint.c (what is watched) and watch_hit.c (what a
// hit means), and by nobody else.
#ifndef OP_TRACER_WATCH_PRIVATE_H
#define OP_TRACER_WATCH_PRIVATE_H

#include "tracer/watch_place.h"
#include "tracer/watchpoint.h"

struct watch {
	uint32_t number;
	enum op_breakpoint_kind kind;
	struct op_watch_place place;
	uint8_t bytes[16]; /**< as last seen */
	bool gone;         /**< its instance is: it never hits again */
};

/** What a hardware slot stands for: one watch, or the base of the memory that some of them are in.
 */
struct slot_use {
	struct op_watch_slot slot;
	uint32_t number; /**< 0: a base */
};

enum { SLOT_USES_MAX = 64 };

struct slot_plan {
	struct slot_use uses[SLOT_USES_MAX];
	unsigned count;
};

struct op_watch_set {
	struct OP_ARRAY(struct watch) watches;
	struct slot_plan armed; /**< by slot */
	struct op_watch_event event;
	struct op_source_value old_value, new_value; /**< of the event */
	char host_call[64];                          /**< of the event */
};

// watchpoint.c
/** Its place is gone: it never hits again. */
void op_watch_lose(struct op_session *session, struct watch *watch);
struct watch *op_watch_find(struct op_session *session, uint32_t number);
/** Where it is now; when its instance is gone it is disabled, and that is said. */
struct op_error *op_watch_follow(struct op_session *session, struct watch *watch);
/** The same for all. */
struct op_error *op_watch_follow_all(struct op_session *session);
/** Read the bytes of a place. False when they cannot be read. */
struct op_error *op_watch_read(struct op_session *session, const struct watch *watch,
			       uint8_t ret[16], bool *ret_read);
/** Set the slots as the watches are now; all threads are stopped. */
struct op_error *op_watch_set_slots(struct op_session *session);

// watch_store.c
/**
 * The bytes of the place after the store that a thread has just made.
 * @param[out] ret_known false when its instruction does not tell.
 */
struct op_error *op_watch_stored(struct op_session *session, int64_t thread,
				 const struct watch *watch, uint8_t bytes[16], bool *ret_known);

#endif
