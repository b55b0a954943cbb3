// SPDX-License-Identifier: GPL-3.0-or-later
// What expression.c (the grammar) and expression_places.c (what of the guest a name means) share.
#ifndef OP_TRACER_EXPRESSION_H
#define OP_TRACER_EXPRESSION_H

#include "tracer/operand.h"
#include "tracer/session.h"

struct op_parser {
	struct op_session *session;
	const struct op_frame *frame; /**< NULL: none */
	const char *text, *at;
	unsigned depth;
};

// expression.c
void op_parser_skip_space(struct op_parser *p);
/** True when @p token comes next; it is taken. */
bool op_parser_accept(struct op_parser *p, const char *token);
/** "WHAT is expected", and where. */
struct op_error *op_parser_syntax(const struct op_parser *p, const char *what);
const struct op_access_type *op_parser_accept_type(struct op_parser *p);
/** An expression of any operators. */
struct op_error *op_parser_expression(struct op_parser *p, struct op_operand *ret);

// expression_places.c
/** What stands behind a '$'. */
struct op_error *op_parser_dollar(struct op_parser *p, struct op_operand *ret);
/** A local's name. */
struct op_error *op_parser_name(struct op_parser *p, struct op_operand *ret);
/** Fields and elements behind a value: .field2 [3] [2..5]. */
struct op_error *op_parser_postfix(struct op_parser *p, struct op_operand *ret);
/** *REFERENCE: what it refers to. */
struct op_error *op_parser_dereference(struct op_parser *p, struct op_operand *ret);

#endif
