// SPDX-License-Identifier: GPL-3.0-or-later
// Expression trees to operations of a back end. The meaning is that of tracer/operand.c, which
// evaluates the same trees from outside: C's types, wrap-around, errors instead of faults. Knows no
// instruction set.
//
// Sides of an operator may be calculated in either order: nothing has an effect, and whichever
// error comes first, the result is "an error".
#include <inttypes.h>
#include <string.h>

#include "tracer/agent/stub_private.h"

// A pointer and a length are read behind the place of a memory's definition.
enum { OFFSET_MAX = INT32_MAX - 64 };

static bool is_real(enum op_value_type type)
{
	return type == OP_VALUE_F32 || type == OP_VALUE_F64;
}

static bool is_comparison(enum op_operator what)
{
	return what >= OP_OPERATOR_EQ && what <= OP_OPERATOR_GT;
}

static bool is_logical(enum op_operator what)
{
	return what == OP_OPERATOR_OR_OR || what == OP_OPERATOR_AND_AND;
}

static bool is_shift(enum op_operator what)
{
	return what == OP_OPERATOR_SHL || what == OP_OPERATOR_SHR;
}

// Leaves --------------------------------------------------------------------------------------

static struct op_error *check_place(const struct op_stub_walk *walk,
				    const struct op_machine_place *place)
{
	bool fits = place->offset_count >= 1 && place->offset_count <= OP_MACHINE_OFFSETS_MAX;
	for (unsigned i = 0; fits && i < place->offset_count; i++)
		fits = place->offsets[i] >= -(int64_t)OFFSET_MAX && place->offsets[i] <= OFFSET_MAX;
	return fits ? NULL
		    : op_error_create(OP_ERROR_UNSUPPORTED,
				      "\"%s\": a value in it is too far away for code to reach it",
				      walk->text);
}

static struct op_error *find_place(const struct op_stub_walk *walk,
				   const struct op_expression_node *node,
				   struct op_machine_place *ret)
{
	const struct op_machine_scope *scope = walk->scope;
	struct op_error *(*find)(void *, uint32_t, struct op_machine_place *) =
		node->kind == OP_EXPRESSION_LOCAL     ? scope->local
		: node->kind == OP_EXPRESSION_OPERAND ? scope->operand
		: node->kind == OP_EXPRESSION_GLOBAL  ? scope->global
						      : scope->memory;
	*ret = (struct op_machine_place){0};
	struct op_error *err = find(scope->context, node->index, ret);
	return err ? err : check_place(walk, ret);
}

static bool is_variable(const struct op_expression_node *node)
{
	return node->kind == OP_EXPRESSION_LOCAL || node->kind == OP_EXPRESSION_OPERAND ||
	       node->kind == OP_EXPRESSION_GLOBAL;
}

static bool is_constant(const struct op_expression_node *node)
{
	return node->kind == OP_EXPRESSION_CONSTANT || node->kind == OP_EXPRESSION_PC;
}

struct op_error *op_stub_expression_operand(struct op_stub_walk *walk,
					    const struct op_expression_node *node,
					    struct op_stub_operand *ret, bool *ret_direct)
{
	*ret = (struct op_stub_operand){.kind = OP_STUB_CONSTANT};
	*ret_direct = is_constant(node) || is_variable(node);
	if (node->kind == OP_EXPRESSION_CONSTANT)
		ret->constant = op_value_bits(&node->constant.result.value);
	if (node->kind == OP_EXPRESSION_PC) {
		uint32_t pc;
		struct op_error *err = walk->scope->pc(walk->scope->context, &pc);
		ret->constant = err ? 0 : pc;
		return err;
	}
	if (!is_variable(node))
		return NULL;
	ret->kind = OP_STUB_PLACE;
	ret->width = op_value_type_size(node->type.type);
	return find_place(walk, node, &ret->place);
}

// A leaf that an integer operation in @p type can take as it is. A shift's right side can be of any
// width: its low bits are all that counts.
static bool is_direct(const struct op_expression_node *node, struct op_expression_type type,
		      bool any_width)
{
	return is_constant(node) ||
	       (is_variable(node) && (any_width || node->type.type == type.type));
}

