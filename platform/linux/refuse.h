// SPDX-License-Identifier: GPL-3.0-or-later
// Why a process may not be debugged, each reason in its own words, with the way out.
#ifndef OP_PLATFORM_LINUX_REFUSE_H
#define OP_PLATFORM_LINUX_REFUSE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "platform/linux/proc.h"

/** Reasons that can be seen without an attempt. @param[out] ret what /proc says. NULL: none was
 * found. */
struct op_error *op_refuse_early(int64_t pid, struct op_proc_status *ret);
/** Reasons in the program itself: another instruction set. NULL: none. */
struct op_error *op_refuse_program(pid_t pid);
/** The kernel refused with @p problem (EPERM, EACCES, ESRCH, ...) to @p what ("read", "trace"):
 * find out why. Never NULL. */
struct op_error *op_refuse_explain(pid_t pid, const char *what, int problem);

#endif
