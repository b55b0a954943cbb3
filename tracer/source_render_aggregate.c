// SPDX-License-Identifier: GPL-3.0-or-later
// Structs, unions, Rust's enums and arrays as nodes; see source_render.h.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_render.h"
#include "tracer/source_scalar.h"

enum {
	/** Bytes of an array that are looked at for equal elements. */
	RUN_SCAN_MAX = 4 << 20,
	/** Elements larger than this are not compared. */
	RUN_ELEMENT_MAX = 4096,
};

// Structs -------------------------------------------------------------------------------------

// Rust calls the fields of tuples and tuple structs __0, __1, ...
static bool is_positional(const struct op_type *type)
{
	for (size_t i = 0; i < type->member_count; i++) {
		const char *name = type->members[i].name;
		if (!name || name[0] != '_' || name[1] != '_' || name[2] < '0' || name[2] > '9')
			return false;
	}
	return type->member_count > 0;
}

struct op_error *op_render_short_name(struct op_render *x, const char *name, const char **ret)
{
	size_t size = strcspn(name, "<"), begin = size;
	while (begin && name[begin - 1] != ':')
		begin--;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, name + begin, size - begin);
	return op_render_keep(x, &text, ret);
}

static struct op_error *render_member(struct op_render *x, const struct op_source_value *value,
				      const struct op_type *type,
				      const struct op_type_member *member,
				      struct op_source_node *node)
{
	struct op_source_value part = {0};
	node->is_base = member->is_base || member->is_virtual_base;
	node->is_static = member->is_static;
	const char *name = member->name;
	if (node->is_base && !name && member->type)
		name = member->type->name;
	struct op_error *err = op_render_name(x, name, &node->name);
	if (!err)
		err = op_source_value_member(x->session, x->frame, value, member, &part);
	return op_render_part(x, err, &part, node);
}

static struct op_error *render_members(struct op_render *x, const struct op_source_value *value,
				       const struct op_type *type, struct op_source_node *node)
{
	struct op_source_node *children;
	node->length = type->member_count;
	struct op_error *err = op_render_children(x, node, type->member_count, &children);
	for (size_t i = 0; !err && i < node->child_count; i++)
		err = render_member(x, value, type, &type->members[i], &children[i]);
	return err;
}

// Rust's enums --------------------------------------------------------------------------------

static struct op_error *read_discriminant(struct op_render *x, const struct op_source_value *value,
					  const struct op_type *type, uint64_t *ret,
					  size_t *ret_size)
{
	_cleanup_source_value_ struct op_source_value part = {0};
	struct op_error *err =
		op_source_value_member(x->session, x->frame, value, type->discriminant, &part);
	if (!err)
		err = op_source_value_read(x->session, x->frame, &part);
	if (!err && (!part.size || part.size > 8 || !op_source_value_is_known(&part, 0, part.size)))
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "its discriminant is not known, so its variant is not: %s",
				      part.reason ?: "it has a size that makes no sense");
	if (err)
		return err;
	*ret = op_bits_load(part.bytes, part.size);
	*ret_size = part.size;
	return NULL;
}

struct op_error *op_render_choose_variant(struct op_render *x, const struct op_source_value *value,
					  const struct op_type *type,
					  const struct op_type_variant **ret)
{
	uint64_t discriminant = 0;
	size_t size = 0;
	struct op_error *err =
		type->discriminant ? read_discriminant(x, value, type, &discriminant, &size) : NULL;
	if (err)
		return err;
	*ret = op_type_variant_of(type, discriminant, size);
	return *ret ? NULL
		    : op_error_create(OP_ERROR_FORMAT,
				      "no variant has the discriminant %" PRIu64 " that is there",
				      discriminant);
}

