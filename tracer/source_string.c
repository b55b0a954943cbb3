// SPDX-License-Identifier: GPL-3.0-or-later
// Strings and characters of the guest's language as text; see source_scalar.h, source_string.h.
#include "tracer/source_string.h"

#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_scalar.h"

enum { TYPEDEFS_MAX = 64 };

// Append the escape of a character that has one in C; false: it has none.
static bool escape(struct op_text *text, uint32_t unit, char quote)
{
	static const char escapes[] = "\aa\bb\tt\nn\vv\ff\rr\\\\";
	for (const char *pair = escapes; *pair; pair += 2) {
		if ((unsigned char)pair[0] == unit) {
			op_text_printf(text, "\\%c", pair[1]);
			return true;
		}
	}
	if (unit == (unsigned char)quote)
		op_text_printf(text, "\\%c", quote);
	else if (unit < 0x20 || unit == 0x7f)
		op_text_printf(text, "\\%03o", (unsigned)unit);
	return unit == (unsigned char)quote || unit < 0x20 || unit == 0x7f;
}

static void point_text(struct op_text *text, uint32_t point)
{
	char utf8[4];
	size_t size = 0;
	if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
		op_text_printf(text, "\\u{%x}", (unsigned)point);
		return;
	}
	if (point < 0x80) {
		utf8[size++] = (char)point;
	} else if (point < 0x800) {
		utf8[size++] = (char)(0xc0 | point >> 6);
		utf8[size++] = (char)(0x80 | (point & 0x3f));
	} else if (point < 0x10000) {
		utf8[size++] = (char)(0xe0 | point >> 12);
		utf8[size++] = (char)(0x80 | (point >> 6 & 0x3f));
		utf8[size++] = (char)(0x80 | (point & 0x3f));
	} else {
		utf8[size++] = (char)(0xf0 | point >> 18);
		utf8[size++] = (char)(0x80 | (point >> 12 & 0x3f));
		utf8[size++] = (char)(0x80 | (point >> 6 & 0x3f));
		utf8[size++] = (char)(0x80 | (point & 0x3f));
	}
	op_text_append_escaped(text, utf8, size);
}

void op_source_character_text(struct op_text *text, uint32_t unit, unsigned unit_size)
{
	op_text_append_char(text, '\'');
	if (!escape(text, unit, '\'')) {
		if (unit_size == 1 && unit >= 0x80)
			op_text_printf(text, "\\%03o", (unsigned)unit & 0xff);
		else
			point_text(text, unit);
	}
	op_text_append_char(text, '\'');
}

// Strings -------------------------------------------------------------------------------------

static uint32_t unit_at(const struct op_scalar_string *string, size_t index)
{
	return (uint32_t)op_bits_load(string->bytes + index * string->unit_size, string->unit_size);
}

static size_t run_length(const struct op_scalar_string *string, size_t from)
{
	size_t end = from + 1;
	while (end < string->count && unit_at(string, end) == unit_at(string, from))
		end++;
	return end - from;
}

static bool is_high_surrogate(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

// One code point of UTF-16 or UTF-32, from @p at on; returns the units that it takes.
static size_t wide_text(struct op_text *text, const struct op_scalar_string *string, size_t at,
			size_t end)
{
	uint32_t unit = unit_at(string, at);
	uint32_t next = at + 1 < end ? unit_at(string, at + 1) : 0;
	if (string->unit_size == 2 && is_high_surrogate(unit) && next >= 0xdc00 && next < 0xe000) {
		point_text(text, 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00));
		return 2;
	}
	point_text(text, unit);
	return 1;
}

// Bytes of the UTF-8 sequence at @p at; 0: it is none.
static size_t sequence_size(const uint8_t *at, size_t left)
{
	size_t size = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
	if (*at < 0xc2 || *at > 0xf4 || size > left)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return size;
}

// One character of UTF-8, or a byte that is none: in octal, whose end is seen.
static size_t bytes_text(struct op_text *text, const struct op_scalar_string *string, size_t at,
			 size_t end)
{
	const uint8_t *bytes = string->bytes + at;
	size_t size = *bytes < 0x80 ? 1 : sequence_size(bytes, end - at);
	if (size)
		op_text_append_escaped(text, (const char *)bytes, size);
	else
		op_text_printf(text, "\\%03o", *bytes);
	return size ? size : 1;
}

static void quoted_text(struct op_text *text, const struct op_scalar_string *string, size_t from,
			size_t end)
{
	op_text_printf(text, "%s\"", string->prefix);
	for (size_t at = from; at < end;) {
		if (escape(text, unit_at(string, at), '"'))
			at++;
		else if (string->unit_size == 1)
			at += bytes_text(text, string, at, end);
		else
			at += wide_text(text, string, at, end);
	}
	op_text_append_char(text, '"');
}

void op_scalar_string_text(struct op_text *text, const struct op_scalar_string *string)
{
	size_t pending = 0; // where the part begins that is not written yet
	bool first = true;
	for (size_t at = 0; string->repeats && at < string->count;) {
		size_t length = run_length(string, at);
		if (length <= string->repeats) {
			at += length;
			continue;
		}
		if (pending < at) {
			op_text_append(text, first ? "" : ", ");
			quoted_text(text, string, pending, at);
			first = false;
		}
		op_text_append(text, first ? "" : ", ");
		op_text_append(text, string->prefix);
		op_source_character_text(text, unit_at(string, at), string->unit_size);
		op_text_printf(text, " <repeats %zu times>", length);
		first = false;
		pending = at += length;
	}
	if (pending < string->count || first) {
		op_text_append(text, first ? "" : ", ");
		quoted_text(text, string, pending, string->count);
	}
	op_text_append(text, string->cut ? "..." : "");
}

// Which types are characters ------------------------------------------------------------------

static const char *prefix_of(const char *name)
{
	static const struct {
		const char *name, *prefix;
	} names[] = {{"wchar_t", "L"}, {"char16_t", "u"}, {"char32_t", "U"}};
	for (size_t i = 0; name && i < OP_ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, name) == 0)
			return names[i].prefix;
	}
	return NULL;
}

bool op_scalar_is_character(const struct op_type *type, const char **ret_prefix)
{
	const char *prefix = NULL;
	// In C the wide ones are typedefs of integers.
	for (unsigned i = 0; type && i < TYPEDEFS_MAX; i++) {
		if (!prefix)
			prefix = prefix_of(type->name);
		if (type->kind != OP_TYPE_TYPEDEF && type->kind != OP_TYPE_QUALIFIED)
			break;
		type = type->target;
	}
	if (ret_prefix)
		*ret_prefix = prefix ?: "";
	if (!type || (type->size != 1 && type->size != 2 && type->size != 4))
		return false;
	return type->kind == OP_TYPE_CHAR || (prefix && type->kind == OP_TYPE_INTEGER);
}
