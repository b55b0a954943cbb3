// SPDX-License-Identifier: GPL-3.0-or-later
// Types as their languages write them. C's declarators go around the name: what is left of it, the
// name, what is right of it. Rust and Zig read from left to right.
#include "target-runtime/dwarf/type_print.h"

#include <inttypes.h>
#include <string.h>

#include "target-runtime/dwarf/type_private.h"

enum { PRINT_MAX = 64 * 1024 };

bool op_type_print_full(const struct op_type_printer *printer)
{
	const struct op_text *text = printer->text;
	return text->failed || text->size - printer->start > PRINT_MAX ||
	       printer->depth > OP_DWARF_DEPTH_MAX;
}

void op_type_print_name(struct op_type_printer *printer, const char *name)
{
	op_text_append_escaped(printer->text, name, strlen(name));
}

static char last(const struct op_type_printer *printer)
{
	const struct op_text *text = printer->text;
	return text->failed || text->size == printer->start ? '\0' : text->data[text->size - 1];
}

// Words do not grow together; what follows a star, a reference or a parenthesis takes no space.
static void append_space(struct op_type_printer *printer)
{
	char before = last(printer);
	if (before && !strchr("*&( ", before))
		op_text_append_char(printer->text, ' ');
}

// What all have ------------------------------------------------------------------------------

static void append_anonymous(struct op_type_printer *printer, const struct op_type *type)
{
	switch (type->kind) {
	case OP_TYPE_STRUCT:
	case OP_TYPE_UNION:
	case OP_TYPE_ENUM:
		op_text_printf(printer->text, "%s {...}", type->keyword ?: "struct");
		break;
	case OP_TYPE_VOID:
		op_text_append(printer->text, type->language == OP_LANGUAGE_RUST ? "()" : "void");
		break;
	default:
		op_text_append(printer->text, "<unknown type>");
	}
}

void op_type_print_own(struct op_type_printer *printer, const struct op_type *type)
{
	if (!type->name) {
		append_anonymous(printer, type);
		return;
	}
	// C has a name space for tags.
	if (type->language == OP_LANGUAGE_C && type->keyword)
		op_text_printf(printer->text, "%s ", type->keyword);
	op_type_print_name(printer, type->name);
}

static bool has_body(const struct op_type *type)
{
	return type->internal && (type->kind == OP_TYPE_STRUCT || type->kind == OP_TYPE_UNION ||
				  type->kind == OP_TYPE_ENUM);
}

// What is written as it is named. While bodies are wanted, new names for them are looked through.
static bool is_named(const struct op_type_printer *printer, const struct op_type *type)
{
	return type->name && !(printer->body && type->kind == OP_TYPE_TYPEDEF);
}

static void append_base(struct op_type_printer *printer, const struct op_type *type)
{
	if (printer->body && has_body(type))
		printer->body(printer, type);
	else
		op_type_print_own(printer, type);
}

void op_type_print_complete(struct op_type_printer *printer, const struct op_type *type)
{
	if (!type->internal || printer->error)
		return;
	printer->error = op_type_complete(op_type_record(type)->info, type);
}

// Parameters are named by their types, without bodies.
static void append_parameters(struct op_type_printer *printer, const struct op_type *type)
{
	struct op_type_printer inner = *printer;
	inner.body = NULL;
	inner.depth++;
	op_type_print_complete(&inner, type);
	const char *separator = "";
	op_text_append_char(printer->text, '(');
	for (size_t i = 0; i < type->member_count && !op_type_print_full(&inner); i++) {
		// `this`.
		if (type->members[i].is_artificial && i == 0)
			continue;
		op_text_append(printer->text, separator);
		inner.start = printer->text->size;
		op_type_print_with(&inner, type->members[i].type, NULL);
		inner.start = printer->start;
		separator = ", ";
	}
	if (op_type_print_full(&inner) || type->is_variadic)
		op_text_printf(printer->text, "%s...", separator);
	else if (!*separator && type->language == OP_LANGUAGE_C && type->internal &&
		 op_type_record(type)->is_prototyped)
		op_text_append(printer->text, "void");
	op_text_append_char(printer->text, ')');
	printer->error = inner.error;
}

// C and C++ ----------------------------------------------------------------------------------

