// SPDX-License-Identifier: GPL-3.0-or-later
// Printers for Rust's standard library; see source_pretty.h. Its layout is not promised: members
// are found by their names, of which those of several compilers are tried
// (library/alloc/src/raw_vec, hashbrown/src/raw.rs). The table of them all, and those
// for what lies in one piece of memory.
#include <inttypes.h>
#include <string.h>

#include "tracer/source_bits.h"
#include "tracer/source_pretty_rust.h"

enum { BUCKETS_SCAN_MAX = 1 << 20, CONTROL_CHUNK = 1024 };

const struct op_type *op_rust_parameter(const struct op_type *type, size_t index)
{
	return index < type->parameter_count ? type->parameters[index].type : NULL;
}

struct op_error *op_rust_unknown_form(struct op_pretty *p)
{
	return op_pretty_refuse(p, "this is not how outpost knows Rust's library to lay it out");
}

// Slices --------------------------------------------------------------------------

struct op_error *op_pretty_slice(struct op_pretty *p)
{
	uint64_t data, length;
	bool known;
	const struct op_type *element;
	struct op_error *err = op_rust_fat_pointer(p->x, p->value, &data, &length, &known);
	if (!err)
		err = op_pretty_target_type(p->x, p->value, "data_ptr", &element);
	if (err || !known || !element)
		return err ?: op_rust_unknown_form(p);
	err = op_pretty_sequence(p, data, element, length);
	return err ?: op_render_format(p->x, &p->node->summary, "slice of length %" PRIu64, length);
}

// Vectors -------------------------------------------------------------------------------------

// The memory of a vector or a ring.
static struct op_error *read_buffer(struct op_pretty *p, const struct op_source_value *value,
				    struct op_rust_vector *ret)
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

struct op_error *op_rust_read_vector(struct op_pretty *p, const struct op_source_value *value,
				     struct op_rust_vector *ret)
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
	struct op_rust_vector raw;
	const struct op_type *element = op_rust_parameter(p->type, 0);
	const struct op_type *stripped = op_type_strip(element);
	struct op_error *err = op_rust_read_vector(p, p->value, &raw);
	if (err || !raw.known || !stripped)
		return err ?: op_rust_unknown_form(p);
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
	struct op_rust_vector memory;
	uint64_t first;
	bool known;
	struct op_pretty *p;
	const struct op_type *element;
	uint64_t at; // index of the element that is shown next
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

static struct op_error *next_in_queue(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct raw_queue *queue = context;
	const struct op_rust_vector *memory = &queue->memory;
	uint64_t place = (queue->first + queue->at++) % memory->capacity;
	struct op_source_value part =
		op_pretty_at(queue->p, queue->element,
			     memory->data + place * op_type_strip(queue->element)->size);
	*ret_ended = false;
	return op_render_part(queue->p->x, NULL, &part, nodes);
}

static struct op_error *queue(struct op_pretty *p)
{
	struct raw_queue raw = {0};
	const struct op_type *element = op_rust_parameter(p->type, 0);
	const struct op_type *stripped = op_type_strip(element);
	bool fits = false;
	struct op_error *err = read_queue(p, &raw);
	if (err || !raw.known || !stripped || !stripped->size)
		return err ?: op_rust_unknown_form(p);
	err = op_pretty_fits(p, raw.memory.data, element, raw.memory.capacity, &fits);
	if (err)
		return err;
	if (!fits || raw.memory.length > raw.memory.capacity)
		return op_pretty_refuse(
			p, "a length of %" PRIu64 " with room for %" PRIu64 " makes no sense",
			raw.memory.length, raw.memory.capacity);
	raw.p = p;
	raw.element = element;
	err = op_render_format(p->x, &p->node->summary,
			       "VecDeque of length %" PRIu64 ", capacity %" PRIu64,
			       raw.memory.length, raw.memory.capacity);
	return err ?: op_pretty_elements(p, NULL, raw.memory.length, false, next_in_queue, &raw);
}

// Hash tables ---------------------------------------------------------------------------------

