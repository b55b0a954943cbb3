// SPDX-License-Identifier: GPL-3.0-or-later
// Where control can go inside one function. Knows nothing of machine code, but follows what
// Wasmtime makes of the structure: a slot stands before each operator in the straight line of the
// text (crates/cranelift/src/translate/code_translator.rs), and a branch goes past the slots of the
// structure it names. Checked against real runs by tests/e2e/check_wasm_flow.py:
//
// - a branch to a block, if or try_table comes to the operator after its `end`; the slot of the
//   `end` itself is only passed by what runs into it;
// - a branch to a loop comes to the operator after the `loop`;
// - an `if` whose condition is false comes to the operator after its `else`, or, without one, after
//   its `end`;
// - the `else` is passed by what runs out of the first arm, which then comes to the operator after
//   the `end`;
// - a branch to the outermost label leaves the function without passing its `end`.
#include <inttypes.h>

#include "target-runtime/wasm/immediates.h"
#include "target-runtime/wasm/module_private.h"

enum { NONE = UINT32_MAX };

struct node {
	struct op_wasm_instruction instruction;
	uint32_t try_table; /**< the innermost try_table around it, NONE: there is none */
	uint32_t end;       /**< structures, else: the `end` */
	uint32_t first;     /**< if: its else, or NONE; with labels: the first of them in targets */
	uint32_t count;     /**< of labels */
};

struct op_wasm_flow {
	struct OP_ARRAY(struct node) nodes;
	/** What labels name: opening instructions, NONE for the function itself. */
	struct OP_ARRAY(uint32_t) targets;
};

/** What is open while a body is read, from the outermost inwards; and scratch room for labels. */
struct builder {
	struct op_wasm_flow *flow;
	struct OP_ARRAY(uint32_t) open;
	struct op_wasm_labels labels;
};

static void builder_deinit(struct builder *builder)
{
	free(builder->open.data);
	free(builder->labels.data);
}

static void flow_destroyp(struct op_wasm_flow **flow)
{
	op_wasm_flow_destroy(*flow);
}

static uint32_t innermost(const struct builder *builder)
{
	return builder->open.count ? builder->open.data[builder->open.count - 1] : NONE;
}

static uint32_t innermost_try_table(const struct builder *builder)
{
	uint32_t opening = innermost(builder);
	if (opening == NONE)
		return NONE;
	const struct node *node = &builder->flow->nodes.data[opening];
	return node->instruction.control == OP_WASM_TRY_TABLE ? opening : node->try_table;
}

static struct op_error *labels_resolve(struct builder *builder, const struct op_reader *r,
				       struct node *node)
{
	node->first = (uint32_t)builder->flow->targets.count;
	node->count = (uint32_t)builder->labels.count;
	for (size_t i = 0; i < builder->labels.count; i++) {
		uint32_t depth = builder->labels.data[i];
		if (depth > builder->open.count)
			return op_reader_fail(r, "label %" PRIu32 " names no structure", depth);
		uint32_t target = depth == builder->open.count
					  ? NONE
					  : builder->open.data[builder->open.count - 1 - depth];
		if (!op_array_push(&builder->flow->targets, target))
			return op_error_no_memory();
	}
	return NULL;
}

static bool opens_structure(enum op_wasm_control control)
{
	return control == OP_WASM_BLOCK || control == OP_WASM_LOOP || control == OP_WASM_IF ||
	       control == OP_WASM_TRY_TABLE;
}

// An else, and the catch and catch_all of the legacy exception proposal, which start another arm in
// the same way.
static struct op_error *arm_add(struct builder *builder, const struct op_reader *r, uint32_t index)
{
	enum { OPCODE_ELSE = 0x05, OPCODE_TRY = 0x06 };
	struct node *nodes = builder->flow->nodes.data;
	uint32_t opening = innermost(builder);
	bool is_else = nodes[index].instruction.opcode == OPCODE_ELSE;
	if (opening == NONE || (is_else ? nodes[opening].instruction.control != OP_WASM_IF ||
						  nodes[opening].first != NONE
					: nodes[opening].instruction.opcode != OPCODE_TRY))
		return op_reader_fail(r, "an arm of a structure that is not open");
	if (is_else)
		nodes[opening].first = index;
	// Its end is that of the opening, which is not known yet: until then the chain of arms
	// hangs on the opening.
	nodes[index].end = nodes[opening].end;
	nodes[opening].end = index;
	return NULL;
}

