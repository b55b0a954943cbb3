// SPDX-License-Identifier: GPL-3.0-or-later
// Locations of variables as expression trees: what DWARF calculates on a stack becomes nodes that
// the interpreter evaluates and tracer/agent compiles. Knows no DWARF.
#ifndef OP_TRACER_SOURCE_LOCATION_H
#define OP_TRACER_SOURCE_LOCATION_H

#include "target-runtime/dwarf/location.h"
#include "tracer/expression_nodes.h"

/**
 * The tree of what steps leave on top of their stack.
 * @param[in] scope tells the types of locals, operands and globals.
 * @return OP_ERROR_FORMAT for steps that make no sense, OP_ERROR_UNSUPPORTED, OP_ERROR_LIMIT.
 */
struct op_error *op_source_location_tree(struct op_expression_tree *tree,
					 const struct op_expression_scope *scope,
					 const struct op_location_step *steps, size_t count,
					 const struct op_expression_node **ret);

/** A Wasm local, global or operand as a leaf; @p kind is OP_LOCATION_WASM_*. */
struct op_error *op_source_location_leaf(struct op_expression_tree *tree,
					 const struct op_expression_scope *scope,
					 enum op_location_kind kind, uint32_t index,
					 const struct op_expression_node **ret);

#endif
