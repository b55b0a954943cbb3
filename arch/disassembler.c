// SPDX-License-Identifier: GPL-3.0-or-later
// Native instructions as text, by capstone. Knows no addresses but those it is told.
#include "arch/arch.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <capstone/capstone.h>

#include "base/compiler.h"

struct op_disassembler {
	csh handle;
	cs_insn *instruction;
	unsigned smallest; // the size of bytes that are no instruction
};

/** How capstone calls an instruction set. */
struct dialect {
	uint16_t elf_machine;
	cs_arch arch;
	cs_mode mode;
	unsigned smallest;
};

static const struct dialect dialects[] = {
	{EM_X86_64, CS_ARCH_X86, CS_MODE_64, 1},
	{EM_AARCH64, CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, 4},
};

static const struct dialect *find_dialect(uint16_t elf_machine)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(dialects); i++) {
		if (dialects[i].elf_machine == elf_machine)
			return &dialects[i];
	}
	return NULL;
}

static void disassembler_destroyp(struct op_disassembler **disassembler)
{
	op_disassembler_destroy(*disassembler);
}

struct op_error *op_disassembler_create(const struct op_arch *arch, struct op_disassembler **ret)
{
	const struct dialect *dialect = find_dialect(arch->elf_machine);

	if (!dialect)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "native instructions of %s cannot be decoded", arch->name);
	_cleanup_(disassembler_destroyp) struct op_disassembler *disassembler =
		calloc(1, sizeof(*disassembler));
	if (!disassembler)
		return op_error_no_memory();
	disassembler->smallest = dialect->smallest;
	cs_err problem = cs_open(dialect->arch, dialect->mode, &disassembler->handle);
	if (problem != CS_ERR_OK) {
		disassembler->handle = 0;
		return op_error_create(OP_ERROR_UNSUPPORTED, "capstone cannot decode %s: %s",
				       arch->name, cs_strerror(problem));
	}
	disassembler->instruction = cs_malloc(disassembler->handle);
	if (!disassembler->instruction)
		return op_error_no_memory();
	*ret = op_take(disassembler);
	return NULL;
}

void op_disassembler_destroy(struct op_disassembler *disassembler)
{
	if (!disassembler)
		return;
	if (disassembler->instruction)
		cs_free(disassembler->instruction, 1);
	if (disassembler->handle)
		cs_close(&disassembler->handle);
	free(disassembler);
}

struct op_error *op_disassembler_decode(struct op_disassembler *disassembler, const uint8_t *code,
					size_t size, struct op_host_addr address,
					struct op_native_instruction *ret)
{
	uint64_t at = address.value;
	cs_insn *instruction = disassembler->instruction;

	if (!size)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "there are no bytes to decode at 0x%llx",
				       (unsigned long long)at);
	if (!cs_disasm_iter(disassembler->handle, &code, &size, &at, instruction)) {
		*ret = (struct op_native_instruction){.size = disassembler->smallest,
						      .text = "(bad)"};
		return NULL;
	}
	ret->size = instruction->size;
	// Its two texts together can be longer than ours; no real instruction is.
	int length = snprintf(ret->text, sizeof(ret->text), "%.31s%s%.127s", instruction->mnemonic,
			      instruction->op_str[0] ? " " : "", instruction->op_str);
	if (length < 0)
		ret->text[0] = '\0';
	return NULL;
}
