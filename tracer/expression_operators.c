// SPDX-License-Identifier: GPL-3.0-or-later
// Operators on terms. On Wasm's values they are those of tracer/operand.h; on the guest's they
// have C's promotions and pointers, and become the same nodes.
#include <inttypes.h>
#include <string.h>

#include "tracer/expression_parser.h"

static bool is_truth(enum op_operator what)
{
	return what == OP_OPERATOR_OR_OR || what == OP_OPERATOR_AND_AND ||
	       (what >= OP_OPERATOR_EQ && what <= OP_OPERATOR_GT);
}

static bool is_pointer(const struct op_term *term)
{
	return op_type_is(term->type, OP_TYPE_POINTER);
}

// Numbers -------------------------------------------------------------------------------------

// What is narrower than an int is calculated with as one.
static struct op_error *promote(struct op_parser *p, struct op_term *term)
{
	const struct op_access_type *access = op_type_access(term->type);
	if (!access || access->width >= 4 || !term->node->type.is_unsigned)
		return NULL;
	return op_expression_tree_convert(p->tree, op_access_type_by_name("i32", 3), &term->node);
}

static void set_number(const struct op_parser *p, const struct op_expression_node *node,
		       const struct op_type *a, const struct op_type *b, struct op_term *ret)
{
	*ret = op_term_of_node(node);
	if (a || b)
		ret->type = op_type_of_number(p, node->type, a, b);
}

static void set_truth(const struct op_parser *p, const struct op_expression_node *node, bool guest,
		      struct op_term *ret)
{
	*ret = op_term_of_node(node);
	if (guest)
		ret->type = op_type_of_truth(p);
}

struct op_error *op_term_unary(struct op_parser *p, char what, struct op_term *term)
{
	const struct op_type *type = term->type;
	struct op_error *err = op_term_value(p, term);
	if (!err && what != '!' && is_pointer(term))
		err = op_term_refuse(p, term, "is a pointer: an operator in it needs a number");
	if (!err)
		err = promote(p, term);
	if (!err)
		err = op_operand_check_unary(p->text, what, term->node->type);
	const struct op_expression_node *node;
	if (!err)
		err = op_expression_tree_unary(p->tree, what, term->node, &node);
	if (err)
		return err;
	if (what == '!')
		set_truth(p, node, type, term);
	else
		set_number(p, node, type, NULL, term);
	return NULL;
}

static struct op_error *numbers(struct op_parser *p, enum op_operator what,
				const struct op_term *left, const struct op_term *right,
				struct op_term *ret)
{
	const struct op_expression_node *node;
	struct op_error *err = op_operand_check(p->text, what, left->node->type, right->node->type);
	if (!err)
		err = op_expression_tree_binary(p->tree, what, left->node, right->node, &node);
	if (err)
		return err;
	if (is_truth(what))
		set_truth(p, node, left->type || right->type, ret);
	else
		set_number(p, node, left->type, right->type, ret);
	return NULL;
}

// Pointers ------------------------------------------------------------------------------------

static struct op_error *move_pointer(struct op_parser *p, enum op_operator what,
				     const struct op_term *pointer, const struct op_term *by,
				     struct op_term *ret)
{
	uint64_t size;
	const struct op_expression_node *factor, *distance = by->node, *node;
	struct op_error *err = op_type_size(p, op_type_strip(pointer->type)->target, &size);
	bool wide = pointer->node->type.type == OP_VALUE_I64;
	const struct op_access_type *access = op_type_access(pointer->type);
	if (!err && by->node->type.known && by->node->type.type > OP_VALUE_I64)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": a pointer moves by an integer",
				      p->text);
	if (!err && !wide && by->node->type.type == OP_VALUE_I64)
		err = op_expression_tree_convert(p->tree, access, &distance);
	if (!err)
		err = op_expression_tree_integer(
			p->tree, (int64_t)size, wide ? OP_VALUE_I64 : OP_VALUE_I32, false, &factor);
	if (!err && size != 1)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_MUL, distance, factor,
						&distance);
	if (!err)
		err = op_expression_tree_binary(p->tree, what, pointer->node, distance, &node);
	if (!err)
		*ret = (struct op_term){.kind = OP_TERM_VALUE, .type = pointer->type, .node = node};
	return err;
}

