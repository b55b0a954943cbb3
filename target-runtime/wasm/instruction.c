// SPDX-License-Identifier: GPL-3.0-or-later
// One instruction: decoded, and as text. What its immediates look like is in immediates.c, what it
// is called in opcodes.c.
#include <inttypes.h>

#include "target-runtime/wasm/immediates.h"

struct op_error *op_wasm_opcode_read(struct op_reader *r, uint32_t *ret_opcode,
				     const struct op_wasm_opcode **ret)
{
	// The prefixes take a second number, a LEB128 of 32 bits.
	enum { PREFIX_FIRST = 0xfb, PREFIX_LAST = 0xfe };
	struct op_reader start = *r;
	uint8_t byte;
	struct op_error *error = op_reader_u8(r, &byte);
	if (error)
		return error;
	uint8_t prefix = byte >= PREFIX_FIRST && byte <= PREFIX_LAST ? byte : 0;
	uint32_t number = byte;
	if (prefix) {
		error = op_reader_uleb32(r, &number);
		if (error)
			return error;
	}
	*ret = op_wasm_opcode_find(prefix, number);
	if (*ret) {
		*ret_opcode = (uint32_t)prefix << 16 | number;
		return NULL;
	}
	if (prefix)
		return op_reader_fail(&start,
				      "0x%02x %" PRIu32 " is not an instruction that outpost knows",
				      prefix, number);
	return op_reader_fail(&start, "0x%02x is not an instruction that outpost knows", byte);
}

struct op_error *op_wasm_instruction_read(struct op_reader *r, struct op_wasm_labels *labels,
					  struct op_wasm_instruction *ret)
{
	size_t offset = op_reader_offset(r);
	const struct op_wasm_opcode *opcode;
	uint32_t number;
	struct op_error *error = op_wasm_opcode_read(r, &number, &opcode);
	if (error)
		return error;
	struct op_wasm_immediates walk = {.labels = labels};
	error = op_wasm_immediates_read(r, opcode, &walk);
	if (error)
		return error;
	*ret = (struct op_wasm_instruction){
		.offset = (uint32_t)offset,
		.size = (uint32_t)(op_reader_offset(r) - offset),
		.opcode = number,
		.control = opcode->control,
		.immediate = walk.first,
	};
	return NULL;
}

struct op_error *op_wasm_expression_skip(struct op_reader *r)
{
	struct op_wasm_instruction instruction;
	do {
		struct op_error *error = op_wasm_instruction_read(r, NULL, &instruction);
		if (error)
			return error;
	} while (instruction.control != OP_WASM_END);
	return NULL;
}

struct op_error *op_wasm_instruction_decode(const struct op_wasm_module *module, uint32_t offset,
					    struct op_wasm_instruction *ret)
{
	struct op_reader r = op_reader(op_wasm_module_bytes(module));
	struct op_error *error = op_reader_seek(&r, offset);
	return error ?: op_wasm_instruction_read(&r, NULL, ret);
}

struct op_error *op_wasm_instruction_memory_offset(const struct op_wasm_module *module,
						   const struct op_wasm_instruction *instruction,
						   uint64_t *ret)
{
	struct op_reader r = op_reader(op_wasm_module_bytes(module));
	struct op_wasm_immediates walk = {0};
	const struct op_wasm_opcode *opcode;
	uint32_t number;
	struct op_error *error = op_reader_seek(&r, instruction->offset);
	if (!error)
		error = op_wasm_opcode_read(&r, &number, &opcode);
	if (!error)
		error = op_wasm_immediates_read(&r, opcode, &walk);
	*ret = walk.offset;
	return error;
}

struct op_error *op_wasm_instruction_text(const struct op_wasm_module *module, uint32_t function,
					  const struct op_wasm_instruction *instruction,
					  struct op_text *text)
{
	struct op_reader r = op_reader(op_wasm_module_bytes(module));
	const struct op_wasm_opcode *opcode;
	uint32_t number;
	struct op_error *error = op_reader_seek(&r, instruction->offset);
	if (!error)
		error = op_wasm_opcode_read(&r, &number, &opcode);
	if (error)
		return error;
	op_text_append(text, opcode->name);
	struct op_wasm_immediates walk = {.text = text, .module = module, .function = function};
	return op_wasm_immediates_read(&r, opcode, &walk);
}
