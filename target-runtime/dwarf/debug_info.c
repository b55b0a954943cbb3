// SPDX-License-Identifier: GPL-3.0-or-later
// An information: the module's custom sections, libdw's handles, and the list of its units.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/wasm/module.h"

static const char *const section_names[OP_DEBUG_SECTION_COUNT] = {
	[OP_DEBUG_INFO] = ".debug_info",         [OP_DEBUG_ABBREV] = ".debug_abbrev",
	[OP_DEBUG_LINE] = ".debug_line",         [OP_DEBUG_STR] = ".debug_str",
	[OP_DEBUG_LINE_STR] = ".debug_line_str", [OP_DEBUG_STR_OFFSETS] = ".debug_str_offsets",
	[OP_DEBUG_ADDR] = ".debug_addr",         [OP_DEBUG_RANGES] = ".debug_ranges",
	[OP_DEBUG_RNGLISTS] = ".debug_rnglists", [OP_DEBUG_LOC] = ".debug_loc",
	[OP_DEBUG_LOCLISTS] = ".debug_loclists", [OP_DEBUG_TYPES] = ".debug_types",
};

const char *op_debug_section_name(enum op_debug_section section)
{
	return section_names[section];
}

const char *op_debug_language_name(enum op_debug_language language)
{
	static const char *const names[] = {
		[OP_LANGUAGE_OTHER] = "other",   [OP_LANGUAGE_C] = "c",
		[OP_LANGUAGE_CPLUSPLUS] = "c++", [OP_LANGUAGE_RUST] = "rust",
		[OP_LANGUAGE_ZIG] = "zig",       [OP_LANGUAGE_SWIFT] = "swift",
		[OP_LANGUAGE_GO] = "go",         [OP_LANGUAGE_ASSEMBLYSCRIPT] = "assemblyscript",
	};
	return names[language];
}

// DW_LANG_* (DWARF 5, table 7.17, and dwarfstd.org's list of later ones).
static enum op_debug_language language_of(int number)
{
	switch (number) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case 0x3e: // C23
		return OP_LANGUAGE_C;
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case 0x2b: // C++17
	case 0x2c: // C++20
	case 0x3f: // C++23
		return OP_LANGUAGE_CPLUSPLUS;
	case DW_LANG_Rust:
		return OP_LANGUAGE_RUST;
	case DW_LANG_Go:
		return OP_LANGUAGE_GO;
	case DW_LANG_Swift:
		return OP_LANGUAGE_SWIFT;
	case 0x27:
		return OP_LANGUAGE_ZIG;
	case OP_DWARF_LANGUAGE_ASSEMBLYSCRIPT:
		return OP_LANGUAGE_ASSEMBLYSCRIPT;
	default:
		return OP_LANGUAGE_OTHER;
	}
}

// Zig's compiler calls its units C, and is no C: its names are in scopes, for one.
static enum op_debug_language language_of_unit(Dwarf_Die *root)
{
	Dwarf_Attribute attribute;
	const char *producer = dwarf_formstring(dwarf_attr(root, DW_AT_producer, &attribute));
	if (producer && !strncmp(producer, "zig ", 4))
		return OP_LANGUAGE_ZIG;
	return language_of(dwarf_srclang(root));
}

enum op_debug_language op_debug_language_of(Dwarf_Die *die)
{
	Dwarf_Die root;
	return dwarf_diecu(die, &root, NULL, NULL) ? language_of_unit(&root) : OP_LANGUAGE_OTHER;
}

void op_debug_source_of_module(const struct op_wasm_module *module, struct op_debug_source *ret)
{
	uint32_t count;
	const struct op_wasm_custom *customs = op_wasm_module_customs(module, &count);
	*ret = (struct op_debug_source){.lazy = op_wasm_module_lazy(module)};
	op_wasm_module_code_section(module, &ret->code_start, &ret->code_end);
	for (uint32_t i = 0; i < count; i++)
		for (size_t k = 0; k < OP_DEBUG_SECTION_COUNT; k++)
			if (customs[i].name.size == strlen(section_names[k]) &&
			    !memcmp(customs[i].name.data, section_names[k], customs[i].name.size))
				ret->sections[k] = (struct op_bytes){.data = customs[i].bytes.data,
								     .size = customs[i].bytes.size,
								     .what = section_names[k]};
}

