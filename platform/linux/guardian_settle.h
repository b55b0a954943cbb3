// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a thread of the target may still be at a copy that it began before a certain moment.
#ifndef OP_PLATFORM_LINUX_GUARDIAN_SETTLE_H
#define OP_PLATFORM_LINUX_GUARDIAN_SETTLE_H

#include "base/array.h"
#include "platform/linux/guardian_target.h"

struct op_unsettled {
	pid_t thread;
	bool runs; /**< begun is known */
	uint64_t begun_ns;
};
/** The threads of which nothing is known yet. Free threads.data. */
struct op_settling {
	struct OP_ARRAY(struct op_unsettled) threads;
	uint64_t enough_ns;
};

/**
 * Begin now. @param[in] enough_ns on a CPU is longer than any copy takes.
 * @return false when the threads cannot be listed.
 */
bool op_settle_begin(const struct op_guardian_target *target, uint64_t enough_ns,
		     struct op_settling *ret);
/**
 * Look again. @return true when each of the threads has been seen asleep, has run for long enough,
 * or has gone: what it was copying at the beginning is done.
 */
bool op_settle_look(const struct op_guardian_target *target, struct op_settling *settling);

#endif
