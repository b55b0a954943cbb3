// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions in C syntax, parsed and evaluated in one pass: the grammar, literals, and assignment.
// What names mean is in expression_places.c.
#include "tracer/expression.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 64, // of nesting: what a person types stays far below
	HISTORY_MAX = 10000,
};

struct op_error *op_parser_syntax(const struct op_parser *p, const char *what)
{
	if (!*p->at)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" ends where %s is expected", p->text,
				       what);
	return op_error_create(OP_ERROR_SYNTAX, "\"%s\": %s is expected at \"%.20s\"", p->text,
			       what, p->at);
}

void op_parser_skip_space(struct op_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

bool op_parser_accept(struct op_parser *p, const char *token)
{
	op_parser_skip_space(p);
	size_t size = strlen(token);
	if (strncmp(p->at, token, size))
		return false;
	p->at += size;
	return true;
}

static const struct op_access_type access_types[] = {
	{"i8", OP_VALUE_I32, 1, false},     {"u8", OP_VALUE_I32, 1, true},
	{"i16", OP_VALUE_I32, 2, false},    {"u16", OP_VALUE_I32, 2, true},
	{"i32", OP_VALUE_I32, 4, false},    {"u32", OP_VALUE_I32, 4, true},
	{"i64", OP_VALUE_I64, 8, false},    {"u64", OP_VALUE_I64, 8, true},
	{"f32", OP_VALUE_F32, 4, false},    {"f64", OP_VALUE_F64, 8, false},
	{"v128", OP_VALUE_V128, 16, false},
};

const struct op_access_type *op_parser_accept_type(struct op_parser *p)
{
	op_parser_skip_space(p);
	size_t size = 0;
	while (isalnum((unsigned char)p->at[size]))
		size++;
	for (size_t i = 0; i < OP_ARRAY_SIZE(access_types); i++) {
		if (strlen(access_types[i].name) == size &&
		    !strncmp(p->at, access_types[i].name, size)) {
			p->at += size;
			return &access_types[i];
		}
	}
	return NULL;
}

// Primaries -----------------------------------------------------------------------------------

static struct op_error *literal(struct op_parser *p, struct op_operand *ret)
{
	char *end;
	bool hex = p->at[0] == '0' && (p->at[1] == 'x' || p->at[1] == 'X');
	errno = 0;
	unsigned long long integer = strtoull(p->at, &end, 0);
	int integer_errno = errno;
	// Two dots are a range's.
	if (!hex && ((*end == '.' && end[1] != '.') || *end == 'e' || *end == 'E')) {
		double real = strtod(p->at, &end);
		bool narrow = *end == 'f' || *end == 'F';
		p->at = end + narrow;
		*ret = op_operand_real(real, narrow ? OP_VALUE_F32 : OP_VALUE_F64);
	} else {
		if (integer_errno || end == p->at)
			return op_error_create(OP_ERROR_SYNTAX,
					       "\"%s\": \"%.24s\" is no number that fits 64 bits",
					       p->text, p->at);
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
		    !(end > p->at && (end[-1] == 'l' || end[-1] == 'L')))
			*ret = op_operand_integer((int64_t)integer, OP_VALUE_I32, true);
		else
			*ret = op_operand_integer((int64_t)integer,
						  wide ? OP_VALUE_I64 : OP_VALUE_I32,
						  is_unsigned || integer > INT64_MAX);
		p->at = end;
	}
	if (isalnum((unsigned char)*p->at) || *p->at == '_')
		return op_parser_syntax(p, "an operator");
	return NULL;
}

static struct op_error *unary(struct op_parser *p, struct op_operand *ret);

static struct op_error *parenthesis(struct op_parser *p, struct op_operand *ret)
{
	const char *inside = p->at;
	const struct op_access_type *type = op_parser_accept_type(p);
	struct op_error *err;
	if (type && op_parser_accept(p, ")")) {
		err = unary(p, ret);
		return err ?: op_operand_convert(p->text, type, ret);
	}
	p->at = inside;
	err = op_parser_expression(p, ret);
	if (!err && !op_parser_accept(p, ")"))
		err = op_parser_syntax(p, ")");
	return err ?: op_parser_postfix(p, ret);
}

static struct op_error *primary(struct op_parser *p, struct op_operand *ret)
{
	op_parser_skip_space(p);
	if (op_parser_accept(p, "("))
		return parenthesis(p, ret);
	if (isdigit((unsigned char)*p->at) || (*p->at == '.' && isdigit((unsigned char)p->at[1])))
		return literal(p, ret);
	struct op_error *err =
		op_parser_accept(p, "$") ? op_parser_dollar(p, ret) : op_parser_name(p, ret);
	return err ?: op_parser_postfix(p, ret);
}

static struct op_error *unary_operator(struct op_parser *p, char what, struct op_operand *ret)
{
	struct op_error *err = unary(p, ret);
	if (!err && what == '*')
		return op_parser_dereference(p, ret);
	if (!err)
		err = op_operand_need_number(p->text, ret);
	if (err)
		return err;
	if (what == '~' && ret->is_float)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": ~ needs an integer", p->text);
	if (what == '!')
		*ret = op_operand_integer(!op_operand_is_true(ret), OP_VALUE_I32, false);
	else if (what == '~')
		*ret = op_operand_integer(~ret->integer, ret->result.value.type,
					  ret->result.is_unsigned);
	else if (ret->is_float)
		*ret = op_operand_real(what == '-' ? -ret->real : ret->real,
				       ret->result.value.type);
	else
		*ret = op_operand_integer(what == '-' ? (int64_t)(0 - (uint64_t)ret->integer)
						      : ret->integer,
					  ret->result.value.type, ret->result.is_unsigned);
	return NULL;
}

