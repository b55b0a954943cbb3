// SPDX-License-Identifier: GPL-3.0-or-later
// Methods of library types that only tell what their members hold: v.size(), s.len(), p.get(). No
// function of the guest is called for them, so they can be used in conditions and core files too.
#include <string.h>

#include "tracer/expression_parser.h"
#include "tracer/source_pretty_cxx.h"

// How many ------------------------------------------------------------------------------------

// Numbers of elements by the names on the way to them; or to the first element and to what is
// behind the last. A type has the first of these that it has.
static const struct count {
	enum op_debug_language language;
	const char *path, *end;
} counts[] = {
	{OP_LANGUAGE_CPLUSPLUS, "__begin_", "__end_"}, // vector, valarray
	{OP_LANGUAGE_CPLUSPLUS, "__size_.__value_", NULL},
	{OP_LANGUAGE_CPLUSPLUS, "__size_", NULL},
	{OP_LANGUAGE_CPLUSPLUS, "__size_alloc_.__value_", NULL},
	{OP_LANGUAGE_CPLUSPLUS, "__tree_.__size_", NULL},
	{OP_LANGUAGE_CPLUSPLUS, "__tree_.__pair3_.__value_", NULL},
	{OP_LANGUAGE_CPLUSPLUS, "__table_.__size_", NULL},
	{OP_LANGUAGE_CPLUSPLUS, "__table_.__p2_.__value_", NULL},
	{OP_LANGUAGE_RUST, "len", NULL},
	{OP_LANGUAGE_RUST, "length", NULL},                 // slices, BTreeMap
	{OP_LANGUAGE_RUST, "map.length", NULL},             // BTreeSet
	{OP_LANGUAGE_RUST, "data.len", NULL},               // BinaryHeap
	{OP_LANGUAGE_RUST, "base.table.table.items", NULL}, // HashMap
	{OP_LANGUAGE_RUST, "base.map.table.table.items", NULL},
};

static struct op_error *count_by_members(struct op_parser *p, const struct op_term *whole,
					 const struct count *row, bool *ret_found,
					 struct op_term *ret)
{
	struct op_term end;
	struct op_error *err = op_term_member_at(p, whole, row->path, ret_found, ret);
	if (!err && *ret_found && row->end)
		err = op_term_member_at(p, whole, row->end, ret_found, &end);
	if (err || !*ret_found)
		return err;
	if (!row->end)
		return op_term_value(p, ret);
	struct op_term begin = *ret;
	return op_term_binary(p, OP_OPERATOR_SUB, &end, &begin, ret);
}

// Those that are made of another container have as many elements as that.
static const struct op_wrapper adaptors[] = {
	{"std::queue<*", "c"},
	{"std::stack<*", "c"},
	{"std::priority_queue<*", "c"},
	{"std::flat_set<*", "__keys_"},
	{"std::flat_multiset<*", "__keys_"},
	{"std::flat_map<*", "__containers_.keys"},
	{"std::flat_multimap<*", "__containers_.keys"},
	{NULL, NULL},
};

// What others call so may be anything.
static bool is_of_library(const struct op_type *type)
{
	static const char *const rust[] = {"alloc::*", "std::*", "&str",
					   "&mut str", "&\\[*",  "&mut \\[*"};
	if (type->language == OP_LANGUAGE_CPLUSPLUS)
		return op_type_is_named(type, OP_LANGUAGE_CPLUSPLUS, "std::*");
	for (size_t i = 0; i < OP_ARRAY_SIZE(rust); i++)
		if (op_type_is_named(type, OP_LANGUAGE_RUST, rust[i]))
			return true;
	return false;
}

// Types whose number of elements is a part of them.
static bool count_of_type(const struct op_type *type, int64_t *ret)
{
	*ret = (int64_t)type->count;
	if (type->kind == OP_TYPE_ARRAY)
		return type->language == OP_LANGUAGE_RUST && type->has_count;
	return (op_type_is_named(type, OP_LANGUAGE_CPLUSPLUS, "std::array<*") &&
		op_cxx_number_argument(type, 1, ret)) ||
	       (op_type_is_named(type, OP_LANGUAGE_CPLUSPLUS, "std::bitset<*") &&
		op_cxx_number_argument(type, 0, ret));
}

struct op_error *op_term_count(struct op_parser *p, const struct op_term *whole, bool *ret_found,
			       struct op_term *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	const struct op_type *type = op_type_strip(whole->type);
	struct op_term inner = *whole;
	int64_t number;
	*ret_found = false;
	struct op_error *err = guest->complete(guest->context, type);
	if (!err && count_of_type(type, &number)) {
		*ret_found = true;
		return op_term_constant(p, number, ret);
	}
	if (err || !op_type_is_aggregate(type) || !is_of_library(type))
		return err;
	err = op_term_unwrap(p, adaptors, &inner);
	if (!err)
		err = op_term_text_length(p, &inner, ret_found, ret);
	for (size_t i = 0; !err && !*ret_found && i < OP_ARRAY_SIZE(counts); i++)
		if (counts[i].language == type->language)
			err = count_by_members(p, &inner, &counts[i], ret_found, ret);
	return err;
}

