// SPDX-License-Identifier: GPL-3.0-or-later
// printf formats of log points and of printf. The conversions are those of ISO C (7.23.6.1) without
// %n.
#include "tracer/log_format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_DIGITS_MAX = 5 };

static const char integer_letters[] = "diuoxXcp", real_letters[] = "fFeEgGaA";

void op_log_format_deinit(struct op_log_format *format)
{
	for (size_t i = 0; i < format->count; i++)
		free(format->pieces[i].text);
	format->count = 0;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

// One character behind a backslash; how many of the text's it took, 0: not known.
static size_t unescape(const char *at, size_t left, char *ret)
{
	static const char letters[] = "ntr\\\"'ae", meanings[] = "\n\t\r\\\"'\a\033";
	if (left >= 3 && at[0] == 'x' && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
		*ret = (char)(hex_digit(at[1]) * 16 + hex_digit(at[2]));
		return 3;
	}
	const char *letter = left && *at ? strchr(letters, *at) : NULL;
	if (!letter)
		return 0;
	*ret = meanings[letter - letters];
	return 1;
}

// A width or precision of some digits more would be a line that fills the memory, at each arrival.
static bool is_too_wide(const char *fixed, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t digits = 0;
		while (i + digits < size && isdigit((unsigned char)fixed[i + digits]))
			digits++;
		if (digits > WIDTH_DIGITS_MAX)
			return true;
		i += digits;
	}
	return false;
}

// From behind the '%': flags, width and precision as they are, the length for 64 bits.
static struct op_error *conversion(const char *at, size_t left, struct op_log_piece *piece,
				   size_t *ret_size)
{
	size_t fixed = 0;
	while (fixed < left && strchr("-+ #0123456789.", at[fixed]))
		fixed++;
	size_t end = fixed;
	while (end < left && strchr("hlLqjzt", at[end]))
		end++;
	if (end == left || !at[end])
		return op_error_create(OP_ERROR_SYNTAX, "the format ends inside a conversion");
	char letter = at[end];
	bool integer = strchr(integer_letters, letter), real = strchr(real_letters, letter);
	if (!integer && !real && letter != 's')
		return op_error_create(
			letter == 'n' ? OP_ERROR_UNSUPPORTED : OP_ERROR_SYNTAX,
			"the format's %%%c is not known: formats show numbers, and text "
			"by %%s",
			letter);
	if (fixed > 12)
		return op_error_create(OP_ERROR_SYNTAX,
				       "the format's conversion \"%%%.*s\" is too long",
				       (int)end + 1, at);
	if (is_too_wide(at, fixed))
		return op_error_create(OP_ERROR_LIMIT,
				       "the format's conversion \"%%%.*s\" is too wide: widths and "
				       "precisions have at most %d digits",
				       (int)end + 1, at, WIDTH_DIGITS_MAX);
	bool plain = letter == 'c' || letter == 's' || real;
	piece->letter = letter == 'p' ? 'x' : letter;
	snprintf(piece->spec, sizeof(piece->spec), "%s%%%.*s%s%c", letter == 'p' ? "0x" : "",
		 (int)fixed, at, plain ? "" : "ll", piece->letter);
	*ret_size = end + 1;
	return NULL;
}

struct op_error *op_log_format_parse(const char *text, size_t size, struct op_log_format *ret)
{
	_cleanup_text_ struct op_text literal = OP_TEXT_INIT;
	struct op_error *err = NULL;
	*ret = (struct op_log_format){0};
	for (size_t i = 0; !err && i < size;) {
		char c = text[i++];
		if (c == '%' && i < size && text[i] == '%') {
			i++;
		} else if (c == '%') {
			size_t used = 0;
			struct op_log_piece *piece = &ret->pieces[ret->count];
			if (ret->count == OP_LOG_CONVERSIONS_MAX)
				err = op_error_create(OP_ERROR_LIMIT,
						      "a format shows at most %d values",
						      OP_LOG_CONVERSIONS_MAX);
			else
				err = conversion(text + i, size - i, piece, &used);
			if (!err)
				err = op_text_steal(&literal, &piece->text);
			if (!err)
				ret->count++;
			i += used;
			continue;
		} else if (c == '\\') {
			size_t used = unescape(text + i, size - i, &c);
			if (!used)
				err = op_error_create(OP_ERROR_SYNTAX,
						      "the format's \\%.1s is not known",
						      i < size ? text + i : "");
			i += used;
		}
		if (!err)
			op_text_append_char(&literal, c);
	}
	if (!err)
		err = op_text_steal(&literal, &ret->pieces[ret->count].text);
	if (err)
		op_log_format_deinit(ret);
	else
		ret->count++;
	return err;
}

size_t op_log_format_values(const struct op_log_format *format)
{
	return format->count - 1;
}

bool op_log_format_is_text(const struct op_log_format *format, size_t index)
{
	return format->pieces[index].letter == 's';
}

static double as_real(const struct op_log_value *value)
{
	double wide;
	float narrow;
	uint32_t low = (uint32_t)value->bits;
	switch (value->type) {
	case OP_VALUE_F32:
		memcpy(&narrow, &low, sizeof(narrow));
		return (double)narrow;
	case OP_VALUE_F64:
		memcpy(&wide, &value->bits, sizeof(wide));
		return wide;
	case OP_VALUE_I32:
		return (int32_t)low;
	default:
		return (double)(int64_t)value->bits;
	}
}

// As the conversion wants it: of 32 bits, sign or zeros.
static long long as_integer(const struct op_log_value *value, char letter)
{
	if (value->type == OP_VALUE_F32 || value->type == OP_VALUE_F64) {
		double real = as_real(value);
		return real > -9.2e18 && real < 9.2e18 ? (long long)real : 0;
	}
	if (value->type != OP_VALUE_I32)
		return (long long)value->bits;
	return letter == 'd' || letter == 'i' ? (long long)(int32_t)value->bits
					      : (long long)(uint32_t)value->bits;
}

// The formats were composed by conversion() above and nobody else.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void apply_piece(const struct op_log_piece *piece, const struct op_log_value *value,
			struct op_text *ret)
{
	char buffer[512];
	int size;
	if (value->failed || (piece->letter == 's' && !value->text)) {
		op_text_printf(ret, "<error>");
		return;
	}
	if (piece->letter == 's') {
		op_text_printf(ret, piece->spec, value->text);
		return;
	}
	long long integer = as_integer(value, piece->letter);
	if (strchr(real_letters, piece->letter))
		size = snprintf(buffer, sizeof(buffer), piece->spec, as_real(value));
	else if (piece->letter == 'c')
		size = snprintf(buffer, sizeof(buffer), piece->spec,
				isprint((int)(integer & 127)) && integer < 128 ? (int)integer
									       : '?');
	else
		size = snprintf(buffer, sizeof(buffer), piece->spec, integer);
	if (size > 0)
		op_text_append_n(ret, buffer,
				 (size_t)size < sizeof(buffer) ? (size_t)size : sizeof(buffer) - 1);
}
#pragma GCC diagnostic pop

void op_log_format_apply(const struct op_log_format *format, const struct op_log_value *values,
			 struct op_text *ret)
{
	for (size_t i = 0; i < format->count; i++) {
		op_text_append(ret, format->pieces[i].text);
		if (format->pieces[i].letter)
			apply_piece(&format->pieces[i], &values[i], ret);
	}
}
