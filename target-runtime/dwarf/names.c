// SPDX-License-Identifier: GPL-3.0-or-later
// The index of names: one pass over a unit's entries keeps those that have a name in the program,
// with their scopes; a table over all units finds them by name.
#include "target-runtime/dwarf/names.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/demangle.h"

static void unit_deinit(struct op_name_unit *unit)
{
	free(unit->items.data);
	free(unit->ranges.data);
	free(unit->inlined.data);
	free(unit->files.data);
}

void op_debug_names_destroy(struct op_debug_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->unit_count; i++)
		unit_deinit(&names->units[i]);
	free(names->units);
	op_abbreviations_deinit(&names->abbreviations);
	free(names->slots.data);
	free(names->heads);
	for (size_t i = 0; i < names->strings.count; i++)
		free(names->strings.data[i]);
	free(names->strings.data);
	op_function_records_destroy(names->functions);
	free(names);
}

static struct op_error *open_names(struct op_debug_info *info)
{
	if (info->names)
		return NULL;
	const struct op_debug_unit *units;
	size_t count;
	struct op_error *err = op_debug_units(info, &units, &count);
	if (err)
		return err;
	_cleanup_free_ struct op_debug_names *names = calloc(1, sizeof(*names));
	if (names)
		names->units = calloc(count ? count : 1, sizeof(*names->units));
	if (!names || !names->units)
		return op_error_no_memory();
	names->unit_count = count;
	info->names = op_take(names);
	return NULL;
}

struct op_error *op_names_keep(struct op_debug_info *info, char *string, const char **ret)
{
	struct op_error *err = open_names(info);
	if (!err && !op_array_push(&info->names->strings, string))
		err = op_error_no_memory();
	if (err) {
		free(string);
		return err;
	}
	*ret = string;
	return NULL;
}

// A unit's items -----------------------------------------------------------------------------

bool op_named_is_function(const struct op_named *item)
{
	return item->tag == DW_TAG_subprogram &&
	       (item->flags & (OP_ENTRY_HAS_CODE | OP_ENTRY_INLINE));
}

bool op_named_is_type(const struct op_named *item)
{
	switch (item->tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
	case DW_TAG_template_alias:
		return true;
	default:
		return false;
	}
}

bool op_named_is_data(const struct op_named *item)
{
	switch (item->tag) {
	case DW_TAG_enumerator:
		return true;
	case DW_TAG_variable:
		// A definition without a place was optimised out, which is more than to be unknown.
		return (item->flags & OP_ENTRY_HAS_VALUE) || !(item->flags & OP_ENTRY_DECLARATION);
	case DW_TAG_member:
		return item->flags & OP_ENTRY_HAS_VALUE;
	default:
		return false;
	}
}

// The entries around the one that is read.
struct scopes {
	struct {
		unsigned depth;
		uint32_t item; // index + 1
		bool is_function;
	} stack[OP_DWARF_DEPTH_MAX + 1];
	size_t count;
	size_t functions; // of them
};

static void close_scopes(struct scopes *scopes, unsigned depth)
{
	while (scopes->count && scopes->stack[scopes->count - 1].depth >= depth)
		scopes->functions -= scopes->stack[--scopes->count].is_function;
}

static bool is_kept(const struct op_entry *entry, const struct scopes *scopes)
{
	switch (entry->tag) {
	case DW_TAG_inlined_subroutine:
	case DW_TAG_compile_unit:
	case DW_TAG_partial_unit:
		return false;
	case DW_TAG_variable:
		return !scopes->functions && (entry->name || entry->origin);
	case DW_TAG_member:
		// A static one, as DWARF 4 writes it.
		return entry->name && (entry->flags & (OP_ENTRY_DECLARATION | OP_ENTRY_EXTERNAL));
	case DW_TAG_typedef:
	case DW_TAG_base_type:
	case DW_TAG_enumerator:
		return entry->name;
	default:
		return true;
	}
}

