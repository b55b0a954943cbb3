// SPDX-License-Identifier: GPL-3.0-or-later
// The JSON writer; see json.h. RFC 8259. Knows no session.
#include "tracer/report/json.h"

#include <inttypes.h>
#include <string.h>

/** The largest magnitude up to which every integer is a double (RFC 8259, section 6). */
static const uint64_t EXACT_IN_DOUBLE = UINT64_C(1) << 53;

void op_json_init(struct op_json *json, struct op_text *text)
{
	*json = (struct op_json){.text = text};
}

/**
 * Length of the UTF-8 sequence at @p s, 0 when there is none (Unicode 15, table 3-7). NUL ends it
 * early.
 */
static size_t utf8_length(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	unsigned char low = 0x80, high = 0xbf;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	size_t length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (size_t i = 2; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// What a terminal would not just show (base/text.h), in well-formed UTF-8.
static bool is_harmful(const char *s, size_t length)
{
	struct op_text shown _cleanup_text_ = OP_TEXT_INIT;
	op_text_append_escaped(&shown, s, length);
	return shown.size != length || memcmp(shown.data, s, length) != 0;
}

// One code point, as UTF-16 has it (RFC 8259, 7).
static void append_numbers(struct op_text *text, const unsigned char *s, size_t length)
{
	uint32_t point = s[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++)
		point = point << 6 | (s[i] & 0x3f);
	if (point >= 0x10000)
		op_text_printf(text, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
			       0xdc00 + (point & 0x3ff));
	else
		op_text_printf(text, "\\u%04x", point);
}

static void append_quoted(struct op_text *text, const char *value)
{
	op_text_append_char(text, '"');
	for (const char *s = value; *s;) {
		size_t run = 0;
		while (is_plain((unsigned char)s[run]))
			run++;
		if (run) {
			op_text_append_n(text, s, run);
			s += run;
			continue;
		}
		unsigned char c = (unsigned char)*s;
		size_t length = utf8_length((const unsigned char *)s);
		if (c == '"' || c == '\\') {
			op_text_append_char(text, '\\');
			op_text_append_char(text, (char)c);
		} else if (c == '\n') {
			op_text_append(text, "\\n");
		} else if (c == '\t') {
			op_text_append(text, "\\t");
		} else if (c < 0x20 || c == 0x7f) {
			op_text_printf(text, "\\u%04x", c);
		} else if (length == 0) {
			op_text_append(text, "\\ufffd");
		} else if (is_harmful(s, length)) {
			append_numbers(text, (const unsigned char *)s, length);
		} else {
			op_text_append_n(text, s, length);
		}
		s += length ? length : 1;
	}
	op_text_append_char(text, '"');
}

/** What stands before a value: the comma and the key. */
static void begin_value(struct op_json *json, const char *key)
{
	uint64_t bit = UINT64_C(1) << (json->depth & 63);
	if (json->filled & bit)
		op_text_append_char(json->text, ',');
	json->filled |= bit;
	if (key) {
		append_quoted(json->text, key);
		op_text_append_char(json->text, ':');
	}
}

static void open_level(struct op_json *json, const char *key, char bracket)
{
	begin_value(json, key);
	op_text_append_char(json->text, bracket);
	json->depth++;
	json->filled &= ~(UINT64_C(1) << (json->depth & 63));
}

static void close_level(struct op_json *json, char bracket)
{
	json->depth--;
	op_text_append_char(json->text, bracket);
}

void op_json_begin_object(struct op_json *json, const char *key)
{
	open_level(json, key, '{');
}

void op_json_end_object(struct op_json *json)
{
	close_level(json, '}');
}

void op_json_begin_array(struct op_json *json, const char *key)
{
	open_level(json, key, '[');
}

void op_json_end_array(struct op_json *json)
{
	close_level(json, ']');
}

void op_json_string(struct op_json *json, const char *key, const char *value)
{
	begin_value(json, key);
	if (value)
		append_quoted(json->text, value);
	else
		op_text_append(json->text, "null");
}

void op_json_int(struct op_json *json, const char *key, int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
	const char *quote = magnitude > EXACT_IN_DOUBLE ? "\"" : "";
	begin_value(json, key);
	op_text_printf(json->text, "%s%" PRId64 "%s", quote, value, quote);
}

void op_json_uint(struct op_json *json, const char *key, uint64_t value)
{
	const char *quote = value > EXACT_IN_DOUBLE ? "\"" : "";
	begin_value(json, key);
	op_text_printf(json->text, "%s%" PRIu64 "%s", quote, value, quote);
}

void op_json_hex(struct op_json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	op_text_printf(json->text, "\"0x%" PRIx64 "\"", value);
}

void op_json_bool(struct op_json *json, const char *key, bool value)
{
	op_json_raw(json, key, value ? "true" : "false");
}

void op_json_null(struct op_json *json, const char *key)
{
	op_json_raw(json, key, "null");
}

void op_json_raw(struct op_json *json, const char *key, const char *value)
{
	begin_value(json, key);
	op_text_append(json->text, value);
}
