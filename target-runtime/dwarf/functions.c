// SPDX-License-Identifier: GPL-3.0-or-later
// Bodies of functions: around a pc, and by name; with those that were inlined.
#include "target-runtime/dwarf/functions.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/demangle.h"
#include "target-runtime/dwarf/line_table.h"
#include "target-runtime/dwarf/names.h"

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// that could not be added.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/** What is known of one body; made once, so that everybody may keep a pointer to it. */
struct op_function_record {
	uint64_t offset;
	bool has_code; // low_pc and high_pc are set
	struct op_debug_function function;
	UT_hash_handle hh;
};

void op_function_records_destroy(struct op_function_record *records)
{
	struct op_function_record *record, *next;
	HASH_ITER(hh, records, record, next)
	{
		HASH_DEL(records, record);
		free(record);
	}
}

// One body -----------------------------------------------------------------------------------

static bool hull_of(struct op_debug_info *info, Dwarf_Die *die, uint32_t *ret_low,
		    uint32_t *ret_high)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t next = 0;
	bool any = false;
	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
		uint32_t from, to;
		if (low >= high || !op_debug_pc(info, low, &from) || !op_debug_pc(info, high, &to))
			continue;
		*ret_low = any && *ret_low < from ? *ret_low : from;
		*ret_high = any && *ret_high > to ? *ret_high : to;
		any = true;
	}
	return any;
}

// Name, signature and language: those of what an inlined body is an instance of.
static struct op_error *name_function(struct op_debug_info *info, Dwarf_Die *die,
				      struct op_debug_function *function)
{
	uint64_t named = function->die.offset;
	Dwarf_Attribute attribute;
	Dwarf_Die origin;
	if (function->inlined && dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin))
		named = dwarf_dieoffset(&origin);
	struct op_name_ref ref;
	bool found;
	struct op_error *err = op_names_find(info, named, &found, &ref);
	if (!err && found)
		err = op_names_qualified(info, ref, &function->name);
	if (err)
		return err;
	const struct op_debug_unit *unit = op_debug_unit_of(info, (struct op_die){named});
	function->language = unit ? unit->language : OP_LANGUAGE_OTHER;
	function->linkage = op_names_linkage(info, named);
	char *plain = function->linkage && !*function->name ? op_demangle(function->linkage, false)
							    : NULL;
	if (plain)
		err = op_names_keep(info, plain, &function->name);
	char *signature = err || !function->linkage ? NULL : op_demangle(function->linkage, true);
	if (signature)
		err = op_names_keep(info, signature, &function->signature);
	if (!*function->name && function->linkage)
		function->name = function->linkage;
	if (!*function->name)
		function->name = "(anonymous function)";
	if (!signature)
		function->signature = function->name;
	return err;
}

static struct op_error *make_record(struct op_debug_info *info, Dwarf_Die *die,
				    struct op_function_record **ret)
{
	_cleanup_free_ struct op_function_record *record = calloc(1, sizeof(*record));
	if (!record)
		return op_error_no_memory();
	record->offset = dwarf_dieoffset(die);
	struct op_debug_function *function = &record->function;
	function->die.offset = record->offset;
	function->name = function->signature = "";
	function->inlined = dwarf_tag(die) == DW_TAG_inlined_subroutine;
	record->has_code = hull_of(info, die, &function->low_pc, &function->high_pc);
	struct op_error *err = name_function(info, die, function);
	if (err)
		return err;
	err = op_die_file(info, die, DW_AT_decl_file, &function->file);
	if (!err && function->inlined)
		err = op_die_file(info, die, DW_AT_call_file, &function->call_file);
	if (err)
		return err;
	op_die_number(die, DW_AT_decl_line, &function->line);
	if (function->inlined) {
		op_die_number(die, DW_AT_call_line, &function->call_line);
		op_die_number(die, DW_AT_call_column, &function->call_column);
	}
	HASH_ADD(hh, info->names->functions, offset, sizeof(record->offset), record);
	if (!record->hh.tbl)
		return op_error_no_memory();
	*ret = op_take(record);
	return NULL;
}

static struct op_error *record_of(struct op_debug_info *info, Dwarf_Die *die,
				  const struct op_function_record **ret)
{
	uint64_t offset = dwarf_dieoffset(die);
	struct op_function_record *record = NULL;
	if (info->names)
		HASH_FIND(hh, info->names->functions, &offset, sizeof(offset), record);
	struct op_error *err = record ? NULL : make_record(info, die, &record);
	*ret = record;
	return err;
}