// ... and how it takes it.
static struct op_error *direct_operand(struct op_stub_walk *walk,
				       const struct op_expression_node *node,
				       struct op_expression_type type, struct op_stub_operand *ret)
{
	bool direct;
	struct op_error *err = op_stub_expression_operand(walk, node, ret, &direct);
	if (err)
		return err;
	bool widens = node->kind == OP_EXPRESSION_CONSTANT && type.type == OP_VALUE_I64;
	if (widens)
		ret->constant = (uint64_t)node->constant.integer;
	if (ret->kind == OP_STUB_CONSTANT && type.type == OP_VALUE_I32)
		ret->constant = (uint32_t)ret->constant;
	return NULL;
}

static uint64_t double_bits(double real)
{
	uint64_t bits;
	memcpy(&bits, &real, sizeof(bits));
	return bits;
}

// A constant side of an operation on reals.
static struct op_stub_operand real_constant(const struct op_expression_node *node)
{
	const struct op_operand *constant = &node->constant;
	double integer = constant->result.is_unsigned ? (double)(uint64_t)constant->integer
						      : (double)constant->integer;
	return (struct op_stub_operand){
		.kind = OP_STUB_CONSTANT,
		.constant = double_bits(constant->is_float ? constant->real : integer)};
}

// Temporaries ---------------------------------------------------------------------------------

struct op_error *op_stub_temp_take(struct op_stub_walk *walk, unsigned *ret)
{
	if (walk->temps == OP_STUB_TEMPS_MAX)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\" is nested too deeply to be compiled for the target",
				       walk->text);
	*ret = walk->temps++;
	return NULL;
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

// How many temporaries it takes to calculate a node when of two sides the one that takes more is
// calculated first (Sethi, Ullman: The generation of optimal code for arithmetic expressions,
// 1970).
static unsigned temps_of(const struct op_expression_node *node)
{
	unsigned base = node->base ? temps_of(node->base) : 0,
		 first = node->first ? temps_of(node->first) : 0,
		 end = node->end ? temps_of(node->end) : 0;
	if (node->kind != OP_EXPRESSION_BINARY || is_logical(node->binary) ||
	    is_constant(node->end) || is_variable(node->end))
		return max(base, max(first, end));
	return first > end ? max(first, end + 1) : max(end, first + 1);
}

// Values --------------------------------------------------------------------------------------

static struct op_error *integer(struct op_stub_walk *walk, const struct op_expression_node *node);
static struct op_error *real(struct op_stub_walk *walk, const struct op_expression_node *node);

// The value of a node as one of @p type, which is not narrower.
static struct op_error *value_as(struct op_stub_walk *walk, const struct op_expression_node *node,
				 struct op_expression_type type)
{
	struct op_expression_type own = node->type;
	if (is_real(own.type))
		return real(walk, node);
	struct op_error *err = integer(walk, node);
	if (err)
		return err;
	if (own.type == OP_VALUE_I32 && !own.is_unsigned && type.type != OP_VALUE_I32)
		walk->machine->extend(walk->code);
	if (is_real(type.type))
		walk->machine->real_from_integer(walk->code,
						 own.type == OP_VALUE_I64 && own.is_unsigned);
	return NULL;
}

