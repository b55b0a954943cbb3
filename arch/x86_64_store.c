// SPDX-License-Identifier: GPL-3.0-or-later
// What a store instruction of x86-64 wrote, told from the registers behind it. Knows the forms that
// Cranelift compiles integer stores and compare-and-exchange to
// (cranelift/codegen/src/isa/x64/inst.isle); all others are not told.
#include <string.h>

#include "arch/x86_64.h"

// Registers in the order of the encoding (Intel SDM, volume 2, table 2-2).
static const uint8_t encoded[16] = {OP_X86_64_RAX, OP_X86_64_RCX, OP_X86_64_RDX, OP_X86_64_RBX,
				    OP_X86_64_RSP, OP_X86_64_RBP, OP_X86_64_RSI, OP_X86_64_RDI,
				    OP_X86_64_R8,  OP_X86_64_R9,  OP_X86_64_R10, OP_X86_64_R11,
				    OP_X86_64_R12, OP_X86_64_R13, OP_X86_64_R14, OP_X86_64_R15};

enum {
	PREFIX_WIDTH = 0x66,
	PREFIX_LOCK = 0xf0,
	REX = 0x40,
	REX_W = 8,
	REX_R = 4,
	REX_X = 2,
	REX_B = 1,
	ZERO_FLAG = 1 << 6,
	NO_INDEX = 4, // in a SIB byte; as rm it says that there is one
	NO_BASE = 5,  // with mod 0
};

struct form {
	const uint8_t *at, *end;
	uint8_t rex;
	bool narrow;           // 66
	unsigned mod, reg, rm; // reg with REX.R
	uint64_t address;
};

static bool take(struct form *form, uint8_t *ret)
{
	if (form->at == form->end)
		return false;
	*ret = *form->at++;
	return true;
}

static bool take_signed(struct form *form, unsigned size, int64_t *ret)
{
	if ((size_t)(form->end - form->at) < size)
		return false;
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)form->at[i] << (8 * i);
	form->at += size;
	unsigned shift = 64 - 8 * size;
	*ret = (int64_t)(value << shift) >> shift;
	return true;
}

// ModRM, SIB and displacement: an operand in memory, but not relative to the pc.
static bool take_operand(struct form *form, const struct op_registers *registers)
{
	uint8_t modrm, sib;
	int64_t displacement = 0;
	if (!take(form, &modrm))
		return false;
	form->mod = modrm >> 6;
	form->reg = (modrm >> 3 & 7) | (form->rex & REX_R ? 8 : 0);
	form->rm = modrm & 7;
	if (form->mod == 3 || (form->mod == 0 && form->rm == NO_BASE))
		return false;
	unsigned base = form->rm;
	uint64_t address = 0;
	if (form->rm == NO_INDEX) {
		if (!take(form, &sib))
			return false;
		base = sib & 7;
		unsigned index = (sib >> 3 & 7) | (form->rex & REX_X ? 8 : 0);
		if (index != NO_INDEX)
			address += registers->value[encoded[index]] << (sib >> 6);
	}
	bool bare = form->mod == 0 && base == NO_BASE;
	if (!bare)
		address += registers->value[encoded[base | (form->rex & REX_B ? 8 : 0)]];
	unsigned size = form->mod == 1 ? 1 : form->mod == 2 || bare ? 4 : 0;
	if (size && !take_signed(form, size, &displacement))
		return false;
	form->address = address + (uint64_t)displacement;
	return true;
}

static bool take_opcode(struct form *form, unsigned *ret)
{
	uint8_t byte;
	for (;;) {
		if (!take(form, &byte))
			return false;
		if (byte == PREFIX_WIDTH)
			form->narrow = true;
		else if (byte != PREFIX_LOCK)
			break;
	}
	if ((byte & 0xf0) == REX) {
		form->rex = byte;
		if (!take(form, &byte))
			return false;
	}
	*ret = byte;
	if (byte == 0x0f) {
		if (!take(form, &byte))
			return false;
		*ret = 0x0f00 | byte;
	}
	return true;
}

bool op_x86_64_stored(const uint8_t *code, size_t size, const struct op_registers *after,
		      struct op_emulated_access *ret)
{
	struct form form = {.at = code, .end = code + size};
	unsigned opcode;
	if (!take_opcode(&form, &opcode) || !take_operand(&form, after))
		return false;
	bool byte = opcode == 0x88 || opcode == 0xc6 || opcode == 0x0fb0;
	unsigned width = byte ? 1 : form.rex & REX_W ? 8 : form.narrow ? 2 : 4;
	*ret = (struct op_emulated_access){.addr = op_host_addr(form.address), .size = width};
	int64_t immediate;
	switch (opcode) {
	case 0x88: // mov r/m, r
	case 0x89:
	case 0x0fb0: // cmpxchg r/m, r
	case 0x0fb1:
		// Without REX these are AH to BH.
		if (byte && !form.rex && form.reg >= 4)
			return false;
		ret->value = after->value[encoded[form.reg]];
		// Not equal: it put back what was there.
		if (opcode > 0xff && !(after->value[OP_X86_64_EFLAGS] & ZERO_FLAG))
			ret->size = 0;
		break;
	case 0xc6: // mov r/m, imm
	case 0xc7:
		if ((form.reg & 7) != 0 || !take_signed(&form, width == 8 ? 4 : width, &immediate))
			return false;
		ret->value = (uint64_t)immediate;
		break;
	default:
		return false;
	}
	return form.at == form.end;
}
