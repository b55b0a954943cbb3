// SPDX-License-Identifier: GPL-3.0-or-later
// What differs between instruction sets, as one table per ISA. Pure: knows no operating system and
// no Wasmtime process, only machine code and the conventions that Wasmtime's code generator keeps
// on that machine.
#ifndef OP_ARCH_ARCH_H
#define OP_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/text.h"

enum {
	OP_REGISTERS_MAX = 40,
	OP_VECTOR_REGISTERS_MAX = 32,
	OP_SLOT_MAX = 8,
	OP_ARG_REGISTERS_MAX = 8
};

/** A thread's general registers, indexed by the arch's own numbers (its reg_names). The DWARF
 * numbers come first. */
struct op_registers {
	uint64_t value[OP_REGISTERS_MAX];
};

/** What the instruction at a pc means for the frame-pointer chain. */
enum op_frame_state {
	OP_FRAME_ESTABLISHED, /**< [fp] is the caller's fp, [fp + return_offset] the return address
			       */
	OP_FRAME_NOT_PUSHED, /**< first instruction, or `ret`: fp is the caller's, return address at
				[sp] (or in the link register) */
	OP_FRAME_PUSHED_NO_FP, /**< after the push, before fp is set: caller's fp at [sp], return
				  address at [sp + 8] */
};

/** What an emulated instruction does with memory: it stores value, or loads a register. */
struct op_emulated_access {
	struct op_host_addr addr;
	unsigned size;  /**< 0: nothing */
	uint64_t value; /**< stored; little-endian in memory */
	bool is_load;
	unsigned load_register;
};

/** Offset that a piece of code does not have. */
#define OP_CODE_NOWHERE UINT32_MAX

/** One ISA. All tables are static and constant. */
struct op_arch {
	const char *name;     /**< "x86_64" */
	uint16_t elf_machine; /**< e_machine of its artifacts */

	unsigned register_count;
	const char *const *register_names;
	unsigned pc, sp, fp;            /**< roles, as indices into op_registers */
	unsigned dwarf_register_count;  /**< the first of them, numbered as DWARF does */
	unsigned dwarf_vector_register; /**< DWARF's number of the first vector register */
	/** Registers that a function gives back as it found them, bit i for register i: what
	 * unwind information does not mention they still hold. */
	uint64_t kept_by_calls;

	/** Wasmtime's calling convention: register indices of callee vmctx, caller vmctx, and the
	 * integer arguments after them. */
	unsigned vmctx_argument, caller_vmctx_argument;
	unsigned integer_arguments[OP_ARG_REGISTERS_MAX];
	unsigned integer_argument_count;
	unsigned integer_result;        /**< the first integer result */
	unsigned vector_argument_count; /**< floating-point and vector arguments: vector registers 0
					   to this */
	unsigned stack_arguments_offset; /**< of the first argument on the stack, from sp at the
					    function's first instruction */
	unsigned host_vmctx_argument;  /**< first argument of a host function and of the breakpoint
					  slot (vmctx) */
	unsigned host_second_argument; /**< second argument of a host function */

	/** The patch slot that a guest-debug image has before every Wasm instruction. */
	unsigned slot_size;
	uint8_t slot_disabled[OP_SLOT_MAX]; /**< as in the file: a NOP */
	uint8_t slot_trap[OP_SLOT_MAX]; /**< outpost's breakpoint: runs on as a NOP once the trap is
					   past */
	uint8_t slot_harmless; /**< in the place of slot_trap's first byte: the whole slot does
				  nothing, wherever a thread stands in it */
	/** A trap for code that has no slot (and the bytes of it that have to be written). */
	unsigned trap_size;
	uint8_t trap[OP_SLOT_MAX];
	/** After a trap: reported pc - address of the trap instruction (x86: 1). */
	unsigned trap_pc_advance;

	unsigned return_offset; /**< return address at [fp + this] */
	/** Remove pointer-authentication bits. */
	uint64_t (*strip_return_address)(uint64_t value);

	/**
	 * What the frame chain looks like at @p pc, from the bytes of the function around it.
	 * @param[in] code bytes of the function from its first byte (at least up to pc + 16 where
	 * the function goes that far).
	 * @param[in] pc_offset offset of the pc from the function's start.
	 */
	enum op_frame_state (*frame_state)(const uint8_t *code, size_t size, size_t pc_offset);

	/**
	 * Do what a function's first instruction does, or the last but one of a trampoline, without
	 * executing it, so that a thread can leave a breakpoint there while others run.
	 * @param[in,out] registers moved on by the instruction, but for a register that it loads.
	 * @param[out] ret_access what it does with memory; size 0: nothing.
	 * @return false for an instruction that must be executed instead.
	 */
	bool (*emulate)(const uint8_t *code, size_t size, struct op_registers *registers,
			struct op_emulated_access *ret_access);

	/**
	 * The two ways on from a trampoline out of the guest, in its bytes.
	 * @param[out] ret_return offset of the instruction with which it goes back to the guest:
	 * results are in place, the frame is still its own, and emulate() knows it.
	 * @param[out] ret_failure offset of the call of `raise`, which does not come back.
	 * OP_CODE_NOWHERE where there is none, or it looks unfamiliar.
	 */
	void (*trampoline_exits)(const uint8_t *code, size_t size, uint32_t *ret_return,
				 uint32_t *ret_failure);

	/**
	 * What an instruction that has just been executed wrote to memory.
	 * @param[in] code that instruction, and nothing else. @param[in] after the registers behind
	 * it.
	 * @param[out] ret size 0: it left what was there.
	 * @return false for an instruction that is not known here.
	 */
	bool (*stored)(const uint8_t *code, size_t size, const struct op_registers *after,
		       struct op_emulated_access *ret);

	/** True when the instruction at @p code is a call (used to step over it natively); its
	 * length in *ret_length. */
	bool (*is_call)(const uint8_t *code, size_t size, unsigned *ret_length);
};

extern const struct op_arch op_arch_x86_64;

/** The table for an ELF machine number, NULL when outpost does not know it. */
const struct op_arch *op_arch_by_machine(uint16_t elf_machine);
/** The table for the machine that outpost itself runs on; NULL when unknown. */
const struct op_arch *op_arch_native(void);

/** A decoded native instruction. */
struct op_native_instruction {
	unsigned size;
	char text[160]; /**< "mov eax, dword ptr [rbp - 8]" */
};

/** Decodes native instructions (capstone). */
struct op_disassembler;
struct op_error *op_disassembler_create(const struct op_arch *arch, struct op_disassembler **ret);
void op_disassembler_destroy(struct op_disassembler *disassembler);
/** Decode one instruction. Bytes that are no instruction give size 1 (x86) or 4 and the text
 * "(bad)". */
struct op_error *op_disassembler_decode(struct op_disassembler *disassembler, const uint8_t *code,
					size_t size, struct op_host_addr address,
					struct op_native_instruction *ret);

#endif
