// SPDX-License-Identifier: GPL-3.0-or-later
// The storage of an expression's tree: nodes that never move, and what they borrow. Limits what
// hostile debug information and long texts can make of it.
#ifndef OP_TRACER_EXPRESSION_NODES_H
#define OP_TRACER_EXPRESSION_NODES_H

#include "target-runtime/dwarf/location.h"
#include "tracer/expression_tree.h"

struct op_expression_tree;

/** @return NULL when memory is short. */
struct op_expression_tree *op_expression_tree_create(void);
void op_expression_tree_destroy(struct op_expression_tree *tree);

/** A copy of @p node at the end of the tree. Its name is the tree's from here on, also after an
 * error. @return OP_ERROR_LIMIT, also when a walk over the node would visit too many: nodes may be
 * shared. */
struct op_error *op_expression_tree_add(struct op_expression_tree *tree,
					const struct op_expression_node *node,
					const struct op_expression_node **ret);
struct op_error *op_expression_tree_constant(struct op_expression_tree *tree,
					     const struct op_operand *constant,
					     const struct op_expression_node **ret);
struct op_error *op_expression_tree_integer(struct op_expression_tree *tree, int64_t integer,
					    enum op_value_type type, bool is_unsigned,
					    const struct op_expression_node **ret);
/** *ret = *ret as @p access; a constant is converted at once. */
struct op_error *op_expression_tree_convert(struct op_expression_tree *tree,
					    const struct op_access_type *access,
					    const struct op_expression_node **ret);
struct op_error *op_expression_tree_binary(struct op_expression_tree *tree, enum op_operator what,
					   const struct op_expression_node *first,
					   const struct op_expression_node *end,
					   const struct op_expression_node **ret);
struct op_error *op_expression_tree_unary(struct op_expression_tree *tree, char what,
					  const struct op_expression_node *first,
					  const struct op_expression_node **ret);
/** *ret = *ret + offset, an address. */
struct op_error *op_expression_tree_offset(struct op_expression_tree *tree, uint64_t offset,
					   const struct op_expression_node **ret);
struct op_error *op_expression_tree_memory(struct op_expression_tree *tree, uint32_t memory,
					   const struct op_access_type *access,
					   const struct op_expression_node *address,
					   const struct op_expression_node **ret);

void op_expression_tree_each(struct op_expression_tree *tree,
			     void (*visit)(void *context, struct op_expression_node *node),
			     void *context);

/** Room that lives as long as the tree; zeroed. NULL when memory is short. */
void *op_expression_tree_room(struct op_expression_tree *tree, size_t size);
/** A location that lives as long as the tree, moved from @p location, which is empty then. */
struct op_error *op_expression_tree_location(struct op_expression_tree *tree,
					     struct op_debug_location *location,
					     const struct op_debug_location **ret);

#endif