static struct op_error *is_empty(struct op_parser *p, const struct op_term *whole, bool *ret_found,
				 struct op_term *ret)
{
	struct op_term count, none;
	struct op_error *err = op_term_count(p, whole, ret_found, &count);
	if (!err)
		err = op_term_constant(p, 0, &none);
	if (!err && *ret_found)
		err = op_term_binary(p, OP_OPERATOR_EQ, &count, &none, ret);
	if (!err && *ret_found)
		ret->type = op_type_of_truth(p);
	return err;
}

// Whether, and what ---------------------------------------------------------------------------

static struct op_error *has_value(struct op_parser *p, const struct op_term *whole, bool *ret_found,
				  struct op_term *ret)
{
	*ret_found = op_type_is_named(whole->type, OP_LANGUAGE_CPLUSPLUS, "std::optional<*");
	return *ret_found ? op_term_member_at(p, whole, "__engaged_", ret_found, ret) : NULL;
}

static struct op_error *pointer_of(struct op_parser *p, const struct op_term *whole,
				   bool *ret_found, struct op_term *ret)
{
	static const char *const paths[] = {"__ptr_.__value_", "__ptr_"};
	struct op_error *err = NULL;
	*ret_found = false;
	if (!op_type_is_named(whole->type, OP_LANGUAGE_CPLUSPLUS, "std::unique_ptr<*") &&
	    !op_type_is_named(whole->type, OP_LANGUAGE_CPLUSPLUS, "std::shared_ptr<*"))
		return NULL;
	for (size_t i = 0; !err && !*ret_found && i < OP_ARRAY_SIZE(paths); i++)
		err = op_term_member_at(p, whole, paths[i], ret_found, ret);
	return err;
}

static struct op_error *is_variant(struct op_parser *p, const struct op_term *whole,
				   const char *name, bool *ret_found, struct op_term *ret)
{
	struct op_term variant;
	const char *there;
	*ret_found = false;
	if (!op_type_is_named(whole->type, OP_LANGUAGE_RUST, "core::option::Option<*") &&
	    !op_type_is_named(whole->type, OP_LANGUAGE_RUST, "core::result::Result<*"))
		return NULL;
	struct op_error *err = op_term_variant(p, whole, ret_found, &variant, &there);
	if (!err && *ret_found)
		err = op_term_constant(p, there && strcmp(there, name) == 0, ret);
	if (!err && *ret_found)
		ret->type = op_type_of_truth(p);
	return err;
}

// By name -------------------------------------------------------------------------------------

static const struct method {
	enum op_debug_language language;
	const char *name;
	struct op_error *(*answer)(struct op_parser *p, const struct op_term *whole,
				   bool *ret_found, struct op_term *ret);
	const char *variant; // whether it is this one; then no answer
} methods[] = {
	{OP_LANGUAGE_CPLUSPLUS, "size", op_term_count, NULL},
	{OP_LANGUAGE_CPLUSPLUS, "empty", is_empty, NULL},
	{OP_LANGUAGE_CPLUSPLUS, "length", op_term_count, NULL},
	{OP_LANGUAGE_CPLUSPLUS, "has_value", has_value, NULL},
	{OP_LANGUAGE_CPLUSPLUS, "get", pointer_of, NULL},
	{OP_LANGUAGE_RUST, "len", op_term_count, NULL},
	{OP_LANGUAGE_RUST, "is_empty", is_empty, NULL},
	{OP_LANGUAGE_RUST, "is_some", NULL, "Some"},
	{OP_LANGUAGE_RUST, "is_none", NULL, "None"},
	{OP_LANGUAGE_RUST, "is_ok", NULL, "Ok"},
	{OP_LANGUAGE_RUST, "is_err", NULL, "Err"},
};

static struct op_error *answer(struct op_parser *p, struct op_term *term, const char *name,
			       size_t size, bool *ret_found)
{
	const struct op_type *type = op_type_strip(term->type);
	*ret_found = false;
	for (size_t i = 0; i < OP_ARRAY_SIZE(methods); i++) {
		struct op_term value;
		if (methods[i].language != type->language || strlen(methods[i].name) != size ||
		    memcmp(methods[i].name, name, size) != 0)
			continue;
		struct op_error *err =
			methods[i].variant
				? is_variant(p, term, methods[i].variant, ret_found, &value)
				: methods[i].answer(p, term, ret_found, &value);
		if (!err && *ret_found)
			*term = value;
		return err;
	}
	return NULL;
}

struct op_error *op_parser_refuse_call(const struct op_parser *p)
{
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "\"%s\": outpost does not call functions of the guest", p->text);
}

struct op_error *op_term_method(struct op_parser *p, struct op_term *term, const char *name,
				size_t size)
{
	bool found, smart = false;
	if (!op_parser_accept(p, ")") || !term->type)
		return op_parser_refuse_call(p);
	struct op_error *err = answer(p, term, name, size, &found);
	if (!err && !found)
		err = op_term_smart_pointer(p, term, &smart);
	if (!err && smart)
		err = answer(p, term, name, size, &found);
	return err || found ? err : op_parser_refuse_call(p);
}
