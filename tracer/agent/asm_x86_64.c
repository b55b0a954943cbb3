// SPDX-License-Identifier: GPL-3.0-or-later
// Encodes x86-64 instructions. Source: Intel SDM volume 2, chapter 2 (formats) and the
// instructions' own pages.
#include "tracer/agent/asm_x86_64.h"

enum {
	PREFIX_LOCK = 0xf0,
	PREFIX_66 = 0x66,
	PREFIX_F2 = 0xf2,
	PREFIX_F3 = 0xf3,
	REX_W = 0x48,
	ESCAPE = 0x0f,
	// Values of ModRM's and SIB's fields with a meaning of their own (tables 2-2 and 2-3).
	MODE_DISPLACEMENT_8 = 1,
	MODE_DISPLACEMENT_32 = 2,
	MODE_REGISTER = 3,
	RM_SIB = 4,
	RM_RELATIVE = 5, // with mode 0
	SIB_NO_INDEX = 4,
	INSTRUCTION_MAX = 16,
};

const struct op_x86_form op_x86_mov_load = {.opcode = 0x8b};
const struct op_x86_form op_x86_mov_store = {.opcode = 0x89};
const struct op_x86_form op_x86_mov_immediate = {.opcode = 0xc7, .digit = true, .immediate = 4};
const struct op_x86_form op_x86_lea = {.opcode = 0x8d};
const struct op_x86_form op_x86_movzx8 = {.escape = true, .opcode = 0xb6};
const struct op_x86_form op_x86_movzx16 = {.escape = true, .opcode = 0xb7};
const struct op_x86_form op_x86_movsx8 = {.escape = true, .opcode = 0xbe};
const struct op_x86_form op_x86_movsx16 = {.escape = true, .opcode = 0xbf};
const struct op_x86_form op_x86_movsxd = {.opcode = 0x63};
const struct op_x86_form op_x86_test = {.opcode = 0x85};
const struct op_x86_form op_x86_imul = {.escape = true, .opcode = 0xaf};
const struct op_x86_form op_x86_imul_immediate = {.opcode = 0x69, .immediate = 4};
const struct op_x86_form op_x86_group3 = {.opcode = 0xf7, .digit = true};
const struct op_x86_form op_x86_shift = {.opcode = 0xd3, .digit = true};
const struct op_x86_form op_x86_shift_immediate = {.opcode = 0xc1, .digit = true, .immediate = 1};
const struct op_x86_form op_x86_inc = {.opcode = 0xff, .digit = true};
const struct op_x86_form op_x86_lock_inc = {.lock = true, .opcode = 0xff, .digit = true};
const struct op_x86_form op_x86_lock_cmpxchg = {.lock = true, .escape = true, .opcode = 0xb1};
const struct op_x86_form op_x86_push = {.opcode = 0xff, .digit = true};
const struct op_x86_form op_x86_pop = {.opcode = 0x8f, .digit = true};
const struct op_x86_form op_x86_cmp_store = {.opcode = 0x39};
#define VECTOR_REG  .escape = true, .reg_is_vector = true
#define VECTOR_BOTH .escape = true, .reg_is_vector = true, .rm_is_vector = true
const struct op_x86_form op_x86_movsd_load = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x10};
const struct op_x86_form op_x86_movsd_store = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x11};
const struct op_x86_form op_x86_movups_load = {VECTOR_BOTH, .opcode = 0x10};
const struct op_x86_form op_x86_movups_store = {VECTOR_BOTH, .opcode = 0x11};
const struct op_x86_form op_x86_movapd = {VECTOR_BOTH, .prefix = PREFIX_66, .opcode = 0x28};
const struct op_x86_form op_x86_cvtss2sd = {VECTOR_BOTH, .prefix = PREFIX_F3, .opcode = 0x5a};
const struct op_x86_form op_x86_cvtsd2ss = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x5a};
const struct op_x86_form op_x86_cvtsi2sd = {VECTOR_REG, .prefix = PREFIX_F2, .opcode = 0x2a};
const struct op_x86_form op_x86_cvttsd2si = {
	.escape = true, .rm_is_vector = true, .prefix = PREFIX_F2, .opcode = 0x2c};
const struct op_x86_form op_x86_addsd = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x58};
const struct op_x86_form op_x86_mulsd = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x59};
const struct op_x86_form op_x86_subsd = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x5c};
const struct op_x86_form op_x86_divsd = {VECTOR_BOTH, .prefix = PREFIX_F2, .opcode = 0x5e};
const struct op_x86_form op_x86_ucomisd = {VECTOR_BOTH, .prefix = PREFIX_66, .opcode = 0x2e};
const struct op_x86_form op_x86_xorpd = {VECTOR_BOTH, .prefix = PREFIX_66, .opcode = 0x57};
const struct op_x86_form op_x86_mov_to_vector = {VECTOR_REG, .prefix = PREFIX_66, .opcode = 0x6e};
const struct op_x86_form op_x86_mov_from_vector = {VECTOR_REG, .prefix = PREFIX_66, .opcode = 0x7e};

static void note_register(struct op_stub_code *code, bool vector, unsigned number)
{
	if (vector)
		code->used.vectors |= 1u << number;
	else if (number != OP_X86_RSP && number != OP_X86_RBP)
		code->used.registers |= 1u << number;
}

static void note_uses(struct op_stub_code *code, const struct op_x86_form *form, unsigned reg,
		      const struct op_x86_rm *rm)
{
	if (!form->digit)
		note_register(code, form->reg_is_vector, reg);
	if (rm->kind == OP_X86_DIRECT)
		note_register(code, form->rm_is_vector, rm->base);
	else if (rm->kind != OP_X86_RELATIVE)
		note_register(code, false, rm->base);
	if (rm->kind == OP_X86_INDEXED)
		note_register(code, false, rm->index);
}

