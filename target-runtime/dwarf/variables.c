// SPDX-License-Identifier: GPL-3.0-or-later
// Variables: those of a body that can be seen at a place, those of the module by name.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/names.h"
#include "target-runtime/dwarf/scopes.h"

// Of one body. More are no program of a person's.
enum { VISIBLE_MAX = 8192 };

// One variable -------------------------------------------------------------------------------

static bool flag_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	bool value;
	return dwarf_attr_integrate(die, name, &attribute) &&
	       dwarf_formflag(&attribute, &value) == 0 && value;
}

// A location that is one address: it is the same in every frame.
static bool is_static(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Block block;
	if (!dwarf_attr_integrate(die, DW_AT_location, &attribute) ||
	    dwarf_formblock(&attribute, &block) || !block.length)
		return false;
	return block.data[0] == DW_OP_addr || block.data[0] == DW_OP_addrx;
}

static enum op_debug_variable_kind kind_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	if (dwarf_tag(die) == DW_TAG_formal_parameter)
		return OP_DEBUG_PARAMETER;
	if (dwarf_tag(die) == DW_TAG_enumerator)
		return OP_DEBUG_CONSTANT;
	if (dwarf_attr_integrate(die, DW_AT_location, &attribute))
		return is_static(die) ? OP_DEBUG_GLOBAL : OP_DEBUG_LOCAL;
	return dwarf_attr_integrate(die, DW_AT_const_value, &attribute) ? OP_DEBUG_CONSTANT
									: OP_DEBUG_LOCAL;
}

// An enumerator's type is the entry around it: the caller knows it.
static struct op_error *variable_of(struct op_debug_info *info, Dwarf_Die *die,
				    struct op_debug_variable *ret)
{
	struct op_debug_variable variable = {.die = op_die_of(die), .kind = kind_of(die)};
	Dwarf_Attribute attribute;
	Dwarf_Die type;
	if (dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	    dwarf_formref_die(&attribute, &type))
		variable.type = op_die_of(&type);
	if (dwarf_attr_integrate(die, DW_AT_name, &attribute))
		variable.name = op_debug_string(info, &attribute);
	variable.name = variable.name ?: "";
	op_die_number(die, DW_AT_decl_line, &variable.line);
	variable.artificial = flag_of(die, DW_AT_artificial);
	*ret = variable;
	return op_die_file(info, die, DW_AT_decl_file, &ret->file);
}

// Inside a body ------------------------------------------------------------------------------

struct visible_variable {
	struct op_debug_variable variable;
	uint64_t order; // of declaration: offset of the abstract entry where there is one
};
struct visible {
	struct op_debug_info *info;
	struct op_die function;
	Dwarf_Addr address;
	struct OP_ARRAY(struct visible_variable) items;
};

static struct op_error *add_variable(struct visible *visible, Dwarf_Die *die, unsigned depth)
{
	struct visible_variable item = {.order = dwarf_dieoffset(die)};
	struct op_error *err = variable_of(visible->info, die, &item.variable);
	if (err)
		return err;
	item.variable.function = visible->function;
	item.variable.depth = depth;
	Dwarf_Attribute attribute;
	Dwarf_Die origin;
	if (dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
	    dwarf_formref_die(&attribute, &origin))
		item.order = dwarf_dieoffset(&origin);
	if (visible->items.count == VISIBLE_MAX)
		return op_error_create(OP_ERROR_LIMIT, "the function has more than %d variables",
				       VISIBLE_MAX);
	return op_array_push(&visible->items, item) ? NULL : op_error_no_memory();
}

static bool is_variable(int tag)
{
	return tag == DW_TAG_formal_parameter || tag == DW_TAG_variable || tag == DW_TAG_constant;
}

