// SPDX-License-Identifier: GPL-3.0-or-later
// Functions, inlined bodies, variables and types by name and by place: tests/guests/dwarf/names.cc
// in DWARF 4 (-O0) and 5 (-O2). What is expected is what stands in the source.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "target-runtime/dwarf/demangle.h"
#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/type.h"
#include "tests/unit/dwarf_fixture.h"
#include "tests/unit/suite.h"

static const char *const variants[] = {"names-4-O0.wasm", "names-5-O2.wasm"};

static struct op_dwarf_fixture fixture;

static void open_variant(int index)
{
	op_dwarf_fixture_open(&fixture, variants[index]);
	op_dwarf_fixture_read(&fixture);
}

static void open_first(void)
{
	open_variant(0);
}

static void teardown(void)
{
	ck_assert_msg(!fixture.warning_count, "%s", fixture.warnings[0]);
	op_dwarf_fixture_close(&fixture);
}

static void close_damaged(void)
{
	op_dwarf_fixture_close(&fixture);
}

/** The first place of a line of names.cc. */
static uint32_t pc_of(uint32_t line)
{
	struct op_debug_line *places;
	size_t count;
	uint32_t taken;
	succeeds(op_debug_line_places(fixture.info, "names.cc", line, &taken, &places, &count));
	ck_assert_uint_eq(taken, line);
	ck_assert_uint_gt(count, 0);
	uint32_t pc = places[0].pc;
	free(places);
	return pc;
}

// Functions by place --------------------------------------------------------------------------

START_TEST(bodies_around_a_place)
{
	open_variant(_i);
	struct op_debug_function *bodies;
	size_t count;
	uint32_t pc = pc_of(41);
	succeeds(op_debug_functions_at(fixture.info, pc, &bodies, &count));
	ck_assert_uint_eq(count, 3);
	static const char *const names[] = {"innermost", "middle", "run"};
	static const uint32_t lines[] = {38, 45, 72};
	for (size_t i = 0; i < count; i++) {
		ck_assert_str_eq(bodies[i].name, names[i]);
		ck_assert_uint_eq(bodies[i].line, lines[i]);
		ck_assert_str_eq(bodies[i].file, "/guest/names.cc");
		ck_assert_uint_eq(bodies[i].inlined, i < 2);
		ck_assert_int_eq(bodies[i].language, OP_LANGUAGE_CPLUSPLUS);
		ck_assert(bodies[i].low_pc <= pc && pc < bodies[i].high_pc);
	}
	ck_assert_str_eq(bodies[0].signature, "innermost(int)");
	// Where the calls stand.
	ck_assert_uint_eq(bodies[0].call_line, 48);
	ck_assert_uint_eq(bodies[1].call_line, 83);
	ck_assert_str_eq(bodies[1].call_file, "/guest/names.cc");
	ck_assert_uint_eq(bodies[1].call_column, 11);
	const struct op_debug_function *same;
	succeeds(op_debug_function(fixture.info, bodies[1].die, &same));
	ck_assert_str_eq(same->name, "middle");
	free(bodies);
}
END_TEST

START_TEST(no_body_around_a_place)
{
	struct op_debug_function *bodies;
	size_t count;
	const uint32_t places[] = {0, fixture.source.code_start, fixture.source.code_end,
				   UINT32_MAX};
	for (size_t i = 0; i < OP_ARRAY_SIZE(places); i++) {
		succeeds(op_debug_functions_at(fixture.info, places[i], &bodies, &count));
		ck_assert_uint_eq(count, 0);
		free(bodies);
	}
	const struct op_debug_function *none;
	struct op_error *err = op_debug_function(fixture.info, (struct op_die){3}, &none);
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(err->code, OP_ERROR_NOT_FOUND);
	op_error_destroy(err);
}
END_TEST

// Functions by name ---------------------------------------------------------------------------

/** The qualified names of what is found, with commas; inlined bodies in brackets. */
static char *functions_named(const char *name, bool is_pattern)
{
	struct op_debug_function *found;
	size_t count;
	struct op_text text = OP_TEXT_INIT;
	char *names;
	succeeds(op_debug_functions_named(fixture.info, name, is_pattern, &found, &count));
	for (size_t i = 0; i < count; i++) {
		ck_assert(i == 0 || found[i - 1].low_pc <= found[i].low_pc);
		op_text_printf(&text, found[i].inlined ? "%s[%s]" : "%s%s", i ? ", " : "",
			       found[i].signature);
	}
	free(found);
	op_text_append(&text, "");
	succeeds(op_text_steal(&text, &names));
	return names;
}

