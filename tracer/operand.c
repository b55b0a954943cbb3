// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers in expressions: between values and C's numbers, and C's operators on them. Knows no
// target.
#include "tracer/operand.h"

#include <math.h>
#include <string.h>

#include "tracer/expression_tree.h"

// Types ---------------------------------------------------------------------------------------

static const struct op_access_type access_types[] = {
	{"i8", OP_VALUE_I32, 1, false},     {"u8", OP_VALUE_I32, 1, true},
	{"i16", OP_VALUE_I32, 2, false},    {"u16", OP_VALUE_I32, 2, true},
	{"i32", OP_VALUE_I32, 4, false},    {"u32", OP_VALUE_I32, 4, true},
	{"i64", OP_VALUE_I64, 8, false},    {"u64", OP_VALUE_I64, 8, true},
	{"f32", OP_VALUE_F32, 4, false},    {"f64", OP_VALUE_F64, 8, false},
	{"v128", OP_VALUE_V128, 16, false},
};

const struct op_access_type *op_access_type_by_name(const char *name, size_t size)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(access_types); i++)
		if (strlen(access_types[i].name) == size &&
		    !memcmp(access_types[i].name, name, size))
			return &access_types[i];
	return NULL;
}

const struct op_access_type *op_access_type_of(struct op_expression_type type)
{
	size_t i = 0;
	while (access_types[i].type != type.type ||
	       access_types[i].is_unsigned != type.is_unsigned ||
	       access_types[i].width != op_value_type_size(type.type))
		i++;
	return &access_types[i];
}

static bool is_number(struct op_expression_type type)
{
	return type.known && type.type <= OP_VALUE_F64;
}

static bool is_real(struct op_expression_type type)
{
	return type.type == OP_VALUE_F32 || type.type == OP_VALUE_F64;
}

static bool is_logical(enum op_operator what)
{
	return what == OP_OPERATOR_OR_OR || what == OP_OPERATOR_AND_AND;
}

static bool is_comparison(enum op_operator what)
{
	return what >= OP_OPERATOR_EQ && what <= OP_OPERATOR_GT;
}

static bool takes_reals(enum op_operator what)
{
	return is_logical(what) || is_comparison(what) ||
	       (what >= OP_OPERATOR_ADD && what <= OP_OPERATOR_DIV);
}

// The type in which an operator calculates. As in C: a real one wins, then the wider one, and at
// equal width the unsigned one; a shift has the type of its left side.
static struct op_expression_type common_type(enum op_operator what, struct op_expression_type a,
					     struct op_expression_type b)
{
	struct op_expression_type type = {.known = true};
	if (is_real(a) || is_real(b)) {
		bool wide = a.type == OP_VALUE_F64 || b.type == OP_VALUE_F64;
		type.type = wide ? OP_VALUE_F64 : OP_VALUE_F32;
		return type;
	}
	if (what == OP_OPERATOR_SHL || what == OP_OPERATOR_SHR)
		return a;
	bool wide = a.type == OP_VALUE_I64 || b.type == OP_VALUE_I64;
	type.type = wide ? OP_VALUE_I64 : OP_VALUE_I32;
	type.is_unsigned =
		(a.is_unsigned && a.type == type.type) || (b.is_unsigned && b.type == type.type);
	return type;
}

static const struct op_expression_type truth_type = {.known = true, .type = OP_VALUE_I32};

struct op_expression_type op_expression_binary_type(enum op_operator what,
						    struct op_expression_type a,
						    struct op_expression_type b)
{
	if (!is_number(a) || !is_number(b) || ((is_real(a) || is_real(b)) && !takes_reals(what)))
		return (struct op_expression_type){0};
	return is_logical(what) || is_comparison(what) ? truth_type : common_type(what, a, b);
}

struct op_expression_type op_expression_unary_type(char what, struct op_expression_type a)
{
	if (!is_number(a) || (what == '~' && is_real(a)))
		return (struct op_expression_type){0};
	return what == '!' ? truth_type : a;
}

static struct op_error *check_number(const char *text, struct op_expression_type type)
{
	if (!type.known || is_number(type))
		return NULL;
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "\"%s\": one cannot calculate with a value of type %s", text,
			       op_value_type_name(type.type));
}

struct op_error *op_operand_check(const char *text, enum op_operator what,
				  struct op_expression_type a, struct op_expression_type b)
{
	struct op_error *err = check_number(text, a) ?: check_number(text, b);
	bool real = (a.known && is_real(a)) || (b.known && is_real(b));
	if (!err && real && !takes_reals(what))
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": an operator in it needs integers",
				      text);
	return err;
}

struct op_error *op_operand_check_unary(const char *text, char what, struct op_expression_type a)
{
	struct op_error *err = check_number(text, a);
	if (!err && what == '~' && a.known && is_real(a))
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": ~ needs an integer", text);
	return err;
}

// Values --------------------------------------------------------------------------------------

