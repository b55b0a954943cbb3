// SPDX-License-Identifier: GPL-3.0-or-later
// Values in full: references followed through objects, functions and tables into a tree that a
// report can show. Depth, width and the whole
// are limited, and an object inside itself is not entered again.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/function_ref.h"
#include "target-runtime/table.h"
#include "target-runtime/wasm/type_names.h"
#include "tracer/items.h"
#include "tracer/objects.h"

enum { NODES_MAX = 100000, DEPTH_MAX = 100, CHUNK = 256 };

struct op_node_arena {
	struct op_value_node root;
	struct op_string_pool strings;
};

struct expansion {
	struct op_session *session;
	const struct op_store_set *set;
	struct op_node_arena *arena;
	struct op_expand_limits limits;
	size_t nodes_left;
	uint64_t path[DEPTH_MAX]; // addresses of the objects around
	unsigned depth;
};

static void arena_clear(struct op_node_arena *arena)
{
	op_string_pool_clear(&arena->strings);
	arena->root = (struct op_value_node){0};
}

void op_nodes_destroy(struct op_session *session)
{
	struct op_node_arena *arena = op_take(session->nodes);
	if (!arena)
		return;
	arena_clear(arena);
	op_string_pool_deinit(&arena->strings);
	free(arena);
}

const char *op_node_kind_name(enum op_node_kind kind)
{
	static const char *const names[] = {
		[OP_NODE_PLAIN] = "plain",
		[OP_NODE_NULL] = "null",
		[OP_NODE_I31] = "i31",
		[OP_NODE_STRUCT] = "struct",
		[OP_NODE_ARRAY] = "array",
		[OP_NODE_EXCEPTION] = "exception",
		[OP_NODE_EXTERN] = "extern",
		[OP_NODE_FUNCTION] = "function",
		[OP_NODE_HOST_FUNCTION] = "host-function",
		[OP_NODE_RANGE] = "range",
		[OP_NODE_BAD] = "bad",
	};
	return (unsigned)kind < OP_ARRAY_SIZE(names) ? names[kind] : "unknown";
}

// Children of @p node, as many as may be; NULL with *ret_count 0 when there is no room left.
static struct op_error *add_children(struct expansion *x, struct op_value_node *node,
				     uint64_t first, uint64_t wanted, struct op_value_node **ret)
{
	size_t count = wanted < x->nodes_left ? (size_t)wanted : x->nodes_left;
	node->first = first;
	*ret = NULL;
	if (count < wanted)
		node->cut = true;
	if (!count)
		return NULL;
	struct op_value_node *children =
		op_string_pool_room(&x->arena->strings, count, sizeof(*children));
	if (!children)
		return op_error_no_memory();
	x->nodes_left -= count;
	node->children = *ret = children;
	node->child_count = count;
	return NULL;
}

static struct op_error *keep(struct expansion *x, struct op_text *text, const char **ret)
{
	return op_string_pool_take(&x->arena->strings, text, ret);
}

// Functions -----------------------------------------------------------------------------------

static struct op_error *name_function(struct expansion *x, struct op_artifact *artifact,
				      uint32_t module, uint32_t function,
				      struct op_value_node *node)
{
	struct op_module_entry *entry = op_module_by_artifact(x->session, artifact, module);
	node->kind = OP_NODE_FUNCTION;
	node->function_index = function;
	if (entry) {
		node->function = op_module_function_name(entry, function);
		node->module = entry->name;
		return NULL;
	}
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_printf(&text, "function[%" PRIu32 "]", function);
	return keep(x, &text, &node->function);
}

static struct op_error *expand_function(struct expansion *x, struct op_value_node *node)
{
	struct op_function_ref function;
	struct op_error *err =
		op_function_ref_read(x->set, op_host_addr(op_value_bits(&node->value)), &function);
	if (err)
		return err;
	node->instance = op_state_number(x->set, function.instance);
	switch (function.kind) {
	case OP_FUNCTION_REF_NULL:
		node->kind = OP_NODE_NULL;
		return NULL;
	case OP_FUNCTION_REF_BAD:
		node->kind = OP_NODE_BAD;
		node->problem = function.problem;
		return NULL;
	case OP_FUNCTION_REF_GUEST:
		return name_function(x, function.artifact, function.module, function.function,
				     node);
	case OP_FUNCTION_REF_HOST:
	case OP_FUNCTION_REF_COMPONENT:
		break;
	}
	node->kind = OP_NODE_HOST_FUNCTION;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	err = op_function_ref_text(&function, &text);
	return err ?: keep(x, &text, &node->function);
}

// Objects -------------------------------------------------------------------------------------

static struct op_error *expand_value(struct expansion *x, uint32_t store,
				     const struct op_instance *instance,
				     struct op_value_node *node);