// Variables of one block; *ret_inner is the block in it that holds the place.
static struct op_error *add_block(struct visible *visible, Dwarf_Die *block, unsigned depth,
				  bool *ret_deeper, Dwarf_Die *ret_inner)
{
	struct op_error *err = NULL;
	Dwarf_Die child;
	unsigned seen = 0;
	*ret_deeper = false;
	for (int more = dwarf_child(block, &child);
	     !err && more == 0 && seen++ < OP_DWARF_CHILDREN_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		if (is_variable(tag)) {
			err = add_variable(visible, &child, depth);
		} else if (!*ret_deeper &&
			   (tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
			    tag == DW_TAG_catch_block) &&
			   dwarf_haspc(&child, visible->address) > 0) {
			*ret_deeper = true;
			*ret_inner = child;
		}
	}
	return err;
}

// What the function declares and this instance of it has no entry for: it was optimised out.
static struct op_error *add_abstract(struct visible *visible, Dwarf_Die *body)
{
	Dwarf_Attribute attribute;
	Dwarf_Die origin, child;
	struct op_error *err = NULL;
	unsigned seen = 0;
	size_t concrete = visible->items.count;
	if (!dwarf_attr(body, DW_AT_abstract_origin, &attribute) ||
	    !dwarf_formref_die(&attribute, &origin))
		return NULL;
	for (int more = dwarf_child(&origin, &child); !err && more == 0 && seen++ < VISIBLE_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		bool here = !is_variable(dwarf_tag(&child));
		for (size_t i = 0; !here && i < concrete; i++)
			here = visible->items.data[i].order == dwarf_dieoffset(&child);
		if (!here)
			err = add_variable(visible, &child, 0);
	}
	return err;
}

// Parameters in order, then locals from the inside out.
static int compare_visible(const void *a, const void *b)
{
	const struct visible_variable *x = a, *y = b;
	bool x_local = x->variable.kind != OP_DEBUG_PARAMETER;
	bool y_local = y->variable.kind != OP_DEBUG_PARAMETER;
	if (x_local != y_local)
		return x_local - y_local;
	if (x->variable.depth != y->variable.depth)
		return x->variable.depth > y->variable.depth ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_shadowed(const struct visible *visible, const struct op_debug_variable *variable)
{
	for (size_t i = 0; i < visible->items.count; i++) {
		const struct op_debug_variable *other = &visible->items.data[i].variable;
		if (other->depth > variable->depth && !strcmp(other->name, variable->name))
			return true;
	}
	return false;
}

static struct op_error *take_visible(struct visible *visible, struct op_debug_variable **ret,
				     size_t *ret_count)
{
	size_t count = visible->items.count;
	struct op_debug_variable *variables = calloc(count ? count : 1, sizeof(*variables));
	if (!variables)
		return op_error_no_memory();
	if (count)
		qsort(visible->items.data, count, sizeof(*visible->items.data), compare_visible);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		struct op_debug_variable *variable = &visible->items.data[i].variable;
		// A parameter without a name cannot be asked for.
		if (!*variable->name)
			continue;
		variable->shadowed = is_shadowed(visible, variable);
		variables[kept++] = *variable;
	}
	*ret = variables;
	*ret_count = kept;
	return NULL;
}

struct op_error *op_debug_variables_at(struct op_debug_info *info,
				       const struct op_debug_function *function, uint32_t pc,
				       struct op_debug_variable **ret, size_t *ret_count)
{
	struct visible visible = {
		.info = info, .function = function->die, .address = op_debug_address(info, pc)};
	Dwarf_Die body, block;
	if (!op_debug_die(info, function->die, &body))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the debug information has no function at 0x%llx",
				       (unsigned long long)function->die.offset);
	bool deeper = true;
	struct op_error *err = NULL;
	block = body;
	for (unsigned depth = 0; !err && deeper && depth < OP_DWARF_DEPTH_MAX; depth++) {
		Dwarf_Die inner;
		err = add_block(&visible, &block, depth, &deeper, &inner);
		if (!err && depth == 0)
			err = add_abstract(&visible, &body);
		if (deeper)
			block = inner;
	}
	if (!err)
		err = take_visible(&visible, ret, ret_count);
	free(visible.items.data);
	return err;
}

