// SPDX-License-Identifier: GPL-3.0-or-later
// One value of the guest's language becomes a node, by the kind of its type; see source_render.h.
#include "tracer/source_render.h"

#include <inttypes.h>
#include <string.h>

#include "tracer/source_dynamic.h"
#include "tracer/source_pretty.h"
#include "tracer/source_scalar.h"

void op_render_init(struct op_render *x, struct op_session *session, const struct op_frame *frame,
		    const struct op_source_limits *limits, struct op_string_pool *arena)
{
	*x = (struct op_render){.session = session,
				.frame = frame,
				.limits = limits ? *limits : (struct op_source_limits){0},
				.arena = arena,
				.nodes_left = OP_RENDER_NODES_MAX};
	struct op_source_limits *l = &x->limits;
	if (!l->depth || l->depth > OP_RENDER_DEPTH_MAX)
		l->depth = l->depth ? OP_RENDER_DEPTH_MAX : 20;
	l->elements = l->elements ?: 200;
	l->repeats = l->repeats ?: 10;
}

struct op_error *op_render_children(struct op_render *x, struct op_source_node *node,
				    uint64_t wanted, struct op_source_node **ret)
{
	size_t count = wanted < x->nodes_left ? (size_t)wanted : x->nodes_left;
	*ret = NULL;
	node->cut = node->cut || count < wanted;
	if (!count)
		return NULL;
	struct op_source_node *children = op_string_pool_room(x->arena, count, sizeof(*children));
	if (!children)
		return op_error_no_memory();
	x->nodes_left -= count;
	node->children = *ret = children;
	node->child_count = count;
	return NULL;
}

struct op_error *op_render_keep(struct op_render *x, struct op_text *text, const char **ret)
{
	return op_string_pool_take(x->arena, text, ret);
}

struct op_error *op_render_format(struct op_render *x, const char **ret, const char *format, ...)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	va_list args;
	va_start(args, format);
	op_text_vprintf(&text, format, args);
	va_end(args);
	return op_render_keep(x, &text, ret);
}

struct op_error *op_render_name(struct op_render *x, const char *name, const char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	*ret = NULL;
	if (!name)
		return NULL;
	op_text_append_escaped(&text, name, strlen(name));
	return op_render_keep(x, &text, ret);
}

struct op_error *op_render_problem(struct op_render *x, struct op_error *err,
				   struct op_source_node *node)
{
	if (!err || op_source_is_fatal(err))
		return err;
	struct op_error *failed = op_render_format(x, &node->problem, "%s", err->message);
	op_error_destroy(err);
	return failed;
}

// Levels --------------------------------------------------------------------------------------

bool op_render_enter(struct op_render *x, const struct op_source_value *value,
		     struct op_source_node *node)
{
	const struct op_type *type = op_type_strip(value->type);
	struct op_render_place here = {value->address, value->memory, type};
	bool has_place = value->place == OP_SOURCE_VALUE_MEMORY || value->has_address;
	for (unsigned i = 0; has_place && i < x->depth; i++) {
		const struct op_render_place *around = &x->path[i];
		if (around->type == type && around->address == here.address &&
		    around->memory == here.memory) {
			node->cut = true;
			node->problem = "it is inside itself, and shown around this";
			return false;
		}
	}
	if (x->depth >= x->limits.depth) {
		node->cut = true;
		return false;
	}
	if (!has_place)
		here.type = NULL;
	x->path[x->depth++] = here;
	return true;
}

void op_render_leave(struct op_render *x)
{
	x->depth--;
}

// Kinds ---------------------------------------------------------------------------------------

static struct op_error *missing(struct op_render *x, const char *reason,
				struct op_source_node *node)
{
	node->kind = OP_SOURCE_NODE_MISSING;
	node->children = NULL;
	node->child_count = 0;
	return op_render_name(x, reason ?: "not known", &node->problem);
}

static struct op_error *scalar(struct op_render *x, const struct op_source_value *value,
			       const struct op_type *type, struct op_source_node *node)
{
	if (!op_source_value_is_known(value, 0, value->size))
		return missing(x, "optimised out", node);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	node->kind = OP_SOURCE_NODE_SCALAR;
	if (!op_scalar_text(&text, value->type, value->bytes, value->size, x->limits.format))
		return missing(x, "a number of a size that makes no sense", node);
	return op_render_keep(x, &text, &node->text);
}

static struct op_error *pointer(struct op_render *x, const struct op_source_value *value,
				const struct op_type *type, struct op_source_node *node)
{
	if (!op_source_value_is_known(value, 0, value->size))
		return missing(x, "optimised out", node);
	if (value->size != 4 && value->size != 8)
		return missing(x, "a pointer of a size that makes no sense", node);
	return op_render_pointer(x, value, type, node);
}

// What it refers to is shown in its place.
static struct op_error *reference(struct op_render *x, const struct op_source_value *value,
				  const struct op_type *type, struct op_source_node *node)
{
	_cleanup_source_value_ struct op_source_value target = {0};
	struct op_error *err = op_source_value_target(x->session, x->frame, value, &target);
	if (err && op_source_is_fatal(err))
		return err;
	if (err) {
		// To a function: there is nothing to go to.
		op_error_destroy(err);
		return pointer(x, value, type, node);
	}
	if (!op_render_enter(x, value, node)) {
		node->kind = OP_SOURCE_NODE_STRUCT;
		return NULL;
	}
	node->is_reference = true;
	if (x->limits.object)
		err = op_source_value_dynamic(x->session, x->frame, &target);
	if (!err)
		err = op_render_value(x, &target, node);
	op_render_leave(x);
	return err;
}

