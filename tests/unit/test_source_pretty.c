// SPDX-License-Identifier: GPL-3.0-or-later
// Printers of libc++'s types on types that only look like them: debug information that a target may
// have. No module and no memory: all values are bytes. What a real guest has is
// tests/e2e/test_source_library.py's.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tracer/report/source_value.h"
#include "tracer/source_render.h"

#define TYPE(kind_, name_, size_)                                                                  \
	.kind = kind_, .language = OP_LANGUAGE_CPLUSPLUS, .name = name_, .size = size_,            \
	.has_size = true, .completed = true
#define MEMBERS(...)                                                                               \
	.members = (const struct op_type_member[]){__VA_ARGS__},                                   \
	.member_count = OP_ARRAY_SIZE(((const struct op_type_member[]){__VA_ARGS__}))
#define PARAMETERS(...)                                                                            \
	.parameters = (const struct op_type_parameter[]){__VA_ARGS__},                             \
	.parameter_count = OP_ARRAY_SIZE(((const struct op_type_parameter[]){__VA_ARGS__}))
#define NUMBERS(...) PARAMETERS(__VA_ARGS__)
#define VALUE(number)                                                                              \
	{                                                                                          \
		.has_value = true, .value = (number)                                               \
	}
#define OF(type_)                                                                                  \
	{                                                                                          \
		.type = &(type_)                                                                   \
	}
#define MEMBER(name_, type_, offset_)                                                              \
	{                                                                                          \
		.name = name_, .type = &(type_), .offset = offset_                                 \
	}
#define TOO_DEEP "<values are more than 96 deep inside others>"
#define UNKNOWN  "<this is not how outpost knows libc++ to lay it out>"

static const struct op_type byte = {TYPE(OP_TYPE_INTEGER, "unsigned char", 1), .is_unsigned = true};
static const struct op_type word = {TYPE(OP_TYPE_INTEGER, "unsigned int", 4), .is_unsigned = true};
static const struct op_type big = {TYPE(OP_TYPE_INTEGER, "long long", 8)};
static const struct op_type pointer = {TYPE(OP_TYPE_POINTER, NULL, 4), .target = &word};
static const struct op_type pointers = {TYPE(OP_TYPE_POINTER, NULL, 4), .target = &pointer};
static const struct op_type huge = {TYPE(OP_TYPE_STRUCT, "Huge", UINT64_MAX)};

static const struct op_type milli = {TYPE(OP_TYPE_STRUCT, "ratio", 1),
				     NUMBERS(VALUE(1), VALUE(1000))};
static const struct op_type no_parts = {TYPE(OP_TYPE_STRUCT, "ratio", 1),
					NUMBERS(VALUE(1), VALUE(0))};
static const struct op_type backwards = {TYPE(OP_TYPE_STRUCT, "ratio", 1),
					 NUMBERS(VALUE(-1), VALUE(1))};
static const struct op_type ages = {TYPE(OP_TYPE_STRUCT, "ratio", 1),
				    NUMBERS(VALUE(INT64_MAX), VALUE(1))};
static const struct op_type system_clock = {
	TYPE(OP_TYPE_STRUCT, "std::__1::chrono::system_clock", 1)};
static const struct op_type long_ages = {TYPE(OP_TYPE_STRUCT, "std::chrono::duration<x>", 8),
					 MEMBERS(MEMBER("__rep_", big, 0)),
					 PARAMETERS(OF(big), OF(ages))};

// What they are shown as is themselves.
static const struct op_type stack_of_itself = {TYPE(OP_TYPE_STRUCT, "std::__1::stack<x>", 4),
					       MEMBERS(MEMBER("c", stack_of_itself, 0))};
static const struct op_type atomic_of_itself;
static const struct op_type inside_atomic = {TYPE(OP_TYPE_STRUCT, "inside", 4),
					     MEMBERS(MEMBER("__a_value", atomic_of_itself, 0))};
static const struct op_type atomic_of_itself = {TYPE(OP_TYPE_STRUCT, "std::__1::atomic<x>", 4),
						MEMBERS(MEMBER("__a_", inside_atomic, 0))};

static const struct op_type map = {
	TYPE(OP_TYPE_STRUCT, "map", 8),
	MEMBERS(MEMBER("__begin_", pointers, 0), MEMBER("__end_", pointers, 4))};
static const struct op_type held = {TYPE(OP_TYPE_STRUCT, "value_func", 4),
				    MEMBERS(MEMBER("__f_", pointer, 0))};
static const struct op_type content = {
	TYPE(OP_TYPE_STRUCT, "union_t", 4),
	MEMBERS(MEMBER("__val_", word, 0), MEMBER("__unex_", word, 0))};
static const struct op_type in_union = {TYPE(OP_TYPE_STRUCT, "in", 4),
					MEMBERS(MEMBER("__v", content, 0))};
static const struct op_type rep = {
	TYPE(OP_TYPE_STRUCT, "repr", 5),
	MEMBERS(MEMBER("__union_", in_union, 0), MEMBER("__has_val_", byte, 4))};
