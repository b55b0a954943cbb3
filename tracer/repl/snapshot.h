// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of stacks with their values, taken while the target is stopped and shown when it runs
// again.
#ifndef OP_TRACER_REPL_SNAPSHOT_H
#define OP_TRACER_REPL_SNAPSHOT_H

#include "tracer/outpost.h"

struct op_arena_block;

/** Variables of a frame. */
struct op_saved_variables {
	struct op_variable *data;
	size_t count;
	const char *reason, *message; /**< why there are none; NULL otherwise */
};
struct op_saved_frame {
	struct op_frame frame;
	struct op_saved_variables locals, operands;
	/** of HOST, when asked for: its stretch; the stack's last frame may be the host outside the
	 * guest */
	const struct op_host_return *host_places;
	size_t host_count;
	const char *host_incomplete;
};
struct op_saved_stack {
	struct op_stack stack; /**< without frames */
	struct op_saved_frame *frames;
	size_t count;
	bool in_guest;
	char *failure; /**< why this stack could not be walked; NULL otherwise */
};
/** Everything is owned by the snapshot. */
struct op_snapshot {
	struct op_saved_stack *stacks; /**< the threads', then the suspended guests' */
	size_t count;
	size_t capacity;
	size_t thread_count; /**< of the stacks */
	struct op_arena_block *blocks;
	const char **interned; /**< pairs: the session's pointer, the copy */
	size_t interned_capacity, interned_count;
};
void op_snapshot_deinit(struct op_snapshot *snapshot);

struct op_snapshot_options {
	bool values;      /**< locals and operands too */
	bool all_threads; /**< also those without guest frames */
	bool host;        /**< the host's frames too */
};
/** Copy all stacks. The session must be stopped. */
struct op_error *op_snapshot_take(struct op_session *session,
				  const struct op_snapshot_options *options,
				  struct op_snapshot *ret);

#endif
