// SPDX-License-Identifier: GPL-3.0-or-later
// All entries of a unit, one after the other, without libdw: its walk over siblings reads what is
// below them anyway, and an index needs few attributes of many entries. Inside of this folder.
#ifndef OP_TARGET_RUNTIME_DWARF_ENTRIES_H
#define OP_TARGET_RUNTIME_DWARF_ENTRIES_H

#include "base/array.h"
#include "target-runtime/dwarf/debug_info.h"

struct op_abbreviation_form {
	uint16_t attribute, form;
};
struct op_abbreviation {
	uint32_t code;
	uint16_t tag;
	bool has_children;
	bool wanted;           /**< its tag is one of those that the walk reports */
	uint32_t first, count; /**< forms */
	uint32_t fixed_size;   /**< bytes of its attributes; UINT32_MAX: they have to be read */
};
/** The abbreviations of the unit that was opened last: neighbours often share them. */
struct op_abbreviations {
	struct OP_ARRAY(struct op_abbreviation) items; /**< ascending by code */
	struct OP_ARRAY(struct op_abbreviation_form) forms;
	bool known;
	uint32_t offset;
	unsigned version, address_size; /**< that the fixed sizes hold for */
	/** Some inlined body names its origin by an offset of the section: perhaps in another
	 * unit. */
	bool foreign_inlined;
	/** Some attribute may refer to an entry of another unit. */
	bool foreign;
};
void op_abbreviations_deinit(struct op_abbreviations *abbreviations);

enum op_entry_flag {
	OP_ENTRY_HAS_CODE = 1 << 0,
	OP_ENTRY_DECLARATION = 1 << 1,
	OP_ENTRY_INLINE = 1 << 2,      /**< an abstract instance: bodies are inlined elsewhere */
	OP_ENTRY_TRANSPARENT = 1 << 3, /**< an inline namespace */
	OP_ENTRY_HAS_VALUE = 1 << 4,   /**< DW_AT_location or DW_AT_const_value */
	OP_ENTRY_EXTERNAL = 1 << 5,
	OP_ENTRY_SCOPED = 1 << 6, /**< an enum class */
};
struct op_entry {
	uint32_t offset;
	uint16_t tag, flags;
	unsigned depth;   /**< 0: the unit's own */
	unsigned lowest;  /**< entries at this depth or deeper that came before it have ended */
	const char *name; /**< NULL: none. Borrowed from the information, raw */
	uint32_t origin;  /**< DW_AT_specification or DW_AT_abstract_origin; 0: none */
};

/** Zero-initialise nothing: op_entries_open() does. Entries are read in order of offset. */
struct op_entries {
	struct op_debug_info *info;
	struct op_abbreviations *abbreviations;
	struct op_reader reader;
	uint32_t start; /**< of the unit's header: what its references count from */
	unsigned version, address_size;
	uint64_t strings_base; /**< DW_AT_str_offsets_base */
	unsigned depth;
	uint64_t read;
};
/**
 * @param[in] unit index in op_debug_units(), which has been called.
 * @param[in] abbreviations kept between units by the caller.
 */
struct op_error *op_entries_open(struct op_debug_info *info, size_t unit,
				 struct op_abbreviations *abbreviations, struct op_entries *ret);
/** The next entry of a tag that has a name in a program (types, functions, variables, namespaces,
 * inlined bodies); *ret_more false: the unit ends. @return OP_ERROR_INTERRUPTED too. */
struct op_error *op_entries_next(struct op_entries *entries, bool *ret_more, struct op_entry *ret);

#endif
