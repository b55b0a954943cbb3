// SPDX-License-Identifier: GPL-3.0-or-later
// From text in C syntax to a tree: the grammar, literals, and the tree's storage. What names are is
// in expression_names.c; nothing is read of a target here.
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_parser.h"

enum {
	DEPTH_MAX = 128, // of nesting, a parenthesis counts twice: what a person types stays below
};

struct tree_node {
	struct op_expression_node node; // first: what others point to
	unsigned height;
};

// Nodes never move: their parents point to them.
struct op_expression_tree {
	size_t count, capacity;
	struct tree_node nodes[];
};

struct op_error *op_parser_syntax(const struct op_parser *p, const char *what)
{
	if (!*p->at)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" ends where %s is expected", p->text,
				       what);
	return op_error_create(OP_ERROR_SYNTAX, "\"%s\": %s is expected at \"%.20s\"", p->text,
			       what, p->at);
}

static void skip_space(struct op_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

bool op_parser_accept(struct op_parser *p, const char *token)
{
	skip_space(p);
	size_t size = strlen(token);
	if (strncmp(p->at, token, size))
		return false;
	p->at += size;
	return true;
}

const struct op_access_type *op_parser_accept_type(struct op_parser *p)
{
	skip_space(p);
	size_t size = 0;
	while (isalnum((unsigned char)p->at[size]))
		size++;
	const struct op_access_type *type = op_access_type_by_name(p->at, size);
	if (type)
		p->at += size;
	return type;
}

// Nodes ---------------------------------------------------------------------------------------

static struct op_error *too_large(void)
{
	return op_error_create(OP_ERROR_LIMIT, "the expression is too long");
}

static unsigned height_of(const struct op_expression_node *node)
{
	return node ? ((const struct tree_node *)node)->height : 0;
}

struct op_error *op_parser_add(struct op_parser *p, const struct op_expression_node *node,
			       const struct op_expression_node **ret)
{
	struct op_expression_tree *tree = p->tree;
	if (tree->count == tree->capacity) {
		free((char *)node->name);
		return too_large();
	}
	unsigned height = height_of(node->base);
	if (height_of(node->first) > height)
		height = height_of(node->first);
	if (height_of(node->end) > height)
		height = height_of(node->end);
	tree->nodes[tree->count] = (struct tree_node){*node, height + 1};
	*ret = &tree->nodes[tree->count++].node;
	return height < OP_EXPRESSION_HEIGHT_MAX ? NULL : too_large();
}

static struct op_error *add_constant(struct op_parser *p, const struct op_operand *constant,
				     const struct op_expression_node **ret)
{
	return op_parser_add(p,
			     &(struct op_expression_node){.kind = OP_EXPRESSION_CONSTANT,
							  .type = op_operand_type(constant),
							  .constant = *constant},
			     ret);
}

static struct op_error *add_conversion(struct op_parser *p, const struct op_access_type *access,
				       const struct op_expression_node **ret)
{
	return op_parser_add(
		p,
		&(struct op_expression_node){.kind = OP_EXPRESSION_CONVERT,
					     .type = {true, access->type, access->is_unsigned},
					     .access = access,
					     .first = *ret},
		ret);
}

// Primaries -----------------------------------------------------------------------------------

static struct op_error *real_literal(struct op_parser *p, struct op_operand *ret)
{
	char *end;
	double real = strtod(p->at, &end);
	bool narrow = *end == 'f' || *end == 'F';
	p->at = end + narrow;
	*ret = op_operand_real(real, narrow ? OP_VALUE_F32 : OP_VALUE_F64);
	return NULL;
}

static struct op_error *integer_literal(struct op_parser *p, bool hex, struct op_operand *ret)
{
	char *end;
	errno = 0;
	unsigned long long integer = strtoull(p->at, &end, 0);
	if (errno || end == p->at)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\": \"%.24s\" is no number that fits 64 bits", p->text,
				       p->at);
	bool is_unsigned = false, wide = integer > INT32_MAX;
	for (;; end++) {
		if (*end == 'u' || *end == 'U')
			is_unsigned = true;
		else if (*end == 'l' || *end == 'L')
			wide = true;
		else
			break;
	}
	// As in C a hexadecimal number that does not fit the signed type is unsigned.
	if (hex && integer > INT32_MAX && integer <= UINT32_MAX &&
	    !(end[-1] == 'l' || end[-1] == 'L'))
		*ret = op_operand_integer((int64_t)integer, OP_VALUE_I32, true);
	else
		*ret = op_operand_integer((int64_t)integer, wide ? OP_VALUE_I64 : OP_VALUE_I32,
					  is_unsigned || integer > INT64_MAX);
	p->at = end;
	return NULL;
}

