// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for Rust's standard library; see source_pretty.h. Its layout is not promised: members
// are found by their names, of which those of several compilers are tried
// (library/alloc/src/raw_vec, library/alloc/src/rc.rs, library/alloc/src/sync.rs;
// hashbrown/src/raw.rs).
#include <inttypes.h>
#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_pretty.h"

enum { BUCKETS_SCAN_MAX = 1 << 20, CONTROL_CHUNK = 1024 };

static const struct op_type *template_type(const struct op_type *type, size_t index)
{
	return index < type->parameter_count ? type->parameters[index].type : NULL;
}

static struct op_error *unknown_form(struct op_pretty *p)
{
	return op_pretty_refuse(p, "this is not how outpost knows Rust's library to lay it out");
}

/** Rust's strings are bytes of UTF-8. */
static const struct op_type *byte_type(void)
{
	static const struct op_type byte = {.kind = OP_TYPE_CHAR,
					    .language = OP_LANGUAGE_RUST,
					    .name = "u8",
					    .size = 1,
					    .has_size = true,
					    .is_unsigned = true,
					    .completed = true};
	return &byte;
}

// Strings and slices --------------------------------------------------------------------------

static struct op_error *text_at(struct op_pretty *p, uint64_t address, uint64_t size)
{
	bool fits;
	struct op_error *err = op_pretty_fits(p, address, byte_type(), size, &fits);
	if (err)
		return err;
	if (!fits)
		return op_pretty_refuse(p,
					"its %" PRIu64 " bytes at 0x%" PRIx64 " are not in memory",
					size, address);
	p->done = true;
	return op_render_characters(p->x, byte_type(), p->value->memory, address, size, p->node);
}

static struct op_error *fat_pointer(struct op_pretty *p, uint64_t *ret_data, uint64_t *ret_length,
				    bool *ret_known)
{
	bool has_data, has_length = false;
	struct op_error *err = op_pretty_number(p->x, p->value, "data_ptr", ret_data, &has_data);
	if (!err)
		err = op_pretty_number(p->x, p->value, "length", ret_length, &has_length);
	*ret_known = has_data && has_length;
	return err;
}

static struct op_error *str(struct op_pretty *p)
{
	uint64_t data, length;
	bool known;
	struct op_error *err = fat_pointer(p, &data, &length, &known);
	if (err || !known)
		return err ?: unknown_form(p);
	return text_at(p, data, length);
}

static struct op_error *slice(struct op_pretty *p)
{
	uint64_t data, length;
	bool known;
	const struct op_type *element;
	struct op_error *err = fat_pointer(p, &data, &length, &known);
	if (!err)
		err = op_pretty_target_type(p->x, p->value, "data_ptr", &element);
	if (err || !known || !element)
		return err ?: unknown_form(p);
	err = op_pretty_sequence(p, data, element, length);
	return err ?: op_render_format(p->x, &p->node->summary, "slice of length %" PRIu64, length);
}

// Vectors -------------------------------------------------------------------------------------

struct raw_vector {
	uint64_t data, length, capacity;
	bool known;
};

// The memory of a vector or a ring.
static struct op_error *read_buffer(struct op_pretty *p, const struct op_source_value *value,
				    struct raw_vector *ret)
{
	static const char *const pointers[] = {"buf.inner.ptr.pointer.pointer",
					       "buf.ptr.pointer.pointer", "buf.ptr.pointer", NULL};
	static const char *const capacities[] = {"buf.inner.cap.__0", "buf.inner.cap",
						 "buf.cap.__0", "buf.cap", NULL};
	bool has_data, has_capacity = false;
	struct op_error *err = op_pretty_number_of(p->x, value, pointers, &ret->data, &has_data);
	if (!err)
		err = op_pretty_number_of(p->x, value, capacities, &ret->capacity, &has_capacity);
	ret->known = has_data && has_capacity;
	return err;
}

static struct op_error *read_vector(struct op_pretty *p, const struct op_source_value *value,
				    struct raw_vector *ret)
{
	bool has_length = false;
	struct op_error *err = read_buffer(p, value, ret);
	if (!err)
		err = op_pretty_number(p->x, value, "len", &ret->length, &has_length);
	ret->known = ret->known && has_length;
	return err;
}