static void structure_close(struct builder *builder, uint32_t end)
{
	struct node *nodes = builder->flow->nodes.data;
	uint32_t opening = builder->open.data[--builder->open.count];
	nodes[end].try_table = nodes[opening].try_table;
	for (uint32_t arm = opening; arm != NONE;) {
		uint32_t next = nodes[arm].end;
		nodes[arm].end = end;
		arm = next;
	}
}

static struct op_error *node_add(struct builder *builder, struct op_reader *r, bool *ret_done)
{
	struct op_reader start = *r;
	struct node node = {.try_table = innermost_try_table(builder), .end = NONE, .first = NONE};
	builder->labels.count = 0;
	struct op_error *error = op_wasm_instruction_read(r, &builder->labels, &node.instruction);
	// A try_table's catch clauses count labels from outside of it, so it opens after they are
	// resolved.
	if (!error && builder->labels.count)
		error = labels_resolve(builder, &start, &node);
	if (error)
		return error;
	uint32_t index = (uint32_t)builder->flow->nodes.count;
	if (!op_array_push(&builder->flow->nodes, node))
		return op_error_no_memory();
	enum op_wasm_control control = node.instruction.control;
	if (opens_structure(control) && !op_array_push(&builder->open, index))
		return op_error_no_memory();
	if (control == OP_WASM_ELSE)
		return arm_add(builder, &start, index);
	if (control == OP_WASM_END) {
		*ret_done = !builder->open.count;
		if (!*ret_done)
			structure_close(builder, index);
	}
	return NULL;
}

struct op_error *op_wasm_flow_create(const struct op_wasm_module *module, uint32_t function,
				     struct op_wasm_flow **ret)
{
	struct op_wasm_body body;
	if (!op_wasm_module_function_body(module, function, &body))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "function %" PRIu32 " has no body in this module", function);
	struct op_reader r = op_reader(&module->bytes), code;
	struct op_error *error = op_reader_seek(&r, body.code_start);
	if (!error)
		error = op_reader_sub(&r, body.end - body.code_start, &code);
	if (error)
		return error;
	_cleanup_(flow_destroyp) struct op_wasm_flow *flow = calloc(1, sizeof(*flow));
	if (!flow)
		return op_error_no_memory();
	_cleanup_(builder_deinit) struct builder builder = {.flow = flow};
	bool done = false;
	while (!error && !done)
		error = node_add(&builder, &code, &done);
	if (!error && op_reader_left(&code))
		return op_reader_fail(
			&code, "there is code after the final end of function %" PRIu32, function);
	if (error)
		return error;
	*ret = op_take(flow);
	return NULL;
}

void op_wasm_flow_destroy(struct op_wasm_flow *flow)
{
	if (!flow)
		return;
	free(flow->nodes.data);
	free(flow->targets.data);
	free(flow);
}

size_t op_wasm_flow_count(const struct op_wasm_flow *flow)
{
	return flow->nodes.count;
}

const struct op_wasm_instruction *op_wasm_flow_instruction(const struct op_wasm_flow *flow,
							   size_t index)
{
	return index < flow->nodes.count ? &flow->nodes.data[index].instruction : NULL;
}

bool op_wasm_flow_find(const struct op_wasm_flow *flow, uint32_t offset, size_t *ret_index)
{
	size_t low = 0, high = flow->nodes.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (flow->nodes.data[middle].instruction.offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == flow->nodes.count || flow->nodes.data[low].instruction.offset != offset)
		return false;
	*ret_index = low;
	return true;
}

/** The answer while it is put together. */
struct places {
	struct OP_ARRAY(uint32_t) offsets;
	bool leaves;
	bool failed;
};

static void places_deinit(struct places *places)
{
	free(places->offsets.data);
}