struct op_error *op_debug_function(struct op_debug_info *info, struct op_die body,
				   const struct op_debug_function **ret)
{
	Dwarf_Die die;
	const struct op_function_record *record;
	if (!op_debug_die(info, body, &die) ||
	    (dwarf_tag(&die) != DW_TAG_subprogram && dwarf_tag(&die) != DW_TAG_inlined_subroutine))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the debug information has no function at 0x%llx",
				       (unsigned long long)body.offset);
	struct op_error *err = record_of(info, &die, &record);
	if (!err)
		*ret = &record->function;
	return err;
}

// Around a pc --------------------------------------------------------------------------------

// The function of a unit whose code holds @p pc.
static const struct op_named *body_at(const struct op_name_unit *names, uint32_t pc)
{
	size_t low = 0, high = names->ranges.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names->ranges.data[middle].low <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || pc >= names->ranges.data[low - 1].high)
		return NULL;
	return &names->items.data[names->ranges.data[low - 1].item];
}

// The child of @p die that has code at @p address and may hold inlined bodies; false: there is
// none.
static bool child_at(Dwarf_Die *die, Dwarf_Addr address, Dwarf_Die *ret)
{
	Dwarf_Die child;
	unsigned seen = 0;
	for (int more = dwarf_child(die, &child); more == 0 && seen++ < OP_DWARF_CHILDREN_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
		case DW_TAG_with_stmt:
			if (dwarf_haspc(&child, address) > 0) {
				*ret = child;
				return true;
			}
			break;
		default:
			break;
		}
	}
	return false;
}

struct op_error *op_debug_function_in_unit(struct op_debug_info *info, size_t unit, uint32_t pc,
					   struct op_die *ret)
{
	struct op_name_unit *names;
	struct op_error *err = op_names_ranges(info, unit, &names);
	const struct op_named *body = err ? NULL : body_at(names, pc);
	ret->offset = body ? body->offset : 0;
	return err;
}

struct op_error *op_debug_functions_at(struct op_debug_info *info, uint32_t pc,
				       struct op_debug_function **ret, size_t *ret_count)
{
	*ret = NULL;
	*ret_count = 0;
	const struct op_debug_unit *unit;
	struct op_error *err = op_debug_unit_at(info, pc, &unit);
	struct op_die body = {0};
	if (!err && unit)
		err = op_debug_function_in_unit(info, (size_t)(unit - info->units.data), pc, &body);
	Dwarf_Die die;
	if (err || !body.offset || !op_debug_die(info, body, &die))
		return err;
	const struct op_function_record *records[OP_DWARF_DEPTH_MAX];
	size_t count = 0;
	err = record_of(info, &die, &records[count++]);
	for (unsigned depth = 0; !err && depth < OP_DWARF_DEPTH_MAX; depth++) {
		if (!child_at(&die, op_debug_address(info, pc), &die) ||
		    count == OP_ARRAY_SIZE(records))
			break;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			err = record_of(info, &die, &records[count++]);
	}
	struct op_debug_function *functions = err ? NULL : calloc(count, sizeof(*functions));
	if (!functions)
		return err ? err : op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		functions[i] = records[count - 1 - i]->function;
	*ret = functions;
	*ret_count = count;
	return NULL;
}

// By name ------------------------------------------------------------------------------------

struct bodies {
	struct op_debug_info *info;
	struct OP_ARRAY(struct op_debug_function) found;
};

static struct op_error *add_body(struct bodies *bodies, uint32_t offset)
{
	Dwarf_Die die;
	if (!op_debug_die(bodies->info, (struct op_die){offset}, &die))
		return NULL;
	const struct op_function_record *record;
	struct op_error *err = record_of(bodies->info, &die, &record);
	// Code that the linker dropped has no place.
	if (!err && record->has_code && !op_array_push(&bodies->found, record->function))
		err = op_error_no_memory();
	return err;
}

// The bodies of a unit that are instances of @p origin.
static struct op_error *add_inlined_of(struct bodies *bodies, size_t unit, uint32_t origin)
{
	struct op_name_unit *names;
	struct op_error *err = op_names_inlined(bodies->info, unit, &names);
	if (err)
		return err;
	size_t low = 0, high = names->inlined.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names->inlined.data[middle].origin < origin)
			low = middle + 1;
		else
			high = middle;
	}
	for (; !err && low < names->inlined.count && names->inlined.data[low].origin == origin;
	     low++)
		err = add_body(bodies, names->inlined.data[low].offset);
	return err;
}

