// SPDX-License-Identifier: GPL-3.0-or-later
// The types that an information keeps: by the offset of their entry, or by what they were derived
// from.
#include <stdlib.h>
#include <string.h>

// Out of memory while adding to a table must not exit: uthash leaves hh.tbl NULL in the element
// then.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "target-runtime/dwarf/type_private.h"

// No padding: it is hashed as bytes.
struct derived_key {
	const struct op_type *target;
	uint64_t count;
	uint64_t kind;
};

struct entry {
	struct op_type_record record;
	struct derived_key key; // without an entry of .debug_info
	UT_hash_handle hh;
};

struct op_debug_type_set {
	struct entry *by_die; // keyed by record.type.die.offset
	struct entry *derived;
	struct OP_ARRAY(void *) blocks;
};

static void free_entries(struct entry *entries)
{
	struct entry *entry, *next;
	HASH_ITER(hh, entries, entry, next)
	{
		HASH_DEL(entries, entry);
		free(entry);
	}
}

void op_debug_type_set_destroy(struct op_debug_type_set *types)
{
	if (!types)
		return;
	free_entries(types->by_die);
	free_entries(types->derived);
	for (size_t i = 0; i < types->blocks.count; i++)
		free(types->blocks.data[i]);
	free(types->blocks.data);
	free(types);
}

static struct op_error *set_of(struct op_debug_info *info, struct op_debug_type_set **ret)
{
	const struct op_debug_unit *units;
	size_t count;
	// Units that libdw cannot bear are blanked by this.
	struct op_error *err = info->units_known ? NULL : op_debug_units(info, &units, &count);
	if (err)
		return err;
	if (!info->types && !(info->types = calloc(1, sizeof(*info->types))))
		return op_error_no_memory();
	*ret = info->types;
	return NULL;
}

struct op_error *op_type_keep(struct op_debug_info *info, void *block)
{
	struct op_debug_type_set *set = NULL;
	struct op_error *err = set_of(info, &set);
	if (!err && !op_array_push(&set->blocks, block))
		err = op_error_no_memory();
	if (err)
		free(block);
	return err;
}

static struct entry *new_entry(struct op_debug_info *info)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->record.info = info;
	entry->record.type.internal = &entry->record;
	return entry;
}

struct op_error *op_type_record_of(struct op_debug_info *info, struct op_die die,
				   struct op_type_record **ret, bool *ret_new)
{
	struct op_debug_type_set *set = NULL;
	struct op_error *err = set_of(info, &set);
	if (err)
		return err;
	struct entry *entry;
	HASH_FIND(hh, set->by_die, &die.offset, sizeof(die.offset), entry);
	*ret_new = !entry;
	if (!entry) {
		entry = new_entry(info);
		if (!entry)
			return op_error_no_memory();
		entry->record.type.die = die;
		HASH_ADD(hh, set->by_die, record.type.die.offset, sizeof(die.offset), entry);
		if (!entry->hh.tbl) {
			free(entry);
			return op_error_no_memory();
		}
	}
	*ret = &entry->record;
	return NULL;
}

struct op_error *op_type_derived(struct op_debug_info *info, enum op_type_kind kind,
				 const struct op_type *target, uint64_t count,
				 struct op_type_record **ret, bool *ret_new)
{
	struct op_debug_type_set *set = NULL;
	struct op_error *err = set_of(info, &set);
	if (err)
		return err;
	struct derived_key key = {.target = target, .count = count, .kind = kind};
	struct entry *entry;
	HASH_FIND(hh, set->derived, &key, sizeof(key), entry);
	*ret_new = !entry;
	if (!entry) {
		entry = new_entry(info);
		if (!entry)
			return op_error_no_memory();
		entry->key = key;
		entry->record.type.kind = kind;
		entry->record.type.target = target;
		entry->record.type.count = count;
		entry->record.type.language = target ? target->language : OP_LANGUAGE_C;
		HASH_ADD(hh, set->derived, key, sizeof(key), entry);
		if (!entry->hh.tbl) {
			free(entry);
			return op_error_no_memory();
		}
	}
	*ret = &entry->record;
	return NULL;
}