static struct op_error *unary(struct op_parser *p, struct op_operand *ret)
{
	if (++p->depth > DEPTH_MAX)
		return op_error_create(OP_ERROR_LIMIT, "the expression is nested too deeply");
	op_parser_skip_space(p);
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

// Binary operators ----------------------------------------------------------------------------

// Longer spellings first: "<" must not win over "<<" and "<=".
static const struct {
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
enum { LEVELS = 10 };

static struct op_error *binary(struct op_parser *p, int level, struct op_operand *ret)
{
	if (level == LEVELS)
		return unary(p, ret);
	struct op_error *err = binary(p, level + 1, ret);
	while (!err) {
		op_parser_skip_space(p);
		size_t i = 0;
		while (i < OP_ARRAY_SIZE(binary_operators) &&
		       strncmp(p->at, binary_operators[i].token, strlen(binary_operators[i].token)))
			i++;
		if (i == OP_ARRAY_SIZE(binary_operators) || binary_operators[i].level != level)
			return NULL;
		p->at += strlen(binary_operators[i].token);
		struct op_operand right, left = *ret;
		err = binary(p, level + 1, &right);
		if (!err)
			err = op_operand_apply(p->text, binary_operators[i].what, &left, &right,
					       ret);
	}
	return err;
}

struct op_error *op_parser_expression(struct op_parser *p, struct op_operand *ret)
{
	return binary(p, 0, ret);
}

// The public side -----------------------------------------------------------------------------

static struct op_error *evaluate(struct op_session *session, const struct op_frame *frame,
				 const char *text, struct op_operand *ret)
{
	struct op_parser p = {.session = session, .frame = frame, .text = text, .at = text};
	struct op_error *err = op_parser_expression(&p, ret);
	op_parser_skip_space(&p);
	if (!err && *p.at)
		err = op_parser_syntax(&p, "an operator");
	return err;
}

struct op_error *op_session_evaluate_once(struct op_session *session, const struct op_frame *frame,
					  const char *text, struct op_result *ret)
{
	struct op_operand operand;
	struct op_error *err = evaluate(session, frame, text, &operand);
	if (!err)
		*ret = operand.result;
	return err;
}

struct op_error *op_session_evaluate(struct op_session *session, const struct op_frame *frame,
				     const char *text, struct op_result *ret)
{
	struct op_operand operand;
	struct op_error *err = evaluate(session, frame, text, &operand);
	if (err)
		return err;
	if (session->history.count < HISTORY_MAX) {
		operand.result.history = (uint32_t)session->history.count + 1;
		if (!op_array_push(&session->history, operand.result))
			return op_error_no_memory();
	}
	*ret = operand.result;
	return NULL;
}

// Locals and stack slots are mirrors that the compiled code writes and never reads (facts in
// docs/wasmtime.md).
static bool names_a_mirror(const char *place)
{
	while (isspace((unsigned char)*place))
		place++;
	return *place == '$' || isalpha((unsigned char)*place) || *place == '_';
}

static struct op_error *need_place(const struct op_operand *target, const char *place)
{
	if (target->result.has_place || target->result.place_address.value)
		return NULL;
	if (target->read_only)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: %s", place,
				       target->read_only);
	if (target->result.value.state != OP_VALUE_PRESENT &&
	    target->result.source != OP_SOURCE_NONE)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: it is %s", place,
				       op_value_state_message(target->result.value.state));
	if (names_a_mirror(place))
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s cannot be set: the compiled code keeps locals and the operand stack in "
			"registers, and what is recorded of them is only "
			"a copy",
			place);
	return op_error_create(OP_ERROR_SYNTAX,
			       "\"%s\" is no place: $mem[ADDRESS:TYPE], $global.NAME and fields of "
			       "objects can be set",
			       place);
}

struct op_error *op_session_assign(struct op_session *session, const struct op_frame *frame,
				   const char *place, const char *text)
{
	struct op_operand target, source;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = evaluate(session, frame, place, &target);
	if (!err)
		err = need_place(&target, place);
	if (!err)
		err = evaluate(session, frame, text, &source);
	if (err)
		return err;
	if (target.result.width == 16) {
		if (source.result.value.type != OP_VALUE_V128)
			return op_error_create(OP_ERROR_SYNTAX,
					       "only a v128 can be written to a v128");
	} else {
		struct op_access_type type = {NULL, target.result.value.type, target.result.width,
					      target.result.is_unsigned};
		err = op_operand_convert(text, &type, &source);
		if (err)
			return err;
	}
	const uint8_t *bytes = source.result.value.bytes;
	if (target.result.has_place)
		return op_session_write_memory(session, frame, target.result.guest_memory,
					       target.result.guest_offset, bytes,
					       target.result.width);
	err = op_process_write(session->process, target.result.place_address, bytes,
			       target.result.width);
	op_memory_cache_drop(session->cache);
	return err;
}
