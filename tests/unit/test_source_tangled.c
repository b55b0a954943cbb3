// SPDX-License-Identifier: GPL-3.0-or-later
// Types that say they have themselves inside, as a target's debug information may: what is looked
// for in them ends. Without limits these cases would take years.
#include <check.h>
#include <stdlib.h>

#include "tests/unit/suite.h"
#include "tracer/source_dynamic.h"
#include "tracer/source_pretty.h"

enum { COPIES = 8 };

static struct op_type tangled;
static struct op_type_member members[COPIES];
static uint8_t bytes[4];

// Each member is the whole again, without a name of its own.
static struct op_source_value value_of(struct op_type type, enum op_source_value_place place)
{
	for (size_t i = 0; i < COPIES; i++)
		members[i] = (struct op_type_member){.type = &tangled, .is_base = true};
	tangled = type;
	tangled.kind = OP_TYPE_STRUCT;
	tangled.has_size = tangled.completed = true;
	tangled.size = sizeof(bytes);
	tangled.members = members;
	tangled.member_count = COPIES;
	return (struct op_source_value){.type = &tangled, .place = place};
}

START_TEST(a_part_is_not_looked_for_without_end)
{
	struct op_render x = {0};
	struct op_source_value part, value = value_of((struct op_type){0}, OP_SOURCE_VALUE_BYTES);
	bool found;
	value.bytes = bytes;
	value.size = sizeof(bytes);
	struct op_error *err = op_pretty_part(&x, &value, "absent", &part, &found);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, OP_ERROR_LIMIT);
	ck_assert_str_eq(err->message, "a type in it has too many members");
	ck_assert(!found);
	op_error_destroy(err);
}
END_TEST

START_TEST(a_class_is_not_looked_for_without_end)
{
	const struct op_type type = {.language = OP_LANGUAGE_CPLUSPLUS};
	struct op_source_value value = value_of(type, OP_SOURCE_VALUE_MEMORY);
	// It is not looked at: the types are complete.
	value.info = (struct op_debug_info *)bytes;
	ck_assert_ptr_null(op_source_value_dynamic(NULL, NULL, &value));
	ck_assert_ptr_eq(value.type, &tangled);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_tangled");
	TCase *cases = tcase_create("limits");
	tcase_add_test(cases, a_part_is_not_looked_for_without_end);
	tcase_add_test(cases, a_class_is_not_looked_for_without_end);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
