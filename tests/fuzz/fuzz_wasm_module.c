// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the core-module reader: sections, names, locals, and every body's instructions, text and
// flow. What the reader promises to its users is asserted: offsets inside the module, indices
// inside their spaces, successors that are instructions.
//
// clang -fsanitize=fuzzer,address,undefined; corpus in tests/fuzz/corpus/wasm_module/.
#include <assert.h>
#include <stdint.h>

#include "base/compiler.h"
#include "target-runtime/wasm/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct op_wasm_name name, struct op_text *text)
{
	if (name.data)
		op_text_append_escaped(text, name.data, name.size);
}

static void check_module(const struct op_wasm_module *module, struct op_text *text)
{
	uint32_t types, imports, exports, tables, memories, globals, tags, customs, start;
	const struct op_wasm_type_def *type = op_wasm_module_types(module, &types);
	for (uint32_t i = 0; i < types; i++) {
		op_wasm_function_type_text(&type[i], text);
		for (uint32_t j = 0; j < type[i].field_count; j++)
			op_wasm_type_text(&type[i].fields[j].type, text);
		op_text_clear(text);
	}
	const struct op_wasm_import *import = op_wasm_module_imports(module, &imports);
	for (uint32_t i = 0; i < imports; i++)
		assert(import[i].index < op_wasm_module_imported(module, import[i].kind));
	op_wasm_module_tables(module, &tables);
	op_wasm_module_memories(module, &memories);
	op_wasm_module_globals(module, &globals);
	op_wasm_module_tags(module, &tags);
	uint32_t functions = op_wasm_module_function_count(module);
	const uint32_t counts[] = {functions, tables, memories, globals, tags};
	const struct op_wasm_export *export = op_wasm_module_exports(module, &exports);
	for (uint32_t i = 0; i < exports; i++)
		assert(export[i].index < counts[export[i].kind]);
	const struct op_wasm_custom *custom = op_wasm_module_customs(module, &customs);
	const struct op_bytes *bytes = op_wasm_module_bytes(module);
	for (uint32_t i = 0; i < customs; i++)
		assert(custom[i].bytes.data >= bytes->data &&
		       custom[i].bytes.data + custom[i].bytes.size <= bytes->data + bytes->size);
	assert(!op_wasm_module_start_function(module, &start) || start < functions);
	check_name(op_wasm_module_name(module), text);
	for (uint32_t i = 0; i <= globals; i++)
		check_name(op_wasm_module_global_name(module, i), text);
	for (uint32_t i = 0; i <= tables; i++)
		check_name(op_wasm_module_table_name(module, i), text);
	for (uint32_t i = 0; i <= memories; i++)
		check_name(op_wasm_module_memory_name(module, i), text);
	for (uint32_t i = 0; i <= functions; i++) {
		check_name(op_wasm_module_function_name(module, i), text);
		op_text_clear(text);
	}
}

static void check_locals(const struct op_wasm_module *module, uint32_t function,
			 struct op_text *text)
{
	enum { LOCALS_CHECKED = 100 };
	uint32_t count = 0;
	struct op_wasm_type type;
	struct op_error *error = op_wasm_module_local_count(module, function, &count);
	assert(!error || error->code == OP_ERROR_NO_MEMORY);
	op_error_destroy(error);
	for (uint32_t i = 0; i < count && i < LOCALS_CHECKED; i++) {
		error = op_wasm_module_local_type(module, function, i, &type);
		assert(!error);
		op_wasm_type_text(&type, text);
		check_name(op_wasm_module_local_name(module, function, i), text);
	}
	error = op_wasm_module_local_type(module, function, count, &type);
	assert(error);
	op_error_destroy(error);
	op_text_clear(text);
}

static void check_offsets(const struct op_wasm_flow *flow, const uint32_t *offsets, size_t count)
{
	size_t found;
	for (size_t i = 0; i < count; i++) {
		assert(i == 0 || offsets[i - 1] < offsets[i]);
		assert(op_wasm_flow_find(flow, offsets[i], &found));
	}
}

static void check_flow(const struct op_wasm_module *module, uint32_t function, struct op_text *text)
{
	struct op_wasm_flow *flow = NULL;
	_cleanup_error_ struct op_error *error = op_wasm_flow_create(module, function, &flow);
	if (error)
		return;
	size_t count = op_wasm_flow_count(flow);
	for (size_t i = 0; i < count; i++) {
		const struct op_wasm_instruction *instruction = op_wasm_flow_instruction(flow, i);
		struct op_error *bad =
			op_wasm_instruction_text(module, function, instruction, text);
		assert(!bad);
		op_text_clear(text);
		_cleanup_free_ uint32_t *next = NULL;
		_cleanup_free_ uint32_t *catches = NULL;
		size_t next_count, catch_count;
		bool leaves;
		bad = op_wasm_flow_successors(flow, i, &next, &next_count, &leaves);
		assert(!bad);
		assert(next_count || leaves);
		check_offsets(flow, next, next_count);
		bad = op_wasm_flow_catch_targets(flow, i, &catches, &catch_count);
		assert(!bad);
		check_offsets(flow, catches, catch_count);
	}
	op_wasm_flow_destroy(flow);
}

// Instructions one after the other, also of bodies whose structure is broken.
static void check_body(const struct op_wasm_module *module, uint32_t function, struct op_text *text)
{
	struct op_wasm_body body;
	if (!op_wasm_module_function_body(module, function, &body))
		return;
	assert(body.start <= body.code_start && body.code_start <= body.end &&
	       body.end <= op_wasm_module_bytes(module)->size);
	uint32_t found = UINT32_MAX;
	assert(body.start == body.end ||
	       (op_wasm_module_function_at(module, body.start, &found) && found == function));
	struct op_wasm_instruction instruction;
	for (uint32_t offset = body.code_start; offset < body.end; offset += instruction.size) {
		_cleanup_error_ struct op_error *error =
			op_wasm_instruction_decode(module, offset, &instruction);
		if (error)
			break;
		assert(instruction.offset == offset && instruction.size);
		struct op_error *bad =
			op_wasm_instruction_text(module, function, &instruction, text);
		assert(!bad);
		op_text_clear(text);
	}
	check_locals(module, function, text);
	check_flow(module, function, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct op_bytes bytes = {.data = data, .size = size, .what = "fuzz"};
	struct op_wasm_module *module = NULL;
	_cleanup_error_ struct op_error *error = op_wasm_module_create(&bytes, &module);
	if (error)
		return 0;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	check_module(module, &text);
	for (uint32_t i = 0; i < op_wasm_module_function_count(module); i++)
		check_body(module, i, &text);
	op_wasm_module_destroy(module);
	return 0;
}