static void check_functions(const char *name, bool is_pattern, const char *expected)
{
	char *names = functions_named(name, is_pattern);
	ck_assert_msg(!strcmp(names, expected), "\"%s\" is \"%s\", not \"%s\"", name, names,
		      expected);
	free(names);
}

START_TEST(functions_by_name)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{"run", "run"},
		{"hidden", "(anonymous namespace)::hidden(int)"},
		{"::run", "run"},
		{"Shape::area", "ns::Shape::area() const, ns::Shape::area(int) const, "
				"other::Shape::area() const"},
		{"ns::Shape::area", "ns::Shape::area() const, ns::Shape::area(int) const"},
		{"::ns::Shape::area", "ns::Shape::area() const, ns::Shape::area(int) const"},
		{"::Shape::area", ""},
		{"s::Shape::area", ""},
		{"other::Shape::area", "other::Shape::area() const"},
		{"area", "ns::Shape::area() const, ns::Shape::area(int) const, "
			 "other::Shape::area() const"},
		{"ns::Shape::Shape", "ns::Shape::Shape(int, int)"},
		{"Corner::sum", "ns::Shape::Corner::sum() const"},
		// All instances of a template, or one; spaces do not count.
		{"largest", "ns::largest<int>(int, int), "
			    "ns::largest<double>(double, double)"},
		{"ns::largest<int>", "ns::largest<int>(int, int)"},
		{"largest< double >", "ns::largest<double>(double, double)"},
		{"largest<long>", ""},
		// An inline namespace may be left out.
		{"ns::current", "ns::v1::current()"},
		{"ns::v1::current", "ns::v1::current()"},
		{"overloaded", "overloaded(int), overloaded(double)"},
		{"operator<", "operator<(ns::Shape const&, ns::Shape const&)"},
		{"_ZNK2ns5Shape4areaEi", "ns::Shape::area(int) const"},
		{"innermost", "[innermost(int)]"},
		{"middle", "[middle(int)]"},
		{"run_other", "run_other(int)"},
		{"", ""},
		{"::", ""},
		{"ns::", ""},
		{"no such function", ""},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++)
		check_functions(cases[i].name, false, cases[i].expected);
}
END_TEST

START_TEST(functions_by_pattern)
{
	check_functions("run*", true, "run, run::$_0::operator()(int) const, run_other(int)");
	check_functions("*::are?", true,
			"ns::Shape::area() const, ns::Shape::area(int) const, "
			"other::Shape::area() const");
	check_functions("nothing*", true, "");
	char *all = functions_named(NULL, true);
	ck_assert_ptr_nonnull(strstr(all, "blocks(int)"));
	free(all);
}
END_TEST

START_TEST(names_of_functions)
{
	static const char *const wanted[] = {
		"run",       "ns::Shape::area", "(anonymous namespace)::hidden", "ns::largest<int>",
		"innermost", "ns::v1::current"};
	const char *const *names;
	size_t count;
	succeeds(op_debug_function_names(fixture.info, &names, &count));
	for (size_t i = 0; i < OP_ARRAY_SIZE(wanted); i++) {
		size_t at = 0;
		while (at < count && strcmp(names[at], wanted[i]) != 0)
			at++;
		ck_assert_msg(at < count, "%s", wanted[i]);
	}
	free((void *)names);
}
END_TEST

START_TEST(inlined_bodies_of_optimised_code)
{
	open_variant(1);
	char *names = functions_named("largest<int>", false);
	// One inlined into each unit's function, or more.
	ck_assert_msg(strstr(names, "[ns::largest<int>(int, int)]") != NULL, "%s", names);
	free(names);
}
END_TEST

START_TEST(behind_the_prologue)
{
	struct op_debug_function *found;
	size_t count;
	succeeds(op_debug_functions_named(fixture.info, "blocks", false, &found, &count));
	ck_assert_uint_eq(count, 1);
	uint32_t pc;
	bool has;
	struct op_debug_line line;
	succeeds(op_debug_function_body(fixture.info, &found[0], &pc));
	succeeds(op_debug_line_at(fixture.info, pc, &has, &line));
	ck_assert(has && line.pc == pc);
	ck_assert_uint_eq(line.line, 54);
	ck_assert_uint_eq(found[0].line, 51);
	free(found);
}
END_TEST

// Variables -----------------------------------------------------------------------------------

