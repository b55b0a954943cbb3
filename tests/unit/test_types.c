// SPDX-License-Identifier: GPL-3.0-or-later
// Types of tests/guests/dwarf/types.cc and types.rs: their names, definitions and members; and of
// information that was changed.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/type.h"
#include "tests/unit/dwarf_fixture.h"
#include "tests/unit/suite.h"

static struct op_dwarf_fixture fixture;

static void teardown(void)
{
	op_dwarf_fixture_close(&fixture);
}

static const struct op_type *variable_type(const char *name)
{
	struct op_debug_variable variable;
	const struct op_type *type;
	bool found;
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, name, strlen(name), &found,
					 &variable));
	ck_assert_msg(found, "%s", name);
	succeeds(op_debug_type(fixture.info, variable.type, &type));
	return type;
}

static const struct op_type *named_type(const char *name)
{
	struct op_die die;
	const struct op_type *type;
	bool found;
	succeeds(op_debug_type_named(fixture.info, NULL, 0, name, strlen(name), &found, &die));
	ck_assert_msg(found, "%s", name);
	succeeds(op_debug_type(fixture.info, die, &type));
	succeeds(op_type_complete(fixture.info, type));
	return type;
}

static void assert_text(struct op_text *text, const char *expected)
{
	ck_assert_str_eq(text->data, expected);
	op_text_deinit(text);
}

// C and C++ -----------------------------------------------------------------------------------

static const struct {
	const char *variable, *declaration;
} declarations[] = {
	{"kind", "ns::Kind x"},
	{"box", "ns::Box<double, 3> x"},
	{"hidden", "ns::Hidden *x"},
	{"call", "callback x"},
	{"table", "int (*x[4])(int)"},
	{"text", "char x[2][8]"},
	{"pointer", "const char * volatile const x"},
	{"wide", "long long x"},
	{"quad", "long double x"},
};
static const char *const modules[] = {"types-4-O0.wasm", "types-5-O0.wasm", "types-5-O2.wasm"};

START_TEST(declarations_are_those_of_the_language)
{
	op_dwarf_fixture_load(&fixture, modules[_i]);
	for (size_t i = 0; i < OP_ARRAY_SIZE(declarations); i++) {
		struct op_text text = OP_TEXT_INIT;
		op_type_print(variable_type(declarations[i].variable), "x", &text);
		assert_text(&text, declarations[i].declaration);
	}
}
END_TEST

START_TEST(enumerators_stand_beside_their_enum)
{
	op_dwarf_fixture_load(&fixture, modules[_i]);
	ck_assert_uint_eq(named_type("ns::Plain")->scope_size, strlen("ns::"));
	ck_assert_uint_eq(named_type("ns::Kind")->scope_size, 0);
}
END_TEST

static const struct {
	const char *type, *definition;
} definitions[] = {
	{"callback", "int (*)(const char *, ...)"},
	{"ns::Kind", "enum class ns::Kind : unsigned char {Round = 1, Square}"},
	{"Plain", "enum ns::Plain : int {A, B = 5, C = -1}"},
	{"ns::Both", "struct ns::Both : public ns::Left {\n    int both;\n}"},
	{"ns::Left", "struct ns::Left : public virtual ns::Root {\n    int left;\n}"},
	{"ns::Box<double, 3>", "struct ns::Box<double, 3> : public ns::Base {\n"
			       "    double content[3];\n"
			       "    static int made;\n"
			       "    u32 first : 3;\n"
			       "    u32 second : 5;\n"
			       "    union {\n"
			       "        float real;\n"
			       "        volatile u32 bits;\n"
			       "    };\n"
			       "    ns::Box<double, 3> *next;\n"
			       "    const ns::Kind &kind;\n"
			       "    int (ns::Base::*method)();\n"
			       "    int ns::Base::*member;\n"
			       "}"},
};

START_TEST(definitions_have_all_members)
{
	op_dwarf_fixture_load(&fixture, modules[_i]);
	for (size_t i = 0; i < OP_ARRAY_SIZE(definitions); i++) {
		struct op_text text = OP_TEXT_INIT;
		succeeds(op_type_print_definition(fixture.info, named_type(definitions[i].type),
						  &text));
		assert_text(&text, definitions[i].definition);
	}
}
END_TEST

