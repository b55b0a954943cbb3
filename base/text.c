// SPDX-License-Identifier: GPL-3.0-or-later
// A growing string, and the escaping of what comes from the target.
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

bool op_begins_with(const char *string, const char *beginning)
{
	return strncmp(string, beginning, strlen(beginning)) == 0;
}

bool op_ends_with(const char *string, const char *ending)
{
	size_t size = strlen(string), length = strlen(ending);
	return size >= length && strcmp(string + size - length, ending) == 0;
}

void op_text_deinit(struct op_text *text)
{
	free(text->data);
	*text = (struct op_text)OP_TEXT_INIT;
}

void op_text_clear(struct op_text *text)
{
	text->size = 0;
	text->failed = false;
	if (text->data)
		text->data[0] = '\0';
}

static bool reserve(struct op_text *text, size_t more)
{
	size_t want;
	if (text->failed || __builtin_add_overflow(text->size, more + 1, &want) ||
	    !op_array_reserve(&text->data, &text->capacity, want, 1)) {
		text->failed = true;
		return false;
	}
	return true;
}

void op_text_append_n(struct op_text *text, const char *bytes, size_t size)
{
	if (!reserve(text, size))
		return;
	// No bytes may be nowhere, which memcpy() does not take.
	if (size)
		memcpy(text->data + text->size, bytes, size);
	text->size += size;
	text->data[text->size] = '\0';
}

void op_text_append(struct op_text *text, const char *string)
{
	op_text_append_n(text, string, strlen(string));
}

void op_text_append_char(struct op_text *text, char c)
{
	op_text_append_n(text, &c, 1);
}

void op_text_vprintf(struct op_text *text, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	if (reserve(text, 120)) {
		size_t room = text->capacity - text->size;
		int size = vsnprintf(text->data + text->size, room, format, args);
		if (size >= 0 && (size_t)size >= room && reserve(text, (size_t)size))
			size = vsnprintf(text->data + text->size, (size_t)size + 1, format, again);
		if (size < 0 || text->failed) {
			text->failed = true;
			text->data[text->size] = '\0';
		} else {
			text->size += (size_t)size;
		}
	}
	va_end(again);
}

void op_text_printf(struct op_text *text, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	op_text_vprintf(text, format, args);
	va_end(args);
}

// Length of the well-formed UTF-8 sequence at p (Unicode 15, table 3-7), its code point in *ret; 0
// when it is broken.
static size_t utf8_decode(const uint8_t *p, size_t left, uint32_t *ret)
{
	uint8_t first = p[0];
	size_t size = first < 0x80                    ? 1
		      : first >= 0xc2 && first < 0xe0 ? 2
		      : first >= 0xe0 && first < 0xf0 ? 3
		      : first >= 0xf0 && first < 0xf5 ? 4
						      : 0;
	if (!size || size > left)
		return 0;
	uint32_t point = size == 1 ? first : first & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (p[i] & 0x3f);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*ret = point;
	return size;
}

// Code points that move the cursor, hide, or reorder what stands around them: C0, C1, zero-width
// and bidirectional controls, line separators, variation and tag characters, noncharacters.
static bool point_is_harmless(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
		{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff0, 0xffff}, {0xe0000, 0xe0fff},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(harmful); i++)
		if (point >= harmful[i].first && point <= harmful[i].last)
			return false;
	return true;
}

void op_text_append_escaped(struct op_text *text, const char *bytes, size_t size)
{
	const uint8_t *p = (const uint8_t *)bytes;
	while (size > 0) {
		uint32_t point;
		size_t length = utf8_decode(p, size, &point);
		if (length == 0) {
			op_text_printf(text, "\\x%02x", *p);
			length = 1;
		} else if (!point_is_harmless(point)) {
			op_text_printf(text, point < 0x80 ? "\\x%02x" : "\\u{%x}", point);
		} else {
			op_text_append_n(text, (const char *)p, length);
		}
		p += length;
		size -= length;
	}
}

// The size of a sequence that switches a colour at the beginning of @p bytes; 0: there is none.
static size_t color_size(const char *bytes, size_t size)
{
	size_t at = 2;
	if (size < 3 || bytes[0] != '\033' || bytes[1] != '[')
		return 0;
	while (at < size && ((bytes[at] >= '0' && bytes[at] <= '9') || bytes[at] == ';'))
		at++;
	return at < size && bytes[at] == 'm' ? at + 1 : 0;
}

void op_text_append_shown(struct op_text *text, const char *bytes, size_t size, bool colors)
{
	size_t begin = 0;
	for (size_t i = 0; i <= size;) {
		bool allowed = i < size && (bytes[i] == '\n' || bytes[i] == '\t');
		size_t keep = allowed              ? 1
			      : i < size && colors ? color_size(bytes + i, size - i)
						   : 0;
		if (i < size && !keep) {
			i++;
			continue;
		}
		op_text_append_escaped(text, bytes + begin, i - begin);
		op_text_append_n(text, bytes + i, keep);
		i += keep ?: 1;
		begin = i;
	}
}

static bool reads_back(const char *digits, double value, size_t size)
{
	return size == 8 ? strtod(digits, NULL) == value : strtof(digits, NULL) == (float)value;
}

int op_float_digits(double value, size_t size)
{
	char digits[40];
	// These always suffice (IEEE 754-2019, 5.12.2); mostly fewer do.
	int most = size == 8 ? 17 : 9, count = 1;
	for (; count < most; count++) {
		snprintf(digits, sizeof(digits), "%.*e", count - 1, value);
		if (reads_back(digits, value, size))
			break;
	}
	return count;
}

void op_text_append_float(struct op_text *text, double value, size_t size)
{
	enum { PLAIN_EXPONENT = 17 }; // up to which gdb writes a number without one
	char digits[40];
	int precision = op_float_digits(value, size);
	snprintf(digits, sizeof(digits), "%.*e", precision - 1, value);
	const char *mark = strchr(digits, 'e');
	long exponent = mark ? strtol(mark + 1, NULL, 10) : 0;
	if (exponent >= precision && exponent < PLAIN_EXPONENT)
		precision = (int)exponent + 1;
	op_text_printf(text, "%.*g", precision, value);
}

struct op_error *op_text_steal(struct op_text *text, char **ret)
{
	if (!text->data)
		op_text_append(text, "");
	if (text->failed)
		return op_error_no_memory();
	*ret = op_take(text->data);
	op_text_deinit(text);
	return NULL;
}