static struct op_error *vector(struct op_pretty *p)
{
	struct raw_vector raw;
	const struct op_type *element = template_type(p->type, 0);
	const struct op_type *stripped = op_type_strip(element);
	struct op_error *err = read_vector(p, p->value, &raw);
	if (err || !raw.known || !stripped)
		return err ?: unknown_form(p);
	// Elements without a size need no room.
	if (raw.length > raw.capacity && stripped->size)
		return op_pretty_refuse(
			p, "a length of %" PRIu64 " with room for %" PRIu64 " makes no sense",
			raw.length, raw.capacity);
	err = op_pretty_sequence(p, raw.data, element, raw.length);
	return err
		       ?: op_render_format(p->x, &p->node->summary,
					   "Vec of length %" PRIu64 ", capacity %" PRIu64,
					   raw.length, raw.capacity);
}

/** A ring of elements: where the first is in its memory, and how many there are. */
struct raw_queue {
	struct raw_vector memory;
	uint64_t first;
	bool known;
};

// Before Rust 1.67 elements went from the tail to the head, in a power of two of places.
static void read_old_queue(struct raw_queue *queue, uint64_t tail, uint64_t head)
{
	uint64_t capacity = queue->memory.capacity;
	bool is_power = capacity && !(capacity & (capacity - 1));
	queue->known = is_power && head < capacity && tail < capacity;
	queue->memory.length = queue->known ? (head - tail) & (capacity - 1) : 0;
	queue->first = tail;
}

static struct op_error *read_queue(struct op_pretty *p, struct raw_queue *ret)
{
	uint64_t tail, head;
	bool has_head = false, has_tail = false, has_length = false;
	struct op_error *err = read_buffer(p, p->value, &ret->memory);
	if (!err)
		err = op_pretty_number(p->x, p->value, "head", &head, &has_head);
	if (!err)
		err = op_pretty_number(p->x, p->value, "tail", &tail, &has_tail);
	if (!err)
		err = op_pretty_number(p->x, p->value, "len", &ret->memory.length, &has_length);
	if (err || !has_head || !ret->memory.known)
		return err;
	if (has_tail) {
		read_old_queue(ret, tail, head);
		return NULL;
	}
	ret->first = head;
	ret->known = has_length && (head < ret->memory.capacity || !ret->memory.length);
	return NULL;
}

static struct op_error *show_queue(struct op_pretty *p, const struct raw_queue *queue,
				   const struct op_type *element, uint64_t size)
{
	struct op_render *x = p->x;
	struct op_source_node *children;
	const struct raw_vector *memory = &queue->memory;
	uint64_t most = x->limits.elements;
	uint64_t shown = memory->length < most ? memory->length : most;
	struct op_error *err = op_render_children(x, p->node, shown, &children);
	for (size_t i = 0; !err && i < p->node->child_count; i++) {
		uint64_t place = (queue->first + i) % memory->capacity;
		struct op_source_value part = op_pretty_at(p, element, memory->data + place * size);
		err = op_render_part(x, NULL, &part, &children[i]);
	}
	p->node->cut = p->node->child_count < memory->length;
	return err;
}

static struct op_error *queue(struct op_pretty *p)
{
	struct raw_queue raw = {0};
	const struct op_type *element = template_type(p->type, 0);
	const struct op_type *stripped = op_type_strip(element);
	bool fits = false;
	struct op_error *err = read_queue(p, &raw);
	if (err || !raw.known || !stripped || !stripped->size)
		return err ?: unknown_form(p);
	err = op_pretty_fits(p, raw.memory.data, element, raw.memory.capacity, &fits);
	if (err)
		return err;
	if (!fits || raw.memory.length > raw.memory.capacity)
		return op_pretty_refuse(
			p, "a length of %" PRIu64 " with room for %" PRIu64 " makes no sense",
			raw.memory.length, raw.memory.capacity);
	p->done = p->node->is_rust = true;
	p->node->kind = OP_SOURCE_NODE_ARRAY;
	p->node->length = raw.memory.length;
	err = op_render_format(p->x, &p->node->summary,
			       "VecDeque of length %" PRIu64 ", capacity %" PRIu64,
			       raw.memory.length, raw.memory.capacity);
	if (err || !op_render_enter(p->x, p->value, p->node))
		return err;
	err = show_queue(p, &raw, element, stripped->size);
	op_render_leave(p->x);
	return err;
}

static struct op_error *string(struct op_pretty *p)
{
	_cleanup_source_value_ struct op_source_value vec = {0};
	struct raw_vector raw = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "vec", &vec, &found);
	if (!err && found)
		err = read_vector(p, &vec, &raw);
	if (err || !raw.known)
		return err ?: unknown_form(p);
	if (raw.length > raw.capacity)
		return op_pretty_refuse(
			p, "a length of %" PRIu64 " with room for %" PRIu64 " makes no sense",
			raw.length, raw.capacity);
	return text_at(p, raw.data, raw.length);
}

