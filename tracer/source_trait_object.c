// SPDX-License-Identifier: GPL-3.0-or-later
// See source_trait_object.h. A pointer to a trait object is two words, the object's address and
// that of a vtable, which begins with how the object is dropped, its size and its alignment. The
// vtable's address is looked up in the debug information, and believed only where the guest's
// memory there has the size of the type that this names.
#include "tracer/source_trait_object.h"

#include <inttypes.h>
#include <string.h>

#include "tracer/expression_guest.h"

enum {
	/** Structs around what has no size, each the last member of the one before. */
	TAILS_MAX = 8,
	ALIGN_MAX = 1 << 29, // rustc's own limit
};

bool op_trait_object_is(const struct op_type *type)
{
	if (!type || type->kind != OP_TYPE_STRUCT || type->member_count != 2)
		return false;
	const char *first = type->members[0].name, *second = type->members[1].name;
	return first && second && !strcmp(first, "pointer") && !strcmp(second, "vtable");
}

bool op_trait_object_is_dyn(const struct op_type *type)
{
	type = op_type_strip(type);
	return type && type->kind == OP_TYPE_STRUCT && type->name && !type->size &&
	       (!strncmp(type->name, "dyn ", 4) || !strncmp(type->name, "(dyn ", 5));
}

// Which type ---------------------------------------------------------------------------------

// The type that all vtables at an address are for.
static struct op_error *find_type(const struct op_source_value *value, uint64_t address,
				  struct op_trait_object *ret)
{
	const struct op_debug_vtable *vtables;
	size_t count;
	struct op_error *err = op_debug_vtables_at(value->info, address, &vtables, &count);
	if (err)
		return err;
	if (!count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "what it points to is not known: its vtable at 0x%" PRIx64
				       " is none that the debug information has",
				       address);
	ret->vtable = vtables;
	err = op_debug_type(value->info, vtables[0].object, &ret->type);
	for (size_t i = 1; !err && i < count; i++) {
		const struct op_type *other;
		err = op_debug_type(value->info, vtables[i].object, &other);
		if (!err && !op_type_same(ret->type, other))
			err = op_error_create(OP_ERROR_NOT_FOUND,
					      "what it points to is not known: several types have "
					      "the vtable at 0x%" PRIx64,
					      address);
	}
	return err;
}

// What the vtable itself says of the object has to fit.
static struct op_error *check_vtable(struct op_pretty *p, uint64_t address,
				     struct op_trait_object *object)
{
	const struct op_type *table, *type = op_type_strip(object->type);
	uint64_t size = 0;
	bool has_size = false, has_align = false;
	struct op_error *err = op_debug_type(p->value->info, object->vtable->table, &table);
	if (!err)
		err = op_type_complete(p->value->info, table);
	if (err)
		return err;
	struct op_source_value value = op_pretty_at(p, table, address);
	err = op_pretty_number(p->x, &value, "size", &size, &has_size);
	if (!err)
		err = op_pretty_number(p->x, &value, "align", &object->align, &has_align);
	if (err)
		return err;
	bool is_power = object->align && !(object->align & (object->align - 1));
	if (!has_size || !has_align || !type || !type->has_size || type->size != size ||
	    !is_power || object->align > ALIGN_MAX)
		return op_error_create(OP_ERROR_FORMAT,
				       "what it points to is not known: the vtable at 0x%" PRIx64
				       " is not what the debug information says of it",
				       address);
	return NULL;
}

struct op_error *op_trait_object_read(struct op_pretty *p, const struct op_source_value *pointer,
				      struct op_trait_object *ret)
{
	uint64_t vtable = 0;
	bool has_data = false, has_vtable = false;
	*ret = (struct op_trait_object){0};
	struct op_error *err = op_pretty_number(p->x, pointer, "pointer", &ret->data, &has_data);
	if (!err)
		err = op_pretty_number(p->x, pointer, "vtable", &vtable, &has_vtable);
	if (!err)
		err = op_pretty_target_type(p->x, pointer, "pointer", &ret->target);
	if (!err && (!has_data || !has_vtable || !ret->target))
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "its pointer and vtable are not both known");
	if (!err)
		err = find_type(pointer, vtable, ret);
	if (!err)
		err = check_vtable(p, vtable, ret);
	return err;
}

