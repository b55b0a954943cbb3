// SPDX-License-Identifier: GPL-3.0-or-later
// Requests of ptrace to threads that stand, and what a refusal means.
#ifndef OP_PLATFORM_LINUX_REQUEST_H
#define OP_PLATFORM_LINUX_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * As ptrace(): the result, errno 0 or why not. A request that is refused though the thread stands
 * where it was is made again, a few times; when it fails then, the thread is dying, or no request
 * will do.
 */
long op_ptrace_request(int request, pid_t id, uintptr_t address, uintptr_t data);

/** With numbers or pointers for address and data, as ptrace() takes them. */
#define op_ptrace(request, id, address, data)                                                      \
	op_ptrace_request(request, id, (uintptr_t)(address), (uintptr_t)(data))

/** Does a thread stand in a stop that was reported, with nothing new to report? Not, when it is
 * dying. */
bool op_ptrace_stands(pid_t id);

#endif
