// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of terms and what they lead to: members, elements, ranges, pointers' targets, addresses.
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tracer/expression_parser.h"

enum {
	SEARCH_DEPTH_MAX = 32, // of bases and anonymous members
	SEARCH_MEMBERS_MAX = 1 << 16,
};

// Members -------------------------------------------------------------------------------------

// A virtual base: the vtable holds, below the address that the object points to, how far from the
// object's start the base is (Itanium C++ ABI, 2.5.2).
static struct op_error *virtual_base(struct op_parser *p, const struct op_term *whole,
				     const struct op_type_member *member, struct op_term *ret)
{
	const struct op_access_type *u32 = op_access_type_by_name("u32", 3);
	const struct op_expression_node *node = whole->node, *distance;
	if (whole->kind != OP_TERM_MEMORY)
		return op_term_refuse(p, whole,
				      "has a virtual base, which can only be found in memory");
	struct op_error *err = op_expression_tree_memory(p->tree, whole->memory, u32, node, &node);
	if (!err)
		err = op_expression_tree_integer(p->tree, (int64_t)member->offset, OP_VALUE_I32,
						 true, &distance);
	if (!err)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_SUB, node, distance, &node);
	if (!err)
		err = op_expression_tree_memory(p->tree, whole->memory, u32, node, &distance);
	if (!err)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_ADD, whole->node, distance,
						&node);
	if (!err)
		*ret = op_term_in_memory(member->type, whole->memory, node);
	return err;
}

static struct op_error *static_member(struct op_parser *p, const struct op_type_member *member,
				      struct op_term *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	struct op_guest_name name = {0};
	struct op_error *err = guest->static_member(guest->context, member, &name);
	if (!err)
		err = op_term_of_name(p, &name, ret);
	op_location_deinit(&name.location);
	return err;
}

// What is @p offset bytes behind the start of a term.
static struct op_error *at_offset(struct op_parser *p, const struct op_term *whole, uint64_t offset,
				  const struct op_type *type, struct op_term *ret)
{
	*ret = *whole;
	ret->type = type;
	ret->is_text = false;
	ret->reference = NULL;
	switch (whole->kind) {
	case OP_TERM_MEMORY:
		return op_expression_tree_offset(p->tree, offset, &ret->node);
	case OP_TERM_BYTES:
		if (offset > whole->byte_count)
			return op_term_refuse(p, whole, "has a part that is outside of it");
		ret->bytes += offset;
		ret->byte_count -= (size_t)offset;
		return NULL;
	case OP_TERM_VARIABLE:
		ret->offset += offset;
		return NULL;
	default: {
		// It is missing, and so is its part: the sentence of the whole.
		struct op_term value = *whole;
		return op_term_value(p, &value);
	}
	}
}

struct op_error *op_term_of_member(struct op_parser *p, const struct op_term *whole,
				   const struct op_type_member *member, struct op_term *ret)
{
	if (member->is_static)
		return static_member(p, member, ret);
	if (member->is_virtual_base)
		return virtual_base(p, whole, member, ret);
	if (!member->is_bit_field)
		return at_offset(p, whole, member->offset, member->type, ret);
	struct op_error *err = at_offset(p, whole, 0, member->type, ret);
	ret->is_bit_field = true;
	ret->bit_offset = member->bit_offset;
	ret->bit_size = member->bit_size;
	return err;
}

struct search {
	const char *name;
	size_t size;
	size_t seen;
	bool found;
};

static bool has_name(const struct op_type_member *member, const struct search *search)
{
	return member->name && !member->is_base && strlen(member->name) == search->size &&
	       !memcmp(member->name, search->name, search->size);
}

// In the type itself, then in what belongs to it without a name of its own.
static struct op_error *search_in(struct op_parser *p, const struct op_term *whole,
				  struct search *search, unsigned depth, struct op_term *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	if (!op_type_is_aggregate(whole->type) || depth == SEARCH_DEPTH_MAX)
		return NULL;
	const struct op_type *type = op_type_strip(whole->type);
	struct op_error *err = guest->complete(guest->context, type);
	search->seen += err ? 0 : type->member_count;
	if (!err && search->seen > SEARCH_MEMBERS_MAX)
		err = op_error_create(OP_ERROR_LIMIT, "\"%s\": a type in it has too many members",
				      p->text);
	for (size_t i = 0; !err && i < type->member_count; i++) {
		if (!has_name(&type->members[i], search))
			continue;
		search->found = true;
		return op_term_of_member(p, whole, &type->members[i], ret);
	}
	for (size_t i = 0; !err && !search->found && i < type->member_count; i++) {
		const struct op_type_member *member = &type->members[i];
		struct op_term part;
		if (!member->is_base && (member->name || member->is_static))
			continue;
		err = op_term_of_member(p, whole, member, &part);
		if (!err)
			err = search_in(p, &part, search, depth + 1, ret);
	}
	return err;
}

