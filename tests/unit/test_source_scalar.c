// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, characters, enumerators and strings of the guest's language as text.
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/source_scalar.h"

static const struct op_type_enumerator colors[] = {{"RED", 0}, {"GREEN", 5}, {"BLUE", -3}};
static const struct op_type_enumerator flags[] = {
	{"NONE", 0}, {"READ", 1}, {"WRITE", 2}, {"RUN", 4}};

#define ENUMERATORS(list) .enumerators = list, .enumerator_count = OP_ARRAY_SIZE(list)

static const struct op_type i8 = {.kind = OP_TYPE_INTEGER, .size = 1, .has_size = true};
static const struct op_type u8 = {
	.kind = OP_TYPE_CHAR, .size = 1, .has_size = true, .is_unsigned = true};
static const struct op_type letter = {.kind = OP_TYPE_CHAR, .size = 1, .has_size = true};
static const struct op_type rune = {
	.kind = OP_TYPE_CHAR, .size = 4, .has_size = true, .is_unsigned = true};
static const struct op_type i32 = {.kind = OP_TYPE_INTEGER, .size = 4, .has_size = true};
static const struct op_type u64 = {
	.kind = OP_TYPE_INTEGER, .size = 8, .has_size = true, .is_unsigned = true};
static const struct op_type i128 = {.kind = OP_TYPE_INTEGER, .size = 16, .has_size = true};
static const struct op_type f32 = {.kind = OP_TYPE_FLOAT, .size = 4, .has_size = true};
static const struct op_type f64 = {.kind = OP_TYPE_FLOAT, .size = 8, .has_size = true};
static const struct op_type quad = {.kind = OP_TYPE_FLOAT, .size = 16, .has_size = true};
static const struct op_type boolean = {.kind = OP_TYPE_BOOL, .size = 1, .has_size = true};
static const struct op_type color = {.kind = OP_TYPE_ENUM,
				     .language = OP_LANGUAGE_C,
				     .name = "color",
				     .keyword = "enum",
				     .size = 4,
				     .has_size = true,
				     .completed = true,
				     ENUMERATORS(colors)};
static const struct op_type flag = {.kind = OP_TYPE_ENUM,
				    .name = "flag",
				    .keyword = "enum",
				    .size = 4,
				    .has_size = true,
				    .is_unsigned = true,
				    .completed = true,
				    ENUMERATORS(flags)};
static const struct op_type in_namespace = {.kind = OP_TYPE_ENUM,
					    .language = OP_LANGUAGE_CPLUSPLUS,
					    .name = "ns::flag",
					    .scope_size = 4,
					    .keyword = "enum",
					    .size = 4,
					    .has_size = true,
					    .is_unsigned = true,
					    .completed = true,
					    ENUMERATORS(flags)};
static const struct op_type scoped = {.kind = OP_TYPE_ENUM,
				      .name = "ns::Color",
				      .keyword = "enum class",
				      .size = 4,
				      .has_size = true,
				      .completed = true,
				      ENUMERATORS(colors)};

static const struct {
	const struct op_type *type;
	const void *bytes;
	char format;
	const char *expected;
} scalars[] = {
	{&i8, (const int8_t[]){-128}, 0, "-128"},
	{&i32, (const int32_t[]){-42}, 0, "-42"},
	{&i32, (const int32_t[]){-42}, 'x', "0xffffffd6"},
	{&i32, (const int32_t[]){-42}, 'u', "4294967254"},
	{&i32, (const int32_t[]){5}, 't', "101"},
	{&i32, (const int32_t[]){8}, 'o', "010"},
	{&i32, (const int32_t[]){65}, 'c', "65 'A'"},
	{&i32, (const int32_t[]){0x2a}, 'z', "0x0000002a"},
	{&u64, (const uint64_t[]){UINT64_MAX}, 0, "18446744073709551615"},
	{&i128, (const uint64_t[]){0, UINT64_C(1) << 63}, 0,
	 "-170141183460469231731687303715884105728"},
	{&i128, (const uint64_t[]){UINT64_MAX, INT64_MAX}, 0,
	 "170141183460469231731687303715884105727"},
	{&letter, "a", 0, "97 'a'"},
	{&letter, "\n", 0, "10 '\\n'"},
	{&letter, "\xff", 0, "-1 '\\377'"},
	{&u8, "\xff", 0, "255 '\\377'"},
	{&letter, "'", 0, "39 '\\''"},
	{&rune, (const uint32_t[]){0xdf}, 0, "223 'ß'"},
	{&rune, (const uint32_t[]){0xd800}, 0, "55296 '\\u{d800}'"},
	{&rune, (const uint32_t[]){0x202e}, 0, "8238 '\\u{202e}'"},
	{&boolean, "\0", 0, "false"},
	{&boolean, "\1", 0, "true"},
	{&f32, (const float[]){0.1F}, 0, "0.1"},
	{&f32, (const float[]){16777216}, 0, "16777216"},
	{&f64, (const double[]){0.1}, 0, "0.1"},
	{&f64, (const double[]){1e300}, 0, "1e+300"},
	{&f64, (const double[]){-0.0}, 0, "-0"},
	{&f64, (const double[]){123456789012345680}, 0, "1.2345678901234568e+17"},
	{&f64, (const uint64_t[]){0x7ff0000000000000}, 0, "inf"},
	{&f64, (const uint64_t[]){0xfff0000000000000}, 0, "-inf"},
	{&f32, (const uint32_t[]){0x7fc00001}, 0, "nan:0x7fc00001"},
	{&quad, (const uint64_t[]){0, 0x3fff800000000000}, 0, "1.5"},
	{&quad, (const uint64_t[]){1, 0x3fff000000000000}, 0,
	 "quad:0x3fff0000000000000000000000000001"},
	{&color, (const int32_t[]){5}, 0, "GREEN"},
	{&color, (const int32_t[]){-3}, 0, "BLUE"},
	{&color, (const int32_t[]){17}, 0, "(enum color) 17"},
	{&color, (const int32_t[]){5}, 'd', "5"},
	{&scoped, (const int32_t[]){5}, 0, "ns::Color::GREEN"},
	{&flag, (const int32_t[]){5}, 0, "READ | RUN"},
	{&flag, (const int32_t[]){0}, 0, "NONE"},
	{&flag, (const int32_t[]){9}, 0, "READ | 0x8"},
	{&in_namespace, (const int32_t[]){4}, 0, "ns::RUN"},
	{&in_namespace, (const int32_t[]){5}, 0, "ns::READ | ns::RUN"},
};