// Calculate both sides; the left one to its register, the right one to where *ret says.
static struct op_error *both_sides(struct op_stub_walk *walk, const struct op_expression_node *node,
				   struct op_expression_type type, struct op_stub_operand *ret)
{
	const struct op_stub_machine *machine = walk->machine;
	bool reals = is_real(type.type), shift = is_shift(node->binary);
	const struct op_expression_node *first = node->first, *end = node->end;
	struct op_expression_type end_type = shift ? end->type : type;
	if (reals && end->kind == OP_EXPRESSION_CONSTANT) {
		*ret = real_constant(end);
		return value_as(walk, first, type);
	}
	if (!reals && is_direct(end, type, shift)) {
		struct op_error *err = direct_operand(walk, end, type, ret);
		return err ? err : value_as(walk, first, type);
	}
	bool swap = temps_of(first) > temps_of(end);
	unsigned temp = 0;
	struct op_error *err = swap ? value_as(walk, first, type) : value_as(walk, end, end_type);
	if (!err)
		err = op_stub_temp_take(walk, &temp);
	if (err)
		return err;
	(reals ? machine->real_store_temp : machine->store_temp)(walk->code, temp);
	err = swap ? value_as(walk, end, end_type) : value_as(walk, first, type);
	walk->temps--;
	*ret = (struct op_stub_operand){.kind = OP_STUB_TEMP, .temp = temp};
	if (swap) {
		(reals ? machine->real_to_right : machine->to_right)(walk->code);
		(reals ? machine->real_load : machine->load)(walk->code, ret);
		ret->kind = OP_STUB_REGISTER;
	}
	return err;
}

static struct op_error *memory(struct op_stub_walk *walk, const struct op_expression_node *node)
{
	struct op_machine_place place;
	struct op_stub_operand address = {.kind = OP_STUB_REGISTER};
	struct op_error *err = find_place(walk, node, &place);
	if (err)
		return err;
	// An i32 address is unsigned, whatever its type says: its register's upper half is zero.
	if (is_constant(node->first))
		err = direct_operand(walk, node->first, node->first->type, &address);
	else
		err = integer(walk, node->first);
	if (!err)
		walk->machine->memory(walk->code, &place, &address, node->access->width,
				      node->access->is_unsigned, walk->error);
	return err;
}

static struct op_error *convert_to_integer(struct op_stub_walk *walk,
					   const struct op_expression_node *node)
{
	struct op_expression_type to = node->type, from = node->first->type;
	struct op_error *err = value_as(walk, node->first, to);
	if (err)
		return err;
	if (is_real(from.type))
		walk->machine->real_to_integer(walk->code, walk->error);
	if (node->access->width < 4 || (to.type == OP_VALUE_I32 && from.type != OP_VALUE_I32))
		walk->machine->narrow(walk->code, node->access->width, to.is_unsigned);
	return NULL;
}

// 0 or 1.
static struct op_error *truth(struct op_stub_walk *walk, const struct op_expression_node *node)
{
	const struct op_stub_machine *machine = walk->machine;
	unsigned no = op_stub_label_create(walk->code), end = op_stub_label_create(walk->code);
	struct op_error *err = op_stub_expression_branch(walk, node, false, no);
	if (err)
		return err;
	machine->load(walk->code,
		      &(struct op_stub_operand){.kind = OP_STUB_CONSTANT, .constant = 1});
	machine->jump(walk->code, end);
	op_stub_label_place(walk->code, no);
	machine->load(walk->code, &(struct op_stub_operand){.kind = OP_STUB_CONSTANT});
	op_stub_label_place(walk->code, end);
	return NULL;
}

// One side or the other is calculated.
static struct op_error *choice(struct op_stub_walk *walk, const struct op_expression_node *node,
			       struct op_error *(*calculate)(struct op_stub_walk *,
							     const struct op_expression_node *))
{
	unsigned other = op_stub_label_create(walk->code), end = op_stub_label_create(walk->code);
	struct op_error *err = op_stub_expression_branch(walk, node->base, false, other);
	if (!err)
		err = calculate(walk, node->first);
	if (err)
		return err;
	walk->machine->jump(walk->code, end);
	op_stub_label_place(walk->code, other);
	err = calculate(walk, node->end);
	op_stub_label_place(walk->code, end);
	return err;
}

static struct op_error *integer_unary(struct op_stub_walk *walk,
				      const struct op_expression_node *node)
{
	bool wide = node->type.type == OP_VALUE_I64;
	if (node->unary == '!')
		return truth(walk, node);
	struct op_error *err = integer(walk, node->first);
	if (!err && node->unary == '-')
		walk->machine->negate(walk->code, wide);
	if (!err && node->unary == '~')
		walk->machine->invert(walk->code, wide);
	return err;
}

