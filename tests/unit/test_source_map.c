// SPDX-License-Identifier: GPL-3.0-or-later
// Source maps: what is read of one, what is refused, and the lines that come of it.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/source_map.h"
#include "tests/unit/suite.h"
#include "tests/unit/wasm_fixture.h"

// Column 0x80 line 1:1, column 0x85 line 2:3, from 0x87 on nothing: all in one function of
// flow.wasm.
#define MAPPINGS "gIAAA,KACE,E"
#define MAP(version, sources, mappings)                                                            \
	"{\"version\": " version ", \"sourceRoot\": \"/x/.\", \"sources\": " sources               \
	", \"mappings\": \"" mappings "\"}"

static struct op_error *parse(const char *text, struct op_source_map *ret)
{
	const struct op_bytes json = {
		.data = (const uint8_t *)text, .size = strlen(text), .what = "map"};
	return op_source_map_parse(&json, ret);
}

START_TEST(rows)
{
	struct op_source_map map;
	struct op_error *error = parse(MAP("3", "[\"./a.ts\", null]", MAPPINGS), &map);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	ck_assert_uint_eq(map.sources.count, 2);
	ck_assert_str_eq(map.sources.data[0], "/x/a.ts");
	ck_assert_uint_eq(map.rows.count, 3);
	static const struct op_source_map_row expected[] = {
		{0x80, 0, 1, 1}, {0x85, 0, 2, 3}, {0x87, UINT32_MAX, 0, 0}};
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(map.rows.data[i].pc, expected[i].pc);
		ck_assert_uint_eq(map.rows.data[i].source, expected[i].source);
		ck_assert_uint_eq(map.rows.data[i].line, expected[i].line);
		ck_assert_uint_eq(map.rows.data[i].column, expected[i].column);
	}
	op_source_map_deinit(&map);
}
END_TEST

static const struct {
	const char *map, *problem;
} refused[] = {
	{"", "is no JSON"},
	{"[]", "no JSON object"},
	{MAP("2", "[]", ""), "version is not 3"},
	{MAP("3", "1", ""), "no sources"},
	{MAP("3", "[\"a\"]", "gIA"), "neither 1 nor 4 nor 5"},
	{MAP("3", "[\"a\"]", "gIAAAAA"), "too long"},
	{MAP("3", "[\"a\"]", "gICAA"), "not in its list"},
	{MAP("3", "[\"a\"]", "gIADA"), "out of range"},
	{MAP("3", "[\"a\"]", "gIAAA,DAAA"), "order of the code"},
	{MAP("3", "[\"a\"]", "gggggggggggA"), "not base64 VLQ"},
	{MAP("3", "[\"a\"]", "g"), "not base64 VLQ"},
	{MAP("3", "[\"a\"]", "gIAAA;gIAAA"), "more than one line"},
	{"{\"version\": 3, \"sections\": []}", "consists of other maps"},
};

START_TEST(what_makes_no_sense)
{
	struct op_source_map map;
	struct op_error *error = parse(refused[_i].map, &map);
	ck_assert_msg(error, "%s is not refused", refused[_i].map);
	ck_assert_msg(strstr(error->message, refused[_i].problem), "%s", error->message);
	op_error_destroy(error);
}
END_TEST

static void warn(void *context, const char *text)
{
	(void)context;
	ck_abort_msg("%s", text);
}

static void check_line(struct op_debug_info *info, uint32_t pc, uint32_t line, uint32_t column)
{
	struct op_debug_line row = {.line = 0};
	bool found;
	ck_assert(!op_debug_line_at(info, pc, &found, &row));
	ck_assert_uint_eq(found ? row.line : 0, line);
	if (!line)
		return;
	ck_assert_uint_eq(row.column, column);
	ck_assert_str_eq(row.file, "/x/a.ts");
}

START_TEST(lines)
{
	struct op_bytes bytes = op_fixture_read("flow.wasm");
	struct op_wasm_module *module = op_fixture_module(&bytes);
	struct op_source_map map;
	struct op_debug_source source;
	struct op_debug_info *info;
	void *made;
	ck_assert(!parse(MAP("3", "[\"./a.ts\"]", MAPPINGS), &map));
	ck_assert(!op_source_map_sections(&map, module, &source, &made));
	ck_assert(!op_debug_info_create(&source, warn, NULL, NULL, &info));
	const struct op_debug_unit *units;
	size_t count;
	ck_assert(!op_debug_units(info, &units, &count));
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(units[0].language, OP_LANGUAGE_ASSEMBLYSCRIPT);
	check_line(info, 0x80, 1, 1);
	check_line(info, 0x84, 1, 1);
	check_line(info, 0x85, 2, 3);
	check_line(info, 0x87, 0, 0);
	// The next function has nothing of this one.
	check_line(info, 0xc2, 0, 0);
	op_debug_info_destroy(info);
	free(made);
	op_source_map_deinit(&map);
	op_wasm_module_destroy(module);
	free((void *)bytes.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source map");
	TCase *tests = tcase_create("maps");
	tcase_add_test(tests, rows);
	tcase_add_loop_test(tests, what_makes_no_sense, 0, OP_ARRAY_SIZE(refused));
	tcase_add_test(tests, lines);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
