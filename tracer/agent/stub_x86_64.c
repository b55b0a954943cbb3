// SPDX-License-Identifier: GPL-3.0-or-later
// The x86-64 back end: LEFT is rax, RIGHT rcx, rdx helps; reals are in xmm0 and xmm1. Legacy SSE
// instructions only: they leave the upper halves of the ymm and zmm registers alone. Knows no tree
// and no step; those of its operations that are whole steps are in stub_x86_64_steps.c.
#include "tracer/agent/stub_x86_64.h"

#include <stdlib.h>

enum {
	LEFT = OP_X86_RAX,
	RIGHT = OP_X86_RCX,
	HELP = OP_X86_RDX,
	WORD = 8,
	VECTOR = 16,
};

// Places --------------------------------------------------------------------------------------

bool op_x86_reaches(const struct op_stub_code *code, uint64_t target)
{
	// Wherever in the code the instruction stands, and a little behind the target too.
	int64_t far = INT32_MAX - OP_STUB_CODE_MAX - 256;
	int64_t distance = (int64_t)(target - code->address);
	return distance >= -far && distance <= far;
}

struct op_x86_rm op_x86_absolute(struct op_stub_code *code, uint64_t address, unsigned scratch)
{
	if (op_x86_reaches(code, address))
		return (struct op_x86_rm){.kind = OP_X86_RELATIVE, .target = address};
	op_x86_mov_constant(code, scratch, address);
	return op_x86_at(scratch, 0);
}

// The memory at a place, on the way to which @p scratch is used.
static struct op_x86_rm resolve(struct op_stub_code *code, const struct op_machine_place *place,
				unsigned scratch)
{
	int64_t offset = place->offsets[0];
	struct op_x86_rm rm =
		place->base == OP_BASE_FRAME
			? op_x86_at(OP_X86_RBP, (int32_t)offset)
			: op_x86_absolute(code, place->address + (uint64_t)offset, scratch);
	for (unsigned i = 1; i < place->offset_count; i++) {
		op_x86_emit(code, &op_x86_mov_load, true, scratch, rm, 0);
		rm = op_x86_at(scratch, (int32_t)place->offsets[i]);
	}
	return rm;
}

struct op_x86_rm op_x86_temp(struct op_stub_code *code, unsigned temp)
{
	if (code->used.temps <= temp)
		code->used.temps = temp + 1;
	return op_x86_at(OP_X86_RSP, (int32_t)temp * WORD);
}

// Integers ------------------------------------------------------------------------------------

static bool fits(uint64_t constant, bool wide)
{
	return !wide || (int64_t)constant == (int32_t)constant;
}

void op_x86_load(struct op_stub_code *code, unsigned reg, const struct op_stub_operand *from)
{
	switch (from->kind) {
	case OP_STUB_REGISTER:
		break;
	case OP_STUB_CONSTANT:
		op_x86_mov_constant(code, reg, from->constant);
		break;
	case OP_STUB_PLACE:
		op_x86_emit(code, &op_x86_mov_load, from->width == 8, reg,
			    resolve(code, &from->place, reg), 0);
		break;
	case OP_STUB_TEMP:
		op_x86_emit(code, &op_x86_mov_load, true, reg, op_x86_temp(code, from->temp), 0);
		break;
	}
}

// A right operand that is no constant of an instruction.
static struct op_x86_rm right_rm(struct op_stub_code *code, const struct op_stub_operand *right)
{
	if (right->kind == OP_STUB_TEMP)
		return op_x86_temp(code, right->temp);
	if (right->kind == OP_STUB_PLACE)
		return resolve(code, &right->place, RIGHT);
	op_x86_load(code, RIGHT, right);
	return op_x86_register(RIGHT);
}

static void load(struct op_stub_code *code, const struct op_stub_operand *from)
{
	op_x86_load(code, LEFT, from);
}

static void store_temp(struct op_stub_code *code, unsigned temp)
{
	op_x86_emit(code, &op_x86_mov_store, true, LEFT, op_x86_temp(code, temp), 0);
}

static void to_right(struct op_stub_code *code)
{
	op_x86_emit(code, &op_x86_mov_load, true, RIGHT, op_x86_register(LEFT), 0);
}