static size_t put(uint8_t *to, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * i));
	return size;
}

// ModRM, SIB and displacement. @p before: bytes of the instruction up to here, @p behind: after it.
static size_t put_rm(const struct op_stub_code *code, unsigned reg, const struct op_x86_rm *rm,
		     size_t before, size_t behind, uint8_t *to)
{
	unsigned field = reg << 3;
	if (rm->kind == OP_X86_DIRECT) {
		to[0] = (uint8_t)(MODE_REGISTER << 6 | field | rm->base);
		return 1;
	}
	if (rm->kind == OP_X86_RELATIVE) {
		to[0] = (uint8_t)(field | RM_RELATIVE);
		uint64_t next = code->address + code->stub->code.count + before + 1 + 4 + behind;
		return 1 + put(to + 1, rm->target - next, 4);
	}
	bool sib = rm->kind == OP_X86_INDEXED || rm->base == OP_X86_RSP;
	bool none = rm->displacement == 0 && rm->base != OP_X86_RBP,
	     small = rm->displacement == (int8_t)rm->displacement;
	unsigned mode = none ? 0 : small ? MODE_DISPLACEMENT_8 : MODE_DISPLACEMENT_32;
	size_t size = 0;
	to[size++] = (uint8_t)(mode << 6 | field | (sib ? RM_SIB : rm->base));
	if (sib) {
		unsigned index = rm->kind == OP_X86_INDEXED ? rm->index : SIB_NO_INDEX;
		to[size++] = (uint8_t)((unsigned)rm->scale << 6 | index << 3 | rm->base);
	}
	return size + put(to + size, (uint32_t)rm->displacement, none ? 0 : small ? 1 : 4);
}

void op_x86_emit(struct op_stub_code *code, const struct op_x86_form *form, bool wide, unsigned reg,
		 struct op_x86_rm rm, uint64_t immediate)
{
	uint8_t bytes[INSTRUCTION_MAX];
	size_t size = 0;
	note_uses(code, form, reg, &rm);
	if (form->lock)
		bytes[size++] = PREFIX_LOCK;
	if (form->prefix)
		bytes[size++] = form->prefix;
	if (wide)
		bytes[size++] = REX_W;
	if (form->escape)
		bytes[size++] = ESCAPE;
	bytes[size++] = form->opcode;
	size += put_rm(code, reg, &rm, size, form->immediate, bytes + size);
	size += put(bytes + size, immediate, form->immediate);
	op_stub_emit(code, bytes, size);
}

void op_x86_alu(struct op_stub_code *code, enum op_x86_alu what, bool wide, unsigned reg,
		struct op_x86_rm rm)
{
	struct op_x86_form form = {.opcode = (uint8_t)(what << 3 | 3)};
	op_x86_emit(code, &form, wide, reg, rm, 0);
}

void op_x86_alu_constant(struct op_stub_code *code, enum op_x86_alu what, bool wide,
			 struct op_x86_rm rm, int32_t constant)
{
	bool small = constant == (int8_t)constant;
	struct op_x86_form form = {
		.opcode = small ? 0x83 : 0x81, .digit = true, .immediate = small ? 1 : 4};
	op_x86_emit(code, &form, wide, what, rm, (uint32_t)constant);
}

void op_x86_mov_constant(struct op_stub_code *code, unsigned reg, uint64_t constant)
{
	uint8_t bytes[INSTRUCTION_MAX];
	size_t size = 0;
	bool wide = constant > UINT32_MAX;
	note_register(code, false, reg);
	if (wide)
		bytes[size++] = REX_W;
	bytes[size++] = (uint8_t)(0xb8 | reg);
	size += put(bytes + size, constant, wide ? 8 : 4);
	op_stub_emit(code, bytes, size);
}

static void emit_byte(struct op_stub_code *code, unsigned byte)
{
	uint8_t bytes[] = {(uint8_t)byte};
	op_stub_emit(code, bytes, sizeof(bytes));
}

void op_x86_push_register(struct op_stub_code *code, unsigned reg)
{
	emit_byte(code, 0x50 | reg);
}

void op_x86_pop_register(struct op_stub_code *code, unsigned reg)
{
	emit_byte(code, 0x58 | reg);
}

void op_x86_cdq(struct op_stub_code *code, bool wide)
{
	note_register(code, false, OP_X86_RDX);
	if (wide)
		emit_byte(code, REX_W);
	emit_byte(code, 0x99);
}

static void emit_distance(struct op_stub_code *code, unsigned label)
{
	static const uint8_t field[4];
	op_stub_branch_note(code, label);
	op_stub_emit(code, field, sizeof(field));
}

void op_x86_jump(struct op_stub_code *code, unsigned label)
{
	emit_byte(code, 0xe9);
	emit_distance(code, label);
}

void op_x86_jump_if(struct op_stub_code *code, enum op_x86_condition condition, unsigned label)
{
	emit_byte(code, ESCAPE);
	emit_byte(code, 0x80 | condition);
	emit_distance(code, label);
}

void op_x86_jump_to(struct op_stub_code *code, uint64_t target)
{
	emit_byte(code, 0xe9);
	uint64_t behind = code->address + code->stub->code.count + sizeof(uint32_t);
	uint32_t distance = (uint32_t)(target - behind);
	op_stub_emit(code, &distance, sizeof(distance));
}

// As in a slot: behind the trap stands a NOP by which the handler of a target whose tracer died knows
// that nothing is lost when the thread goes on (handler.c).
void op_x86_trap(struct op_stub_code *code)
{
	static const uint8_t bytes[] = {0xcc, 0x0f, 0x1f, 0x40, 0x00};
	op_stub_emit(code, bytes, sizeof(bytes));
}
