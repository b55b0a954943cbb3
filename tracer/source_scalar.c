// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers and enumerators of the guest's language as text; see source_scalar.h. Strings and
// characters are source_string.c's.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_scalar.h"
#include "tracer/source_string.h"

enum { NUMBER_SIZE_MAX = 16 };

typedef unsigned __int128 wide;

static wide load_wide(const uint8_t *bytes, size_t size)
{
	size_t low = size < 8 ? size : 8;
	return op_bits_load(bytes, low) | (wide)op_bits_load(bytes + low, size - low) << 64;
}

// Integers ------------------------------------------------------------------------------------

static void decimal_text(struct op_text *text, wide value, bool negative)
{
	char digits[48];
	size_t at = sizeof(digits);
	digits[--at] = '\0';
	if (negative)
		value = -value;
	do {
		digits[--at] = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value);
	op_text_append(text, negative ? "-" : "");
	op_text_append(text, digits + at);
}

static void signed_text(struct op_text *text, wide value, size_t size)
{
	unsigned unused = (unsigned)(NUMBER_SIZE_MAX - size) * 8;
	__int128 extended = (__int128)(value << unused) >> unused;
	decimal_text(text, (wide)extended, extended < 0);
}

static void power_text(struct op_text *text, wide value, unsigned bits_per_digit, size_t width)
{
	char digits[132];
	size_t at = sizeof(digits);
	digits[--at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[value & ((1U << bits_per_digit) - 1)];
		value >>= bits_per_digit;
	} while (value || sizeof(digits) - 1 - at < width);
	op_text_append(text, digits + at);
}

// Floats --------------------------------------------------------------------------------------

static double half_value(uint64_t bits)
{
	int exponent = (int)(bits >> 10 & 0x1f);
	double fraction = (double)(bits & 0x3ff);
	double value = exponent == 0      ? ldexp(fraction, -24)
		       : exponent == 0x1f ? (bits & 0x3ff ? (double)NAN : (double)INFINITY)
					  : ldexp(1024 + fraction, exponent - 25);
	return bits >> 15 ? -value : value;
}

static double float_value(uint64_t bits, size_t size)
{
	if (size == 2)
		return half_value(bits);
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

#ifdef __SIZEOF_FLOAT128__
// long double of wasm32 is IEEE binary128; the host's own arithmetic reads it exactly.
static bool quad_text(struct op_text *text, const uint8_t *bytes)
{
	__float128 quad;
	memcpy(&quad, bytes, sizeof(quad));
	double rounded = (double)quad;
	if (isnan(rounded) || isinf(rounded) || (__float128)rounded != quad)
		return false;
	op_text_append_float(text, rounded, sizeof(rounded));
	return true;
}
#else
static bool quad_text(struct op_text *text, const uint8_t *bytes)
{
	return false;
}
#endif

static bool float_text(struct op_text *text, const uint8_t *bytes, size_t size)
{
	if (size == 16) {
		if (!quad_text(text, bytes)) {
			op_text_append(text, "quad:0x");
			power_text(text, load_wide(bytes, size), 4, 32);
		}
		return true;
	}
	if (size != 2 && size != 4 && size != 8)
		return false;
	uint64_t bits = op_bits_load(bytes, size);
	double value = float_value(bits, size);
	if (isnan(value))
		op_text_printf(text, "nan:0x%0*" PRIx64, (int)size * 2, bits);
	else if (isinf(value))
		op_text_append(text, value < 0 ? "-inf" : "inf");
	else
		op_text_append_float(text, value, size);
	return true;
}

// Enumerators ---------------------------------------------------------------------------------

static uint64_t enumerator_bits(const struct op_type_enumerator *enumerator, size_t size)
{
	uint64_t bits = (uint64_t)enumerator->value;
	return size < 8 ? bits & (((uint64_t)1 << size * 8) - 1) : bits;
}

// Enumerators of flags have bits of their own: none overlap, and more than one has any.
static bool are_flags(const struct op_type *type, size_t size)
{
	uint64_t seen = 0;
	size_t with_bits = 0;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		uint64_t bits = enumerator_bits(&type->enumerators[i], size);
		if (bits & (bits - 1) || (bits & seen))
			return false;
		seen |= bits;
		with_bits += bits != 0;
	}
	return with_bits > 1;
}

static void enumerator_text(struct op_text *text, const struct op_type *type, const char *name)
{
	bool is_scoped = type->keyword && strcmp(type->keyword, "enum class") == 0;
	if (type->name && (is_scoped || type->language == OP_LANGUAGE_RUST)) {
		op_text_append_escaped(text, type->name, strlen(type->name));
		op_text_append(text, "::");
	} else if (type->name) {
		op_text_append_escaped(text, type->name, type->scope_size);
	}
	op_text_append_escaped(text, name ?: "", name ? strlen(name) : 0);
}