static void extend(struct op_stub_code *code)
{
	op_x86_emit(code, &op_x86_movsxd, true, LEFT, op_x86_register(LEFT), 0);
}

// An i32 from 1, 2 or 4 bytes.
static const struct op_x86_form *small_load(unsigned width, bool is_unsigned)
{
	if (width == 1)
		return is_unsigned ? &op_x86_movzx8 : &op_x86_movsx8;
	if (width == 2)
		return is_unsigned ? &op_x86_movzx16 : &op_x86_movsx16;
	return &op_x86_mov_load;
}

static void narrow(struct op_stub_code *code, unsigned width, bool is_unsigned)
{
	op_x86_emit(code, small_load(width, is_unsigned), false, LEFT, op_x86_register(LEFT), 0);
}

static void negate(struct op_stub_code *code, bool wide)
{
	op_x86_emit(code, &op_x86_group3, wide, OP_X86_NEG, op_x86_register(LEFT), 0);
}

static void invert(struct op_stub_code *code, bool wide)
{
	op_x86_emit(code, &op_x86_group3, wide, OP_X86_NOT, op_x86_register(LEFT), 0);
}

static void multiply(struct op_stub_code *code, bool wide, const struct op_stub_operand *right)
{
	if (right->kind == OP_STUB_CONSTANT && fits(right->constant, wide))
		op_x86_emit(code, &op_x86_imul_immediate, wide, LEFT, op_x86_register(LEFT),
			    right->constant);
	else
		op_x86_emit(code, &op_x86_imul, wide, LEFT, right_rm(code, right), 0);
}

// div and idiv fault at a zero, and idiv where the quotient does not fit: neither gets there.
static void divide(struct op_stub_code *code, bool modulo, bool wide, bool is_unsigned,
		   const struct op_stub_operand *right, unsigned error)
{
	struct op_x86_rm left_rm = op_x86_register(LEFT), divisor = op_x86_register(RIGHT),
			 help = op_x86_register(HELP);
	unsigned usual = op_stub_label_create(code), end = op_stub_label_create(code);
	op_x86_load(code, RIGHT, right);
	op_x86_emit(code, &op_x86_test, wide, RIGHT, divisor, 0);
	op_x86_jump_if(code, OP_X86_EQUAL, error);
	if (is_unsigned) {
		op_x86_alu(code, OP_X86_XOR, false, HELP, help);
		op_x86_emit(code, &op_x86_group3, wide, OP_X86_DIV, divisor, 0);
	} else {
		op_x86_alu_constant(code, OP_X86_CMP, wide, divisor, -1);
		op_x86_jump_if(code, OP_X86_NOT_EQUAL, usual);
		if (modulo)
			op_x86_alu(code, OP_X86_XOR, false, LEFT, left_rm);
		else
			negate(code, wide);
		op_x86_jump(code, end);
		op_stub_label_place(code, usual);
		op_x86_cdq(code, wide);
		op_x86_emit(code, &op_x86_group3, wide, OP_X86_IDIV, divisor, 0);
	}
	if (modulo)
		op_x86_emit(code, &op_x86_mov_load, wide, LEFT, help, 0);
	op_stub_label_place(code, end);
}

static void shift(struct op_stub_code *code, unsigned digit, bool wide,
		  const struct op_stub_operand *right)
{
	struct op_x86_rm left_rm = op_x86_register(LEFT);
	// The machine takes the count modulo the width, as the operators do.
	if (right->kind == OP_STUB_CONSTANT) {
		op_x86_emit(code, &op_x86_shift_immediate, wide, digit, left_rm,
			    right->constant & (wide ? 63 : 31));
	} else {
		op_x86_load(code, RIGHT, right);
		op_x86_emit(code, &op_x86_shift, wide, digit, left_rm, 0);
	}
}

static void alu(struct op_stub_code *code, enum op_x86_alu what, bool wide,
		const struct op_stub_operand *right)
{
	if (right->kind == OP_STUB_CONSTANT && fits(right->constant, wide))
		op_x86_alu_constant(code, what, wide, op_x86_register(LEFT),
				    (int32_t)right->constant);
	else
		op_x86_alu(code, what, wide, LEFT, right_rm(code, right));
}

