// SPDX-License-Identifier: GPL-3.0-or-later
// A value on its way through an expression, and C's operators on numbers. Knows no target.
#ifndef OP_TRACER_OPERAND_H
#define OP_TRACER_OPERAND_H

#include "tracer/outpost.h"

/**
 * What is no number keeps its bytes: it can be shown and followed, and one cannot calculate with
 * it.
 */
struct op_operand {
	struct op_result result;
	bool is_float;
	int64_t integer; /**< sign- or zero-extended from its type */
	double real;
	const char *
		/**
		 * why it cannot be assigned although it was read from the guest; NULL: no such
		 * reason. Static
		 */
		read_only;
};

/** A type of a value, where something tells it before anything runs. */
struct op_expression_type {
	bool known;
	enum op_value_type type;
	bool is_unsigned;
};

/** How a number lies in linear memory. */
struct op_access_type {
	const char *name;
	enum op_value_type type;
	unsigned width;
	bool is_unsigned;
};

enum op_operator {
	OP_OPERATOR_OR_OR,
	OP_OPERATOR_AND_AND,
	OP_OPERATOR_OR,
	OP_OPERATOR_XOR,
	OP_OPERATOR_AND,
	OP_OPERATOR_EQ,
	OP_OPERATOR_NE,
	OP_OPERATOR_LE,
	OP_OPERATOR_GE,
	OP_OPERATOR_LT,
	OP_OPERATOR_GT,
	OP_OPERATOR_SHL,
	OP_OPERATOR_SHR,
	OP_OPERATOR_ADD,
	OP_OPERATOR_SUB,
	OP_OPERATOR_MUL,
	OP_OPERATOR_DIV,
	OP_OPERATOR_MOD,
};

struct op_operand op_operand_value(const struct op_value *value);
struct op_operand op_operand_integer(int64_t integer, enum op_value_type type, bool is_unsigned);
struct op_operand op_operand_real(double real, enum op_value_type type);
/** Store the low bytes of @p bits, as many as the value's type has. */
void op_operand_store_bits(struct op_value *value, uint64_t bits);
bool op_operand_is_true(const struct op_operand *operand);
/** The type of a value that is there; known false otherwise. */
struct op_expression_type op_operand_type(const struct op_operand *operand);

/** "i8", "u64", ...: static; NULL when there is no such type. */
const struct op_access_type *op_access_type_by_name(const char *name, size_t size);
/** The one that has all bits of a known type of numbers. */
const struct op_access_type *op_access_type_of(struct op_expression_type type);

// In all of the following @p text is the whole expression, for the errors' sentences.

struct op_error *op_operand_need_number(const char *text, const struct op_operand *operand);
struct op_error *op_operand_convert(const char *text, const struct op_access_type *type,
				    struct op_operand *operand);
/**
 * What an operator refuses by the types of its sides alone; types that are not known pass.
 */
struct op_error *op_operand_check(const char *text, enum op_operator what,
				  struct op_expression_type a, struct op_expression_type b);
struct op_error *op_operand_check_unary(const char *text, char what, struct op_expression_type a);
struct op_error *op_operand_apply(const char *text, enum op_operator what,
				  const struct op_operand *a, const struct op_operand *b,
				  struct op_operand *ret);
/** @param[in] what '-', '+', '!' or '~' */
struct op_error *op_operand_apply_unary(const char *text, char what, const struct op_operand *a,
					struct op_operand *ret);

#endif