// What is around it --------------------------------------------------------------------------

// The name of the trait object that the target ends with, "dyn app::Area".
static struct op_error *find_dyn(struct op_debug_info *info, const struct op_type *type,
				 const char **ret)
{
	*ret = NULL;
	for (unsigned i = 0; i < TAILS_MAX && !*ret; i++) {
		type = op_type_strip(type);
		if (!type || type->kind != OP_TYPE_STRUCT)
			return NULL;
		struct op_error *err = op_type_complete(info, type);
		if (err)
			return err;
		if (op_trait_object_is_dyn(type))
			*ret = type->name;
		const struct op_type_member *last = NULL;
		for (size_t k = 0; k < type->member_count; k++) {
			if (!last || type->members[k].offset >= last->offset)
				last = &type->members[k];
		}
		type = last ? last->type : NULL;
	}
	return NULL;
}

// "RefCell<dyn app::Area>" becomes "RefCell<app::Disk>": its only mention, or nothing is said.
static bool replace_dyn(const struct op_trait_object *object, const char *dyn, struct op_text *text)
{
	const char *whole = op_type_strip(object->target)->name;
	const char *place = whole ? strstr(whole, dyn) : NULL;
	if (!place || !object->type->name || strstr(place + 1, dyn))
		return false;
	op_text_append_n(text, whole, (size_t)(place - whole));
	op_text_append(text, object->type->name);
	op_text_append(text, place + strlen(dyn));
	return true;
}

struct op_error *op_trait_object_whole(struct op_pretty *p, const struct op_trait_object *object,
				       const struct op_type **ret)
{
	struct op_debug_info *info = p->value->info;
	const char *dyn;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	*ret = object->type;
	if (op_trait_object_is_dyn(object->target))
		return NULL;
	struct op_error *err = find_dyn(info, object->target, &dyn);
	bool replaced = !err && dyn && replace_dyn(object, dyn, &text), found = false;
	struct op_die die;
	if (!err && text.failed)
		return op_error_no_memory();
	if (!err && replaced)
		err = op_debug_type_named(info, NULL, 0, text.data, text.size, &found, &die);
	if (!err && found)
		err = op_debug_type(info, die, ret);
	// The same name in another module of the program would be found as well.
	if (!err && found && (*ret)->name && !strcmp((*ret)->name, text.data))
		return op_type_complete(info, *ret);
	return err
		       ?: op_error_create(OP_ERROR_NOT_FOUND,
					  "how what it points to is laid out the debug information "
					  "does not say");
}

void op_trait_object_name(const struct op_trait_object *object, const char *pointer,
			  struct op_text *text)
{
	op_text_append(text, pointer);
	op_text_append_escaped(text, object->vtable->name, object->vtable->name_size);
}

// Pointers and boxes -------------------------------------------------------------------------

static const char *pointer_name(const char *type)
{
	static const char *const starts[] = {"&mut ", "&", "*const ", "*mut "};
	for (size_t i = 0; i < OP_ARRAY_SIZE(starts); i++) {
		if (!strncmp(type, starts[i], strlen(starts[i])))
			return starts[i];
	}
	return "Box";
}

struct op_error *op_pretty_trait_object(struct op_pretty *p)
{
	struct op_trait_object object;
	const struct op_type *whole;
	if (!op_trait_object_is(p->type))
		return NULL;
	struct op_error *err = op_trait_object_read(p, p->value, &object);
	if (!err)
		err = op_trait_object_whole(p, &object, &whole);
	if (err)
		return err;
	struct op_source_value content = op_pretty_at(p, whole, object.data);
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_trait_object_name(&object, pointer_name(p->type->name), &name);
	err = op_render_keep(p->x, &name, &p->node->summary);
	p->node->is_tuple = p->node->is_rust = true;
	return err ?: op_pretty_only_child(p, NULL, &content);
}
