// SPDX-License-Identifier: GPL-3.0-or-later
// From a location's steps to a tree: a stack machine whose stack holds nodes.
#include "tracer/source_location.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct machine {
	struct op_expression_tree *tree;
	const struct op_expression_scope *scope;
	const struct op_expression_node *stack[DEPTH_MAX];
	size_t depth;
};

static struct op_error *senseless(const char *what)
{
	return op_error_create(OP_ERROR_FORMAT,
			       "the debug information says where it is in a way that makes no "
			       "sense: %s",
			       what);
}

static struct op_error *push(struct machine *machine, const struct op_expression_node *node)
{
	if (machine->depth == DEPTH_MAX)
		return op_error_create(OP_ERROR_LIMIT,
				       "the debug information calculates where it is on a stack "
				       "of more than %d values",
				       DEPTH_MAX);
	machine->stack[machine->depth++] = node;
	return NULL;
}

// The entry so many below the top.
static const struct op_expression_node **entry(struct machine *machine, size_t below)
{
	return &machine->stack[machine->depth - 1 - below];
}

// Types ---------------------------------------------------------------------------------------

static const struct op_access_type *integer_access(uint64_t bytes, bool is_signed)
{
	static const struct {
		uint64_t bytes;
		const char *with_sign, *without;
	} names[] = {{1, "i8", "u8"}, {2, "i16", "u16"}, {4, "i32", "u32"}, {8, "i64", "u64"}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(names); i++) {
		const char *name = is_signed ? names[i].with_sign : names[i].without;
		if (names[i].bytes == bytes)
			return op_access_type_by_name(name, strlen(name));
	}
	return NULL;
}

// The same number, read with or without a sign: what widens, divides and compares depends on it.
static struct op_error *with_sign(struct machine *machine, bool is_signed,
				  const struct op_expression_node **node)
{
	struct op_expression_type type = (*node)->type;
	if (type.is_unsigned != is_signed)
		return NULL;
	return op_expression_tree_convert(
		machine->tree, integer_access(op_value_type_size(type.type), is_signed), node);
}

static struct op_error *need_integer(const struct op_expression_node *node, const char *what,
				     uint32_t index)
{
	if (!node->type.known)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "it is found through %s %" PRIu32
				       " of the function, whose type is not known",
				       what, index);
	if (node->type.type != OP_VALUE_I32 && node->type.type != OP_VALUE_I64)
		return op_error_create(OP_ERROR_FORMAT,
				       "it is found through %s %" PRIu32
				       " of the function, which is no integer (%s)",
				       what, index, op_value_type_name(node->type.type));
	return NULL;
}

// Leaves --------------------------------------------------------------------------------------

static const struct leaf {
	enum op_location_kind kind;
	enum op_expression_kind node;
	const char *name;
} leaves[] = {
	{OP_LOCATION_WASM_LOCAL, OP_EXPRESSION_LOCAL, "local"},
	{OP_LOCATION_WASM_GLOBAL, OP_EXPRESSION_GLOBAL, "global"},
	{OP_LOCATION_WASM_OPERAND, OP_EXPRESSION_OPERAND, "operand"},
};

static const struct leaf *leaf_of(enum op_location_kind kind)
{
	size_t i = 0;
	while (leaves[i].kind != kind)
		i++;
	return &leaves[i];
}

struct op_error *op_source_location_leaf(struct op_expression_tree *tree,
					 const struct op_expression_scope *scope,
					 enum op_location_kind kind, uint32_t index,
					 const struct op_expression_node **ret)
{
	const struct leaf *leaf = leaf_of(kind);
	struct op_expression_node node = {.kind = leaf->node, .index = index, .of_location = true};
	bool (*type)(void *, uint32_t, struct op_expression_type *) =
		leaf->node == OP_EXPRESSION_LOCAL    ? scope->local_type
		: leaf->node == OP_EXPRESSION_GLOBAL ? scope->global_type
						     : scope->operand_type;
	if (leaf->node != OP_EXPRESSION_GLOBAL && !scope->function)
		return op_error_create(OP_ERROR_STATE,
				       "it is found through %s %" PRIu32
				       " of a guest frame, and none is selected",
				       leaf->name, index);
	if (!type || !type(scope->context, index, &node.type))
		return op_error_create(OP_ERROR_FORMAT,
				       "it is found through %s %" PRIu32 ", and there is none",
				       leaf->name, index);
	return op_expression_tree_add(tree, &node, ret);
}

