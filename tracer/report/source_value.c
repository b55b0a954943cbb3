// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the guest's language; see source_value.h. Knows no session.
#include "tracer/report/source_value.h"

#include <inttypes.h>

struct writer {
	struct op_text *text;
	const struct op_source_style *style;
	unsigned level; // of indentation, when members are in lines of their own
};

static void value(struct writer *w, const struct op_source_node *node);

static void begin_line(struct writer *w)
{
	op_text_printf(w->text, "\n%*s", (int)w->level * 2, "");
}

// Aggregates ----------------------------------------------------------------------------------

/** The signs around the parts of an aggregate. */
struct brackets {
	const char *open, *close, *assign;
};

static struct brackets brackets_of(const struct op_source_node *node)
{
	if (node->is_tuple)
		return (struct brackets){"(", ")", ""};
	if (node->kind == OP_SOURCE_NODE_ARRAY)
		return node->is_rust ? (struct brackets){"[", "]", ""}
				     : (struct brackets){"{", "}", ""};
	return (struct brackets){"{", "}", node->is_rust ? ": " : " = "};
}

static bool is_aggregate(const struct op_source_node *node)
{
	return node->child_count > 0;
}

// Members get lines of their own; elements do when they are aggregates themselves.
static bool in_lines(const struct writer *w, const struct op_source_node *node)
{
	if (!w->style->pretty || node->is_tuple)
		return false;
	return node->kind != OP_SOURCE_NODE_ARRAY || is_aggregate(&node->children[0]);
}

static void part_name(struct writer *w, const struct op_source_node *part, const char *assign)
{
	if (!part->name || !*assign)
		return;
	op_text_append(w->text, part->is_static ? "static " : "");
	op_text_printf(w->text, part->is_base ? "<%s>" : "%s", part->name);
	op_text_append(w->text, assign);
}

static void separate(struct writer *w, size_t index, bool lines)
{
	if (index)
		op_text_append(w->text, lines ? "," : ", ");
	if (lines)
		begin_line(w);
}

static void pairs(struct writer *w, const struct op_source_node *node, bool lines)
{
	for (size_t i = 0; i + 1 < node->child_count; i += 2) {
		separate(w, i, lines);
		op_text_append(w->text, node->is_rust ? "" : "[");
		value(w, &node->children[i]);
		op_text_append(w->text, node->is_rust ? ": " : "] = ");
		value(w, &node->children[i + 1]);
	}
}

static void parts(struct writer *w, const struct op_source_node *node, const char *assign,
		  bool lines)
{
	for (size_t i = 0; i < node->child_count; i++) {
		const struct op_source_node *part = &node->children[i];
		separate(w, i, lines);
		part_name(w, part, assign);
		value(w, part);
		if (part->repeats)
			op_text_printf(w->text, " <repeats %" PRIu64 " times>", part->repeats);
	}
}

static void contents(struct writer *w, const struct op_source_node *node)
{
	struct brackets brackets = brackets_of(node);
	bool lines = node->child_count && in_lines(w, node);
	op_text_append(w->text, brackets.open);
	w->level++;
	if (node->kind == OP_SOURCE_NODE_MAP)
		pairs(w, node, lines);
	else
		parts(w, node, brackets.assign, lines);
	w->level--;
	op_text_append(w->text, node->cut ? "..." : "");
	if (lines)
		begin_line(w);
	op_text_append(w->text, brackets.close);
}

// What stands between a summary and the parts: Rust's "Some(5)" and "Point {x: 1}", but "Vec of
// length 2 = [1, 2]".
static const char *joint(const struct op_source_node *node)
{
	if (node->kind != OP_SOURCE_NODE_STRUCT || !node->is_rust)
		return " = ";
	return node->is_tuple ? "" : " ";
}

static void aggregate(struct writer *w, const struct op_source_node *node)
{
	// Without parts the summary says all: "None", "std::vector of length 0".
	bool has_contents = node->child_count || (!node->problem && (node->cut || !node->summary));
	if (node->summary)
		op_text_printf(w->text, "%s%s", node->summary, has_contents ? joint(node) : "");
	if (has_contents)
		contents(w, node);
}

// Values --------------------------------------------------------------------------------------

