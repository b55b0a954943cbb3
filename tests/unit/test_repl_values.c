// SPDX-License-Identifier: GPL-3.0-or-later
// Values and numbers in both faces. Expected texts are from the WebAssembly text format, gdb's x
// and print, and IEEE 754.
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/report/number.h"
#include "tracer/report/output.h"
#include "tracer/report/dump.h"
#include "tracer/report/value.h"

static struct op_value value_of(enum op_value_type type, uint64_t bits)
{
	struct op_value value = {.type = type};
	for (unsigned i = 0; i < 8; i++)
		value.bytes[i] = (uint8_t)(bits >> (8 * i));
	return value;
}

static const struct {
	enum op_value_type type;
	uint64_t bits;
	char letter;
	bool is_unsigned;
	const char *text, *json;
} vectors[] = {
	{OP_VALUE_I32, 7, 0, false, "7", "7"},
	{OP_VALUE_I32, 0xffffffff, 0, false, "-1", "-1"},
	{OP_VALUE_I32, 0xffffffff, 0, true, "4294967295", "4294967295"},
	{OP_VALUE_I32, 0x80000000, 0, false, "-2147483648", "-2147483648"},
	{OP_VALUE_I32, 255, 'x', false, "0xff", "255"},
	{OP_VALUE_I32, 255, 'z', false, "0x000000ff", "255"},
	{OP_VALUE_I32, 8, 'o', false, "010", "8"},
	{OP_VALUE_I32, 0, 'o', false, "0", "0"},
	{OP_VALUE_I32, 5, 't', false, "101", "5"},
	{OP_VALUE_I32, 0, 't', false, "0", "0"},
	{OP_VALUE_I32, 'h', 'c', false, "104 'h'", "104"},
	{OP_VALUE_I32, '\n', 'c', false, "10 '\\n'", "10"},
	{OP_VALUE_I32, 0, 'c', false, "0 '\\000'", "0"},
	{OP_VALUE_I32, 200, 'c', false, "-56 '\\310'", "200"},
	{OP_VALUE_I32, 0x3fc00000, 'f', false, "1.5", "1069547520"},
	{OP_VALUE_I64, UINT64_MAX, 0, false, "-1", "-1"},
	{OP_VALUE_I64, UINT64_C(1) << 53, 0, false, "9007199254740992", "9007199254740992"},
	{OP_VALUE_I64, (UINT64_C(1) << 53) + 1, 0, false, "9007199254740993",
	 "\"9007199254740993\""},
	{OP_VALUE_I64, UINT64_C(1) << 63, 0, false, "-9223372036854775808",
	 "\"-9223372036854775808\""},
	{OP_VALUE_I64, UINT64_MAX, 0, true, "18446744073709551615", "\"18446744073709551615\""},
	{OP_VALUE_F32, 0x3dcccccd, 0, false, "0.1", "0.1"},
	{OP_VALUE_F32, 0x3dcccccd, 'x', false, "0x3dcccccd", "0.1"},
	{OP_VALUE_F32, 0x7f7fffff, 0, false, "3.4028235e+38", "3.4028235e+38"},
	{OP_VALUE_F32, 1, 0, false, "1e-45", "1e-45"},
	{OP_VALUE_F32, 0x80000000, 0, false, "-0", "-0.0"},
	{OP_VALUE_F32, 0x7fc00001, 0, false, "nan:0x7fc00001", "\"nan:0x7fc00001\""},
	{OP_VALUE_F32, 0xff800000, 0, false, "-inf", "\"-inf\""},
	{OP_VALUE_F64, 0x408f400000000000, 0, false, "1000", "1000"},
	{OP_VALUE_F64, 0x3fb999999999999a, 0, false, "0.1", "0.1"},
	{OP_VALUE_F64, 0x3fd5555555555555, 0, false, "0.3333333333333333", "0.3333333333333333"},
	{OP_VALUE_F64, 0x0000000000000001, 0, false, "5e-324", "5e-324"},
	{OP_VALUE_F64, 0x7ff0000000000000, 0, false, "inf", "\"inf\""},
	{OP_VALUE_F64, 0xfff8000000000123, 0, false, "nan:0xfff8000000000123",
	 "\"nan:0xfff8000000000123\""},
	{OP_VALUE_FUNCREF, 0, 0, false, "funcref null", "null"},
	{OP_VALUE_FUNCREF, 0x7f0012345678, 0, false, "funcref 0x7f0012345678",
	 "\"0x7f0012345678\""},
	{OP_VALUE_EXTERNREF, 0x1c, 0, false, "externref 0x1c", "\"0x1c\""},
	{OP_VALUE_ANYREF, 0x1d, 0, false, "anyref 0x1d", "\"0x1d\""},
	{OP_VALUE_EXNREF, 0x20, 0, false, "exnref 0x20", "\"0x20\""},
};