struct op_expression_type op_operand_type(const struct op_operand *operand)
{
	const struct op_result *result = &operand->result;
	return (struct op_expression_type){.known = result->value.state == OP_VALUE_PRESENT,
					   .type = result->value.type,
					   .is_unsigned = result->is_unsigned};
}

struct op_operand op_operand_value(const struct op_value *value)
{
	struct op_operand operand = {.result = {.value = *value}};
	uint64_t bits = op_value_bits(value);
	if (value->state != OP_VALUE_PRESENT)
		return operand;
	switch (value->type) {
	case OP_VALUE_I32:
		operand.integer = (int32_t)bits;
		break;
	case OP_VALUE_F32: {
		uint32_t low = (uint32_t)bits;
		float real;
		memcpy(&real, &low, sizeof(real));
		operand.is_float = true;
		operand.real = (double)real;
		break;
	}
	case OP_VALUE_F64:
		operand.is_float = true;
		memcpy(&operand.real, &bits, sizeof(operand.real));
		break;
	default:
		operand.integer = (int64_t)bits;
		break;
	}
	return operand;
}

void op_operand_store_bits(struct op_value *value, uint64_t bits)
{
	memset(value->bytes, 0, sizeof(value->bytes));
	unsigned size = op_value_type_size(value->type);
	for (unsigned i = 0; i < size && i < 8; i++)
		value->bytes[i] = (uint8_t)(bits >> (8 * i));
}

struct op_operand op_operand_integer(int64_t integer, enum op_value_type type, bool is_unsigned)
{
	struct op_operand operand = {
		.result = {.value = {.type = type}, .is_unsigned = is_unsigned}};
	operand.integer = type == OP_VALUE_I64 ? integer
			  : is_unsigned        ? (int64_t)(uint32_t)integer
					       : (int32_t)integer;
	op_operand_store_bits(&operand.result.value, (uint64_t)integer);
	return operand;
}

struct op_operand op_operand_real(double real, enum op_value_type type)
{
	struct op_operand operand = {
		.result = {.value = {.type = type}}, .is_float = true, .real = real};
	if (type == OP_VALUE_F32) {
		float narrow = (float)real;
		uint32_t bits;
		memcpy(&bits, &narrow, sizeof(bits));
		operand.real = (double)narrow;
		op_operand_store_bits(&operand.result.value, bits);
	} else {
		uint64_t bits;
		memcpy(&bits, &real, sizeof(bits));
		op_operand_store_bits(&operand.result.value, bits);
	}
	return operand;
}

struct op_error *op_operand_need_number(const char *text, const struct op_operand *operand)
{
	const struct op_value *value = &operand->result.value;
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": a value in it is %s", text,
				       op_value_state_message(value->state));
	return check_number(text, op_operand_type(operand));
}

bool op_operand_is_true(const struct op_operand *operand)
{
	return operand->is_float ? operand->real != 0 : operand->integer != 0;
}

static double as_real(const struct op_operand *operand)
{
	if (operand->is_float)
		return operand->real;
	return operand->result.is_unsigned ? (double)(uint64_t)operand->integer
					   : (double)operand->integer;
}

struct op_error *op_operand_convert(const char *text, const struct op_access_type *type,
				    struct op_operand *operand)
{
	struct op_error *err = op_operand_need_number(text, operand);
	if (err)
		return err;
	if (type->type == OP_VALUE_V128)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": a number cannot be made a v128", text);
	if (type->type == OP_VALUE_F32 || type->type == OP_VALUE_F64) {
		*operand = op_operand_real(as_real(operand), type->type);
		return NULL;
	}
	int64_t integer = operand->integer;
	if (operand->is_float) {
		if (!(operand->real > -9223372036854775809.0 &&
		      operand->real < 18446744073709551616.0))
			return op_error_create(
				OP_ERROR_SYNTAX,
				"\"%s\": the floating-point number does not fit an integer", text);
		integer = operand->real < 9223372036854775808.0 ? (int64_t)operand->real
								: (int64_t)(uint64_t)operand->real;
	}
	if (type->width == 1)
		integer = type->is_unsigned ? (uint8_t)integer : (int8_t)integer;
	else if (type->width == 2)
		integer = type->is_unsigned ? (uint16_t)integer : (int16_t)integer;
	*operand = op_operand_integer(integer, type->type, type->is_unsigned);
	return NULL;
}

// Operators -----------------------------------------------------------------------------------

static struct op_operand compare(enum op_operator what, bool less, bool equal, bool greater)
{
	bool results[] = {
		[OP_OPERATOR_EQ] = equal,         [OP_OPERATOR_NE] = !equal,
		[OP_OPERATOR_LE] = less || equal, [OP_OPERATOR_GE] = greater || equal,
		[OP_OPERATOR_LT] = less,          [OP_OPERATOR_GT] = greater,
	};
	return op_operand_integer(results[what], OP_VALUE_I32, false);
}

