// SPDX-License-Identifier: GPL-3.0-or-later
// How many reports a minute guard --keep writes: a service that traps at every request must not
// wait for its reports. Knows no session and no clock.
#ifndef OP_TRACER_REPL_GUARD_LIMIT_H
#define OP_TRACER_REPL_GUARD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { OP_GUARD_LIMIT_MAX = 600, OP_GUARD_LIMIT_MS = 60000 };

struct op_guard_limit {
	unsigned per_minute;               /**< at most OP_GUARD_LIMIT_MAX; 0: any number */
	int64_t times[OP_GUARD_LIMIT_MAX]; /**< of the last reports, a ring */
	uint64_t count;                    /**< reports so far */
};

/** A report is written now. Times are in milliseconds. */
void op_guard_limit_note(struct op_guard_limit *limit, int64_t now);
/** Milliseconds until the next report may be written; 0: now. */
int64_t op_guard_limit_wait(const struct op_guard_limit *limit, int64_t now);

#endif