START_TEST(test_value)
{
	struct op_value value = value_of(vectors[_i].type, vectors[_i].bits);
	struct op_value_format format = {.letter = vectors[_i].letter,
					 .is_unsigned = vectors[_i].is_unsigned};
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_value_text(&text, &value, &format);
	ck_assert_str_eq(text.data, vectors[_i].text);
	op_text_clear(&text);
	struct op_json json;
	op_json_init(&json, &text);
	op_value_json(&json, NULL, &value, vectors[_i].is_unsigned);
	ck_assert_str_eq(text.data, vectors[_i].json);
}
END_TEST

static const struct {
	char letter;
	unsigned lane;
	const char *text;
} lanes[] = {
	{0, 0, "i32x4 0x3f800000 0x40000000 0x00000000 0xffffffff"},
	{'f', 0, "f32x4 1 2 0 nan:0xffffffff, f64x2 2.000000473111868 nan:0xffffffff00000000"},
	{'f', 4, "f32x4 1 2 0 nan:0xffffffff"},
	{'d', 4, "i32x4 1065353216 1073741824 0 -1"},
	{'x', 2, "i16x8 0x0000 0x3f80 0x0000 0x4000 0x0000 0x0000 0xffff 0xffff"},
	{'u', 1, "i8x16 0 0 128 63 0 0 0 64 0 0 0 0 255 255 255 255"},
	{'x', 8, "i64x2 0x400000003f800000 0xffffffff00000000"},
};

START_TEST(test_vector)
{
	struct op_value value = {
		.type = OP_VALUE_V128,
		.bytes = {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}};
	struct op_value_format format = {.letter = lanes[_i].letter, .lane = lanes[_i].lane};
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_value_text(&text, &value, &format);
	ck_assert_str_eq(text.data, lanes[_i].text);
	op_text_clear(&text);
	struct op_json json;
	op_json_init(&json, &text);
	op_value_json(&json, NULL, &value, false);
	ck_assert_str_eq(text.data, "\"0000803f0000004000000000ffffffff\"");
}
END_TEST

