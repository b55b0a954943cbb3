// SPDX-License-Identifier: GPL-3.0-or-later
// See scopes.h.
#include "target-runtime/dwarf/scopes.h"

#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"

static bool is_shared(const struct op_named *item)
{
	return item->name && item->tag != DW_TAG_subprogram;
}

static struct op_error *add_link(struct op_debug_info *info, struct op_name_ref ref,
				 struct op_scope_chain *chain)
{
	struct op_scope_link link = {.ref = ref};
	if (chain->count == OP_ARRAY_SIZE(chain->links))
		return NULL;
	struct op_error *err = is_shared(op_named_at(info, ref))
				       ? op_names_qualified(info, ref, &link.qualified)
				       : NULL;
	if (!err)
		chain->links[chain->count++] = link;
	return err;
}

// The entry that a body has its name from; *ret_found false: it has none.
static struct op_error *find_function(struct op_debug_info *info,
				      const struct op_debug_function *function, bool *ret_found,
				      struct op_name_ref *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Die die, origin;
	uint64_t offset = function->die.offset;
	if (function->inlined && op_debug_die(info, function->die, &die) &&
	    dwarf_attr(&die, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin))
		offset = dwarf_dieoffset(&origin);
	return op_names_find(info, offset, ret_found, ret);
}

struct op_error *op_scope_chain(struct op_debug_info *info,
				const struct op_debug_function *function,
				struct op_scope_chain *ret)
{
	struct op_name_ref ref, named;
	bool found = false;
	ret->count = 0;
	struct op_error *err = function ? find_function(info, function, &found, &ref) : NULL;
	if (err || !found)
		return err;
	// A definition says what it declares, the declaration says where that stands.
	err = add_link(info, ref, ret);
	if (!err)
		err = op_names_origin(info, ref, &named);
	if (!err && (named.unit != ref.unit || named.item != ref.item))
		err = add_link(info, named, ret);
	uint32_t parent = err ? 0 : op_named_at(info, named)->parent;
	for (unsigned depth = 0; !err && parent && depth < OP_DWARF_DEPTH_MAX; depth++) {
		struct op_name_ref scope = {named.unit, parent - 1};
		parent = op_named_at(info, scope)->parent;
		err = add_link(info, scope, ret);
	}
	for (size_t i = 0; i < ret->count; i++)
		ret->links[i].closeness = (unsigned)(ret->count - i + 1);
	return err;
}

static bool is_same(const struct op_scope_link *link, struct op_name_ref ref, const char *qualified)
{
	if (link->ref.unit == ref.unit && link->ref.item == ref.item)
		return true;
	return link->qualified && qualified && !strcmp(link->qualified, qualified);
}

struct op_error *op_scope_closeness(struct op_debug_info *info, const struct op_scope_chain *chain,
				    struct op_name_ref ref, size_t parts, unsigned *ret)
{
	*ret = 0;
	struct op_error *err = op_names_origin(info, ref, &ref);
	uint32_t parent = err ? 0 : op_named_at(info, ref)->parent;
	// Scopes that were typed, and inline namespaces, which nobody types.
	for (size_t left = parts; !err && parent; parent = op_named_at(info, ref)->parent) {
		ref.item = parent - 1;
		const struct op_named *scope = op_named_at(info, ref);
		if (!(scope->flags & OP_ENTRY_TRANSPARENT) && !--left)
			break;
	}
	if (err)
		return err;
	if (!parent) {
		*ret = 1;
		return NULL;
	}
	const char *qualified = NULL;
	if (is_shared(op_named_at(info, ref)))
		err = op_names_qualified(info, ref, &qualified);
	for (size_t i = 0; !err && !*ret && i < chain->count; i++)
		if (is_same(&chain->links[i], ref, qualified))
			*ret = chain->links[i].closeness;
	return err;
}

static bool has_name(const struct op_debug_info *info, Dwarf_Die *die, const char *name,
		     size_t size)
{
	Dwarf_Attribute attribute;
	const char *own =
		dwarf_attr(die, DW_AT_name, &attribute) ? op_debug_string(info, &attribute) : NULL;
	return own && strlen(own) == size && !memcmp(own, name, size);
}

void op_scope_parameter(struct op_debug_info *info, const struct op_scope_chain *chain, int tag,
			const char *name, size_t size, unsigned *ret_closeness, Dwarf_Die *ret)
{
	*ret_closeness = 0;
	for (size_t i = 0; i < chain->count; i++) {
		uint32_t offset = op_named_at(info, chain->links[i].ref)->offset;
		Dwarf_Die scope, child;
		unsigned seen = 0;
		if (!op_debug_die(info, (struct op_die){offset}, &scope) ||
		    dwarf_tag(&scope) == DW_TAG_namespace)
			continue;
		for (int more = dwarf_child(&scope, &child);
		     more == 0 && seen++ < OP_DWARF_CHILDREN_MAX;
		     more = dwarf_siblingof(&child, &child)) {
			if (dwarf_tag(&child) != tag || !has_name(info, &child, name, size))
				continue;
			*ret_closeness = chain->links[i].closeness;
			*ret = child;
			return;
		}
	}
}
