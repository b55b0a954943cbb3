// SPDX-License-Identifier: GPL-3.0-or-later
// Finding the list of debug sections in .wasmtime.info.
#include "target-runtime/dwarf/kept_dwarf.h"

#include <stdlib.h>
#include <string.h>

// gimli's SectionId, which the list names sections by. A newer gimli has one more (.debug_names)
// before those from FIRST_MOVED on; the list does not say which gimli it was.
enum {
	ID_ABBREV = 0,
	ID_INFO = 7,
	FIRST_MOVED = 14,
	ID_RANGES = 16,
	ID_STR = 18,
	ID_TYPES = 21,
	ID_COUNT = 23,
};
static const struct {
	uint8_t id; // in the older gimli
	enum op_debug_section section;
} section_ids[] = {
	{ID_ABBREV, OP_DEBUG_ABBREV}, {1, OP_DEBUG_ADDR},           {ID_INFO, OP_DEBUG_INFO},
	{8, OP_DEBUG_LINE},           {9, OP_DEBUG_LINE_STR},       {10, OP_DEBUG_LOC},
	{11, OP_DEBUG_LOCLISTS},      {ID_RANGES, OP_DEBUG_RANGES}, {17, OP_DEBUG_RNGLISTS},
	{ID_STR, OP_DEBUG_STR},       {19, OP_DEBUG_STR_OFFSETS},   {ID_TYPES, OP_DEBUG_TYPES},
};

/** The list: sections by id; sizes are 0 where there is none. */
struct kept_list {
	struct {
		uint32_t start, end;
	} places[ID_COUNT];
	uint32_t code_start;
};

static bool has(const struct kept_list *list, unsigned id)
{
	return list->places[id].end > list->places[id].start;
}

// postcard: integers are LEB128, as are lengths. A number behind another one in memory: its last
// byte is the only one without the high bit.
static bool number_before(const struct op_bytes *info, size_t end, size_t *ret_start, uint32_t *ret)
{
	size_t start = end;
	if (!end || info->data[end - 1] & 0x80)
		return false;
	for (start--; start && info->data[start - 1] & 0x80; start--)
		if (end - start >= 5)
			return false;
	struct op_reader r = op_reader(&(struct op_bytes){
		.data = info->data + start, .size = end - start, .what = info->what});
	struct op_error *err = op_reader_uleb32(&r, ret);
	bool good = !err;
	op_error_destroy(err);
	*ret_start = start;
	return good;
}

// What is before the list: has_unparsed_debuginfo, code_section_offset, has_wasm_debuginfo.
static bool read_before(const struct op_bytes *info, size_t at, uint32_t *ret_code_start)
{
	size_t start;
	if (at < 3 || info->data[at - 1] > 1 ||
	    !number_before(info, at - 1, &start, ret_code_start))
		return false;
	return start && info->data[start - 1] <= 1 && *ret_code_start;
}

// Triples of id, start and end, ascending by id.
static struct op_error *read_entries(struct op_reader *r, uint8_t count, struct kept_list *ret)
{
	int last = -1;
	struct op_error *err = NULL;
	for (unsigned i = 0; !err && i < count; i++) {
		uint8_t id = 0;
		uint32_t start = 0, end = 0;
		err = op_reader_u8(r, &id);
		if (!err)
			err = op_reader_uleb32(r, &start);
		if (!err)
			err = op_reader_uleb32(r, &end);
		if (!err && (id <= last || id >= ID_COUNT || start > end))
			err = op_error_create(OP_ERROR_FORMAT, "no list");
		if (!err) {
			ret->places[id].start = start;
			ret->places[id].end = end;
			last = id;
		}
	}
	return err;
}

// Whether the sections fill [0, size) without a gap and without an overlap.
static bool fills(const struct kept_list *list, size_t size)
{
	uint32_t at = 0;
	for (unsigned round = 0; round < ID_COUNT && at < size; round++) {
		unsigned id = 0;
		while (id < ID_COUNT && !(has(list, id) && list->places[id].start == at))
			id++;
		if (id == ID_COUNT)
			return false;
		at = list->places[id].end;
	}
	size_t sum = 0;
	for (unsigned id = 0; id < ID_COUNT; id++)
		sum += list->places[id].end - list->places[id].start;
	return at == size && sum == size;
}

static bool list_at(const struct op_bytes *info, size_t at, size_t size, struct kept_list *ret)
{
	*ret = (struct kept_list){0};
	uint8_t count = info->data[at];
	// .debug_abbrev is first.
	if (count < 2 || count > ID_COUNT || at + 1 >= info->size ||
	    info->data[at + 1] != ID_ABBREV || !read_before(info, at, &ret->code_start))
		return false;
	struct op_reader r = op_reader(info);
	struct op_error *err = op_reader_seek(&r, at + 1);
	if (!err)
		err = read_entries(&r, count, ret);
	bool good = !err && has(ret, ID_INFO) && fills(ret, size);
	op_error_destroy(err);
	return good;
}

/**
 * Which gimli it was. .debug_pubtypes and .debug_tu_index, whose numbers the others take in one of
 * them, are never kept; .debug_str is there whenever .debug_str_offsets is, and before it and
 * before .debug_rnglists in the section.
 */
static bool is_newer(const struct kept_list *list)
{
	if (has(list, ID_TYPES - 1) || has(list, ID_TYPES + 1))
		return true;
	if (has(list, ID_RANGES) || !has(list, ID_STR + 1))
		return false;
	return !has(list, ID_STR) || list->places[ID_STR + 1].start < list->places[ID_STR].start;
}

struct op_error *op_kept_dwarf_find(const struct op_bytes *info, const struct op_bytes *dwarf,
				    struct op_debug_source *ret)
{
	struct kept_list list, found = {0};
	unsigned count = 0;
	for (size_t at = 0; at < info->size; at++) {
		if (!list_at(info, at, dwarf->size, &list))
			continue;
		found = list;
		count++;
	}
	if (count != 1)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "where the sections begin in .wasmtime.dwarf cannot be "
				       "found in .wasmtime.info");
	*ret = (struct op_debug_source){.code_start = found.code_start};
	// No code section reaches so far, and the addresses of dead functions are behind it.
	if (found.code_start > INT32_MAX)
		return op_error_create(OP_ERROR_FORMAT, "the code section begins at 0x%x",
				       found.code_start);
	ret->code_end = found.code_start + INT32_MAX;
	bool newer = is_newer(&found);
	for (size_t i = 0; i < OP_ARRAY_SIZE(section_ids); i++) {
		unsigned id = section_ids[i].id;
		if (newer && id >= FIRST_MOVED)
			id++;
		// An empty one may be said to be anywhere.
		if (!has(&found, id))
			continue;
		enum op_debug_section section = section_ids[i].section;
		ret->sections[section] = (struct op_bytes){
			.data = dwarf->data + found.places[id].start,
			.size = found.places[id].end - found.places[id].start,
			.what = op_debug_section_name(section),
		};
	}
	return NULL;
}