struct op_error *op_term_member(struct op_parser *p, const struct op_term *whole, const char *name,
				size_t size, bool *ret_found, struct op_term *ret)
{
	struct search search = {.name = name, .size = size};
	struct op_error *err = search_in(p, whole, &search, 0, ret);
	*ret_found = search.found;
	if (!err && search.found)
		err = op_term_follow_reference(p, ret);
	return err;
}

struct op_error *op_term_member_at(struct op_parser *p, const struct op_term *whole,
				   const char *path, bool *ret_found, struct op_term *ret)
{
	*ret = *whole;
	*ret_found = true;
	struct op_error *err = NULL;
	while (!err && *ret_found && *path) {
		size_t size = strcspn(path, ".");
		struct op_term part = *ret;
		err = op_term_member(p, &part, path, size, ret_found, ret);
		path += size + (path[size] == '.');
	}
	return err;
}

// Pointers ------------------------------------------------------------------------------------

struct op_error *op_term_dereference(struct op_parser *p, struct op_term *term)
{
	bool smart;
	struct op_error *err = op_term_smart_pointer(p, term, &smart);
	if (err || smart)
		return err;
	struct op_term pointer = *term;
	err = op_term_value(p, &pointer);
	if (err)
		return err;
	if (!op_type_is(pointer.type, OP_TYPE_POINTER))
		return op_term_refuse(p, term, "is no pointer: cast it, as in *(int *) p");
	const struct op_type *type = op_type_strip(pointer.type);
	if (!type->target || op_type_is(type->target, OP_TYPE_VOID))
		return op_term_refuse(p, term, "leads to nothing of a known type: cast it");
	if (op_type_is(type->target, OP_TYPE_FUNCTION))
		return op_term_refuse(p, term,
				      "leads to a function: it is an index into a table, not "
				      "an address in memory");
	*term = op_term_in_memory(type->target, type->memory, pointer.node);
	return NULL;
}

struct op_error *op_term_address(struct op_parser *p, struct op_term *term)
{
	const struct op_expression_guest *guest = p->scope->guest;
	struct op_error *err = op_term_place(p, term);
	if (err)
		return err;
	if (term->kind == OP_TERM_VARIABLE)
		return op_term_refuse(p, term,
				      "has no address here: it is not in linear memory, the "
				      "compiler keeps it in a Wasm local or calculates it");
	if (term->kind != OP_TERM_MEMORY)
		return op_term_refuse(p, term, "has no address");
	if (term->is_bit_field)
		return op_term_refuse(p, term, "is a bit-field and has no address");
	term->kind = OP_TERM_VALUE;
	term->reference = NULL;
	return guest->pointer_to(guest->context, term->type, &term->type);
}

// Elements ------------------------------------------------------------------------------------

static struct op_error *need_integer(const struct op_parser *p, const struct op_term *index)
{
	struct op_expression_type type = index->node->type;
	if (type.known && type.type != OP_VALUE_I32 && type.type != OP_VALUE_I64)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": an index is an integer", p->text);
	return NULL;
}

// An element at a constant offset of what is not in memory.
static struct op_error *constant_element(struct op_parser *p, const struct op_term *index,
					 uint64_t size, struct op_term *term)
{
	const struct op_type *array = op_type_strip(term->type);
	if (index->node->kind != OP_EXPRESSION_CONSTANT)
		return op_term_refuse(p, term,
				      "is not in linear memory: its elements can only be had by "
				      "constant indices");
	uint64_t number = (uint64_t)index->node->constant.integer, offset;
	if ((array->has_count && number >= array->count) ||
	    __builtin_mul_overflow(number, size, &offset))
		return op_term_refuse(p, term, "has no such element");
	struct op_term whole = *term;
	return at_offset(p, &whole, offset, array->target, term);
}