static void arithmetic(struct op_stub_code *code, enum op_operator what, bool wide,
		       bool is_unsigned, const struct op_stub_operand *right, unsigned error)
{
	static const enum op_x86_alu simple[] = {
		[OP_OPERATOR_OR] = OP_X86_OR,   [OP_OPERATOR_XOR] = OP_X86_XOR,
		[OP_OPERATOR_AND] = OP_X86_AND, [OP_OPERATOR_ADD] = OP_X86_ADD,
		[OP_OPERATOR_SUB] = OP_X86_SUB,
	};
	if (what == OP_OPERATOR_MUL)
		multiply(code, wide, right);
	else if (what == OP_OPERATOR_DIV || what == OP_OPERATOR_MOD)
		divide(code, what == OP_OPERATOR_MOD, wide, is_unsigned, right, error);
	else if (what == OP_OPERATOR_SHL)
		shift(code, OP_X86_SHL, wide, right);
	else if (what == OP_OPERATOR_SHR)
		shift(code, is_unsigned ? OP_X86_SHR : OP_X86_SAR, wide, right);
	else
		alu(code, simple[what], wide, right);
}

static void compare(struct op_stub_code *code, enum op_operator what, bool wide, bool is_unsigned,
		    const struct op_stub_operand *left, const struct op_stub_operand *right,
		    bool when, unsigned label)
{
	static const enum op_x86_condition conditions[][2] = {
		[OP_OPERATOR_EQ] = {OP_X86_EQUAL, OP_X86_EQUAL},
		[OP_OPERATOR_NE] = {OP_X86_NOT_EQUAL, OP_X86_NOT_EQUAL},
		[OP_OPERATOR_LE] = {OP_X86_NOT_GREATER, OP_X86_NOT_ABOVE},
		[OP_OPERATOR_GE] = {OP_X86_NOT_LESS, OP_X86_NOT_BELOW},
		[OP_OPERATOR_LT] = {OP_X86_LESS, OP_X86_BELOW},
		[OP_OPERATOR_GT] = {OP_X86_GREATER, OP_X86_ABOVE},
	};
	bool immediate = right->kind == OP_STUB_CONSTANT && fits(right->constant, wide);
	if (immediate && left->kind == OP_STUB_PLACE) {
		op_x86_alu_constant(code, OP_X86_CMP, wide, resolve(code, &left->place, LEFT),
				    (int32_t)right->constant);
	} else {
		op_x86_load(code, LEFT, left);
		alu(code, OP_X86_CMP, wide, right);
	}
	op_x86_jump_if(code, conditions[what][is_unsigned] ^ !when, label);
}

// {base, length}: length is read first and compared without a sum that could overflow.
static void memory(struct op_stub_code *code, const struct op_machine_place *definition,
		   const struct op_stub_operand *address, unsigned width, bool is_unsigned,
		   unsigned error)
{
	struct op_x86_rm base = resolve(code, definition, RIGHT),
			 length = op_x86_behind(base, WORD);
	bool near = address->kind == OP_STUB_CONSTANT && address->constant <= INT32_MAX - WORD;
	struct op_x86_rm place;
	if (near) {
		op_x86_alu_constant(code, OP_X86_CMP, true, length,
				    (int32_t)(address->constant + width));
		op_x86_jump_if(code, OP_X86_BELOW, error);
		place = op_x86_at(RIGHT, (int32_t)address->constant);
	} else {
		op_x86_load(code, LEFT, address);
		op_x86_emit(code, &op_x86_mov_load, true, HELP, length, 0);
		op_x86_alu_constant(code, OP_X86_SUB, true, op_x86_register(HELP), (int32_t)width);
		op_x86_jump_if(code, OP_X86_BELOW, error);
		op_x86_alu(code, OP_X86_CMP, true, LEFT, op_x86_register(HELP));
		op_x86_jump_if(code, OP_X86_ABOVE, error);
		place = (struct op_x86_rm){.kind = OP_X86_INDEXED, .base = RIGHT, .index = LEFT};
	}
	op_x86_emit(code, &op_x86_mov_load, true, RIGHT, base, 0);
	op_x86_emit(code, small_load(width, is_unsigned), width == 8, LEFT, place, 0);
}

