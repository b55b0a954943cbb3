// SPDX-License-Identifier: GPL-3.0-or-later
// Children of outpost that write what a guarded program was like, from a copy of it, while the
// program runs on. Knows nothing of what they write.
#ifndef OP_TRACER_REPL_GUARD_WRITERS_H
#define OP_TRACER_REPL_GUARD_WRITERS_H

#include <sys/types.h>

#include "tracer/outpost.h"

/** Each holds a copy of the program: more at a time are more than a machine should carry. */
enum { OP_GUARD_WRITERS_MAX = 4 };

struct op_guard_writer {
	pid_t child; /**< 0: it has ended */
	struct op_frozen_core *core;
};
struct op_guard_writers {
	struct op_guard_writer data[OP_GUARD_WRITERS_MAX];
	size_t count;
	bool failed; /**< one could not write all */
};

/**
 * Freeze the stopped program, and let a child go on with @p write, whose session has the copy for
 * its target.
 * @param[in] write what the child does; its result is whether all was written.
 * @param[out] ret_started false: the program makes no copy of itself, or there are too many; write
 * while it stands.
 */
struct op_error *op_guard_writers_start(struct op_guard_writers *writers,
					struct op_session *session,
					bool (*write)(void *context, struct op_frozen_core *core),
					void *context, bool *ret_started);
/** Whether one has ended, whose copy has to go: op_guard_writers_collect() at the next stop. */
bool op_guard_writers_look(struct op_guard_writers *writers);
/** The program is stopped: end the copies of those that have ended. */
struct op_error *op_guard_writers_collect(struct op_guard_writers *writers,
					  struct op_session *session);
/** The program is stopped, gone or let go: wait for all, and end their copies. */
struct op_error *op_guard_writers_finish(struct op_guard_writers *writers,
					 struct op_session *session);

#endif