static struct op_error *integer_binary(struct op_stub_walk *walk,
				       const struct op_expression_node *node)
{
	if (is_comparison(node->binary) || is_logical(node->binary))
		return truth(walk, node);
	struct op_expression_type type = node->type;
	struct op_stub_operand right;
	struct op_error *err = both_sides(walk, node, type, &right);
	if (!err)
		walk->machine->arithmetic(walk->code, node->binary, type.type == OP_VALUE_I64,
					  type.is_unsigned, &right, walk->error);
	return err;
}

// LEFT = the value of a node that is an integer.
static struct op_error *integer(struct op_stub_walk *walk, const struct op_expression_node *node)
{
	struct op_stub_operand leaf;
	switch (node->kind) {
	case OP_EXPRESSION_MEMORY:
		return memory(walk, node);
	case OP_EXPRESSION_CONVERT:
		return convert_to_integer(walk, node);
	case OP_EXPRESSION_UNARY:
		return integer_unary(walk, node);
	case OP_EXPRESSION_BINARY:
		return integer_binary(walk, node);
	case OP_EXPRESSION_CHOICE:
		return choice(walk, node, integer);
	default: {
		struct op_error *err = direct_operand(walk, node, node->type, &leaf);
		if (!err)
			walk->machine->load(walk->code, &leaf);
		return err;
	}
	}
}

static struct op_error *convert_to_real(struct op_stub_walk *walk,
					const struct op_expression_node *node)
{
	struct op_expression_type to = node->type;
	struct op_error *err = value_as(walk, node->first, to);
	if (!err && to.type == OP_VALUE_F32)
		walk->machine->real_round(walk->code);
	return err;
}

static struct op_error *real_binary(struct op_stub_walk *walk,
				    const struct op_expression_node *node)
{
	struct op_expression_type type = node->type;
	struct op_stub_operand right;
	struct op_error *err = both_sides(walk, node, type, &right);
	if (err)
		return err;
	walk->machine->real_arithmetic(walk->code, node->binary, &right);
	if (type.type == OP_VALUE_F32)
		walk->machine->real_round(walk->code);
	return NULL;
}

// The real register = the value of a node that is one, as a double.
static struct op_error *real(struct op_stub_walk *walk, const struct op_expression_node *node)
{
	const struct op_stub_machine *machine = walk->machine;
	struct op_stub_operand leaf;
	struct op_error *err;
	bool direct;
	switch (node->kind) {
	case OP_EXPRESSION_CONSTANT:
		leaf = real_constant(node);
		machine->real_load(walk->code, &leaf);
		return NULL;
	case OP_EXPRESSION_MEMORY:
		err = memory(walk, node);
		if (!err)
			machine->real_from_bits(walk->code, node->access->type == OP_VALUE_F64);
		return err;
	case OP_EXPRESSION_CONVERT:
		return convert_to_real(walk, node);
	case OP_EXPRESSION_UNARY:
		err = real(walk, node->first);
		if (!err && node->unary == '-')
			machine->real_negate(walk->code);
		return err;
	case OP_EXPRESSION_BINARY:
		return real_binary(walk, node);
	case OP_EXPRESSION_CHOICE:
		return choice(walk, node, real);
	default:
		err = op_stub_expression_operand(walk, node, &leaf, &direct);
		if (!err)
			machine->real_load(walk->code, &leaf);
		return err;
	}
}

struct op_error *op_stub_expression_bits(struct op_stub_walk *walk,
					 const struct op_expression_node *node)
{
	enum op_value_type type = node->type.type;
	if (!is_real(type))
		return integer(walk, node);
	// A value that nothing is done to keeps its bits: a double would lose those of a signalling
	// NaN.
	struct op_stub_operand leaf;
	bool direct;
	if (node->kind == OP_EXPRESSION_MEMORY)
		return memory(walk, node);
	if (node->kind == OP_EXPRESSION_CHOICE)
		return choice(walk, node, op_stub_expression_bits);
	struct op_error *err = op_stub_expression_operand(walk, node, &leaf, &direct);
	if (err)
		return err;
	if (direct) {
		walk->machine->load(walk->code, &leaf);
		return NULL;
	}
	err = real(walk, node);
	if (!err)
		walk->machine->real_to_bits(walk->code, type == OP_VALUE_F64);
	return err;
}