static struct op_error *name_object(struct expansion *x, const struct op_gc_object *object,
				    struct op_value_node *node)
{
	const struct op_wasm_module *module = object->instance ? object->instance->wasm : NULL;
	if (!module)
		return NULL;
	if (object->kind != OP_GC_EXCEPTION)
		return object->type ? op_item_type_name(&x->arena->strings, module,
							object->type_index, &node->object_type)
				    : NULL;
	if (!object->has_tag)
		return NULL;
	struct op_error *err = op_item_name(&x->arena->strings, module, OP_WASM_EXTERNAL_TAG,
					    object->tag, &node->tag);
	if (err || node->tag)
		return err;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_printf(&text, "tag[%" PRIu32 "]", object->tag);
	return keep(x, &text, &node->tag);
}

static unsigned packed_width(unsigned size)
{
	return size < 4 ? size : 0;
}

// @p sibling: the element before, whose type all elements of an array have; NULL otherwise.
static struct op_error *expand_field(struct expansion *x, const struct op_gc_object *object,
				     uint32_t index, const struct op_value_node *sibling,
				     struct op_value_node *child)
{
	struct op_cell cell;
	struct op_error *err = op_gc_object_field(x->set, object, index, &cell);
	child->index = index;
	child->instance = UINT32_MAX;
	if (err)
		return err;
	child->value = op_object_shown_value(&cell);
	child->width = packed_width(cell.size);
	if (sibling)
		child->type = sibling->type;
	else
		err = op_item_type_text(&x->arena->strings, &cell.type, &child->type);
	if (!err && object->kind == OP_GC_STRUCT && object->instance && object->instance->wasm)
		err = op_string_pool_name(&x->arena->strings,
					  op_wasm_module_field_name(object->instance->wasm,
								    object->type_index, index),
					  &child->name);
	return err ?: expand_value(x, object->store, object->instance, child);
}

static struct op_error *expand_fields(struct expansion *x, const struct op_gc_object *object,
				      uint64_t first, uint64_t count, struct op_value_node *node)
{
	for (unsigned i = 0; i < x->depth; i++)
		node->cycle = node->cycle || x->path[i] == object->address.value;
	node->cut = x->depth >= x->limits.depth || x->depth >= DEPTH_MAX;
	if (node->cycle || node->cut || !count)
		return NULL;
	struct op_value_node *children;
	struct op_error *err = add_children(x, node, first, count, &children);
	x->path[x->depth++] = object->address.value;
	for (size_t i = 0; !err && i < node->child_count; i++) {
		if (op_cancelled(&x->session->cancel))
			err = op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		else
			err = expand_field(x, object, (uint32_t)(first + i),
					   i && object->kind == OP_GC_ARRAY ? &children[i - 1]
									    : NULL,
					   &children[i]);
	}
	x->depth--;
	return err;
}

static struct op_error *expand_object(struct expansion *x, const struct op_gc_object *object,
				      uint64_t first, uint64_t count, struct op_value_node *node)
{
	static const enum op_node_kind kinds[] = {
		[OP_GC_NULL] = OP_NODE_NULL,
		[OP_GC_I31] = OP_NODE_I31,
		[OP_GC_STRUCT] = OP_NODE_STRUCT,
		[OP_GC_ARRAY] = OP_NODE_ARRAY,
		[OP_GC_EXCEPTION] = OP_NODE_EXCEPTION,
		[OP_GC_EXTERN] = OP_NODE_EXTERN,
		[OP_GC_BAD] = OP_NODE_BAD,
	};
	node->kind = kinds[object->kind];
	node->problem = object->problem;
	node->i31 = object->i31;
	node->host_id = object->host_id;
	node->length = object->field_count;
	struct op_error *err = name_object(x, object, node);
	if (err || !object->type)
		return err;
	if (object->kind != OP_GC_STRUCT && object->kind != OP_GC_ARRAY &&
	    object->kind != OP_GC_EXCEPTION)
		return NULL;
	if (first > object->field_count)
		first = object->field_count;
	if (count > object->field_count - first)
		count = object->field_count - first;
	if (object->kind == OP_GC_ARRAY && count > x->limits.elements)
		count = x->limits.elements;
	return expand_fields(x, object, first, count, node);
}

// Fill in what node->value leads to.
static struct op_error *expand_value(struct expansion *x, uint32_t store,
				     const struct op_instance *instance, struct op_value_node *node)
{
	if (node->value.state != OP_VALUE_PRESENT)
		return NULL;
	if (node->value.type == OP_VALUE_FUNCREF)
		return expand_function(x, node);
	if (node->value.type == OP_VALUE_CONTREF && !op_value_bits(&node->value))
		node->kind = OP_NODE_NULL;
	if (!op_value_is_gc_reference(&node->value))
		return NULL;
	struct op_gc_object object;
	uint32_t reference = (uint32_t)op_value_bits(&node->value);
	struct op_error *err = instance ? op_gc_object_read(x->set, instance, reference, &object)
					: op_gc_object_read_in(x->set, store, reference, &object);
	return err ?: expand_object(x, &object, 0, UINT64_MAX, node);
}