struct op_error *op_debug_info_create(const struct op_debug_source *source, op_debug_warn_fn warn,
				      void *warn_context, const struct op_cancel *cancel,
				      struct op_debug_info **ret)
{
	if (!source->sections[OP_DEBUG_INFO].size || !source->sections[OP_DEBUG_ABBREV].size)
		return op_error_create(OP_ERROR_NOT_FOUND, "the module has no debug information");
	_cleanup_(op_debug_info_destroyp) struct op_debug_info *info = calloc(1, sizeof(*info));
	if (!info)
		return op_error_no_memory();
	info->warn = warn;
	info->warn_context = warn_context;
	info->cancel = cancel;
	struct op_error *err = op_debug_image_create(source, &info->image, &info->source);
	if (err)
		return err;
	info->elf = op_debug_image_elf(info->image);
	if (info->elf)
		info->dwarf = dwarf_begin_elf(info->elf, DWARF_C_READ, NULL);
	if (!info->dwarf)
		return op_error_create(OP_ERROR_FORMAT, "the debug information cannot be read: %s",
				       info->elf ? dwarf_errmsg(-1) : elf_errmsg(-1));
	*ret = op_take(info);
	return NULL;
}

void op_debug_info_destroy(struct op_debug_info *info)
{
	if (!info)
		return;
	op_debug_lines_destroy(info->lines);
	op_debug_names_destroy(info->names);
	op_debug_type_set_destroy(info->types);
	op_debug_vtables_destroy(info->vtables);
	dwarf_end(info->dwarf);
	elf_end(info->elf);
	op_debug_image_destroy(info->image);
	op_abbreviations_deinit(&info->abbreviations);
	free(info->units.data);
	free(info->ranges.data);
	free(info);
}

// Units --------------------------------------------------------------------------------------

static void warn(struct op_debug_info *info, const char *name, uint64_t offset, const char *format,
		 va_list args)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, "unit ");
	if (*name) {
		op_text_append_escaped(&text, name, strlen(name));
		op_text_append(&text, " ");
	}
	op_text_printf(&text, "at 0x%" PRIx64 " of the debug information: ", offset);
	op_text_vprintf(&text, format, args);
	if (info->warn && text.data)
		info->warn(info->warn_context, text.data);
}

void op_debug_unit_warn(struct op_debug_info *info, size_t unit, const char *format, ...)
{
	struct op_debug_unit *bad = &info->units.data[unit];
	if (bad->bad)
		return;
	bad->bad = true;
	va_list args;
	va_start(args, format);
	warn(info, bad->name, bad->die.offset, format, args);
	va_end(args);
}

void op_debug_unit_remark(struct op_debug_info *info, size_t unit, const char *format, ...)
{
	const struct op_debug_unit *told = &info->units.data[unit];
	if (told->bad)
		return;
	va_list args;
	va_start(args, format);
	warn(info, told->name, told->die.offset, format, args);
	va_end(args);
}

static void warn_at(struct op_debug_info *info, uint64_t offset, const char *format, ...)
	_printf_(3, 4);
static void warn_at(struct op_debug_info *info, uint64_t offset, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	warn(info, "", offset, format, args);
	va_end(args);
}

