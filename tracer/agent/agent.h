// SPDX-License-Identifier: GPL-3.0-or-later
// The agent: stubs in the target that patch slots go to, so that conditions, counters and log
// points need no stop. Knows which code may call stubs, puts threads that stand in one back to the
// guest, and takes everything away again.
#ifndef OP_TRACER_AGENT_AGENT_H
#define OP_TRACER_AGENT_AGENT_H

#include "tracer/agent/arena.h"
#include "tracer/agent/stub.h"
#include "tracer/patch.h"
#include "tracer/session.h"

struct op_agent;

struct op_error *op_agent_create(struct op_agent **ret);
void op_agent_destroy(struct op_agent *agent);
/** Forget everything without touching the target: it is gone. */
void op_agent_forget(struct op_agent *agent);

struct op_arena_set *op_agent_arenas(struct op_session *session);

/**
 * May code of this image go to stubs? Only a store's private copy: Wasmtime clones the engine's
 * copy for new stores, and a relative jump would lead elsewhere there. A copy is known to be
 * private when a thread was seen in a function of it (op_agent_note_running()).
 */
bool op_agent_may_call(const struct op_session *session, const struct op_image *image);
/** Is it a store's private copy, as far as is known? Nobody clones that. */
bool op_agent_is_private(const struct op_session *session, const struct op_image *image);
/** A thread runs the guest's code in this image. @return true when that is new. */
bool op_agent_note_running(struct op_session *session, const struct op_image *image);

/** Compiled code for a patch is out of date: what the users of stubs want has changed. */
void op_agent_changed(struct op_session *session);
/**
 * Compile the stub that a slot's users want, into patch->stub; NULL when they want none or it
 * cannot be had. The bytes of the slot are not written.
 */
struct op_error *op_agent_arm(struct op_session *session, struct op_patch *patch);
/** Before many are armed: have the memory mapped at once. */
struct op_error *op_agent_reserve(struct op_session *session, struct op_patch *const *patches,
				  size_t count);
/** 8 zeroed bytes in the target, within reach of the stubs of a patch. */
struct op_error *op_agent_cell(struct op_session *session, const struct op_patch *patch,
			       uint64_t *ret);
/** 0 is fine. */
void op_agent_free_cell(struct op_session *session, uint64_t cell);
/** The patch goes: its stub is not called any more. */
void op_agent_disarm(struct op_session *session, struct op_patch *patch);
/** The slots are written: rooms of stubs that were disarmed before may be used again. */
void op_agent_free_retired(struct op_session *session);
/** The bytes of a slot that goes to its stub. */
void op_agent_slot_bytes(const struct op_patch *patch, uint8_t ret[OP_SLOT_MAX]);

/** The stub's trap at @p address; NULL: there is none. */
struct op_patch *op_agent_find_trap(struct op_session *session, uint64_t address,
				    uint32_t *ret_tag);
/** A thread hit it: its registers become those behind the slot. */
struct op_error *op_agent_to_slot(struct op_session *session, op_thread_id thread,
				  const struct op_patch *patch);

/** All threads are stopped: those that are in a stub go on to its end, or back to the slot when
 * they are about to trap. */
struct op_error *op_agent_leave_stubs(struct op_session *session);
/**
 * Only this thread is stopped, and it is to get a signal: it leaves the stub that it is in first.
 * What the program's handler returns to must be there when it does.
 * @param[out] ret_traps it is about to trap in the stub, which has to come before the signal.
 */
struct op_error *op_agent_leave_before_signal(struct op_session *session, op_thread_id thread,
					      bool *ret_traps);
/** All threads are stopped: whether a handler of the program's may return to a stub, as the frames
 * of signals that came while nobody traced the program say. */
struct op_error *op_agent_someone_returns(struct op_session *session, bool *ret);
/** Before the run, patches inserted: threads that were taken back from a trap in a stub stand in
 * front of it again, so that what the stub did before it is not done twice. */
struct op_error *op_agent_return_threads(struct op_session *session);

/** At attach, all threads stopped: take out what an outpost that was killed has left. */
struct op_error *op_agent_recover(struct op_session *session);
/** At detach, patches withdrawn: give the memory back. */
struct op_error *op_agent_leave(struct op_session *session);

#endif
