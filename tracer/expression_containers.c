// SPDX-License-Identifier: GPL-3.0-or-later
// What operators mean for types of standard libraries: elements of containers, what smart pointers,
// iterators and optionals lead to. By the members' names in the debug information; the values of
// whole containers are source_pretty.h's.
#include <inttypes.h>
#include <string.h>

#include "tracer/expression_parser.h"
#include "tracer/source_pretty.h"

// A number that has to be known when the expression is parsed --------------------------------

struct op_error *op_term_number_now(struct op_parser *p, const struct op_term *term, int64_t *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	static const struct op_expression_source nothing = {0};
	const struct op_expression expression = {.text = (char *)p->text, .root = term->node};
	struct op_operand operand;
	struct op_error *err = guest->value_now
				       ? guest->value_now(guest->context, &expression, &operand)
				       : op_expression_evaluate(&expression, &nothing, &operand);
	if (err && err->code == OP_ERROR_UNSUPPORTED && !guest->value_now) {
		op_error_destroy(err);
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": how many elements it has must be a constant here",
				       p->text);
	}
	if (!err)
		err = op_operand_need_number(p->text, &operand);
	if (!err && operand.is_float)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": an index is an integer", p->text);
	if (!err)
		*ret = operand.integer;
	return err;
}

bool op_type_is_named(const struct op_type *type, enum op_debug_language language,
		      const char *pattern)
{
	type = op_type_strip(type);
	if (!type || !type->name || type->language != language)
		return false;
	if (language == OP_LANGUAGE_RUST)
		return op_pretty_name_fits(pattern, type->name);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	return op_pretty_std_name(type->name, &text) && op_pretty_name_fits(pattern, text.data);
}

struct op_error *op_term_part_now(struct op_parser *p, const struct op_term *whole,
				  const char *path, bool *ret_found, int64_t *ret)
{
	struct op_term part;
	struct op_error *err = op_term_member_at(p, whole, path, ret_found, &part);
	if (!err && *ret_found)
		err = op_term_value(p, &part);
	return err || !*ret_found ? err : op_term_number_now(p, &part, ret);
}

// Pointers ------------------------------------------------------------------------------------

// Where libc++ has the type of the node that an iterator is at: its own pointer is to a base of it.
enum node_type {
	NODE_AS_IT_IS,
	NODE_FIRST_ARGUMENT, // of the iterator's template: a pointer to it
	NODE_SECOND_ARGUMENT,
	NODE_BY_NAME, // __list_node<T> of __list_node_base<T>
};

static const struct pointer {
	enum op_debug_language language;
	const char *pattern;
	const char *path;    // to the pointer, or to what is there itself
	const char *engaged; // a member that says whether anything is there; NULL: always
	const char *content; // of what the pointer leads to; NULL: all of it
	enum node_type node;
} pointers[] = {
	{OP_LANGUAGE_CPLUSPLUS, "std::unique_ptr<*", "__ptr_.__value_", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_CPLUSPLUS, "std::unique_ptr<*", "__ptr_", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_CPLUSPLUS, "std::shared_ptr<*", "__ptr_", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_CPLUSPLUS, "std::__wrap_iter<*", "__i_", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_CPLUSPLUS, "std::__deque_iterator<*", "__ptr_", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_CPLUSPLUS, "std::__tree_*iterator<*", "__ptr_", NULL, "__value_",
	 NODE_SECOND_ARGUMENT},
	{OP_LANGUAGE_CPLUSPLUS, "std::__hash_*iterator<*", "__node_", NULL, "__value_",
	 NODE_FIRST_ARGUMENT},
	{OP_LANGUAGE_CPLUSPLUS, "std::__forward_list_*iterator<*", "__ptr_", NULL, "__value_",
	 NODE_FIRST_ARGUMENT},
	{OP_LANGUAGE_CPLUSPLUS, "std::__list_*iterator<*", "__ptr_", NULL, "__value_",
	 NODE_BY_NAME},
	{OP_LANGUAGE_CPLUSPLUS, "std::reference_wrapper<*", "__f_", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_CPLUSPLUS, "std::optional<*", "__val_", "__engaged_", NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "alloc::rc::Rc<*", "ptr.pointer", NULL, "value", NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "alloc::sync::Arc<*", "ptr.pointer", NULL, "data", NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "core::pin::Pin<*", "pointer", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "core::cell::Ref<*", "value.pointer", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "core::cell::RefMut<*", "value.pointer", NULL, NULL, NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "std::sync::*Guard<*", "lock", NULL, "data.value", NODE_AS_IT_IS},
	{OP_LANGUAGE_RUST, "std::sync::*Guard<*", "data.pointer", NULL, NULL, NODE_AS_IT_IS},
};