static struct op_error *add_item(struct op_name_unit *unit, const struct op_entry *entry,
				 struct scopes *scopes)
{
	close_scopes(scopes, entry->lowest);
	if (entry->depth == 0 || entry->depth > OP_DWARF_DEPTH_MAX || !is_kept(entry, scopes))
		return NULL;
	struct op_named item = {
		.name = entry->name,
		.offset = entry->offset,
		.parent = scopes->count ? scopes->stack[scopes->count - 1].item : 0,
		.origin = entry->origin,
		.tag = entry->tag,
		.flags = entry->flags,
	};
	if (!op_array_push(&unit->items, item))
		return op_error_no_memory();
	// Depths grow from one to the next, so there are never more than there is room for.
	bool is_function = entry->tag == DW_TAG_subprogram;
	scopes->stack[scopes->count].depth = entry->depth;
	scopes->stack[scopes->count].item = (uint32_t)unit->items.count;
	scopes->stack[scopes->count++].is_function = is_function;
	scopes->functions += is_function;
	return NULL;
}

// What is wrong with one unit takes nothing from the others.
static struct op_error *unit_problem(struct op_debug_info *info, size_t unit, struct op_error *err)
{
	if (!err || err->code == OP_ERROR_NO_MEMORY || err->code == OP_ERROR_INTERRUPTED)
		return err;
	op_debug_unit_warn(info, unit, "its entries cannot be read: %s", err->message);
	op_error_destroy(err);
	return NULL;
}

struct op_error *op_names_unit(struct op_debug_info *info, size_t unit, struct op_name_unit **ret)
{
	struct op_error *err = open_names(info);
	if (err)
		return err;
	struct op_name_unit *names = *ret = &info->names->units[unit];
	if (names->known)
		return NULL;
	names->items.count = 0;
	struct op_entries entries;
	struct op_entry entry;
	struct scopes scopes = {.count = 0};
	err = op_entries_open(info, unit, &info->names->abbreviations, &entries);
	for (bool more = true; !err;) {
		err = op_entries_next(&entries, &more, &entry);
		if (err || !more)
			break;
		err = add_item(names, &entry, &scopes);
	}
	names->foreign_inlined = info->names->abbreviations.foreign_inlined;
	err = unit_problem(info, unit, err);
	names->known = !err;
	return err;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct op_body_range *x = a, *y = b;
	return x->low < y->low ? -1 : x->low > y->low;
}

struct op_error *op_names_ranges(struct op_debug_info *info, size_t unit, struct op_name_unit **ret)
{
	struct op_error *err = op_names_unit(info, unit, ret);
	if (err || (*ret)->ranges_known)
		return err;
	struct op_name_unit *names = *ret;
	names->ranges.count = 0;
	for (size_t i = 0; i < names->items.count; i++) {
		const struct op_named *item = &names->items.data[i];
		Dwarf_Die die;
		Dwarf_Addr base, low, high;
		ptrdiff_t next = 0;
		if (item->tag != DW_TAG_subprogram || !(item->flags & OP_ENTRY_HAS_CODE) ||
		    !op_debug_die(info, (struct op_die){item->offset}, &die))
			continue;
		while ((next = dwarf_ranges(&die, next, &base, &low, &high)) > 0) {
			struct op_body_range range = {.item = (uint32_t)i};
			if (low < high && op_debug_pc(info, low, &range.low) &&
			    op_debug_pc(info, high, &range.high) &&
			    !op_array_push(&names->ranges, range))
				return op_error_no_memory();
		}
	}
	if (names->ranges.count)
		qsort(names->ranges.data, names->ranges.count, sizeof(*names->ranges.data),
		      compare_ranges);
	names->ranges_known = true;
	return NULL;
}