// The variant's fields become the enum's.
static struct op_error *render_variant(struct op_render *x, const struct op_source_value *value,
				       const struct op_type_variant *variant,
				       struct op_source_node *node)
{
	_cleanup_source_value_ struct op_source_value part = {0};
	const struct op_type *type = op_type_strip(variant->member.type);
	struct op_error *err =
		op_source_value_member(x->session, x->frame, value, &variant->member, &part);
	if (!err && type && value->info)
		err = op_type_complete(value->info, type);
	const char *name = op_type_variant_name(variant);
	if (!err && name)
		err = op_render_short_name(x, name, &node->summary);
	if (err)
		return op_render_problem(x, err, node);
	if (!type || type->kind != OP_TYPE_STRUCT)
		return NULL;
	node->is_tuple = is_positional(type);
	return render_members(x, &part, type, node);
}

static struct op_error *render_enum(struct op_render *x, const struct op_source_value *value,
				    const struct op_type *type, struct op_source_node *node)
{
	const struct op_type_variant *variant;
	struct op_error *err = op_render_choose_variant(x, value, type, &variant);
	if (err)
		return op_render_problem(x, err, node);
	return render_variant(x, value, variant, node);
}

struct op_error *op_render_struct(struct op_render *x, const struct op_source_value *value,
				  const struct op_type *type, struct op_source_node *node)
{
	struct op_error *err = NULL;
	node->kind = OP_SOURCE_NODE_STRUCT;
	node->is_rust = type->language == OP_LANGUAGE_RUST;
	node->length = type->member_count;
	if (type->is_declaration) {
		node->problem = "its type is only declared, not defined, in the debug information";
		return NULL;
	}
	if (node->is_rust && type->kind == OP_TYPE_STRUCT && !type->variant_count) {
		node->is_tuple = type->is_tuple || is_positional(type);
		if (type->name && !type->is_tuple)
			err = op_render_short_name(x, type->name, &node->summary);
	}
	if (err || !op_render_enter(x, value, node))
		return err;
	err = type->variant_count ? render_enum(x, value, type, node)
				  : render_members(x, value, type, node);
	op_render_leave(x);
	return err;
}

// Arrays --------------------------------------------------------------------------------------

/** The bytes of an array's elements, some at a time. */
struct window {
	const struct op_source_value *array;
	uint64_t count;  // of elements
	size_t size;     // of one
	uint8_t *buffer; // NULL: bytes are the array's own
	const uint8_t *bytes;
	uint64_t first, held;
	size_t budget; // bytes that may still be looked at
};

static void window_deinit(struct window *window)
{
	free(window->buffer);
}

// The element's bytes; NULL where they cannot be had, or have been looked at for long enough.
static const uint8_t *window_at(struct op_render *x, struct window *w, uint64_t index)
{
	if (index >= w->count || w->budget < w->size)
		return NULL;
	w->budget -= w->size;
	if (index >= w->first && index - w->first < w->held)
		return w->bytes + (index - w->first) * w->size;
	if (w->array->place != OP_SOURCE_VALUE_MEMORY)
		return NULL;
	size_t most = OP_RENDER_BLOCK / w->size;
	w->held = w->count - index < most ? w->count - index : most;
	w->first = index;
	if (!w->buffer)
		w->buffer = malloc(OP_RENDER_BLOCK);
	w->bytes = w->buffer;
	struct op_error *err _cleanup_error_ =
		w->buffer ? op_session_read_memory(x->session, x->frame, w->array->memory,
						   w->array->address + index * w->size, w->buffer,
						   (size_t)w->held * w->size)
			  : op_error_no_memory();
	if (err)
		w->held = 0;
	return err ? NULL : w->bytes;
}

static bool is_unknown(const struct op_source_value *array, uint64_t index, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (op_source_value_is_known(array, (size_t)index * size + i, 1))
			return false;
	}
	return true;
}

// How many elements from @p index on are optimised out.
static uint64_t unknown_length(const struct window *w, uint64_t index)
{
	uint64_t end = index;
	while (end < w->held && is_unknown(w->array, end, w->size))
		end++;
	return end > index ? end - index : 1;
}

