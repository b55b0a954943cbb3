// SPDX-License-Identifier: GPL-3.0-or-later
// Wasm's names in an expression: locals, operands, globals, tables, memories, fields and elements
// of GC objects. Knows no operators and no target.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/expression_parser.h"

static struct op_error *need_frame(const struct op_parser *p)
{
	return p->scope->function
		       ? NULL
		       : op_error_create(OP_ERROR_STATE,
					 "\"%s\" needs a guest frame, and none is selected",
					 p->text);
}

// Names ---------------------------------------------------------------------------------------

// Names may hold dots, but not the two of a range.
static size_t name_size(const char *at)
{
	size_t size = 0;
	while (isalnum((unsigned char)at[size]) || at[size] == '_' ||
	       (at[size] == '.' && at[size + 1] != '.') || (at[size] & 0x80))
		size++;
	return size;
}

// "a.b.c" -> "a.b" -> "a" -> 0: a dot can belong to the name or begin a field.
static size_t shorter(const char *name, size_t size)
{
	while (size && name[--size] != '.')
		;
	return size;
}

// "local12" with prefix "local": the number behind it.
static bool numbered(const char *name, size_t size, const char *prefix, uint64_t *ret)
{
	size_t skip = strlen(prefix);
	if (size <= skip || strncmp(name, prefix, skip))
		return false;
	uint64_t value = 0;
	for (size_t i = skip; i < size; i++) {
		if (!isdigit((unsigned char)name[i]) || value > UINT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(name[i] - '0');
	}
	*ret = value;
	return true;
}

static bool is_word(const char *name, size_t size, const char *word)
{
	return size == strlen(word) && !strncmp(name, word, size);
}

static bool begins_with(const char *name, size_t size, const char *prefix)
{
	return size > strlen(prefix) && !strncmp(name, prefix, strlen(prefix));
}

// Subscripts ----------------------------------------------------------------------------------

// Up to the bracket; an end of NULL stands for one element.
static struct op_error *subscript(struct op_parser *p, struct op_expression_node *node)
{
	struct op_term first, end;
	struct op_error *err = op_parser_subscript(p, &first, &end, &node->end_inclusive);
	node->first = err ? NULL : first.node;
	node->end = err ? NULL : end.node;
	return err;
}

static struct op_error *add_table(struct op_parser *p, uint64_t index,
				  const struct op_expression_node **ret)
{
	if (index > UINT32_MAX)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no table %" PRIu64, index);
	struct op_expression_node node = {.kind = OP_EXPRESSION_TABLE, .index = (uint32_t)index};
	if (!op_parser_accept(p, "["))
		return op_parser_syntax(p, "[INDEX] or [FIRST..END]");
	struct op_error *err = subscript(p, &node);
	return err ?: op_expression_tree_add(p->tree, &node, ret);
}

// $mem[ADDR:TYPE], from the bracket on.
static struct op_error *add_memory(struct op_parser *p, uint64_t index,
				   const struct op_expression_node **ret)
{
	if (index > UINT32_MAX)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no memory %" PRIu64, index);
	if (!op_parser_accept(p, "["))
		return op_parser_syntax(p, "[ADDRESS:TYPE]");
	struct op_expression_node node = {.kind = OP_EXPRESSION_MEMORY, .index = (uint32_t)index};
	struct op_error *err = op_parser_number(p, &node.first);
	if (err)
		return err;
	node.access = op_access_type_by_name("i32", 3);
	if (op_parser_accept(p, ":") && !(node.access = op_parser_accept_type(p)))
		return op_parser_syntax(p, "a type (i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 v128)");
	if (!op_parser_accept(p, "]"))
		return op_parser_syntax(p, "]");
	node.type = (struct op_expression_type){true, node.access->type, node.access->is_unsigned};
	return op_expression_tree_add(p->tree, &node, ret);
}

// Leaves --------------------------------------------------------------------------------------

static struct op_error *no_such(const struct op_parser *p, const char *kind, uint64_t index,
				uint32_t count)
{
	if (!p->scope->counts_known)
		return op_error_create(OP_ERROR_NOT_FOUND, "%s has no %s %" PRIu64,
				       p->scope->function, kind, index);
	return op_error_create(OP_ERROR_NOT_FOUND, "%s has no %s %" PRIu64 " (it has %" PRIu32 ")",
			       p->scope->function, kind, index, count);
}

static struct op_error *add_local(struct op_parser *p, uint64_t index,
				  const struct op_expression_node **ret)
{
	struct op_error *err = need_frame(p);
	if (err)
		return err;
	const struct op_expression_scope *scope = p->scope;
	struct op_expression_node node = {.kind = OP_EXPRESSION_LOCAL, .index = (uint32_t)index};
	if (index > UINT32_MAX || !scope->local_type ||
	    !scope->local_type(scope->context, node.index, &node.type))
		return no_such(p, "local", index, scope->local_count);
	return op_expression_tree_add(p->tree, &node, ret);
}

static struct op_error *add_parameter(struct op_parser *p, uint64_t index,
				      const struct op_expression_node **ret)
{
	struct op_error *err = need_frame(p);
	if (!err && p->scope->counts_known && index >= p->scope->param_count)
		err = no_such(p, "parameter", index, p->scope->param_count);
	return err ?: add_local(p, index, ret);
}

static struct op_error *add_operand(struct op_parser *p, uint64_t index,
				    const struct op_expression_node **ret)
{
	struct op_error *err = need_frame(p);
	if (err)
		return err;
	const struct op_expression_scope *scope = p->scope;
	struct op_expression_node node = {.kind = OP_EXPRESSION_OPERAND, .index = (uint32_t)index};
	if (index <= UINT32_MAX && scope->operand_type &&
	    scope->operand_type(scope->context, node.index, &node.type))
		return op_expression_tree_add(p->tree, &node, ret);
	if (!scope->operands_known)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the operand stack has no value %" PRIu64
				       " ($stack0 is the bottom)",
				       index);
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "the operand stack has no value %" PRIu64 " (it has %" PRIu32
			       "; $stack0 is the bottom)",
			       index, scope->operand_count);
}

