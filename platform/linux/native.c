// SPDX-License-Identifier: GPL-3.0-or-later
// A thread's registers between the kernel's order and the instruction set's numbers. Knows neither
// threads nor what the registers hold.
#include "platform/linux/native.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/x86_64.h"

/** Where the kernel keeps each register of the instruction set's numbering (struct
 * user_regs_struct, <sys/user.h>). */
static const size_t register_places[OP_X86_64_REGISTER_COUNT] = {
	[OP_X86_64_RAX] = offsetof(struct user_regs_struct, rax),
	[OP_X86_64_RDX] = offsetof(struct user_regs_struct, rdx),
	[OP_X86_64_RCX] = offsetof(struct user_regs_struct, rcx),
	[OP_X86_64_RBX] = offsetof(struct user_regs_struct, rbx),
	[OP_X86_64_RSI] = offsetof(struct user_regs_struct, rsi),
	[OP_X86_64_RDI] = offsetof(struct user_regs_struct, rdi),
	[OP_X86_64_RBP] = offsetof(struct user_regs_struct, rbp),
	[OP_X86_64_RSP] = offsetof(struct user_regs_struct, rsp),
	[OP_X86_64_R8] = offsetof(struct user_regs_struct, r8),
	[OP_X86_64_R9] = offsetof(struct user_regs_struct, r9),
	[OP_X86_64_R10] = offsetof(struct user_regs_struct, r10),
	[OP_X86_64_R11] = offsetof(struct user_regs_struct, r11),
	[OP_X86_64_R12] = offsetof(struct user_regs_struct, r12),
	[OP_X86_64_R13] = offsetof(struct user_regs_struct, r13),
	[OP_X86_64_R14] = offsetof(struct user_regs_struct, r14),
	[OP_X86_64_R15] = offsetof(struct user_regs_struct, r15),
	[OP_X86_64_RIP] = offsetof(struct user_regs_struct, rip),
	[OP_X86_64_EFLAGS] = offsetof(struct user_regs_struct, eflags),
	[OP_X86_64_FS_BASE] = offsetof(struct user_regs_struct, fs_base),
	[OP_X86_64_GS_BASE] = offsetof(struct user_regs_struct, gs_base),
	[OP_X86_64_CS] = offsetof(struct user_regs_struct, cs),
	[OP_X86_64_SS] = offsetof(struct user_regs_struct, ss),
	[OP_X86_64_DS] = offsetof(struct user_regs_struct, ds),
	[OP_X86_64_ES] = offsetof(struct user_regs_struct, es),
	[OP_X86_64_FS] = offsetof(struct user_regs_struct, fs),
	[OP_X86_64_GS] = offsetof(struct user_regs_struct, gs),
	[OP_X86_64_ORIG_RAX] = offsetof(struct user_regs_struct, orig_rax),
};

void op_native_registers(const struct user_regs_struct *native, struct op_registers *ret)
{
	*ret = (struct op_registers){0};
	for (unsigned i = 0; i < OP_X86_64_REGISTER_COUNT; i++)
		memcpy(&ret->value[i], (const uint8_t *)native + register_places[i],
		       sizeof(ret->value[i]));
}

void op_native_set_registers(struct user_regs_struct *native, const struct op_registers *registers)
{
	for (unsigned i = 0; i < OP_X86_64_REGISTER_COUNT; i++)
		memcpy((uint8_t *)native + register_places[i], &registers->value[i],
		       sizeof(registers->value[i]));
}