static void problem(struct writer *w, const struct op_source_node *node, const char *before)
{
	if (node->problem)
		op_text_printf(w->text, "%s<%s>", before, node->problem);
}

static void value(struct writer *w, const struct op_source_node *node)
{
	if (node->is_reference && node->has_place)
		op_text_printf(w->text, "@0x%" PRIx64 ": ", node->address);
	size_t start = w->text->size;
	switch (node->kind) {
	case OP_SOURCE_NODE_SCALAR:
	case OP_SOURCE_NODE_POINTER:
	case OP_SOURCE_NODE_STRING:
		op_text_append(w->text, node->text ?: "");
		break;
	case OP_SOURCE_NODE_STRUCT:
	case OP_SOURCE_NODE_ARRAY:
	case OP_SOURCE_NODE_MAP:
		aggregate(w, node);
		break;
	case OP_SOURCE_NODE_MISSING:
		break;
	}
	problem(w, node, w->text->size > start ? " " : "");
}

void op_source_value_text(struct op_text *text, const struct op_source_node *node,
			  const struct op_source_style *style)
{
	struct writer w = {.text = text, .style = style};
	bool is_pointer = node->kind == OP_SOURCE_NODE_POINTER;
	if (style->typed && node->type && (is_pointer || node->is_reference))
		op_text_printf(text, "(%s) ", node->type);
	value(&w, node);
	op_text_append(text, node->recovered ? " [recovered from the shadow stack]" : "");
	op_text_append(text, node->native ? " [by native debug information]" : "");
}

void op_source_variables_text(struct op_output *out, const struct op_source_node *nodes,
			      size_t count, const struct op_source_style *style, const char *indent)
{
	for (size_t i = 0; i < count; i++) {
		op_output_printf(out, "%s", indent);
		op_output_styled(out, OP_STYLE_NAME, "%s", nodes[i].name ?: "");
		op_output_printf(out, " = ");
		op_source_value_text(&out->text, &nodes[i], style);
		op_output_styled(out, OP_STYLE_DIM, "%s", nodes[i].shadowed ? "  (shadowed)" : "");
		op_output_printf(out, "\n");
		op_output_drain(out);
	}
}

// JSON ----------------------------------------------------------------------------------------

static void flag_json(struct op_json *json, const char *key, bool set)
{
	if (set)
		op_json_bool(json, key, true);
}

static void optional_json(struct op_json *json, const char *key, const char *text)
{
	if (text)
		op_json_string(json, key, text);
}

static void place_json(struct op_json *json, const struct op_source_node *node)
{
	op_json_begin_object(json, "place");
	op_json_uint(json, "memory", node->memory);
	op_json_uint(json, "address", node->address);
	op_json_uint(json, "size", node->size);
	op_json_end_object(json);
}

void op_source_value_json(struct op_json *json, const char *key, const struct op_source_node *node)
{
	op_json_begin_object(json, key);
	optional_json(json, "name", node->name);
	op_json_string(json, "kind", op_source_node_kind_name(node->kind));
	optional_json(json, "type", node->type);
	optional_json(json, "text", node->text);
	optional_json(json, "summary", node->summary);
	optional_json(json, "problem", node->problem);
	if (node->has_place)
		place_json(json, node);
	flag_json(json, "base", node->is_base);
	flag_json(json, "static", node->is_static);
	flag_json(json, "reference", node->is_reference);
	flag_json(json, "recovered", node->recovered);
	flag_json(json, "native", node->native);
	flag_json(json, "shadowed", node->shadowed);
	flag_json(json, "cut", node->cut);
	if (node->repeats)
		op_json_uint(json, "repeats", node->repeats);
	if (node->kind >= OP_SOURCE_NODE_STRUCT && node->kind <= OP_SOURCE_NODE_MAP) {
		op_json_uint(json, "length", node->length);
		op_source_variables_json(json, "children", node->children, node->child_count);
	}
	op_json_end_object(json);
}

void op_source_variables_json(struct op_json *json, const char *key,
			      const struct op_source_node *nodes, size_t count)
{
	op_json_begin_array(json, key);
	for (size_t i = 0; i < count; i++)
		op_source_value_json(json, NULL, &nodes[i]);
	op_json_end_array(json);
}