static struct op_error *push_leaf(struct machine *machine, enum op_location_kind kind,
				  int64_t index)
{
	const struct op_expression_node *node;
	if (index < 0 || index > UINT32_MAX)
		return senseless("an index of a Wasm local, global or operand is out of range");
	struct op_error *err = op_source_location_leaf(machine->tree, machine->scope, kind,
						       (uint32_t)index, &node);
	if (!err)
		err = need_integer(node, leaf_of(kind)->name, (uint32_t)index);
	return err ?: push(machine, node);
}

static struct op_error *push_integer(struct machine *machine, int64_t value)
{
	const struct op_expression_node *node;
	bool narrow = value >= INT32_MIN && value <= UINT32_MAX;
	struct op_error *err = op_expression_tree_integer(machine->tree, value,
							  narrow ? OP_VALUE_I32 : OP_VALUE_I64,
							  value > INT32_MAX, &node);
	return err ?: push(machine, node);
}

// Operations ----------------------------------------------------------------------------------

static struct op_error *load(struct machine *machine, int64_t bytes)
{
	const struct op_access_type *access = integer_access((uint64_t)bytes, false);
	const struct op_expression_node **top = entry(machine, 0);
	if (!access)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the debug information reads %" PRId64
				       " bytes at once on the way to it",
				       bytes);
	return op_expression_tree_memory(machine->tree, 0, access, *top, top);
}

static struct op_error *convert(struct machine *machine, const struct op_location_step *step)
{
	const struct op_access_type *access =
		integer_access((uint64_t)step->value, step->is_signed);
	if (!access)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the debug information converts it to an integer of "
				       "%" PRId64 " bytes",
				       step->value);
	return op_expression_tree_convert(machine->tree, access, entry(machine, 0));
}

static struct op_error *absolute(struct machine *machine)
{
	const struct op_expression_node **top = entry(machine, 0), *zero, *negative, *is_negative;
	struct op_error *err = with_sign(machine, true, top);
	if (!err)
		err = op_expression_tree_integer(machine->tree, 0, OP_VALUE_I32, false, &zero);
	if (!err)
		err = op_expression_tree_unary(machine->tree, '-', *top, &negative);
	if (!err)
		err = op_expression_tree_binary(machine->tree, OP_OPERATOR_LT, *top, zero,
						&is_negative);
	struct op_expression_node choice = {
		.kind = OP_EXPRESSION_CHOICE,
		.type = (*top)->type,
		.base = err ? NULL : is_negative,
		.first = err ? NULL : negative,
		.end = *top,
	};
	return err ?: op_expression_tree_add(machine->tree, &choice, top);
}

static const struct binary {
	enum op_location_op op;
	enum op_operator what;
	enum { ANY, SIGNED, UNSIGNED } sign;
} binaries[] = {
	{OP_LOCATION_ADD, OP_OPERATOR_ADD, ANY},      {OP_LOCATION_SUB, OP_OPERATOR_SUB, ANY},
	{OP_LOCATION_MUL, OP_OPERATOR_MUL, ANY},      {OP_LOCATION_DIV, OP_OPERATOR_DIV, SIGNED},
	{OP_LOCATION_MOD, OP_OPERATOR_MOD, UNSIGNED}, {OP_LOCATION_AND, OP_OPERATOR_AND, ANY},
	{OP_LOCATION_OR, OP_OPERATOR_OR, ANY},        {OP_LOCATION_XOR, OP_OPERATOR_XOR, ANY},
	{OP_LOCATION_SHL, OP_OPERATOR_SHL, ANY},      {OP_LOCATION_SHR, OP_OPERATOR_SHR, UNSIGNED},
	{OP_LOCATION_SAR, OP_OPERATOR_SHR, SIGNED},   {OP_LOCATION_EQ, OP_OPERATOR_EQ, SIGNED},
	{OP_LOCATION_NE, OP_OPERATOR_NE, SIGNED},     {OP_LOCATION_LT, OP_OPERATOR_LT, SIGNED},
	{OP_LOCATION_GT, OP_OPERATOR_GT, SIGNED},     {OP_LOCATION_LE, OP_OPERATOR_LE, SIGNED},
	{OP_LOCATION_GE, OP_OPERATOR_GE, SIGNED},
};

