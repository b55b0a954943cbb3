// SPDX-License-Identifier: GPL-3.0-or-later
// From text in C syntax to a tree: the grammar and its numbers. What names, types and operators
// mean is in the other files of expression_parser.h; nothing is read of a target here.
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_parser.h"

enum {
	DEPTH_MAX = 128, // of nesting, a parenthesis counts twice: what a person types stays below
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

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

bool op_parser_accept_word(struct op_parser *p, const char *word)
{
	skip_space(p);
	size_t size = strlen(word);
	if (strncmp(p->at, word, size) || is_word(p->at[size]))
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
	bool is_unsigned = false, is_long = false;
	for (;; end++) {
		if (*end == 'u' || *end == 'U')
			is_unsigned = true;
		else if (*end == 'l' || *end == 'L')
			is_long = true;
		else
			break;
	}
	// As in C a hexadecimal number that does not fit the signed type is unsigned.
	if (hex && !is_long && integer > INT32_MAX && integer <= UINT32_MAX)
		is_unsigned = true;
	bool wide = is_long || integer > (is_unsigned ? UINT32_MAX : INT32_MAX);
	*ret = op_operand_integer((int64_t)integer, wide ? OP_VALUE_I64 : OP_VALUE_I32,
				  is_unsigned || integer > INT64_MAX);
	p->at = end;
	return NULL;
}

static struct op_error *literal(struct op_parser *p, struct op_term *ret)
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
	const struct op_expression_node *node;
	if (!err)
		err = op_expression_tree_constant(p->tree, &operand, &node);
	if (!err)
		*ret = op_term_of_node(node);
	return err;
}

static struct op_error *unary(struct op_parser *p, struct op_term *ret);

// What follows a value: fields, elements, members.
static struct op_error *postfix(struct op_parser *p, struct op_term *ret)
{
	bool found = true;
	struct op_error *err = NULL;
	while (!err && found && ret->kind == OP_TERM_VALUE && !ret->type)
		err = op_parser_object_part(p, &ret->node, &found);
	return err ?: op_term_postfix(p, ret);
}

// (u8) n: to a type of Wasm's memory.
static struct op_error *wasm_cast(struct op_parser *p, const struct op_access_type *type,
				  struct op_term *ret)
{
	struct op_error *err = unary(p, ret);
	if (!err)
		err = op_term_value(p, ret);
	if (!err)
		err = op_operand_check_unary(p->text, '+', ret->node->type);
	if (err)
		return err;
	*ret = op_term_of_node(ret->node);
	return op_expression_tree_convert(p->tree, type, &ret->node);
}

static struct op_error *parenthesis(struct op_parser *p, struct op_term *ret)
{
	const char *inside = p->at;
	const struct op_access_type *access = op_parser_accept_type(p);
	if (access && op_parser_accept(p, ")"))
		return wasm_cast(p, access, ret);
	p->at = inside;
	bool is_type;
	const struct op_type *type;
	struct op_error *err = op_parser_type(p, &is_type, &type);
	if (err)
		return err;
	if (is_type && op_parser_accept(p, ")")) {
		err = unary(p, ret);
		return err ?: op_term_cast(p, type, ret);
	}
	p->at = inside;
	err = op_parser_expression(p, ret);
	if (!err && !op_parser_accept(p, ")"))
		err = op_parser_syntax(p, ")");
	return err ?: postfix(p, ret);
}

// sizeof X, sizeof (TYPE)
static struct op_error *size_of(struct op_parser *p, struct op_term *ret)
{
	const char *at = p->at;
	bool is_type = false;
	struct op_error *err = NULL;
	*ret = (struct op_term){.kind = OP_TERM_TYPE};
	if (op_parser_accept(p, "("))
		err = op_parser_type(p, &is_type, &ret->type);
	if (!err && (!is_type || !op_parser_accept(p, ")"))) {
		p->at = at;
		err = unary(p, ret);
	}
	return err ?: op_term_sizeof(p, ret);
}

// static_cast<TYPE>(X), behind its first word.
static struct op_error *named_cast(struct op_parser *p, struct op_term *ret)
{
	bool is_type = false;
	const struct op_type *type;
	struct op_error *err = NULL;
	if (!op_parser_accept(p, "<"))
		return op_parser_syntax(p, "<TYPE>(VALUE)");
	err = op_parser_type(p, &is_type, &type);
	if (!err && (!is_type || !op_parser_accept(p, ">") || !op_parser_accept(p, "(")))
		err = op_parser_syntax(p, is_type ? ">(VALUE)" : "a type");
	if (!err)
		err = op_parser_expression(p, ret);
	if (!err && !op_parser_accept(p, ")"))
		err = op_parser_syntax(p, ")");
	if (!err)
		err = op_term_cast(p, type, ret);
	return err ?: postfix(p, ret);
}

