// SPDX-License-Identifier: GPL-3.0-or-later
// Formats of log points: what each conversion makes of each type of number is what C's printf makes
// of it (ISO C23, 7.23.6.1); what is refused.
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/log_format.h"

static struct op_log_value i32(int32_t value)
{
	return (struct op_log_value){.type = OP_VALUE_I32, .bits = (uint32_t)value};
}

static struct op_log_value i64(int64_t value)
{
	return (struct op_log_value){.type = OP_VALUE_I64, .bits = (uint64_t)value};
}

static struct op_log_value f32(float value)
{
	struct op_log_value ret = {.type = OP_VALUE_F32};
	memcpy(&ret.bits, &value, sizeof(value));
	return ret;
}

static struct op_log_value f64(double value)
{
	struct op_log_value ret = {.type = OP_VALUE_F64};
	memcpy(&ret.bits, &value, sizeof(value));
	return ret;
}

static void expect(const char *text, const struct op_log_value *values, size_t count,
		   const char *line)
{
	_cleanup_text_ struct op_text shown = OP_TEXT_INIT;
	struct op_log_format format;
	struct op_error *err = op_log_format_parse(text, strlen(text), &format);
	ck_assert_msg(!err, "%s: %s", text, err ? err->message : "");
	ck_assert_uint_eq(op_log_format_values(&format), count);
	op_log_format_apply(&format, values, &shown);
	ck_assert_str_eq(shown.data ?: "", line);
	op_log_format_deinit(&format);
}

static void refuse(const char *text, size_t size, enum op_error_code code, const char *part)
{
	struct op_log_format format;
	struct op_error *err = op_log_format_parse(text, size, &format);
	ck_assert_msg(err != NULL, "%s", text);
	ck_assert_int_eq(err->code, code);
	ck_assert_ptr_nonnull(strstr(err->message, part));
	op_error_destroy(err);
}

#define EXPECT(text, line, ...)                                                                    \
	do {                                                                                       \
		const struct op_log_value values[] = {__VA_ARGS__};                                \
		expect(text, values, sizeof(values) / sizeof(*values), line);                      \
	} while (0)

START_TEST(integers)
{
	EXPECT("%d %i %u", "-1 -1 4294967295", i32(-1), i32(-1), i32(-1));
	EXPECT("%d %u", "-1 18446744073709551615", i64(-1), i64(-1));
	EXPECT("%x %X %o", "ff FF 377", i32(255), i32(255), i32(255));
	EXPECT("%#x %08llx", "0xff deadbeef", i32(255), i32((int32_t)0xdeadbeef));
	EXPECT("[%5d] [%-5d] [%05d] [%+d] [% d] [%.3d]",
	       "[   42] [42   ] [00042] [+42] [ 42] [042]", i32(42), i32(42), i32(42), i32(42),
	       i32(42), i32(42));
	// A length says nothing: the type of the value is known.
	EXPECT("%hhd %ld %lld %zu", "300 300 300 300", i32(300), i64(300), i32(300), i32(300));
	EXPECT("%p", "0x1122334455667788", i64(0x1122334455667788));
	EXPECT("%d %d", "-9223372036854775808 -2147483648", i64(INT64_MIN), i32(INT32_MIN));
}
END_TEST

START_TEST(reals)
{
	EXPECT("%f %.1f %g %e", "1.500000 1.5 1.5 1.500000e+00", f32(1.5F), f32(1.5F), f64(1.5),
	       f64(1.5));
	EXPECT("%a %G %F", "0x1p-1 1E+100 INF", f64(0.5), f64(1e100), f64((double)INFINITY));
	EXPECT("%f", "-inf", f32(-INFINITY));
	EXPECT("%10.3f|", "     3.142|", f64(3.14159));
}
END_TEST

// A value of another kind than the conversion's is converted as a cast would.
START_TEST(mixed)
{
	EXPECT("%d %d", "2 -2", f64(2.9), f32(-2.9F));
	EXPECT("%f %f", "-3.000000 7.000000", i32(-3), i64(7));
	EXPECT("%d %d", "0 0", f64((double)NAN), f64(1e300));
}
END_TEST

START_TEST(characters)
{
	EXPECT("%c%c%c", "A??", i32('A'), i32(0), i32(300));
	EXPECT("a\\tb\\n\\x41\\\\\\\"\\r%%\\e", "a\tb\nA\\\"\r%\033");
	EXPECT("", "");
	EXPECT("no value", "no value");
}
END_TEST

START_TEST(what_could_not_be_computed)
{
	EXPECT("%d, %d", "<error>, 3",
	       ((struct op_log_value){.type = OP_VALUE_I32, .failed = true}), i32(3));
}
END_TEST

// As wide as a format can ask for: cut, never longer.
START_TEST(widths)
{
	const struct op_log_value value = i32(1);
	_cleanup_text_ struct op_text shown = OP_TEXT_INIT;
	struct op_log_format format;
	ck_assert_ptr_null(op_log_format_parse("%99999d", 7, &format));
	op_log_format_apply(&format, &value, &shown);
	ck_assert_uint_lt(strlen(shown.data), 1024);
	op_log_format_deinit(&format);
}
END_TEST

START_TEST(texts)
{
	const struct op_log_value name = {.text = "node"}, missing = {.failed = true},
				  number = i32(7);
	EXPECT("%s=%d", "node=7", name, number);
	EXPECT("[%6s] [%-6s] [%.2s]", "[  node] [node  ] [no]", name, name, name);
	// What is no text is no reason to read memory as if it were.
	EXPECT("%s %s", "<error> <error>", missing, number);
}
END_TEST

START_TEST(refused)
{
	refuse("%d %n", 5, OP_ERROR_UNSUPPORTED, "%n");
	refuse("%y", 2, OP_ERROR_SYNTAX, "%y");
	refuse("%", 1, OP_ERROR_SYNTAX, "ends inside");
	refuse("%-08", 4, OP_ERROR_SYNTAX, "ends inside");
	refuse("%ll", 3, OP_ERROR_SYNTAX, "ends inside");
	refuse("%*d", 3, OP_ERROR_SYNTAX, "%*");
	refuse("%0000000000000d", 15, OP_ERROR_SYNTAX, "too long");
	refuse("%52323244a", 10, OP_ERROR_LIMIT, "too wide");
	refuse("%.100000d", 9, OP_ERROR_LIMIT, "too wide");
	refuse("\\q", 2, OP_ERROR_SYNTAX, "\\q");
	refuse("\\x4", 3, OP_ERROR_SYNTAX, "\\x");
	refuse("\\", 1, OP_ERROR_SYNTAX, "\\");
	refuse("%d%d%d%d%d%d%d", 14, OP_ERROR_LIMIT, "at most 6");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("log_format");
	tcase_add_test(tcase, integers);
	tcase_add_test(tcase, reals);
	tcase_add_test(tcase, mixed);
	tcase_add_test(tcase, characters);
	tcase_add_test(tcase, what_could_not_be_computed);
	tcase_add_test(tcase, widths);
	tcase_add_test(tcase, texts);
	tcase_add_test(tcase, refused);
	Suite *suite = suite_create("log_format");
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