/** "name:kind:depth" of what is seen in the innermost body at a line; '-' before hidden ones. */
static char *variables_at(uint32_t line)
{
	struct op_debug_function *bodies;
	struct op_debug_variable *variables;
	size_t count, variable_count;
	uint32_t pc = pc_of(line);
	struct op_text text = OP_TEXT_INIT;
	char *names;
	succeeds(op_debug_functions_at(fixture.info, pc, &bodies, &count));
	ck_assert_uint_gt(count, 0);
	succeeds(op_debug_variables_at(fixture.info, &bodies[0], pc, &variables, &variable_count));
	for (size_t i = 0; i < variable_count; i++) {
		const struct op_debug_variable *variable = &variables[i];
		op_text_printf(&text, "%s%s%s:%c:%u", i ? " " : "", variable->shadowed ? "-" : "",
			       variable->name, "plgc"[variable->kind], variable -> depth);
		ck_assert_uint_eq(variable->function.offset, bodies[0].die.offset);
		ck_assert_uint_ne(variable->type.offset, 0);
	}
	free(bodies);
	free(variables);
	succeeds(op_text_steal(&text, &names));
	return names;
}

START_TEST(variables_of_a_place)
{
	open_variant(_i);
	char *names = variables_at(58);
	ck_assert_str_eq(names, "-value:p:0 value:l:2 i:l:1 calls:g:0 inner:l:0");
	free(names);
	// Not those of the bodies around.
	names = variables_at(41);
	ck_assert_str_eq(names, "a:p:0 doubled:l:0");
	free(names);
}
END_TEST

/** The line of what a name means at a line of the source (0: nowhere); 0: nothing. */
static uint32_t declared(const char *name, uint32_t at, enum op_debug_variable_kind kind)
{
	struct op_debug_variable variable;
	bool found;
	succeeds(op_debug_variable_named(fixture.info, NULL, at ? pc_of(at) : 0, name, strlen(name),
					 &found, &variable));
	if (found)
		ck_assert_int_eq(variable.kind, kind);
	return found ? variable.line : 0;
}

START_TEST(variables_by_name)
{
	ck_assert_uint_eq(declared("value", 58, OP_DEBUG_LOCAL), 56);
	ck_assert_uint_eq(declared("value", 54, OP_DEBUG_PARAMETER), 51);
	ck_assert_uint_eq(declared("calls", 58, OP_DEBUG_GLOBAL), 53);
	// Of the bodies around an inlined one too.
	ck_assert_uint_eq(declared("b", 41, OP_DEBUG_PARAMETER), 45);
	ck_assert_uint_eq(declared("seed", 41, OP_DEBUG_PARAMETER), 72);
	ck_assert_uint_eq(declared("value", 41, OP_DEBUG_LOCAL), 0);
	// Of the unit, else of any.
	ck_assert_uint_eq(declared("ns::counter", 58, OP_DEBUG_GLOBAL), 19);
	ck_assert_uint_eq(declared("counter", 0, OP_DEBUG_GLOBAL), 19);
	ck_assert_uint_eq(declared("ns::versioned", 0, OP_DEBUG_GLOBAL), 22);
	ck_assert_uint_eq(declared("sink", 41, OP_DEBUG_GLOBAL), 36);
	ck_assert_uint_eq(declared("GREEN", 41, OP_DEBUG_CONSTANT), 0);
	ck_assert_uint_eq(declared("nothing", 41, OP_DEBUG_LOCAL), 0);
	struct op_debug_variable green;
	bool found;
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, "GREEN", 5, &found, &green));
	ck_assert(found && green.kind == OP_DEBUG_CONSTANT && green.type.offset);
	ck_assert_str_eq(green.name, "GREEN");
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, "ns::Mode::Slow", 14, &found,
					 &green));
	ck_assert(found);
	ck_assert_str_eq(green.name, "ns::Mode::Slow");
	// An enum class keeps its names to itself.
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, "ns::Slow", 8, &found, &green));
	ck_assert(!found);
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, "Slow", 4, &found, &green));
	ck_assert(!found);
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, "Mode::Slow", 10, &found, &green));
	ck_assert(found);
}
END_TEST

START_TEST(the_unit_where_a_person_stands)
{
	struct op_debug_function *found;
	struct op_debug_variable variable;
	size_t count;
	bool has;
	succeeds(op_debug_functions_named(fixture.info, "run_other", false, &found, &count));
	ck_assert_uint_eq(count, 1);
	succeeds(op_debug_variable_named(fixture.info, NULL, found[0].low_pc, "ns::counter", 11,
					 &has, &variable));
	ck_assert(has);
	ck_assert_str_eq(variable.file, "/guest/names_other.cc");
	free(found);
}
END_TEST

