// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for what holds one value in Rust's standard library: pointers that own it or share it,
// cells, locks; see source_pretty.h (library/alloc/src/rc.rs, library/alloc/src/sync.rs,
// library/core/src/cell.rs, library/std/src/sync).
#include <inttypes.h>
#include <string.h>

#include "tracer/expression_guest.h"
#include "tracer/source_pretty_rust.h"
#include "tracer/source_trait_object.h"

// Pointers of two words -----------------------------------------------------------------------

struct op_error *op_pretty_fat_pointer(struct op_pretty *p)
{
	uint64_t behind;
	if (p->type->kind != OP_TYPE_STRUCT)
		return NULL;
	if (op_trait_object_is(p->type))
		return op_pretty_trait_object(p);
	if (op_rust_points_to_text(p->type->name, &behind))
		return op_pretty_str(p);
	// Others without a size are structs that end in a slice.
	return op_rust_pointed_to(p->type->name)[0] == '[' ? op_pretty_slice(p) : NULL;
}

// A Box is shown with what is in it; it is never null.
struct op_error *op_pretty_box(struct op_pretty *p)
{
	struct op_source_value content = {0};
	if (p->type->kind != OP_TYPE_POINTER)
		return op_pretty_fat_pointer(p);
	struct op_error *err =
		op_source_value_target(p->x->session, p->x->frame, p->value, &content);
	if (err)
		return err;
	p->node->summary = "Box";
	p->node->is_tuple = p->node->is_rust = true;
	return op_pretty_only_child(p, NULL, &content);
}

// Counted pointers ----------------------------------------------------------------------------

/** What Rc and Arc point to: counters, and the content behind them. */
struct counted {
	struct op_pretty *p;
	const char *content; // the name of its member
	struct op_source_value pointer;
	struct op_source_value inner; // the allocation
	const struct op_type *type;   // of the content, where inner does not say it
	uint64_t address;             // the same
	uint64_t length;              // of a string
	bool is_text;
	uint64_t strong, weak; // as they are in memory
	bool known;
	struct op_trait_object object; // type NULL: it is none
};

static void counted_deinit(struct counted *counted)
{
	op_source_value_deinit(&counted->pointer);
	op_source_value_deinit(&counted->inner);
}

// Where the content is behind the counters, as the inner type says it; *ret NULL: it does not.
static struct op_error *content_member(struct counted *counted, const struct op_type *inner,
				       const struct op_type_member **ret, uint64_t *ret_offset)
{
	*ret = NULL;
	inner = op_type_strip(inner);
	if (!inner || inner->kind != OP_TYPE_STRUCT)
		return NULL;
	struct op_error *err = op_type_complete(counted->p->value->info, inner);
	for (size_t i = 0; !err && i < inner->member_count; i++) {
		const struct op_type_member *member = &inner->members[i];
		if (!member->name || strcmp(member->name, counted->content) != 0)
			continue;
		*ret = member;
		*ret_offset = member->offset;
	}
	return err;
}

// Behind the counters, as far as the object's alignment wants it.
static struct op_error *open_trait_object(struct counted *counted)
{
	struct op_pretty *p = counted->p;
	struct op_trait_object *object = &counted->object;
	const struct op_type_member *member;
	const struct op_type *whole;
	uint64_t offset;
	struct op_error *err = op_trait_object_read(p, &counted->pointer, object);
	if (!err)
		err = content_member(counted, object->target, &member, &offset);
	if (err || !member)
		return err ?: op_rust_unknown_form(p);
	if (op_trait_object_is_dyn(member->type)) {
		whole = object->target;
		counted->type = object->type;
		counted->address =
			object->data + ((offset + object->align - 1) & ~(object->align - 1));
	} else {
		err = op_trait_object_whole(p, object, &whole);
	}
	if (!err)
		counted->inner = op_pretty_at(p, whole, object->data);
	return err;
}

