// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the parser share: expression_parse.c has the grammar, expression_names.c Wasm's
// names, expression_variables.c the names of the guest's language, expression_types.c its types,
// expression_terms.c the values of terms, expression_members.c parts of them,
// expression_variants.c those of Rust's enums, expression_containers.c, expression_elements.c and
// expression_methods.c those of standard libraries, expression_operators.c operators on them,
// expression_strings.c strings.
#ifndef OP_TRACER_EXPRESSION_PARSER_H
#define OP_TRACER_EXPRESSION_PARSER_H

#include "tracer/expression_guest.h"
#include "tracer/expression_nodes.h"
#include "tracer/expression_tree.h"

struct op_parser {
	const char *text, *at;
	const struct op_expression_scope *scope;
	struct op_expression_tree *tree;
	unsigned depth;
};

// expression_parse.c
/** True when @p token comes next; it is taken. */
bool op_parser_accept(struct op_parser *p, const char *token);
/** The same of a whole word. */
bool op_parser_accept_word(struct op_parser *p, const char *word);
/** "WHAT is expected", and where. */
struct op_error *op_parser_syntax(const struct op_parser *p, const char *what);
const struct op_access_type *op_parser_accept_type(struct op_parser *p);
/** An expression of any operators. */
struct op_error *op_parser_expression(struct op_parser *p, struct op_term *ret);
/** The same, a scalar: its value. */
struct op_error *op_parser_number(struct op_parser *p, const struct op_expression_node **ret);
/** What stands between brackets behind '[': [3], [2..5], [2..=4]. @p ret_end.node NULL: one. */
struct op_error *op_parser_subscript(struct op_parser *p, struct op_term *ret_first,
				     struct op_term *ret_end, bool *ret_inclusive);
struct op_error *op_parser_cast(struct op_parser *p, struct op_term *ret);

// expression_names.c
/** What stands behind a '$'. */
struct op_error *op_parser_dollar(struct op_parser *p, struct op_term *ret);
/** "local0", "mem" and the like: what $NAME means something by itself for. */
bool op_parser_is_own_name(const char *name);
/** A Wasm local's name. */
struct op_error *op_parser_local(struct op_parser *p, const struct op_expression_node **ret);
/** Fields and elements of GC objects: .field2 [3] [2..5]; nothing when there are none. */
struct op_error *op_parser_object_part(struct op_parser *p, const struct op_expression_node **ret,
				       bool *ret_found);
/** *REFERENCE: what it refers to. */
struct op_error *op_parser_object(struct op_parser *p, const struct op_expression_node **ret);
struct op_error *op_parser_no_local(const struct op_parser *p, const char *name, size_t size);

// expression_variables.c
/** A name of the guest's language: a variable, an enumerator, a member of this, a function. */
struct op_error *op_parser_variable(struct op_parser *p, bool *ret_found, struct op_term *ret);
/** 'file.c'::NAME. */
struct op_error *op_parser_variable_of_file(struct op_parser *p, bool *ret_found,
					    struct op_term *ret);
/** The size of a name as languages write it, "ns::Type<int>::member"; 0: there is none. */
size_t op_parser_path_size(const char *at);
struct op_error *op_term_of_name(struct op_parser *p, struct op_guest_name *name,
				 struct op_term *ret);
struct op_error *op_term_of_history(struct op_parser *p, uint64_t number, bool *ret_found,
				    struct op_term *ret);

// expression_types.c
/** A type's name, with what stands behind it: "struct node *". Nothing is taken when there is
 * none. */
struct op_error *op_parser_type(struct op_parser *p, bool *ret_found, const struct op_type **ret);
/** The same behind Rust's "as": a '*' behind it multiplies. */
struct op_error *op_parser_rust_type(struct op_parser *p, bool *ret_found,
				     const struct op_type **ret);
/** Bytes. @return OP_ERROR_UNSUPPORTED when it is not known. */
struct op_error *op_type_size(const struct op_parser *p, const struct op_type *type, uint64_t *ret);
/** The guest's type of a number that was calculated as @p type of sides of the types @p a and @p b
 * (NULL: Wasm's); NULL when it has no name. */
const struct op_type *op_type_of_number(const struct op_parser *p, struct op_expression_type type,
					const struct op_type *a, const struct op_type *b);
/** ... of what is true or false. */
const struct op_type *op_type_of_truth(const struct op_parser *p);
/** "a value of type struct node" -> text. */
void op_type_describe(const struct op_type *type, struct op_text *text);

// expression_terms.c
static inline struct op_term op_term_of_node(const struct op_expression_node *node)
{
	return (struct op_term){.kind = OP_TERM_VALUE, .node = node};
}
static inline struct op_term op_term_in_memory(const struct op_type *type, uint32_t memory,
					       const struct op_expression_node *address)
{
	return (struct op_term){
		.kind = OP_TERM_MEMORY, .type = type, .memory = memory, .node = address};
}
/** A number of type i32, or i64 where it does not fit. */
struct op_error *op_term_constant(struct op_parser *p, int64_t number, struct op_term *ret);
/** Make it a VALUE: a scalar's, an array's address. @return why it has none. */
struct op_error *op_term_value(struct op_parser *p, struct op_term *term);
/** Make a part of a variable that is in memory a MEMORY term, where it is one. */
struct op_error *op_term_place(struct op_parser *p, struct op_term *term);
/** "\"TEXT\": WHAT cannot be used here: it is ...". */
struct op_error *op_term_refuse(const struct op_parser *p, const struct op_term *term,
				const char *why);
