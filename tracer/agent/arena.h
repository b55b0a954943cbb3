// SPDX-License-Identifier: GPL-3.0-or-later
// Memory of the target's that outpost mapped for itself: code of stubs, and beside it the data that
// they work on. Found again by a later outpost through the mark at the beginning of each code page
// run.
#ifndef OP_TRACER_AGENT_ARENA_H
#define OP_TRACER_AGENT_ARENA_H

#include "tracer/session.h"

struct op_arena_set;

struct op_error *op_arena_set_create(struct op_arena_set **ret);
/** Forget all without touching the target. NULL is fine. */
void op_arena_set_destroy(struct op_arena_set *set);
void op_arena_set_clear(struct op_arena_set *set);
bool op_arena_set_is_empty(const struct op_arena_set *set);

/**
 * Room for @p size bytes of code that a call from @p near can reach, or for data within reach of
 * the code there. All threads are stopped when the target has to map more.
 * @return OP_ERROR_UNSUPPORTED when the target does not allow it.
 */
struct op_error *op_arena_code(struct op_session *session, uint64_t near, size_t size,
			       uint64_t *ret);
struct op_error *op_arena_data(struct op_session *session, uint64_t near, size_t size,
			       uint64_t *ret);
/** Take back what op_arena_code() or op_arena_data() gave: nothing in the target uses it any more.
 */
void op_arena_free_code(struct op_arena_set *set, uint64_t address, size_t size);
void op_arena_free_data(struct op_arena_set *set, uint64_t address, size_t size);
/** Make sure that so many more bytes are there: one mapping instead of many. */
struct op_error *op_arena_reserve(struct op_session *session, uint64_t near, size_t code,
				  size_t data);

/** Are there any of an outpost that was killed? */
bool op_arena_has_left(const struct op_arena_set *set);
/** Is this address in a stub? */
bool op_arena_holds_code(const struct op_arena_set *set, uint64_t address);
/** Give everything back to the target: no thread is in a stub and no slot calls one. */
struct op_error *op_arena_release(struct op_session *session);

/** What an outpost that was killed has left in the target. */
struct op_left_arena {
	uint64_t code, code_size, data, data_size;
};
struct op_left_arenas OP_ARRAY(struct op_left_arena);
/** @param[out] ret_handler the page of its handler for traps, 0: none. */
struct op_error *op_arena_find_left(struct op_session *session, struct op_left_arenas *ret,
				    struct op_host_addr *ret_handler);
/** Take one over: it is given back with the others. */
struct op_error *op_arena_adopt(struct op_session *session, const struct op_left_arena *left);

#endif