static struct op_error *name(struct op_parser *p, struct op_term *ret)
{
	bool found = false;
	struct op_error *err = NULL;
	if (p->scope->guest && op_parser_accept_word(p, "sizeof"))
		return size_of(p, ret);
	if (p->scope->guest && (op_parser_accept_word(p, "static_cast") ||
				op_parser_accept_word(p, "reinterpret_cast") ||
				op_parser_accept_word(p, "const_cast")))
		return named_cast(p, ret);
	if (p->scope->guest)
		err = op_parser_variable(p, &found, ret);
	if (!err && !found) {
		const struct op_expression_node *node = NULL;
		err = op_parser_local(p, &node);
		*ret = op_term_of_node(node);
	}
	return err ?: postfix(p, ret);
}

static struct op_error *quoted(struct op_parser *p, struct op_term *ret)
{
	bool found = false;
	struct op_error *err = NULL;
	if (p->scope->guest)
		err = op_parser_variable_of_file(p, &found, ret);
	if (err || found)
		return err ?: postfix(p, ret);
	return op_parser_character(p, ret);
}

static struct op_error *primary(struct op_parser *p, struct op_term *ret)
{
	if (op_parser_accept(p, "("))
		return parenthesis(p, ret);
	if (isdigit((unsigned char)*p->at) || (*p->at == '.' && isdigit((unsigned char)p->at[1])))
		return literal(p, ret);
	if (*p->at == '\'')
		return quoted(p, ret);
	if (*p->at == '"' && p->scope->guest)
		return op_parser_string(p, ret);
	if (!op_parser_accept(p, "$"))
		return name(p, ret);
	struct op_error *err = op_parser_dollar(p, ret);
	return err ?: postfix(p, ret);
}

// Operators -----------------------------------------------------------------------------------

static struct op_error *unary_operator(struct op_parser *p, char what, struct op_term *ret)
{
	struct op_error *err = unary(p, ret);
	if (err)
		return err;
	if (what == '&')
		return op_term_address(p, ret);
	if (what != '*')
		return op_term_unary(p, what, ret);
	if (ret->kind != OP_TERM_VALUE || ret->type)
		return op_term_dereference(p, ret);
	if (p->scope->guest && ret->node->type.known && ret->node->type.type <= OP_VALUE_V128)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"\"%s\": a number leads to nothing of a known type: cast it, "
			"as in *(int *) 0x400",
			p->text);
	return op_parser_object(p, &ret->node);
}

// ++ and -- as C reads them, wherever they stand; and, behind a value, += and the like.
static bool assigns(const char *at, bool behind_a_value)
{
	if ((*at == '+' || *at == '-') && at[1] == *at)
		return true;
	size_t size = !strncmp(at, "<<", 2) || !strncmp(at, ">>", 2) ? 2
		      : *at && strchr("+-*/%&|^", *at)               ? 1
								     : 0;
	return behind_a_value && size && at[size] == '=' && at[size + 1] != '=';
}

// Read as signs these would show a value that is not the one that was asked for.
static struct op_error *refuse_assignment(struct op_parser *p, bool behind_a_value)
{
	skip_space(p);
	return assigns(p->at, behind_a_value)
		       ? op_error_create(OP_ERROR_SYNTAX,
					 "\"%s\": \"set PLACE = EXPRESSION\" assigns, no operator "
					 "does; two signs are written apart",
					 p->text)
		       : NULL;
}

static struct op_error *unary(struct op_parser *p, struct op_term *ret)
{
	if (++p->depth > DEPTH_MAX)
		return op_error_create(OP_ERROR_LIMIT, "the expression is nested too deeply");
	struct op_error *err = refuse_assignment(p, false);
	if (err)
		return err;
	char what = *p->at;
	if (what && strchr(p->scope->guest ? "-+!~*&" : "-+!~*", what)) {
		p->at++;
		err = unary_operator(p, what, ret);
	} else {
		err = primary(p, ret);
	}
	p->depth--;
	return err;
}

