// SPDX-License-Identifier: GPL-3.0-or-later
// What launching shares with attaching. Knows nothing of stops.
#ifndef OP_PLATFORM_LINUX_LAUNCH_H
#define OP_PLATFORM_LINUX_LAUNCH_H

#include "base/error.h"

struct op_live;

/** Join the calling thread's waiter; from now on the process counts as attached. */
struct op_error *op_live_enter_waiter(struct op_live *process);

#endif
