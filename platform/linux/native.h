// SPDX-License-Identifier: GPL-3.0-or-later
// A thread's registers as ptrace and core files have them, and as the rest of outpost does. Shared
// by the files of this folder.
#ifndef OP_PLATFORM_LINUX_NATIVE_H
#define OP_PLATFORM_LINUX_NATIVE_H

#include <sys/user.h>

#include "arch/arch.h"

void op_native_registers(const struct user_regs_struct *native, struct op_registers *ret);
void op_native_set_registers(struct user_regs_struct *native, const struct op_registers *registers);

#endif