static struct op_error *add_found(void *context, struct op_name_ref ref)
{
	struct bodies *bodies = context;
	const struct op_debug_names *names = bodies->info->names;
	const struct op_named *item = op_named_at(bodies->info, ref);
	struct op_error *err = NULL;
	if (item->flags & OP_ENTRY_HAS_CODE)
		err = add_body(bodies, item->offset);
	if (!(item->flags & OP_ENTRY_INLINE))
		return err;
	for (size_t i = 0; !err && i < names->unit_count; i++)
		if (i == ref.unit || names->units[i].foreign_inlined)
			err = add_inlined_of(bodies, i, item->offset);
	return err;
}

static int compare_functions(const void *a, const void *b)
{
	const struct op_debug_function *x = a, *y = b;
	if (x->low_pc != y->low_pc)
		return x->low_pc < y->low_pc ? -1 : 1;
	return x->die.offset < y->die.offset ? -1 : x->die.offset > y->die.offset;
}

// A function that several units have (a template's, one of a header) is one in the module: the
// linker kept one, and the entries of all of them are about it.
static bool is_same(const struct op_debug_function *x, const struct op_debug_function *y)
{
	return x->die.offset == y->die.offset ||
	       (x->low_pc == y->low_pc && x->high_pc == y->high_pc && x->inlined == y->inlined &&
		!strcmp(x->signature, y->signature));
}

static size_t drop_repeats(struct bodies *bodies)
{
	struct op_debug_function *found = bodies->found.data;
	size_t kept = 0;
	if (bodies->found.count)
		qsort(found, bodies->found.count, sizeof(*found), compare_functions);
	for (size_t i = 0; i < bodies->found.count; i++) {
		bool repeated = false;
		for (size_t k = kept; k-- > 0 && found[k].low_pc == found[i].low_pc && !repeated;)
			repeated = is_same(&found[k], &found[i]);
		if (!repeated)
			found[kept++] = found[i];
	}
	return kept;
}

struct linkage_search {
	struct bodies *bodies;
	const char *name;
};

static struct op_error *add_linkage(void *context, struct op_name_ref ref)
{
	struct linkage_search *search = context;
	struct op_debug_info *info = search->bodies->info;
	const char *linkage = op_names_linkage(info, op_named_at(info, ref)->offset);
	if (!linkage || strcmp(linkage, search->name))
		return NULL;
	return add_found(search->bodies, ref);
}

struct op_error *op_debug_functions_named(struct op_debug_info *info, const char *name,
					  bool is_pattern, struct op_debug_function **ret,
					  size_t *ret_count)
{
	struct bodies bodies = {.info = info};
	struct op_name_query query = {name, name ? strlen(name) : 0, is_pattern};
	struct op_error *err =
		op_names_search(info, &query, op_named_is_function, add_found, &bodies);
	if (!err && name && !is_pattern && !bodies.found.count) {
		struct linkage_search search = {&bodies, name};
		struct op_name_query all = {.text = NULL};
		err = op_names_search(info, &all, op_named_is_function, add_linkage, &search);
	}
	if (err) {
		free(bodies.found.data);
		return err;
	}
	*ret = bodies.found.data;
	*ret_count = drop_repeats(&bodies);
	return NULL;
}

struct name_list {
	struct op_debug_info *info;
	struct OP_ARRAY(const char *) names;
};

static struct op_error *add_name(void *context, struct op_name_ref ref)
{
	struct name_list *list = context;
	const char *name;
	struct op_error *err = op_names_qualified(list->info, ref, &name);
	if (!err && *name && !op_array_push(&list->names, name))
		err = op_error_no_memory();
	return err;
}

struct op_error *op_debug_function_names(struct op_debug_info *info, const char *const **ret,
					 size_t *ret_count)
{
	struct name_list list = {.info = info};
	struct op_name_query all = {.text = NULL};
	struct op_error *err = op_names_search(info, &all, op_named_is_function, add_name, &list);
	if (err) {
		free(list.names.data);
		return err;
	}
	*ret = list.names.data;
	*ret_count = list.names.count;
	return NULL;
}

// Where a body begins for a person ------------------------------------------------------------

struct op_error *op_debug_function_body(struct op_debug_info *info,
					const struct op_debug_function *function, uint32_t *ret_pc)
{
	*ret_pc = function->low_pc;
	// An inlined body has no prologue.
	if (function->inlined)
		return NULL;
	_cleanup_free_ struct op_debug_line *lines = NULL;
	size_t count;
	struct op_error *err =
		op_debug_lines_between(info, function->low_pc, function->high_pc, &lines, &count);
	if (err)
		return err;
	const struct op_debug_line *body = op_debug_lines_body(lines, count);
	if (body && body->pc >= function->low_pc)
		*ret_pc = body->pc;
	return NULL;
}