START_TEST(globals_by_pattern)
{
	open_variant(_i);
	struct op_debug_variable *globals;
	size_t count;
	succeeds(op_debug_globals(fixture.info, "ns::*count*", &globals, &count));
	unsigned counters = 0, counts = 0;
	for (size_t i = 0; i < count; i++) {
		counters += !strcmp(globals[i].name, "ns::counter");
		counts += !strcmp(globals[i].name, "ns::Shape::count");
		ck_assert_int_eq(globals[i].kind, OP_DEBUG_GLOBAL);
	}
	ck_assert_uint_eq(counters, 2);
	ck_assert_uint_eq(counts, 1);
	free(globals);
}
END_TEST

START_TEST(a_global_that_was_optimised_out)
{
	open_variant(1);
	struct op_debug_variable variable;
	bool found;
	succeeds(op_debug_variable_named(fixture.info, NULL, 0, "dropped", 7, &found, &variable));
	ck_assert(found && variable.kind == OP_DEBUG_GLOBAL && variable.type.offset);
	ck_assert_str_eq(variable.file, "/guest/names_other.cc");
}
END_TEST

// Types ---------------------------------------------------------------------------------------

static bool has_type(const char *name)
{
	bool found;
	struct op_die die;
	succeeds(op_debug_type_named(fixture.info, NULL, 0, name, strlen(name), &found, &die));
	ck_assert(!found || die.offset);
	return found;
}

START_TEST(types_by_name)
{
	static const char *const there[] = {
		"ns::Shape",     "Shape",         "class ns::Shape", "struct Shape",
		"Corner",        "Shape::Corner", "enum color",      "color",
		"word",          "union number",  "ns::Mode",        "unsigned long",
		"long unsigned", "int",           "signed int",      "double",
	};
	static const char *const missing[] = {"union Shape",     "enum ns::Shape", "::Shape", "RED",
					      "unsigned double", "struct ",        ""};
	for (size_t i = 0; i < OP_ARRAY_SIZE(there); i++)
		ck_assert_msg(has_type(there[i]), "%s", there[i]);
	for (size_t i = 0; i < OP_ARRAY_SIZE(missing); i++)
		ck_assert_msg(!has_type(missing[i]), "%s", missing[i]);
	bool found;
	struct op_die here, there_die;
	succeeds(op_debug_type_named(fixture.info, NULL, 0, "ns::Shape", 9, &found, &here));
	succeeds(
		op_debug_type_named(fixture.info, NULL, 0, "other::Shape", 12, &found, &there_die));
	ck_assert(found && here.offset != there_die.offset);
}
END_TEST

/** The type that a name has in a function; its name. */
static const char *type_in(const char *function, size_t index, const char *name)
{
	struct op_debug_function *bodies;
	size_t count;
	bool found;
	struct op_die die;
	const struct op_type *type;
	succeeds(op_debug_functions_named(fixture.info, function, false, &bodies, &count));
	ck_assert_uint_gt(count, index);
	succeeds(op_debug_type_named(fixture.info, &bodies[index], bodies[index].low_pc, name,
				     strlen(name), &found, &die));
	free(bodies);
	if (!found)
		return NULL;
	succeeds(op_debug_type(fixture.info, die, &type));
	return type->name;
}

START_TEST(types_around_a_body)
{
	open_variant(_i);
	// The classes and namespaces of a method come before what other ones have.
	ck_assert_str_eq(type_in("ns::Shape::area", 0, "Shape"), "ns::Shape");
	ck_assert_str_eq(type_in("other::Shape::area", 0, "Shape"), "other::Shape");
	ck_assert_str_eq(type_in("ns::Shape::area", 0, "Mode"), "ns::Mode");
	ck_assert_str_eq(type_in("ns::Shape::area", 0, "Corner"), "ns::Shape::Corner");
	ck_assert_str_eq(type_in("ns::Shape::area", 0, "other::Shape"), "other::Shape");
	ck_assert_ptr_null(type_in("ns::Shape::area", 0, "T"));
}
END_TEST

START_TEST(template_parameters_are_types)
{
	open_variant(_i);
	ck_assert_str_eq(type_in("ns::largest<int>", 0, "T"), "int");
	ck_assert_str_eq(type_in("ns::largest<double>", 0, "T"), "double");
	ck_assert_ptr_null(type_in("ns::largest<int>", 0, "struct T"));
	ck_assert_ptr_null(type_in("run", 0, "T"));
}
END_TEST