// Conditions ----------------------------------------------------------------------------------

static const struct op_stub_operand zero = {.kind = OP_STUB_CONSTANT};

// Branch when a comparison is @p when.
static struct op_error *compare(struct op_stub_walk *walk, const struct op_expression_node *node,
				bool when, unsigned label)
{
	// What both sides are converted to, as for a sum.
	struct op_expression_type type =
		op_expression_binary_type(OP_OPERATOR_ADD, node->first->type, node->end->type);
	bool wide = type.type == OP_VALUE_I64;
	struct op_stub_operand left = {.kind = OP_STUB_REGISTER}, right;
	struct op_error *err;
	if (!is_real(type.type) && is_variable(node->first) && is_constant(node->end) &&
	    is_direct(node->first, type, false)) {
		err = direct_operand(walk, node->first, type, &left);
		if (!err)
			err = direct_operand(walk, node->end, type, &right);
	} else {
		err = both_sides(walk, node, type, &right);
	}
	if (err)
		return err;
	if (is_real(type.type))
		walk->machine->real_compare(walk->code, node->binary, &right, when, label);
	else
		walk->machine->compare(walk->code, node->binary, wide, type.is_unsigned, &left,
				       &right, when, label);
	return NULL;
}

// A number is true unless it is 0.
static struct op_error *number(struct op_stub_walk *walk, const struct op_expression_node *node,
			       bool when, unsigned label)
{
	struct op_expression_type type = node->type;
	struct op_stub_operand left = {.kind = OP_STUB_REGISTER};
	struct op_error *err;
	if (is_real(type.type)) {
		err = real(walk, node);
		if (!err)
			walk->machine->real_compare(walk->code, OP_OPERATOR_NE, &zero, when, label);
		return err;
	}
	err = is_variable(node) ? direct_operand(walk, node, type, &left) : integer(walk, node);
	if (!err)
		walk->machine->compare(walk->code, OP_OPERATOR_NE, type.type == OP_VALUE_I64, false,
				       &left, &zero, when, label);
	return err;
}

// The right side of && and || is looked at only where the left one does not decide.
static struct op_error *logical(struct op_stub_walk *walk, const struct op_expression_node *node,
				bool when, unsigned label)
{
	bool decides = node->binary == OP_OPERATOR_OR_OR;
	unsigned skip = op_stub_label_create(walk->code);
	struct op_error *err = op_stub_expression_branch(walk, node->first, decides,
							 when == decides ? label : skip);
	if (!err)
		err = op_stub_expression_branch(walk, node->end, when, label);
	op_stub_label_place(walk->code, skip);
	return err;
}

static struct op_error *choice_branch(struct op_stub_walk *walk,
				      const struct op_expression_node *node, bool when,
				      unsigned label)
{
	unsigned other = op_stub_label_create(walk->code), end = op_stub_label_create(walk->code);
	struct op_error *err = op_stub_expression_branch(walk, node->base, false, other);
	if (!err)
		err = op_stub_expression_branch(walk, node->first, when, label);
	if (err)
		return err;
	walk->machine->jump(walk->code, end);
	op_stub_label_place(walk->code, other);
	err = op_stub_expression_branch(walk, node->end, when, label);
	op_stub_label_place(walk->code, end);
	return err;
}

struct op_error *op_stub_expression_branch(struct op_stub_walk *walk,
					   const struct op_expression_node *node, bool when,
					   unsigned label)
{
	if (node->kind == OP_EXPRESSION_CHOICE)
		return choice_branch(walk, node, when, label);
	if (node->kind == OP_EXPRESSION_UNARY && node->unary == '!')
		return op_stub_expression_branch(walk, node->first, !when, label);
	if (node->kind == OP_EXPRESSION_BINARY && is_logical(node->binary))
		return logical(walk, node, when, label);
	if (node->kind == OP_EXPRESSION_BINARY && is_comparison(node->binary))
		return compare(walk, node, when, label);
	return number(walk, node, when, label);
}
