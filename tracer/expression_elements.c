// SPDX-License-Identifier: GPL-3.0-or-later
// Elements of containers of the C++ standard library that do not lie in memory one after the other:
// those of a deque are in blocks, those of some are bits. Those that do are
// expression_containers.c's.
#include "tracer/expression_parser.h"
#include "tracer/source_pretty_cxx.h"

// In which piece of so many elements one is, and where in it.
static struct op_error *split(struct op_parser *p, const struct op_term *place, uint64_t size,
			      struct op_term *ret_piece, struct op_term *ret_rest)
{
	struct op_term divisor;
	struct op_error *err = op_term_constant(p, (int64_t)size, &divisor);
	if (!err)
		err = op_term_binary(p, OP_OPERATOR_DIV, place, &divisor, ret_piece);
	return err ?: op_term_binary(p, OP_OPERATOR_MOD, place, &divisor, ret_rest);
}

// A part that the library's type must have.
static struct op_error *need_part(struct op_parser *p, const struct op_term *whole,
				  const char *path, struct op_term *ret)
{
	bool found;
	struct op_error *err = op_term_member_at(p, whole, path, &found, ret);
	return err || found ? err : op_term_refuse(p, whole, "has no elements that are known");
}

static struct op_error *deque_element(struct op_parser *p, const struct op_term *index,
				      struct op_term *term)
{
	struct op_term map, start, place, block, rest;
	uint64_t size;
	struct op_error *err =
		op_type_size(p, op_cxx_argument(op_type_strip(term->type), 0), &size);
	if (!err)
		err = need_part(p, term, "__map_.__begin_", &map);
	if (!err)
		err = need_part(p, term, "__start_", &start);
	if (!err)
		err = op_term_binary(p, OP_OPERATOR_ADD, &start, index, &place);
	if (!err)
		err = split(p, &place, op_cxx_deque_block(size), &block, &rest);
	if (!err)
		err = op_term_element(p, &block, &map);
	if (!err)
		err = op_term_element(p, &rest, &map);
	if (!err)
		*term = map;
	return err;
}

// A bit of words, which are an array, or behind a pointer, or a single one.
static struct op_error *bit(struct op_parser *p, const struct op_term *index, const char *path,
			    struct op_term *term)
{
	struct op_term words, word, rest, one;
	uint64_t size;
	struct op_error *err = need_part(p, term, path, &words);
	if (err)
		return err;
	const struct op_type *type = op_type_strip(words.type);
	bool several = type && (type->kind == OP_TYPE_POINTER || type->kind == OP_TYPE_ARRAY);
	err = op_type_size(p, several ? type->target : type, &size);
	if (!err)
		err = split(p, index, size * 8, &word, &rest);
	if (!err && several)
		err = op_term_element(p, &word, &words);
	if (!err)
		err = op_term_binary(p, OP_OPERATOR_SHR, &words, &rest, term);
	if (!err)
		err = op_term_constant(p, 1, &one);
	if (!err)
		err = op_term_binary(p, OP_OPERATOR_AND, term, &one, term);
	if (!err)
		err = op_term_constant(p, 0, &one);
	// What compares is true or false in the guest's language.
	return err ?: op_term_binary(p, OP_OPERATOR_NE, term, &one, term);
}

static struct op_error *check_count(struct op_parser *p, const struct op_term *whole,
				    const struct op_term *index)
{
	struct op_term count;
	bool known;
	int64_t number;
	struct op_error *err = op_term_count(p, whole, &known, &count);
	if (err || !known ||
	    (!p->scope->guest->value_now && count.node->kind != OP_EXPRESSION_CONSTANT))
		return err;
	err = op_term_number_now(p, &count, &number);
	return err ?: op_term_check_elements(p, number, index, 0);
}

struct op_error *op_term_scattered_element(struct op_parser *p, const struct op_term *index,
					   int64_t more, bool *ret_found, struct op_term *term)
{
	static const enum op_debug_language language = OP_LANGUAGE_CPLUSPLUS;
	bool deque = op_type_is_named(term->type, language, "std::deque<*");
	bool vector = op_type_is_named(term->type, language, "std::vector<bool,*");
	bool bitset = op_type_is_named(term->type, language, "std::bitset<*");
	*ret_found = deque || vector || bitset;
	if (!*ret_found)
		return NULL;
	if (more)
		return op_term_refuse(p, term,
				      deque ? "has its elements in blocks: they can be had one by "
					      "one, or print it whole"
					    : "has bits for elements: they can be had one by one, "
					      "or print it whole");
	const struct op_expression_guest *guest = p->scope->guest;
	// What a template was made with is known of a complete type only.
	struct op_error *err = guest->complete(guest->context, op_type_strip(term->type));
	if (!err)
		err = check_count(p, term, index);
	if (err)
		return err;
	return deque ? deque_element(p, index, term)
		     : bit(p, index, vector ? "__begin_" : "__first_", term);
}