START_TEST(types_by_pattern)
{
	struct op_debug_type_name *types;
	size_t count;
	succeeds(op_debug_types(fixture.info, "*Shape*", &types, &count));
	unsigned seen = 0;
	for (size_t i = 0; i < count; i++) {
		static const char *const names[] = {"ns::Shape", "ns::Shape::Corner",
						    "other::Shape"};
		for (size_t k = 0; k < OP_ARRAY_SIZE(names); k++)
			seen += !strcmp(types[i].name, names[k]);
	}
	// Each once, though both units have some.
	ck_assert_uint_eq(seen, 3);
	ck_assert_uint_eq(count, 3);
	free(types);
}
END_TEST

// Hostile bytes -------------------------------------------------------------------------------

/** Ask everything; only what cannot be read may be missing, and nothing may fail. */
static void ask_everything(void)
{
	struct op_debug_function *functions;
	struct op_debug_variable *variables;
	struct op_debug_type_name *types;
	size_t count, more;
	succeeds(op_debug_functions_named(fixture.info, NULL, true, &functions, &count));
	for (size_t i = 0; i < count; i++) {
		struct op_debug_function *around;
		succeeds(op_debug_functions_at(fixture.info, functions[i].low_pc, &around, &more));
		for (size_t k = 0; k < more; k++) {
			size_t seen;
			struct op_error *err = op_debug_variables_at(
				fixture.info, &around[k], functions[i].low_pc, &variables, &seen);
			if (!err)
				free(variables);
			op_error_destroy(err);
		}
		free(around);
	}
	free(functions);
	succeeds(op_debug_globals(fixture.info, NULL, &variables, &count));
	free(variables);
	succeeds(op_debug_types(fixture.info, NULL, &types, &count));
	free(types);
	ck_assert_uint_le(fixture.warning_count, 4);
}

START_TEST(truncated)
{
	static const enum op_debug_section sections[] = {OP_DEBUG_INFO, OP_DEBUG_ABBREV,
							 OP_DEBUG_STR};
	for (size_t s = 0; s < OP_ARRAY_SIZE(sections); s++) {
		for (size_t cut = 0;; cut += 5) {
			op_dwarf_fixture_open(&fixture, variants[_i]);
			struct op_bytes *section = &fixture.source.sections[sections[s]];
			bool whole = cut >= section->size;
			section->size = whole ? section->size : cut;
			struct op_error *err = op_debug_info_create(&fixture.source, NULL, NULL,
								    NULL, &fixture.info);
			if (!err)
				ask_everything();
			op_error_destroy(err);
			op_dwarf_fixture_close(&fixture);
			if (whole)
				break;
		}
	}
	open_variant(_i);
}
END_TEST

START_TEST(damaged)
{
	op_dwarf_fixture_open(&fixture, variants[_i]);
	size_t size = fixture.source.sections[OP_DEBUG_INFO].size;
	op_dwarf_fixture_close(&fixture);
	for (size_t at = 0; at < size; at += 3) {
		op_dwarf_fixture_open(&fixture, variants[_i]);
		uint8_t *bytes = op_dwarf_fixture_section(&fixture, OP_DEBUG_INFO);
		bytes[at] ^= 0x15;
		struct op_error *err =
			op_debug_info_create(&fixture.source, NULL, NULL, NULL, &fixture.info);
		if (!err)
			ask_everything();
		op_error_destroy(err);
		op_dwarf_fixture_close(&fixture);
	}
	open_variant(_i);
}
END_TEST

// Demangling ----------------------------------------------------------------------------------

