// SPDX-License-Identifier: GPL-3.0-or-later
// Values with what they lead to, as text and JSON; see node.h. Knows no session.
#include "tracer/report/node.h"

#include <inttypes.h>

#include "tracer/report/number.h"

bool op_node_leads_on(const struct op_value_node *node)
{
	return node->kind != OP_NODE_PLAIN && (node->kind != OP_NODE_NULL || node->lazy);
}

// Text ----------------------------------------------------------------------------------------

static void child_text(struct op_text *text, const struct op_value_node *node,
		       const struct op_value_format *format);

/** A packed integer has the digits of its own width. */
static void value_text(struct op_text *text, const struct op_value_node *node,
		       const struct op_value_format *format)
{
	if (node->width && format->letter && node->value.state == OP_VALUE_PRESENT)
		op_number_text(text, op_value_bits(&node->value), node->width, format->letter,
			       false);
	else
		op_value_text(text, &node->value, format);
}

static void problem_text(struct op_text *text, const struct op_value_node *node)
{
	op_text_printf(text, "<%s>", node->problem ? node->problem : "not readable");
}

/** True when the node's name says all because its children are not shown. */
static bool closed_text(struct op_text *text, const struct op_value_node *node)
{
	if (node->cycle)
		op_text_printf(text, " <0x%" PRIx64 ", shown around this>",
			       op_value_bits(&node->value));
	else if (node->cut && !node->child_count)
		op_text_append(text, " {...}");
	return node->cycle || (node->cut && !node->child_count);
}

static void struct_text(struct op_text *text, const struct op_value_node *node,
			const struct op_value_format *format)
{
	op_text_append(text, node->object_type ? node->object_type : "struct");
	if (closed_text(text, node))
		return;
	op_text_append(text, " {");
	for (size_t i = 0; i < node->child_count; i++) {
		const struct op_value_node *child = &node->children[i];
		op_text_append(text, i ? ", " : "");
		if (child->name)
			op_text_append(text, child->name);
		else
			op_text_printf(text, "field%" PRIu32, child->index);
		op_text_append(text, " = ");
		child_text(text, child, format);
	}
	op_text_append(text, "}");
	if (node->problem) {
		op_text_append_char(text, ' ');
		problem_text(text, node);
	}
}

/** "{10, 11, 12...}"; the first index is said when it is not 0. */
static void elements_text(struct op_text *text, const struct op_value_node *node,
			  const struct op_value_format *format)
{
	op_text_append(text, "{");
	for (size_t i = 0; i < node->child_count; i++) {
		op_text_append(text, i ? ", " : "");
		if (i == 0 && node->first)
			op_text_printf(text, "[%" PRIu64 "] = ", node->first);
		child_text(text, &node->children[i], format);
	}
	bool more = node->first + node->child_count < node->length;
	op_text_append(text, more ? "...}" : "}");
}

static void array_text(struct op_text *text, const struct op_value_node *node,
		       const struct op_value_format *format)
{
	op_text_printf(text, "%s[%" PRIu64 "]", node->object_type ? node->object_type : "array",
		       node->length);
	if (closed_text(text, node))
		return;
	op_text_append_char(text, ' ');
	elements_text(text, node, format);
	if (node->problem) {
		op_text_append_char(text, ' ');
		problem_text(text, node);
	}
}

static void exception_text(struct op_text *text, const struct op_value_node *node,
			   const struct op_value_format *format)
{
	op_text_printf(text, "exception %s", node->tag ? node->tag : "of an unknown tag");
	if (closed_text(text, node))
		return;
	op_text_append(text, " (");
	for (size_t i = 0; i < node->child_count; i++) {
		op_text_append(text, i ? ", " : "");
		child_text(text, &node->children[i], format);
	}
	op_text_append(text, ")");
}

static void function_text(struct op_text *text, const struct op_value_node *node,
			  const struct op_value_format *format)
{
	op_text_append(text, node->function ? node->function : "function");
	if (!node->module)
		return;
	op_text_printf(text, " (module %s", node->module);
	if (node->instance != UINT32_MAX)
		op_text_printf(text, ", instance %" PRIu32, node->instance);
	op_text_append(text, node->lazy ? ", not in the table yet)" : ")");
}

static void i31_text(struct op_text *text, const struct op_value_node *node,
		     const struct op_value_format *format)
{
	op_text_printf(text, "i31 %" PRId32, node->i31);
}

static void extern_text(struct op_text *text, const struct op_value_node *node,
			const struct op_value_format *format)
{
	op_text_printf(text, "host value %" PRIu32, node->host_id);
}

static void null_text(struct op_text *text, const struct op_value_node *node,
		      const struct op_value_format *format)
{
	op_text_append(text, "null");
}