START_TEST(scalars_are_written_as_their_language_does)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	const struct op_type *type = scalars[_i].type;
	ck_assert(op_scalar_text(&text, type, scalars[_i].bytes, (size_t)type->size,
				 scalars[_i].format));
	ck_assert_str_eq(text.data, scalars[_i].expected);
}
END_TEST

START_TEST(sizes_that_make_no_sense_have_no_text)
{
	static const uint8_t bytes[32] = {0};
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	ck_assert(!op_scalar_text(&text, &f64, bytes, 3, 0));
	ck_assert(!op_scalar_text(&text, &i32, bytes, 17, 0));
	ck_assert(!op_scalar_text(&text, &i32, bytes, 0, 0));
	ck_assert_uint_eq(text.size, 0);
}
END_TEST

static const struct {
	const char *bytes;
	size_t count;
	unsigned unit;
	const char *prefix;
	size_t repeats;
	bool cut;
	const char *expected;
} strings[] = {
	{"hello", 5, 1, "", 10, false, "\"hello\""},
	{"", 0, 1, "", 10, false, "\"\""},
	{"hel", 3, 1, "", 10, true, "\"hel\"..."},
	{"a\"b\\c\n\033", 7, 1, "", 10, false, "\"a\\\"b\\\\c\\n\\033\""},
	{"gr\303\274n", 5, 1, "", 10, false, "\"grün\""},
	{"\303\377\200z", 4, 1, "", 10, false, "\"\\303\\377\\200z\""},
	{"\342\200\256", 3, 1, "", 10, false, "\"\\u{202e}\""},
	{"aaaaabbb", 8, 1, "", 4, false, "'a' <repeats 5 times>, \"bbb\""},
	{"xaaaaa", 6, 1, "", 4, true, "\"x\", 'a' <repeats 5 times>..."},
	{"aaaaa", 5, 1, "", 0, false, "\"aaaaa\""},
	{"g\0\374\0", 2, 2, "u", 10, false, "u\"gü\""},
	{"\075\330\000\336", 2, 2, "u", 10, false, "u\"😀\""},
	{"\075\330x\0", 2, 2, "u", 10, false, "u\"\\u{d83d}x\""},
	{"\0\366\1\0", 1, 4, "U", 10, false, "U\"😀\""},
	{"\0\0\0\177", 1, 4, "L", 10, false, "L\"\\u{7f000000}\""},
};

START_TEST(strings_are_quoted_and_escaped)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	struct op_scalar_string string = {.bytes = (const uint8_t *)strings[_i].bytes,
					  .count = strings[_i].count,
					  .unit_size = strings[_i].unit,
					  .prefix = strings[_i].prefix,
					  .repeats = strings[_i].repeats,
					  .cut = strings[_i].cut};
	op_scalar_string_text(&text, &string);
	ck_assert_str_eq(text.data, strings[_i].expected);
}
END_TEST

START_TEST(characters_are_known_through_typedefs)
{
	const char *prefix;
	const struct op_type wide = {
		.kind = OP_TYPE_TYPEDEF, .name = "wchar_t", .target = &i32, .size = 4};
	const struct op_type constant = {.kind = OP_TYPE_QUALIFIED, .target = &wide, .size = 4};
	struct op_type endless = {.kind = OP_TYPE_TYPEDEF, .name = "endless"};
	endless.target = &endless;
	ck_assert(op_scalar_is_character(&letter, &prefix));
	ck_assert_str_eq(prefix, "");
	ck_assert(op_scalar_is_character(&constant, &prefix));
	ck_assert_str_eq(prefix, "L");
	ck_assert(!op_scalar_is_character(&i32, NULL));
	ck_assert(!op_scalar_is_character(&i8, NULL));
	ck_assert(!op_scalar_is_character(&endless, NULL));
	ck_assert(!op_scalar_is_character(NULL, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_scalar");
	TCase *cases = tcase_create("text");
	tcase_add_loop_test(cases, scalars_are_written_as_their_language_does, 0,
			    (int)OP_ARRAY_SIZE(scalars));
	tcase_add_test(cases, sizes_that_make_no_sense_have_no_text);
	tcase_add_loop_test(cases, strings_are_quoted_and_escaped, 0, (int)OP_ARRAY_SIZE(strings));
	tcase_add_test(cases, characters_are_known_through_typedefs);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