static struct op_error *literal(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_operand operand;
	bool hex = p->at[0] == '0' && (p->at[1] == 'x' || p->at[1] == 'X');
	size_t digits = strspn(p->at, "0123456789");
	char next = p->at[digits];
	// Two dots are a range's.
	bool real =
		!hex && ((next == '.' && p->at[digits + 1] != '.') || next == 'e' || next == 'E');
	struct op_error *err = real ? real_literal(p, &operand) : integer_literal(p, hex, &operand);
	if (!err && (isalnum((unsigned char)*p->at) || *p->at == '_'))
		err = op_parser_syntax(p, "an operator");
	return err ?: add_constant(p, &operand, ret);
}

static struct op_error *unary(struct op_parser *p, const struct op_expression_node **ret);

static struct op_error *parenthesis(struct op_parser *p, const struct op_expression_node **ret)
{
	const char *inside = p->at;
	const struct op_access_type *type = op_parser_accept_type(p);
	struct op_error *err;
	if (type && op_parser_accept(p, ")")) {
		err = unary(p, ret);
		if (!err)
			err = op_operand_check_unary(p->text, '+', (*ret)->type);
		return err ?: add_conversion(p, type, ret);
	}
	p->at = inside;
	err = op_parser_expression(p, ret);
	if (!err && !op_parser_accept(p, ")"))
		err = op_parser_syntax(p, ")");
	return err ?: op_parser_postfix(p, ret);
}

static struct op_error *primary(struct op_parser *p, const struct op_expression_node **ret)
{
	if (op_parser_accept(p, "("))
		return parenthesis(p, ret);
	if (isdigit((unsigned char)*p->at) || (*p->at == '.' && isdigit((unsigned char)p->at[1])))
		return literal(p, ret);
	struct op_error *err =
		op_parser_accept(p, "$") ? op_parser_dollar(p, ret) : op_parser_name(p, ret);
	return err ?: op_parser_postfix(p, ret);
}

// Operators -----------------------------------------------------------------------------------

static struct op_error *unary_operator(struct op_parser *p, char what,
				       const struct op_expression_node **ret)
{
	struct op_error *err = unary(p, ret);
	if (err)
		return err;
	if (what == '*')
		return op_parser_object(p, ret);
	err = op_operand_check_unary(p->text, what, (*ret)->type);
	struct op_expression_node node = {
		.kind = OP_EXPRESSION_UNARY,
		.type = op_expression_unary_type(what, (*ret)->type),
		.unary = what,
		.first = *ret,
	};
	return err ?: op_parser_add(p, &node, ret);
}

static struct op_error *unary(struct op_parser *p, const struct op_expression_node **ret)
{
	if (++p->depth > DEPTH_MAX)
		return op_error_create(OP_ERROR_LIMIT, "the expression is nested too deeply");
	skip_space(p);
	struct op_error *err;
	char what = *p->at;
	if (what && strchr("-+!~*", what)) {
		p->at++;
		err = unary_operator(p, what, ret);
	} else {
		err = primary(p, ret);
	}
	p->depth--;
	return err;
}

// Longer spellings first: "<" must not win over "<<" and "<=".
static const struct binary_operator {
	const char *token;
	enum op_operator what;
	int level;
} binary_operators[] = {
	{"||", OP_OPERATOR_OR_OR, 0}, {"&&", OP_OPERATOR_AND_AND, 1}, {"==", OP_OPERATOR_EQ, 5},
	{"!=", OP_OPERATOR_NE, 5},    {"<<", OP_OPERATOR_SHL, 7},     {">>", OP_OPERATOR_SHR, 7},
	{"<=", OP_OPERATOR_LE, 6},    {">=", OP_OPERATOR_GE, 6},      {"|", OP_OPERATOR_OR, 2},
	{"^", OP_OPERATOR_XOR, 3},    {"&", OP_OPERATOR_AND, 4},      {"<", OP_OPERATOR_LT, 6},
	{">", OP_OPERATOR_GT, 6},     {"+", OP_OPERATOR_ADD, 8},      {"-", OP_OPERATOR_SUB, 8},
	{"*", OP_OPERATOR_MUL, 9},    {"/", OP_OPERATOR_DIV, 9},      {"%", OP_OPERATOR_MOD, 9},
};

static const struct binary_operator *next_operator(struct op_parser *p)
{
	skip_space(p);
	for (size_t i = 0; i < OP_ARRAY_SIZE(binary_operators); i++) {
		const char *token = binary_operators[i].token;
		if (!strncmp(p->at, token, strlen(token)))
			return &binary_operators[i];
	}
	return NULL;
}