static struct op_operand apply_real(enum op_operator what, double a, double b,
				    enum op_value_type type)
{
	switch (what) {
	case OP_OPERATOR_ADD:
		return op_operand_real(a + b, type);
	case OP_OPERATOR_SUB:
		return op_operand_real(a - b, type);
	case OP_OPERATOR_MUL:
		return op_operand_real(a * b, type);
	case OP_OPERATOR_DIV:
		return op_operand_real(a / b, type);
	default:
		return compare(what, a<b, a == b, a> b);
	}
}

static struct op_error *divide(const char *text, bool modulo, int64_t a, int64_t b,
			       bool is_unsigned, int64_t *ret)
{
	if (!b)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": division by zero", text);
	if (is_unsigned)
		*ret = (int64_t)(modulo ? (uint64_t)a % (uint64_t)b : (uint64_t)a / (uint64_t)b);
	else if (b == -1)
		*ret = modulo ? 0 : (int64_t)(0 - (uint64_t)a);
	else
		*ret = modulo ? a % b : a / b;
	return NULL;
}

static struct op_error *apply_integer(const char *text, enum op_operator what,
				      const struct op_operand *a, const struct op_operand *b,
				      struct op_operand *ret)
{
	struct op_expression_type type = common_type(what, op_operand_type(a), op_operand_type(b));
	int64_t x = op_operand_integer(a->integer, type.type, type.is_unsigned).integer,
		y = op_operand_integer(b->integer, type.type, type.is_unsigned).integer;
	uint64_t ux = (uint64_t)x, uy = (uint64_t)y;
	unsigned shift = (unsigned)b->integer % (8 * op_value_type_size(type.type));
	int64_t r = 0;
	switch (what) {
	case OP_OPERATOR_ADD:
		r = (int64_t)(ux + uy);
		break;
	case OP_OPERATOR_SUB:
		r = (int64_t)(ux - uy);
		break;
	case OP_OPERATOR_MUL:
		r = (int64_t)(ux * uy);
		break;
	case OP_OPERATOR_DIV:
	case OP_OPERATOR_MOD: {
		struct op_error *err =
			divide(text, what == OP_OPERATOR_MOD, x, y, type.is_unsigned, &r);
		if (err)
			return err;
		break;
	}
	case OP_OPERATOR_AND:
		r = x & y;
		break;
	case OP_OPERATOR_OR:
		r = x | y;
		break;
	case OP_OPERATOR_XOR:
		r = x ^ y;
		break;
	case OP_OPERATOR_SHL:
		r = (int64_t)(ux << shift);
		break;
	case OP_OPERATOR_SHR:
		r = type.is_unsigned ? (int64_t)(ux >> shift) : x >> shift;
		break;
	default:
		*ret = compare(what, type.is_unsigned ? ux < uy : x < y, x == y,
			       type.is_unsigned ? ux > uy : x > y);
		return NULL;
	}
	*ret = op_operand_integer(r, type.type, type.is_unsigned);
	return NULL;
}

struct op_error *op_operand_apply(const char *text, enum op_operator what,
				  const struct op_operand *a, const struct op_operand *b,
				  struct op_operand *ret)
{
	struct op_error *err = op_operand_need_number(text, a) ?: op_operand_need_number(text, b);
	if (!err)
		err = op_operand_check(text, what, op_operand_type(a), op_operand_type(b));
	if (err)
		return err;
	if (is_logical(what)) {
		bool both = op_operand_is_true(a) && op_operand_is_true(b),
		     either = op_operand_is_true(a) || op_operand_is_true(b);
		*ret = op_operand_integer(what == OP_OPERATOR_AND_AND ? both : either, OP_VALUE_I32,
					  false);
		return NULL;
	}
	if (!a->is_float && !b->is_float)
		return apply_integer(text, what, a, b, ret);
	*ret = apply_real(what, as_real(a), as_real(b),
			  common_type(what, op_operand_type(a), op_operand_type(b)).type);
	return NULL;
}

struct op_error *op_operand_apply_unary(const char *text, char what, const struct op_operand *a,
					struct op_operand *ret)
{
	struct op_expression_type type = op_operand_type(a);
	struct op_error *err =
		op_operand_need_number(text, a) ?: op_operand_check_unary(text, what, type);
	if (err)
		return err;
	int64_t integer = a->integer;
	if (what == '!')
		*ret = op_operand_integer(!op_operand_is_true(a), OP_VALUE_I32, false);
	else if (what == '~')
		*ret = op_operand_integer(~integer, type.type, type.is_unsigned);
	else if (a->is_float)
		*ret = op_operand_real(what == '-' ? -a->real : a->real, type.type);
	else
		*ret = op_operand_integer(what == '-' ? (int64_t)(0 - (uint64_t)integer) : integer,
					  type.type, type.is_unsigned);
	return NULL;
}
