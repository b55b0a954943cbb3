// SPDX-License-Identifier: GPL-3.0-or-later
// What Linux's signals are called and which of them are faults. Knows no process.
#ifndef OP_PLATFORM_LINUX_SIGNALS_H
#define OP_PLATFORM_LINUX_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/** "SIGSEGV", "SIGRTMIN+3", or "signal 77". */
void op_signal_name(int number, char *ret, size_t size);
/** True when the kernel raised the signal for the instruction at the pc (not when somebody sent
 * it). */
bool op_signal_is_fault(const siginfo_t *info);

#endif
