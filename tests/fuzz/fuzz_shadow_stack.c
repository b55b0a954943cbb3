// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz what functions do with the shadow stack's pointer: the input is a module.
#include <stddef.h>
#include <stdint.h>

#include "target-runtime/wasm/shadow_stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_function(const struct op_wasm_module *module, uint32_t function, uint32_t global)
{
	struct op_shadow_frame frame;
	struct op_wasm_body body;
	uint64_t depth;
	struct op_error *error = op_shadow_frame_read(module, function, global, &frame);
	if (!error && op_wasm_module_function_body(module, function, &body))
		for (uint32_t pc = body.start; pc < body.end && pc < body.start + 100; pc++) {
			op_shadow_frame_depth(&frame, pc);
			op_shadow_frame_local(&frame, 0, pc, &depth);
		}
	if (!error)
		op_shadow_frame_deinit(&frame);
	op_error_destroy(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct op_bytes bytes = {.data = data, .size = size, .what = "module"};
	struct op_wasm_module *module;
	uint32_t global = 0;
	struct op_error *error = op_wasm_module_create(&bytes, &module);
	if (error) {
		op_error_destroy(error);
		return 0;
	}
	op_error_destroy(op_shadow_stack_pointer(module, &global));
	for (uint32_t i = 0; i < op_wasm_module_function_count(module) && i < 100; i++)
		read_function(module, i, global);
	op_wasm_module_destroy(module);
	return 0;
}
