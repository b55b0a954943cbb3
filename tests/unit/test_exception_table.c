// SPDX-License-Identifier: GPL-3.0-or-later
// The exception table. The bytes are the example in crates/unwinder/src/exception_table.rs.
#include <check.h>
#include <stdlib.h>

#include "target-runtime/exception_table.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

#define WORD(value) (value) & 0xff, (value) >> 8 & 0xff, (value) >> 16 & 0xff, (value) >> 24 & 0xff
#define NONE        WORD(0xffffffffu)

static const uint8_t example[] = {
	WORD(3u),    WORD(5u),                                           // calls, handlers
	WORD(0x10u), WORD(0x50u), WORD(0xf0u),                           // return addresses
	WORD(0u),    WORD(0x10u), WORD(0u),                              // frame offsets
	WORD(2u),    WORD(4u),    WORD(5u),                              // ends of ranges
	WORD(1u),    WORD(5u),    WORD(1u),    NONE,        NONE,        // tags
	NONE,        NONE,        WORD(0x10u), WORD(0x20u), WORD(0x30u), // contexts
	WORD(0x40u), WORD(0x42u), WORD(0x6fu), WORD(0x71u), WORD(0xf5u), // handlers
};

START_TEST(the_example)
{
	struct op_bytes section = {.data = example, .size = sizeof(example), .what = "exceptions"};
	struct op_exception_table table;
	struct op_exception_callsite callsite;
	must_succeed(op_exception_table_init(&table, &section));
	for (uint32_t at = 0; at < 0x100; at++)
		ck_assert(op_exception_table_find(&table, at, &callsite) ==
			  (at == 0x10 || at == 0x50 || at == 0xf0));
	ck_assert(op_exception_table_find(&table, 0x10, &callsite));
	ck_assert_uint_eq(callsite.first, 0);
	ck_assert_uint_eq(callsite.end, 2);
	ck_assert(op_exception_table_find(&table, 0x50, &callsite));
	ck_assert_uint_eq(callsite.frame_offset, 0x10);
	ck_assert_uint_eq(callsite.first, 2);
	ck_assert_uint_eq(callsite.end, 4);
	struct op_exception_handler handler = op_exception_table_handler(&table, 2);
	ck_assert(!handler.catches_all && handler.has_context);
	ck_assert_uint_eq(handler.tag, 1);
	ck_assert_uint_eq(handler.context_offset, 0x10);
	ck_assert(op_exception_table_handler(&table, 3).catches_all);
	ck_assert(!op_exception_table_handler(&table, 0).has_context);
}
END_TEST

START_TEST(malformed)
{
	struct op_exception_table table;
	struct op_exception_callsite callsite;
	for (size_t size = 1; size < sizeof(example); size++) {
		struct op_bytes section = {.data = example, .size = size, .what = "exceptions"};
		must_fail(op_exception_table_init(&table, &section), OP_ERROR_FORMAT);
	}
	struct op_bytes none = {.data = NULL, .size = 0, .what = "exceptions"};
	must_succeed(op_exception_table_init(&table, &none));
	ck_assert(!op_exception_table_find(&table, 0x10, &callsite));
	// A range that goes backwards, or beyond the handlers, is none.
	static const uint8_t bad[] = {WORD(2u), WORD(1u), WORD(0x10u), WORD(0x20u),
				      WORD(0u), WORD(0u), WORD(9u),    WORD(1u),
				      NONE,     NONE,     WORD(0x30u)};
	struct op_bytes section = {.data = bad, .size = sizeof(bad), .what = "exceptions"};
	must_succeed(op_exception_table_init(&table, &section));
	ck_assert(!op_exception_table_find(&table, 0x10, &callsite));
	ck_assert(!op_exception_table_find(&table, 0x20, &callsite));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exception_table");
	TCase *cases = tcase_create("exception_table");
	tcase_add_test(cases, the_example);
	tcase_add_test(cases, malformed);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
