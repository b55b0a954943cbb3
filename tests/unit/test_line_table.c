// SPDX-License-Identifier: GPL-3.0-or-later
// Rows, files and places of tests/guests/dwarf/lines.c in DWARF 4 and 5, -O0 and -O2. The expected
// rows are llvm-dwarfdump's (tests/guests/dwarf/make.py).
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/source_path.h"
#include "tests/unit/dwarf_fixture.h"
#include "tests/unit/suite.h"

static const char *const variants[] = {"lines-4-O0", "lines-4-O2", "lines-5-O0", "lines-5-O2"};

static struct op_dwarf_fixture fixture;

static void open_variant(const char *variant)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.wasm", variant);
	op_dwarf_fixture_open(&fixture, name);
}

static void setup(void)
{
	open_variant("lines-4-O0");
	op_dwarf_fixture_read(&fixture);
}

static void teardown(void)
{
	op_dwarf_fixture_close(&fixture);
}

static void fails(struct op_error *error, enum op_error_code code, const char *part)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->code, code);
	ck_assert_msg(strstr(error->message, part) != NULL, "%s", error->message);
	op_error_destroy(error);
}

static FILE *open_rows(const char *variant)
{
	const char *srcdir = getenv("srcdir");
	char path[1024];
	snprintf(path, sizeof(path), "%s/tests/guests/dwarf/%s.rows", srcdir ?: ".", variant);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	return file;
}

START_TEST(rows_are_those_of_llvm)
{
	const char *variant = variants[_i];
	open_variant(variant);
	op_dwarf_fixture_read(&fixture);
	struct op_debug_line *lines;
	size_t count, at = 0;
	succeeds(op_debug_lines_between(fixture.info, 0, UINT32_MAX, &lines, &count));
	FILE *rows = open_rows(variant);
	uint32_t pc, end, line, column, statement, prologue;
	char base[64], path[80];
	while (fscanf(rows, "%u %u %63s %u %u %u %u", &pc, &end, base, &line, &column, &statement,
		      &prologue) == 7) {
		ck_assert_msg(at < count, "%zu rows; %s", count, fixture.warnings[0]);
		const struct op_debug_line *found = &lines[at++];
		snprintf(path, sizeof(path), "/guest/%s", base);
		ck_assert_uint_eq(found->pc, pc);
		ck_assert_uint_eq(found->end_pc, end);
		ck_assert_str_eq(found->file, path);
		ck_assert_uint_eq(found->line, line);
		ck_assert_uint_eq(found->column, column);
		ck_assert_uint_eq(found->is_statement, statement);
		ck_assert_uint_eq(found->prologue_end, prologue);
		// The row of each of its bytes is this one.
		struct op_debug_line same;
		bool has;
		succeeds(op_debug_line_at(fixture.info, end - 1, &has, &same));
		ck_assert(has);
		ck_assert_uint_eq(same.pc, pc);
		ck_assert_ptr_eq(same.file, found->file);
	}
	ck_assert_msg(!fixture.warning_count, "%s", fixture.warnings[0]);
	ck_assert_uint_eq(at, count);
	ck_assert_uint_gt(count, 0);
	fclose(rows);
	free(lines);
	ck_assert_uint_eq(fixture.warning_count, 0);
}
END_TEST

START_TEST(a_part_of_the_rows)
{
	struct op_debug_line *all, *some;
	size_t all_count, count;
	succeeds(op_debug_lines_between(fixture.info, 0, UINT32_MAX, &all, &all_count));
	succeeds(op_debug_lines_between(fixture.info, all[1].pc + 1, all[4].pc, &some, &count));
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(some[0].pc, all[1].pc);
	ck_assert_uint_eq(some[2].pc, all[3].pc);
	free(some);
	succeeds(op_debug_lines_between(fixture.info, 0, all[0].pc, &some, &count));
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(some);
	free(all);
	bool has;
	struct op_debug_line line;
	succeeds(op_debug_line_at(fixture.info, fixture.source.code_start, &has, &line));
	ck_assert(!has);
	succeeds(op_debug_line_at(fixture.info, UINT32_MAX, &has, &line));
	ck_assert(!has);
}
END_TEST

START_TEST(files_of_all_units)
{
	open_variant(variants[_i]);
	op_dwarf_fixture_read(&fixture);
	const char *const *files;
	size_t count;
	succeeds(op_debug_files(fixture.info, &files, &count));
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(files[0], "/guest/lines.c");
	ck_assert_str_eq(files[1], "/guest/lines.h");
}
END_TEST