START_TEST(layouts_have_offsets_and_holes)
{
	struct op_text text = OP_TEXT_INIT;
	op_dwarf_fixture_load(&fixture, modules[_i]);
	succeeds(op_type_print_layout(fixture.info, named_type("ns::Box<double, 3>"), &text));
	assert_text(&text, "struct ns::Box<double, 3> : public ns::Base {\n"
			   "/*      8      |      24 */      double content[3];\n"
			   "                                 static int made;\n"
			   "/*     32: 0   |       4 */      u32 first : 3;\n"
			   "/*     32: 3   |       4 */      u32 second : 5;\n"
			   "/* XXX  3-byte hole      */\n"
			   "/*     36      |       4 */      union {\n"
			   "/*     36      |       4 */          float real;\n"
			   "/*     36      |       4 */          volatile u32 bits;\n"
			   "                                     /* total size: 4 bytes */\n"
			   "                                 };\n"
			   "/*     40      |       4 */      ns::Box<double, 3> *next;\n"
			   "/*     44      |       4 */      const ns::Kind &kind;\n"
			   "/*     48      |       8 */      int (ns::Base::*method)();\n"
			   "/*     56      |       4 */      int ns::Base::*member;\n"
			   "/* XXX  4-byte padding   */\n"
			   "                                 /* total size: 64 bytes */\n"
			   "                             }");
	succeeds(op_type_print_layout(fixture.info, named_type("ns::Both"), &text));
	assert_text(&text, "struct ns::Both : public ns::Left {\n"
			   "/*      8      |       4 */      int both;\n"
			   "                                 /* total size: 16 bytes */\n"
			   "                             }");
	succeeds(op_type_print_layout(fixture.info, named_type("ns::Kind"), &text));
	assert_text(&text, "enum class ns::Kind : unsigned char {Round = 1, Square}");
}
END_TEST

static const struct op_type_member *member(const struct op_type *type, const char *name)
{
	for (size_t i = 0; i < type->member_count; i++) {
		if (type->members[i].name && strcmp(type->members[i].name, name) == 0)
			return &type->members[i];
	}
	ck_abort_msg("no member %s", name);
}

START_TEST(members_are_where_the_compiler_put_them)
{
	op_dwarf_fixture_load(&fixture, modules[_i]);
	const struct op_type *box = named_type("ns::Box<double, 3>");
	ck_assert_uint_eq(box->size, 64);
	ck_assert(box->members[0].is_base && !box->members[0].is_virtual_base);
	ck_assert_uint_eq(member(box, "content")->offset, 8);
	ck_assert(member(box, "made")->is_static);
	ck_assert(member(box, "second")->is_bit_field);
	ck_assert_uint_eq(member(box, "second")->bit_offset, 8 * 32 + 3);
	ck_assert_uint_eq(member(box, "second")->bit_size, 5);
	ck_assert_uint_eq(member(box, "next")->offset, 40);
	ck_assert_int_eq(op_type_strip(member(box, "kind")->type)->kind, OP_TYPE_REFERENCE);
	ck_assert_int_eq(op_type_strip(member(box, "method")->type)->kind, OP_TYPE_MEMBER_POINTER);
	ck_assert_uint_eq(box->parameter_count, 2);
	ck_assert_str_eq(box->parameters[0].type->name, "double");
	ck_assert(box->parameters[1].has_value && box->parameters[1].value == 3);
	const struct op_type *left = named_type("ns::Left");
	ck_assert(left->members[0].is_virtual_base);
	// In the vtable, before its address point: the distance, the offset to top, the type.
	ck_assert_uint_eq(left->members[0].offset, 12);
}
END_TEST

START_TEST(a_class_that_is_only_declared_is_no_definition)
{
	op_dwarf_fixture_load(&fixture, modules[_i]);
	const struct op_type *target = op_type_strip(variable_type("hidden"))->target;
	succeeds(op_type_complete(fixture.info, target));
	ck_assert(target->is_declaration);
	ck_assert(!target->has_size);
}
END_TEST