static struct op_error *add_global(struct op_parser *p, uint64_t index,
				   const struct op_expression_node **ret)
{
	const struct op_expression_scope *scope = p->scope;
	struct op_expression_node node = {.kind = OP_EXPRESSION_GLOBAL, .index = (uint32_t)index};
	if (index > UINT32_MAX || !scope->global_type ||
	    !scope->global_type(scope->context, node.index, &node.type))
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no global %" PRIu64, index);
	return op_expression_tree_add(p->tree, &node, ret);
}

static struct op_error *add_history(struct op_parser *p, uint64_t number,
				    const struct op_expression_node **ret)
{
	const struct op_expression_scope *scope = p->scope;
	struct op_expression_node node = {.kind = OP_EXPRESSION_CONSTANT};
	if (!scope->history || !scope->history(scope->context, number, &node.constant))
		return op_error_create(OP_ERROR_NOT_FOUND, "the value history has no $%" PRIu64,
				       number);
	node.type = op_operand_type(&node.constant);
	// Part of a table has the type of its elements, and is no value.
	node.type.known &= node.constant.result.range == OP_RANGE_NONE;
	return op_expression_tree_add(p->tree, &node, ret);
}

static struct op_error *add_pc(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_expression_node node = {.kind = OP_EXPRESSION_PC,
					  .type = {true, OP_VALUE_I32, true}};
	return need_frame(p) ?: op_expression_tree_add(p->tree, &node, ret);
}

// Names with a number behind them.
static const struct {
	const char *prefix;
	struct op_error *(*add)(struct op_parser *p, uint64_t number,
				const struct op_expression_node **ret);
} numbered_names[] = {
	{"", add_history},      {"local", add_local},   {"arg", add_parameter},
	{"stack", add_operand}, {"global", add_global}, {"table", add_table},
	{"mem", add_memory},
};

bool op_parser_is_own_name(const char *name)
{
	uint64_t number;
	size_t size = strlen(name);
	bool own = is_word(name, size, "mem") || is_word(name, size, "pc");
	for (size_t i = 0; !own && i < OP_ARRAY_SIZE(numbered_names); i++)
		own = numbered(name, size, numbered_names[i].prefix, &number);
	return own;
}

// global.NAME and table.NAME.
static const struct item_kind {
	const char *prefix, *what;
	bool is_global;
	struct op_error *(*add)(struct op_parser *p, uint64_t index,
				const struct op_expression_node **ret);
} item_kinds[] = {
	{"global.", "global", true, add_global},
	{"table.", "table", false, add_table},
};

static bool find_item(const struct op_parser *p, const struct item_kind *kind, const char *name,
		      size_t size, uint32_t *ret)
{
	const struct op_expression_scope *scope = p->scope;
	bool (*find)(void *context, const char *name, size_t size, uint32_t *ret) =
		kind->is_global ? scope->global_by_name : scope->table_by_name;
	return find && find(scope->context, name, size, ret);
}

