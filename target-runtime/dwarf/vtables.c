// SPDX-License-Identifier: GPL-3.0-or-later
// See vtables.h.
#include "target-runtime/dwarf/vtables.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/names.h"
#include "target-runtime/dwarf/type_private.h"

static const char suffix[] = "::{vtable}";

struct op_debug_vtables {
	struct OP_ARRAY(struct op_debug_vtable) items; // ascending by address
};

void op_debug_vtables_destroy(struct op_debug_vtables *vtables)
{
	if (vtables)
		free(vtables->items.data);
	free(vtables);
}

static void vtables_destroyp(struct op_debug_vtables **vtables)
{
	op_debug_vtables_destroy(*vtables);
}

static bool is_vtable(const struct op_named *item)
{
	size_t size = item->name ? strlen(item->name) : 0, end = sizeof(suffix) - 1;
	return item->tag == DW_TAG_variable && (item->flags & OP_ENTRY_HAS_VALUE) && size > end &&
	       memcmp(item->name + size - end, suffix, end) == 0;
}

// A location that is one address, and nothing else.
static bool read_address(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Block block;
	*ret = 0;
	if (!dwarf_attr(die, DW_AT_location, &attribute) || dwarf_formblock(&attribute, &block) ||
	    (block.length != 5 && block.length != 9) || block.data[0] != DW_OP_addr)
		return false;
	for (Dwarf_Word i = block.length; i-- > 1;)
		*ret = *ret << 8 | block.data[i];
	// What the linker has dropped stands at 0.
	return *ret != 0;
}

struct collecting {
	struct op_debug_info *info;
	struct op_debug_vtables *vtables;
};

static struct op_error *add_vtable(void *context, struct op_name_ref ref)
{
	struct collecting *collecting = context;
	const struct op_named *item = op_named_at(collecting->info, ref);
	struct op_debug_vtable vtable = {.name = item->name,
					 .name_size = strlen(item->name) - (sizeof(suffix) - 1)};
	Dwarf_Die die, type;
	if (!op_debug_die(collecting->info, (struct op_die){item->offset}, &die) ||
	    !read_address(&die, &vtable.address))
		return NULL;
	vtable.table = op_type_reference(&die, DW_AT_type);
	if (!vtable.table.offset || !op_debug_die(collecting->info, vtable.table, &type))
		return NULL;
	vtable.object = op_type_reference(&type, DW_AT_containing_type);
	if (vtable.object.offset && !op_array_push(&collecting->vtables->items, vtable))
		return op_error_no_memory();
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct op_debug_vtable *x = a, *y = b;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->table.offset < y->table.offset ? -1 : x->table.offset > y->table.offset;
}

static struct op_error *collect(struct op_debug_info *info)
{
	_cleanup_(vtables_destroyp) struct op_debug_vtables *vtables = calloc(1, sizeof(*vtables));
	if (!vtables)
		return op_error_no_memory();
	struct collecting collecting = {info, vtables};
	struct op_name_query everything = {0};
	struct op_error *err =
		op_names_search(info, &everything, is_vtable, add_vtable, &collecting);
	if (err)
		return err;
	if (vtables->items.count)
		qsort(vtables->items.data, vtables->items.count, sizeof(*vtables->items.data),
		      compare);
	info->vtables = op_take(vtables);
	return NULL;
}

struct op_error *op_debug_vtables_at(struct op_debug_info *info, uint64_t address,
				     const struct op_debug_vtable **ret, size_t *ret_count)
{
	struct op_error *err = info->vtables ? NULL : collect(info);
	if (err)
		return err;
	const struct op_debug_vtable *items = info->vtables->items.data;
	size_t low = 0, high = info->vtables->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (items[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < info->vtables->items.count && items[end].address == address)
		end++;
	*ret = end > low ? items + low : NULL;
	*ret_count = end - low;
	return NULL;
}
