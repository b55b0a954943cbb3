// SPDX-License-Identifier: GPL-3.0-or-later
// What expression_parse.c (the grammar) and expression_names.c (what stands for a name) share.
#ifndef OP_TRACER_EXPRESSION_PARSER_H
#define OP_TRACER_EXPRESSION_PARSER_H

#include "tracer/expression_tree.h"

struct op_expression_tree;

struct op_parser {
	const char *text, *at;
	const struct op_expression_scope *scope;
	struct op_expression_tree *tree;
	unsigned depth;
};

// expression_parse.c
/** True when @p token comes next; it is taken. */
bool op_parser_accept(struct op_parser *p, const char *token);
/** "WHAT is expected", and where. */
struct op_error *op_parser_syntax(const struct op_parser *p, const char *what);
/** A copy of @p node at the end of the tree. Its name is the tree's from here on, also after an
 * error. */
struct op_error *op_parser_add(struct op_parser *p, const struct op_expression_node *node,
			       const struct op_expression_node **ret);
const struct op_access_type *op_parser_accept_type(struct op_parser *p);
/** An expression of any operators. */
struct op_error *op_parser_expression(struct op_parser *p, const struct op_expression_node **ret);

// expression_names.c
/** What stands behind a '$'. */
struct op_error *op_parser_dollar(struct op_parser *p, const struct op_expression_node **ret);
/** A local's name. */
struct op_error *op_parser_name(struct op_parser *p, const struct op_expression_node **ret);
/** Fields and elements behind a value: .field2 [3] [2..5]. */
struct op_error *op_parser_postfix(struct op_parser *p, const struct op_expression_node **ret);
/** *REFERENCE: what it refers to. */
struct op_error *op_parser_object(struct op_parser *p, const struct op_expression_node **ret);

#endif
