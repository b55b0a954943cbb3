// SPDX-License-Identifier: GPL-3.0-or-later
// The interpreter of expression trees: what compiled expressions are held against. Reads leaves
// through an op_expression_source; knows no target.
#include <string.h>

#include "tracer/expression_tree.h"

struct run {
	const char *text;
	const struct op_expression_source *source;
};

// The tree's height is limited (OP_EXPRESSION_HEIGHT_MAX), and so is this recursion.
static struct op_error *evaluate(const struct run *run, const struct op_expression_node *node,
				 struct op_operand *ret);

static struct op_error *evaluate_number(const struct run *run,
					const struct op_expression_node *node,
					struct op_operand *ret)
{
	struct op_error *err = evaluate(run, node, ret);
	return err ?: op_operand_need_number(run->text, ret);
}

static struct op_error *not_here(const struct run *run)
{
	return op_error_create(OP_ERROR_UNSUPPORTED, "\"%s\": a value in it cannot be read here",
			       run->text);
}

// Leaves --------------------------------------------------------------------------------------

static struct op_error *constant(const struct run *run, const struct op_expression_node *node,
				 struct op_operand *ret)
{
	(void)run;
	*ret = node->constant;
	return NULL;
}

static struct op_error *local(const struct run *run, const struct op_expression_node *node,
			      struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	struct op_error *(*read)(void *, uint32_t, struct op_operand *) =
		node->of_location && source->location_local ? source->location_local
							    : source->local;
	return read ? read(source->context, node->index, ret) : not_here(run);
}

static struct op_error *operand(const struct run *run, const struct op_expression_node *node,
				struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	return source->operand ? source->operand(source->context, node->index, ret) : not_here(run);
}

static struct op_error *global(const struct run *run, const struct op_expression_node *node,
			       struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	return source->global ? source->global(source->context, node->index, ret) : not_here(run);
}

static struct op_error *pc(const struct run *run, const struct op_expression_node *node,
			   struct op_operand *ret)
{
	(void)node;
	const struct op_expression_source *source = run->source;
	uint32_t offset = 0;
	struct op_error *err = source->pc ? source->pc(source->context, &offset) : not_here(run);
	if (!err)
		*ret = op_operand_integer(offset, OP_VALUE_I32, true);
	return err;
}

// The number of a type whose bytes were read: narrow ones are extended.
static struct op_operand number_read(struct op_value *value, const struct op_access_type *access)
{
	if (!access->is_unsigned && access->width < 4) {
		unsigned shift = 32 - 8 * access->width;
		int32_t extended = (int32_t)((uint32_t)op_value_bits(value) << shift) >> shift;
		op_operand_store_bits(value, (uint64_t)(int64_t)extended);
	}
	struct op_operand operand = op_operand_value(value);
	if (access->is_unsigned) {
		operand.result.is_unsigned = true;
		operand.integer = (int64_t)op_value_bits(value);
	}
	return operand;
}

static struct op_error *memory(const struct run *run, const struct op_expression_node *node,
			       struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	struct op_operand address;
	struct op_error *err = evaluate_number(run, node->first, &address);
	if (!err && address.is_float)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": an address must be an integer",
				      run->text);
	if (err)
		return err;
	// A negative i32 is an address above 2 GiB.
	uint64_t offset = address.result.value.type == OP_VALUE_I32 ? (uint32_t)address.integer
								    : (uint64_t)address.integer;
	struct op_value value = {.type = node->access->type};
	err = source->memory ? source->memory(source->context, node->index, offset, value.bytes,
					      node->access->width)
			     : not_here(run);
	if (err)
		return err;
	*ret = number_read(&value, node->access);
	ret->result.has_place = true;
	ret->result.source = OP_SOURCE_MEMORY;
	ret->result.guest_memory = node->index;
	ret->result.guest_offset = offset;
	ret->result.width = node->access->width;
	return NULL;
}

// References ----------------------------------------------------------------------------------

static struct op_error *bound(const struct run *run, const struct op_expression_node *node,
			      uint64_t *ret)
{
	struct op_operand operand;
	struct op_error *err = evaluate_number(run, node, &operand);
	if (err)
		return err;
	if (operand.is_float || (!operand.result.is_unsigned && operand.integer < 0))
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\": an index is an integer that is not negative",
				       run->text);
	*ret = (uint64_t)operand.integer;
	return NULL;
}

// Elements first to end - 1.
static struct op_error *bounds(const struct run *run, const struct op_expression_node *node,
			       uint64_t *ret_first, uint64_t *ret_end)
{
	struct op_error *err = bound(run, node->first, ret_first);
	*ret_end = *ret_first;
	if (!err && node->end)
		err = bound(run, node->end, ret_end);
	if (err)
		return err;
	if ((node->end_inclusive || !node->end) && *ret_end < UINT64_MAX)
		++*ret_end;
	if (*ret_end < *ret_first)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": the range ends before it begins",
				       run->text);
	return NULL;
}