// Tables --------------------------------------------------------------------------------------

static struct op_error *expand_element(struct expansion *x, const struct op_scope *scope,
				       const struct op_table_state *table,
				       const struct op_table_element *element,
				       struct op_value_node *node)
{
	node->value = element->cell.value;
	node->instance = UINT32_MAX;
	if (!element->lazy)
		return expand_value(x, scope->instance->store, table->owner ?: scope->instance,
				    node);
	// A table of the host's has no element segments: nothing will ever be written there
	// (crates/wasmtime/src/runtime/trampoline/table.rs).
	bool hosts = table->owner && table->owner->kind == OP_INSTANCE_HOST;
	node->lazy = element->lazy_known || hosts;
	if (hosts || (element->lazy_known && element->lazy_null))
		node->kind = OP_NODE_NULL;
	if (!element->lazy_known || element->lazy_null || !table->owner || !table->owner->artifact)
		return NULL;
	node->instance = op_state_number(x->set, table->owner);
	return name_function(x, table->owner->artifact, table->owner->module,
			     element->lazy_function, node);
}

static struct op_error *expand_table(struct expansion *x, const struct op_frame *frame,
				     const struct op_result *result, struct op_value_node *node)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_error *err = op_state_module_scope(x->session, frame, &scope, &module);
	struct op_table_state table;
	if (!err)
		err = op_instance_table(scope.set, scope.instance, result->table, &table);
	if (err)
		return err;
	bool single = result->range == OP_RANGE_TABLE_ELEMENT;
	uint64_t count = single                                     ? 1
			 : result->range_count < x->limits.elements ? result->range_count
								    : x->limits.elements;
	struct op_value_node *children = node;
	if (!single) {
		node->kind = OP_NODE_RANGE;
		node->length = table.size;
		err = add_children(x, node, result->range_first, count, &children);
		count = node->child_count;
	}
	struct op_table_element elements[CHUNK];
	for (uint64_t done = 0; !err && done < count;) {
		size_t part = count - done < CHUNK ? (size_t)(count - done) : CHUNK;
		err = op_table_elements(scope.set, &table, result->range_first + done, part,
					elements);
		for (size_t i = 0; !err && i < part; i++) {
			children[done + i].index = (uint32_t)(result->range_first + done + i);
			err = expand_element(x, &scope, &table, &elements[i], &children[done + i]);
		}
		done += part;
	}
	return err;
}

// The public side -----------------------------------------------------------------------------

static bool leads_nowhere(const struct op_result *result)
{
	return result->range == OP_RANGE_NONE &&
	       (result->value.state != OP_VALUE_PRESENT || result->value.type <= OP_VALUE_V128);
}

static struct op_error *expand_result(struct expansion *x, const struct op_frame *frame,
				      const struct op_result *result, struct op_value_node *node)
{
	struct op_error *err = op_state_set(x->session, &x->set);
	if (err)
		return err;
	if (result->range == OP_RANGE_TABLE || result->range == OP_RANGE_TABLE_ELEMENT)
		return expand_table(x, frame, result, node);
	if (!op_value_is_gc_reference(&result->value))
		return expand_value(x, 0, NULL, node);
	struct op_gc_object object;
	err = op_object_of(x->session, frame, result, &x->set, &object);
	if (err)
		return err;
	bool part = result->range == OP_RANGE_ARRAY;
	return expand_object(x, &object, part ? result->range_first : 0,
			     part ? result->range_count : UINT64_MAX, node);
}

struct op_error *op_session_expand(struct op_session *session, const struct op_frame *frame,
				   const struct op_result *result,
				   const struct op_expand_limits *limits,
				   const struct op_value_node **ret)
{
	if (!session->nodes)
		session->nodes = calloc(1, sizeof(*session->nodes));
	if (!session->nodes)
		return op_error_no_memory();
	arena_clear(session->nodes);
	struct op_value_node *root = &session->nodes->root;
	root->value = result->value;
	root->instance = UINT32_MAX;
	root->width = packed_width(result->width);
	*ret = root;
	if (leads_nowhere(result))
		return NULL;
	struct expansion x = {.session = session,
			      .arena = session->nodes,
			      .limits = *limits,
			      .nodes_left = NODES_MAX};
	struct op_error *err = expand_result(&x, frame, result, root);
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY ||
	    err->code == OP_ERROR_INTERRUPTED)
		return err;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, err->message);
	op_error_destroy(err);
	root->kind = OP_NODE_BAD;
	return op_string_pool_take(&session->nodes->strings, &text, &root->problem);
}
