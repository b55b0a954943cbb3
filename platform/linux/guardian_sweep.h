// SPDX-License-Identifier: GPL-3.0-or-later
// Copies that the program has made of its own code with outpost's traps in it.
#ifndef OP_PLATFORM_LINUX_GUARDIAN_SWEEP_H
#define OP_PLATFORM_LINUX_GUARDIAN_SWEEP_H

#include "platform/linux/guardian_journal.h"

/**
 * Make the traps in copies harmless, also in copies that are in the making: some milliseconds as a
 * rule, at most OP_SWEEP_LIMIT_MS. The journal's own traps are harmless already.
 */
void op_guardian_sweep(const struct op_guardian_target *target, const struct op_journal *journal);
enum { OP_SWEEP_LIMIT_MS = 10000 };

#endif