static struct op_error *table(const struct run *run, const struct op_expression_node *node,
			      struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	uint64_t first = 0, end = 0;
	struct op_error *err = bounds(run, node, &first, &end);
	if (err)
		return err;
	return source->table
		       ? source->table(source->context, node->index, first, end, node->end, ret)
		       : not_here(run);
}

static struct op_error *field(const struct run *run, const struct op_expression_node *node,
			      struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	struct op_operand base;
	struct op_error *err = evaluate(run, node->base, &base);
	if (err)
		return err;
	return source->field ? source->field(source->context, run->text, &base, node->name,
					     node->index, ret)
			     : not_here(run);
}

static struct op_error *element(const struct run *run, const struct op_expression_node *node,
				struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	struct op_operand base;
	uint64_t first = 0, end = 0;
	struct op_error *err = evaluate(run, node->base, &base);
	if (!err)
		err = bounds(run, node, &first, &end);
	if (err)
		return err;
	return source->element ? source->element(source->context, run->text, &base, first, end,
						 node->end, ret)
			       : not_here(run);
}

static struct op_error *object(const struct run *run, const struct op_expression_node *node,
			       struct op_operand *ret)
{
	const struct op_expression_source *source = run->source;
	struct op_operand base;
	struct op_error *err = evaluate(run, node->base, &base);
	if (err)
		return err;
	return source->object ? source->object(source->context, run->text, &base, ret)
			      : not_here(run);
}

// Operators -----------------------------------------------------------------------------------

static struct op_error *unary(const struct run *run, const struct op_expression_node *node,
			      struct op_operand *ret)
{
	struct op_operand side;
	struct op_error *err = evaluate(run, node->first, &side);
	return err ?: op_operand_apply_unary(run->text, node->unary, &side, ret);
}

// True when the left side of && or || says what comes out.
static bool is_decided(enum op_operator what, const struct op_operand *left)
{
	return (what == OP_OPERATOR_AND_AND && !op_operand_is_true(left)) ||
	       (what == OP_OPERATOR_OR_OR && op_operand_is_true(left));
}

static struct op_error *binary(const struct run *run, const struct op_expression_node *node,
			       struct op_operand *ret)
{
	struct op_operand left, right;
	struct op_error *err = evaluate_number(run, node->first, &left);
	if (err)
		return err;
	if (is_decided(node->binary, &left)) {
		*ret = op_operand_integer(op_operand_is_true(&left), OP_VALUE_I32, false);
		return NULL;
	}
	err = evaluate(run, node->end, &right);
	return err ?: op_operand_apply(run->text, node->binary, &left, &right, ret);
}

static struct op_error *convert(const struct run *run, const struct op_expression_node *node,
				struct op_operand *ret)
{
	struct op_error *err = evaluate(run, node->first, ret);
	return err ?: op_operand_convert(run->text, node->access, ret);
}

static struct op_error *choice(const struct run *run, const struct op_expression_node *node,
			       struct op_operand *ret)
{
	struct op_operand condition;
	struct op_error *err = evaluate_number(run, node->base, &condition);
	if (err)
		return err;
	return evaluate(run, op_operand_is_true(&condition) ? node->first : node->end, ret);
}

static struct op_error *(*const kinds[])(const struct run *run,
					 const struct op_expression_node *node,
					 struct op_operand *ret) = {
	[OP_EXPRESSION_CONSTANT] = constant,
	[OP_EXPRESSION_LOCAL] = local,
	[OP_EXPRESSION_OPERAND] = operand,
	[OP_EXPRESSION_GLOBAL] = global,
	[OP_EXPRESSION_TABLE] = table,
	[OP_EXPRESSION_MEMORY] = memory,
	[OP_EXPRESSION_PC] = pc,
	[OP_EXPRESSION_FIELD] = field,
	[OP_EXPRESSION_ELEMENT] = element,
	[OP_EXPRESSION_OBJECT] = object,
	[OP_EXPRESSION_UNARY] = unary,
	[OP_EXPRESSION_BINARY] = binary,
	[OP_EXPRESSION_CONVERT] = convert,
	[OP_EXPRESSION_CHOICE] = choice,
};

static struct op_error *evaluate(const struct run *run, const struct op_expression_node *node,
				 struct op_operand *ret)
{
	return kinds[node->kind](run, node, ret);
}

struct op_error *op_expression_evaluate(const struct op_expression *expression,
					const struct op_expression_source *source,
					struct op_operand *ret)
{
	struct run run = {expression->text, source};
	return evaluate(&run, expression->root, ret);
}