/** As md5sum has them of the sources that the modules were compiled from. */
START_TEST(sums_of_files)
{
	static const struct {
		const char *path;
		uint8_t sum[16];
	} rows[] = {
		{"/guest/lines.c",
		 {0xdd, 0xd0, 0xfd, 0x35, 0x10, 0x79, 0xd9, 0x01, 0x55, 0x50, 0xac, 0x5b, 0xce,
		  0x6a, 0x1d, 0xa7}},
		{"/guest/lines.h",
		 {0xd1, 0x8d, 0xfd, 0x3d, 0xe2, 0x15, 0xb1, 0xc2, 0xa8, 0xd0, 0x93, 0x8b, 0xd6,
		  0x28, 0x35, 0xb9}},
	};
	bool has_sums = strstr(variants[_i], "-5-");
	const uint8_t *sum;
	open_variant(variants[_i]);
	op_dwarf_fixture_read(&fixture);
	for (size_t i = 0; i < OP_ARRAY_SIZE(rows); i++) {
		succeeds(op_debug_file_sum(fixture.info, rows[i].path, &sum));
		ck_assert_int_eq(sum != NULL, has_sums);
		if (has_sums)
			ck_assert_mem_eq(sum, rows[i].sum, sizeof(rows[i].sum));
	}
	succeeds(op_debug_file_sum(fixture.info, "/guest/other.c", &sum));
	ck_assert_ptr_null(sum);
}
END_TEST

/** A line and where a breakpoint on it is, as numbers of rows in the .rows file (from 1). */
static void check_places(const char *variant, const char *file, uint32_t line, uint32_t taken,
			 const uint32_t *expected_lines, size_t expected)
{
	open_variant(variant);
	op_dwarf_fixture_read(&fixture);
	struct op_debug_line *places;
	size_t count;
	uint32_t found;
	succeeds(op_debug_line_places(fixture.info, file, line, &found, &places, &count));
	ck_assert_uint_eq(found, taken);
	ck_assert_uint_eq(count, expected);
	for (size_t i = 0; i < count; i++) {
		struct op_debug_line row;
		bool has;
		ck_assert_uint_eq(places[i].line, expected_lines[i]);
		succeeds(op_debug_line_at(fixture.info, places[i].pc, &has, &row));
		ck_assert(has && row.pc == places[i].pc && row.is_statement);
		ck_assert(i == 0 || places[i - 1].pc < places[i].pc);
	}
	free(places);
	op_dwarf_fixture_close(&fixture);
}

START_TEST(places_of_lines)
{
	static const struct {
		const char *variant, *file;
		uint32_t line, taken;
		uint32_t lines[2];
		size_t count;
	} cases[] = {
		{"lines-4-O0", "lines.c", 9, 9, {9}, 1},
		{"lines-4-O0", "guest/lines.c", 9, 9, {9}, 1},
		{"lines-5-O0", "/guest//./lines.c", 9, 9, {9}, 1},
		// A loop's head has code in three places of one body.
		{"lines-4-O0", "lines.c", 26, 26, {26}, 1},
		// A remark: the next line that has code.
		{"lines-4-O0", "lines.c", 28, 29, {29}, 1},
		// A function's opening line: behind its prologue.
		{"lines-4-O0", "lines.c", 24, 24, {25}, 1},
		{"lines-4-O0", "lines.c", 34, 34, {34}, 1},
		{"lines-5-O2", "lines.c", 34, 34, {34}, 1},
		{"lines-4-O0", "lines.c", 1, 6, {7}, 1},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(cases); i++)
		check_places(cases[i].variant, cases[i].file, cases[i].line, cases[i].taken,
			     cases[i].lines, cases[i].count);
	open_variant("lines-4-O0");
}
END_TEST

START_TEST(no_place)
{
	struct op_debug_line *places;
	size_t count;
	uint32_t line;
	fails(op_debug_line_places(fixture.info, "line.c", 3, &line, &places, &count),
	      OP_ERROR_NOT_FOUND, "no source file is called \"line.c\"");
	fails(op_debug_line_places(fixture.info, "lines", 3, &line, &places, &count),
	      OP_ERROR_NOT_FOUND, "near names: /guest/lines.c, /guest/lines.h");
	fails(op_debug_line_places(fixture.info, "est/lines.c", 3, &line, &places, &count),
	      OP_ERROR_NOT_FOUND, "no source file");
	fails(op_debug_line_places(fixture.info, "lines.c", 35, &line, &places, &count),
	      OP_ERROR_NOT_FOUND, "no code at or behind line 35");
	fails(op_debug_line_places(fixture.info, "", 35, &line, &places, &count),
	      OP_ERROR_NOT_FOUND, "no source file");
}
END_TEST