/** hashbrown's table: control bytes, and before them the buckets, from the last to the first. */
struct raw_table {
	uint64_t control, mask, items;
	const struct op_type *bucket;
	bool known;
	struct op_pretty *p;
	uint64_t at; // index of the bucket that is looked at next
	bool pairs;
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
	ret->bucket = err ? NULL : op_rust_parameter(type, 0);
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
		// Looking is work like showing: tables in tables may be many.
		if (!p->x->nodes_left)
			return op_error_create(OP_ERROR_LIMIT,
					       "there is too much to look through for it");
		p->x->nodes_left--;
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

static struct op_error *next_bucket(void *context, struct op_source_node *nodes, bool *ret_ended)
{
	struct raw_table *table = context;
	struct op_error *err = next_full(table->p, table, &table->at);
	(void)ret_ended; // too few is an error of its own
	return err ?: show_bucket(table->p, table, table->at++, table->pairs, nodes);
}

static struct op_error *hash(struct op_pretty *p, const char *path, const char *name, bool pairs)
{
	struct raw_table table = {0};
	struct op_error *err = read_table(p, path, &table);
	if (err || !table.known)
		return err ?: op_rust_unknown_form(p);
	if (table.mask & (table.mask + 1) || table.items > table.mask + 1)
		return op_pretty_refuse(p, "%" PRIu64 " items in %" PRIu64 " buckets make no sense",
					table.items, table.mask + 1);
	table.p = p;
	table.pairs = pairs;
	return op_pretty_elements(p, name, table.items, pairs, next_bucket, &table);
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
	{"&*", op_pretty_fat_pointer},
	{"\\**", op_pretty_fat_pointer},
	{"alloc::string::String", op_pretty_string},
	{"std::ffi::os_str::OsString", op_pretty_string},
	{"std::path::PathBuf", op_pretty_string},
	{"*::c_str::CString", op_pretty_c_string},
	{"alloc::vec::Vec<*", vector},
	{"alloc::boxed::Box<*", op_pretty_box},
	{"alloc::collections::vec_deque::VecDeque<*", queue},
	{"alloc::collections::btree::map::BTreeMap<*", op_pretty_btree_map},
	{"alloc::collections::btree::set::BTreeSet<*", op_pretty_btree_set},
	{"alloc::collections::linked_list::LinkedList<*", op_pretty_linked_list},
	{"core::pin::Pin<*", op_pretty_pin},
	{"core::mem::manually_drop::ManuallyDrop<*", op_pretty_manually_drop},
	{"core::cell::once::OnceCell<*", op_pretty_once_cell},
	{"core::cell::lazy::LazyCell<*", op_pretty_lazy_cell},
	{"core::cell::Cell<*", op_pretty_wrapped},
	{"core::cell::RefCell<*", op_pretty_wrapped},
	{"core::cell::Ref<*", op_pretty_cell_ref},
	{"core::cell::RefMut<*", op_pretty_cell_ref},
	{"alloc::collections::binary_heap::BinaryHeap<*", op_pretty_wrapped},
	{"std::sync::*::OnceLock<*", op_pretty_once_lock},
	{"std::sync::*::LazyLock<*", op_pretty_lazy_lock},
	{"std::sync::*::Mutex<*", op_pretty_lock},
	{"std::sync::*::RwLock<*", op_pretty_lock},
	{"std::sync::*Guard<*", op_pretty_lock_guard},
	{"core::num::nonzero::NonZero<*", op_pretty_wrapped},
	{"core::sync::atomic::Atomic*", op_pretty_wrapped},
	{"alloc::rc::Rc<*", op_pretty_rc},
	{"alloc::rc::Weak<*", op_pretty_rc_weak},
	{"alloc::sync::Arc<*", op_pretty_arc},
	{"alloc::sync::Weak<*", op_pretty_arc_weak},
	{"std::collections::hash::map::HashMap<*", hash_map},
	{"std::collections::hash::set::HashSet<*", hash_set},
	{0},
};
