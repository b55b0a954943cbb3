// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes what is read of a module's bytes a second time: the element section and the recursion
// groups of the type section.
//
// clang -fsanitize=fuzzer,address,undefined; corpus in tests/fuzz/corpus/wasm_tables/.
#include <assert.h>
#include <stdlib.h>

#include "target-runtime/wasm/elements.h"
#include "target-runtime/wasm/interned_types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STRETCH = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_bytes bytes = {.data = data, .size = size, .what = "module"};
	struct op_wasm_module *module;
	struct op_error *err = op_wasm_module_create(&bytes, &module);
	if (err) {
		op_error_destroy(err);
		return 0;
	}
	struct op_wasm_element elements[STRETCH];
	uint32_t tables, types, total, *numbers;
	op_wasm_module_tables(module, &tables);
	op_wasm_module_types(module, &types);
	for (uint32_t i = op_wasm_module_imported(module, OP_WASM_EXTERNAL_TABLE);
	     i < tables && i < 4; i++)
		op_error_destroy(op_wasm_elements_initial(module, i, i, STRETCH, elements));
	err = op_wasm_interned_types(module, &numbers, &total);
	for (uint32_t i = 0; !err && i < types; i++)
		assert(numbers[i] < total);
	op_error_destroy(err);
	free(numbers);
	op_wasm_module_destroy(module);
	return 0;
}