static struct op_error *need_engaged(struct op_parser *p, const struct op_term *term,
				     const char *path)
{
	int64_t engaged = 1;
	bool found;
	if (!path || !p->scope->guest->value_now)
		return NULL;
	struct op_error *err = op_term_part_now(p, term, path, &found, &engaged);
	if (!err && !engaged)
		err = op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": it has no value now", p->text);
	return err;
}

// Address 0 can be read in linear memory, and nothing that a smart pointer has is there.
static struct op_error *need_address(struct op_parser *p, const struct op_term *pointer)
{
	struct op_term value = *pointer;
	int64_t address = 1;
	if (!p->scope->guest->value_now)
		return NULL;
	struct op_error *err = op_term_value(p, &value);
	if (!err)
		err = op_term_number_now(p, &value, &address);
	if (!err && !address)
		err = op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": it is null now", p->text);
	return err;
}

static struct op_error *node_argument(struct op_parser *p, const struct op_type *iterator,
				      size_t index, const struct op_type **ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	struct op_error *err = guest->complete(guest->context, iterator);
	if (!err && index < iterator->parameter_count)
		*ret = iterator->parameters[index].type;
	return err;
}

static struct op_error *node_by_name(struct op_parser *p, const struct op_type *base,
				     const struct op_type **ret)
{
	static const char part[] = "_base<";
	const struct op_expression_guest *guest = p->scope->guest;
	const struct op_type *node = NULL;
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	base = op_type_strip(base);
	const struct op_type *target = base ? op_type_strip(base->target) : NULL;
	const char *at = target && target->name ? strstr(target->name, part) : NULL;
	if (!at)
		return NULL;
	op_text_append_n(&name, target->name, (size_t)(at - target->name));
	op_text_append(&name, at + sizeof(part) - 2);
	if (name.failed)
		return op_error_no_memory();
	struct op_error *err = guest->type(guest->context, name.data, name.size, &node);
	return err || !node ? err : guest->pointer_to(guest->context, node, ret);
}

// The pointer of an iterator gets the type of the whole node.
static struct op_error *find_node(struct op_parser *p, const struct pointer *row,
				  const struct op_term *iterator, struct op_term *pointer)
{
	const struct op_type *type = NULL, *whole = op_type_strip(iterator->type);
	if (row->node == NODE_AS_IT_IS)
		return NULL;
	struct op_error *err =
		row->node == NODE_BY_NAME
			? node_by_name(p, pointer->type, &type)
			: node_argument(p, whole, row->node - NODE_FIRST_ARGUMENT, &type);
	if (!err && !op_type_is(type, OP_TYPE_POINTER))
		err = op_term_refuse(p, iterator, "is at a node whose type is not known");
	return err ?: op_term_cast(p, type, pointer);
}

struct op_error *op_term_unwrap(struct op_parser *p, const struct op_wrapper *wrappers,
				struct op_term *term)
{
	for (; op_type_is_aggregate(term->type) && wrappers->pattern; wrappers++) {
		struct op_term inner;
		bool found;
		if (!op_type_is_named(term->type, OP_LANGUAGE_CPLUSPLUS, wrappers->pattern))
			continue;
		struct op_error *err = op_term_member_at(p, term, wrappers->member, &found, &inner);
		if (!err && found)
			*term = inner;
		return err;
	}
	return NULL;
}

// Iterators of maps have one of a tree or of a hash table inside, and nodes of older ones (libc++
// 19) a pair in a struct.
static struct op_error *unwrap(struct op_parser *p, struct op_term *term)
{
	static const struct op_wrapper wrappers[] = {{"std::__map_*iterator<*", "__i_"},
						     {"std::__hash_map_*iterator<*", "__i_"},
						     {"std::__value_type<*", "__cc_"},
						     {"std::__hash_value_type<*", "__cc_"},
						     {NULL, NULL}};
	return op_term_unwrap(p, wrappers, term);
}