// Pointers that own ---------------------------------------------------------------------------

// A Box is shown with what is in it; it is never null.
static struct op_error *boxed(struct op_pretty *p)
{
	struct op_source_value content = {0};
	if (p->type->kind != OP_TYPE_POINTER)
		return strstr(p->type->name, "Box<str") ? str(p) : slice(p);
	struct op_error *err =
		op_source_value_target(p->x->session, p->x->frame, p->value, &content);
	if (err)
		return err;
	p->node->summary = "Box";
	p->node->is_tuple = p->node->is_rust = true;
	return op_pretty_only_child(p, NULL, &content);
}

static struct op_error *counted(struct op_pretty *p, const char *name, const char *strong_path,
				const char *weak_path, const char *value_path)
{
	_cleanup_source_value_ struct op_source_value pointer = {0}, inner = {0};
	struct op_source_value content = {0};
	uint64_t strong, weak;
	bool found, has_strong = false, has_weak = false, has_content = false;
	struct op_error *err = op_pretty_part(p->x, p->value, "ptr.pointer", &pointer, &found);
	const struct op_type *type = found ? op_type_strip(pointer.type) : NULL;
	if (err || !type || type->kind != OP_TYPE_POINTER)
		return err ?: unknown_form(p);
	err = op_source_value_target(p->x->session, p->x->frame, &pointer, &inner);
	if (!err)
		err = op_pretty_number(p->x, &inner, strong_path, &strong, &has_strong);
	if (!err)
		err = op_pretty_number(p->x, &inner, weak_path, &weak, &has_weak);
	if (!err && has_strong && has_weak)
		err = op_pretty_part(p->x, &inner, value_path, &content, &has_content);
	if (err || !has_content)
		return err ?: unknown_form(p);
	p->node->is_tuple = p->node->is_rust = true;
	// All strong references are one weak one.
	err = op_render_format(p->x, &p->node->summary, "%s[strong %" PRIu64 ", weak %" PRIu64 "]",
			       name, strong, weak ? weak - 1 : 0);
	if (err) {
		op_source_value_deinit(&content);
		return err;
	}
	return op_pretty_only_child(p, NULL, &content);
}

static struct op_error *rc(struct op_pretty *p)
{
	return counted(p, "Rc", "strong.value.value", "weak.value.value", "value");
}

static struct op_error *arc(struct op_pretty *p)
{
	return counted(p, "Arc", "strong.v.value", "weak.v.value", "data");
}

// What can be changed behind a shared reference.
static struct op_error *cell(struct op_pretty *p)
{
	struct op_source_value content = {0};
	bool found;
	struct op_error *err = op_pretty_part(p->x, p->value, "value.value", &content, &found);
	if (err || !found)
		return err ?: unknown_form(p);
	p->node->summary = strncmp(p->type->name, "core::cell::Ref", 15) == 0 ? "RefCell" : "Cell";
	p->node->is_tuple = p->node->is_rust = true;
	return op_pretty_only_child(p, NULL, &content);
}

// Hash tables ---------------------------------------------------------------------------------

/** hashbrown's table: control bytes, and before them the buckets, from the last to the first. */
struct raw_table {
	uint64_t control, mask, items;
	const struct op_type *bucket;
	bool known;
};

static struct op_error *read_table(struct op_pretty *p, const char *path, struct raw_table *ret)
{
	_cleanup_source_value_ struct op_source_value outer = {0};
	bool found, has_control = false, has_mask = false, has_items = false;
	struct op_error *err = op_pretty_part(p->x, p->value, path, &outer, &found);
	if (err || !found)
		return err;
	const struct op_type *type = op_type_strip(outer.type);
	err = op_type_complete(p->value->info, type);
	if (!err)
		err = op_pretty_number(p->x, &outer, "table.ctrl.pointer", &ret->control,
				       &has_control);
	if (!err)
		err = op_pretty_number(p->x, &outer, "table.bucket_mask", &ret->mask, &has_mask);
	if (!err)
		err = op_pretty_number(p->x, &outer, "table.items", &ret->items, &has_items);
	ret->bucket = err ? NULL : template_type(type, 0);
	ret->known = has_control && has_mask && has_items && ret->bucket;
	return err;
}

