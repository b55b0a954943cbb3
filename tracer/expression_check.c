// SPDX-License-Identifier: GPL-3.0-or-later
// What can be said about an expression's text where nothing is known of its names: casts, templates
// and calls look alike then, but brackets, quotes and operators without a side do not.
#include <ctype.h>
#include <string.h>

#include "tracer/expression_tree.h"

enum { BRACKETS_MAX = 64 };

struct check {
	const char *text, *at;
	char open[BRACKETS_MAX];
	size_t depth;
	bool has_side; // a value, a name or a closing bracket came last
};

static struct op_error *expected(const struct check *c, const char *what)
{
	if (!*c->at)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" ends where %s is expected", c->text,
				       what);
	return op_error_create(OP_ERROR_SYNTAX, "\"%s\": %s is expected at \"%.20s\"", c->text,
			       what, c->at);
}

// Of names and numbers, with the dots of either.
static size_t word_size(const char *at)
{
	size_t size = 0;
	while (isalnum((unsigned char)at[size]) || (at[size] && strchr("_$@#", at[size])) ||
	       (at[size] & 0x80))
		size++;
	return size;
}

static struct op_error *quoted(struct check *c)
{
	char quote = *c->at++;
	while (*c->at && *c->at != quote)
		c->at += *c->at == '\\' && c->at[1] ? 2 : 1;
	if (!*c->at)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": the closing quote is missing",
				       c->text);
	c->at++;
	c->has_side = true;
	return NULL;
}

static struct op_error *opening(struct check *c)
{
	if (c->depth == BRACKETS_MAX)
		return op_error_create(OP_ERROR_LIMIT, "the expression is nested too deeply");
	c->open[c->depth++] = *c->at == '(' ? ')' : ']';
	c->at++;
	c->has_side = false;
	return NULL;
}

static const char *skip_space_before(const struct check *c, const char *at)
{
	while (at > c->text && isspace((unsigned char)at[-1]))
		at--;
	return at;
}

// A type may end in '*' or '&', and a method may be given nothing: "v.size()".
static bool may_close(const struct check *c)
{
	const char *before = skip_space_before(c, c->at);
	if (before == c->text || before[-1] != '(')
		return before > c->text && strchr("*&>", before[-1]);
	before = skip_space_before(c, before - 1);
	return before > c->text && (isalnum((unsigned char)before[-1]) || before[-1] == '_');
}

static struct op_error *closing(struct check *c)
{
	if (!c->depth || c->open[c->depth - 1] != *c->at)
		return expected(c, "an operator");
	if (!c->has_side && !(*c->at == ')' && may_close(c)))
		return expected(c, "a value");
	c->depth--;
	c->at++;
	c->has_side = true;
	return NULL;
}

static struct op_error *operator(struct check *c)
{
	static const char unary[] = "-+!~*&:";
	if (!strchr("-+!~*&:/%<>=|^?.,", *c->at))
		return expected(c, c->has_side ? "an operator" : "a value");
	// What stands behind another operator is one of these, or that one's second character.
	bool second = c->at > c->text && !isspace((unsigned char)c->at[-1]) &&
		      strchr("-+&|<>=!:.", c->at[-1]);
	if (!c->has_side && !second && !strchr(unary, *c->at))
		return expected(c, "a value");
	c->at++;
	c->has_side = false;
	return NULL;
}

static struct op_error *next(struct check *c)
{
	size_t word = word_size(c->at);
	if (word) {
		c->at += word;
		c->has_side = true;
		return NULL;
	}
	if (*c->at == '"' || *c->at == '\'')
		return quoted(c);
	if (*c->at == '(' || *c->at == '[')
		return opening(c);
	if (*c->at == ')' || *c->at == ']')
		return closing(c);
	return operator(c);
}

struct op_error *op_expression_check(const char *text)
{
	struct check c = {.text = text, .at = text};
	struct op_error *err = NULL;
	for (;;) {
		while (isspace((unsigned char)*c.at))
			c.at++;
		if (err || !*c.at)
			break;
		err = next(&c);
	}
	if (!err && c.depth)
		err = expected(&c, c.open[c.depth - 1] == ')' ? ")" : "]");
	if (!err && !c.has_side)
		err = expected(&c, "a value");
	return err;
}
