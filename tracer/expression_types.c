// SPDX-License-Identifier: GPL-3.0-or-later
// Types of the guest's language in expressions: their names as they are typed, what of them can be
// calculated with, and the type of what comes out.
#include <ctype.h>
#include <string.h>

#include "tracer/expression_parser.h"

// What types are ------------------------------------------------------------------------------

bool op_type_is(const struct op_type *type, enum op_type_kind kind)
{
	return type && op_type_strip(type)->kind == kind;
}

bool op_type_is_aggregate(const struct op_type *type)
{
	return op_type_is(type, OP_TYPE_STRUCT) || op_type_is(type, OP_TYPE_UNION);
}

static const struct op_access_type *integer_access(uint64_t size, bool is_unsigned)
{
	static const struct {
		uint64_t size;
		const char *with_sign, *without;
	} names[] = {{1, "i8", "u8"}, {2, "i16", "u16"}, {4, "i32", "u32"}, {8, "i64", "u64"}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(names); i++) {
		const char *name = is_unsigned ? names[i].without : names[i].with_sign;
		if (names[i].size == size)
			return op_access_type_by_name(name, strlen(name));
	}
	return NULL;
}

const struct op_access_type *op_type_access(const struct op_type *type)
{
	if (!type)
		return NULL;
	type = op_type_strip(type);
	uint64_t size = type->has_size ? type->size : 0;
	switch (type->kind) {
	case OP_TYPE_BOOL:
	case OP_TYPE_POINTER:
	case OP_TYPE_REFERENCE:
		return integer_access(size, true);
	case OP_TYPE_CHAR:
	case OP_TYPE_INTEGER:
	case OP_TYPE_ENUM:
		return integer_access(size, type->is_unsigned);
	case OP_TYPE_FLOAT:
		return size == 4   ? op_access_type_by_name("f32", 3)
		       : size == 8 ? op_access_type_by_name("f64", 3)
				   : NULL;
	default:
		return NULL;
	}
}

// The same type may be described in several units.
bool op_type_same(const struct op_type *a, const struct op_type *b)
{
	for (int depth = 0; depth < 16; depth++) {
		a = a ? op_type_strip(a) : NULL;
		b = b ? op_type_strip(b) : NULL;
		if (a == b)
			return true;
		if (!a || !b || a->kind != b->kind || a->size != b->size || !a->name != !b->name)
			return false;
		if (a->name)
			return !strcmp(a->name, b->name);
		if (!a->target && !b->target)
			return false;
		a = a->target;
		b = b->target;
	}
	return false;
}

struct op_error *op_type_size(const struct op_parser *p, const struct op_type *type, uint64_t *ret)
{
	const struct op_type *stripped = type ? op_type_strip(type) : NULL;
	if (stripped && stripped->has_size) {
		*ret = stripped->size;
		return NULL;
	}
	// As gdb: a step of one in what has no size.
	if (!stripped || stripped->kind == OP_TYPE_VOID || stripped->kind == OP_TYPE_FUNCTION) {
		*ret = 1;
		return NULL;
	}
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	op_type_describe(type, &name);
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "\"%s\": the size of %s is not known: the debug information only "
			       "declares it",
			       p->text, name.data ? name.data : "a type");
}

void op_type_describe(const struct op_type *type, struct op_text *text)
{
	if (type)
		op_type_print(type, NULL, text);
	else
		op_text_append(text, "void");
}

// Types of results ----------------------------------------------------------------------------

static bool is_rust_like(const struct op_parser *p)
{
	enum op_debug_language language =
		p->scope->guest ? p->scope->guest->language : OP_LANGUAGE_OTHER;
	return language == OP_LANGUAGE_RUST || language == OP_LANGUAGE_ZIG;
}

static const struct op_type *basic(const char *name)
{
	return op_type_basic(name, strlen(name));
}

const struct op_type *op_type_of_number(const struct op_parser *p, struct op_expression_type type,
					const struct op_type *a, const struct op_type *b)
{
	static const char *const names[][2][2] = {
		[OP_VALUE_I32] = {{"int", "unsigned int"}, {"i32", "u32"}},
		[OP_VALUE_I64] = {{"long long", "unsigned long long"}, {"i64", "u64"}},
		[OP_VALUE_F32] = {{"float", "float"}, {"f32", "f32"}},
		[OP_VALUE_F64] = {{"double", "double"}, {"f64", "f64"}},
	};
	if (!type.known || type.type > OP_VALUE_F64)
		return NULL;
	const struct op_type *const sides[] = {a, b};
	for (size_t i = 0; i < OP_ARRAY_SIZE(sides); i++)
		if ((op_type_is(sides[i], OP_TYPE_INTEGER) ||
		     op_type_is(sides[i], OP_TYPE_FLOAT)) &&
		    op_type_access(sides[i]) == op_access_type_of(type))
			return op_type_strip(sides[i]);
	return basic(names[type.type][is_rust_like(p)][type.is_unsigned]);
}

