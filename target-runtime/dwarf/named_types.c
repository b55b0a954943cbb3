// SPDX-License-Identifier: GPL-3.0-or-later
// Types of a module by name. What a type is: type.h.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/names.h"
#include "target-runtime/dwarf/scopes.h"

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// that could not be added.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

// "struct node": the word, and what it asks for.
struct keyword {
	const char *word;
	int tags[3];
};
static const struct keyword keywords[] = {
	{"struct", {DW_TAG_structure_type, DW_TAG_class_type, 0}},
	{"class", {DW_TAG_structure_type, DW_TAG_class_type, DW_TAG_interface_type}},
	{"union", {DW_TAG_union_type, 0, 0}},
	{"enum", {DW_TAG_enumeration_type, 0, 0}},
};

static const struct keyword *take_keyword(const char **name, size_t *size)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(keywords); i++) {
		size_t length = strlen(keywords[i].word);
		if (*size <= length || memcmp(*name, keywords[i].word, length) ||
		    (*name)[length] != ' ')
			continue;
		*name += length;
		*size -= length;
		while (*size && **name == ' ') {
			(*name)++;
			(*size)--;
		}
		return &keywords[i];
	}
	return NULL;
}

struct best_type {
	struct op_debug_info *info;
	const struct op_debug_unit *unit; // where a person stands; NULL: nowhere
	const struct op_scope_chain *chain;
	const struct keyword *keyword;
	size_t parts;  // of the name
	unsigned rank; // of what was found; 0: nothing
	struct op_die die;
};

static bool is_asked_for(const struct keyword *keyword, int tag)
{
	if (!keyword)
		return true;
	for (size_t i = 0; i < OP_ARRAY_SIZE(keyword->tags); i++)
		if (keyword->tags[i] == tag)
			return true;
	return false;
}

static struct op_error *choose_type(void *context, struct op_name_ref ref)
{
	struct best_type *best = context;
	const struct op_named *item = op_named_at(best->info, ref);
	bool complete = !(item->flags & OP_ENTRY_DECLARATION);
	bool in_unit = best->unit == &best->info->units.data[ref.unit];
	unsigned closeness;
	if (!is_asked_for(best->keyword, item->tag))
		return NULL;
	struct op_error *err =
		op_scope_closeness(best->info, best->chain, ref, best->parts, &closeness);
	unsigned rank = 1 + 4 * closeness + 2 * complete + in_unit;
	if (!err && rank > best->rank) {
		best->rank = rank;
		best->die.offset = item->offset;
	}
	return err;
}

// What a template was made with, where it is not farther away than what was found.
static void choose_parameter(struct best_type *best, const char *name, size_t size)
{
	unsigned closeness;
	Dwarf_Die parameter, type;
	Dwarf_Attribute attribute;
	op_scope_parameter(best->info, best->chain, DW_TAG_template_type_parameter, name, size,
			   &closeness, &parameter);
	if (!closeness || best->rank >= 1 + 4 * (closeness + 1))
		return;
	bool has_type = dwarf_attr(&parameter, DW_AT_type, &attribute) &&
			dwarf_formref_die(&attribute, &type);
	best->rank = 1 + 4 * closeness;
	best->die = has_type ? op_die_of(&type) : (struct op_die){0};
}

struct op_error *op_debug_type_named(struct op_debug_info *info,
				     const struct op_debug_function *function, uint32_t pc,
				     const char *name, size_t size, bool *ret_found,
				     struct op_die *ret)
{
	struct op_scope_chain chain;
	struct best_type best = {
		.info = info, .chain = &chain, .keyword = take_keyword(&name, &size)};
	struct op_name_query query = {.text = name, .size = size};
	struct op_typed_name typed;
	*ret_found = false;
	if (!op_typed_name_parse(name, size, &typed))
		return NULL;
	best.parts = typed.count;
	struct op_error *err = op_scope_chain(info, function, &chain);
	if (!err && pc)
		err = op_debug_unit_at(info, pc, &best.unit);
	if (!err)
		err = op_names_search(info, &query, op_named_is_type, choose_type, &best);
	if (!err && !best.keyword)
		choose_parameter(&best, name, size);
	*ret_found = !err && best.rank;
	*ret = best.die;
	return err;
}

// Lists --------------------------------------------------------------------------------------

struct listed_type {
	const char *name;
	size_t index; // in the list
	bool complete;
	UT_hash_handle hh;
};
struct type_list {
	struct op_debug_info *info;
	struct OP_ARRAY(struct op_debug_type_name) found;
	struct listed_type *names;
};

static void type_list_deinit(struct type_list *list)
{
	struct listed_type *item, *next;
	HASH_ITER(hh, list->names, item, next)
	{
		HASH_DEL(list->names, item);
		free(item);
	}
	free(list->found.data);
}

static struct op_error *add_type(void *context, struct op_name_ref ref)
{
	struct type_list *list = context;
	const struct op_named *named = op_named_at(list->info, ref);
	struct op_debug_type_name type = {.die = {named->offset}};
	bool complete = !(named->flags & OP_ENTRY_DECLARATION);
	struct op_error *err = op_names_qualified(list->info, ref, &type.name);
	if (err)
		return err;
	struct listed_type *item;
	HASH_FIND_STR(list->names, type.name, item);
	if (item && (item->complete || !complete))
		return NULL;
	Dwarf_Die die;
	if (op_debug_die(list->info, type.die, &die)) {
		err = op_die_file(list->info, &die, DW_AT_decl_file, &type.file);
		op_die_number(&die, DW_AT_decl_line, &type.line);
	}
	if (err)
		return err;
	if (item) {
		item->complete = true;
		list->found.data[item->index] = type;
		return NULL;
	}
	item = calloc(1, sizeof(*item));
	if (!item || !op_array_push(&list->found, type)) {
		free(item);
		return op_error_no_memory();
	}
	item->name = type.name;
	item->index = list->found.count - 1;
	item->complete = complete;
	HASH_ADD_KEYPTR(hh, list->names, item->name, strlen(item->name), item);
	if (item->hh.tbl)
		return NULL;
	free(item);
	return op_error_no_memory();
}

struct op_error *op_debug_types(struct op_debug_info *info, const char *pattern,
				struct op_debug_type_name **ret, size_t *ret_count)
{
	struct type_list list _cleanup_(type_list_deinit) = {.info = info};
	struct op_name_query query = {pattern, pattern ? strlen(pattern) : 0, true};
	struct op_error *err = op_names_search(info, &query, op_named_is_type, add_type, &list);
	if (err)
		return err;
	*ret_count = list.found.count;
	*ret = op_take(list.found.data);
	return NULL;
}