static struct op_error *pointer_difference(struct op_parser *p, const struct op_term *left,
					   const struct op_term *right, struct op_term *ret)
{
	const struct op_type *a = op_type_strip(left->type)->target,
			     *b = op_type_strip(right->type)->target;
	uint64_t size, other;
	struct op_error *err = op_type_size(p, a, &size) ?: op_type_size(p, b, &other);
	bool wide = left->node->type.type == OP_VALUE_I64;
	const struct op_expression_node *node, *divisor;
	if (!err && (!size || size != other))
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "\"%s\": the pointers are to things of different sizes",
				      p->text);
	if (!err)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_SUB, left->node, right->node,
						&node);
	if (!err)
		err = op_expression_tree_convert(
			p->tree, op_access_type_by_name(wide ? "i64" : "i32", 3), &node);
	if (!err)
		err = op_expression_tree_integer(p->tree, (int64_t)size, node->type.type, false,
						 &divisor);
	if (!err && size != 1)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_DIV, node, divisor, &node);
	if (!err)
		set_number(p, node, left->type, NULL, ret);
	return err;
}

static struct op_error *pointers(struct op_parser *p, enum op_operator what,
				 const struct op_term *left, const struct op_term *right,
				 struct op_term *ret)
{
	bool both = is_pointer(left) && is_pointer(right);
	if (what == OP_OPERATOR_SUB && both)
		return pointer_difference(p, left, right, ret);
	if ((what == OP_OPERATOR_ADD || what == OP_OPERATOR_SUB) && is_pointer(left) && !both)
		return move_pointer(p, what, left, right, ret);
	if (what == OP_OPERATOR_ADD && !both)
		return move_pointer(p, what, right, left, ret);
	if (!is_truth(what) && what != OP_OPERATOR_AND && what != OP_OPERATOR_OR)
		return op_term_refuse(p, is_pointer(left) ? left : right,
				      "is a pointer: an operator in it needs numbers");
	return numbers(p, what, left, right, ret);
}

struct op_error *op_term_binary(struct op_parser *p, enum op_operator what,
				const struct op_term *left, const struct op_term *right,
				struct op_term *ret)
{
	struct op_term a = *left, b = *right;
	if ((what == OP_OPERATOR_EQ || what == OP_OPERATOR_NE) && a.is_text != b.is_text) {
		struct op_error *err =
			op_term_equals_text(p, a.is_text ? &b : &a, a.is_text ? &a : &b, ret);
		return err || what == OP_OPERATOR_EQ ? err : op_term_unary(p, '!', ret);
	}
	struct op_error *err = op_term_value(p, &a) ?: op_term_value(p, &b);
	if (!err && (is_pointer(&a) || is_pointer(&b)))
		return pointers(p, what, &a, &b, ret);
	if (!err)
		err = promote(p, &a) ?: promote(p, &b);
	return err ?: numbers(p, what, &a, &b, ret);
}

// Choice --------------------------------------------------------------------------------------

static struct op_error *convert_to(struct op_parser *p, struct op_expression_type type,
				   const struct op_expression_node **node)
{
	if ((*node)->type.type == type.type && (*node)->type.is_unsigned == type.is_unsigned)
		return NULL;
	return op_expression_tree_convert(p->tree, op_access_type_of(type), node);
}

// As in C two numbers come out in one type, whichever is chosen; where a type is not known before
// it runs, the side that is chosen comes out as it is.
struct op_error *op_term_choice(struct op_parser *p, const struct op_term *condition,
				const struct op_term *first, const struct op_term *end,
				struct op_term *ret)
{
	struct op_term a = *first, b = *end;
	struct op_error *err = op_term_value(p, &a) ?: op_term_value(p, &b);
	bool pointer = !err && (is_pointer(&a) || is_pointer(&b));
	if (!err && !pointer && a.type && b.type)
		err = promote(p, &a) ?: promote(p, &b);
	if (err)
		return err;
	struct op_expression_node node = {.kind = OP_EXPRESSION_CHOICE,
					  .base = condition->node,
					  .first = a.node,
					  .end = b.node};
	node.type = op_expression_binary_type(OP_OPERATOR_ADD, a.node->type, b.node->type);
	if (node.type.known) {
		err = convert_to(p, node.type, &node.first) ?: convert_to(p, node.type, &node.end);
	} else if (a.node->type.known && b.node->type.known &&
		   a.node->type.type == b.node->type.type) {
		node.type = a.node->type;
	}
	const struct op_expression_node *added;
	if (!err)
		err = op_expression_tree_add(p->tree, &node, &added);
	if (err)
		return err;
	set_number(p, added, a.type, b.type, ret);
	if (pointer)
		ret->type = is_pointer(&a) ? a.type : b.type;
	else if (first->type && op_type_same(first->type, end->type))
		ret->type = first->type;
	return NULL;
}

// Conversions ---------------------------------------------------------------------------------

enum {
	BASES_DEPTH_MAX = 16,
	BASES_MAX = 4096, // a type may say that it is derived from itself
};

/** A base that is looked for. */
struct base_search {
	const struct op_type *base;
	unsigned left; // bases that are still looked at
	bool found;
};

