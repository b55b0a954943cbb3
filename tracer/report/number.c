// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as text and JSON; see number.h. Knows no values of a target's.
#include "tracer/report/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t truncate_bits(uint64_t bits, unsigned size)
{
	return size >= 8 ? bits : bits & ((UINT64_C(1) << (size * 8)) - 1);
}

static int64_t sign_extend(uint64_t bits, unsigned size)
{
	unsigned shift = 64 - size * 8;
	return (int64_t)(bits << shift) >> shift;
}

static double float_value(uint64_t bits, unsigned size)
{
	if (size == 4) {
		uint32_t low = (uint32_t)bits;
		float single;
		memcpy(&single, &low, sizeof(single));
		return (double)single;
	}
	double value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

void op_float_text(struct op_text *text, uint64_t bits, unsigned size)
{
	bits = truncate_bits(bits, size);
	double value = float_value(bits, size);
	if (isnan(value)) {
		op_text_printf(text, "nan:0x%0*" PRIx64, (int)size * 2, bits);
		return;
	}
	if (isinf(value)) {
		op_text_append(text, value < 0 ? "-inf" : "inf");
		return;
	}
	op_text_append_float(text, value, size);
}

static void binary_text(struct op_text *text, uint64_t bits, unsigned size, bool padded)
{
	unsigned width = size * 8;
	while (!padded && width > 1 && !(bits >> (width - 1) & 1))
		width--;
	for (unsigned i = width; i-- > 0;)
		op_text_append_char(text, bits >> i & 1 ? '1' : '0');
}

/** The character of the low byte, as C writes it. */
static void character_text(struct op_text *text, uint64_t bits)
{
	static const char escapes[] = "\aa\bb\tt\nn\vv\ff\rr\\\\''";
	unsigned char c = (unsigned char)bits;
	op_text_printf(text, "%d '", (int)(int8_t)c);
	const char *escape = NULL;
	for (const char *pair = escapes; *pair && !escape; pair += 2) {
		if ((unsigned char)pair[0] == c)
			escape = pair;
	}
	if (escape)
		op_text_printf(text, "\\%c", escape[1]);
	else if (c >= 0x20 && c < 0x7f)
		op_text_append_char(text, (char)c);
	else
		op_text_printf(text, "\\%03o", c);
	op_text_append_char(text, '\'');
}

void op_number_text(struct op_text *text, uint64_t bits, unsigned size, char letter, bool padded)
{
	bits = truncate_bits(bits, size);
	int digits = letter == 'z' || (padded && letter == 'x') ? (int)size * 2 : 1;
	switch (letter) {
	case 'x':
	case 'z':
	case 'a':
		op_text_printf(text, "0x%0*" PRIx64, digits, bits);
		break;
	case 'u':
		op_text_printf(text, "%" PRIu64, bits);
		break;
	case 'o':
		op_text_printf(text, "%s%" PRIo64, bits ? "0" : "", bits);
		break;
	case 't':
		binary_text(text, bits, size, padded);
		break;
	case 'c':
		character_text(text, bits);
		break;
	case 'f':
		if (size >= 4) {
			op_float_text(text, bits, size);
			break;
		}
		// There is no float of one or two bytes; gdb shows an integer too.
		// fall through
	default:
		op_text_printf(text, "%" PRId64, sign_extend(bits, size));
		break;
	}
}

void op_number_json(struct op_json *json, const char *key, uint64_t bits, unsigned size,
		    char letter)
{
	bits = truncate_bits(bits, size);
	if (letter == 'f' && size >= 4) {
		struct op_text number _cleanup_text_ = OP_TEXT_INIT;
		op_float_text(&number, bits, size);
		double value = float_value(bits, size);
		// "-0" is an integer to many readers of JSON, and loses its sign.
		if (value == 0 && signbit(value))
			op_json_raw(json, key, "-0.0");
		else if (isfinite(value))
			op_json_raw(json, key, number.data ? number.data : "null");
		else
			op_json_string(json, key, number.data);
	} else if (letter == 'd' || letter == 'c' || letter == 'f') {
		op_json_int(json, key, sign_extend(bits, letter == 'c' ? 1 : size));
	} else {
		op_json_uint(json, key, bits);
	}
}
