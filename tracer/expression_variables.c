// SPDX-License-Identifier: GPL-3.0-or-later
// Names of the guest's language in expressions: variables, enumerators, members of this, constants
// that everybody has, earlier values.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_parser.h"
#include "tracer/source_location.h"

// Names as they are typed ---------------------------------------------------------------------

static bool begins_word(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (c & 0x80);
}

static size_t word_size(const char *at)
{
	size_t size = 0;
	while (begins_word(at[size]) || (size && isdigit((unsigned char)at[size])))
		size++;
	return size;
}

// Template arguments belong to the name where "::" follows them.
static size_t arguments_size(const char *at)
{
	unsigned depth = 0;
	for (size_t size = 0; at[size] && !strchr(";=|", at[size]); size++) {
		depth += at[size] == '<';
		if (at[size] == '>' && !--depth)
			return at[size + 1] == ':' && at[size + 2] == ':' ? size + 1 : 0;
	}
	return 0;
}

size_t op_parser_path_size(const char *at)
{
	size_t size = at[0] == ':' && at[1] == ':' ? 2 : 0;
	for (;;) {
		size_t word = word_size(at + size);
		if (!word)
			return 0;
		size += word;
		if (at[size] == '<')
			size += arguments_size(at + size);
		if (at[size] != ':' || at[size + 1] != ':' || !begins_word(at[size + 2]))
			return size;
		size += 2;
	}
}

// Terms ---------------------------------------------------------------------------------------

static bool is_in_memory(const struct op_debug_location *location)
{
	return location->piece_count == 1 && !location->pieces[0].bit_size &&
	       location->pieces[0].kind == OP_LOCATION_MEMORY;
}

struct op_error *op_term_of_name(struct op_parser *p, struct op_guest_name *name,
				 struct op_term *ret)
{
	if (name->kind == OP_GUEST_FUNCTION) {
		*ret = (struct op_term){.kind = OP_TERM_FUNCTION, .type = name->type};
		return NULL;
	}
	struct op_guest_variable *variable = op_expression_tree_room(p->tree, sizeof(*variable));
	if (!variable)
		return op_error_no_memory();
	*variable = (struct op_guest_variable){.debug = name->debug, .type = name->type};
	struct op_error *err =
		op_expression_tree_location(p->tree, &name->location, &variable->location);
	if (err)
		return err;
	const struct op_debug_location *location = variable->location;
	*ret = (struct op_term){.kind = OP_TERM_VARIABLE, .type = name->type, .variable = variable};
	if (!location->piece_count)
		ret->kind = OP_TERM_MISSING;
	if (is_in_memory(location)) {
		const struct op_expression_node *address;
		err = op_source_location_tree(p->tree, p->scope, location->pieces[0].steps,
					      location->pieces[0].step_count, &address);
		if (!err)
			*ret = op_term_in_memory(name->type, 0, address);
		if (!err)
			ret->variable = variable;
	}
	return err ?: op_term_follow_reference(p, ret);
}

struct op_error *op_term_of_history(struct op_parser *p, uint64_t number, bool *ret_found,
				    struct op_term *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	struct op_guest_value value;
	*ret_found = guest && guest->history && guest->history(guest->context, number, &value);
	if (!*ret_found)
		return NULL;
	if (value.in_memory) {
		const struct op_expression_node *address;
		bool wide = value.address > UINT32_MAX;
		struct op_error *err = op_expression_tree_integer(
			p->tree, (int64_t)value.address, wide ? OP_VALUE_I64 : OP_VALUE_I32, true,
			&address);
		if (!err)
			*ret = op_term_in_memory(value.type, value.memory, address);
		return err;
	}
	*ret = (struct op_term){.kind = OP_TERM_BYTES,
				.type = value.type,
				.bytes = value.bytes,
				.byte_count = value.size};
	return op_term_follow_reference(p, ret);
}

// Names ---------------------------------------------------------------------------------------

static struct op_error *look_up(struct op_parser *p, const char *file, const char *name,
				size_t size, bool *ret_found, struct op_guest_name *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	*ret = (struct op_guest_name){0};
	return guest->name(guest->context, file, name, size, ret_found, ret);
}