// Reals ---------------------------------------------------------------------------------------

enum { XMM_LEFT, XMM_RIGHT };

static const uint64_t sign_bit = UINT64_C(1) << 63;
// As bits of a double.
static const uint64_t two_63 = UINT64_C(0x43e0) << 48, two_64 = UINT64_C(0x43f0) << 48;

static void load_vector(struct op_stub_code *code, unsigned vector, unsigned scratch, uint64_t bits)
{
	op_x86_mov_constant(code, scratch, bits);
	op_x86_emit(code, &op_x86_mov_to_vector, true, vector, op_x86_register(scratch), 0);
}

static struct op_x86_rm real_right(struct op_stub_code *code, const struct op_stub_operand *right)
{
	if (right->kind == OP_STUB_TEMP)
		return op_x86_temp(code, right->temp);
	if (right->kind == OP_STUB_CONSTANT)
		load_vector(code, XMM_RIGHT, RIGHT, right->constant);
	return op_x86_register(XMM_RIGHT);
}

static void real_load(struct op_stub_code *code, const struct op_stub_operand *from)
{
	if (from->kind == OP_STUB_CONSTANT) {
		load_vector(code, XMM_LEFT, LEFT, from->constant);
		return;
	}
	bool narrow_place = from->kind == OP_STUB_PLACE && from->width == 4;
	struct op_x86_rm rm = from->kind == OP_STUB_TEMP ? op_x86_temp(code, from->temp)
							 : resolve(code, &from->place, LEFT);
	op_x86_emit(code, narrow_place ? &op_x86_cvtss2sd : &op_x86_movsd_load, false, XMM_LEFT, rm,
		    0);
}

static void real_store_temp(struct op_stub_code *code, unsigned temp)
{
	op_x86_emit(code, &op_x86_movsd_store, false, XMM_LEFT, op_x86_temp(code, temp), 0);
}

static void real_to_right(struct op_stub_code *code)
{
	op_x86_emit(code, &op_x86_movapd, false, XMM_RIGHT, op_x86_register(XMM_LEFT), 0);
}

static void real_from_bits(struct op_stub_code *code, bool wide)
{
	op_x86_emit(code, &op_x86_mov_to_vector, wide, XMM_LEFT, op_x86_register(LEFT), 0);
	if (!wide)
		op_x86_emit(code, &op_x86_cvtss2sd, false, XMM_LEFT, op_x86_register(XMM_LEFT), 0);
}

static void real_to_bits(struct op_stub_code *code, bool wide)
{
	if (!wide)
		op_x86_emit(code, &op_x86_cvtsd2ss, false, XMM_LEFT, op_x86_register(XMM_LEFT), 0);
	op_x86_emit(code, &op_x86_mov_from_vector, wide, XMM_LEFT, op_x86_register(LEFT), 0);
}

// A u64 with its highest bit is halved, its lowest bit kept for the rounding, and doubled again.
static void real_from_integer(struct op_stub_code *code, bool is_unsigned)
{
	struct op_x86_rm left_rm = op_x86_register(LEFT), right_rm_ = op_x86_register(RIGHT),
			 xmm = op_x86_register(XMM_LEFT);
	if (!is_unsigned) {
		op_x86_emit(code, &op_x86_cvtsi2sd, true, XMM_LEFT, left_rm, 0);
		return;
	}
	unsigned large = op_stub_label_create(code), end = op_stub_label_create(code);
	op_x86_emit(code, &op_x86_test, true, LEFT, left_rm, 0);
	op_x86_jump_if(code, OP_X86_SIGN, large);
	op_x86_emit(code, &op_x86_cvtsi2sd, true, XMM_LEFT, left_rm, 0);
	op_x86_jump(code, end);
	op_stub_label_place(code, large);
	to_right(code);
	op_x86_emit(code, &op_x86_shift_immediate, true, OP_X86_SHR, right_rm_, 1);
	op_x86_alu_constant(code, OP_X86_AND, false, left_rm, 1);
	op_x86_alu(code, OP_X86_OR, true, RIGHT, left_rm);
	op_x86_emit(code, &op_x86_cvtsi2sd, true, XMM_LEFT, right_rm_, 0);
	op_x86_emit(code, &op_x86_addsd, false, XMM_LEFT, xmm, 0);
	op_stub_label_place(code, end);
}

