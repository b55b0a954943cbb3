// SPDX-License-Identifier: GPL-3.0-or-later
// The bounded reader, escaping, errors and arrays.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/reader.h"
#include "base/text.h"
#include "tests/unit/suite.h"

static struct op_reader over(const void *data, size_t size)
{
	struct op_bytes bytes = {.data = data, .size = size, .what = "test"};
	return op_reader(&bytes);
}

static void must_fail(struct op_error *error, const char *part)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, OP_ERROR_FORMAT);
	ck_assert_msg(strstr(error->message, part) != NULL, "\"%s\" does not say \"%s\"",
		      error->message, part);
	op_error_destroy(error);
}

START_TEST(fixed_width)
{
	struct op_reader r =
		over("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 15);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	ck_assert_ptr_null(op_reader_u8(&r, &u8));
	ck_assert_ptr_null(op_reader_u16(&r, &u16));
	ck_assert_ptr_null(op_reader_u32(&r, &u32));
	ck_assert_ptr_null(op_reader_u64(&r, &u64));
	ck_assert_uint_eq(u8, 1);
	ck_assert_uint_eq(u16, 0x0302);
	ck_assert_uint_eq(u32, 0x07060504);
	ck_assert_uint_eq(u64, 0x0f0e0d0c0b0a0908);
	ck_assert_uint_eq(op_reader_left(&r), 0);
	must_fail(op_reader_u8(&r, &u8), "test, offset 0xf");
}
END_TEST

START_TEST(too_short)
{
	struct op_reader r = over("\x01\x02\x03", 3);
	uint32_t u32;
	must_fail(op_reader_u32(&r, &u32), "ends 1 bytes early");
	// A failed read moves nothing.
	ck_assert_uint_eq(op_reader_offset(&r), 0);
	struct op_reader sub;
	must_fail(op_reader_sub(&r, 4, &sub), "ends 1 bytes early");
	must_fail(op_reader_seek(&r, 4), "beyond its 3 bytes");
	const uint8_t *bytes;
	must_fail(op_reader_bytes(&r, SIZE_MAX, &bytes), "early");
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
	unsigned bits;
	bool is_signed;
	bool good;
	int64_t value;
} lebs[] = {
	{"\x00", 1, 32, false, true, 0},
	{"\xe5\x8e\x26", 3, 32, false, true, 624485},
	{"\xff\xff\xff\xff\x0f", 5, 32, false, true, 0xffffffff},
	{"\xff\xff\xff\xff\x1f", 5, 32, false, false, 0},
	{"\x80\x80\x80\x80\x80\x00", 6, 32, false, false, 0},
	{"\x80", 1, 32, false, false, 0},
	{"\x80\x00", 2, 32, false, true, 0},
	{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, 64, false, true, -1},
	{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03", 10, 64, false, false, 0},
	{"\x7f", 1, 32, true, true, -1},
	{"\xc0\xbb\x78", 3, 32, true, true, -123456},
	{"\x80\x80\x80\x80\x78", 5, 32, true, true, INT32_MIN},
	{"\xff\xff\xff\xff\x07", 5, 32, true, true, INT32_MAX},
	{"\xff\xff\xff\xff\x0f", 5, 32, true, false, 0},
	{"\x80\x80\x80\x80\x70", 5, 32, true, false, 0},
	{"\x80\x80\x80\x80\x70", 5, 33, true, true, -4294967296},
	{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", 10, 64, true, true, INT64_MIN},
	{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7e", 10, 64, true, false, 0},
};

START_TEST(leb128)
{
	struct op_reader r = over(lebs[_i].bytes, lebs[_i].size);
	int64_t value = 0;
	struct op_error *error;
	if (lebs[_i].is_signed && lebs[_i].bits == 32) {
		int32_t v = 0;
		error = op_reader_sleb32(&r, &v);
		value = v;
	} else if (lebs[_i].is_signed) {
		error = lebs[_i].bits == 33 ? op_reader_sleb33(&r, &value)
					    : op_reader_sleb64(&r, &value);
	} else if (lebs[_i].bits == 32) {
		uint32_t v = 0;
		error = op_reader_uleb32(&r, &v);
		value = v;
	} else {
		uint64_t v = 0;
		error = op_reader_uleb64(&r, &v);
		value = (int64_t)v;
	}
	if (lebs[_i].good) {
		ck_assert_ptr_null(error);
		ck_assert_int_eq(value, lebs[_i].value);
		ck_assert_uint_eq(op_reader_left(&r), 0);
	} else {
		must_fail(error, "LEB128");
	}
}
END_TEST

static const struct {
	const char *in, *out;
} escapes[] = {
	{"plain", "plain"},
	{"a\x1b[31mb", "a\\x1b[31mb"},
	{"caf\xc3\xa9", "caf\xc3\xa9"},
	{"\xff\xfe", "\\xff\\xfe"},
	{"\xc0\xaf", "\\xc0\\xaf"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	{"x\xe2\x80\xae"
	 "y",
	 "x\\u{202e}y"},
	{"\xc2\x9b"
	 "31m",
	 "\\u{9b}31m"},
	{"\xf0\x9f\xa6\x80", "\xf0\x9f\xa6\x80"},
	{"cut\xe2\x82", "cut\\xe2\\x82"},
};

START_TEST(escaping)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, escapes[_i].in, strlen(escapes[_i].in));
	ck_assert_str_eq(text.data, escapes[_i].out);
}
END_TEST

static const struct {
	const char *in, *out;
	bool colors;
} shown[] = {
	{"a line\n\ta tab\n", "a line\n\ta tab\n", false},
	{"\033[31mred\033[m", "\033[31mred\033[m", true},
	{"\033[1;31mred", "\033[1;31mred", true},
	{"\033[31mred\033[m", "\\x1b[31mred\\x1b[m", false},
	// Cursor, title, a sequence that does not end, 8-bit controls.
	{"\033[2Jx\033]0;y\007\033[31", "\\x1b[2Jx\\x1b]0;y\\x07\\x1b[31", true},
	{"\r\b\177\302\233", "\\x0d\\x08\\x7f\\u{9b}", true},
	{"\342\200\256\377ok", "\\u{202e}\\xffok", false},
	{"", "", false},
};

START_TEST(what_a_terminal_is_shown)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_append(&text, ">");
	op_text_append_shown(&text, shown[_i].in, strlen(shown[_i].in), shown[_i].colors);
	ck_assert_str_eq(text.data + 1, shown[_i].out);
}
END_TEST

static const struct {
	const char *string, *part;
	bool begins, ends;
} parts[] = {
	{"/memfd:x", "/memfd:", true, false},
	{"gone (deleted)", " (deleted)", false, true},
	{"same", "same", true, true},
	{"me", "same", false, false},
	{"abab", "ab", true, true},
	{"", "a", false, false},
	{"a", "", true, true},
	{"xaby", "ab", false, false},
};

START_TEST(beginnings_and_endings)
{
	ck_assert_int_eq(op_begins_with(parts[_i].string, parts[_i].part), parts[_i].begins);
	ck_assert_int_eq(op_ends_with(parts[_i].string, parts[_i].part), parts[_i].ends);
}
END_TEST

START_TEST(long_text)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	for (int i = 0; i < 1000; i++)
		op_text_printf(&text, "%d,", i);
	op_text_printf(&text, "%0500d", 7);
	ck_assert_uint_eq(text.size, 10 * 2 + 90 * 3 + 900 * 4 + 500);
	ck_assert_uint_eq(strlen(text.data), text.size);
	char *string = NULL;
	ck_assert_ptr_null(op_text_steal(&text, &string));
	ck_assert_str_eq(string + 3890 + 498, "07");
	free(string);
	ck_assert_ptr_null(op_text_steal(&text, &string));
	ck_assert_str_eq(string, "");
	free(string);
}
END_TEST

START_TEST(errors)
{
	struct op_error *error = op_error_system(OP_ERROR_PERMISSION, 1, "cannot open %d", 5);
	error = op_error_at(error, "process %d", 12);
	ck_assert_str_eq(error->message, "process 12: cannot open 5: Operation not permitted");
	ck_assert_int_eq(error->system_errno, 1);
	ck_assert_str_eq(op_error_code_name(error->code), "permission-denied");
	op_error_destroy(error);
	ck_assert_ptr_null(op_error_at(NULL, "x"));
}
END_TEST

START_TEST(arrays)
{
	struct OP_ARRAY(uint64_t) array = {0};
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert(op_array_push(&array, i * i));
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(array.data[i], i * i);
	// A product that overflows is refused and leaves the array alone.
	ck_assert(!op_array_reserve(&array.data, &array.capacity, SIZE_MAX / 4, 8));
	ck_assert_uint_eq(array.data[999], 999 * 999);
	free(array.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tcase = tcase_create("base");
	tcase_add_test(tcase, fixed_width);
	tcase_add_test(tcase, too_short);
	tcase_add_loop_test(tcase, leb128, 0, OP_ARRAY_SIZE(lebs));
	tcase_add_loop_test(tcase, escaping, 0, OP_ARRAY_SIZE(escapes));
	tcase_add_loop_test(tcase, what_a_terminal_is_shown, 0, OP_ARRAY_SIZE(shown));
	tcase_add_loop_test(tcase, beginnings_and_endings, 0, OP_ARRAY_SIZE(parts));
	tcase_add_test(tcase, long_text);
	tcase_add_test(tcase, errors);
	tcase_add_test(tcase, arrays);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