// base + index * size
static struct op_error *add_scaled(struct op_parser *p, const struct op_expression_node *index,
				   uint64_t size, const struct op_expression_node **base)
{
	const struct op_expression_node *factor;
	bool wide = (*base)->type.type == OP_VALUE_I64;
	struct op_error *err = NULL;
	if (index->kind == OP_EXPRESSION_CONSTANT)
		return op_expression_tree_offset(p->tree, (uint64_t)index->constant.integer * size,
						 base);
	if (!wide && index->type.type == OP_VALUE_I64)
		err = op_expression_tree_convert(p->tree, op_access_type_by_name("u32", 3), &index);
	if (!err)
		err = op_expression_tree_integer(
			p->tree, (int64_t)size, wide ? OP_VALUE_I64 : OP_VALUE_I32, false, &factor);
	if (!err && size != 1)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_MUL, index, factor, &index);
	return err ?: op_expression_tree_binary(p->tree, OP_OPERATOR_ADD, *base, index, base);
}

// Whether there are the element and so many more behind it. C's arrays have been known to go on
// behind their ends.
static struct op_error *check_array(struct op_parser *p, const struct op_type *whole,
				    const struct op_term *term, const struct op_term *index,
				    int64_t more)
{
	const struct op_type *type = op_type_strip(term->type);
	bool exact = op_type_is_aggregate(whole) || (type && type->language == OP_LANGUAGE_RUST);
	if (!exact || !op_type_is(term->type, OP_TYPE_ARRAY) || !type->has_count ||
	    type->count > INT64_MAX)
		return NULL;
	return op_term_check_elements(p, (int64_t)type->count, index, more);
}

// The element, behind which there are to be so many more.
static struct op_error *element_at(struct op_parser *p, const struct op_term *index, int64_t more,
				   struct op_term *term)
{
	uint64_t size;
	int64_t count;
	bool counted = false, scattered = false;
	const struct op_type *whole = term->type;
	struct op_error *err = need_integer(p, index);
	if (!err)
		err = op_term_scattered_element(p, index, more, &scattered, term);
	if (err || scattered)
		return err;
	if (op_type_is_aggregate(whole))
		err = op_term_elements(p, term, &counted, &count);
	if (!err && counted)
		err = op_term_check_elements(p, count, index, more);
	if (!err)
		err = check_array(p, whole, term, index, more);
	if (!err)
		err = op_term_place(p, term);
	if (err)
		return err;
	bool array = op_type_is(term->type, OP_TYPE_ARRAY);
	if (!array && !op_type_is(term->type, OP_TYPE_POINTER))
		return op_term_refuse(p, term, "has no elements");
	const struct op_type *element = op_type_strip(term->type)->target;
	err = op_type_size(p, element, &size);
	if (!err && array && term->kind != OP_TERM_MEMORY)
		return constant_element(p, index, size, term);
	uint32_t memory = array ? term->memory : op_type_strip(term->type)->memory;
	if (!err)
		err = op_term_value(p, term);
	const struct op_expression_node *address = term->node;
	if (!err && (!element || op_type_is(element, OP_TYPE_VOID)))
		err = op_term_refuse(p, term, "leads to nothing of a known type: cast it");
	if (!err)
		err = add_scaled(p, index->node, size, &address);
	if (!err)
		*term = op_term_in_memory(element, memory, address);
	return err;
}

struct op_error *op_term_element(struct op_parser *p, const struct op_term *index,
				 struct op_term *term)
{
	return element_at(p, index, 0, term);
}

// @p count elements from a first one on.
static struct op_error *make_array(struct op_parser *p, int64_t count, struct op_term *term)
{
	const struct op_expression_guest *guest = p->scope->guest;
	if (term->kind != OP_TERM_MEMORY || term->is_bit_field)
		return op_term_refuse(p, term, "is not in linear memory: nothing follows it there");
	if (count < 0 || count > UINT32_MAX)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\": there cannot be %" PRId64 " elements", p->text,
				       count);
	term->reference = NULL;
	return guest->array_of(guest->context, term->type, (uint64_t)count, &term->type);
}

struct op_error *op_term_range(struct op_parser *p, const struct op_term *first,
			       const struct op_term *end, bool inclusive, struct op_term *term)
{
	int64_t from, to = 0;
	struct op_error *err = op_term_number_now(p, first, &from);
	if (!err)
		err = op_term_number_now(p, end, &to);
	if (!err && inclusive && to < INT64_MAX)
		to++;
	if (!err && to < from)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": the range ends before it begins",
				      p->text);
	if (!err)
		err = element_at(p, first, to > from ? to - from - 1 : 0, term);
	return err ?: make_array(p, (int64_t)((uint64_t)to - (uint64_t)from), term);
}

struct op_error *op_term_repeat(struct op_parser *p, const struct op_term *count,
				struct op_term *term)
{
	struct op_term value = *count;
	int64_t number;
	struct op_error *err = op_term_value(p, &value);
	if (!err)
		err = op_term_number_now(p, &value, &number);
	if (!err)
		err = op_term_place(p, term);
	return err ?: make_array(p, number, term);
}