struct op_error *op_term_smart_pointer(struct op_parser *p, struct op_term *term, bool *ret_found)
{
	*ret_found = false;
	struct op_error *err = unwrap(p, term);
	if (err)
		return err;
	for (size_t i = 0; i < OP_ARRAY_SIZE(pointers) && op_type_is_aggregate(term->type); i++) {
		const struct pointer *row = &pointers[i];
		struct op_term part;
		bool found = true;
		if (!op_type_is_named(term->type, row->language, row->pattern))
			continue;
		err = op_term_member_at(p, term, row->path, ret_found, &part);
		if (!err && *ret_found)
			err = need_engaged(p, term, row->engaged);
		if (!err && *ret_found)
			err = find_node(p, row, term, &part);
		if (!err && *ret_found && !row->engaged)
			err = need_address(p, &part) ?: op_term_dereference(p, &part);
		if (!err && *ret_found && row->content)
			err = op_term_member_at(p, &part, row->content, &found, &part)
				      ?: unwrap(p, &part);
		if (!err && !*ret_found)
			continue;
		*ret_found = found;
		*term = part;
		return err;
	}
	return NULL;
}

// Elements ------------------------------------------------------------------------------------

// Types whose elements are what a part of theirs points to, by the names on the way to it.
static const struct sequence {
	const char *path;
	const char *count, *end; // how many there are: a number, or a pointer behind the last
	bool untyped; // it points to bytes: the elements' type is the first template argument
} sequences[] = {
	{"data_ptr", "length", NULL, false},                  // Rust's slices
	{"buf.inner.ptr.pointer.pointer", "len", NULL, true}, // Vec
	{"buf.ptr.pointer.pointer", "len", NULL, false},      // Vec before Rust 1.80
	{"__begin_", "__size_", "__end_", false}, // std::vector, initializer_list of libc++
	{"__elems_", NULL, NULL, false},          // std::array of libc++
};

// Those that have such a part, and whose elements do not lie there one after the other.
static const char *out_of_order(const struct op_type *type)
{
	if (op_type_is_named(type, OP_LANGUAGE_RUST, "alloc::collections::vec_deque::VecDeque<*"))
		return "is a ring, whose elements do not lie in their order: print it whole";
	return NULL;
}

static struct op_error *count_now(struct op_parser *p, const struct op_term *whole,
				  const struct sequence *row, const struct op_term *elements,
				  bool *ret_known, int64_t *ret)
{
	struct op_error *err = NULL;
	int64_t begin, end;
	uint64_t size;
	*ret_known = false;
	if (row->count)
		err = op_term_part_now(p, whole, row->count, ret_known, ret);
	if (err || *ret_known || !row->end || !op_type_is(elements->type, OP_TYPE_POINTER))
		return err;
	err = op_term_part_now(p, whole, row->end, ret_known, &end);
	if (!err && *ret_known)
		err = op_term_part_now(p, whole, row->path, ret_known, &begin);
	if (!err && *ret_known)
		err = op_type_size(p, op_type_strip(elements->type)->target, &size);
	if (err || !*ret_known || !size || end < begin) {
		*ret_known = false;
		return err;
	}
	*ret = (end - begin) / (int64_t)size;
	return NULL;
}

struct op_error *op_term_elements(struct op_parser *p, struct op_term *term, bool *ret_counted,
				  int64_t *ret_count)
{
	const struct op_expression_guest *guest = p->scope->guest;
	const struct op_type *type = op_type_strip(term->type);
	const char *refusal = out_of_order(type);
	*ret_counted = false;
	if (refusal)
		return op_term_refuse(p, term, refusal);
	for (size_t i = 0; i < OP_ARRAY_SIZE(sequences); i++) {
		const struct sequence *row = &sequences[i];
		bool found;
		struct op_term part;
		struct op_error *err = op_term_member_at(p, term, row->path, &found, &part);
		if (!err && found && row->untyped && type->parameter_count) {
			err = op_term_value(p, &part);
			if (!err)
				err = guest->pointer_to(guest->context, type->parameters[0].type,
							&part.type);
		}
		if (!err && found && guest->value_now)
			err = count_now(p, term, row, &part, ret_counted, ret_count);
		if (err)
			return err;
		if (found) {
			*term = part;
			return NULL;
		}
	}
	return op_term_refuse(p, term, "has no elements");
}

struct op_error *op_term_check_elements(struct op_parser *p, int64_t count,
					const struct op_term *first, int64_t more)
{
	int64_t index;
	if (!p->scope->guest->value_now && first->node->kind != OP_EXPRESSION_CONSTANT)
		return NULL;
	struct op_error *err = op_term_number_now(p, first, &index);
	if (err || (index >= 0 && index < count && more < count - index))
		return err;
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "\"%s\": there is no element %" PRId64 ", it has %" PRId64, p->text,
			       index >= 0 && index < count ? count : index, count);
}