// A unit's header (DWARF 5, 7.5.1). *ret_die 0: a unit that has no entries for outpost.
static struct op_error *read_header(struct op_reader *r, uint64_t offset, uint64_t *ret_next,
				    uint64_t *ret_die, uint16_t *ret_version)
{
	uint32_t length, abbreviations;
	uint8_t address_size, type = DW_UT_compile;
	struct op_error *err = op_reader_u32(r, &length);
	if (err)
		return err;
	if (length > op_reader_left(r))
		return op_reader_fail(r, "a unit of %" PRIu32 " bytes does not fit the section",
				      length);
	*ret_next = offset + sizeof(length) + length;
	err = op_reader_u16(r, ret_version);
	if (!err && (*ret_version < 2 || *ret_version > 5))
		return op_reader_fail(r, "DWARF version %" PRIu16 " is not known", *ret_version);
	if (!err && *ret_version == 5)
		err = op_reader_u8(r, &type);
	if (!err && *ret_version == 5)
		err = op_reader_u8(r, &address_size);
	if (!err)
		err = op_reader_u32(r, &abbreviations);
	if (!err && *ret_version < 5)
		err = op_reader_u8(r, &address_size);
	if (!err && address_size != 4 && address_size != 8)
		return op_reader_fail(r, "addresses of %" PRIu8 " bytes are not known",
				      address_size);
	if (!err && abbreviations >= 0x7fffffff)
		return op_reader_fail(r, "its abbreviations are outside their section");
	if (!err && (type == DW_UT_skeleton || type == DW_UT_split_compile))
		err = op_reader_skip(r, 8);
	if (!err && (type == DW_UT_type || type == DW_UT_split_type))
		err = op_reader_skip(r, 12);
	if (!err && op_reader_offset(r) > *ret_next)
		return op_reader_fail(r, "its header is longer than the unit");
	*ret_die = type == DW_UT_compile || type == DW_UT_partial ? op_reader_offset(r) : 0;
	return err;
}

static const char *string_of(const struct op_debug_info *info, Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	const char *text =
		dwarf_attr(die, name, &attribute) ? op_debug_string(info, &attribute) : NULL;
	return text ?: "";
}

struct found_unit {
	uint64_t start, die, end;
	uint16_t version;
};

static struct op_error *add_unit(struct op_debug_info *info, const struct found_unit *found)
{
	Dwarf_Die die;
	struct op_debug_unit unit = {.die = {found->die},
				     .name = "",
				     .directory = "",
				     .producer = "",
				     .version = found->version,
				     .end = found->end};
	bool known = dwarf_offdie(info->dwarf, found->die, &die) && dwarf_tag(&die) >= 0;
	struct op_error *err =
		known ? op_debug_unit_need_entry(info, &die, found->start, found->end) : NULL;
	if (err)
		return err;
	if (known) {
		unit.name = string_of(info, &die, DW_AT_name);
		unit.directory = string_of(info, &die, DW_AT_comp_dir);
		unit.producer = string_of(info, &die, DW_AT_producer);
		unit.language = language_of_unit(&die);
	}
	if (!op_array_push(&info->units, unit))
		return op_error_no_memory();
	if (!known)
		op_debug_unit_warn(info, info->units.count - 1, "its first entry cannot be read");
	return NULL;
}

// A unit that libdw would stop at becomes an empty one of DWARF 4; when it is too short for that,
// there is nothing behind it for libdw.
static struct op_error *blank(struct op_debug_info *info, uint64_t offset, uint64_t next, bool *ret)
{
	// Length, version 4, abbreviations at 0, addresses of 4 bytes, no entries.
	static const uint8_t header[] = {4, 0, 0, 0, 0, 0, 4};
	uint8_t *data = (uint8_t *)info->source.sections[OP_DEBUG_INFO].data;
	size_t body = (size_t)(offset + 4);
	*ret = next - body >= sizeof(header);
	// What is fetched later would be as it was.
	struct op_error *err =
		*ret ? op_debug_need(&info->source, OP_DEBUG_INFO, offset, next - offset) : NULL;
	if (err || !*ret)
		return err;
	memset(data + body, 0, (size_t)(next - body));
	memcpy(data + body, header, sizeof(header));
	return NULL;
}

struct found_units OP_ARRAY(struct found_unit);

// Every header is checked, and bad units blanked, before libdw sees the first: it reads them in
// order.
static struct op_error *find_units(struct op_debug_info *info, struct found_units *ret)
{
	struct op_reader r = op_reader(&info->source.sections[OP_DEBUG_INFO]);
	struct op_error *err = NULL;
	while (!err && op_reader_left(&r)) {
		struct found_unit unit = {.start = op_reader_offset(&r)};
		err = op_debug_unit_need_head(info, unit.start, UINT64_MAX);
		if (err)
			break;
		struct op_error *problem =
			read_header(&r, unit.start, &unit.end, &unit.die, &unit.version);
		if (problem) {
			bool blanked = false;
			warn_at(info, unit.start, "%s", problem->message);
			op_error_destroy(problem);
			if (unit.end)
				err = blank(info, unit.start, unit.end, &blanked);
			if (!blanked)
				break;
			unit.die = 0;
		}
		if (!err && unit.die && !op_array_push(ret, unit))
			err = op_error_no_memory();
		if (!err)
			err = op_reader_seek(&r, (size_t)unit.end);
	}
	return err;
}