static struct op_error *no_such_item(const struct item_kind *kind, const char *name, size_t size)
{
	return op_error_create(OP_ERROR_NOT_FOUND, "the instance has no %s named \"%.*s\"",
			       kind->what, (int)size, name);
}

static bool find_local(const struct op_parser *p, const char *name, size_t size, uint32_t *ret)
{
	return p->scope->local_by_name &&
	       p->scope->local_by_name(p->scope->context, name, size, ret);
}

// @p size bytes of @p name as a whole; *ret_found false when that means nothing.
static struct op_error *named(struct op_parser *p, const char *name, size_t size,
			      const struct op_expression_node **ret, bool *ret_found)
{
	uint64_t number = 0;
	uint32_t index = 0;
	p->at = name + size;
	*ret_found = true;
	for (size_t i = 0; i < OP_ARRAY_SIZE(numbered_names); i++)
		if (numbered(name, size, numbered_names[i].prefix, &number))
			return numbered_names[i].add(p, number, ret);
	if (is_word(name, size, "mem"))
		return add_memory(p, 0, ret);
	if (is_word(name, size, "pc"))
		return add_pc(p, ret);
	if (find_local(p, name, size, &index))
		return add_local(p, index, ret);
	for (size_t i = 0; i < OP_ARRAY_SIZE(item_kinds); i++) {
		const struct item_kind *kind = &item_kinds[i];
		size_t skip = strlen(kind->prefix);
		if (begins_with(name, size, kind->prefix) &&
		    find_item(p, kind, name + skip, size - skip, &index))
			return kind->add(p, index, ret);
	}
	*ret_found = false;
	return NULL;
}

static struct op_error *no_local(const struct op_parser *p, const char *function, const char *name,
				 size_t size, const char *why)
{
	return need_frame(p)
		       ?: op_error_create(OP_ERROR_NOT_FOUND, "%s has no local named \"%.*s\"%s%s",
					  function, (int)size, name, why ? ", and " : "",
					  why ?: "");
}

struct op_error *op_parser_no_local(const struct op_parser *p, const char *name, size_t size)
{
	// The body that is meant may have been inlined into the function.
	const struct op_expression_guest *guest = p->scope->guest;
	if (!guest || !p->scope->function)
		return no_local(p, p->scope->function, name, size, p->scope->no_guest);
	size_t path = op_parser_path_size(name);
	size = path > size ? path : size;
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "nothing that can be seen in %s is called \"%.*s\"",
			       guest->function ?: p->scope->function, (int)size, name);
}

static struct op_error *no_such_name(const struct op_parser *p, const char *name, size_t size)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(item_kinds); i++) {
		size_t skip = strlen(item_kinds[i].prefix);
		if (begins_with(name, size, item_kinds[i].prefix))
			return no_such_item(&item_kinds[i], name + skip, size - skip);
	}
	// Behind $ are Wasm's names only.
	return no_local(p, p->scope->function, name, size, "no value was kept under that name");
}

// $global."odd name"
static struct op_error *quoted_item(struct op_parser *p, const struct item_kind *kind,
				    const char *inside, const struct op_expression_node **ret)
{
	const char *quote = strchr(inside, '"');
	if (!quote)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\": the closing quote is missing",
				       p->text);
	size_t size = (size_t)(quote - inside);
	uint32_t index;
	if (!find_item(p, kind, inside, size, &index))
		return no_such_item(kind, inside, size);
	p->at = quote + 1;
	return kind->add(p, index, ret);
}

// What is no earlier value of the guest's language.
static struct op_error *dollar(struct op_parser *p, const struct op_expression_node **ret)
{
	const char *name = p->at;
	size_t size = name_size(name);
	if (!size)
		return op_parser_syntax(p, "a name after $");
	for (size_t i = 0; name[size] == '"' && i < OP_ARRAY_SIZE(item_kinds); i++)
		if (is_word(name, size, item_kinds[i].prefix))
			return quoted_item(p, &item_kinds[i], name + size + 1, ret);
	for (size_t part = size; part; part = shorter(name, part)) {
		bool found;
		struct op_error *err = named(p, name, part, ret, &found);
		if (err || found)
			return err;
	}
	return no_such_name(p, name, size);
}

static uint64_t from_last(const struct op_expression_scope *scope, uint64_t back)
{
	return back < scope->history_count ? scope->history_count - back : 0;
}