static struct op_error *apply(struct machine *machine, enum op_location_op op)
{
	size_t i = 0;
	while (i < OP_ARRAY_SIZE(binaries) && binaries[i].op != op)
		i++;
	if (i == OP_ARRAY_SIZE(binaries))
		return senseless("it has an unknown step");
	const struct op_expression_node *left = *entry(machine, 1), *right = *entry(machine, 0);
	struct op_error *err = NULL;
	if (binaries[i].sign != ANY) {
		bool is_signed = binaries[i].sign == SIGNED;
		err = with_sign(machine, is_signed, &left);
		if (!err)
			err = with_sign(machine, is_signed, &right);
	}
	machine->depth--;
	return err
		       ?: op_expression_tree_binary(machine->tree, binaries[i].what, left, right,
						    entry(machine, 0));
}

static void swap(struct machine *machine)
{
	const struct op_expression_node *top = *entry(machine, 0);
	*entry(machine, 0) = *entry(machine, 1);
	*entry(machine, 1) = top;
}

// The top goes below the two under it.
static void rotate(struct machine *machine)
{
	const struct op_expression_node *top = *entry(machine, 0);
	*entry(machine, 0) = *entry(machine, 1);
	*entry(machine, 1) = *entry(machine, 2);
	*entry(machine, 2) = top;
}

// How many entries a step takes from the stack, or looks at.
static uint64_t entries_of(const struct op_location_step *step)
{
	switch (step->op) {
	case OP_LOCATION_CONSTANT:
	case OP_LOCATION_LOCAL:
	case OP_LOCATION_GLOBAL:
	case OP_LOCATION_OPERAND:
	case OP_LOCATION_REGISTER:
	case OP_LOCATION_FRAME_ADDRESS:
		return 0;
	case OP_LOCATION_DUPLICATE:
		return step->value >= 0 && step->value < DEPTH_MAX ? (uint64_t)step->value + 1
								   : DEPTH_MAX + 1;
	case OP_LOCATION_LOAD:
	case OP_LOCATION_DROP:
	case OP_LOCATION_NEGATE:
	case OP_LOCATION_NOT:
	case OP_LOCATION_ABSOLUTE:
	case OP_LOCATION_CONVERT:
		return 1;
	case OP_LOCATION_ROTATE:
		return 3;
	default:
		return 2;
	}
}

static struct op_error *take_step(struct machine *machine, const struct op_location_step *step)
{
	if (entries_of(step) > machine->depth)
		return senseless("its stack is empty too early");
	switch (step->op) {
	case OP_LOCATION_CONSTANT:
		return push_integer(machine, step->value);
	case OP_LOCATION_LOCAL:
		return push_leaf(machine, OP_LOCATION_WASM_LOCAL, step->value);
	case OP_LOCATION_GLOBAL:
		return push_leaf(machine, OP_LOCATION_WASM_GLOBAL, step->value);
	case OP_LOCATION_OPERAND:
		return push_leaf(machine, OP_LOCATION_WASM_OPERAND, step->value);
	case OP_LOCATION_LOAD:
		return load(machine, step->value);
	case OP_LOCATION_DUPLICATE:
		return push(machine, *entry(machine, (size_t)step->value));
	case OP_LOCATION_DROP:
		machine->depth--;
		return NULL;
	case OP_LOCATION_SWAP:
		swap(machine);
		return NULL;
	case OP_LOCATION_ROTATE:
		rotate(machine);
		return NULL;
	case OP_LOCATION_NEGATE:
	case OP_LOCATION_NOT:
		return op_expression_tree_unary(machine->tree,
						step->op == OP_LOCATION_NOT ? '~' : '-',
						*entry(machine, 0), entry(machine, 0));
	case OP_LOCATION_ABSOLUTE:
		return absolute(machine);
	case OP_LOCATION_CONVERT:
		return convert(machine, step);
	default:
		return apply(machine, step->op);
	}
}

struct op_error *op_source_location_tree(struct op_expression_tree *tree,
					 const struct op_expression_scope *scope,
					 const struct op_location_step *steps, size_t count,
					 const struct op_expression_node **ret)
{
	struct machine machine = {.tree = tree, .scope = scope};
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < count; i++)
		err = take_step(&machine, &steps[i]);
	if (!err && !machine.depth)
		err = senseless("nothing is left on its stack");
	if (!err)
		*ret = *entry(&machine, 0);
	return err;
}