/** A row of one byte: its pc is its index. */
static struct op_debug_line row(uint32_t index, uint32_t line, uint32_t column, bool prologue_end)
{
	return (struct op_debug_line){.pc = index,
				      .end_pc = index + 1,
				      .file = "f.cc",
				      .line = line,
				      .column = column,
				      .is_statement = line != 0,
				      .prologue_end = prologue_end};
}

START_TEST(behind_prologues)
{
	const struct {
		struct op_debug_line rows[4];
		uint32_t expected;
	} functions[] = {
		{{row(0, 17, 0, false), row(1, 18, 7, true), row(2, 19, 7, false),
		  row(3, 20, 1, false)},
		 1},
		// Nothing marked: the second line.
		{{row(0, 17, 0, false), row(1, 17, 3, false), row(2, 0, 0, false),
		  row(3, 19, 7, false)},
		 3},
		{{row(0, 17, 3, false), row(1, 17, 4, false), row(2, 17, 5, false),
		  row(3, 17, 9, false)},
		 0},
		// No prologue: the first statement is marked.
		{{row(0, 18, 7, true), row(1, 19, 7, false), row(2, 20, 7, false),
		  row(3, 21, 1, false)},
		 0},
		// clang's checks of `this` are marked, in front of the prologue.
		{{row(0, 17, 0, true), row(1, 0, 0, false), row(2, 18, 7, false),
		  row(3, 19, 7, false)},
		 2},
		{{row(0, 17, 0, true), row(1, 0, 0, false), row(2, 17, 30, false),
		  row(3, 17, 40, false)},
		 2},
		// Without columns there is no telling.
		{{row(0, 18, 0, true), row(1, 19, 0, false), row(2, 20, 0, false),
		  row(3, 21, 0, false)},
		 0},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(functions); i++)
		ck_assert_msg(op_debug_lines_body(functions[i].rows, 4) ==
				      &functions[i].rows[functions[i].expected],
			      "function %zu", i);
	ck_assert_ptr_null(op_debug_lines_body(functions[0].rows, 0));
}
END_TEST

START_TEST(which_lines_have_code)
{
	bool flags[10] = {0};
	succeeds(op_debug_lines_with_code(fixture.info, "lines.c", 4, OP_ARRAY_SIZE(flags), flags));
	static const bool expected[10] = {0, 0, 1, 1, 0, 1, 0, 0, 0, 0};
	ck_assert_mem_eq(flags, expected, sizeof(flags));
	struct op_debug_line *rows;
	size_t count;
	succeeds(op_debug_line_rows(fixture.info, "lines.c", 7, &rows, &count));
	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(rows[0].column, 12);
	ck_assert_uint_eq(rows[3].end_pc - rows[0].pc, 0x2e - 0x1e);
	free(rows);
	succeeds(op_debug_line_rows(fixture.info, "lines.c", 8, &rows, &count));
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(rows);
}
END_TEST

// Hostile bytes -------------------------------------------------------------------------------

START_TEST(truncated)
{
	const char *variant = variants[_i];
	open_variant(variant);
	size_t size = fixture.source.sections[OP_DEBUG_LINE].size;
	op_dwarf_fixture_close(&fixture);
	for (size_t cut = 1; cut < size; cut++) {
		open_variant(variant);
		// The length says that it is that short: the program itself breaks off.
		fixture.source.sections[OP_DEBUG_LINE].size = cut;
		uint8_t *data = op_dwarf_fixture_section(&fixture, OP_DEBUG_LINE);
		if (cut >= 4)
			memcpy(data, &(uint32_t){(uint32_t)cut - 4}, 4);
		op_dwarf_fixture_read(&fixture);
		struct op_debug_line *lines;
		size_t count;
		succeeds(op_debug_lines_between(fixture.info, 0, UINT32_MAX, &lines, &count));
		for (size_t i = 0; i < count; i++)
			ck_assert(lines[i].pc < lines[i].end_pc &&
				  (!i || lines[i - 1].end_pc <= lines[i].pc));
		free(lines);
		ck_assert_uint_le(fixture.warning_count, 1);
		succeeds(op_debug_lines_between(fixture.info, 0, UINT32_MAX, &lines, &count));
		free(lines);
		ck_assert_uint_le(fixture.warning_count, 1);
		op_dwarf_fixture_close(&fixture);
	}
	open_variant(variant);
}
END_TEST