// Rc<str>, Rc<[T]>: the inner type says where the content is, and rustc has T as its parameter.
static struct op_error *open_slice(struct counted *counted)
{
	struct op_pretty *p = counted->p;
	const struct op_type *inner = NULL, *element = op_rust_parameter(p->type, 0);
	const struct op_type_member *member = NULL;
	uint64_t data = 0, offset = 0, behind = 0;
	bool known, fits = false;
	struct op_error *err =
		op_rust_fat_pointer(p->x, &counted->pointer, &data, &counted->length, &known);
	if (!err)
		err = op_pretty_target_type(p->x, &counted->pointer, "data_ptr", &inner);
	if (!err)
		err = content_member(counted, inner, &member, &offset);
	counted->is_text = op_rust_points_to_text(p->type->name, &behind);
	bool is_slice = counted->is_text || op_rust_pointed_to(p->type->name)[0] == '[';
	if (err || !known || !element || !member || !is_slice || counted->length < behind)
		return err ?: op_rust_unknown_form(p);
	if (counted->is_text)
		element = op_rust_byte_type();
	counted->length -= behind;
	counted->address = data + offset;
	err = op_pretty_fits(p, counted->address, element, counted->length, &fits);
	if (!err && !fits)
		return op_pretty_refuse(
			p, "its %" PRIu64 " elements at 0x%" PRIx64 " are not in memory",
			counted->length, counted->address);
	if (!err && !counted->is_text)
		err = op_type_array_of(p->value->info, element, counted->length, &counted->type);
	counted->inner = op_pretty_at(p, inner, data);
	return err;
}

static struct op_error *open_counted(struct counted *counted)
{
	struct op_pretty *p = counted->p;
	bool found;
	struct op_error *err =
		op_pretty_part(p->x, p->value, "ptr.pointer", &counted->pointer, &found);
	const struct op_type *type = !err && found ? op_type_strip(counted->pointer.type) : NULL;
	if (err || !type)
		return err ?: op_rust_unknown_form(p);
	if (type->kind == OP_TYPE_POINTER)
		return op_source_value_target(p->x->session, p->x->frame, &counted->pointer,
					      &counted->inner);
	err = op_type_complete(p->value->info, type);
	if (err)
		return err;
	return op_trait_object_is(type) ? open_trait_object(counted) : open_slice(counted);
}

