// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the trap table: first byte chooses the encoding, the rest is the section.
#include <stddef.h>
#include <stdint.h>

#include "target-runtime/trap_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct op_bytes section = {.data = data + 1, .size = size - 1, .what = "traps"};
	struct op_trap_table *table;
	struct op_error *error = op_trap_table_create(&section, data[0] % 2, &table);
	if (error) {
		op_error_destroy(error);
		return 0;
	}
	for (uint32_t offset = 0; offset < 1024; offset++) {
		uint8_t code;
		op_trap_table_lookup(table, offset, &code);
		op_trap_table_lookup(table, offset * 0x400107u, &code);
	}
	op_trap_table_destroy(table);
	return 0;
}