/** A reference becomes what it refers to. */
struct op_error *op_term_follow_reference(struct op_parser *p, struct op_term *term);

// expression_members.c
/** A member by name, of bases and anonymous members too; found false: there is none. */
struct op_error *op_term_member(struct op_parser *p, const struct op_term *whole, const char *name,
				size_t size, bool *ret_found, struct op_term *ret);
/** One that the type has, whatever its name. */
struct op_error *op_term_of_member(struct op_parser *p, const struct op_term *whole,
				   const struct op_type_member *member, struct op_term *ret);
/** A member's member's ...: "vec.buf". */
struct op_error *op_term_member_at(struct op_parser *p, const struct op_term *whole,
				   const char *path, bool *ret_found, struct op_term *ret);
struct op_error *op_term_dereference(struct op_parser *p, struct op_term *term);
struct op_error *op_term_address(struct op_parser *p, struct op_term *term);
struct op_error *op_term_element(struct op_parser *p, const struct op_term *index,
				 struct op_term *term);
struct op_error *op_term_range(struct op_parser *p, const struct op_term *first,
			       const struct op_term *end, bool inclusive, struct op_term *term);
/** VALUE@COUNT. */
struct op_error *op_term_repeat(struct op_parser *p, const struct op_term *count,
				struct op_term *term);
/** .NAME, ->NAME, [INDEX] behind a term of the guest's; all that follow. */
struct op_error *op_term_postfix(struct op_parser *p, struct op_term *term);

// expression_variants.c
/**
 * What the variant of a Rust enum that is there now holds. Found false: it is no such enum.
 * @param[out] ret_name the variant's.
 */
struct op_error *op_term_variant(struct op_parser *p, const struct op_term *whole, bool *ret_found,
				 struct op_term *ret, const char **ret_name);

// expression_containers.c
/** A smart pointer, an iterator, an optional: becomes what it leads to. Found false: it is none. */
struct op_error *op_term_smart_pointer(struct op_parser *p, struct op_term *term, bool *ret_found);
/** A type of libc++ that stands for a member of its own, by the names on the way to that. */
struct op_wrapper {
	const char *pattern, *member;
};
/** A term of one of these types becomes that member. @param[in] wrappers ended by a NULL pattern.
 */
struct op_error *op_term_unwrap(struct op_parser *p, const struct op_wrapper *wrappers,
				struct op_term *term);
/** A container becomes its first element's place: a pointer or an array.
 * @param[out] ret_counted whether the container says now how many there are. */
struct op_error *op_term_elements(struct op_parser *p, struct op_term *term, bool *ret_counted,
				  int64_t *ret_count);
/** Refuse an element, and so many more behind it, where there are only @p count; an index that is
 * not known yet is not refused. */
struct op_error *op_term_check_elements(struct op_parser *p, int64_t count,
					const struct op_term *first, int64_t more);
/** Whether the type's name is one of those of its language's standard library. */
bool op_type_is_named(const struct op_type *type, enum op_debug_language language,
		      const char *pattern);
/** A part as a number, now; found false: there is no such part. */
struct op_error *op_term_part_now(struct op_parser *p, const struct op_term *whole,
				  const char *path, bool *ret_found, int64_t *ret);
/** A number that has to be known when the expression is parsed: types depend on it. */
struct op_error *op_term_number_now(struct op_parser *p, const struct op_term *term, int64_t *ret);

// expression_elements.c
/** An element of a container whose elements do not lie in a row, where as many more are wanted
 * behind it. Found false: it is no such container. */
struct op_error *op_term_scattered_element(struct op_parser *p, const struct op_term *index,
					   int64_t more, bool *ret_found, struct op_term *term);

// expression_methods.c
/** How many elements a container, a string or a Rust array has. Found false: it is none that is
 * known. */
struct op_error *op_term_count(struct op_parser *p, const struct op_term *whole, bool *ret_found,
			       struct op_term *ret);
struct op_error *op_parser_refuse_call(const struct op_parser *p);
/** Behind "NAME(" of a library type's: the term becomes what the method would return. @return
 * OP_ERROR_UNSUPPORTED: it would have to be called. */
struct op_error *op_term_method(struct op_parser *p, struct op_term *term, const char *name,
				size_t size);

// expression_operators.c
struct op_error *op_term_unary(struct op_parser *p, char what, struct op_term *term);
struct op_error *op_term_binary(struct op_parser *p, enum op_operator what,
				const struct op_term *left, const struct op_term *right,
				struct op_term *ret);
struct op_error *op_term_choice(struct op_parser *p, const struct op_term *condition,
				const struct op_term *first, const struct op_term *end,
				struct op_term *ret);
struct op_error *op_term_cast(struct op_parser *p, const struct op_type *type,
			      struct op_term *term);
struct op_error *op_term_sizeof(struct op_parser *p, struct op_term *term);

// expression_strings.c
/** 'a' */
struct op_error *op_parser_character(struct op_parser *p, struct op_term *ret);
/** "text" */
struct op_error *op_parser_string(struct op_parser *p, struct op_term *ret);
/** How many units a string of the guest's library has. Found false: it is none. */
struct op_error *op_term_text_length(struct op_parser *p, const struct op_term *term,
				     bool *ret_found, struct op_term *ret);
/** 1 where the text that @p term stands for is @p text, else 0. */
struct op_error *op_term_equals_text(struct op_parser *p, const struct op_term *term,
				     const struct op_term *text, struct op_term *ret);

#endif
