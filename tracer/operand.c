// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers in expressions: between values and C's numbers, and C's operators on them. Knows no
// target.
#include "tracer/operand.h"

#include <math.h>
#include <string.h>

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
	if (value->type > OP_VALUE_F64)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": one cannot calculate with a value of type %s", text,
				       op_value_type_name(value->type));
	return NULL;
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

// Binary operators ----------------------------------------------------------------------------

static struct op_error *apply_real(const char *text, enum op_operator what, double a, double b,
				   enum op_value_type type, struct op_operand *ret)
{
	switch (what) {
	case OP_OPERATOR_ADD:
		*ret = op_operand_real(a + b, type);
		return NULL;
	case OP_OPERATOR_SUB:
		*ret = op_operand_real(a - b, type);
		return NULL;
	case OP_OPERATOR_MUL:
		*ret = op_operand_real(a * b, type);
		return NULL;
	case OP_OPERATOR_DIV:
		*ret = op_operand_real(a / b, type);
		return NULL;
	case OP_OPERATOR_EQ:
	case OP_OPERATOR_NE:
	case OP_OPERATOR_LE:
	case OP_OPERATOR_GE:
	case OP_OPERATOR_LT:
	case OP_OPERATOR_GT: {
		bool results[] = {[OP_OPERATOR_EQ] = a == b,
				  [OP_OPERATOR_NE] = a != b,
				  [OP_OPERATOR_LE] = a <= b,
				  [OP_OPERATOR_GE] = a >= b,
				  [OP_OPERATOR_LT] = a<b, [OP_OPERATOR_GT] = a> b};
		*ret = op_operand_integer(results[what], OP_VALUE_I32, false);
		return NULL;
	}
	default:
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": an operator in it needs integers",
				       text);
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
	bool wide = a->result.value.type == OP_VALUE_I64 || b->result.value.type == OP_VALUE_I64;
	enum op_value_type type = wide ? OP_VALUE_I64 : OP_VALUE_I32;
	bool shift = what == OP_OPERATOR_SHL || what == OP_OPERATOR_SHR;
	// As in C: the wider type wins, at equal width the unsigned one; a shift has the type of
	// its left side.
	if (shift)
		type = a->result.value.type;
	bool a_counts = a->result.is_unsigned && (shift || a->result.value.type == type);
	bool b_counts = b->result.is_unsigned && !shift && b->result.value.type == type;
	bool is_unsigned = a_counts || b_counts;
	int64_t x = op_operand_integer(a->integer, type, is_unsigned).integer,
		y = shift ? b->integer : op_operand_integer(b->integer, type, is_unsigned).integer;
	uint64_t ux = (uint64_t)x, uy = (uint64_t)y;
	unsigned bits = type == OP_VALUE_I64 ? 64 : 32;
	int64_t r = 0;
	bool compares = false;
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
		struct op_error *err = divide(text, what == OP_OPERATOR_MOD, x, y, is_unsigned, &r);
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
		r = (int64_t)(ux << (uy % bits));
		break;
	case OP_OPERATOR_SHR:
		r = is_unsigned ? (int64_t)(ux >> (uy % bits)) : x >> (uy % bits);
		break;
	default: {
		bool less = is_unsigned ? ux < uy : x < y;
		bool results[] = {
			[OP_OPERATOR_EQ] = x == y,         [OP_OPERATOR_NE] = x != y,
			[OP_OPERATOR_LE] = less || x == y, [OP_OPERATOR_GE] = !less,
			[OP_OPERATOR_LT] = less,           [OP_OPERATOR_GT] = !less && x != y};
		r = results[what];
		compares = true;
		break;
	}
	}
	*ret = compares ? op_operand_integer(r, OP_VALUE_I32, false)
			: op_operand_integer(r, type, is_unsigned);
	return NULL;
}

struct op_error *op_operand_apply(const char *text, enum op_operator what,
				  const struct op_operand *a, const struct op_operand *b,
				  struct op_operand *ret)
{
	struct op_error *err = op_operand_need_number(text, a);
	if (!err)
		err = op_operand_need_number(text, b);
	if (err)
		return err;
	if (what == OP_OPERATOR_OR_OR || what == OP_OPERATOR_AND_AND) {
		bool both = op_operand_is_true(a) && op_operand_is_true(b),
		     either = op_operand_is_true(a) || op_operand_is_true(b);
		*ret = op_operand_integer(what == OP_OPERATOR_AND_AND ? both : either, OP_VALUE_I32,
					  false);
		return NULL;
	}
	if (!a->is_float && !b->is_float)
		return apply_integer(text, what, a, b, ret);
	bool narrow = a->result.value.type != OP_VALUE_F64 && b->result.value.type != OP_VALUE_F64;
	return apply_real(text, what, as_real(a), as_real(b), narrow ? OP_VALUE_F32 : OP_VALUE_F64,
			  ret);
}