// Of the module ------------------------------------------------------------------------------

static struct op_error *global_of(struct op_debug_info *info, struct op_name_ref ref,
				  bool *ret_found, struct op_debug_variable *ret)
{
	const struct op_named *item = op_named_at(info, ref);
	Dwarf_Die die;
	*ret_found = op_debug_die(info, (struct op_die){item->offset}, &die);
	if (!*ret_found)
		return NULL;
	struct op_error *err = variable_of(info, &die, ret);
	if (err)
		return err;
	if (ret->kind == OP_DEBUG_LOCAL)
		ret->kind = OP_DEBUG_GLOBAL;
	if (item->tag == DW_TAG_enumerator && item->parent)
		ret->type.offset =
			op_named_at(info, (struct op_name_ref){ref.unit, item->parent - 1})->offset;
	return op_names_qualified(info, ref, &ret->name);
}

struct best_global {
	struct op_debug_info *info;
	const struct op_name_query *query;
	const struct op_debug_unit *unit; // where a person stands; NULL: nowhere
	unsigned rank;                    // of what was found; 0: nothing
	struct op_name_ref ref;
};

static bool has_value(const struct op_named *item)
{
	return item->tag == DW_TAG_enumerator || (item->flags & OP_ENTRY_HAS_VALUE);
}

// A unit of another language is no neighbour: what it has in its scopes is meant by its whole name
// only, and what was optimised out there not at all. Zig's runtime library, in each program that
// zig links, has hundreds of short names.
static struct op_error *is_meant(const struct best_global *best, struct op_name_ref ref, bool *ret)
{
	const char *name;
	*ret = !best->unit || best->unit->language == best->info->units.data[ref.unit].language;
	if (*ret || !has_value(op_named_at(best->info, ref)))
		return NULL;
	struct op_error *err = op_names_qualified(best->info, ref, &name);
	*ret = !err && strlen(name) == best->query->size &&
	       !memcmp(name, best->query->text, best->query->size);
	return err;
}

// The first of the unit that is meant, else the first of all; one that has a place before one that
// was optimised out.
static struct op_error *choose_global(void *context, struct op_name_ref ref)
{
	struct best_global *best = context;
	bool meant;
	struct op_error *err = is_meant(best, ref, &meant);
	if (err || !meant)
		return err;
	const struct op_named *item = op_named_at(best->info, ref);
	bool in_unit = best->unit == &best->info->units.data[ref.unit];
	unsigned rank = 1 + 2 * in_unit + has_value(item);
	if (rank > best->rank) {
		best->rank = rank;
		best->ref = ref;
	}
	return NULL;
}

// In one body; *ret_found false: it has no variable of that name.
static struct op_error *named_in_body(struct op_debug_info *info,
				      const struct op_debug_function *function, uint32_t pc,
				      const char *name, size_t size, bool *ret_found,
				      struct op_debug_variable *ret)
{
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count;
	struct op_error *err = op_debug_variables_at(info, function, pc, &variables, &count);
	*ret_found = false;
	for (size_t i = 0; !err && i < count; i++) {
		if (variables[i].shadowed || strlen(variables[i].name) != size ||
		    memcmp(variables[i].name, name, size))
			continue;
		*ret = variables[i];
		*ret_found = true;
		// A local of the function's own block hides a parameter of that name.
	}
	return err;
}

// What a template of the body was made with.
static struct op_error *template_value(struct op_debug_info *info,
				       const struct op_debug_function *function, const char *name,
				       size_t size, bool *ret_found, struct op_debug_variable *ret)
{
	struct op_scope_chain chain;
	unsigned closeness = 0;
	Dwarf_Die die;
	struct op_error *err = op_scope_chain(info, function, &chain);
	if (!err)
		op_scope_parameter(info, &chain, DW_TAG_template_value_parameter, name, size,
				   &closeness, &die);
	*ret_found = closeness;
	return err || !closeness ? err : variable_of(info, &die, ret);
}

