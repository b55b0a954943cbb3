// SPDX-License-Identifier: GPL-3.0-or-later
// A flag that a signal handler may set so that long work ends early. Long loops ask it.
#ifndef OP_BASE_CANCEL_H
#define OP_BASE_CANCEL_H

#include <signal.h>
#include <stdbool.h>

struct op_cancel {
	volatile sig_atomic_t requested;
};

static inline bool op_cancelled(const struct op_cancel *cancel)
{
	return cancel && cancel->requested;
}

#endif