static struct op_error *by_kind(struct op_render *x, struct op_source_value *value,
				const struct op_type *type, struct op_source_node *node)
{
	switch (type->kind) {
	case OP_TYPE_BOOL:
	case OP_TYPE_CHAR:
	case OP_TYPE_INTEGER:
	case OP_TYPE_FLOAT:
	case OP_TYPE_ENUM:
		return scalar(x, value, type, node);
	case OP_TYPE_MEMBER_POINTER:
		return value->size <= 8 ? scalar(x, value, type, node)
					: missing(x, "a member pointer of an unknown form", node);
	case OP_TYPE_POINTER:
		return pointer(x, value, type, node);
	case OP_TYPE_REFERENCE:
		return reference(x, value, type, node);
	case OP_TYPE_ARRAY:
		return op_render_array(x, value, type, node);
	case OP_TYPE_STRUCT:
	case OP_TYPE_UNION:
		return op_render_struct(x, value, type, node);
	case OP_TYPE_VOID:
		node->text = "void";
		return NULL;
	case OP_TYPE_FUNCTION:
		return missing(x, "a function has no value of its own", node);
	default:
		return missing(x, type->problem ?: "outpost cannot read its type", node);
	}
}

// Everything that is not too large is read here; the others are read in parts.
static struct op_error *fetch(struct op_render *x, struct op_source_value *value,
			      const struct op_type *type)
{
	bool is_whole = value->is_bit_field || (type->has_size && type->size <= OP_RENDER_BLOCK);
	if (value->place == OP_SOURCE_VALUE_MISSING || !is_whole)
		return NULL;
	return op_source_value_read(x->session, x->frame, value);
}

static struct op_error *describe(struct op_render *x, const struct op_source_value *value,
				 const struct op_type *type, struct op_source_node *node)
{
	node->recovered = value->recovered;
	node->native = value->native;
	node->has_place = !value->is_bit_field &&
			  (value->place == OP_SOURCE_VALUE_MEMORY || value->has_address);
	if (node->has_place) {
		node->memory = value->memory;
		node->address = value->address;
		node->size = type && type->has_size ? type->size : 0;
	}
	if (node->type || !value->type)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_type_print(value->type, NULL, &text);
	return op_render_keep(x, &text, &node->type);
}

static struct op_error *render_value(struct op_render *x, struct op_source_value *value,
				     struct op_source_node *node)
{
	if (op_cancelled(&x->session->cancel))
		return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
	struct op_error *err = op_source_value_measure(x->session, x->frame, value);
	err = op_render_problem(x, err, node);
	const struct op_type *type = op_type_strip(value->type);
	if (!err)
		err = describe(x, value, type, node);
	if (!err && type && value->info && !type->completed)
		err = op_render_problem(x, op_type_complete(value->info, type), node);
	if (!err && type)
		err = fetch(x, value, type);
	if (err)
		return err;
	if (value->place == OP_SOURCE_VALUE_MISSING)
		return missing(x, value->reason, node);
	if (!type) {
		node->text = "void";
		return NULL;
	}
	if (!x->limits.plain) {
		bool done = false;
		err = op_pretty_render(x, value, type, node, &done);
		if (err || done)
			return err;
	}
	return by_kind(x, value, type, node);
}

struct op_error *op_render_value(struct op_render *x, struct op_source_value *value,
				 struct op_source_node *node)
{
	// Debug information may say of a type that is shown as what it has inside that this is the
	// type again.
	enum { NESTING_MAX = 4 * OP_RENDER_DEPTH_MAX };
	if (x->nesting == NESTING_MAX)
		return op_error_create(OP_ERROR_LIMIT, "values are more than %d deep inside others",
				       NESTING_MAX);
	x->nesting++;
	struct op_error *err = render_value(x, value, node);
	x->nesting--;
	return err;
}

struct op_error *op_render_part(struct op_render *x, struct op_error *err,
				struct op_source_value *part, struct op_source_node *node)
{
	if (!err)
		err = op_render_value(x, part, node);
	op_source_value_deinit(part);
	if (!err || op_source_is_fatal(err))
		return err;
	node->kind = OP_SOURCE_NODE_MISSING;
	return op_render_problem(x, err, node);
}

const char *op_source_node_kind_name(enum op_source_node_kind kind)
{
	static const char *const names[] = {
		[OP_SOURCE_NODE_SCALAR] = "scalar",   [OP_SOURCE_NODE_POINTER] = "pointer",
		[OP_SOURCE_NODE_STRING] = "string",   [OP_SOURCE_NODE_STRUCT] = "struct",
		[OP_SOURCE_NODE_ARRAY] = "array",     [OP_SOURCE_NODE_MAP] = "map",
		[OP_SOURCE_NODE_MISSING] = "missing",
	};
	return (unsigned)kind < OP_ARRAY_SIZE(names) ? names[kind] : "unknown";
}