const struct op_type *op_type_of_truth(const struct op_parser *p)
{
	enum op_debug_language language =
		p->scope->guest ? p->scope->guest->language : OP_LANGUAGE_OTHER;
	return basic(language == OP_LANGUAGE_C || language == OP_LANGUAGE_OTHER ? "int" : "bool");
}

// Names of types ------------------------------------------------------------------------------

struct words {
	unsigned longs, chars, shorts, ints, doubles, floats, bools, voids, with_sign, without;
};

static unsigned *word_count(struct words *words, const char *name, size_t size)
{
	const struct {
		const char *name;
		unsigned *count;
	} known[] = {
		{"long", &words->longs},       {"char", &words->chars},
		{"short", &words->shorts},     {"int", &words->ints},
		{"double", &words->doubles},   {"float", &words->floats},
		{"bool", &words->bools},       {"_Bool", &words->bools},
		{"void", &words->voids},       {"signed", &words->with_sign},
		{"unsigned", &words->without},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(known); i++)
		if (strlen(known[i].name) == size && !memcmp(known[i].name, name, size))
			return known[i].count;
	return NULL;
}

// The name that compilers give to what the words say, in whatever order.
static const char *canonical_name(const struct words *words)
{
	bool without = words->without;
	if (words->voids)
		return "void";
	if (words->bools)
		return "bool";
	if (words->doubles)
		return words->longs ? "long double" : "double";
	if (words->floats)
		return "float";
	if (words->chars)
		return without ? "unsigned char" : words->with_sign ? "signed char" : "char";
	if (words->shorts)
		return without ? "unsigned short" : "short";
	if (words->longs > 1)
		return without ? "unsigned long long" : "long long";
	if (words->longs)
		return without ? "unsigned long" : "long";
	return without ? "unsigned int" : "int";
}

