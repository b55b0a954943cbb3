// SPDX-License-Identifier: GPL-3.0-or-later
// The index of a module's names, inside of this folder: which entries have a name in the program,
// what stands around them, and where bodies are. Made unit by unit; a question by name makes the
// rest.
#ifndef OP_TARGET_RUNTIME_DWARF_NAMES_H
#define OP_TARGET_RUNTIME_DWARF_NAMES_H

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/entries.h"

/** An entry that has a name, or a scope of such ones. */
struct op_named {
	const char *name;      /**< NULL: none of its own */
	const char *qualified; /**< NULL until it is asked for */
	uint32_t offset;       /**< of the entry */
	uint32_t parent;       /**< index + 1 in the unit; 0: the unit itself */
	uint32_t origin;       /**< as op_entry */
	uint16_t tag, flags;   /**< op_entry_flag */
};
/** Code of a function. */
struct op_body_range {
	uint32_t low, high; /**< pc */
	uint32_t item;      /**< index in the unit */
};
/** A body that was inlined. */
struct op_inlined_body {
	uint32_t origin, offset;
};
struct op_name_unit {
	struct OP_ARRAY(struct op_named) items;          /**< ascending by offset */
	struct OP_ARRAY(struct op_body_range) ranges;    /**< ascending by low */
	struct OP_ARRAY(struct op_inlined_body) inlined; /**< ascending by origin */
	struct OP_ARRAY(const char *) files;             /**< by number */
	bool known, ranges_known, inlined_known, files_known;
	bool foreign_inlined; /**< inlined bodies may come from another unit */
};

struct op_function_record;
struct op_debug_names {
	struct op_name_unit *units; /**< as op_debug_units() */
	size_t unit_count;
	struct op_abbreviations abbreviations;
	bool complete; /**< every unit is known and the table below is made */
	struct OP_ARRAY(struct op_name_slot) slots;
	uint32_t *heads; /**< of chains in slots, index + 1 */
	size_t head_count;
	struct OP_ARRAY(char *) strings;
	struct op_function_record *functions; /**< functions.c */
};
/** What a name of the table means. */
struct op_name_slot {
	uint32_t unit, item, next, hash;
};
void op_function_records_destroy(struct op_function_record *records);

/** Where a named entry is; items stay where they are. */
struct op_name_ref {
	uint32_t unit, item;
};
static inline struct op_named *op_named_at(struct op_debug_info *info, struct op_name_ref ref)
{
	return &info->names->units[ref.unit].items.data[ref.item];
}

/** The index of a unit, made when it is not there; a unit that cannot be read gives a warning and
 * what could be read of it. */
struct op_error *op_names_unit(struct op_debug_info *info, size_t unit, struct op_name_unit **ret);
/** Code of a unit's functions. */
struct op_error *op_names_ranges(struct op_debug_info *info, size_t unit,
				 struct op_name_unit **ret);
/** Bodies of a unit that were inlined. */
struct op_error *op_names_inlined(struct op_debug_info *info, size_t unit,
				  struct op_name_unit **ret);
/** All units, and the table of names. */
struct op_error *op_names_complete(struct op_debug_info *info);

/** The named entry at an offset; *ret_found false: there is none. */
struct op_error *op_names_find(struct op_debug_info *info, uint64_t offset, bool *ret_found,
			       struct op_name_ref *ret);
/** The entry that @p ref has its name and scope from: itself, or what it refers to as its
 * specification or origin. */
struct op_error *op_names_origin(struct op_debug_info *info, struct op_name_ref ref,
				 struct op_name_ref *ret);
/** "ns::Shape::area"; "" when it has no name. Stays. */
struct op_error *op_names_qualified(struct op_debug_info *info, struct op_name_ref ref,
				    const char **ret);
/** The mangled name of an entry, its origins' too; NULL: none. */
const char *op_names_linkage(struct op_debug_info *info, uint64_t offset);
/** Keep a heap string (taken) as long as the information. */
struct op_error *op_names_keep(struct op_debug_info *info, char *string, const char **ret);

/** What somebody looks for. */
struct op_name_query {
	const char *text;
	size_t size;
	bool is_pattern; /**< text is a shell pattern for qualified names; NULL text: everything */
};
typedef bool (*op_name_filter_fn)(const struct op_named *item);
typedef struct op_error *(*op_name_found_fn)(void *context, struct op_name_ref ref);
/**
 * Call @p found for each entry of the table that fits, in the order of the units.
 * @param[in] filter on the entry itself; NULL: all.
 */
struct op_error *op_names_search(struct op_debug_info *info, const struct op_name_query *query,
				 op_name_filter_fn filter, op_name_found_fn found, void *context);

bool op_named_is_function(const struct op_named *item);
bool op_named_is_type(const struct op_named *item);
bool op_named_is_data(const struct op_named *item);

// die_attributes.c

/** An unsigned number; false: the entry has none. */
bool op_die_number(Dwarf_Die *die, unsigned name, uint32_t *ret);
/** The path of the file that an attribute names by its number; NULL: not known. Stays. */
struct op_error *op_die_file(struct op_debug_info *info, Dwarf_Die *die, unsigned name,
			     const char **ret);

// name_match.c

/** A name that was typed, in components: "ns::max<int>" is "ns", "max<int>". Borrows the text. */
enum { OP_NAME_PARTS_MAX = 32 };
struct op_name_part {
	const char *data;
	size_t size;
	bool has_arguments; /**< of a template */
};
struct op_typed_name {
	struct op_name_part parts[OP_NAME_PARTS_MAX];
	size_t count;
	bool absolute; /**< "::f" */
};
/** False: too many parts, or an empty one. */
bool op_typed_name_parse(const char *text, size_t size, struct op_typed_name *ret);
/** Of a word: an identifier of any language. */
bool op_name_is_word(char c);
/** Bytes of a name without its template arguments: what the table is made by. */
size_t op_name_stem(const char *name, size_t size);
/** Whether an entry's own name is what one part says. */
bool op_name_part_fits(const struct op_name_part *part, const char *name);
/** The canonical name of an integer type of C ("long unsigned int": "unsigned long"); NULL when it
 * is none. Static. */
const char *op_c_integer_name(const char *name, size_t size);

#endif