static struct op_error *show_content(struct counted *counted)
{
	struct op_pretty *p = counted->p;
	struct op_source_value content = {0};
	bool found = true;
	struct op_error *err = NULL;
	if (counted->is_text)
		return op_pretty_only_text(p, op_rust_byte_type(), counted->address,
					   counted->length);
	if (counted->type)
		content = op_pretty_at(p, counted->type, counted->address);
	else
		err = op_pretty_part(p->x, &counted->inner, counted->content, &content, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	return op_pretty_only_child(p, NULL, &content);
}

/** Rc or Arc: where its counters are, and its content. */
struct counted_form {
	const char *name;
	const char *strong[3], *weak[3]; // NULL at their ends
	const char *content;
};
static const struct counted_form rc_form = {
	"Rc", {"strong.value.value"}, {"weak.value.value"}, "value"};
// Rust 1.96 has the first ones, 1.63 the others.
static const struct counted_form arc_form = {"Arc",
					     {"strong.v.value.__0", "strong.v.value"},
					     {"weak.v.value.__0", "weak.v.value"},
					     "data"};

static struct op_error *read_counts(struct counted *counted, const struct counted_form *form)
{
	struct op_render *x = counted->p->x;
	bool has_strong, has_weak = false;
	struct op_error *err = op_pretty_number_of(x, &counted->inner, form->strong,
						   &counted->strong, &has_strong);
	if (!err)
		err = op_pretty_number_of(x, &counted->inner, form->weak, &counted->weak,
					  &has_weak);
	if (err || !has_strong || !has_weak)
		return err ?: op_rust_unknown_form(counted->p);
	counted->known = true;
	return NULL;
}

static struct op_error *summarise(struct counted *counted, const char *name)
{
	struct op_source_node *node = counted->p->node;
	_cleanup_text_ struct op_text summary = OP_TEXT_INIT;
	// All strong references are one weak one.
	uint64_t own = counted->strong && counted->weak;
	if (counted->object.type)
		op_trait_object_name(&counted->object, name, &summary);
	else
		op_text_append(&summary, name);
	op_text_printf(&summary, "[strong %" PRIu64 ", weak %" PRIu64 "]", counted->strong,
		       counted->weak - own);
	node->is_tuple = node->is_rust = true;
	return op_render_keep(counted->p->x, &summary, &node->summary);
}

static struct op_error *show_counted(struct op_pretty *p, const struct counted_form *form,
				     bool is_weak)
{
	_cleanup_(counted_deinit) struct counted counted = {.p = p, .content = form->content};
	struct op_error *err = open_counted(&counted);
	if (!err && counted.inner.type)
		err = read_counts(&counted, form);
	if (err || !counted.known)
		return err;
	err = summarise(&counted, is_weak ? "Weak" : form->name);
	if (err || !is_weak || counted.strong)
		return err ?: show_content(&counted);
	// What a weak one pointed to has been dropped.
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->done = true;
	return NULL;
}

struct op_error *op_pretty_rc(struct op_pretty *p)
{
	return show_counted(p, &rc_form, false);
}

struct op_error *op_pretty_arc(struct op_pretty *p)
{
	return show_counted(p, &arc_form, false);
}

// One that was never made of an Rc has the highest address.
static struct op_error *show_weak(struct op_pretty *p, const struct counted_form *form)
{
	static const char *const paths[] = {"ptr.pointer", "ptr.pointer.pointer", NULL};
	_cleanup_source_value_ struct op_source_value pointer = {0};
	uint64_t address = 0;
	bool found;
	struct op_error *err = op_pretty_number_of(p->x, p->value, paths, &address, &found);
	if (!err && found)
		err = op_pretty_part(p->x, p->value, "ptr.pointer", &pointer, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	uint64_t highest = pointer.size == 4 ? UINT32_MAX : UINT64_MAX;
	if (address != highest)
		return show_counted(p, form, true);
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->node->summary = "Weak of nothing";
	p->node->is_tuple = p->node->is_rust = p->done = true;
	return NULL;
}

struct op_error *op_pretty_rc_weak(struct op_pretty *p)
{
	return show_weak(p, &rc_form);
}

struct op_error *op_pretty_arc_weak(struct op_pretty *p)
{
	return show_weak(p, &arc_form);
}

// Cells ---------------------------------------------------------------------------------------

// The content, which is taken over, with the name of the type around it.
static struct op_error *show_named(struct op_pretty *p, struct op_source_value *content)
{
	p->node->is_tuple = p->node->is_rust = true;
	struct op_error *err = op_render_short_name(p->x, p->type->name, &p->node->summary);
	if (!err)
		return op_pretty_only_child(p, NULL, content);
	op_source_value_deinit(content);
	return err;
}

// What the first of several paths leads to. They end with NULL.
static struct op_error *first_part(struct op_pretty *p, const char *const *paths,
				   struct op_source_value *ret, bool *ret_found)
{
	struct op_error *err = NULL;
	*ret_found = false;
	for (; *paths && !err && !*ret_found; paths++)
		err = op_pretty_part(p->x, p->value, *paths, ret, ret_found);
	return err;
}

static struct op_error *show_wrapped(struct op_pretty *p, const char *const *paths)
{
	struct op_source_value content = {0};
	bool found;
	struct op_error *err = first_part(p, paths, &content, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	return show_named(p, &content);
}

// The same of what a pointer there leads to.
static struct op_error *show_behind(struct op_pretty *p, const char *const *paths)
{
	_cleanup_source_value_ struct op_source_value pointer = {0};
	struct op_source_value content = {0};
	bool found;
	struct op_error *err = first_part(p, paths, &pointer, &found);
	if (err || !found || !op_type_is(pointer.type, OP_TYPE_POINTER))
		return err ?: op_rust_unknown_form(p);
	err = op_source_value_target(p->x->session, p->x->frame, &pointer, &content);
	return err ?: show_named(p, &content);
}

struct op_error *op_pretty_wrapped(struct op_pretty *p)
{
	// Cells; atomics of Rust 1.96, atomic numbers and pointers before; NonZero of Rust 1.79 and
	// newer; heaps.
	static const char *const paths[] = {"value.value", "v.value.__0", "v.value", "p.value",
					    "__0.__0",     "data",        NULL};
	return show_wrapped(p, paths);
}

struct op_error *op_pretty_pin(struct op_pretty *p)
{
	static const char *const paths[] = {"pointer", "__pointer", NULL};
	return show_wrapped(p, paths);
}

struct op_error *op_pretty_once_cell(struct op_pretty *p)
{
	static const char *const paths[] = {"inner.value", NULL};
	return show_wrapped(p, paths);
}

struct op_error *op_pretty_lazy_cell(struct op_pretty *p)
{
	static const char *const paths[] = {"state.value", NULL};
	return show_wrapped(p, paths);
}

// What the ManuallyDrop at a path holds: Rust 1.96 has one more around it.
static struct op_error *part_undropped(struct op_pretty *p, const char *path,
				       struct op_source_value *ret, bool *ret_found)
{
	struct op_source_value value = {0};
	struct op_error *err = op_pretty_part(p->x, p->value, path, &value, ret_found);
	const struct op_type *type = !err && *ret_found ? op_type_strip(value.type) : NULL;
	if (!type || !type->name ||
	    !op_begins_with(type->name, "core::mem::maybe_dangling::MaybeDangling<")) {
		*ret = value;
		return err;
	}
	err = op_pretty_part(p->x, &value, "__0", ret, ret_found);
	op_source_value_deinit(&value);
	return err;
}

struct op_error *op_pretty_manually_drop(struct op_pretty *p)
{
	struct op_source_value content = {0};
	bool found;
	struct op_error *err = part_undropped(p, "value", &content, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	return show_named(p, &content);
}

// The value is a reference in Rust before 1.63.
struct op_error *op_pretty_cell_ref(struct op_pretty *p)
{
	static const char *const paths[] = {"value.pointer", "value", NULL};
	return show_behind(p, paths);
}

// Made once -----------------------------------------------------------------------------------

// The name of the enumerator at a path; NULL: there is none.
static struct op_error *enumerator_at(struct op_pretty *p, const char *path, const char **ret)
{
	_cleanup_source_value_ struct op_source_value part = {0};
	uint64_t bits;
	bool found;
	*ret = NULL;
	struct op_error *err = op_pretty_part(p->x, p->value, path, &part, &found);
	const struct op_type *type = !err && found ? op_type_strip(part.type) : NULL;
	if (!type || type->kind != OP_TYPE_ENUM)
		return err;
	err = op_type_complete(part.info, type);
	if (!err)
		err = op_pretty_number(p->x, &part, "", &bits, &found);
	for (size_t i = 0; !err && found && i < type->enumerator_count; i++)
		if ((uint64_t)type->enumerators[i].value == bits)
			*ret = type->enumerators[i].name;
	return err;
}

// Where there are no threads, the state is an enumerator; where there are, a number that stands for
// another state in each version.
static struct op_error *show_once(struct op_pretty *p, const char *path)
{
	struct op_source_value content = {0};
	const char *state;
	bool found = false;
	struct op_error *err = enumerator_at(p, "once.inner.state.value.value", &state);
	bool is_made = state && strcmp(state, "Complete") == 0;
	if (!err && state)
		err = part_undropped(p, path, &content, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	if (is_made)
		return show_named(p, &content);
	op_source_value_deinit(&content);
	err = op_render_short_name(p->x, p->type->name, &p->node->summary);
	if (!err)
		err = op_render_format(p->x, &p->node->summary, "%s(<%s>)", p->node->summary,
				       strcmp(state, "Poisoned") == 0 ? "poisoned" : "uninit");
	p->node->kind = OP_SOURCE_NODE_STRUCT;
	p->node->is_tuple = p->node->is_rust = p->done = true;
	return err;
}

struct op_error *op_pretty_once_lock(struct op_pretty *p)
{
	return show_once(p, "value.value.value.value");
}

struct op_error *op_pretty_lazy_lock(struct op_pretty *p)
{
	return show_once(p, "data.value.value.value");
}

// Locks ---------------------------------------------------------------------------------------

static const char locked[] = "data.value";

// A panic that unwound has left its mark in a lock; where panics abort there may be none for it.
static struct op_error *summarise_lock(struct op_pretty *p, const struct op_source_value *lock)
{
	static const char *const marks[] = {"poison.failed.v.value.__0", "poison.failed.v.value",
					    NULL};
	uint64_t poisoned = 0;
	bool known;
	p->node->is_tuple = p->node->is_rust = true;
	struct op_error *err = op_render_short_name(p->x, p->type->name, &p->node->summary);
	if (!err)
		err = op_pretty_number_of(p->x, lock, marks, &poisoned, &known);
	return err || !poisoned ? err
				: op_render_format(p->x, &p->node->summary, "%s[poisoned]",
						   p->node->summary);
}

static struct op_error *show_locked(struct op_pretty *p, const struct op_source_value *lock)
{
	struct op_source_value content = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, lock, locked, &content, &found);
	if (err || !found)
		return err ?: op_rust_unknown_form(p);
	err = summarise_lock(p, lock);
	if (!err)
		return op_pretty_only_child(p, NULL, &content);
	op_source_value_deinit(&content);
	return err;
}

struct op_error *op_pretty_lock(struct op_pretty *p)
{
	return show_locked(p, p->value);
}

// Guards have a reference to their lock; some have one to what it holds instead.
struct op_error *op_pretty_lock_guard(struct op_pretty *p)
{
	static const char *const content[] = {"data.pointer", NULL};
	_cleanup_source_value_ struct op_source_value pointer = {0}, lock = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "lock", &pointer, &found);
	if (err || !found)
		return err ?: show_behind(p, content);
	if (!op_type_is(pointer.type, OP_TYPE_POINTER))
		return op_rust_unknown_form(p);
	err = op_source_value_target(p->x->session, p->x->frame, &pointer, &lock);
	return err ?: show_locked(p, &lock);
}