static void unknown_enumerator(struct op_text *text, const struct op_type *type, wide value,
			       size_t size)
{
	op_text_append_char(text, '(');
	op_type_print(type, NULL, text);
	op_text_append(text, ") ");
	if (type->is_unsigned)
		decimal_text(text, value, false);
	else
		signed_text(text, value, size);
}

static void flags_text(struct op_text *text, const struct op_type *type, uint64_t bits, size_t size)
{
	bool first = true;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		uint64_t flag = enumerator_bits(&type->enumerators[i], size);
		if (!flag || !(bits & flag))
			continue;
		op_text_append(text, first ? "" : " | ");
		enumerator_text(text, type, type->enumerators[i].name);
		bits &= ~flag;
		first = false;
	}
	if (bits)
		op_text_printf(text, "%s0x%" PRIx64, first ? "" : " | ", bits);
}

static bool enum_text(struct op_text *text, const struct op_type *type, const uint8_t *bytes,
		      size_t size)
{
	if (size > 8)
		return false;
	uint64_t bits = op_bits_load(bytes, size);
	uint64_t any = 0;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		uint64_t one = enumerator_bits(&type->enumerators[i], size);
		any |= one;
		if (one != bits)
			continue;
		enumerator_text(text, type, type->enumerators[i].name);
		return true;
	}
	if (bits & any && are_flags(type, size))
		flags_text(text, type, bits, size);
	else
		unknown_enumerator(text, type, bits, size);
	return true;
}

// By type and format --------------------------------------------------------------------------

static void bool_text(struct op_text *text, wide value)
{
	if (value > 1)
		decimal_text(text, value, false);
	else
		op_text_append(text, value ? "true" : "false");
}

static bool character_text(struct op_text *text, const struct op_type *type, wide value,
			   size_t size)
{
	static const struct op_type byte = {.kind = OP_TYPE_CHAR};
	if (!op_scalar_is_character(type, NULL) && size > 1) {
		// The character of another number is that of its low byte.
		type = &byte;
		value &= 0xff;
		size = 1;
	}
	if (size != 1 && size != 2 && size != 4)
		return false;
	if (op_type_strip(type)->is_unsigned || type->language == OP_LANGUAGE_RUST)
		decimal_text(text, value, false);
	else
		signed_text(text, value, size);
	const char *prefix = "";
	op_scalar_is_character(type, &prefix);
	op_text_printf(text, " %s", prefix);
	op_source_character_text(text, (uint32_t)value, (unsigned)size);
	return true;
}

static bool natural_text(struct op_text *text, const struct op_type *type, const uint8_t *bytes,
			 size_t size)
{
	wide value = load_wide(bytes, size);
	switch (type->kind) {
	case OP_TYPE_BOOL:
		bool_text(text, value);
		return true;
	case OP_TYPE_CHAR:
		return character_text(text, type, value, size);
	case OP_TYPE_INTEGER:
		if (type->is_unsigned)
			decimal_text(text, value, false);
		else
			signed_text(text, value, size);
		return true;
	case OP_TYPE_FLOAT:
		return float_text(text, bytes, size);
	case OP_TYPE_ENUM:
		return enum_text(text, type, bytes, size);
	case OP_TYPE_POINTER:
	case OP_TYPE_REFERENCE:
		op_text_append(text, "0x");
		power_text(text, value, 4, 1);
		return true;
	case OP_TYPE_MEMBER_POINTER:
		signed_text(text, value, size);
		return true;
	default:
		return false;
	}
}

bool op_scalar_text(struct op_text *text, const struct op_type *type, const uint8_t *bytes,
		    size_t size, char format)
{
	if (!size || size > NUMBER_SIZE_MAX)
		return false;
	wide value = load_wide(bytes, size);
	const struct op_type *named = type;
	type = op_type_strip(type);
	// C's wchar_t is a typedef of an integer.
	if (!format && type->kind == OP_TYPE_INTEGER && op_scalar_is_character(named, NULL))
		return character_text(text, named, value, size);
	switch (format) {
	case 'x':
	case 'a':
	case 'z':
		op_text_append(text, "0x");
		power_text(text, value, 4, format == 'z' ? size * 2 : 1);
		return true;
	case 'o':
		op_text_append(text, value ? "0" : "");
		power_text(text, value, 3, 1);
		return true;
	case 't':
		power_text(text, value, 1, 1);
		return true;
	case 'd':
		signed_text(text, value, size);
		return true;
	case 'u':
		decimal_text(text, value, false);
		return true;
	case 'c':
		return character_text(text, type, value, size);
	case 'f':
		if (type->kind != OP_TYPE_POINTER && float_text(text, bytes, size))
			return true;
		return natural_text(text, type, bytes, size);
	default:
		return natural_text(text, type, bytes, size);
	}
}
