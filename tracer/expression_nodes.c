// SPDX-License-Identifier: GPL-3.0-or-later
// The storage of expression trees; see expression_nodes.h.
#include "tracer/expression_nodes.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 };

struct tree_node {
	struct op_expression_node node; // first: what others point to
	unsigned height;
	unsigned walk; // nodes that a walk from here on visits
};

// Nodes never move: their parents point to them.
struct block {
	struct block *next;
	size_t count;
	struct tree_node nodes[BLOCK];
};

struct kept {
	struct kept *next;
	struct op_debug_location location;
	max_align_t room[];
};

struct op_expression_tree {
	struct block *first, *last;
	struct kept *kept;
	size_t count;
};

struct op_expression_tree *op_expression_tree_create(void)
{
	return calloc(1, sizeof(struct op_expression_tree));
}

void op_expression_tree_destroy(struct op_expression_tree *tree)
{
	if (!tree)
		return;
	for (struct block *block = tree->first, *next; block; block = next) {
		next = block->next;
		for (size_t i = 0; i < block->count; i++)
			free((char *)block->nodes[i].node.name);
		free(block);
	}
	for (struct kept *kept = tree->kept, *next; kept; kept = next) {
		next = kept->next;
		op_location_deinit(&kept->location);
		free(kept);
	}
	free(tree);
}

static const struct tree_node *tree_node(const struct op_expression_node *node)
{
	return (const struct tree_node *)node;
}

static struct op_error *too_large(void)
{
	return op_error_create(OP_ERROR_LIMIT, "the expression is too long");
}

static struct tree_node *room_for_node(struct op_expression_tree *tree)
{
	if (!tree->last || tree->last->count == BLOCK) {
		struct block *block = calloc(1, sizeof(*block));
		if (!block)
			return NULL;
		if (tree->last)
			tree->last->next = block;
		else
			tree->first = block;
		tree->last = block;
	}
	tree->count++;
	return &tree->last->nodes[tree->last->count++];
}

struct op_error *op_expression_tree_add(struct op_expression_tree *tree,
					const struct op_expression_node *node,
					const struct op_expression_node **ret)
{
	const struct op_expression_node *const children[] = {node->base, node->first, node->end};
	struct tree_node added = {.node = *node, .walk = 1};
	for (size_t i = 0; i < OP_ARRAY_SIZE(children); i++) {
		if (!children[i])
			continue;
		if (tree_node(children[i])->height > added.height)
			added.height = tree_node(children[i])->height;
		added.walk += tree_node(children[i])->walk;
	}
	added.height++;
	bool fits = tree->count < OP_EXPRESSION_NODES_MAX && added.walk <= OP_EXPRESSION_NODES_MAX;
	struct tree_node *place = fits ? room_for_node(tree) : NULL;
	if (!place) {
		free((char *)node->name);
		return fits ? op_error_no_memory() : too_large();
	}
	*place = added;
	*ret = &place->node;
	return added.height <= OP_EXPRESSION_HEIGHT_MAX ? NULL : too_large();
}

struct op_error *op_expression_tree_constant(struct op_expression_tree *tree,
					     const struct op_operand *constant,
					     const struct op_expression_node **ret)
{
	return op_expression_tree_add(tree,
				      &(struct op_expression_node){
					      .kind = OP_EXPRESSION_CONSTANT,
					      .type = op_operand_type(constant),
					      .constant = *constant,
				      },
				      ret);
}

struct op_error *op_expression_tree_integer(struct op_expression_tree *tree, int64_t integer,
					    enum op_value_type type, bool is_unsigned,
					    const struct op_expression_node **ret)
{
	struct op_operand operand = op_operand_integer(integer, type, is_unsigned);
	return op_expression_tree_constant(tree, &operand, ret);
}

struct op_error *op_expression_tree_convert(struct op_expression_tree *tree,
					    const struct op_access_type *access,
					    const struct op_expression_node **ret)
{
	return op_expression_tree_add(tree,
				      &(struct op_expression_node){
					      .kind = OP_EXPRESSION_CONVERT,
					      .type = {true, access->type, access->is_unsigned},
					      .access = access,
					      .first = *ret,
				      },
				      ret);
}

struct op_error *op_expression_tree_binary(struct op_expression_tree *tree, enum op_operator what,
					   const struct op_expression_node *first,
					   const struct op_expression_node *end,
					   const struct op_expression_node **ret)
{
	return op_expression_tree_add(
		tree,
		&(struct op_expression_node){
			.kind = OP_EXPRESSION_BINARY,
			.type = op_expression_binary_type(what, first->type, end->type),
			.binary = what,
			.first = first,
			.end = end,
		},
		ret);
}

struct op_error *op_expression_tree_unary(struct op_expression_tree *tree, char what,
					  const struct op_expression_node *first,
					  const struct op_expression_node **ret)
{
	return op_expression_tree_add(tree,
				      &(struct op_expression_node){
					      .kind = OP_EXPRESSION_UNARY,
					      .type = op_expression_unary_type(what, first->type),
					      .unary = what,
					      .first = first,
				      },
				      ret);
}

struct op_error *op_expression_tree_offset(struct op_expression_tree *tree, uint64_t offset,
					   const struct op_expression_node **ret)
{
	const struct op_expression_node *address = *ret, *added;
	enum op_value_type type = address->type.known && address->type.type == OP_VALUE_I64
					  ? OP_VALUE_I64
					  : OP_VALUE_I32;
	if (!offset)
		return NULL;
	struct op_error *err;
	if (address->kind == OP_EXPRESSION_CONSTANT)
		return op_expression_tree_integer(
			tree, (int64_t)((uint64_t)address->constant.integer + offset), type, true,
			ret);
	err = op_expression_tree_integer(tree, (int64_t)offset, type, true, &added);
	return err ?: op_expression_tree_binary(tree, OP_OPERATOR_ADD, address, added, ret);
}

struct op_error *op_expression_tree_memory(struct op_expression_tree *tree, uint32_t memory,
					   const struct op_access_type *access,
					   const struct op_expression_node *address,
					   const struct op_expression_node **ret)
{
	return op_expression_tree_add(tree,
				      &(struct op_expression_node){
					      .kind = OP_EXPRESSION_MEMORY,
					      .type = {true, access->type, access->is_unsigned},
					      .index = memory,
					      .access = access,
					      .first = address,
				      },
				      ret);
}

void op_expression_tree_each(struct op_expression_tree *tree,
			     void (*visit)(void *context, struct op_expression_node *node),
			     void *context)
{
	for (struct block *block = tree->first; block; block = block->next)
		for (size_t i = 0; i < block->count; i++)
			visit(context, &block->nodes[i].node);
}

static struct kept *keep(struct op_expression_tree *tree, size_t size)
{
	struct kept *kept = calloc(1, sizeof(*kept) + size);
	if (!kept)
		return NULL;
	kept->next = tree->kept;
	tree->kept = kept;
	return kept;
}

void *op_expression_tree_room(struct op_expression_tree *tree, size_t size)
{
	struct kept *kept = keep(tree, size);
	return kept ? kept->room : NULL;
}

struct op_error *op_expression_tree_location(struct op_expression_tree *tree,
					     struct op_debug_location *location,
					     const struct op_debug_location **ret)
{
	struct kept *kept = keep(tree, 0);
	if (!kept)
		return op_error_no_memory();
	kept->location = *location;
	*location = (struct op_debug_location){0};
	*ret = &kept->location;
	return NULL;
}