START_TEST(test_missing)
{
	struct op_value value = {.type = OP_VALUE_I32, .state = OP_VALUE_NOT_RECORDED};
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_value_text(&text, &value, &(struct op_value_format){0});
	ck_assert_str_eq(text.data, "<not recorded: compiled without guest-debug>");
	value = (struct op_value){.state = OP_VALUE_UNREADABLE, .address = {0x1234}};
	op_text_clear(&text);
	op_value_text(&text, &value, &(struct op_value_format){0});
	ck_assert_ptr_nonnull(strstr(text.data, "0x1234"));
	op_text_clear(&text);
	struct op_json json;
	op_json_init(&json, &text);
	op_value_json(&json, NULL, &value, false);
	json_t *parsed = json_loads(text.data, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(parsed);
	ck_assert_str_eq(json_string_value(json_object_get(parsed, "reason")),
			 op_value_state_name(OP_VALUE_UNREADABLE));
	ck_assert_ptr_nonnull(
		strstr(json_string_value(json_object_get(parsed, "message")), "0x1234"));
	json_decref(parsed);
}
END_TEST

static const struct {
	char letter;
	unsigned unit;
	const char *text;
} dumps[] = {
	// As gdb 13 shows the same bytes with x/8xb, x/4xh, x/2xw, x/1xg, x/2dw, x/8db, x/8cb,
	// x/2tw, x/2ow, x/1tg, x/1fg, x/2fw.
	{'x', 1, "0x400:\t0x68\t0x65\t0x6c\t0x6c\t0x6f\t0x00\t0xff\t0x80\n"},
	{'x', 2, "0x400:\t0x6568\t0x6c6c\t0x006f\t0x80ff\n"},
	{'x', 4, "0x400:\t0x6c6c6568\t0x80ff006f\n"},
	{'x', 8, "0x400:\t0x80ff006f6c6c6568\n"},
	{'z', 4, "0x400:\t0x6c6c6568\t0x80ff006f\n"},
	{'d', 4, "0x400:\t1819043176\t-2130771857\n"},
	{'u', 4, "0x400:\t1819043176\t2164195439\n"},
	{'d', 1, "0x400:\t104\t101\t108\t108\t111\t0\t-1\t-128\n"},
	{'c', 1,
	 "0x400:\t104 'h'\t101 'e'\t108 'l'\t108 'l'\t111 'o'\t0 '\\000'\t-1 '\\377'\t-128 "
	 "'\\200'\n"},
	{'t', 4, "0x400:\t01101100011011000110010101101000\t10000000111111110000000001101111\n"},
	{'o', 4, "0x400:\t015433062550\t020077600157\n"},
	{'a', 4, "0x400:\t0x6c6c6568\t0x80ff006f\n"},
};

START_TEST(test_dump)
{
	static const uint8_t bytes[] = {'h', 'e', 'l', 'l', 'o', 0, 0xff, 0x80};
	struct op_output out;
	op_output_init(&out, stdout, stderr);
	struct op_dump dump = {.address = 0x400,
			       .data = bytes,
			       .size = sizeof(bytes),
			       .letter = dumps[_i].letter,
			       .unit = dumps[_i].unit};
	op_dump_text(&out, &dump);
	ck_assert_str_eq(out.text.data, dumps[_i].text);
	op_text_clear(&out.text);
	op_output_deinit(&out);
}
END_TEST

START_TEST(test_dump_rows)
{
	static const uint8_t bytes[20];
	struct op_output out;
	op_output_init(&out, stdout, stderr);
	struct op_dump dump = {.memory = 1,
			       .address = 0x10,
			       .data = bytes,
			       .size = sizeof(bytes),
			       .letter = 'd',
			       .unit = 4};
	op_dump_text(&out, &dump);
	ck_assert_str_eq(out.text.data, "mem1:0x10:\t0\t0\t0\t0\nmem1:0x20:\t0\n");
	op_text_clear(&out.text);
	op_output_deinit(&out);
}
END_TEST

/** Strings survive the way through an independent reader; what is no UTF-8 becomes U+FFFD. */
START_TEST(test_json_strings)
{
	static const struct {
		const char *text, *read;
	} strings[] = {
		{"plain", "plain"},
		{"quote\" back\\ tab\t line\n bell\a", "quote\" back\\ tab\t line\n bell\a"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xff", "\xef\xbf\xbd"},
		{"\xc3", "\xef\xbf\xbd"},
		{"a\xe2\x82z", "a\xef\xbf\xbd\xef\xbf\xbdz"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(strings); i++) {
		struct op_text text _cleanup_text_ = OP_TEXT_INIT;
		struct op_json json;
		op_json_init(&json, &text);
		op_json_begin_array(&json, NULL);
		op_json_string(&json, NULL, strings[i].text);
		op_json_string(&json, NULL, NULL);
		op_json_end_array(&json);
		json_error_t error;
		json_t *parsed = json_loads(text.data, 0, &error);
		ck_assert_msg(parsed, "%s in %s", error.text, text.data);
		ck_assert_str_eq(json_string_value(json_array_get(parsed, 0)), strings[i].read);
		ck_assert(json_is_null(json_array_get(parsed, 1)));
		json_decref(parsed);
	}
}
END_TEST

/** Every f32 in a spread over all exponents reads back with the same bits. */
START_TEST(test_floats_round_trip)
{
	for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 65521) {
		struct op_text text _cleanup_text_ = OP_TEXT_INIT;
		op_float_text(&text, bits, 4);
		if (strchr(text.data, 'n'))
			continue;
		float read = strtof(text.data, NULL);
		uint32_t back;
		memcpy(&back, &read, sizeof(back));
		ck_assert_msg(back == bits, "0x%08x became %s", (unsigned)bits, text.data);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("repl_values");
	TCase *tests = tcase_create("values");
	tcase_add_loop_test(tests, test_value, 0, OP_ARRAY_SIZE(vectors));
	tcase_add_loop_test(tests, test_vector, 0, OP_ARRAY_SIZE(lanes));
	tcase_add_test(tests, test_missing);
	tcase_add_loop_test(tests, test_dump, 0, OP_ARRAY_SIZE(dumps));
	tcase_add_test(tests, test_dump_rows);
	tcase_add_test(tests, test_json_strings);
	tcase_add_test(tests, test_floats_round_trip);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
