// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for tracees: one waiter for each thread that traces, shared by all processes which that
// thread holds. Knows wait statuses and signals of its own, nothing of what a stop means.
#ifndef OP_PLATFORM_LINUX_WAITER_H
#define OP_PLATFORM_LINUX_WAITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

struct op_live;

/** A stop of a new task that nobody has claimed yet: it can be reported before its parent's clone
 * or fork event. */
struct op_orphan {
	pid_t id;
	int status;
};

struct op_waiter {
	unsigned users; /**< processes that hold it */
	timer_t bell;
	atomic_bool waiting;       /**< a call is, or is about to be, in waitpid() */
	struct op_live *processes; /**< that this thread traces, linked by their waiter_next */
	struct op_orphan *orphans;
	size_t orphan_count, orphan_capacity;
};

/** The calling thread's waiter, made when it has none; each hold needs a release by the same
 * thread. */
struct op_error *op_waiter_hold(struct op_waiter **ret);
void op_waiter_release(struct op_waiter *waiter);

enum op_wait_result {
	OP_WAIT_EVENT,
	OP_WAIT_TIMEOUT,
	OP_WAIT_FLAGGED,   /**< the flag is set (it is left set) */
	OP_WAIT_NO_TRACEE, /**< this thread traces nothing that lives */
};

/**
 * The next event of any tracee of this thread. Children that are not traced are never touched, nor
 * another thread's tracees.
 * @param[in] timeout_ms -1: no limit; 0: only what is there already.
 * @param[in] flag ends the wait when op_waiter_ring() is called after it was set; NULL: none.
 */
enum op_wait_result op_waiter_next(struct op_waiter *waiter, int timeout_ms, const atomic_int *flag,
				   pid_t *ret_id, int *ret_status);
/**
 * The next event of one tracee, if it is there already. For many of them: a wait for any looks
 * through all of them each time (do_wait(), kernel/exit.c).
 */
bool op_waiter_next_of(struct op_waiter *waiter, pid_t thread, int *ret_status);
/** Make a wait in progress look at its flag. Async-signal-safe, from any thread. */
void op_waiter_ring(struct op_waiter *waiter);

/** Keep an unclaimed event. False when memory is short. */
bool op_waiter_keep_orphan(struct op_waiter *waiter, pid_t id, int status);
bool op_waiter_claim_orphan(struct op_waiter *waiter, pid_t id, int *ret_status);

/** Milliseconds of the monotonic clock. */
int64_t op_waiter_now_ms(void);

#endif
