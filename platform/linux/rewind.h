// SPDX-License-Identifier: GPL-3.0-or-later
// Traps over instructions of the program's, and threads that have just hit one. Shared by the files
// of this folder.
#ifndef OP_PLATFORM_LINUX_REWIND_H
#define OP_PLATFORM_LINUX_REWIND_H

#include "platform/linux/process.h"

/** Before such a trap is written; each add needs a remove. Short of memory it is not protected. */
void op_rewind_add(struct op_live *process, uint64_t address);
/** Nothing happens when there is none at this address. */
void op_rewind_remove(struct op_live *process, uint64_t address);
void op_rewind_remove_all(struct op_live *process);
/** Is there one in a process of this waiter's? */
bool op_rewind_is_needed(const struct op_waiter *waiter);
/** A thread has stopped for SIGTRAP, which the kernel still delivers if outpost dies now: have it
 * stand in front of such a trap from now on. Its pc as told is the one behind. */
void op_rewind_stopped(struct op_waiter *waiter, pid_t id);
/** The thread is about to run on from where it is told to be. */
void op_rewind_resume(struct op_tracee *tracee);
/** The SIGTRAP of a thread is the program's own and is about to be delivered. */
void op_rewind_pass(struct op_live *process, struct op_tracee *tracee);

#endif