START_TEST(demangling)
{
	static const struct {
		const char *mangled, *plain, *whole;
	} cases[] = {
		{"_ZN2ns5Shape4areaEi", "ns::Shape::area", "ns::Shape::area(int)"},
		{"_ZN12_GLOBAL__N_16hiddenEi", "(anonymous namespace)::hidden",
		 "(anonymous namespace)::hidden(int)"},
		{"_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE",
		 "core::fmt::Formatter::write_str", "core::fmt::Formatter::write_str"},
		{"_RNvCs1234_7mycrate3foo", "mycrate::foo", "mycrate::foo"},
		{"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>",
		 "std::mem::align_of::<f64>"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++) {
		char *plain = op_demangle(cases[i].mangled, false);
		char *whole = op_demangle(cases[i].mangled, true);
		ck_assert_str_eq(plain, cases[i].plain);
		ck_assert_str_eq(whole, cases[i].whole);
		free(plain);
		free(whole);
	}
	static const char *const others[] = {"main", "", "_Z", "_ZN", "_R", "__wasm_call_ctors"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(others); i++)
		ck_assert_ptr_null(op_demangle(others[i], true));
}
END_TEST

START_TEST(functions_with_parameters)
{
	static const struct {
		const char *whole, *typed;
		bool fits;
	} cases[] = {
		{"ns::f(char const*)", "f(const char *)", true},
		{"ns::f(char const*)", "ns::f(char const *)", true},
		{"ns::f(char const*)", "::f(char const*)", false},
		{"f(char const*)", "::f(const char*)", true},
		{"f(char*)", "f(const char*)", false},
		{"f(char const*, ns::P const&, int)", "f( const char * ,const ns::P &, int )",
		 true},
		{"f(std::vector<int, A<int>> const&)", "f(const std::vector<int, A<int>> &)", true},
		{"f(unsigned int)", "f(unsigned  int)", true},
		{"f(unsigned int)", "f(int)", false},
		{"ns::S::area() const", "S::area()", true},
		{"ns::S::area() const", "area() const", true},
		{"ns::S::area()", "area() const", false},
		{"double twice<double>(double)", "twice<double>(double)", true},
		{"nsf(int)", "f(int)", false},
		{"f(int)", "ns::f(int)", false},
		{"f(int)", "", false},
		{"", "f(int)", false},
		{"f(", "f(const ", false},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++)
		ck_assert_msg(op_signature_fits(cases[i].whole, cases[i].typed) == cases[i].fits,
			      "%s as %s", cases[i].whole, cases[i].typed);
}
END_TEST

START_TEST(a_name_that_would_fill_the_memory)
{
	// Each argument is the pair of the one before with itself: 2^40 names.
	struct op_text name = OP_TEXT_INIT;
	op_text_append(&name, "_Z1fI1AIiiE");
	for (unsigned i = 0; i < 40; i++)
		op_text_printf(&name, "S%c_IS%c_S%c_E", '0' + i % 10, '0' + i % 10, '0' + i % 10);
	op_text_append(&name, "Evv");
	char *result = op_demangle(name.data, true);
	ck_assert(!result || strlen(result) <= 1 << 16);
	free(result);
	op_text_deinit(&name);
	struct op_text deep = OP_TEXT_INIT;
	op_text_append(&deep, "_Z1f");
	for (unsigned i = 0; i < 60000; i++)
		op_text_append(&deep, "P");
	op_text_append(&deep, "i");
	result = op_demangle(deep.data, true);
	ck_assert(!result || strlen(result) <= 1 << 16);
	free(result);
	op_text_deinit(&deep);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("names");
	TCase *first = tcase_create("names-4-O0");
	tcase_add_checked_fixture(first, open_first, teardown);
	tcase_add_test(first, no_body_around_a_place);
	tcase_add_test(first, functions_by_name);
	tcase_add_test(first, functions_by_pattern);
	tcase_add_test(first, names_of_functions);
	tcase_add_test(first, behind_the_prologue);
	tcase_add_test(first, variables_by_name);
	tcase_add_test(first, the_unit_where_a_person_stands);
	tcase_add_test(first, types_by_name);
	tcase_add_test(first, types_by_pattern);
	suite_add_tcase(suite, first);
	TCase *all = tcase_create("variants");
	tcase_add_checked_fixture(all, NULL, teardown);
	tcase_add_loop_test(all, bodies_around_a_place, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, variables_of_a_place, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, globals_by_pattern, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, types_around_a_body, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, template_parameters_are_types, 0, OP_ARRAY_SIZE(variants));
	tcase_add_test(all, a_global_that_was_optimised_out);
	tcase_add_test(all, inlined_bodies_of_optimised_code);
	suite_add_tcase(suite, all);
	TCase *hostile = tcase_create("hostile");
	tcase_set_timeout(hostile, 120);
	tcase_add_checked_fixture(hostile, NULL, close_damaged);
	tcase_add_loop_test(hostile, truncated, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(hostile, damaged, 0, OP_ARRAY_SIZE(variants));
	suite_add_tcase(suite, hostile);
	TCase *demangler = tcase_create("demangler");
	tcase_add_test(demangler, demangling);
	tcase_add_test(demangler, functions_with_parameters);
	tcase_add_test(demangler, a_name_that_would_fill_the_memory);
	suite_add_tcase(suite, demangler);
	return run_suite(suite);
}