// X as TYPE, of Rust's; PLACE@COUNT, of gdb's.
static struct op_error *converted(struct op_parser *p, struct op_term *ret)
{
	struct op_error *err = unary(p, ret);
	while (!err && p->scope->guest && op_parser_accept_word(p, "as")) {
		bool is_type = false;
		const struct op_type *type;
		err = op_parser_rust_type(p, &is_type, &type);
		if (!err && !is_type)
			err = op_parser_syntax(p, "a type");
		if (!err)
			err = op_term_cast(p, type, ret);
	}
	if (!err && p->scope->guest && op_parser_accept(p, "@")) {
		struct op_term count;
		err = unary(p, &count);
		if (!err)
			err = op_term_repeat(p, &count, ret);
	}
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
static struct op_error *binary(struct op_parser *p, int level, struct op_term *ret)
{
	struct op_error *err = converted(p, ret);
	while (!err) {
		err = refuse_assignment(p, true);
		if (err)
			return err;
		const struct binary_operator *next = next_operator(p);
		if (!next || next->level < level)
			return NULL;
		p->at += strlen(next->token);
		struct op_term left = *ret, right;
		err = binary(p, next->level + 1, &right);
		if (!err)
			err = op_term_binary(p, next->what, &left, &right, ret);
	}
	return err;
}

// What stands behind the '?'.
static struct op_error *choice(struct op_parser *p, struct op_term *ret)
{
	struct op_term condition = *ret, first, end;
	struct op_error *err = op_term_value(p, &condition);
	if (!err)
		err = op_operand_check_unary(p->text, '!', condition.node->type);
	if (!err)
		err = op_parser_expression(p, &first);
	if (!err && !op_parser_accept(p, ":"))
		err = op_parser_syntax(p, ":");
	if (!err)
		err = op_parser_expression(p, &end);
	return err ?: op_term_choice(p, &condition, &first, &end, ret);
}

struct op_error *op_parser_expression(struct op_parser *p, struct op_term *ret)
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

struct op_error *op_parser_number(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_term term;
	struct op_error *err = op_parser_expression(p, &term);
	if (!err)
		err = op_term_value(p, &term);
	if (!err)
		*ret = term.node;
	return err;
}

struct op_error *op_parser_subscript(struct op_parser *p, struct op_term *ret_first,
				     struct op_term *ret_end, bool *ret_inclusive)
{
	*ret_end = (struct op_term){0};
	*ret_inclusive = false;
	struct op_error *err = op_parser_expression(p, ret_first);
	if (!err)
		err = op_term_value(p, ret_first);
	if (!err && op_parser_accept(p, "..")) {
		*ret_inclusive = op_parser_accept(p, "=");
		err = op_parser_expression(p, ret_end);
		if (!err)
			err = op_term_value(p, ret_end);
	}
	if (!err && !op_parser_accept(p, "]"))
		err = op_parser_syntax(p, "]");
	return err;
}

// The whole -----------------------------------------------------------------------------------

void op_expression_destroy(struct op_expression *expression)
{
	if (!expression)
		return;
	op_expression_tree_destroy(expression->nodes);
	free(expression->text);
	free(expression);
}

void op_expression_each(struct op_expression *expression,
			void (*visit)(void *context, struct op_expression_node *node),
			void *context)
{
	op_expression_tree_each(expression->nodes, visit, context);
}

// A type's name and nothing else.
static struct op_error *whole_type(struct op_parser *p, bool *ret_found, struct op_term *ret)
{
	const struct op_type *type = NULL;
	struct op_error *err = op_parser_type(p, ret_found, &type);
	skip_space(p);
	*ret_found = *ret_found && !*p->at;
	*ret = (struct op_term){.kind = OP_TERM_TYPE, .type = type};
	if (!*ret_found)
		p->at = p->text;
	return err;
}

// The value of the whole, where it is a scalar's.
static struct op_error *take_root(struct op_parser *p, struct op_expression *expression)
{
	struct op_term value = expression->term;
	if (value.kind != OP_TERM_VALUE && !op_type_access(value.type))
		return NULL;
	struct op_error *err = op_term_place(p, &expression->term);
	if (!err)
		err = op_term_value(p, &value);
	// Whoever shows it says why.
	bool shows = expression->term.kind == OP_TERM_VARIABLE ||
		     expression->term.kind == OP_TERM_MISSING;
	if (err && shows && err->code != OP_ERROR_NO_MEMORY && err->code != OP_ERROR_LIMIT) {
		op_error_destroy(err);
		return NULL;
	}
	expression->root = err ? NULL : value.node;
	return err;
}

static struct op_error *parse(const char *text, const struct op_expression_scope *scope, bool types,
			      bool number, struct op_expression **ret)
{
	_cleanup_(op_expression_destroyp) struct op_expression *expression =
		calloc(1, sizeof(*expression));
	if (!expression)
		return op_error_no_memory();
	expression->text = strdup(text);
	expression->nodes = op_expression_tree_create();
	if (!expression->text || !expression->nodes)
		return op_error_no_memory();
	struct op_parser p = {.text = expression->text,
			      .at = expression->text,
			      .scope = scope,
			      .tree = expression->nodes};
	bool is_type = false;
	struct op_error *err = types ? whole_type(&p, &is_type, &expression->term) : NULL;
	if (!err && !is_type)
		err = op_parser_expression(&p, &expression->term);
	skip_space(&p);
	if (!err && *p.at == '=')
		err = op_error_create(OP_ERROR_SYNTAX,
				      "\"%s\": \"set PLACE = EXPRESSION\" assigns, == compares",
				      text);
	if (!err && *p.at)
		err = op_parser_syntax(&p, "an operator");
	if (!err && number)
		err = op_term_value(&p, &expression->term);
	if (!err && !is_type)
		err = take_root(&p, expression);
	if (!err)
		*ret = op_take(expression);
	return err;
}

struct op_error *op_expression_parse(const char *text, const struct op_expression_scope *scope,
				     struct op_expression **ret)
{
	return parse(text, scope, false, true, ret);
}

struct op_error *op_expression_parse_term(const char *text, const struct op_expression_scope *scope,
					  bool types, struct op_expression **ret)
{
	return parse(text, scope, types, false, ret);
}
