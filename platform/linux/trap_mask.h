// SPDX-License-Identifier: GPL-3.0-or-later
// Threads that have SIGTRAP blocked: must not have while there are traps in the code. Knows no
// traps.
#ifndef OP_PLATFORM_LINUX_TRAP_MASK_H
#define OP_PLATFORM_LINUX_TRAP_MASK_H

struct op_live;

/** Unblock it in all stopped threads. */
void op_trap_mask_open(struct op_live *process);
/** All threads stopped: block it again where it was. */
void op_trap_mask_restore(struct op_live *process);

#endif