// Where it is in a type derived from it.
static struct op_error *base_offset(struct op_parser *p, const struct op_type *derived,
				    struct base_search *search, unsigned depth, uint64_t *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	derived = derived ? op_type_strip(derived) : NULL;
	if (!derived || derived->kind != OP_TYPE_STRUCT || depth == BASES_DEPTH_MAX)
		return NULL;
	struct op_error *err = guest->complete(guest->context, derived);
	for (size_t i = 0; !err && !search->found && i < derived->member_count; i++) {
		const struct op_type_member *member = &derived->members[i];
		if (!member->is_base || member->is_virtual_base)
			continue;
		if (!search->left--)
			return op_error_create(OP_ERROR_LIMIT,
					       "\"%s\": a type in it has too many bases", p->text);
		uint64_t inner = 0;
		search->found = op_type_same(member->type, search->base);
		if (!search->found)
			err = base_offset(p, member->type, search, depth + 1, &inner);
		*ret = member->offset + inner;
	}
	return err;
}

// Between pointers to a class and to its base: the base may lie behind the start.
static struct op_error *move_to_base(struct op_parser *p, const struct op_type *to,
				     struct op_term *term)
{
	uint64_t offset = 0;
	const struct op_type *from_target = op_type_strip(term->type)->target,
			     *to_target = op_type_strip(to)->target;
	struct base_search up = {to_target, BASES_MAX, false},
			   down = {from_target, BASES_MAX, false};
	struct op_error *err = base_offset(p, from_target, &up, 0, &offset);
	if (!err && !up.found)
		err = base_offset(p, to_target, &down, 0, &offset);
	if (err || (!up.found && !down.found))
		return err;
	return op_expression_tree_offset(p->tree, up.found ? offset : 0 - offset, &term->node);
}

// To a type of numbers or pointers.
static struct op_error *cast_scalar(struct op_parser *p, const struct op_type *type,
				    const struct op_access_type *access, struct op_term *term)
{
	struct op_error *err = op_term_value(p, term);
	if (!err)
		err = op_operand_check_unary(p->text, '+', term->node->type);
	if (err)
		return err;
	struct op_expression_type own = term->node->type;
	bool real = own.known && own.type > OP_VALUE_I64;
	if (real && op_type_is(type, OP_TYPE_POINTER))
		return op_term_refuse(p, term, "cannot be made a pointer");
	if (op_type_is(type, OP_TYPE_POINTER) && is_pointer(term))
		err = move_to_base(p, type, term);
	const struct op_expression_node *node = term->node, *zero;
	if (!err && op_type_is(type, OP_TYPE_BOOL)) {
		err = op_expression_tree_integer(p->tree, 0, OP_VALUE_I32, false, &zero);
		if (!err)
			err = op_expression_tree_binary(p->tree, OP_OPERATOR_NE, node, zero, &node);
	} else if (!err && (!own.known || own.type != access->type ||
			    own.is_unsigned != access->is_unsigned || access->width < 4)) {
		err = op_expression_tree_convert(p->tree, access, &node);
	}
	if (!err)
		*term = (struct op_term){.kind = OP_TERM_VALUE, .type = type, .node = node};
	return err;
}

struct op_error *op_term_cast(struct op_parser *p, const struct op_type *type, struct op_term *term)
{
	const struct op_access_type *access = op_type_access(type);
	if (access)
		return cast_scalar(p, type, access, term);
	struct op_error *err = op_term_place(p, term);
	if (err || op_type_same(type, term->type)) {
		term->type = type;
		term->reference = NULL;
		return err;
	}
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_type_describe(type, &name);
	_cleanup_text_ struct op_text why = OP_TEXT_INIT;
	op_text_printf(&why, "cannot be made a %s: cast a pointer to it and follow that",
		       name.data ? name.data : "type");
	return op_term_refuse(p, term, why.data ? why.data : "cannot be cast");
}

struct op_error *op_term_sizeof(struct op_parser *p, struct op_term *term)
{
	uint64_t size = term->byte_count;
	struct op_error *err = NULL;
	const struct op_expression_node *node;
	if (term->is_bit_field)
		return op_term_refuse(p, term, "is a bit-field and has no size in bytes");
	if (term->type)
		err = op_type_size(p, term->type, &size);
	else if (term->kind == OP_TERM_VALUE && term->node->type.known)
		size = op_value_type_size(term->node->type.type);
	else if (term->kind != OP_TERM_BYTES)
		err = op_term_refuse(p, term, "has no size that is known");
	if (!err)
		err = op_expression_tree_integer(p->tree, (int64_t)size, OP_VALUE_I32, true, &node);
	if (!err)
		*term = (struct op_term){.kind = OP_TERM_VALUE,
					 .type = op_type_basic("unsigned int", 12),
					 .node = node};
	return err;
}
