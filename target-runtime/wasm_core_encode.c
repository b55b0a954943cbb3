// SPDX-License-Identifier: GPL-3.0-or-later
// The pieces of a Wasm core dump.
#include "target-runtime/wasm_core_encode.h"

#include <string.h>

enum { VALUE_MISSING = 1, END = 0x0b, REF_NULL = 0xd0, I32_CONST = 0x41, I64_CONST = 0x42 };

void op_wasm_put_byte(struct op_text *out, uint8_t byte)
{
	op_text_append_n(out, (const char *)&byte, 1);
}

void op_wasm_put_unsigned(struct op_text *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		op_wasm_put_byte(out, (uint8_t)(number | 0x80));
	op_wasm_put_byte(out, (uint8_t)number);
}

void op_wasm_put_signed(struct op_text *out, int64_t number)
{
	while (number < -64 || number > 63) {
		op_wasm_put_byte(out, (uint8_t)((uint64_t)number & 0x7f) | 0x80);
		number >>= 7;
	}
	op_wasm_put_byte(out, (uint8_t)number & 0x7f);
}

void op_wasm_put_name(struct op_text *out, const char *name)
{
	op_wasm_put_unsigned(out, strlen(name));
	op_text_append_n(out, name, strlen(name));
}

static int64_t as_signed(const struct op_value *value)
{
	uint64_t bits = op_value_bits(value);
	return value->type == OP_VALUE_I32 ? (int32_t)(uint32_t)bits : (int64_t)bits;
}

void op_wasm_put_value(struct op_text *out, const struct op_value *value)
{
	if (value->state != OP_VALUE_PRESENT || value->type > OP_VALUE_F64) {
		op_wasm_put_byte(out, VALUE_MISSING);
		return;
	}
	op_wasm_put_byte(out, (uint8_t)(OP_WASM_TYPE_I32 - value->type));
	if (value->type == OP_VALUE_I32 || value->type == OP_VALUE_I64)
		op_wasm_put_signed(out, as_signed(value));
	else
		op_text_append_n(out, (const char *)value->bytes, op_value_type_size(value->type));
}

void op_wasm_put_memory(struct op_text *out, const struct op_wasm_limits *limits)
{
	bool own_page = limits->page_size_log2 != 16;
	op_wasm_put_byte(out, (uint8_t)(limits->has_maximum | limits->shared << 1 |
					limits->is_64 << 2 | own_page << 3));
	op_wasm_put_unsigned(out, limits->minimum);
	if (limits->has_maximum)
		op_wasm_put_unsigned(out, limits->maximum);
	if (own_page)
		op_wasm_put_unsigned(out, limits->page_size_log2);
}

/** The short form of the nullable top type that a reference is of (binary format, 5.3.5). */
static uint8_t top_type(enum op_value_type type)
{
	switch (type) {
	case OP_VALUE_FUNCREF:
		return 0x70;
	case OP_VALUE_EXTERNREF:
		return 0x6f;
	case OP_VALUE_EXNREF:
		return 0x69;
	case OP_VALUE_CONTREF:
		return 0x68;
	default:
		return 0x6e;
	}
}

void op_wasm_put_global(struct op_text *out, const struct op_value *value, bool is_mutable)
{
	bool number = value->type <= OP_VALUE_V128;
	op_wasm_put_byte(out, number ? (uint8_t)(OP_WASM_TYPE_I32 - value->type)
				     : top_type(value->type));
	op_wasm_put_byte(out, is_mutable);
	if (!number) {
		op_wasm_put_byte(out, REF_NULL);
		op_wasm_put_byte(out, top_type(value->type));
	} else if (value->type == OP_VALUE_V128) {
		op_wasm_put_byte(out, 0xfd);
		op_wasm_put_byte(out, 0x0c);
	} else {
		op_wasm_put_byte(out, (uint8_t)(I32_CONST + value->type));
	}
	if (value->type == OP_VALUE_I32 || value->type == OP_VALUE_I64)
		op_wasm_put_signed(out, as_signed(value));
	else if (number)
		op_text_append_n(out, (const char *)value->bytes, op_value_type_size(value->type));
	op_wasm_put_byte(out, END);
}

void op_wasm_put_segment(struct op_text *out, uint32_t memory, bool is_64, uint64_t offset,
			 size_t size)
{
	op_wasm_put_unsigned(out, memory ? 2 : 0);
	if (memory)
		op_wasm_put_unsigned(out, memory);
	op_wasm_put_byte(out, is_64 ? I64_CONST : I32_CONST);
	op_wasm_put_signed(out, is_64 ? (int64_t)offset : (int32_t)(uint32_t)offset);
	op_wasm_put_byte(out, END);
	op_wasm_put_unsigned(out, size);
}

void op_wasm_put_section(struct op_text *out, uint8_t id, const char *custom,
			 const struct op_text *content)
{
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	if (custom)
		op_wasm_put_name(&name, custom);
	op_wasm_put_byte(out, id);
	op_wasm_put_unsigned(out, name.size + content->size);
	if (name.size)
		op_text_append_n(out, name.data, name.size);
	if (content->size)
		op_text_append_n(out, content->data, content->size);
	out->failed |= name.failed || content->failed;
}
