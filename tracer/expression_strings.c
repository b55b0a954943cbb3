// SPDX-License-Identifier: GPL-3.0-or-later
// Characters and strings in expressions, and text of the guest's that is compared with them: what
// a char pointer leads to, and the strings of C++ and Rust by the names of their members.
#include <inttypes.h>
#include <string.h>

#include "tracer/expression_parser.h"

enum { TEXT_MAX = 200 };

// What is typed -------------------------------------------------------------------------------

static bool hex_digit(char c, unsigned *ret)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c | 0x20) : NULL;
	if (!found || (c >= 'A' && c <= 'Z' && c > 'F'))
		return false;
	*ret = (unsigned)(found - digits);
	return true;
}

// One byte as C writes it, at p->at.
static struct op_error *take_byte(struct op_parser *p, uint8_t *ret)
{
	static const char letters[] = "ntr0abfv\\'\"e", bytes[] = "\n\t\r\0\a\b\f\v\\'\"\033";
	*ret = (uint8_t)*p->at++;
	if (*ret != '\\')
		return NULL;
	unsigned high, low;
	const char *letter = *p->at ? strchr(letters, *p->at) : NULL;
	if (letter) {
		*ret = (uint8_t)bytes[letter - letters];
		p->at++;
		return NULL;
	}
	if (*p->at == 'x' && hex_digit(p->at[1], &high) && hex_digit(p->at[2], &low)) {
		*ret = (uint8_t)(high * 16 + low);
		p->at += 3;
		return NULL;
	}
	return op_parser_syntax(p, "an escape (\\n \\t \\\\ \\xNN and the like)");
}

static struct op_error *not_closed(const struct op_parser *p)
{
	return op_error_create(OP_ERROR_SYNTAX, "\"%s\": the closing quote is missing", p->text);
}

// The code point of a character in UTF-8; a byte that is none stands for itself.
static uint32_t code_point(const uint8_t *bytes, size_t size)
{
	static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	if (size < 2 || size > 4 || bytes[0] < 0xc0)
		return bytes[0];
	uint32_t point = bytes[0] & masks[size];
	for (size_t i = 1; i < size; i++)
		point = point << 6 | (bytes[i] & 0x3f);
	return point;
}

struct op_error *op_parser_character(struct op_parser *p, struct op_term *ret)
{
	uint8_t bytes[4];
	size_t size = 0;
	struct op_error *err = NULL;
	p->at++;
	while (!err && *p->at && *p->at != '\'' && size < sizeof(bytes))
		err = take_byte(p, &bytes[size++]);
	if (!err && (!size || *p->at != '\''))
		err = size ? not_closed(p) : op_parser_syntax(p, "a character");
	if (!err && size > 1 && bytes[0] < 0xc0)
		err = op_error_create(OP_ERROR_SYNTAX, "\"%s\": a character is one, not several",
				      p->text);
	if (err)
		return err;
	p->at++;
	err = op_term_constant(p, code_point(bytes, size), ret);
	if (err)
		return err;
	if (p->scope->guest && size == 1 && p->scope->guest->language != OP_LANGUAGE_RUST)
		ret->type = op_type_basic("char", 4);
	return NULL;
}

struct op_error *op_parser_string(struct op_parser *p, struct op_term *ret)
{
	uint8_t *bytes = op_expression_tree_room(p->tree, TEXT_MAX + 1);
	size_t size = 0;
	struct op_error *err = bytes ? NULL : op_error_no_memory();
	p->at++;
	while (!err && *p->at && *p->at != '"') {
		if (size == TEXT_MAX)
			return op_error_create(OP_ERROR_LIMIT,
					       "\"%.40s...\": a string has at most %d bytes",
					       p->text, TEXT_MAX);
		err = take_byte(p, &bytes[size++]);
	}
	if (!err && *p->at != '"')
		err = not_closed(p);
	if (err)
		return err;
	p->at++;
	*ret = (struct op_term){
		.kind = OP_TERM_BYTES, .bytes = bytes, .byte_count = size + 1, .is_text = true};
	const struct op_expression_guest *guest = p->scope->guest;
	return guest->array_of(guest->context, op_type_basic("char", 4), size + 1, &ret->type);
}