static bool is_of_function(const struct op_guest_name *name)
{
	return name->kind == OP_GUEST_VARIABLE &&
	       (name->debug.kind == OP_DEBUG_PARAMETER || name->debug.kind == OP_DEBUG_LOCAL ||
		name->debug.function.offset);
}

// A member of the object that a method was called for.
static struct op_error *member_of_this(struct op_parser *p, const char *name, size_t size,
				       bool *ret_found, struct op_term *ret)
{
	struct op_guest_name self;
	struct op_term object;
	*ret_found = false;
	if (p->scope->guest->language != OP_LANGUAGE_CPLUSPLUS || memchr(name, ':', size))
		return NULL;
	bool found;
	struct op_error *err = look_up(p, NULL, "this", 4, &found, &self);
	if (!err && found && is_of_function(&self) && op_type_is(self.type, OP_TYPE_POINTER)) {
		err = op_term_of_name(p, &self, &object);
		// Where this is not known no member is hidden by it; the name may be another's.
		if (!err && object.kind != OP_TERM_MISSING)
			err = op_term_dereference(p, &object);
		if (!err && object.kind == OP_TERM_MEMORY)
			err = op_term_member(p, &object, name, size, ret_found, ret);
	}
	op_location_deinit(&self.location);
	return err;
}

static const struct constant {
	const char *name;
	int64_t value;
	bool is_truth;
} constants[] = {{"true", 1, true}, {"false", 0, true}, {"nullptr", 0, false}, {"NULL", 0, false}};

static struct op_error *known_constant(struct op_parser *p, const char *name, size_t size,
				       bool *ret_found, struct op_term *ret)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(constants); i++) {
		const struct op_expression_node *node;
		if (strlen(constants[i].name) != size || memcmp(constants[i].name, name, size))
			continue;
		struct op_error *err = op_expression_tree_integer(p->tree, constants[i].value,
								  OP_VALUE_I32, false, &node);
		*ret_found = true;
		if (err)
			return err;
		*ret = op_term_of_node(node);
		if (constants[i].is_truth)
			ret->type = op_type_basic("bool", 4);
		return NULL;
	}
	return NULL;
}

struct op_error *op_parser_variable(struct op_parser *p, bool *ret_found, struct op_term *ret)
{
	const char *at = p->at;
	size_t size = op_parser_path_size(at);
	struct op_guest_name name = {0};
	bool found = false, is_member = false;
	*ret_found = false;
	if (!size)
		return NULL;
	struct op_error *err = look_up(p, NULL, at, size, &found, &name);
	if (!err && !(found && is_of_function(&name)))
		err = member_of_this(p, at, size, &is_member, ret);
	*ret_found = !err && (found || is_member);
	if (*ret_found && !is_member)
		err = op_term_of_name(p, &name, ret);
	if (!err && !*ret_found)
		err = known_constant(p, at, size, ret_found, ret);
	op_location_deinit(&name.location);
	if (*ret_found)
		p->at = at + size;
	return err;
}

struct op_error *op_parser_variable_of_file(struct op_parser *p, bool *ret_found,
					    struct op_term *ret)
{
	const char *file = p->at + 1, *end = strchr(file, '\'');
	struct op_guest_name name = {0};
	*ret_found = false;
	if (!end || end == file || end[1] != ':' || end[2] != ':')
		return NULL;
	size_t size = op_parser_path_size(end + 3);
	if (!size)
		return NULL;
	char *path _cleanup_free_ = strndup(file, (size_t)(end - file));
	if (!path)
		return op_error_no_memory();
	struct op_error *err = look_up(p, path, end + 3, size, ret_found, &name);
	if (!err && !*ret_found)
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "\"%s\": no source file \"%s\" has a variable \"%.*s\" "
				      "outside of functions",
				      p->text, path, (int)size, end + 3);
	if (!err)
		err = op_term_of_name(p, &name, ret);
	op_location_deinit(&name.location);
	p->at = end + 3 + size;
	return err;
}
