// SPDX-License-Identifier: GPL-3.0-or-later
// Wasm values as text and JSON; see value.h. Knows no session.
#include "tracer/report/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tracer/report/number.h"

enum value_class { CLASS_INTEGER, CLASS_FLOAT, CLASS_VECTOR, CLASS_REFERENCE };

static enum value_class class_of(enum op_value_type type)
{
	static const enum value_class classes[OP_VALUE_TYPE_COUNT] = {
		[OP_VALUE_I32] = CLASS_INTEGER,       [OP_VALUE_I64] = CLASS_INTEGER,
		[OP_VALUE_F32] = CLASS_FLOAT,         [OP_VALUE_F64] = CLASS_FLOAT,
		[OP_VALUE_V128] = CLASS_VECTOR,       [OP_VALUE_ANYREF] = CLASS_REFERENCE,
		[OP_VALUE_FUNCREF] = CLASS_REFERENCE, [OP_VALUE_EXTERNREF] = CLASS_REFERENCE,
		[OP_VALUE_EXNREF] = CLASS_REFERENCE,  [OP_VALUE_CONTREF] = CLASS_REFERENCE,
	};
	return type < OP_VALUE_TYPE_COUNT ? classes[type] : CLASS_REFERENCE;
}

static uint64_t lane_bits(const uint8_t bytes[16], unsigned lane, unsigned index)
{
	uint64_t bits = 0;
	for (unsigned i = lane; i-- > 0;)
		bits = bits << 8 | bytes[index * lane + i];
	return bits;
}

static void lanes_text(struct op_text *text, const uint8_t bytes[16], unsigned lane, char letter)
{
	unsigned count = 16 / lane;
	bool is_float = letter == 'f' && lane >= 4;
	op_text_printf(text, "%c%ux%u", is_float ? 'f' : 'i', lane * 8, count);
	for (unsigned i = 0; i < count; i++) {
		op_text_append_char(text, ' ');
		op_number_text(text, lane_bits(bytes, lane, i), lane, letter, true);
	}
}

static void vector_text(struct op_text *text, const struct op_value *value,
			const struct op_value_format *format)
{
	if (format->letter == 'f' && format->lane < 4) {
		lanes_text(text, value->bytes, 4, 'f');
		op_text_append(text, ", ");
		lanes_text(text, value->bytes, 8, 'f');
		return;
	}
	lanes_text(text, value->bytes, format->lane ? format->lane : 4,
		   format->letter ? format->letter : 'x');
}

static void missing_text(struct op_text *text, const struct op_value *value)
{
	op_text_printf(text, "<%s", op_value_state_message(value->state));
	if (value->state == OP_VALUE_UNREADABLE && value->address.value)
		op_text_printf(text, " (host address 0x%" PRIx64 ")", value->address.value);
	op_text_append_char(text, '>');
}

void op_value_text(struct op_text *text, const struct op_value *value,
		   const struct op_value_format *format)
{
	if (value->state != OP_VALUE_PRESENT) {
		missing_text(text, value);
		return;
	}
	uint64_t bits = op_value_bits(value);
	unsigned size = op_value_type_size(value->type);
	enum value_class class = class_of(value->type);
	if (class == CLASS_VECTOR)
		vector_text(text, value, format);
	else if (format->letter)
		op_number_text(text, bits, size > 8 ? 8 : size, format->letter, false);
	else if (class == CLASS_INTEGER)
		op_number_text(text, bits, size, format->is_unsigned ? 'u' : 'd', false);
	else if (class == CLASS_FLOAT)
		op_float_text(text, bits, size);
	else if (bits == 0)
		op_text_printf(text, "%s null", op_value_type_name(value->type));
	else
		op_text_printf(text, "%s 0x%" PRIx64, op_value_type_name(value->type), bits);
}

void op_missing_json(struct op_json *json, const char *key, const char *reason, const char *message)
{
	op_json_begin_object(json, key);
	op_json_string(json, "reason", reason);
	op_json_string(json, "message", message);
	op_json_end_object(json);
}

void op_value_json(struct op_json *json, const char *key, const struct op_value *value,
		   bool is_unsigned)
{
	if (value->state != OP_VALUE_PRESENT) {
		struct op_text message _cleanup_text_ = OP_TEXT_INIT;
		op_text_append(&message, op_value_state_message(value->state));
		if (value->state == OP_VALUE_UNREADABLE && value->address.value)
			op_text_printf(&message, " (host address 0x%" PRIx64 ")",
				       value->address.value);
		op_missing_json(json, key, op_value_state_name(value->state), message.data);
		return;
	}
	uint64_t bits = op_value_bits(value);
	unsigned size = op_value_type_size(value->type);
	switch (class_of(value->type)) {
	case CLASS_INTEGER:
		op_number_json(json, key, bits, size, is_unsigned ? 'u' : 'd');
		break;
	case CLASS_FLOAT:
		op_number_json(json, key, bits, size, 'f');
		break;
	case CLASS_VECTOR: {
		char digits[33];
		for (unsigned i = 0; i < 16; i++)
			snprintf(digits + 2 * i, 3, "%02x", value->bytes[i]);
		op_json_string(json, key, digits);
		break;
	}
	case CLASS_REFERENCE:
		if (bits)
			op_json_hex(json, key, bits);
		else
			op_json_null(json, key);
		break;
	}
}

void op_typed_value_json(struct op_json *json, const struct op_value *value, bool is_unsigned)
{
	op_json_string(json, "type", op_value_type_name(value->type));
	op_value_json(json, "value", value, is_unsigned);
}