START_TEST(an_array_of_variable_length_names_its_length)
{
	op_dwarf_fixture_load(&fixture, modules[_i]);
	struct op_debug_variable items, length;
	struct op_debug_function *bodies, *body;
	size_t count;
	bool found;
	succeeds(op_debug_functions_named(fixture.info, "vector", false, &bodies, &count));
	ck_assert_uint_eq(count, 1);
	body = &bodies[0];
	uint32_t pc = body->high_pc - 2;
	succeeds(op_debug_variable_named(fixture.info, body, pc, "items", 5, &found, &items));
	ck_assert(found);
	const struct op_type *type;
	succeeds(op_debug_type(fixture.info, items.type, &type));
	ck_assert_int_eq(type->kind, OP_TYPE_ARRAY);
	ck_assert(!type->has_count);
	succeeds(op_debug_variable_named(fixture.info, body, pc, "__vla_expr0", 11, &found,
					 &length));
	ck_assert(found && length.artificial);
	ck_assert_uint_eq(type->count_variable.offset, length.die.offset);
	const struct op_type *array;
	succeeds(op_type_array_of(fixture.info, type->target, 7, &array));
	ck_assert(array->has_count && array->count == 7 && array->size == 28);
	free(bodies);
}
END_TEST

// Rust ----------------------------------------------------------------------------------------

START_TEST(rust_is_written_as_rust)
{
	op_dwarf_fixture_load(&fixture, "types-rust.wasm");
	struct op_text text = OP_TEXT_INIT;
	const struct op_type *node = variable_type("NODE");
	succeeds(op_type_print_definition(fixture.info, node, &text));
	assert_text(&text, "struct types::Node {\n"
			   "    key: u8,\n"
			   "    next: core::option::Option<&types::Node>,\n"
			   "    pair: (i16, bool),\n"
			   "    name: &str,\n"
			   "    items: &[u64],\n"
			   "    shape: types::Shape,\n"
			   "    error: core::result::Result<char, u32>,\n"
			   "}");
	op_type_print(variable_type("ARRAY"), NULL, &text);
	assert_text(&text, "[[u8; 2]; 3]");
	succeeds(op_type_print_definition(fixture.info, variable_type("WRAPPED"), &text));
	assert_text(&text, "struct types::Wrapped(i32, f32)");
	succeeds(op_type_print_definition(fixture.info, named_type("types::Shape"), &text));
	assert_text(&text, "enum types::Shape {\n"
			   "    Empty,\n"
			   "    Circle(f64),\n"
			   "    Rect {\n"
			   "        width: u32,\n"
			   "        height: u32,\n"
			   "    },\n"
			   "}");
}
END_TEST

START_TEST(layouts_of_rust)
{
	struct op_text text = OP_TEXT_INIT;
	op_dwarf_fixture_load(&fixture, "types-rust.wasm");
	succeeds(op_type_print_layout(fixture.info, variable_type("WRAPPED"), &text));
	assert_text(&text, "struct types::Wrapped(\n"
			   "/*      0      |       4 */      i32,\n"
			   "/*      4      |       4 */      f32,\n"
			   "                                 /* total size: 8 bytes */\n"
			   "                             )");
	succeeds(op_type_print_layout(fixture.info, named_type("types::Shape"), &text));
	assert_text(&text, "enum types::Shape {\n"
			   "/*      0      |       4 */      /* which of them it is */\n"
			   "                                 Empty,\n"
			   "                                 Circle(\n"
			   "/*      8      |       8 */          f64,\n"
			   "                                 ),\n"
			   "                                 Rect {\n"
			   "/*      4      |       4 */          width: u32,\n"
			   "/*      8      |       4 */          height: u32,\n"
			   "                                 },\n"
			   "                                 /* total size: 16 bytes */\n"
			   "                             }");
}
END_TEST