// Comparing -----------------------------------------------------------------------------------

struct comparison {
	struct op_parser *p;
	const struct op_expression_node *address;
	uint32_t memory;
	const uint8_t *bytes;
};

static struct op_error *byte_equals(const struct comparison *c, size_t at,
				    const struct op_expression_node **ret)
{
	struct op_expression_tree *tree = c->p->tree;
	const struct op_expression_node *address = c->address, *byte;
	struct op_error *err = op_expression_tree_offset(tree, at, &address);
	if (!err)
		err = op_expression_tree_memory(tree, c->memory, op_access_type_by_name("u8", 2),
						address, ret);
	if (!err)
		err = op_expression_tree_integer(tree, c->bytes[at], OP_VALUE_I32, false, &byte);
	return err ?: op_expression_tree_binary(tree, OP_OPERATOR_EQ, *ret, byte, ret);
}

// Bytes [from, to) are equal: a balanced tree of &&, which still looks at them in order and no
// further than the first that differs.
static struct op_error *bytes_equal(const struct comparison *c, size_t from, size_t to,
				    const struct op_expression_node **ret)
{
	if (from == to)
		return op_expression_tree_integer(c->p->tree, 1, OP_VALUE_I32, false, ret);
	if (to - from == 1)
		return byte_equals(c, from, ret);
	const struct op_expression_node *left, *right;
	size_t middle = from + (to - from) / 2;
	struct op_error *err = bytes_equal(c, from, middle, &left);
	if (!err)
		err = bytes_equal(c, middle, to, &right);
	return err ?: op_expression_tree_binary(c->p->tree, OP_OPERATOR_AND_AND, left, right, ret);
}

/** A string as an address and a length. */
struct text_place {
	const struct op_expression_node *address, *length;
	uint32_t memory;
};

// Strings that are a pointer and a length.
static const struct {
	const char *data, *length;
} text_types[] = {
	{"data_ptr", "length"},                           // &str
	{"vec.buf.inner.ptr.pointer.pointer", "vec.len"}, // String
	{"vec.buf.ptr.pointer.pointer", "vec.len"},       // String, before Rust 1.80
	{"__data_", "__size_"},                           // std::string_view of libc++
};

static struct op_error *pointer_and_length(struct op_parser *p, const struct op_term *term,
					   const char *data_path, const char *length_path,
					   bool *ret_found, struct text_place *ret)
{
	struct op_term data, length;
	struct op_error *err = op_term_member_at(p, term, data_path, ret_found, &data);
	if (!err && *ret_found)
		err = op_term_member_at(p, term, length_path, ret_found, &length);
	if (err || !*ret_found)
		return err;
	err = op_term_value(p, &data) ?: op_term_value(p, &length);
	if (!err)
		*ret = (struct text_place){.address = data.node, .length = length.node};
	return err;
}

// std::string of libc++: short ones are in the object itself.
static struct op_error *cplusplus_string(struct op_parser *p, const struct op_term *term,
					 bool *ret_found, struct text_place *ret)
{
	struct op_term whole = *term, is_long, data;
	struct text_place lengthy, brief;
	bool found;
	struct op_error *err = op_term_member_at(p, term, "__rep_", ret_found, &whole);
	if (!err && !*ret_found)
		err = op_term_member_at(p, term, "__r_.__value_", ret_found, &whole);
	if (!err && *ret_found)
		err = op_term_member_at(p, &whole, "__s.__is_long_", ret_found, &is_long);
	if (!err && *ret_found)
		err = pointer_and_length(p, &whole, "__l.__data_", "__l.__size_", ret_found,
					 &lengthy);
	if (!err && *ret_found)
		err = pointer_and_length(p, &whole, "__s.__data_", "__s.__size_", &found, &brief);
	if (err || !*ret_found || !found)
		return err;
	err = op_term_value(p, &is_long);
	data = is_long;
	struct op_term a = op_term_of_node(lengthy.address), b = op_term_of_node(brief.address);
	if (!err)
		err = op_term_choice(p, &is_long, &a, &b, &data);
	ret->address = data.node;
	a.node = lengthy.length;
	b.node = brief.length;
	if (!err)
		err = op_term_choice(p, &is_long, &a, &b, &data);
	ret->length = data.node;
	ret->memory = 0;
	return err;
}