static void compare_with(struct op_stub_code *code, uint64_t bits)
{
	load_vector(code, XMM_RIGHT, RIGHT, bits);
	op_x86_emit(code, &op_x86_ucomisd, false, XMM_LEFT, op_x86_register(XMM_RIGHT), 0);
}

// ucomisd says "below" and "equal" of a NaN.
static void real_to_integer(struct op_stub_code *code, unsigned error)
{
	struct op_x86_rm xmm = op_x86_register(XMM_LEFT);
	unsigned large = op_stub_label_create(code), end = op_stub_label_create(code);
	compare_with(code, two_63 | sign_bit);
	op_x86_jump_if(code, OP_X86_NOT_ABOVE, error);
	compare_with(code, two_63);
	op_x86_jump_if(code, OP_X86_NOT_BELOW, large);
	op_x86_emit(code, &op_x86_cvttsd2si, true, LEFT, xmm, 0);
	op_x86_jump(code, end);
	op_stub_label_place(code, large);
	compare_with(code, two_64);
	op_x86_jump_if(code, OP_X86_NOT_BELOW, error);
	load_vector(code, XMM_RIGHT, RIGHT, two_63);
	op_x86_emit(code, &op_x86_subsd, false, XMM_LEFT, op_x86_register(XMM_RIGHT), 0);
	op_x86_emit(code, &op_x86_cvttsd2si, true, LEFT, xmm, 0);
	op_x86_mov_constant(code, RIGHT, sign_bit);
	op_x86_alu(code, OP_X86_XOR, true, LEFT, op_x86_register(RIGHT));
	op_stub_label_place(code, end);
}

static void real_round(struct op_stub_code *code)
{
	op_x86_emit(code, &op_x86_cvtsd2ss, false, XMM_LEFT, op_x86_register(XMM_LEFT), 0);
	op_x86_emit(code, &op_x86_cvtss2sd, false, XMM_LEFT, op_x86_register(XMM_LEFT), 0);
}

static void real_negate(struct op_stub_code *code)
{
	load_vector(code, XMM_RIGHT, RIGHT, sign_bit);
	op_x86_emit(code, &op_x86_xorpd, false, XMM_LEFT, op_x86_register(XMM_RIGHT), 0);
}

static void real_arithmetic(struct op_stub_code *code, enum op_operator what,
			    const struct op_stub_operand *right)
{
	static const struct op_x86_form *const forms[] = {
		[OP_OPERATOR_ADD] = &op_x86_addsd,
		[OP_OPERATOR_SUB] = &op_x86_subsd,
		[OP_OPERATOR_MUL] = &op_x86_mulsd,
		[OP_OPERATOR_DIV] = &op_x86_divsd,
	};
	op_x86_emit(code, forms[what], false, XMM_LEFT, real_right(code, right), 0);
}

// ucomisd sets the flags as for unsigned integers; of a NaN it says "below", "equal" and "parity".
// So "less" is asked as "the right one is above".
static void real_compare(struct op_stub_code *code, enum op_operator what,
			 const struct op_stub_operand *right, bool when, unsigned label)
{
	bool equality = what == OP_OPERATOR_EQ || what == OP_OPERATOR_NE,
	     swap = what == OP_OPERATOR_LT || what == OP_OPERATOR_LE,
	     or_equal = what == OP_OPERATOR_LE || what == OP_OPERATOR_GE;
	struct op_x86_rm rm = real_right(code, right);
	if (swap) {
		if (right->kind == OP_STUB_TEMP)
			op_x86_emit(code, &op_x86_movsd_load, false, XMM_RIGHT, rm, 0);
		op_x86_emit(code, &op_x86_ucomisd, false, XMM_RIGHT, op_x86_register(XMM_LEFT), 0);
	} else {
		op_x86_emit(code, &op_x86_ucomisd, false, XMM_LEFT, rm, 0);
	}
	if (!equality) {
		enum op_x86_condition condition = or_equal ? OP_X86_NOT_BELOW : OP_X86_ABOVE;
		op_x86_jump_if(code, condition ^ !when, label);
		return;
	}
	unsigned end = op_stub_label_create(code);
	bool when_equal = when == (what == OP_OPERATOR_EQ);
	op_x86_jump_if(code, OP_X86_PARITY, when_equal ? end : label);
	op_x86_jump_if(code, OP_X86_EQUAL ^ !when_equal, label);
	op_stub_label_place(code, end);
}

