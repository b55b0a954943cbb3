// SPDX-License-Identifier: GPL-3.0-or-later
// Which instruction sets outpost knows. Knows nothing of any of them.
#include "arch/arch.h"

#include "base/compiler.h"

static const struct op_arch *const known[] = {
	&op_arch_x86_64,
};

const struct op_arch *op_arch_by_machine(uint16_t elf_machine)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(known); i++) {
		if (known[i]->elf_machine == elf_machine)
			return known[i];
	}
	return NULL;
}

const struct op_arch *op_arch_native(void)
{
#ifdef __x86_64__
	return &op_arch_x86_64;
#else
	return NULL;
#endif
}
