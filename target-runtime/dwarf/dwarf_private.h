// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of an op_debug_info, shared by the files of this folder and by nobody else: libdw's
// handles, and the limits that hostile DWARF meets.
#ifndef OP_TARGET_RUNTIME_DWARF_PRIVATE_H
#define OP_TARGET_RUNTIME_DWARF_PRIVATE_H

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "base/array.h"
#include "base/lazy_bytes.h"
#include "base/text.h"
#include "target-runtime/dwarf/debug_info.h"
#include "target-runtime/dwarf/entries.h"

enum {
	/** Bytes of a string: what is longer is no name. */
	OP_DWARF_TEXT_MAX = 1 << 16,
	/** Nesting of entries, of types, of origins that refer to origins. */
	OP_DWARF_DEPTH_MAX = 64,
	/** Entries that one question may look at. */
	OP_DWARF_ENTRIES_MAX = 50 * 1000 * 1000,
	/** Attributes, members, enumerators, parameters of one entry. */
	OP_DWARF_CHILDREN_MAX = 1 << 20,
};

/** DW_AT_language of what source_map_dwarf.c writes: no committee has given AssemblyScript a
 * number. */
enum { OP_DWARF_LANGUAGE_ASSEMBLYSCRIPT = DW_LANG_lo_user + 0x4153 };

struct unit_range {
	uint32_t low, high; /**< pc */
	size_t unit;
};

/** What one file of this folder keeps; freed by its function when the information goes. */
struct op_debug_lines;
struct op_debug_names;
struct op_debug_type_set;
struct op_debug_vtables;
void op_debug_lines_destroy(struct op_debug_lines *lines);
void op_debug_names_destroy(struct op_debug_names *names);
void op_debug_type_set_destroy(struct op_debug_type_set *types);
void op_debug_vtables_destroy(struct op_debug_vtables *vtables);

struct op_debug_info {
	struct op_debug_source source; /**< the sections as they are in the image */
	op_debug_warn_fn warn;
	void *warn_context;
	const struct op_cancel *cancel;
	struct op_debug_image *image; /**< the ELF that libdw reads; owned */
	Elf *elf;
	Dwarf *dwarf;
	struct OP_ARRAY(struct op_debug_unit) units;
	bool units_known;
	bool entries_known;                        /**< all of .debug_info is there */
	struct op_abbreviations abbreviations;     /**< debug_image.c */
	struct OP_ARRAY(struct unit_range) ranges; /**< ascending by low */
	bool ranges_known;
	struct op_debug_lines *lines;     /**< line_table.c */
	struct op_debug_names *names;     /**< names.c */
	struct op_debug_type_set *types;  /**< type_set.c */
	struct op_debug_vtables *vtables; /**< vtables.c */
};

/** debug_image.c: the ELF that libdw reads, and the parts of it that have to be there before. */
struct op_debug_image;
/** @param[out] ret the same sections, in the image. What *ret_image is stays to be destroyed when
 * it fails. */
struct op_error *op_debug_image_create(const struct op_debug_source *origin,
				       struct op_debug_image **ret_image,
				       struct op_debug_source *ret);
void op_debug_image_destroy(struct op_debug_image *image);
Elf *op_debug_image_elf(const struct op_debug_image *image);
/** A part of a section is about to be read; what lies outside of the section is left out. */
struct op_error *op_debug_need(const struct op_debug_source *source, enum op_debug_section section,
			       uint64_t offset, uint64_t size);
/** The string at an offset of a section; NULL: it does not end there, or not within @p limit bytes,
 * or cannot be fetched. */
const char *op_debug_text(const struct op_debug_source *source, enum op_debug_section section,
			  uint64_t offset, size_t limit);
/** dwarf_formstring() of what may not be there yet; NULL: none. */
const char *op_debug_string(const struct op_debug_info *info, Dwarf_Attribute *attribute);
/** The header of a unit that begins at @p offset, and as a rule its first entry. */
struct op_error *op_debug_unit_need_head(struct op_debug_info *info, uint64_t offset,
					 uint64_t length);
/** All of its first entry, when it is longer than that. */
struct op_error *op_debug_unit_need_entry(struct op_debug_info *info, Dwarf_Die *die,
					  uint64_t offset, uint64_t end);
/** The entries of the unit that @p die is in, and what they refer to. */
struct op_error *op_debug_need_entries(struct op_debug_info *info, struct op_die die);

/** Warn of a unit, once: "unit main.c at 0x1234 of the debug information: WHAT". It is bad from
 * then on. */
void op_debug_unit_warn(struct op_debug_info *info, size_t unit, const char *format, ...)
	_printf_(3, 4);
/** The same of something beside the unit's entries: the unit itself stays as it is. The caller sees
 * to it that each thing is told once; nothing is told of a unit that is bad already. */
void op_debug_unit_remark(struct op_debug_info *info, size_t unit, const char *format, ...)
	_printf_(3, 4);
/** The unit that an entry is in; NULL when there is none. */
const struct op_debug_unit *op_debug_unit_of(struct op_debug_info *info, struct op_die die);

/** libdw's handle of an entry; false when there is none at that offset. All of its unit may be read
 * then. */
bool op_debug_die(struct op_debug_info *info, struct op_die die, Dwarf_Die *ret);
/** The same of a unit's first entry, which alone may be read. */
bool op_debug_unit_die(struct op_debug_info *info, size_t unit, Dwarf_Die *ret);
/** Set in the offsets of entries of .debug_types (DWARF 4), which count from that section. */
#define OP_DIE_TYPES (UINT64_C(1) << 63)
static inline struct op_die op_die_of(Dwarf_Die *die)
{
	struct op_die ret = {dwarf_dieoffset(die)};
	Dwarf_Half version = 0;
	uint8_t type = 0;
	if (die->cu && dwarf_cu_info(die->cu, &version, &type, NULL, NULL, NULL, NULL, NULL) == 0 &&
	    version < 5 && type == DW_UT_type)
		ret.offset |= OP_DIE_TYPES;
	return ret;
}
/** The language of the unit that an entry is in. */
enum op_debug_language op_debug_language_of(Dwarf_Die *die);
/** A DWARF address as a pc; false for dead code and what is outside the code section. */
bool op_debug_pc(const struct op_debug_info *info, uint64_t address, uint32_t *ret);
/** A pc as a DWARF address. */
static inline uint64_t op_debug_address(const struct op_debug_info *info, uint32_t pc)
{
	return (uint64_t)pc - info->source.code_start;
}

#endif