struct op_error *op_debug_units(struct op_debug_info *info, const struct op_debug_unit **ret,
				size_t *ret_count)
{
	struct op_error *err = NULL;
	if (!info->units_known) {
		struct found_units found = {0};
		info->units.count = 0;
		err = find_units(info, &found);
		for (size_t i = 0; !err && i < found.count; i++)
			err = add_unit(info, &found.data[i]);
		free(found.data);
	}
	info->units_known |= !err;
	*ret = info->units.data;
	*ret_count = info->units.count;
	return err;
}

const struct op_debug_unit *op_debug_unit_of(struct op_debug_info *info, struct op_die die)
{
	size_t low = 0, high = info->units.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (info->units.data[middle].die.offset <= die.offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &info->units.data[low - 1] : NULL;
}

bool op_debug_die(struct op_debug_info *info, struct op_die die, Dwarf_Die *ret)
{
	Dwarf_Off offset = die.offset & ~OP_DIE_TYPES;
	struct op_error *err = op_debug_need_entries(info, die);
	if (err) {
		warn_at(info, offset, "%s", err->message);
		op_error_destroy(err);
		return false;
	}
	const Dwarf_Die *found = die.offset & OP_DIE_TYPES
					 ? dwarf_offdie_types(info->dwarf, offset, ret)
					 : dwarf_offdie(info->dwarf, offset, ret);
	return offset && found && dwarf_tag(ret) > 0;
}

bool op_debug_unit_die(struct op_debug_info *info, size_t unit, Dwarf_Die *ret)
{
	return dwarf_offdie(info->dwarf, info->units.data[unit].die.offset, ret) &&
	       dwarf_tag(ret) > 0;
}

bool op_debug_pc(const struct op_debug_info *info, uint64_t address, uint32_t *ret)
{
	// Linkers write 0, or all ones (less one), for code that they dropped; at 0 is the number
	// of functions, no code.
	uint64_t end = info->source.code_end - info->source.code_start;
	if (!address || address > end)
		return false;
	*ret = (uint32_t)address + info->source.code_start;
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

static struct op_error *index_ranges(struct op_debug_info *info)
{
	const struct op_debug_unit *units;
	size_t count;
	struct op_error *err = op_debug_units(info, &units, &count);
	for (size_t i = 0; !err && i < count; i++) {
		Dwarf_Die die;
		Dwarf_Addr base, low, high;
		ptrdiff_t next = 0;
		if (units[i].bad || !op_debug_unit_die(info, i, &die))
			continue;
		while (!err && (next = dwarf_ranges(&die, next, &base, &low, &high)) > 0) {
			struct unit_range range = {.unit = i};
			if (low < high && op_debug_pc(info, low, &range.low) &&
			    op_debug_pc(info, high, &range.high) &&
			    !op_array_push(&info->ranges, range))
				err = op_error_no_memory();
		}
		if (!err && next < 0)
			op_debug_unit_warn(info, i, "its ranges cannot be read: %s",
					   dwarf_errmsg(-1));
	}
	if (!err && info->ranges.count)
		qsort(info->ranges.data, info->ranges.count, sizeof(*info->ranges.data),
		      compare_ranges);
	info->ranges_known = !err;
	return err;
}

struct op_error *op_debug_unit_at(struct op_debug_info *info, uint32_t pc,
				  const struct op_debug_unit **ret)
{
	struct op_error *err = info->ranges_known ? NULL : index_ranges(info);
	*ret = NULL;
	if (err)
		return err;
	size_t low = 0, high = info->ranges.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (info->ranges.data[middle].low <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && pc < info->ranges.data[low - 1].high)
		*ret = &info->units.data[info->ranges.data[low - 1].unit];
	return NULL;
}