START_TEST(rust_enums_have_variants_by_discriminant)
{
	op_dwarf_fixture_load(&fixture, "types-rust.wasm");
	const struct op_type *shape = named_type("types::Shape");
	ck_assert_uint_eq(shape->variant_count, 3);
	ck_assert_ptr_nonnull(shape->discriminant);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(!shape->variants[i].is_default);
		ck_assert_uint_eq(shape->variants[i].discriminant, i);
	}
	ck_assert_str_eq(shape->variants[2].member.name, "Rect");
	// A null pointer is None's whole encoding: Some is what has no number of its own.
	const struct op_type *node = variable_type("NODE");
	succeeds(op_type_complete(fixture.info, node));
	const struct op_type *next = op_type_strip(member(node, "next")->type);
	succeeds(op_type_complete(fixture.info, next));
	ck_assert_uint_eq(next->variant_count, 2);
	size_t some = next->variants[0].is_default ? 0 : 1;
	ck_assert(next->variants[some].is_default);
	ck_assert_str_eq(next->variants[some].member.name, "Some");
	ck_assert_uint_eq(next->variants[1 - some].discriminant, 0);
}
END_TEST

// Basic types, and what is hostile --------------------------------------------------------------

START_TEST(basic_types_have_their_size)
{
	ck_assert_int_eq(op_type_basic("int", 3)->size, 4);
	ck_assert_int_eq(op_type_basic("unsigned char", 13)->size, 1);
	ck_assert_int_eq(op_type_basic("f64", 3)->kind, OP_TYPE_FLOAT);
	ck_assert(op_type_basic("u16", 3)->is_unsigned);
	ck_assert_int_eq(op_type_basic("bool", 4)->kind, OP_TYPE_BOOL);
	ck_assert_ptr_null(op_type_basic("struct", 6));
}
END_TEST

// Every byte of the entries changed, one after the other: an answer or an error, and never more
// text than a person can want.
START_TEST(changed_entries_end)
{
	for (size_t at = 12; op_dwarf_fixture_read_changed(&fixture, "types-5-O0.wasm", at); at++) {
		struct op_debug_type_name *types = NULL;
		size_t count = 0;
		op_error_destroy(op_debug_types(fixture.info, NULL, &types, &count));
		for (size_t i = 0; i < count; i++) {
			const struct op_type *type;
			struct op_text text = OP_TEXT_INIT;
			struct op_error *error = op_debug_type(fixture.info, types[i].die, &type);
			if (!error)
				error = op_type_print_definition(fixture.info, type, &text);
			ck_assert_uint_lt(text.size, 1 << 20);
			op_error_destroy(error);
			op_text_deinit(&text);
		}
		free(types);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("types");
	TCase *cases = tcase_create("modules");
	tcase_add_checked_fixture(cases, NULL, teardown);
	tcase_set_timeout(cases, 60);
	size_t count = OP_ARRAY_SIZE(modules);
	tcase_add_loop_test(cases, declarations_are_those_of_the_language, 0, (int)count);
	tcase_add_loop_test(cases, enumerators_stand_beside_their_enum, 0, (int)count);
	tcase_add_loop_test(cases, definitions_have_all_members, 0, (int)count);
	tcase_add_loop_test(cases, layouts_have_offsets_and_holes, 0, (int)count);
	tcase_add_loop_test(cases, members_are_where_the_compiler_put_them, 0, (int)count);
	tcase_add_loop_test(cases, a_class_that_is_only_declared_is_no_definition, 0, (int)count);
	// Optimised, the length is the parameter itself.
	tcase_add_loop_test(cases, an_array_of_variable_length_names_its_length, 0, 2);
	tcase_add_test(cases, rust_is_written_as_rust);
	tcase_add_test(cases, layouts_of_rust);
	tcase_add_test(cases, rust_enums_have_variants_by_discriminant);
	tcase_add_test(cases, changed_entries_end);
	suite_add_tcase(suite, cases);
	TCase *pure = tcase_create("basic");
	tcase_add_test(pure, basic_types_have_their_size);
	suite_add_tcase(suite, pure);
	return run_suite(suite);
}