static const struct op_type *skip_qualifiers(const struct op_type *type)
{
	for (unsigned i = 0; type && type->kind == OP_TYPE_QUALIFIED && i < OP_DWARF_DEPTH_MAX; i++)
		type = type->target;
	return type;
}

static bool is_pointer(const struct op_type *type)
{
	return type && !type->name &&
	       (type->kind == OP_TYPE_POINTER || type->kind == OP_TYPE_REFERENCE ||
		type->kind == OP_TYPE_MEMBER_POINTER);
}

// A pointer to these needs parentheses.
static bool binds_right(const struct op_type_printer *printer, const struct op_type *type)
{
	type = skip_qualifiers(type);
	if (printer->body)
		type = type ? op_type_strip(type) : NULL;
	return type && !is_named(printer, type) &&
	       (type->kind == OP_TYPE_ARRAY || type->kind == OP_TYPE_FUNCTION);
}

static void append_container(struct op_type_printer *printer, const struct op_type *type)
{
	const struct op_type *container;
	struct op_type_record *record = op_type_record(type);
	if (!record || !record->container.offset || printer->error)
		return;
	printer->error = op_debug_type(record->info, record->container, &container);
	if (!printer->error && container->name)
		op_type_print_name(printer, container->name);
}

static void append_stars(struct op_type_printer *printer, const struct op_type *type)
{
	struct op_text *text = printer->text;
	append_space(printer);
	if (binds_right(printer, type->target))
		op_text_append_char(text, '(');
	if (type->kind == OP_TYPE_MEMBER_POINTER) {
		append_container(printer, type);
		op_text_append(text, "::*");
	} else if (type->kind == OP_TYPE_POINTER) {
		op_text_append_char(text, '*');
	} else {
		op_text_append(text, type->is_rvalue ? "&&" : "&");
	}
}

static void append_left(struct op_type_printer *printer, const struct op_type *type, unsigned depth)
{
	struct op_text *text = printer->text;
	if (!type) {
		op_text_append(text, "void");
		return;
	}
	if (depth > OP_DWARF_DEPTH_MAX || op_type_print_full(printer)) {
		op_text_append(text, "...");
		return;
	}
	if (is_named(printer, type)) {
		append_base(printer, type);
		return;
	}
	switch (type->kind) {
	case OP_TYPE_QUALIFIED:
		if (type->keyword && !is_pointer(skip_qualifiers(type)))
			op_text_printf(text, "%s ", type->keyword);
		append_left(printer, type->target, depth + 1);
		if (type->keyword && is_pointer(skip_qualifiers(type)))
			op_text_printf(text, " %s", type->keyword);
		break;
	case OP_TYPE_POINTER:
	case OP_TYPE_REFERENCE:
	case OP_TYPE_MEMBER_POINTER:
		append_left(printer, type->target, depth + 1);
		append_stars(printer, type);
		break;
	case OP_TYPE_ARRAY:
	case OP_TYPE_FUNCTION:
	case OP_TYPE_TYPEDEF:
		append_left(printer, type->target, depth + 1);
		break;
	default:
		append_base(printer, type);
	}
}

static void append_dimension(struct op_type_printer *printer, const struct op_type *type)
{
	const struct op_type_record *record = op_type_record(type);
	struct op_text *text = printer->text;
	if (record && record->is_vector)
		op_text_printf(text, " __attribute__((vector_size(%" PRIu64 ")))", type->count);
	else if (type->has_count)
		op_text_printf(text, "[%" PRIu64 "]", type->count);
	else
		op_text_append(text, "[]");
}

static void append_right(struct op_type_printer *printer, const struct op_type *type,
			 unsigned depth, bool bare)
{
	for (; type && !is_named(printer, type) && depth <= OP_DWARF_DEPTH_MAX; depth++) {
		if (op_type_print_full(printer))
			return;
		bool is_suffix = type->kind == OP_TYPE_ARRAY || type->kind == OP_TYPE_FUNCTION;
		if (is_suffix && bare)
			append_space(printer);
		bare &= !is_suffix;
		if (type->kind == OP_TYPE_ARRAY)
			append_dimension(printer, type);
		else if (type->kind == OP_TYPE_FUNCTION)
			append_parameters(printer, type);
		else if (is_pointer(type) && binds_right(printer, type->target))
			op_text_append_char(printer->text, ')');
		else if (!is_pointer(type) && type->kind != OP_TYPE_QUALIFIED &&
			 type->kind != OP_TYPE_TYPEDEF)
			return;
		bare &= !is_pointer(type);
		type = type->target;
	}
}