// Blocks --------------------------------------------------------------------------------------

enum { REGISTERS = 8 };

static int32_t room(const struct op_stub_code *code)
{
	return (int32_t)code->saved.temps * WORD + __builtin_popcount(code->saved.vectors) * VECTOR;
}

static void move_vectors(struct op_stub_code *code, const struct op_x86_form *form)
{
	int32_t at = (int32_t)code->saved.temps * WORD;
	for (unsigned i = 0; i < REGISTERS; i++) {
		if (!(code->saved.vectors >> i & 1))
			continue;
		op_x86_emit(code, form, false, i, op_x86_at(OP_X86_RSP, at), 0);
		at += VECTOR;
	}
}

// The way back, then the entry: `test al, imm8`, whose operand is the distance that `jmp rel8` in
// the place of its first byte needs to get to the way back (Intel SDM volume 2: A8 ib, EB cb).
static void begin(struct op_stub_code *code)
{
	op_x86_jump_to(code, code->slot_end);
	code->stub->entry = (uint32_t)code->stub->code.count;
	enum { ENTRY_SIZE = 2 };
	const uint8_t entry[ENTRY_SIZE] = {0xa8, (uint8_t) - (ENTRY_SIZE + (int)code->stub->entry)};
	op_stub_emit(code, entry, sizeof(entry));
}

static void done(struct op_stub_code *code)
{
	op_x86_jump_to(code, code->slot_end);
}

static void enter(struct op_stub_code *code)
{
	for (unsigned i = 0; i < REGISTERS; i++) {
		if (code->saved.registers >> i & 1)
			op_x86_push_register(code, i);
	}
	if (room(code))
		op_x86_alu_constant(code, OP_X86_SUB, true, op_x86_register(OP_X86_RSP),
				    room(code));
	move_vectors(code, &op_x86_movups_store);
}

static void leave(struct op_stub_code *code)
{
	move_vectors(code, &op_x86_movups_load);
	if (room(code))
		op_x86_alu_constant(code, OP_X86_ADD, true, op_x86_register(OP_X86_RSP),
				    room(code));
	for (unsigned i = REGISTERS; i-- > 0;) {
		if (code->saved.registers >> i & 1)
			op_x86_pop_register(code, i);
	}
}

// rel32, from the end of the field.
static void branch_patch(uint8_t *field, int32_t distance)
{
	uint32_t value = (uint32_t)(distance - 4);
	for (unsigned i = 0; i < 4; i++)
		field[i] = (uint8_t)(value >> (8 * i));
}

const struct op_stub_machine op_stub_x86_64 = {
	.entry_harmless = 0xeb, // jmp rel8
	.begin = begin,
	.enter = enter,
	.leave = leave,
	.done = done,
	.trap = op_x86_trap,
	.jump = op_x86_jump,
	.branch_patch = branch_patch,
	.load = load,
	.store_temp = store_temp,
	.to_right = to_right,
	.extend = extend,
	.narrow = narrow,
	.negate = negate,
	.invert = invert,
	.arithmetic = arithmetic,
	.compare = compare,
	.memory = memory,
	.real_load = real_load,
	.real_store_temp = real_store_temp,
	.real_to_right = real_to_right,
	.real_from_bits = real_from_bits,
	.real_to_bits = real_to_bits,
	.real_from_integer = real_from_integer,
	.real_to_integer = real_to_integer,
	.real_round = real_round,
	.real_negate = real_negate,
	.real_arithmetic = real_arithmetic,
	.real_compare = real_compare,
	.count = op_x86_step_count,
	.trace = op_x86_step_trace,
	.ignore = op_x86_step_ignore,
	.frame = op_x86_step_frame,
	.outer = op_x86_step_outer,
	.exchange = op_x86_step_exchange,
	.log = op_x86_step_log,
};