static void plain_text(struct op_text *text, const struct op_value_node *node,
		       const struct op_value_format *format)
{
	value_text(text, node, format);
}

static void bad_text(struct op_text *text, const struct op_value_node *node,
		     const struct op_value_format *format)
{
	problem_text(text, node);
}

static void child_text(struct op_text *text, const struct op_value_node *node,
		       const struct op_value_format *format)
{
	static void (*const texts[])(struct op_text * text, const struct op_value_node *node,
				     const struct op_value_format *format) = {
		[OP_NODE_PLAIN] = plain_text,
		[OP_NODE_NULL] = null_text,
		[OP_NODE_I31] = i31_text,
		[OP_NODE_STRUCT] = struct_text,
		[OP_NODE_ARRAY] = array_text,
		[OP_NODE_EXCEPTION] = exception_text,
		[OP_NODE_EXTERN] = extern_text,
		[OP_NODE_FUNCTION] = function_text,
		[OP_NODE_HOST_FUNCTION] = function_text,
		[OP_NODE_RANGE] = elements_text,
		[OP_NODE_BAD] = bad_text,
	};
	texts[node->kind](text, node, format);
}

void op_node_text(struct op_text *text, const struct op_value_node *node,
		  const struct op_value_format *format)
{
	// The value itself comes first: it is what the guest has. A range has none, a reference
	// that is not written yet neither.
	bool has_value = node->kind != OP_NODE_RANGE && !node->lazy;
	if (has_value)
		value_text(text, node, format);
	if (!op_node_leads_on(node))
		return;
	op_text_append(text, has_value ? " " : "");
	child_text(text, node, format);
}

// JSON ----------------------------------------------------------------------------------------

static void children_json(struct op_json *json, const char *key, const struct op_value_node *node)
{
	op_json_begin_array(json, key);
	for (size_t i = 0; i < node->child_count; i++) {
		const struct op_value_node *child = &node->children[i];
		op_json_begin_object(json, NULL);
		op_json_uint(json, "index", child->index);
		if (node->kind == OP_NODE_STRUCT)
			op_json_string(json, "name", child->name);
		if (child->type)
			op_json_string(json, "type", child->type);
		op_value_json(json, "value", &child->value, false);
		op_node_json(json, "object", child);
		op_json_end_object(json);
	}
	op_json_end_array(json);
}

static void aggregate_json(struct op_json *json, const struct op_value_node *node)
{
	static const char *const keys[] = {[OP_NODE_STRUCT] = "fields",
					   [OP_NODE_ARRAY] = "elements",
					   [OP_NODE_EXCEPTION] = "payload",
					   [OP_NODE_RANGE] = "elements"};
	if (node->kind == OP_NODE_EXCEPTION)
		op_json_string(json, "tag", node->tag);
	else if (node->kind != OP_NODE_RANGE)
		op_json_string(json, "type", node->object_type);
	op_json_uint(json, "length", node->length);
	if (node->kind != OP_NODE_STRUCT && node->kind != OP_NODE_EXCEPTION)
		op_json_uint(json, "first", node->first);
	if (node->cycle)
		op_json_bool(json, "cycle", true);
	else if (node->cut)
		op_json_bool(json, "cut", true);
	if (!node->cycle)
		children_json(json, keys[node->kind], node);
}

static void function_json(struct op_json *json, const struct op_value_node *node)
{
	op_json_string(json, "function", node->function);
	if (node->kind == OP_NODE_HOST_FUNCTION)
		return;
	op_json_uint(json, "function_index", node->function_index);
	op_json_string(json, "module", node->module);
	if (node->instance != UINT32_MAX)
		op_json_uint(json, "instance", node->instance);
	else
		op_json_null(json, "instance");
}

void op_node_json(struct op_json *json, const char *key, const struct op_value_node *node)
{
	if (!op_node_leads_on(node))
		return;
	op_json_begin_object(json, key);
	op_json_string(json, "kind", op_node_kind_name(node->kind));
	switch (node->kind) {
	case OP_NODE_STRUCT:
	case OP_NODE_ARRAY:
	case OP_NODE_EXCEPTION:
	case OP_NODE_RANGE:
		aggregate_json(json, node);
		break;
	case OP_NODE_FUNCTION:
	case OP_NODE_HOST_FUNCTION:
		function_json(json, node);
		break;
	case OP_NODE_I31:
		op_json_int(json, "i31", node->i31);
		break;
	case OP_NODE_EXTERN:
		op_json_uint(json, "host_id", node->host_id);
		break;
	case OP_NODE_PLAIN:
	case OP_NODE_NULL:
	case OP_NODE_BAD:
		break;
	}
	if (node->lazy)
		op_json_bool(json, "lazy", true);
	if (node->problem)
		op_json_string(json, "problem", node->problem);
	op_json_end_object(json);
}