static struct op_error *find_text(struct op_parser *p, const struct op_term *term, bool *ret_found,
				  struct text_place *ret)
{
	*ret_found = false;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && !*ret_found && i < OP_ARRAY_SIZE(text_types); i++)
		err = pointer_and_length(p, term, text_types[i].data, text_types[i].length,
					 ret_found, ret);
	return err || *ret_found ? err : cplusplus_string(p, term, ret_found, ret);
}

struct op_error *op_term_text_length(struct op_parser *p, const struct op_term *term,
				     bool *ret_found, struct op_term *ret)
{
	struct text_place place;
	struct op_error *err = find_text(p, term, ret_found, &place);
	if (!err && *ret_found)
		*ret = op_term_of_node(place.length);
	return err;
}

static struct op_error *aggregate_equals(struct op_parser *p, const struct op_term *term,
					 const struct op_term *text,
					 const struct op_expression_node **ret)
{
	struct text_place place;
	bool found;
	const struct op_expression_node *size, *equal;
	struct op_error *err = find_text(p, term, &found, &place);
	if (!err && !found)
		err = op_term_refuse(p, term, "is no string that outpost knows");
	if (err)
		return err;
	const struct comparison c = {p, place.address, place.memory, text->bytes};
	err = bytes_equal(&c, 0, text->byte_count - 1, &equal);
	if (!err)
		err = op_expression_tree_integer(p->tree, (int64_t)text->byte_count - 1,
						 OP_VALUE_I32, false, &size);
	if (!err)
		err = op_expression_tree_binary(p->tree, OP_OPERATOR_EQ, place.length, size, &size);
	return err ?: op_expression_tree_binary(p->tree, OP_OPERATOR_AND_AND, size, equal, ret);
}

// An array may be full, without a NUL at its end.
static size_t compared_bytes(const struct op_term *term, const struct op_term *text)
{
	const struct op_type *type = op_type_strip(term->type);
	bool full = type->kind == OP_TYPE_ARRAY && type->has_count &&
		    type->count == text->byte_count - 1;
	return text->byte_count - full;
}

static bool is_byte(const struct op_type *type)
{
	return (op_type_is(type, OP_TYPE_CHAR) || op_type_is(type, OP_TYPE_INTEGER)) &&
	       op_type_strip(type)->size == 1;
}

struct op_error *op_term_equals_text(struct op_parser *p, const struct op_term *term,
				     const struct op_term *text, struct op_term *ret)
{
	const struct op_expression_node *equal;
	struct op_term value = *term;
	struct op_error *err;
	bool leads =
		op_type_is(term->type, OP_TYPE_POINTER) || op_type_is(term->type, OP_TYPE_ARRAY);
	if (op_type_is_aggregate(term->type)) {
		err = aggregate_equals(p, term, text, &equal);
	} else if (!leads || !is_byte(op_type_strip(term->type)->target)) {
		err = op_term_refuse(p, term, "is no text: it cannot be compared with a string");
	} else {
		struct comparison c = {.p = p, .bytes = text->bytes};
		err = op_term_value(p, &value);
		c.address = value.node;
		c.memory = op_type_is(value.type, OP_TYPE_POINTER)
				   ? op_type_strip(value.type)->memory
				   : 0;
		if (!err)
			err = bytes_equal(&c, 0, compared_bytes(term, text), &equal);
	}
	if (!err)
		*ret = (struct op_term){
			.kind = OP_TERM_VALUE, .type = op_type_of_truth(p), .node = equal};
	return err;
}