static void add_node(struct places *places, const struct op_wasm_flow *flow, size_t index)
{
	if (index >= flow->nodes.count)
		return;
	if (!op_array_push(&places->offsets, flow->nodes.data[index].instruction.offset))
		places->failed = true;
}

// Where a branch to the structure that @p opening opens comes out.
static void add_target(struct places *places, const struct op_wasm_flow *flow, uint32_t opening)
{
	if (opening == NONE)
		places->leaves = true;
	else if (flow->nodes.data[opening].instruction.control == OP_WASM_LOOP)
		add_node(places, flow, (size_t)opening + 1);
	else
		add_node(places, flow, (size_t)flow->nodes.data[opening].end + 1);
}

static void add_targets(struct places *places, const struct op_wasm_flow *flow,
			const struct node *node)
{
	for (uint32_t i = 0; i < node->count; i++)
		add_target(places, flow, flow->targets.data[node->first + i]);
}

static void add_catches(struct places *places, const struct op_wasm_flow *flow,
			const struct node *node)
{
	for (uint32_t i = node->try_table; i != NONE; i = flow->nodes.data[i].try_table)
		add_targets(places, flow, &flow->nodes.data[i]);
}

static int offset_compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static struct op_error *places_finish(struct places *places, uint32_t **ret, size_t *ret_count)
{
	if (places->failed)
		return op_error_no_memory();
	uint32_t *offsets = places->offsets.data;
	size_t count = 0;
	if (places->offsets.count)
		qsort(offsets, places->offsets.count, sizeof(*offsets), offset_compare);
	for (size_t i = 0; i < places->offsets.count; i++) {
		if (!count || offsets[count - 1] != offsets[i])
			offsets[count++] = offsets[i];
	}
	*ret = op_take(places->offsets.data);
	*ret_count = count;
	return NULL;
}

struct op_error *op_wasm_flow_successors(const struct op_wasm_flow *flow, size_t index,
					 uint32_t **ret, size_t *ret_count, bool *ret_leaves)
{
	if (index >= flow->nodes.count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the function has no instruction number %zu", index);
	const struct node *node = &flow->nodes.data[index];
	_cleanup_(places_deinit) struct places places = {0};
	switch (node->instruction.control) {
	case OP_WASM_PLAIN:
	case OP_WASM_BLOCK:
	case OP_WASM_LOOP:
	case OP_WASM_TRY_TABLE:
	case OP_WASM_CALL:
		add_node(&places, flow, index + 1);
		break;
	case OP_WASM_END:
		places.leaves = index + 1 == flow->nodes.count;
		add_node(&places, flow, index + 1);
		break;
	case OP_WASM_IF:
		add_node(&places, flow, index + 1);
		add_node(&places, flow,
			 (size_t)(node->first != NONE ? node->first : node->end) + 1);
		break;
	case OP_WASM_ELSE:
		add_node(&places, flow, (size_t)node->end + 1);
		break;
	// Handlers of a resume are labels too: a suspension comes out there.
	case OP_WASM_CALL_INDIRECT:
	case OP_WASM_BR_COND:
		add_node(&places, flow, index + 1);
		add_targets(&places, flow, node);
		break;
	case OP_WASM_BR:
	case OP_WASM_BR_TABLE:
		add_targets(&places, flow, node);
		break;
	case OP_WASM_THROW:
		places.leaves = true;
		add_catches(&places, flow, node);
		break;
	case OP_WASM_RETURN:
	case OP_WASM_UNREACHABLE:
	case OP_WASM_RETURN_CALL:
	case OP_WASM_RETURN_CALL_INDIRECT:
		places.leaves = true;
		break;
	}
	struct op_error *error = places_finish(&places, ret, ret_count);
	if (!error)
		*ret_leaves = places.leaves;
	return error;
}

struct op_error *op_wasm_flow_catch_targets(const struct op_wasm_flow *flow, size_t index,
					    uint32_t **ret, size_t *ret_count)
{
	if (index >= flow->nodes.count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the function has no instruction number %zu", index);
	_cleanup_(places_deinit) struct places places = {0};
	add_catches(&places, flow, &flow->nodes.data[index]);
	return places_finish(&places, ret, ret_count);
}