static void print_c(struct op_type_printer *printer, const struct op_type *type, const char *name)
{
	append_left(printer, type, 0);
	if (name && *name) {
		append_space(printer);
		op_type_print_name(printer, name);
	}
	append_right(printer, type, 0, !name || !*name);
}

// Rust and Zig -------------------------------------------------------------------------------

static void print_next(struct op_type_printer *printer, const struct op_type *type)
{
	printer->depth++;
	op_type_print_with(printer, type, NULL);
	printer->depth--;
}

static bool is_unit(const struct op_type *type)
{
	return !type || (type->kind == OP_TYPE_VOID && !type->name);
}

static void print_rust(struct op_type_printer *printer, const struct op_type *type)
{
	struct op_text *text = printer->text;
	const struct op_type *target = type->target;
	bool is_const = target && target->kind == OP_TYPE_QUALIFIED && target->keyword &&
			strcmp(target->keyword, "const") == 0;
	switch (type->kind) {
	case OP_TYPE_POINTER:
		op_text_append(text, is_const ? "*const " : "*mut ");
		print_next(printer, target);
		break;
	case OP_TYPE_REFERENCE:
		op_text_append(text, "&");
		print_next(printer, target);
		break;
	case OP_TYPE_ARRAY:
		op_text_append_char(text, '[');
		print_next(printer, target);
		if (type->has_count)
			op_text_printf(text, "; %" PRIu64, type->count);
		op_text_append_char(text, ']');
		break;
	case OP_TYPE_FUNCTION:
		op_text_append(text, "fn");
		append_parameters(printer, type);
		if (!is_unit(target)) {
			op_text_append(text, " -> ");
			print_next(printer, target);
		}
		break;
	case OP_TYPE_QUALIFIED:
	case OP_TYPE_TYPEDEF:
		print_next(printer, target);
		break;
	default:
		append_base(printer, type);
	}
}

static void print_zig(struct op_type_printer *printer, const struct op_type *type)
{
	struct op_text *text = printer->text;
	switch (type->kind) {
	case OP_TYPE_POINTER:
	case OP_TYPE_REFERENCE:
		op_text_append_char(text, '*');
		break;
	case OP_TYPE_ARRAY:
		if (type->has_count)
			op_text_printf(text, "[%" PRIu64 "]", type->count);
		else
			op_text_append(text, "[_]");
		break;
	case OP_TYPE_FUNCTION:
		op_text_append(text, "fn ");
		append_parameters(printer, type);
		op_text_append_char(text, ' ');
		break;
	case OP_TYPE_QUALIFIED:
		if (type->keyword)
			op_text_printf(text, "%s ", type->keyword);
		break;
	case OP_TYPE_TYPEDEF:
		break;
	default:
		append_base(printer, type);
		return;
	}
	print_next(printer, type->target);
}

// All ----------------------------------------------------------------------------------------

void op_type_print_with(struct op_type_printer *printer, const struct op_type *type,
			const char *name)
{
	enum op_debug_language language = type ? type->language : OP_LANGUAGE_C;
	if (language != OP_LANGUAGE_RUST && language != OP_LANGUAGE_ZIG) {
		print_c(printer, type, name);
		return;
	}
	if (name && *name) {
		op_type_print_name(printer, name);
		op_text_append(printer->text, ": ");
	}
	if (op_type_print_full(printer))
		op_text_append(printer->text, "...");
	else if (is_named(printer, type))
		append_base(printer, type);
	else if (language == OP_LANGUAGE_RUST)
		print_rust(printer, type);
	else
		print_zig(printer, type);
}

void op_type_print(const struct op_type *type, const char *name, struct op_text *text)
{
	struct op_type_printer printer = {.text = text, .start = text->size};
	op_type_print_with(&printer, type, name);
	// What could not be completed was written without parameters.
	op_error_destroy(printer.error);
}
