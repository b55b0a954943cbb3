// SPDX-License-Identifier: GPL-3.0-or-later
// What of expressions there is compiled code for, decided from the tree alone, before any code is
// made. Knows no instruction set and no place.
#include "tracer/agent/stub_private.h"

static const char *const uncompiled[] = {
	[OP_EXPRESSION_TABLE] = "elements of tables",
	[OP_EXPRESSION_FIELD] = "fields of objects",
	[OP_EXPRESSION_ELEMENT] = "elements of arrays",
	[OP_EXPRESSION_OBJECT] = "objects",
};

static bool is_real(const struct op_expression_node *node)
{
	return node->type.type == OP_VALUE_F32 || node->type.type == OP_VALUE_F64;
}

static bool is_same(struct op_expression_type a, struct op_expression_type b)
{
	return a.known && b.known && a.type == b.type && a.is_unsigned == b.is_unsigned;
}

// The type that follows from what is below a node; the code is made for no other.
static struct op_expression_type type_below(const struct op_expression_node *node)
{
	switch (node->kind) {
	case OP_EXPRESSION_CONSTANT:
		return op_operand_type(&node->constant);
	case OP_EXPRESSION_PC:
		return (struct op_expression_type){
			.known = true, .type = OP_VALUE_I32, .is_unsigned = true};
	case OP_EXPRESSION_MEMORY:
	case OP_EXPRESSION_CONVERT:
		return (struct op_expression_type){.known = true,
						   .type = node->access->type,
						   .is_unsigned = node->access->is_unsigned};
	case OP_EXPRESSION_UNARY:
		return op_expression_unary_type(node->unary, node->first->type);
	case OP_EXPRESSION_BINARY:
		return op_expression_binary_type(node->binary, node->first->type, node->end->type);
	case OP_EXPRESSION_CHOICE:
		return is_same(node->first->type, node->end->type) ? node->first->type
								   : (struct op_expression_type){0};
	default:
		return node->type;
	}
}

static struct op_error *check_access(const char *text, const struct op_access_type *access)
{
	bool narrow = access->type == OP_VALUE_I32 && (access->width == 1 || access->width == 2);
	if (access->type <= OP_VALUE_F64 &&
	    (narrow || access->width == op_value_type_size(access->type)))
		return NULL;
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "\"%s\": code inside the target cannot calculate with %s", text,
			       access->name);
}

static struct op_error *check_node(const char *text, const struct op_expression_node *node)
{
	if (node->kind < OP_ARRAY_SIZE(uncompiled) && uncompiled[node->kind])
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": code inside the target cannot follow %s", text,
				       uncompiled[node->kind]);
	const struct op_expression_node *const children[] = {node->base, node->first, node->end};
	for (size_t i = 0; i < OP_ARRAY_SIZE(children); i++) {
		struct op_error *err = children[i] ? check_node(text, children[i]) : NULL;
		if (err)
			return err;
	}
	struct op_error *err = NULL;
	if (node->kind == OP_EXPRESSION_MEMORY || node->kind == OP_EXPRESSION_CONVERT)
		err = check_access(text, node->access);
	if (!err && node->kind == OP_EXPRESSION_MEMORY && is_real(node->first))
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": an address must be an integer",
				      text);
	if (!err && node->kind == OP_EXPRESSION_UNARY)
		err = op_operand_check_unary(text, node->unary, node->first->type);
	if (!err && node->kind == OP_EXPRESSION_BINARY)
		err = op_operand_check(text, node->binary, node->first->type, node->end->type);
	if (!err && !is_same(node->type, type_below(node)))
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "\"%s\": the type of a value in it is not known before it is "
				      "read",
				      text);
	if (!err && node->type.type > OP_VALUE_F64)
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "\"%s\": code inside the target cannot calculate with %s",
				      text, op_value_type_name(node->type.type));
	return err;
}

struct op_error *op_stub_expression_check(const struct op_expression *expression)
{
	return check_node(expression->text, expression->root);
}

bool op_stub_expression_fails(const struct op_expression_node *node)
{
	bool may = node->kind == OP_EXPRESSION_MEMORY ||
		   (node->kind == OP_EXPRESSION_BINARY &&
		    (node->binary == OP_OPERATOR_DIV || node->binary == OP_OPERATOR_MOD)) ||
		   (node->kind == OP_EXPRESSION_CONVERT && is_real(node->first));
	return may || (node->base && op_stub_expression_fails(node->base)) ||
	       (node->first && op_stub_expression_fails(node->first)) ||
	       (node->end && op_stub_expression_fails(node->end));
}
