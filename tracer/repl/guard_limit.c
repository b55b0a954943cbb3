// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/repl/guard_limit.h"

void op_guard_limit_note(struct op_guard_limit *limit, int64_t now)
{
	if (limit->per_minute)
		limit->times[limit->count++ % limit->per_minute] = now;
}

int64_t op_guard_limit_wait(const struct op_guard_limit *limit, int64_t now)
{
	if (!limit->per_minute || limit->count < limit->per_minute)
		return 0;
	// The ring's next place holds the oldest of the last per_minute reports.
	int64_t passed = now - limit->times[limit->count % limit->per_minute];
	return passed < OP_GUARD_LIMIT_MS ? OP_GUARD_LIMIT_MS - passed : 0;
}