// How many elements from @p index on are the same, byte for byte.
static struct op_error *run_length(struct op_render *x, struct window *w, uint64_t index,
				   uint64_t *ret)
{
	uint8_t first[RUN_ELEMENT_MAX];
	*ret = 1;
	if (!w->size)
		return NULL;
	if (w->array->known) {
		*ret = unknown_length(w, index);
		return NULL;
	}
	const uint8_t *bytes = window_at(x, w, index);
	if (!bytes)
		return NULL;
	memcpy(first, bytes, w->size);
	while ((bytes = window_at(x, w, index + *ret)) && memcmp(first, bytes, w->size) == 0) {
		++*ret;
		if (*ret % 65536 == 0 && op_cancelled(&x->session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
	}
	return NULL;
}

static struct op_error *render_element(struct op_render *x, const struct op_source_value *array,
				       uint64_t index, const char *type,
				       struct op_source_node *node)
{
	struct op_source_value part = {0};
	node->type = type;
	struct op_error *err = op_source_value_element(x->session, x->frame, array, index, &part);
	return op_render_part(x, err, &part, node);
}

static struct op_error *render_elements(struct op_render *x, const struct op_source_value *array,
					const struct op_type *type, struct op_source_node *node)
{
	const struct op_type *element = op_type_strip(type->target);
	_cleanup_(window_deinit) struct window window = {
		.array = array,
		.count = type->count,
		.size = element && element->has_size && element->size <= RUN_ELEMENT_MAX
				? (size_t)element->size
				: 0,
		.bytes = array->bytes,
		.budget = RUN_SCAN_MAX,
	};
	if (array->place == OP_SOURCE_VALUE_BYTES && window.size)
		window.held = array->size / window.size;
	uint64_t room = type->count < x->limits.elements ? type->count : x->limits.elements;
	struct op_source_node *children;
	struct op_error *err = op_render_children(x, node, room, &children);
	uint64_t index = 0;
	size_t used = 0, weight = 0;
	while (!err && index < type->count && used < node->child_count &&
	       weight < x->limits.elements) {
		uint64_t run;
		err = run_length(x, &window, index, &run);
		if (err)
			break;
		bool is_run = run > x->limits.repeats;
		err = render_element(x, array, index, used ? children[0].type : NULL,
				     &children[used]);
		children[used++].repeats = is_run ? run : 0;
		index += is_run ? run : 1;
		weight += is_run ? x->limits.repeats : 1;
	}
	x->nodes_left += node->child_count - used;
	node->child_count = used;
	node->cut = index < type->count;
	return err;
}

// An array of characters: its zeros at the end are left out when nothing follows them.
static struct op_error *render_text(struct op_render *x, const struct op_source_value *array,
				    const struct op_type *type, struct op_source_node *node)
{
	size_t unit = (size_t)op_type_strip(type->target)->size;
	if (array->place == OP_SOURCE_VALUE_MEMORY)
		return op_render_characters(x, type->target, array->memory, array->address,
					    type->count, node);
	if (!op_source_value_is_known(array, 0, array->size))
		return op_error_create(OP_ERROR_NOT_FOUND, "optimised out");
	size_t count = array->size / unit;
	while (count && !op_bits_load(array->bytes + (count - 1) * unit, unit))
		count--;
	size_t shown = count < x->limits.elements ? count : x->limits.elements;
	return op_render_string(x, type->target, array->bytes, shown, shown < count, NULL, node);
}

struct op_error *op_render_array(struct op_render *x, const struct op_source_value *value,
				 const struct op_type *type, struct op_source_node *node)
{
	node->kind = OP_SOURCE_NODE_ARRAY;
	node->is_rust = type->language == OP_LANGUAGE_RUST;
	node->length = type->count;
	if (!type->has_count) {
		node->problem = "how many elements it has is not known";
		return NULL;
	}
	bool as_text = !x->limits.format || x->limits.format == 's';
	if (as_text && op_scalar_is_character(type->target, NULL))
		return op_render_problem(x, render_text(x, value, type, node), node);
	if (!op_render_enter(x, value, node))
		return NULL;
	struct op_error *err = render_elements(x, value, type, node);
	op_render_leave(x);
	return err;
}