static const struct op_type in_rep = {TYPE(OP_TYPE_STRUCT, "in", 5),
				      MEMBERS(MEMBER("__v", rep, 0))};

#define DEQUE(element)                                                                             \
	TYPE(OP_TYPE_STRUCT, "std::__1::deque<x>", 24),                                            \
		MEMBERS(MEMBER("__map_", map, 0), MEMBER("__start_", big, 8),                      \
			MEMBER("__size_", big, 16)),                                               \
		PARAMETERS(OF(element))
#define DEQUE_BYTES(begin, end, start, size)                                                       \
	(const uint32_t[])                                                                         \
	{                                                                                          \
		begin, end, (uint32_t)(start), (uint32_t)((uint64_t)(start) >> 32),                \
			(uint32_t)(size), (uint32_t)((uint64_t)(size) >> 32)                       \
	}
#define DURATION(period)                                                                           \
	TYPE(OP_TYPE_STRUCT, "std::__1::chrono::duration<x>", 8),                                  \
		MEMBERS(MEMBER("__rep_", big, 0)), PARAMETERS(OF(big), OF(period))
#define EXPECTED(value)                                                                            \
	TYPE(OP_TYPE_STRUCT, "std::__1::expected<x>", 5), MEMBERS(MEMBER("__repr_", in_rep, 0)),   \
		PARAMETERS(OF(value), OF(word))
#define BITSET(count)                                                                              \
	TYPE(OP_TYPE_STRUCT, "std::__1::bitset<x>", 4), MEMBERS(MEMBER("__first_", word, 0)),      \
		NUMBERS(VALUE(count))
#define BITS()                                                                                     \
	TYPE(OP_TYPE_STRUCT, "std::__1::vector<bool, x>", 20),                                     \
		MEMBERS(MEMBER("__begin_", pointer, 0), MEMBER("__size_", big, 4),                 \
			MEMBER("__cap_", big, 12))
#define EMPTY(name) TYPE(OP_TYPE_STRUCT, name, 4)

