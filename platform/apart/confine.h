// SPDX-License-Identifier: GPL-3.0-or-later
// Giving up rights for good: the user, capabilities, and system calls. Knows no target.
#ifndef OP_PLATFORM_APART_CONFINE_H
#define OP_PLATFORM_APART_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/** As whom a process goes on. */
struct op_confine_user {
	bool change; /**< false: as before; needs no rights */
	uid_t user;
	gid_t group;
};

/**
 * Become @p user without groups, capabilities and the way to any; nobody can look into this process
 * but root.
 * @return OP_ERROR_SYSTEM; what has been given up stays so.
 */
struct op_error *op_confine_rights(const struct op_confine_user *user);

/**
 * Allow the system calls that decoding and a terminal need, and no others, to this process and all
 * its children. Files can be opened for reading only; signals go to this process itself only.
 * Calls that only an intruder makes end it (execve, ptrace, process_vm_readv, ...), others fail
 * with EPERM. @return OP_ERROR_UNSUPPORTED.
 */
struct op_error *op_confine_calls(void);

#endif