static int compare_inlined(const void *a, const void *b)
{
	const struct op_inlined_body *x = a, *y = b;
	if (x->origin != y->origin)
		return x->origin < y->origin ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

struct op_error *op_names_inlined(struct op_debug_info *info, size_t unit,
				  struct op_name_unit **ret)
{
	struct op_error *err = op_names_unit(info, unit, ret);
	if (err || (*ret)->inlined_known)
		return err;
	struct op_name_unit *names = *ret;
	names->inlined.count = 0;
	struct op_entries entries;
	struct op_entry entry;
	err = op_entries_open(info, unit, &info->names->abbreviations, &entries);
	for (bool more = true; !err;) {
		err = op_entries_next(&entries, &more, &entry);
		if (err || !more)
			break;
		struct op_inlined_body body = {entry.origin, entry.offset};
		if (entry.tag == DW_TAG_inlined_subroutine && entry.origin &&
		    !op_array_push(&names->inlined, body))
			err = op_error_no_memory();
	}
	err = unit_problem(info, unit, err);
	if (!err && names->inlined.count)
		qsort(names->inlined.data, names->inlined.count, sizeof(*names->inlined.data),
		      compare_inlined);
	names->inlined_known = !err;
	return err;
}

// Entries by offset --------------------------------------------------------------------------

struct op_error *op_names_find(struct op_debug_info *info, uint64_t offset, bool *ret_found,
			       struct op_name_ref *ret)
{
	*ret_found = false;
	struct op_error *err = open_names(info);
	const struct op_debug_unit *unit =
		err ? NULL : op_debug_unit_of(info, (struct op_die){offset});
	if (!unit)
		return err;
	struct op_name_unit *names;
	ret->unit = (uint32_t)(unit - info->units.data);
	err = op_names_unit(info, ret->unit, &names);
	if (err)
		return err;
	size_t low = 0, high = names->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (names->items.data[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	ret->item = (uint32_t)low;
	*ret_found = low < names->items.count && names->items.data[low].offset == offset;
	return NULL;
}

struct op_error *op_names_origin(struct op_debug_info *info, struct op_name_ref ref,
				 struct op_name_ref *ret)
{
	*ret = ref;
	// Origins that refer to each other end at the limit.
	for (unsigned i = 0; i < OP_DWARF_DEPTH_MAX; i++) {
		uint32_t origin = op_named_at(info, ref)->origin;
		bool found = false;
		struct op_error *err = origin ? op_names_find(info, origin, &found, &ref) : NULL;
		if (err || !found)
			return err;
		if (op_named_at(info, ref)->name)
			*ret = ref;
	}
	return NULL;
}

const char *op_names_linkage(struct op_debug_info *info, uint64_t offset)
{
	Dwarf_Die die;
	Dwarf_Attribute attribute;
	if (!op_debug_die(info, (struct op_die){offset}, &die))
		return NULL;
	if (!dwarf_attr_integrate(&die, DW_AT_linkage_name, &attribute) &&
	    !dwarf_attr_integrate(&die, DW_AT_MIPS_linkage_name, &attribute))
		return NULL;
	return op_debug_string(info, &attribute);
}

// Qualified names ----------------------------------------------------------------------------

static const char *scope_name(const struct op_named *item)
{
	if (item->name)
		return item->name;
	switch (item->tag) {
	case DW_TAG_namespace:
		return "(anonymous namespace)";
	case DW_TAG_structure_type:
		return "(anonymous struct)";
	case DW_TAG_class_type:
		return "(anonymous class)";
	case DW_TAG_union_type:
		return "(anonymous union)";
	case DW_TAG_enumeration_type:
		return "(anonymous enum)";
	default:
		return NULL;
	}
}

// Whether a scope has a name that nobody would write: a lambda's class, an impl of a trait.
static bool is_unspeakable(const struct op_named *item)
{
	if (item->name)
		return item->name[0] == '{';
	return item->tag == DW_TAG_class_type || item->tag == DW_TAG_structure_type;
}

// An enumerator of C's stands beside its enum, not inside.
static bool is_in_scope(enum op_debug_language language, const struct op_named *item,
			const struct op_named *scope)
{
	return item->tag != DW_TAG_enumerator || (scope->flags & OP_ENTRY_SCOPED) ||
	       (language != OP_LANGUAGE_C && language != OP_LANGUAGE_CPLUSPLUS);
}

struct op_error *op_names_qualified(struct op_debug_info *info, struct op_name_ref ref,
				    const char **ret)
{
	uint32_t offset = op_named_at(info, ref)->offset;
	struct op_error *err = op_names_origin(info, ref, &ref);
	*ret = "";
	if (err)
		return err;
	struct op_named *item = op_named_at(info, ref);
	if (item->qualified || !item->name) {
		*ret = item->qualified ?: "";
		return NULL;
	}
	const char *parts[OP_DWARF_DEPTH_MAX + 2];
	size_t count = 0;
	parts[count++] = item->name;
	bool unspeakable = is_unspeakable(item), is_function = item->tag == DW_TAG_subprogram;
	enum op_debug_language language = info->units.data[ref.unit].language;
	const struct op_named *inner = item;
	for (uint32_t parent = item->parent; parent && count < OP_ARRAY_SIZE(parts);) {
		struct op_name_ref outer = {ref.unit, parent - 1};
		const struct op_named *scope = op_named_at(info, outer);
		parent = scope->parent;
		const char *name = is_in_scope(language, inner, scope) ? scope_name(scope) : NULL;
		inner = scope;
		unspeakable |= is_function && is_unspeakable(scope);
		// What a function of C declares inside of itself is not named by it.
		if (name && (scope->tag != DW_TAG_subprogram || language != OP_LANGUAGE_C))
			parts[count++] = name;
	}
	const char *linkage = is_function && unspeakable ? op_names_linkage(info, offset) : NULL;
	char *name = linkage ? op_demangle(linkage, false) : NULL;
	if (!name && count == 1) {
		*ret = item->qualified = item->name;
		return NULL;
	}
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	while (!name && count) {
		op_text_append(&text, parts[--count]);
		op_text_append(&text, count ? "::" : "");
	}
	if (!name)
		err = op_text_steal(&text, &name);
	if (!err)
		err = op_names_keep(info, name, &item->qualified);
	*ret = err ? "" : item->qualified;
	return err;
}

// The table ----------------------------------------------------------------------------------

static uint32_t hash_of(const char *name, size_t size)
{
	uint32_t hash = 2166136261u; // FNV-1a
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

// What a name is found by.
static uint32_t stem_hash(const char *name, size_t size)
{
	const char *integer = op_c_integer_name(name, size);
	if (integer)
		return hash_of(integer, strlen(integer));
	return hash_of(name, op_name_stem(name, size));
}

static struct op_error *fill_slots(struct op_debug_info *info, size_t unit)
{
	struct op_name_unit *names = &info->names->units[unit];
	for (size_t i = 0; i < names->items.count; i++) {
		const struct op_named *item = &names->items.data[i];
		if (!op_named_is_function(item) && !op_named_is_type(item) &&
		    !op_named_is_data(item))
			continue;
		struct op_name_ref named;
		struct op_error *err = op_names_origin(
			info, (struct op_name_ref){(uint32_t)unit, (uint32_t)i}, &named);
		if (err)
			return err;
		const char *name = op_named_at(info, named)->name;
		if (!name)
			continue;
		struct op_name_slot slot = {.unit = (uint32_t)unit,
					    .item = (uint32_t)i,
					    .hash = stem_hash(name, strlen(name))};
		if (!op_array_push(&info->names->slots, slot))
			return op_error_no_memory();
	}
	return NULL;
}

// Chains are in the order of the slots.
static struct op_error *chain_slots(struct op_debug_names *names)
{
	names->head_count = 1;
	while (names->head_count < names->slots.count)
		names->head_count *= 2;
	free(names->heads);
	names->heads = calloc(names->head_count, sizeof(*names->heads));
	if (!names->heads)
		return op_error_no_memory();
	for (size_t i = names->slots.count; i-- > 0;) {
		struct op_name_slot *slot = &names->slots.data[i];
		uint32_t *head = &names->heads[slot->hash & (names->head_count - 1)];
		slot->next = *head;
		*head = (uint32_t)i + 1;
	}
	return NULL;
}

struct op_error *op_names_complete(struct op_debug_info *info)
{
	struct op_error *err = open_names(info);
	if (err || info->names->complete)
		return err;
	struct op_debug_names *names = info->names;
	struct op_name_unit *unit;
	for (size_t i = 0; !err && i < names->unit_count; i++)
		err = op_names_unit(info, i, &unit);
	names->slots.count = 0;
	for (size_t i = 0; !err && i < names->unit_count; i++) {
		if (op_cancelled(info->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		err = fill_slots(info, i);
	}
	if (!err)
		err = chain_slots(names);
	names->complete = !err;
	return err;
}

// Searching ----------------------------------------------------------------------------------

// Whether an entry may be named without this scope of it.
static bool is_transparent(const struct op_named *scope)
{
	if (scope->tag == DW_TAG_subprogram || (scope->flags & OP_ENTRY_TRANSPARENT))
		return true;
	return !scope->name || scope->name[0] == '{';
}

// "<app::Shape as core::fmt::Display>::fmt" is Shape::fmt as well as Display::fmt.
static bool trait_fits(struct op_debug_info *info, struct op_name_ref ref,
		       const struct op_typed_name *typed)
{
	const char *name;
	struct op_error *err = op_names_qualified(info, ref, &name);
	if (err || name[0] != '<' || typed->absolute) {
		op_error_destroy(err);
		return false;
	}
	const char *as = strstr(name, " as "), *end = strstr(name, ">::");
	if (!as || !end || as > end)
		return false;
	const char *const starts[] = {name + 1, as + 4};
	const size_t sizes[] = {(size_t)(as - name - 1), (size_t)(end - as - 4)};
	for (size_t i = 0; i < OP_ARRAY_SIZE(starts); i++) {
		struct op_typed_name type;
		if (!op_typed_name_parse(starts[i], sizes[i], &type) ||
		    typed->count - 1 > type.count)
			continue;
		size_t fits = 0, skip = type.count - (typed->count - 1);
		while (fits < typed->count - 1 &&
		       typed->parts[fits].size == type.parts[skip + fits].size &&
		       !memcmp(typed->parts[fits].data, type.parts[skip + fits].data,
			       typed->parts[fits].size))
			fits++;
		if (fits == typed->count - 1)
			return true;
	}
	return false;
}

static struct op_error *fits(struct op_debug_info *info, struct op_name_ref ref,
			     const struct op_typed_name *typed, bool *ret)
{
	*ret = false;
	struct op_name_ref named;
	struct op_error *err = op_names_origin(info, ref, &named);
	if (err)
		return err;
	const struct op_named *item = op_named_at(info, named);
	size_t left = typed->count - 1;
	if (!item->name || !op_name_part_fits(&typed->parts[left], item->name))
		return NULL;
	bool in_impl = false, blocked = false;
	enum op_debug_language language = info->units.data[named.unit].language;
	const struct op_named *inner = item;
	for (uint32_t parent = item->parent; parent && !blocked;) {
		const struct op_named *scope =
			op_named_at(info, (struct op_name_ref){named.unit, parent - 1});
		const char *name = scope_name(scope);
		parent = scope->parent;
		in_impl |= scope->name && scope->name[0] == '{';
		if (left && name && op_name_part_fits(&typed->parts[left - 1], name))
			left--;
		else if (is_in_scope(language, inner, scope) && inner->tag == DW_TAG_enumerator)
			blocked = true; // never meant without its enum
		else if (!is_transparent(scope) && is_in_scope(language, inner, scope))
			blocked = left || typed->absolute;
		inner = scope;
	}
	*ret = (!left && !blocked) || (in_impl && trait_fits(info, named, typed));
	return NULL;
}

static struct op_error *search_pattern(struct op_debug_info *info,
				       const struct op_name_query *query, op_name_filter_fn filter,
				       op_name_found_fn found, void *context)
{
	_cleanup_free_ char *pattern = query->text ? strndup(query->text, query->size) : NULL;
	if (query->text && !pattern)
		return op_error_no_memory();
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < info->names->slots.count; i++) {
		const struct op_name_slot *slot = &info->names->slots.data[i];
		struct op_name_ref ref = {slot->unit, slot->item};
		if (filter && !filter(op_named_at(info, ref)))
			continue;
		if (op_cancelled(info->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		const char *name;
		err = op_names_qualified(info, ref, &name);
		if (!err && (!pattern || !fnmatch(pattern, name, 0)))
			err = found(context, ref);
	}
	return err;
}

struct op_error *op_names_search(struct op_debug_info *info, const struct op_name_query *query,
				 op_name_filter_fn filter, op_name_found_fn found, void *context)
{
	struct op_error *err = op_names_complete(info);
	if (err || query->is_pattern || !query->text)
		return err ? err : search_pattern(info, query, filter, found, context);
	struct op_typed_name typed;
	if (!info->names->slots.count || !op_typed_name_parse(query->text, query->size, &typed))
		return NULL;
	const struct op_name_part *last = &typed.parts[typed.count - 1];
	uint32_t hash = stem_hash(last->data, last->size);
	uint32_t next = info->names->heads[hash & (info->names->head_count - 1)];
	while (!err && next) {
		const struct op_name_slot *slot = &info->names->slots.data[next - 1];
		next = slot->next;
		struct op_name_ref ref = {slot->unit, slot->item};
		bool fitting = false;
		if (slot->hash != hash || (filter && !filter(op_named_at(info, ref))))
			continue;
		err = fits(info, ref, &typed, &fitting);
		if (!err && fitting)
			err = found(context, ref);
	}
	return err;
}
