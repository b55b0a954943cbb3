// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the exception table: the input is the section.
#include <stddef.h>
#include <stdint.h>

#include "target-runtime/exception_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_bytes section = {.data = data, .size = size, .what = "exceptions"};
	struct op_exception_table table;
	struct op_error *error = op_exception_table_init(&table, &section);
	if (error) {
		op_error_destroy(error);
		return 0;
	}
	for (uint32_t offset = 0; offset < 1024; offset++) {
		struct op_exception_callsite callsite;
		if (!op_exception_table_find(&table, offset, &callsite))
			continue;
		for (uint32_t i = callsite.first; i < callsite.end; i++)
			(void)op_exception_table_handler(&table, i);
	}
	return 0;
}
