// SPDX-License-Identifier: GPL-3.0-or-later
// Catchpoints: what a person asked to stop at that is no place. Their numbers, hit counts and
// conditions are those of breakpoint.c; where they have to be patched, and whether something that
// happened is what was meant, is here.
#ifndef OP_TRACER_CATCHPOINT_H
#define OP_TRACER_CATCHPOINT_H

#include "tracer/patch.h"
#include "tracer/session.h"

struct op_catchpoint;

/** @param[in] spec without its condition: "trap divide-by-zero". */
struct op_error *op_catchpoint_create(const char *spec, struct op_catchpoint **ret);
void op_catchpoint_destroy(struct op_catchpoint *catchpoint);
enum op_catch_kind op_catchpoint_kind(const struct op_catchpoint *catchpoint);

/**
 * Want patches in every copy of the code.
 * @param[in] number of the breakpoint that it is; 0: want none, only see where.
 * @param[out] ret_waits new code must be noticed the moment it is mapped.
 */
struct op_error *op_catchpoint_place(struct op_session *session, struct op_catchpoint *catchpoint,
				     uint32_t number, bool *ret_waits);
/** A thread reached @p patch, which is one of its. @param[in,out] event what is known of it when
 * *ret. */
struct op_error *op_catchpoint_reached(struct op_session *session, struct op_catchpoint *catchpoint,
				       const struct op_patch *patch, op_thread_id thread,
				       struct op_event *event, bool *ret);
/** Whether an event that needs no patch is meant: signal, trap by a signal, fork, ... */
bool op_catchpoint_wants(const struct op_catchpoint *catchpoint, enum op_catch_kind kind,
			 const struct op_event *event);

/** What catchpoints keep in the session: of the stop, and of what was there before. */
void op_catch_state_destroy(struct op_catch_state *state);
/** The process is gone, or another program: what was known of its instances is not true any more.
 */
void op_catch_state_reset(struct op_session *session);

// catch_stop.c
/**
 * Whether the fault that a thread stopped for is a trap of the guest's.
 * @param[out] name what Wasmtime calls it, when it is one and its kind is known; else left alone.
 */
struct op_error *op_trap_of_fault(struct op_session *session, const struct op_stop *stop, bool *ret,
				  char *name, size_t size);
/**
 * A stop that no patch of outpost's caused: is it one of the events that somebody waits for? Counts
 * the hit, and fills the event.
 * @param[out] ret the number of the catchpoint; 0: none.
 */
struct op_error *op_catch_stop(struct op_session *session, const struct op_stop *stop,
			       struct op_event *event, uint32_t *ret);
/** The modules that there are, remembered; then, after a refresh, whether one is new (event->module
 * is its name) and somebody waits for that. */
struct op_error *op_catch_note_modules(struct op_session *session);
struct op_error *op_catch_new_module(struct op_session *session, op_thread_id thread,
				     struct op_event *event, uint32_t *ret);

// catch_throw.c
/** Whether a handler on the thread's newest activation catches the exception that it is about to
 * throw. @param[in] image whose trampoline the thread is at. */
struct op_error *op_catch_is_caught(struct op_session *session, op_thread_id thread,
				    uint32_t exception, const struct op_image *image, bool *ret);

#endif