// $N, $ (the last one), $$ (the one before it), $$N (so many before the last), and the convenience
// variable $NAME.
static bool earlier_value(struct op_parser *p, uint64_t *ret)
{
	const struct op_expression_scope *scope = p->scope;
	bool from_end = *p->at == '$';
	const char *name = p->at + from_end;
	size_t digits = strspn(name, "0123456789"), size = 0;
	while (isalnum((unsigned char)name[size]) || name[size] == '_')
		size++;
	p->at = name + (digits ? digits : size);
	if (digits) {
		bool fits = numbered(name, digits, "", ret);
		*ret = fits && from_end ? from_last(scope, *ret) : *ret;
		return fits;
	}
	if (size)
		return !from_end && scope->convenience &&
		       scope->convenience(scope->context, name, size, ret);
	*ret = from_last(scope, from_end);
	return true;
}

static struct op_error *no_history(const struct op_parser *p)
{
	return op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": the value history has no such value",
			       p->text);
}

struct op_error *op_parser_dollar(struct op_parser *p, struct op_term *ret)
{
	uint64_t number;
	const char *at = p->at;
	const struct op_expression_node *node = NULL;
	bool is_name = isalpha((unsigned char)*at) || *at == '_' || (*at & 0x80);
	struct op_error *err = is_name ? dollar(p, &node) : NULL;
	*ret = op_term_of_node(node);
	// Wasm's names come first.
	if (node || (err && err->code != OP_ERROR_NOT_FOUND && err->code != OP_ERROR_STATE))
		return err;
	const char *behind = p->at;
	p->at = at;
	if (!earlier_value(p, &number)) {
		p->at = behind;
		return err ?: op_parser_syntax(p, "a name after $");
	}
	op_error_destroy(err);
	bool found;
	err = op_term_of_history(p, number, &found, ret);
	if (!err && !found) {
		err = add_history(p, number, &node);
		*ret = op_term_of_node(node);
	}
	if (err && err->code == OP_ERROR_NOT_FOUND && !number) {
		op_error_destroy(err);
		return no_history(p);
	}
	return err;
}

struct op_error *op_parser_local(struct op_parser *p, const struct op_expression_node **ret)
{
	const char *name = p->at;
	size_t size = name_size(name);
	if (!size)
		return op_parser_syntax(p, "a value");
	for (size_t part = size; part; part = shorter(name, part)) {
		uint32_t index;
		if (!find_local(p, name, part, &index))
			continue;
		p->at = name + part;
		return add_local(p, index, ret);
	}
	return op_parser_no_local(p, name, size);
}

// Fields and elements -------------------------------------------------------------------------

static struct op_error *check_reference(const struct op_parser *p,
					const struct op_expression_node *base)
{
	if (base->type.known && base->type.type <= OP_VALUE_V128)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": a value of type %s has no fields and no elements",
				       p->text, op_value_type_name(base->type.type));
	return NULL;
}

// Which part of a dotted name is a field only the object tells: it stays whole. Numbers are told
// apart here.
static struct op_error *field(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_expression_node node = {.kind = OP_EXPRESSION_FIELD, .base = *ret};
	const char *name = p->at;
	size_t size = name_size(name);
	size_t digits = strspn(name, "0123456789");
	if (!size)
		return op_parser_syntax(p, "a field");
	uint64_t index = 0;
	if (numbered(name, digits, "", &index) && index <= UINT32_MAX &&
	    (digits == size || name[digits] == '.')) {
		node.index = (uint32_t)index;
		size = digits;
	} else {
		node.name = strndup(name, size);
		if (!node.name)
			return op_error_no_memory();
	}
	p->at = name + size;
	return op_expression_tree_add(p->tree, &node, ret);
}

static struct op_error *element(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_expression_node node = {.kind = OP_EXPRESSION_ELEMENT, .base = *ret};
	struct op_error *err = subscript(p, &node);
	return err ?: op_expression_tree_add(p->tree, &node, ret);
}

struct op_error *op_parser_object_part(struct op_parser *p, const struct op_expression_node **ret,
				       bool *ret_found)
{
	bool is_field = *p->at == '.' && p->at[1] != '.';
	*ret_found = is_field || *p->at == '[';
	if (!*ret_found)
		return NULL;
	struct op_error *err = check_reference(p, *ret);
	p->at++;
	return err ?: is_field ? field(p, ret) : element(p, ret);
}

struct op_error *op_parser_object(struct op_parser *p, const struct op_expression_node **ret)
{
	struct op_expression_node node = {
		.kind = OP_EXPRESSION_OBJECT, .type = (*ret)->type, .base = *ret};
	return check_reference(p, *ret) ?: op_expression_tree_add(p->tree, &node, ret);
}