static void skip_space(struct op_parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static size_t word_size(const char *at)
{
	size_t size = 0;
	while (isalnum((unsigned char)at[size]) || at[size] == '_' || (at[size] & 0x80))
		size++;
	return size;
}

static struct op_error *look_up(struct op_parser *p, const char *name, size_t size,
				const struct op_type **ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	*ret = NULL;
	struct op_error *err = guest->type(guest->context, name, size, ret);
	if (!err && !*ret)
		*ret = op_type_basic(name, size);
	return err;
}

// "unsigned long int": *ret NULL when no such word comes next.
static struct op_error *type_of_words(struct op_parser *p, bool *ret_found,
				      const struct op_type **ret)
{
	struct words words = {0};
	*ret_found = false;
	for (;;) {
		skip_space(p);
		size_t size = word_size(p->at);
		unsigned *count = word_count(&words, p->at, size);
		if (!size || !count)
			break;
		++*count;
		*ret_found = true;
		p->at += size;
	}
	if (!*ret_found)
		return NULL;
	const char *name = canonical_name(&words);
	// The pointer's target is NULL then.
	if (words.voids) {
		*ret = NULL;
		return NULL;
	}
	struct op_error *err = look_up(p, name, strlen(name), ret);
	*ret_found = *ret != NULL;
	return err;
}

// Up to the bracket that closes the one at the start; 0: none does.
static size_t bracket_size(const char *at)
{
	unsigned depth = 0;
	for (size_t size = 0; at[size]; size++) {
		depth += at[size] == '<';
		if (at[size] == '>' && !--depth)
			return size + 1;
	}
	return 0;
}

// "ns::Type", "Type<int>", with "struct" and the like in front.
static struct op_error *type_of_name(struct op_parser *p, bool *ret_found,
				     const struct op_type **ret)
{
	static const char *const keywords[] = {"struct", "class", "union", "enum"};
	const char *start = p->at;
	bool keyword = false;
	for (size_t i = 0; !keyword && i < OP_ARRAY_SIZE(keywords); i++)
		keyword = op_parser_accept_word(p, keywords[i]);
	skip_space(p);
	size_t skipped = (size_t)(p->at - start), path = op_parser_path_size(p->at);
	*ret_found = false;
	if (!path)
		return NULL;
	size_t arguments = p->at[path] == '<' ? bracket_size(p->at + path) : 0;
	struct op_error *err = NULL;
	*ret = NULL;
	if (arguments)
		err = look_up(p, start, skipped + path + arguments, ret);
	if (!err && *ret)
		path += arguments;
	else if (!err)
		err = look_up(p, start, skipped + path, ret);
	*ret_found = !err && *ret;
	p->at += path;
	return err;
}

// A variable of that name hides the type.
static struct op_error *is_hidden(struct op_parser *p, bool *ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	size_t size = op_parser_path_size(p->at);
	struct op_guest_name name = {0};
	*ret = false;
	if (!size)
		return NULL;
	struct op_error *err = guest->name(guest->context, NULL, p->at, size, ret, &name);
	op_location_deinit(&name.location);
	*ret = *ret && name.kind == OP_GUEST_VARIABLE;
	return err;
}

// *ret_const stays true once it was.
static bool accept_qualifier(struct op_parser *p, bool *ret_const)
{
	bool is_const = op_parser_accept_word(p, "const");
	*ret_const |= is_const;
	return is_const || op_parser_accept_word(p, "volatile") ||
	       op_parser_accept_word(p, "restrict");
}

static struct op_error *make_const(struct op_parser *p, bool is_const, const struct op_type **ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	return is_const && *ret ? guest->const_of(guest->context, *ret, ret) : NULL;
}

static struct op_error *base_type(struct op_parser *p, bool *ret_found, const struct op_type **ret)
{
	bool is_const = false, hidden = false;
	while (accept_qualifier(p, &is_const))
		;
	struct op_error *err = type_of_words(p, ret_found, ret);
	if (!err && !*ret_found) {
		err = is_hidden(p, &hidden);
		if (!err && !hidden)
			err = type_of_name(p, ret_found, ret);
	}
	// "int const" as well.
	while (!err && *ret_found && accept_qualifier(p, &is_const))
		;
	return err || !*ret_found ? err : make_const(p, is_const, ret);
}

static struct op_error *point_to(struct op_parser *p, const struct op_type **ret)
{
	const struct op_expression_guest *guest = p->scope->guest;
	return guest->pointer_to(guest->context, *ret, ret);
}

// Behind a base type: pointers, and dimensions from the last to the first.
static struct op_error *declarator(struct op_parser *p, const struct op_type **ret)
{
	enum { DIMENSIONS_MAX = 8 };
	const struct op_expression_guest *guest = p->scope->guest;
	uint64_t counts[DIMENSIONS_MAX];
	size_t dimensions = 0;
	struct op_error *err = NULL;
	while (!err && op_parser_accept(p, "*")) {
		bool is_const = false;
		err = point_to(p, ret);
		while (!err && accept_qualifier(p, &is_const))
			;
		if (!err)
			err = make_const(p, is_const, ret);
	}
	while (!err && op_parser_accept(p, "[")) {
		size_t digits;
		skip_space(p);
		digits = strspn(p->at, "0123456789");
		if (!digits || digits > 9 || dimensions == DIMENSIONS_MAX)
			return op_parser_syntax(p, "a number of elements");
		counts[dimensions] = 0;
		for (size_t i = 0; i < digits; i++)
			counts[dimensions] = counts[dimensions] * 10 + (uint64_t)(p->at[i] - '0');
		dimensions++;
		p->at += digits;
		if (!op_parser_accept(p, "]"))
			return op_parser_syntax(p, "]");
	}
	while (!err && dimensions)
		err = guest->array_of(guest->context, *ret, counts[--dimensions], ret);
	return err;
}

// Rust's: *const T, *mut T, &T, &mut T.
static unsigned rust_pointers(struct op_parser *p)
{
	unsigned count = 0;
	for (;;) {
		const char *at = p->at;
		bool reference = op_parser_accept(p, "&");
		bool star = !reference && op_parser_accept(p, "*");
		bool mut = (reference || star) && op_parser_accept_word(p, "mut");
		if (!reference && !(star && (mut || op_parser_accept_word(p, "const")))) {
			p->at = at;
			return count;
		}
		count++;
	}
}

static struct op_error *parse_type(struct op_parser *p, bool has_declarator, bool *ret_found,
				   const struct op_type **ret)
{
	*ret_found = false;
	if (!p->scope->guest)
		return NULL;
	const char *at = p->at;
	struct op_error *err = NULL;
	// Rust's "&str" and "&[u8]" are names of their own.
	skip_space(p);
	unsigned pointers = is_rust_like(p) ? rust_pointers(p) : 0;
	err = base_type(p, ret_found, ret);
	for (; !err && *ret_found && pointers; pointers--)
		err = point_to(p, ret);
	if (!err && *ret_found && has_declarator)
		err = declarator(p, ret);
	// void stands only where something points to it.
	if (!err && *ret_found && !*ret)
		*ret = op_type_basic("void", 4);
	*ret_found = !err && *ret_found && *ret;
	if (!*ret_found)
		p->at = at;
	return err;
}

struct op_error *op_parser_type(struct op_parser *p, bool *ret_found, const struct op_type **ret)
{
	return parse_type(p, true, ret_found, ret);
}

struct op_error *op_parser_rust_type(struct op_parser *p, bool *ret_found,
				     const struct op_type **ret)
{
	return parse_type(p, false, ret_found, ret);
}
