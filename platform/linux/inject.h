// SPDX-License-Identifier: GPL-3.0-or-later
// System calls made by a stopped thread of the target on outpost's behalf. Knows nothing of what
// they are for.
#ifndef OP_PLATFORM_LINUX_INJECT_H
#define OP_PLATFORM_LINUX_INJECT_H

#include "platform/platform.h"

/**
 * Let some stopped thread make one system call, and put it back as it was: a call that it was
 * interrupted in is restarted, its signals wait.
 * @param[in] number of the call. @param[in] arguments six of them.
 * @param[out] ret what the kernel returned, -errno included.
 * @return OP_ERROR_UNSUPPORTED when no thread could be used.
 */
struct op_error *op_inject_call(struct op_process *process, long number,
				const uint64_t arguments[6], int64_t *ret);

#endif
