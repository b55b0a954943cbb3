// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of x86-64's registers in struct op_registers, for the platforms that fill it. Knows
// no operating system.
#ifndef OP_ARCH_X86_64_H
#define OP_ARCH_X86_64_H

#include "arch/arch.h"

/** First the DWARF numbers (System V ABI, AMD64 supplement, figure 3.36), then outpost's own. */
enum op_x86_64_register {
	OP_X86_64_RAX,
	OP_X86_64_RDX,
	OP_X86_64_RCX,
	OP_X86_64_RBX,
	OP_X86_64_RSI,
	OP_X86_64_RDI,
	OP_X86_64_RBP,
	OP_X86_64_RSP,
	OP_X86_64_R8,
	OP_X86_64_R9,
	OP_X86_64_R10,
	OP_X86_64_R11,
	OP_X86_64_R12,
	OP_X86_64_R13,
	OP_X86_64_R14,
	OP_X86_64_R15,
	OP_X86_64_RIP,
	OP_X86_64_EFLAGS,
	OP_X86_64_FS_BASE,
	OP_X86_64_GS_BASE,
	OP_X86_64_CS,
	OP_X86_64_SS,
	OP_X86_64_DS,
	OP_X86_64_ES,
	OP_X86_64_FS,
	OP_X86_64_GS,
	/**
	 * The number of the system call that an interrupted thread will restart, -1: none. Saved
	 * and restored with the others it makes the restart happen. A platform that has no such
	 * thing keeps it at -1.
	 */
	OP_X86_64_ORIG_RAX,
	OP_X86_64_REGISTER_COUNT,
};

/** op_arch.stored (x86_64_store.c). */
bool op_x86_64_stored(const uint8_t *code, size_t size, const struct op_registers *after,
		      struct op_emulated_access *ret);

#endif
