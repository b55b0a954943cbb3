// SPDX-License-Identifier: GPL-3.0-or-later
// x86-64: registers, the patch slot, frames, calls. Knows no operating system.
#include "arch/x86_64.h"

#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "base/compiler.h"

static const char *const register_names[OP_X86_64_REGISTER_COUNT] = {
	[OP_X86_64_RAX] = "rax",
	[OP_X86_64_RDX] = "rdx",
	[OP_X86_64_RCX] = "rcx",
	[OP_X86_64_RBX] = "rbx",
	[OP_X86_64_RSI] = "rsi",
	[OP_X86_64_RDI] = "rdi",
	[OP_X86_64_RBP] = "rbp",
	[OP_X86_64_RSP] = "rsp",
	[OP_X86_64_R8] = "r8",
	[OP_X86_64_R9] = "r9",
	[OP_X86_64_R10] = "r10",
	[OP_X86_64_R11] = "r11",
	[OP_X86_64_R12] = "r12",
	[OP_X86_64_R13] = "r13",
	[OP_X86_64_R14] = "r14",
	[OP_X86_64_R15] = "r15",
	[OP_X86_64_RIP] = "rip",
	[OP_X86_64_EFLAGS] = "eflags",
	[OP_X86_64_FS_BASE] = "fs_base",
	[OP_X86_64_GS_BASE] = "gs_base",
	[OP_X86_64_CS] = "cs",
	[OP_X86_64_SS] = "ss",
	[OP_X86_64_DS] = "ds",
	[OP_X86_64_ES] = "es",
	[OP_X86_64_FS] = "fs",
	[OP_X86_64_GS] = "gs",
	[OP_X86_64_ORIG_RAX] = "orig_rax",
};

_Static_assert((int)OP_X86_64_REGISTER_COUNT <= (int)OP_REGISTERS_MAX,
	       "op_registers holds them all");

// Instruction bytes, Intel SDM volume 2.
enum {
	PUSH_RBP = 0x55,
	POP_RBP = 0x5d,
	RET = 0xc3,
	RET_IMM16 = 0xc2,
	PREFIX_REPZ = 0xf3,
	JMP_REL32 = 0xe9,
	CALL_REL32 = 0xe8,
	GROUP_5 = 0xff, // /2 is call r/m64, /4 jmp r/m64
	REX_MASK = 0xf0,
	REX = 0x40,
	MODRM_NEEDS_SIB = 4,
};

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
/** mov rsp, rbp; pop rbp: how Cranelift leaves a frame (cranelift/codegen/src/isa/x64/abi.rs,
 * gen_epilogue_frame_restore). */
static const uint8_t frame_restore[] = {0x48, 0x89, 0xec, POP_RBP};

static uint64_t strip_nothing(uint64_t value)
{
	return value;
}

static bool starts_with(const uint8_t *code, size_t size, const uint8_t *bytes, size_t count)
{
	return size >= count && memcmp(code, bytes, count) == 0;
}

static bool is_return(const uint8_t *code, size_t size)
{
	if (size >= 2 && code[0] == PREFIX_REPZ)
		return code[1] == RET;
	return size >= 1 && (code[0] == RET || code[0] == RET_IMM16);
}

/** A jump that leaves the function: the frame was taken down just before it (a tail call). */
static bool is_tail_jump(const uint8_t *code, size_t size, size_t pc_offset)
{
	if (pc_offset < sizeof(frame_restore) || memcmp(code + pc_offset - sizeof(frame_restore),
							frame_restore, sizeof(frame_restore)) != 0)
		return false;
	const uint8_t *pc = code + pc_offset;
	size_t left = size - pc_offset;
	if (left && (*pc & REX_MASK) == REX) {
		pc++;
		left--;
	}
	return left >= 2 && (pc[0] == JMP_REL32 || (pc[0] == GROUP_5 && (pc[1] >> 3 & 7) == 4));
}

static enum op_frame_state frame_state(const uint8_t *code, size_t size, size_t pc_offset)
{
	size_t start = starts_with(code, size, endbr64, sizeof(endbr64)) ? sizeof(endbr64) : 0;

	if (pc_offset <= start)
		return OP_FRAME_NOT_PUSHED;
	if (pc_offset == start + 1 && start < size && code[start] == PUSH_RBP)
		return OP_FRAME_PUSHED_NO_FP;
	if (pc_offset >= size)
		return OP_FRAME_ESTABLISHED;
	if (is_return(code + pc_offset, size - pc_offset) || is_tail_jump(code, size, pc_offset))
		return OP_FRAME_NOT_PUSHED;
	return OP_FRAME_ESTABLISHED;
}

/** Length of ModRM, SIB and displacement (Intel SDM volume 2, tables 2-2 and 2-3); 0: not all
 * there. */
static unsigned modrm_length(const uint8_t *code, size_t size)
{
	static const uint8_t displacement[] = {0, 1, 4, 0};

	if (size < 1)
		return 0;
	unsigned mode = code[0] >> 6, base = code[0] & 7, length = 1 + displacement[mode];
	if (mode == 3)
		return 1;
	if (base == MODRM_NEEDS_SIB) {
		if (size < 2)
			return 0;
		length++;
		base = code[1] & 7;
	}
	// No base register but a 32-bit displacement: rip-relative, or SIB without base.
	if (mode == 0 && base == 5)
		length += 4;
	return length <= size ? length : 0;
}

