// SPDX-License-Identifier: GPL-3.0-or-later
// The few x86-64 instructions that stubs are made of, as bytes. Knows encodings, and notes which
// registers code uses; knows nothing of what the code is for. Only the eight registers that need
// no REX extension are used. Source: Intel SDM volume 2.
#ifndef OP_TRACER_AGENT_ASM_X86_64_H
#define OP_TRACER_AGENT_ASM_X86_64_H

#include "tracer/agent/stub_private.h"

/** Encoding numbers; not those of struct op_registers. */
enum op_x86_register {
	OP_X86_RAX,
	OP_X86_RCX,
	OP_X86_RDX,
	OP_X86_RBX,
	OP_X86_RSP,
	OP_X86_RBP,
};

/** Condition codes; the lowest bit inverts one. */
enum op_x86_condition {
	OP_X86_BELOW = 2,
	OP_X86_NOT_BELOW = 3,
	OP_X86_EQUAL = 4,
	OP_X86_NOT_EQUAL = 5,
	OP_X86_NOT_ABOVE = 6,
	OP_X86_ABOVE = 7,
	OP_X86_SIGN = 8,
	OP_X86_PARITY = 10,
	OP_X86_LESS = 12,
	OP_X86_NOT_LESS = 13,
	OP_X86_NOT_GREATER = 14,
	OP_X86_GREATER = 15,
};

/** How an instruction is written: its opcode, and what the fields of ModRM mean. */
struct op_x86_form {
	uint8_t prefix; /**< 0: none */
	bool escape;    /**< 0f in front of the opcode */
	uint8_t opcode;
	bool lock;
	bool digit; /**< the reg field belongs to the opcode */
	bool reg_is_vector, rm_is_vector;
	uint8_t immediate; /**< bytes */
};
extern const struct op_x86_form op_x86_mov_load, op_x86_mov_store, op_x86_mov_immediate, op_x86_lea,
	op_x86_movzx8, op_x86_movzx16, op_x86_movsx8, op_x86_movsx16, op_x86_movsxd, op_x86_test,
	op_x86_imul, op_x86_imul_immediate, op_x86_group3, op_x86_shift, op_x86_shift_immediate,
	op_x86_inc, op_x86_lock_inc, op_x86_lock_cmpxchg, op_x86_push, op_x86_pop, op_x86_cmp_store,
	op_x86_movsd_load, op_x86_movsd_store, op_x86_movups_load, op_x86_movups_store,
	op_x86_movapd, op_x86_cvtss2sd, op_x86_cvtsd2ss, op_x86_cvtsi2sd, op_x86_cvttsd2si,
	op_x86_addsd, op_x86_mulsd, op_x86_subsd, op_x86_divsd, op_x86_ucomisd, op_x86_xorpd,
	op_x86_mov_to_vector, op_x86_mov_from_vector;

/** Digits of op_x86_group3 and of the shifts. */
enum { OP_X86_NOT = 2, OP_X86_NEG = 3, OP_X86_DIV = 6, OP_X86_IDIV = 7 };
enum { OP_X86_SHL = 4, OP_X86_SHR = 5, OP_X86_SAR = 7 };
/** Digits of the arithmetic instructions with two operands. */
enum op_x86_alu {
	OP_X86_ADD = 0,
	OP_X86_OR = 1,
	OP_X86_AND = 4,
	OP_X86_SUB = 5,
	OP_X86_XOR = 6,
	OP_X86_CMP = 7,
};

/** The operand that ModRM's rm field tells. */
struct op_x86_rm {
	enum { OP_X86_DIRECT, OP_X86_BASE, OP_X86_INDEXED, OP_X86_RELATIVE } kind;
	uint8_t base;  /**< DIRECT: the register itself */
	uint8_t index; /**< INDEXED */
	uint8_t scale; /**< log2 */
	int32_t displacement;
	uint64_t target; /**< RELATIVE: absolute; in reach of the code */
};

static inline struct op_x86_rm op_x86_register(unsigned number)
{
	return (struct op_x86_rm){.kind = OP_X86_DIRECT, .base = (uint8_t)number};
}
static inline struct op_x86_rm op_x86_at(unsigned base, int32_t displacement)
{
	return (struct op_x86_rm){
		.kind = OP_X86_BASE, .base = (uint8_t)base, .displacement = displacement};
}
/** The same memory, @p bytes further. */
static inline struct op_x86_rm op_x86_behind(struct op_x86_rm rm, int32_t bytes)
{
	rm.displacement += bytes;
	rm.target += (uint64_t)(int64_t)bytes;
	return rm;
}

/** @param[in] reg register, vector register or digit. @param[in] immediate as long as the form
 * says. */
void op_x86_emit(struct op_stub_code *code, const struct op_x86_form *form, bool wide, unsigned reg,
		 struct op_x86_rm rm, uint64_t immediate);
/** reg = reg what rm; CMP only sets the flags. */
void op_x86_alu(struct op_stub_code *code, enum op_x86_alu what, bool wide, unsigned reg,
		struct op_x86_rm rm);
/** The same with a constant, sign-extended from 32 bits, as the right side. */
void op_x86_alu_constant(struct op_stub_code *code, enum op_x86_alu what, bool wide,
			 struct op_x86_rm rm, int32_t constant);
void op_x86_mov_constant(struct op_stub_code *code, unsigned reg, uint64_t constant);
void op_x86_push_register(struct op_stub_code *code, unsigned reg);
void op_x86_pop_register(struct op_stub_code *code, unsigned reg);
/** Sign of rax to rdx. */
void op_x86_cdq(struct op_stub_code *code, bool wide);
void op_x86_jump(struct op_stub_code *code, unsigned label);
void op_x86_jump_if(struct op_stub_code *code, enum op_x86_condition condition, unsigned label);
/** To an address, within 2 GiB. */
void op_x86_jump_to(struct op_stub_code *code, uint64_t target);
void op_x86_trap(struct op_stub_code *code);

#endif