START_TEST(one_warning_that_names_the_unit)
{
	open_variant("lines-5-O0");
	op_dwarf_fixture_section(&fixture, OP_DEBUG_LINE)[4] = 77; // the version
	op_dwarf_fixture_read(&fixture);
	struct op_debug_line line, *places;
	bool has;
	uint32_t taken;
	size_t count;
	for (unsigned i = 0; i < 2; i++) {
		succeeds(op_debug_line_at(fixture.info, 100, &has, &line));
		ck_assert(!has);
		fails(op_debug_line_places(fixture.info, "lines.c", 1, &taken, &places, &count),
		      OP_ERROR_NOT_FOUND, "no source file");
	}
	ck_assert_uint_eq(fixture.warning_count, 1);
	ck_assert_ptr_nonnull(strstr(fixture.warnings[0], "lines.c"));
	ck_assert_msg(strstr(fixture.warnings[0], "version 77") != NULL, "%s", fixture.warnings[0]);
}
END_TEST

START_TEST(absurd_counts)
{
	open_variant("lines-5-O0");
	// The directories' count stands behind the head's fixed part, the lengths of twelve opcodes
	// and one pair of content and form.
	uint8_t *data = op_dwarf_fixture_section(&fixture, OP_DEBUG_LINE);
	ck_assert_uint_eq(data[30], 1);
	ck_assert_uint_eq(data[33], 2);
	data[33] = 0x7f;
	op_dwarf_fixture_read(&fixture);
	struct op_debug_line line;
	bool has;
	succeeds(op_debug_line_at(fixture.info, 100, &has, &line));
	ck_assert(!has);
	ck_assert_uint_eq(fixture.warning_count, 1);
}
END_TEST

START_TEST(paths)
{
	struct op_text path = OP_TEXT_INIT;
	op_source_path_join(&path, "/a/./b//");
	op_source_path_join(&path, "../c");
	ck_assert_str_eq(path.data, "/a/b/../c");
	op_source_path_join(&path, "/d");
	ck_assert_str_eq(path.data, "/d");
	op_text_deinit(&path);
	op_source_path_join(&path, "./x.c");
	ck_assert_str_eq(path.data, "x.c");
	op_text_deinit(&path);
	ck_assert(op_source_path_ends_in("/a/x.c", "x.c"));
	ck_assert(op_source_path_ends_in("/a/x.c", "/a/x.c"));
	ck_assert(!op_source_path_ends_in("/a/xx.c", "x.c"));
	ck_assert(!op_source_path_ends_in("x.c", "a/x.c"));
	struct op_path_set set = {0};
	char text[16];
	const char *first = op_path_set_add(&set, "0", 1);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		ck_assert_str_eq(op_path_set_add(&set, text, strlen(text)), text);
	}
	ck_assert_uint_eq(set.count, 1000);
	ck_assert_ptr_eq(op_path_set_add(&set, "0", 1), first);
	op_path_set_deinit(&set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("line_table");
	TCase *plain = tcase_create("lines-4-O0");
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, a_part_of_the_rows);
	tcase_add_test(plain, no_place);
	tcase_add_test(plain, which_lines_have_code);
	suite_add_tcase(suite, plain);
	TCase *all = tcase_create("variants");
	tcase_add_checked_fixture(all, NULL, teardown);
	tcase_add_loop_test(all, rows_are_those_of_llvm, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, files_of_all_units, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, sums_of_files, 0, OP_ARRAY_SIZE(variants));
	tcase_add_loop_test(all, truncated, 0, OP_ARRAY_SIZE(variants));
	tcase_add_test(all, places_of_lines);
	tcase_add_test(all, one_warning_that_names_the_unit);
	tcase_add_test(all, absurd_counts);
	suite_add_tcase(suite, all);
	TCase *none = tcase_create("paths");
	tcase_add_test(none, paths);
	tcase_add_test(none, behind_prologues);
	suite_add_tcase(suite, none);
	return run_suite(suite);
}