static bool is_call(const uint8_t *code, size_t size, unsigned *ret_length)
{
	unsigned prefix = size && (code[0] & REX_MASK) == REX;

	if (size < prefix + 2u)
		return false;
	const uint8_t *opcode = code + prefix;
	size_t left = size - prefix - 1;
	if (opcode[0] == CALL_REL32 && left >= 4) {
		*ret_length = prefix + 5;
		return true;
	}
	if (opcode[0] != GROUP_5 || (opcode[1] >> 3 & 7) != 2)
		return false;
	unsigned operand = modrm_length(opcode + 1, left);
	*ret_length = prefix + 1 + operand;
	return operand != 0;
}

static bool emulate(const uint8_t *code, size_t size, struct op_registers *registers,
		    struct op_emulated_access *ret_access)
{
	if (size < 1 || (code[0] != PUSH_RBP && code[0] != POP_RBP))
		return false;
	uint64_t *value = registers->value;
	value[OP_X86_64_RIP] += 1;
	*ret_access = (struct op_emulated_access){.size = 8};
	if (code[0] == PUSH_RBP) {
		value[OP_X86_64_RSP] -= 8;
		ret_access->addr = op_host_addr(value[OP_X86_64_RSP]);
		ret_access->value = value[OP_X86_64_RBP];
	} else {
		ret_access->addr = op_host_addr(value[OP_X86_64_RSP]);
		ret_access->is_load = true;
		ret_access->load_register = OP_X86_64_RBP;
		value[OP_X86_64_RSP] += 8;
	}
	return true;
}

// Wasmtime's trampolines (crates/cranelift/src/compiler.rs, raise_if_host_trapped) return once, by
// "mov rsp, rbp; pop rbp; ret", and end with the block for the failure: a call through a register,
// then ud2.
static void trampoline_exits(const uint8_t *code, size_t size, uint32_t *ret_return,
			     uint32_t *ret_failure)
{
	static const uint8_t ud2[] = {0x0f, 0x0b};
	*ret_return = *ret_failure = OP_CODE_NOWHERE;
	size_t found = 0;
	for (size_t i = 0; i + sizeof(frame_restore) < size; i++) {
		uint8_t last = code[i + sizeof(frame_restore)];
		if (memcmp(code + i, frame_restore, sizeof(frame_restore)) != 0 ||
		    (last != RET && last != RET_IMM16))
			continue;
		*ret_return = (uint32_t)(i + sizeof(frame_restore) - 1);
		found++;
	}
	if (found > 1)
		*ret_return = OP_CODE_NOWHERE;
	if (size < 5 || memcmp(code + size - 2, ud2, sizeof(ud2)) != 0)
		return;
	// ff d0: call rax; 41 ff d0: call r8.
	const uint8_t *call = code + size - 4;
	if (call[0] == GROUP_5 && (call[1] & 0xf8) == 0xd0)
		*ret_failure = (uint32_t)(size - (call[-1] == 0x41 ? 5 : 4));
}

const struct op_arch op_arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.register_count = OP_X86_64_REGISTER_COUNT,
	.dwarf_register_count = OP_X86_64_RIP + 1,
	.dwarf_vector_register = 17, // xmm0
	.kept_by_calls = UINT64_C(1) << OP_X86_64_RBX | UINT64_C(1) << OP_X86_64_RBP |
			 UINT64_C(1) << OP_X86_64_R12 | UINT64_C(1) << OP_X86_64_R13 |
			 UINT64_C(1) << OP_X86_64_R14 | UINT64_C(1) << OP_X86_64_R15,
	.register_names = register_names,
	.pc = OP_X86_64_RIP,
	.sp = OP_X86_64_RSP,
	.fp = OP_X86_64_RBP,
	// Wasmtime's functions take vmctx, the caller's vmctx, then the Wasm arguments, in the
	// System V order.
	.vmctx_argument = OP_X86_64_RDI,
	.caller_vmctx_argument = OP_X86_64_RSI,
	.integer_arguments = {OP_X86_64_RDX, OP_X86_64_RCX, OP_X86_64_R8, OP_X86_64_R9},
	.integer_argument_count = 4,
	.integer_result = OP_X86_64_RAX,
	.vector_argument_count = 8,
	.stack_arguments_offset = 8, // behind the return address
	.host_vmctx_argument = OP_X86_64_RDI,
	.host_second_argument = OP_X86_64_RSI,
	.slot_size = 5,
	.slot_disabled = {0x0f, 0x1f, 0x44, 0x00, 0x00},
	// int3, then a nop of four bytes: a thread that resumes behind the trap runs on through it.
	.slot_trap = {0xcc, 0x0f, 0x1f, 0x40, 0x00},
	.slot_harmless = 0x90, // nop
	.trap_size = 1,
	.trap = {0xcc},
	.trap_pc_advance = 1,
	.return_offset = 8,
	.strip_return_address = strip_nothing,
	.frame_state = frame_state,
	.emulate = emulate,
	.trampoline_exits = trampoline_exits,
	.stored = op_x86_64_stored,
	.is_call = is_call,
};