static const struct {
	struct op_type type;
	const void *bytes; // as many as the type's size; NULL: zeros
	const char *expected;
	size_t missing; // bytes at the end that are optimised out
} values[] = {
	{{BITSET(5)},
	 (const uint32_t[]){0x15},
	 "std::bitset of length 5 = {true, false, true, false, true}",
	 0},
	{{BITSET(32)}, NULL, "std::bitset of length 32 = {false <repeats 32 times>}", 0},
	{{BITSET(33)}, NULL, "{__first_ = 0} <33 bits in 4 bytes make no sense>", 0},
	{{BITSET(INT64_MAX)},
	 NULL,
	 "{__first_ = 0} <9223372036854775807 bits in 4 bytes make no sense>",
	 0},
	{{BITSET(-1)}, NULL, "{__first_ = 0} " UNKNOWN, 0},
	{{BITSET(5)}, NULL, "{__first_ = <optimised out>} <it is optimised out in part>", 1},
	{{EMPTY("std::__1::bitset<x>")}, NULL, UNKNOWN, 0},
	{{BITS()},
	 (const uint32_t[]){16, 100, 0, 1, 0},
	 "{__begin_ = 0x10, __size_ = 100, __cap_ = 1} <a vector of 100 bits in 1 words makes no "
	 "sense>",
	 0},
	{{BITS()},
	 (const uint32_t[]){16, 100, 0, -1, -1},
	 "{__begin_ = 0x10, __size_ = 100, __cap_ = -1} <a vector of 100 bits in "
	 "18446744073709551615 words makes no sense>",
	 0},
	{{DEQUE(word)}, NULL, "std::deque with 0 elements", 0},
	{{DEQUE(word)},
	 DEQUE_BYTES(16, 8, 0, 1),
	 "{__map_ = {__begin_ = 0x10, __end_ = 0x8}, __start_ = 0, __size_ = 1} <a deque whose "
	 "blocks are listed from 0x10 to 0x8 makes no sense>",
	 0},
	{{DEQUE(word)},
	 DEQUE_BYTES(16, 21, 0, 1),
	 "{__map_ = {__begin_ = 0x10, __end_ = 0x15}, __start_ = 0, __size_ = 1} <a deque whose "
	 "blocks are listed from 0x10 to 0x15 makes no sense>",
	 0},
	{{DEQUE(word)},
	 DEQUE_BYTES(16, 24, INT64_MIN, INT64_MIN),
	 "{__map_ = {__begin_ = 0x10, __end_ = 0x18}, __start_ = -9223372036854775808, __size_ = "
	 "-9223372036854775808} <a deque of length 9223372036854775808 from place "
	 "9223372036854775808 on, with room for 2048, makes no sense>",
	 0},
	{{DEQUE(huge)}, NULL, "std::deque with 0 elements", 0},
	{{EMPTY("std::__1::deque<x>")}, NULL, UNKNOWN, 0},
	{{DURATION(milli)}, (const uint32_t[]){250, 0}, "250ms", 0},
	{{DURATION(no_parts)}, NULL, "{__rep_ = 0} " UNKNOWN, 0},
	{{DURATION(backwards)}, NULL, "{__rep_ = 0} " UNKNOWN, 0},
	{{DURATION(word)}, NULL, "{__rep_ = 0} " UNKNOWN, 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::chrono::time_point<x>", 8),
	  MEMBERS(MEMBER("__d_", long_ages, 0)), PARAMETERS(OF(system_clock), OF(long_ages))},
	 (const uint32_t[]){2, 0},
	 "2[9223372036854775807]s since the epoch",
	 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::chrono::time_point<x>", 8),
	  MEMBERS(MEMBER("__d_", long_ages, 0)), PARAMETERS(OF(system_clock), OF(long_ages))},
	 (const uint32_t[]){1, 0},
	 "1[9223372036854775807]s since the epoch",
	 0},
	{{EXPECTED(word)}, (const uint8_t[]){4, 0, 0, 0, 1}, "std::expected = {4}", 0},
	{{EXPECTED(word)}, (const uint8_t[]){4, 0, 0, 0, 0}, "std::expected (error) = {4}", 0},
	{{EXPECTED(word)},
	 (const uint8_t[]){4, 0, 0, 0, 7},
	 "{__repr_ = {__v = {__union_ = {__v = {__val_ = 4, __unex_ = 4}}, __has_val_ = "
	 "7}}} " UNKNOWN,
	 0},
	{{EMPTY("std::__1::expected<x>")}, NULL, UNKNOWN, 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::complex<x>", 8),
	  MEMBERS(MEMBER("__re_", word, 0), MEMBER("__im_", word, 4))},
	 (const uint32_t[]){1, 2},
	 "std::complex = {real() = 1, imag() = 2}",
	 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::complex<x>", 4), MEMBERS(MEMBER("__re_", word, 0))},
	 NULL,
	 "{__re_ = 0} " UNKNOWN,
	 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::function<x>", 4), MEMBERS(MEMBER("__f_", held, 0))},
	 NULL,
	 "std::function (empty)",
	 0},
	{{EMPTY("std::__1::function<x>")}, NULL, UNKNOWN, 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::any", 4), MEMBERS(MEMBER("__h_", pointer, 0))},
	 NULL,
	 "std::any without a value",
	 0},
	{{EMPTY("std::__1::any")}, NULL, UNKNOWN, 0},
	{{EMPTY("std::__1::valarray<x>")}, NULL, UNKNOWN, 0},
	{{EMPTY("std::__1::flat_map<x>")}, NULL, UNKNOWN, 0},
	{{EMPTY("std::__1::flat_set<x>")}, NULL, UNKNOWN, 0},
	{{EMPTY("std::__1::stack<x>")}, NULL, UNKNOWN, 0},
	{{TYPE(OP_TYPE_STRUCT, "std::__1::stack<x>", 4), MEMBERS(MEMBER("c", word, 0))},
	 NULL,
	 "0",
	 0},
	{{TYPE(OP_TYPE_STRUCT, "Holder", 4), MEMBERS(MEMBER("held", stack_of_itself, 0))},
	 NULL,
	 "{held = std::stack wrapping std::stack = {c = " TOO_DEEP "} " TOO_DEEP "}",
	 0},
	{{TYPE(OP_TYPE_STRUCT, "Holder", 4), MEMBERS(MEMBER("held", atomic_of_itself, 0))},
	 NULL,
	 "{held = {__a_ = " TOO_DEEP "} " TOO_DEEP "}",
	 0},
	{{EMPTY("std::__1::reference_wrapper<x>")}, NULL, UNKNOWN, 0},
	{{EMPTY("std::__1::__fs::filesystem::path")}, NULL, UNKNOWN, 0},
};

START_TEST(what_only_looks_like_it_is_not_taken_for_it)
{
	static struct op_session session;
	static const uint8_t zeros[64];
	const struct op_type *type = &values[_i].type;
	size_t size = (size_t)type->size;
	struct op_source_value value = {
		.type = type, .place = OP_SOURCE_VALUE_BYTES, .bytes = malloc(size), .size = size};
	ck_assert_ptr_nonnull(value.bytes);
	memcpy(value.bytes, values[_i].bytes ?: zeros, size);
	if (values[_i].missing) {
		value.known = malloc(size);
		ck_assert_ptr_nonnull(value.known);
		memset(value.known, 1, size);
		memset(value.known + size - values[_i].missing, 0, values[_i].missing);
	}
	struct op_string_pool arena = {0};
	struct op_render x;
	struct op_source_node node = {0};
	op_render_init(&x, &session, NULL, NULL, &arena);
	ck_assert_ptr_null(op_render_value(&x, &value, &node));
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_source_value_text(&text, &node, &(struct op_source_style){0});
	ck_assert_str_eq(text.data, values[_i].expected);
	op_source_value_deinit(&value);
	op_string_pool_deinit(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_pretty");
	TCase *cases = tcase_create("libc++");
	tcase_add_loop_test(cases, what_only_looks_like_it_is_not_taken_for_it, 0,
			    (int)OP_ARRAY_SIZE(values));
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
