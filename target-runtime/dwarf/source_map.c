// SPDX-License-Identifier: GPL-3.0-or-later
// Reading source maps: JSON by jansson, the mappings' base64 VLQ here.
#include "target-runtime/dwarf/source_map.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/source_path.h"

enum {
	FIELDS_MAX = 5,     // of a segment: column, source, line, column there, name
	VLQ_DIGITS_MAX = 7, // 35 bits: a sign and 32
	LINE_MAX = 1 << 30,
	UNMAPPED = UINT32_MAX,
};

void op_source_map_deinit(struct op_source_map *map)
{
	for (size_t i = 0; i < map->sources.count; i++)
		free(map->sources.data[i]);
	free(map->sources.data);
	free(map->rows.data);
	*map = (struct op_source_map){0};
}

static struct op_error *bad(const char *what)
{
	return op_error_create(OP_ERROR_FORMAT, "the source map makes no sense: %s", what);
}

// Mappings ------------------------------------------------------------------------------------

struct mappings {
	const char *at, *end;
	int64_t fields[FIELDS_MAX]; // each is the difference to the one before
	uint32_t source_count;
};

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

static bool at_separator(const struct mappings *m)
{
	return m->at == m->end || *m->at == ',' || *m->at == ';';
}

// Five bits in each digit, the lowest first; the number's lowest bit is its sign.
static struct op_error *read_number(struct mappings *m, int64_t *ret)
{
	uint64_t bits = 0;
	for (unsigned count = 0;; count++) {
		int digit = at_separator(m) ? -1 : digit_of(*m->at++);
		if (digit < 0 || count == VLQ_DIGITS_MAX)
			return bad("a number in its mappings is not base64 VLQ");
		bits |= (uint64_t)(digit & 31) << 5 * count;
		if (!(digit & 32))
			break;
	}
	*ret = bits & 1 ? -(int64_t)(bits >> 1) : (int64_t)(bits >> 1);
	return NULL;
}

static struct op_error *read_segment(struct mappings *m, unsigned *ret_count)
{
	struct op_error *err = NULL;
	for (*ret_count = 0; !err && !at_separator(m); ++*ret_count) {
		int64_t difference = 0;
		if (*ret_count == FIELDS_MAX)
			return bad("a segment of its mappings is too long");
		err = read_number(m, &difference);
		m->fields[*ret_count] += difference;
	}
	if (!err && *ret_count != 1 && *ret_count != 4 && *ret_count != 5)
		err = bad("a segment of its mappings has neither 1 nor 4 nor 5 fields");
	return err;
}

static struct op_error *add_row(const struct mappings *m, unsigned fields,
				struct op_source_map *map)
{
	uint32_t last = map->rows.count ? map->rows.data[map->rows.count - 1].pc : 0;
	struct op_source_map_row row = {.source = UNMAPPED};
	if (m->fields[0] < last || m->fields[0] > UINT32_MAX)
		return bad("its mappings are not in the order of the code");
	row.pc = (uint32_t)m->fields[0];
	if (fields > 1) {
		if (m->fields[1] < 0 || m->fields[1] >= m->source_count)
			return bad("a mapping names a source that is not in its list");
		if (m->fields[2] < 0 || m->fields[2] > LINE_MAX || m->fields[3] < 0 ||
		    m->fields[3] > LINE_MAX)
			return bad("a mapping has a line or column out of range");
		row.source = (uint32_t)m->fields[1];
		row.line = (uint32_t)m->fields[2] + 1;
		row.column = (uint32_t)m->fields[3] + 1;
	}
	return op_array_push(&map->rows, row) ? NULL : op_error_no_memory();
}

// The whole module is the first line.
static struct op_error *read_mappings(const char *text, size_t size, struct op_source_map *map)
{
	struct mappings m = {
		.at = text, .end = text + size, .source_count = (uint32_t)map->sources.count};
	struct op_error *err = NULL;
	while (!err && m.at < m.end) {
		unsigned fields;
		if (*m.at == ';')
			return bad("it maps more than one line, and a Wasm module is one");
		if (*m.at == ',') {
			m.at++;
			continue;
		}
		err = read_segment(&m, &fields);
		if (!err)
			err = add_row(&m, fields, map);
	}
	return err;
}

// The file ------------------------------------------------------------------------------------

static struct op_error *add_source(struct op_source_map *map, const char *root, const char *source)
{
	_cleanup_text_ struct op_text path = OP_TEXT_INIT;
	char *whole;
	op_source_path_join(&path, root);
	op_source_path_join(&path, source);
	struct op_error *err = op_text_steal(&path, &whole);
	if (err)
		return err;
	if (op_array_push(&map->sources, whole))
		return NULL;
	free(whole);
	return op_error_no_memory();
}

static struct op_error *read_object(const json_t *root, struct op_source_map *map)
{
	const json_t *sources = json_object_get(root, "sources");
	const json_t *mappings = json_object_get(root, "mappings");
	const char *folder = json_string_value(json_object_get(root, "sourceRoot"));
	struct op_error *err = NULL;
	if (json_object_get(root, "sections"))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the source map consists of other maps, which outpost does "
				       "not read");
	if (json_integer_value(json_object_get(root, "version")) != 3)
		return bad("its version is not 3");
	if (!json_is_array(sources) || !json_is_string(mappings))
		return bad("it has no sources or no mappings");
	for (size_t i = 0; !err && i < json_array_size(sources); i++) {
		// null: a source whose name is not told.
		const char *source = json_string_value(json_array_get(sources, i));
		err = add_source(map, folder ?: "", source ?: "unknown");
	}
	return err ?: read_mappings(json_string_value(mappings), json_string_length(mappings), map);
}

struct op_error *op_source_map_parse(const struct op_bytes *json, struct op_source_map *ret)
{
	json_error_t problem;
	*ret = (struct op_source_map){0};
	json_t *root =
		json_loadb((const char *)json->data, json->size, JSON_REJECT_DUPLICATES, &problem);
	if (!root)
		return op_error_create(OP_ERROR_FORMAT, "the source map is no JSON: %s (line %d)",
				       problem.text, problem.line);
	struct op_error *err =
		json_is_object(root) ? read_object(root, ret) : bad("it is no JSON object");
	json_decref(root);
	if (err)
		op_source_map_deinit(ret);
	return err;
}