// Operators that bind at least as strongly as @p level.
static struct op_error *binary(struct op_parser *p, int level,
			       const struct op_expression_node **ret)
{
	struct op_error *err = unary(p, ret);
	while (!err) {
		const struct binary_operator *next = next_operator(p);
		if (!next || next->level < level)
			return NULL;
		p->at += strlen(next->token);
		const struct op_expression_node *left = *ret, *right;
		err = binary(p, next->level + 1, &right);
		if (!err)
			err = op_operand_check(p->text, next->what, left->type, right->type);
		if (err)
			return err;
		struct op_expression_node node = {
			.kind = OP_EXPRESSION_BINARY,
			.type = op_expression_binary_type(next->what, left->type, right->type),
			.binary = next->what,
			.first = left,
			.end = right,
		};
		err = op_parser_add(p, &node, ret);
	}
	return err;
}

static struct op_error *convert_to(struct op_parser *p, struct op_expression_type type,
				   const struct op_expression_node **ret)
{
	if ((*ret)->type.type == type.type && (*ret)->type.is_unsigned == type.is_unsigned)
		return NULL;
	return add_conversion(p, op_access_type_of(type), ret);
}

// What stands behind the '?'. As in C two numbers come out in one type, whichever is chosen; where
// a type is not known before it runs, the side that is chosen comes out as it is.
static struct op_error *choice(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_expression_node node = {.kind = OP_EXPRESSION_CHOICE, .base = *ret};
	struct op_error *err = op_operand_check_unary(p->text, '!', node.base->type);
	if (!err)
		err = op_parser_expression(p, &node.first);
	if (!err && !op_parser_accept(p, ":"))
		err = op_parser_syntax(p, ":");
	if (!err)
		err = op_parser_expression(p, &node.end);
	if (err)
		return err;
	struct op_expression_type a = node.first->type, b = node.end->type;
	node.type = op_expression_binary_type(OP_OPERATOR_ADD, a, b);
	if (node.type.known) {
		err = convert_to(p, node.type, &node.first);
		if (!err)
			err = convert_to(p, node.type, &node.end);
	} else if (a.known && b.known && a.type == b.type) {
		node.type = a;
	}
	return err ?: op_parser_add(p, &node, ret);
}

struct op_error *op_parser_expression(struct op_parser *p, const struct op_expression_node **ret)
{
	// The sides of ?: nest without a unary.
	if (++p->depth > DEPTH_MAX)
		return op_error_create(OP_ERROR_LIMIT, "the expression is nested too deeply");
	struct op_error *err = binary(p, 0, ret);
	if (!err && op_parser_accept(p, "?"))
		err = choice(p, ret);
	p->depth--;
	return err;
}

// The whole -----------------------------------------------------------------------------------

void op_expression_destroy(struct op_expression *expression)
{
	if (!expression)
		return;
	struct op_expression_tree *tree = expression->nodes;
	for (size_t i = 0; tree && i < tree->count; i++)
		free((char *)tree->nodes[i].node.name);
	free(tree);
	free(expression->text);
	free(expression);
}

void op_expression_each(struct op_expression *expression,
			void (*visit)(void *context, struct op_expression_node *node),
			void *context)
{
	struct op_expression_tree *tree = expression->nodes;
	for (size_t i = 0; i < tree->count; i++)
		visit(context, &tree->nodes[i].node);
}

struct op_error *op_expression_parse(const char *text, const struct op_expression_scope *scope,
				     struct op_expression **ret)
{
	_cleanup_(op_expression_destroyp) struct op_expression *expression =
		calloc(1, sizeof(*expression));
	if (!expression)
		return op_error_no_memory();
	expression->text = strdup(text);
	// A node stands for at least one character, and ?: for at most two.
	size_t capacity = strlen(text);
	if (capacity > OP_EXPRESSION_NODES_MAX)
		capacity = OP_EXPRESSION_NODES_MAX;
	struct op_expression_tree *tree =
		calloc(1, sizeof(*tree) + capacity * sizeof(tree->nodes[0]));
	expression->nodes = tree;
	if (!expression->text || !tree)
		return op_error_no_memory();
	tree->capacity = capacity;
	struct op_parser p = {
		.text = expression->text, .at = expression->text, .scope = scope, .tree = tree};
	struct op_error *err = op_parser_expression(&p, &expression->root);
	skip_space(&p);
	if (!err && *p.at)
		err = op_parser_syntax(&p, "an operator");
	if (!err)
		*ret = op_take(expression);
	return err;
}