// What stands behind --------------------------------------------------------------------------

// What a person wrote behind a '.'.
struct field {
	const char *name;
	size_t size;
};

static struct op_error *no_such_member(const struct op_parser *p, const struct op_term *whole,
				       const struct field *field)
{
	_cleanup_text_ struct op_text type = OP_TEXT_INIT;
	op_type_describe(whole->type, &type);
	return op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": %s has no member named \"%.*s\"",
			       p->text, type.data ? type.data : "the type", (int)field->size,
			       field->name);
}

// The fields of Rust's tuples have numbers.
static struct op_error *named_field(struct op_parser *p, const struct op_term *whole,
				    const struct field *field, bool *ret_found, struct op_term *ret)
{
	char tuple[24];
	struct op_error *err = op_term_member(p, whole, field->name, field->size, ret_found, ret);
	if (err || *ret_found || field->size >= 16 ||
	    strspn(field->name, "0123456789") < field->size)
		return err;
	int length = snprintf(tuple, sizeof(tuple), "__%.*s", (int)field->size, field->name);
	return op_term_member(p, whole, tuple, (size_t)length, ret_found, ret);
}

// Of a Rust enum: of the variant that is there.
static struct op_error *find_field(struct op_parser *p, const struct op_term *whole,
				   const struct field *field, bool *ret_found, struct op_term *ret)
{
	struct op_term variant;
	const char *name;
	bool is_enum;
	struct op_error *err = named_field(p, whole, field, ret_found, ret);
	if (err || *ret_found || !op_type_is_aggregate(whole->type))
		return err;
	err = op_term_variant(p, whole, &is_enum, &variant, &name);
	if (err || !is_enum)
		return err;
	err = named_field(p, &variant, field, ret_found, ret);
	if (err || *ret_found)
		return err;
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "\"%s\": it is %s now, which has no member named \"%.*s\"", p->text,
			       name ?: "a variant without a name", (int)field->size, field->name);
}

// A member of what a smart pointer leads to.
static struct op_error *field_behind(struct op_parser *p, const struct op_term *term,
				     const struct field *field, bool *ret_found,
				     struct op_term *ret)
{
	struct op_term target = *term;
	bool smart;
	struct op_error *err = op_term_smart_pointer(p, &target, &smart);
	return err || !smart ? err : find_field(p, &target, field, ret_found, ret);
}

static struct op_error *member(struct op_parser *p, struct op_term *term)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
	struct field field = {.name = p->at};
	while (isalnum((unsigned char)*p->at) || *p->at == '_' || (*p->at & 0x80))
		p->at++;
	field.size = (size_t)(p->at - field.name);
	if (!field.size)
		return op_parser_syntax(p, "a member's name");
	struct op_error *err = NULL;
	// As Rust does with '.': what a pointer leads to.
	if (op_type_is(term->type, OP_TYPE_POINTER))
		err = op_term_dereference(p, term);
	if (!err && op_parser_accept(p, "("))
		return op_term_method(p, term, field.name, field.size);
	if (!err && !op_type_is_aggregate(term->type))
		err = op_term_refuse(p, term, "has no members");
	struct op_term part;
	bool found = false;
	if (!err)
		err = find_field(p, term, &field, &found, &part);
	// Those of the smart pointer itself come first, as with Rust's '.'.
	if (!err && !found)
		err = field_behind(p, term, &field, &found, &part);
	if (!err && !found)
		err = no_such_member(p, term, &field);
	if (!err)
		*term = part;
	return err;
}

static struct op_error *element(struct op_parser *p, struct op_term *term)
{
	struct op_term first, end;
	bool inclusive;
	struct op_error *err = op_parser_subscript(p, &first, &end, &inclusive);
	if (err)
		return err;
	return end.node ? op_term_range(p, &first, &end, inclusive, term)
			: op_term_element(p, &first, term);
}

struct op_error *op_term_postfix(struct op_parser *p, struct op_term *term)
{
	struct op_error *err = NULL;
	bool more = term->kind != OP_TERM_VALUE || term->type;
	while (!err && more) {
		const char *at = p->at;
		if (op_parser_accept(p, "->"))
			err = member(p, term);
		else if (op_parser_accept(p, "["))
			err = element(p, term);
		else if (op_parser_accept(p, "("))
			err = op_parser_refuse_call(p);
		else if (op_parser_accept(p, ".") && *p->at != '.')
			err = member(p, term);
		else {
			p->at = at;
			more = false;
		}
	}
	return err;
}