// The next bucket that is full: its control byte's highest bit is 0 (hashbrown, Tag::is_full).
static struct op_error *next_full(struct op_pretty *p, const struct raw_table *table,
				  uint64_t *index)
{
	uint8_t control[CONTROL_CHUNK];
	while (*index <= table->mask && *index < BUCKETS_SCAN_MAX) {
		uint64_t left = table->mask + 1 - *index;
		size_t count = left < sizeof(control) ? (size_t)left : sizeof(control);
		struct op_error *err =
			op_session_read_memory(p->x->session, p->x->frame, p->value->memory,
					       table->control + *index, control, count);
		for (size_t i = 0; !err && i < count; i++, ++*index) {
			if (!(control[i] & 0x80))
				return NULL;
		}
		if (err)
			return err;
	}
	return op_error_create(OP_ERROR_FORMAT, "its table has fewer full buckets than it counts");
}

static struct op_error *show_bucket(struct op_pretty *p, const struct raw_table *table,
				    uint64_t index, bool pairs, struct op_source_node *nodes)
{
	uint64_t size = op_type_strip(table->bucket)->size;
	struct op_source_value bucket =
		op_pretty_at(p, table->bucket, table->control - (index + 1) * size);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < (pairs ? 2 : 1); i++) {
		struct op_source_value part = {0};
		bool found;
		err = op_pretty_part(p->x, &bucket, i ? "__1" : "__0", &part, &found);
		if (!err && !found)
			err = op_error_create(OP_ERROR_FORMAT, "its buckets are no pairs");
		err = op_render_part(p->x, err, &part, &nodes[i]);
	}
	return err;
}

static struct op_error *show_buckets(struct op_pretty *p, const struct raw_table *table, bool pairs)
{
	struct op_render *x = p->x;
	struct op_source_node *node = p->node, *children;
	size_t width = pairs ? 2 : 1, used = 0;
	uint64_t shown = table->items < x->limits.elements ? table->items : x->limits.elements;
	struct op_error *err = op_render_children(x, node, shown * width, &children);
	for (uint64_t index = 0; !err && used + width <= node->child_count; index++) {
		err = next_full(p, table, &index);
		if (!err) {
			err = show_bucket(p, table, index, pairs, &children[used]);
			used += width;
		}
	}
	x->nodes_left += node->child_count - used;
	node->child_count = used;
	node->cut = used / width < table->items;
	return op_render_problem(x, err, node);
}

static struct op_error *hash(struct op_pretty *p, const char *path, const char *name, bool pairs)
{
	struct raw_table table = {0};
	struct op_error *err = read_table(p, path, &table);
	if (err || !table.known)
		return err ?: unknown_form(p);
	if (table.mask & (table.mask + 1) || table.items > table.mask + 1)
		return op_pretty_refuse(p, "%" PRIu64 " items in %" PRIu64 " buckets make no sense",
					table.items, table.mask + 1);
	p->done = true;
	p->node->kind = pairs ? OP_SOURCE_NODE_MAP : OP_SOURCE_NODE_ARRAY;
	p->node->is_rust = true;
	p->node->length = table.items;
	err = op_render_format(p->x, &p->node->summary, "%s with %" PRIu64 " element%s", name,
			       table.items, table.items == 1 ? "" : "s");
	if (err || !op_render_enter(p->x, p->value, p->node))
		return err;
	err = show_buckets(p, &table, pairs);
	op_render_leave(p->x);
	return err;
}

static struct op_error *hash_map(struct op_pretty *p)
{
	return hash(p, "base.table", "HashMap", true);
}

static struct op_error *hash_set(struct op_pretty *p)
{
	return hash(p, "base.map.table", "HashSet", false);
}

const struct op_pretty_row op_pretty_rust[] = {
	{"&str", str},
	{"&mut str", str},
	{"&\\[*\\]", slice},
	{"&mut \\[*\\]", slice},
	{"alloc::string::String", string},
	{"alloc::vec::Vec<*", vector},
	{"alloc::boxed::Box<*", boxed},
	{"alloc::collections::vec_deque::VecDeque<*", queue},
	{"core::cell::Cell<*", cell},
	{"core::cell::RefCell<*", cell},
	{"alloc::rc::Rc<*", rc},
	{"alloc::sync::Arc<*", arc},
	{"std::collections::hash::map::HashMap<*", hash_map},
	{"std::collections::hash::set::HashSet<*", hash_set},
	{0},
};
