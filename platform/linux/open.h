// SPDX-License-Identifier: GPL-3.0-or-later
// How a process under ptrace comes to be: what platform.h says of op_process_open() and
// op_process_launch(), in this very process. Knows no other implementation.
#ifndef OP_PLATFORM_LINUX_OPEN_H
#define OP_PLATFORM_LINUX_OPEN_H

#include "platform/platform.h"

struct op_error *op_live_open(int64_t pid, struct op_process **ret);
struct op_error *op_live_launch(const struct op_launch_options *options, struct op_process **ret);

#endif
