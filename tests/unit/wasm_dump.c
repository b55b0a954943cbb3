// SPDX-License-Identifier: GPL-3.0-or-later
// Prints what the core-module reader makes of a module, for the comparisons in
// tests/e2e/check_wasm_*.py.
//
//   wasm_dump FILE        "0xOFFSET text" for each instruction
//   wasm_dump -f FILE     "0xOFFSET control [leaves] next 0x.. ... catch 0x.. ..." for each
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "target-runtime/wasm/module.h"

static const char *const control_names[] = {
	[OP_WASM_PLAIN] = "plain",
	[OP_WASM_BLOCK] = "block",
	[OP_WASM_LOOP] = "loop",
	[OP_WASM_IF] = "if",
	[OP_WASM_ELSE] = "else",
	[OP_WASM_END] = "end",
	[OP_WASM_TRY_TABLE] = "try_table",
	[OP_WASM_BR] = "br",
	[OP_WASM_BR_COND] = "br_cond",
	[OP_WASM_BR_TABLE] = "br_table",
	[OP_WASM_RETURN] = "return",
	[OP_WASM_UNREACHABLE] = "unreachable",
	[OP_WASM_THROW] = "throw",
	[OP_WASM_CALL] = "call",
	[OP_WASM_CALL_INDIRECT] = "call_indirect",
	[OP_WASM_RETURN_CALL] = "return_call",
	[OP_WASM_RETURN_CALL_INDIRECT] = "return_call_indirect",
};

static void module_destroyp(struct op_wasm_module **module)
{
	op_wasm_module_destroy(*module);
}

static void flow_destroyp(struct op_wasm_flow **flow)
{
	op_wasm_flow_destroy(*flow);
}

static struct op_error *dump_text(const struct op_wasm_module *module, uint32_t function,
				  const struct op_wasm_flow *flow, size_t index)
{
	const struct op_wasm_instruction *instruction = op_wasm_flow_instruction(flow, index);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	struct op_error *error = op_wasm_instruction_text(module, function, instruction, &text);
	if (!error)
		printf("0x%" PRIx32 " %s\n", instruction->offset, text.data);
	return error;
}

static struct op_error *dump_flow(const struct op_wasm_module *module, uint32_t function,
				  const struct op_wasm_flow *flow, size_t index)
{
	const struct op_wasm_instruction *instruction = op_wasm_flow_instruction(flow, index);
	_cleanup_free_ uint32_t *next = NULL;
	_cleanup_free_ uint32_t *catches = NULL;
	size_t next_count = 0, catch_count = 0;
	bool leaves = false;
	struct op_error *error = op_wasm_flow_successors(flow, index, &next, &next_count, &leaves);
	if (!error)
		error = op_wasm_flow_catch_targets(flow, index, &catches, &catch_count);
	if (error)
		return error;
	printf("0x%" PRIx32 " %s%s next", instruction->offset, control_names[instruction->control],
	       leaves ? " leaves" : "");
	for (size_t i = 0; i < next_count; i++)
		printf(" 0x%" PRIx32, next[i]);
	printf(" catch");
	for (size_t i = 0; i < catch_count; i++)
		printf(" 0x%" PRIx32, catches[i]);
	printf("\n");
	return NULL;
}

static struct op_error *dump(const struct op_bytes *bytes, bool with_flow)
{
	_cleanup_(module_destroyp) struct op_wasm_module *module = NULL;
	struct op_error *error = op_wasm_module_create(bytes, &module);
	if (error)
		return error;
	uint32_t count = op_wasm_module_function_count(module);
	for (uint32_t function = op_wasm_module_imported(module, OP_WASM_EXTERNAL_FUNC);
	     !error && function < count; function++) {
		_cleanup_(flow_destroyp) struct op_wasm_flow *flow = NULL;
		error = op_wasm_flow_create(module, function, &flow);
		for (size_t i = 0; !error && i < op_wasm_flow_count(flow); i++)
			error = (with_flow ? dump_flow : dump_text)(module, function, flow, i);
	}
	return error;
}

static uint8_t *file_read(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	uint8_t *data = NULL;
	size_t size = 0, done;
	do {
		uint8_t *larger = realloc(data, size + 65536);
		if (!larger)
			break;
		data = larger;
		done = fread(data + size, 1, 65536, file);
		size += done;
	} while (done);
	fclose(file);
	*ret_size = size;
	return data;
}

int main(int argc, char **argv)
{
	bool with_flow = argc == 3 && strcmp(argv[1], "-f") == 0;
	if (argc != 2 && !with_flow) {
		fprintf(stderr, "usage: wasm_dump [-f] FILE\n");
		return 2;
	}
	const char *path = argv[argc - 1];
	size_t size = 0;
	_cleanup_free_ uint8_t *data = file_read(path, &size);
	if (!data) {
		perror(path);
		return 1;
	}
	struct op_bytes bytes = {.data = data, .size = size, .what = path};
	_cleanup_error_ struct op_error *error = dump(&bytes, with_flow);
	if (error)
		fprintf(stderr, "%s\n", error->message);
	return error ? 1 : 0;
}