// FUNCTION::NAME, a static variable of a function's own block.
static struct op_error *named_in_function(struct op_debug_info *info, const char *text, size_t size,
					  bool *ret_found, struct op_debug_variable *ret)
{
	struct op_typed_name typed;
	if (!op_typed_name_parse(text, size, &typed) || typed.count < 2)
		return NULL;
	const struct op_name_part *own = &typed.parts[typed.count - 1];
	char *function _cleanup_free_ = strndup(text, (size_t)(own->data - text) - strlen("::"));
	struct op_debug_function *bodies _cleanup_free_ = NULL;
	size_t body_count = 0;
	if (!function)
		return op_error_no_memory();
	struct op_error *err =
		op_debug_functions_named(info, function, false, &bodies, &body_count);
	for (size_t i = 0; !err && !*ret_found && i < body_count; i++) {
		struct op_debug_variable *variables _cleanup_free_ = NULL;
		size_t count = 0;
		err = op_debug_variables_at(info, &bodies[i], bodies[i].low_pc, &variables, &count);
		for (size_t k = 0; !err && !*ret_found && k < count; k++) {
			*ret_found = variables[k].kind == OP_DEBUG_GLOBAL &&
				     strlen(variables[k].name) == own->size &&
				     !memcmp(variables[k].name, own->data, own->size);
			if (*ret_found)
				*ret = variables[k];
		}
	}
	return err;
}

struct op_error *op_debug_variable_named(struct op_debug_info *info,
					 const struct op_debug_function *function, uint32_t pc,
					 const char *name, size_t size, bool *ret_found,
					 struct op_debug_variable *ret)
{
	*ret_found = false;
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	struct op_error *err = NULL;
	if (function)
		err = named_in_body(info, function, pc, name, size, ret_found, ret);
	else if (pc)
		err = op_debug_functions_at(info, pc, &bodies, &count);
	for (size_t i = 0; !err && !*ret_found && i < count; i++)
		err = named_in_body(info, &bodies[i], pc, name, size, ret_found, ret);
	if (!err && !*ret_found)
		err = template_value(info, function ?: bodies, name, size, ret_found, ret);
	if (err || *ret_found)
		return err;
	struct op_name_query query = {.text = name, .size = size};
	struct best_global best = {.info = info, .query = &query};
	if (pc)
		err = op_debug_unit_at(info, pc, &best.unit);
	if (!err)
		err = op_names_search(info, &query, op_named_is_data, choose_global, &best);
	if (!err && best.rank)
		err = global_of(info, best.ref, ret_found, ret);
	return err || *ret_found ? err : named_in_function(info, name, size, ret_found, ret);
}

struct globals {
	struct op_debug_info *info;
	struct OP_ARRAY(struct op_debug_variable) found;
};

static struct op_error *add_global(void *context, struct op_name_ref ref)
{
	struct globals *globals = context;
	struct op_debug_variable variable;
	bool found;
	struct op_error *err = global_of(globals->info, ref, &found, &variable);
	if (!err && found && !op_array_push(&globals->found, variable))
		err = op_error_no_memory();
	return err;
}

static bool is_global(const struct op_named *item)
{
	return item->tag != DW_TAG_enumerator && op_named_is_data(item);
}

struct op_error *op_debug_globals(struct op_debug_info *info, const char *pattern,
				  struct op_debug_variable **ret, size_t *ret_count)
{
	struct globals globals = {.info = info};
	struct op_name_query query = {pattern, pattern ? strlen(pattern) : 0, true};
	struct op_error *err = op_names_search(info, &query, is_global, add_global, &globals);
	if (err) {
		free(globals.found.data);
		return err;
	}
	*ret = globals.found.data;
	*ret_count = globals.found.count;
	return NULL;
}
