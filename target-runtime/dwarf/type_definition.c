// SPDX-License-Identifier: GPL-3.0-or-later
// Definitions, as ptype shows them: what a type is made of, with what it is made of named.
#include <inttypes.h>
#include <string.h>

#include "target-runtime/dwarf/type_print.h"
#include "target-runtime/dwarf/type_private.h"

enum {
	LAYOUT_WIDTH = 29, // of the columns
	BASES_MAX = 1000,  // that are looked at for one type
};

// Where a member is and how many bytes it takes; NULL: the line is none of a member.
static void append_place(struct op_type_printer *printer, const struct op_type_member *member)
{
	struct op_text *text = printer->text;
	if (!member || member->is_static) {
		op_text_printf(text, "%*s", LAYOUT_WIDTH, "");
		return;
	}
	const struct op_type *type = op_type_strip(member->type);
	uint64_t offset = member->is_bit_field ? member->bit_offset / 8 : member->offset;
	op_text_printf(text, "/*%7" PRIu64, printer->origin + offset);
	if (member->is_bit_field)
		op_text_printf(text, ":%2" PRIu64 "   |", member->bit_offset % 8);
	else
		op_text_append(text, "      |");
	if (type->has_size)
		op_text_printf(text, "%8" PRIu64 " */  ", type->size);
	else
		op_text_printf(text, "%8s */  ", "?");
}

static void member_line(struct op_type_printer *printer, const struct op_type_member *member)
{
	op_text_append_char(printer->text, '\n');
	if (printer->layout)
		append_place(printer, member);
	for (unsigned i = 0; i < printer->indent; i++)
		op_text_append(printer->text, "    ");
}

static void new_line(struct op_type_printer *printer)
{
	member_line(printer, NULL);
}

// What no member takes, up to where the next one or the end is.
static void print_hole(struct op_type_printer *printer, uint64_t bits, const char *what)
{
	bool in_bytes = bits % 8 == 0;
	op_text_printf(printer->text, "\n/* XXX %2" PRIu64 "-%s %-*s */",
		       in_bytes ? bits / 8 : bits, in_bytes ? "byte" : "bit", in_bytes ? 9 : 10,
		       what);
}

static void print_total(struct op_type_printer *printer, const struct op_type *type)
{
	if (!printer->layout || !type->has_size)
		return;
	new_line(printer);
	op_text_printf(printer->text, "/* total size: %" PRIu64 " bytes */", type->size);
}

// Members are written by their names; what has none, by its body.
static void print_member_type(struct op_type_printer *printer, const struct op_type *type,
			      const char *name)
{
	void (*body)(struct op_type_printer *, const struct op_type *) = printer->body;
	const struct op_type *base = type;
	for (unsigned i = 0; base && !base->name && i < OP_DWARF_DEPTH_MAX; i++) {
		if (base->kind == OP_TYPE_STRUCT || base->kind == OP_TYPE_UNION ||
		    base->kind == OP_TYPE_ENUM)
			break;
		base = base->target;
	}
	if (!base || base->name)
		printer->body = NULL;
	printer->depth++;
	op_type_print_with(printer, type, name);
	printer->depth--;
	printer->body = body;
}

static void print_part(struct op_type_printer *printer, const struct op_type_member *member,
		       const char *name)
{
	uint64_t origin = printer->origin;
	printer->origin += member->offset;
	print_member_type(printer, member->type, name);
	printer->origin = origin;
}

// Enumerations -------------------------------------------------------------------------------

static void print_enum(struct op_type_printer *printer, const struct op_type *type)
{
	struct op_text *text = printer->text;
	op_text_printf(text, "%s ", type->keyword);
	if (type->name)
		op_type_print_name(printer, type->name);
	if (type->language == OP_LANGUAGE_CPLUSPLUS && type->target) {
		op_text_append(text, type->name ? " : " : ": ");
		op_type_print_name(printer, type->target->name ?: "int");
	}
	if (type->name || type->language == OP_LANGUAGE_CPLUSPLUS)
		op_text_append_char(text, ' ');
	op_text_append_char(text, '{');
	int64_t next = 0;
	for (size_t i = 0; i < type->enumerator_count; i++) {
		const struct op_type_enumerator *enumerator = &type->enumerators[i];
		op_text_append(text, i ? ", " : "");
		if (op_type_print_full(printer)) {
			op_text_append(text, "...");
			break;
		}
		op_type_print_name(printer, enumerator->name);
		if (enumerator->value != next && type->is_unsigned)
			op_text_printf(text, " = %" PRIu64, (uint64_t)enumerator->value);
		else if (enumerator->value != next)
			op_text_printf(text, " = %" PRId64, enumerator->value);
		next = (int64_t)((uint64_t)enumerator->value + 1);
	}
	if (type->is_declaration)
		op_text_append(text, "<incomplete type>");
	op_text_append_char(text, '}');
}

// C and C++ ----------------------------------------------------------------------------------

static uint64_t access_of(const struct op_type *type, const struct op_type_member *member)
{
	Dwarf_Die die;
	uint64_t access = type->keyword && strcmp(type->keyword, "class") == 0 ? DW_ACCESS_private
									       : DW_ACCESS_public;
	if (op_debug_die(op_type_record(type)->info, member->die, &die))
		op_type_number(&die, DW_AT_accessibility, &access);
	return access;
}

static const char *access_name(uint64_t access)
{
	return access == DW_ACCESS_private     ? "private"
	       : access == DW_ACCESS_protected ? "protected"
					       : "public";
}

static void print_bases(struct op_type_printer *printer, const struct op_type *type)
{
	const char *separator = " : ";
	for (size_t i = 0; i < type->member_count && type->members[i].is_base; i++) {
		const struct op_type_member *base = &type->members[i];
		if (op_type_print_full(printer))
			return;
		op_text_printf(printer->text, "%s%s %s", separator,
			       access_name(access_of(type, base)),
			       base->is_virtual_base ? "virtual " : "");
		op_type_print_own(printer, base->type);
		separator = ", ";
	}
}

static void print_c_member(struct op_type_printer *printer, const struct op_type_member *member)
{
	struct op_text *text = printer->text;
	if (member->is_static)
		op_text_append(text, "static ");
	print_part(printer, member, member->name);
	if (member->is_bit_field)
		op_text_printf(text, " : %" PRIu32, member->bit_size);
	op_text_append_char(text, ';');
}

// Goes on behind a member, and tells of the hole in front of it. @p taken: bits, from the start.
static void take(struct op_type_printer *printer, const struct op_type_member *member,
		 uint64_t *taken)
{
	const struct op_type *part = op_type_strip(member->type);
	uint64_t at = member->is_bit_field ? member->bit_offset : member->offset * 8;
	uint64_t size = member->is_bit_field ? member->bit_size
			: part->has_size     ? part->size * 8
					     : 0;
	if (member->is_static || member->is_virtual_base)
		return;
	if (at > *taken)
		print_hole(printer, at - *taken, "hole");
	if (at + size > *taken)
		*taken = at + size;
}

// Virtual bases are where only the vtable says: behind the members, mostly.
static bool has_virtual_base(struct op_type_printer *printer, const struct op_type *type,
			     unsigned depth, unsigned *left)
{
	op_type_print_complete(printer, type);
	for (size_t i = 0; i < type->member_count && type->members[i].is_base; i++) {
		const struct op_type_member *base = &type->members[i];
		if (!*left || depth == OP_DWARF_DEPTH_MAX)
			return true;
		--*left;
		if (base->is_virtual_base ||
		    has_virtual_base(printer, op_type_strip(base->type), depth + 1, left))
			return true;
	}
	return false;
}

static void print_padding(struct op_type_printer *printer, const struct op_type *type,
			  uint64_t taken)
{
	unsigned left = BASES_MAX;
	if (type->size * 8 > taken && !has_virtual_base(printer, type, 0, &left))
		print_hole(printer, type->size * 8 - taken, "padding");
}

static void print_c_members(struct op_type_printer *printer, const struct op_type *type)
{
	uint64_t taken = 0;
	bool has_holes = printer->layout && type->kind == OP_TYPE_STRUCT;
	bool is_class = type->keyword && strcmp(type->keyword, "class") == 0;
	uint64_t access = is_class ? DW_ACCESS_private : DW_ACCESS_public;
	for (size_t i = 0; i < type->member_count; i++) {
		const struct op_type_member *member = &type->members[i];
		if (has_holes)
			take(printer, member, &taken);
		// The pointer to the vtable is nothing that a person wrote.
		if (member->is_base || member->is_artificial)
			continue;
		if (op_type_print_full(printer)) {
			new_line(printer);
			op_text_append(printer->text, "...");
			return;
		}
		uint64_t own =
			type->language == OP_LANGUAGE_CPLUSPLUS ? access_of(type, member) : access;
		if (own != access) {
			access = own;
			printer->indent--;
			new_line(printer);
			op_text_printf(printer->text, "%s:", access_name(access));
			printer->indent++;
		}
		member_line(printer, member);
		print_c_member(printer, member);
	}
	if (has_holes)
		print_padding(printer, type, taken);
}

static void print_c_struct(struct op_type_printer *printer, const struct op_type *type)
{
	struct op_text *text = printer->text;
	op_text_printf(text, "%s ", type->keyword ?: "struct");
	if (type->name) {
		op_type_print_name(printer, type->name);
		print_bases(printer, type);
		op_text_append_char(text, ' ');
	}
	op_text_append_char(text, '{');
	printer->indent++;
	if (type->is_declaration) {
		new_line(printer);
		op_text_append(text, "<incomplete type>");
	}
	print_c_members(printer, type);
	print_total(printer, type);
	printer->indent--;
	new_line(printer);
	op_text_append_char(text, '}');
}

// Rust and Zig -------------------------------------------------------------------------------

// The fields of a structure or a variant: "(i32, f64)", " {...}", or nothing.
static void print_fields(struct op_type_printer *printer, const struct op_type *type,
			 bool is_variant)
{
	struct op_text *text = printer->text;
	op_type_print_complete(printer, type);
	if (!type->member_count)
		return;
	const char *first = type->members[0].name;
	bool is_tuple = first && strcmp(first, "__0") == 0;
	bool in_line = is_tuple && !printer->layout;
	op_text_append(text, is_tuple ? "(" : " {");
	printer->indent++;
	for (size_t i = 0; i < type->member_count; i++) {
		const struct op_type_member *member = &type->members[i];
		if (in_line)
			op_text_append(text, i ? ", " : "");
		else
			member_line(printer, member);
		if (op_type_print_full(printer)) {
			op_text_append(text, "...");
			break;
		}
		print_part(printer, member, is_tuple ? NULL : member->name);
		if (!in_line)
			op_text_append_char(text, ',');
	}
	if (!is_variant)
		print_total(printer, type);
	printer->indent--;
	if (!in_line)
		new_line(printer);
	op_text_append_char(text, is_tuple ? ')' : '}');
}

static void print_variants(struct op_type_printer *printer, const struct op_type *type)
{
	uint64_t origin = printer->origin;
	op_text_append(printer->text, " {");
	printer->indent++;
	if (printer->layout && type->discriminant) {
		member_line(printer, type->discriminant);
		op_text_append(printer->text, "/* which of them it is */");
	}
	for (size_t i = 0; i < type->variant_count; i++) {
		const struct op_type_member *member = &type->variants[i].member;
		// One that several discriminants stand for.
		if (i && type->variants[i - 1].member.die.offset == member->die.offset)
			continue;
		new_line(printer);
		if (op_type_print_full(printer)) {
			op_text_append(printer->text, "...");
			break;
		}
		op_type_print_name(printer, member->name ?: "_");
		printer->origin += member->offset;
		print_fields(printer, op_type_strip(member->type), true);
		printer->origin = origin;
		op_text_append_char(printer->text, ',');
	}
	print_total(printer, type);
	printer->indent--;
	new_line(printer);
	op_text_append_char(printer->text, '}');
}

static void print_rust_struct(struct op_type_printer *printer, const struct op_type *type)
{
	if (type->is_tuple && type->name) {
		op_type_print_name(printer, type->name);
		return;
	}
	op_text_append(printer->text, type->keyword ?: "struct");
	if (type->name) {
		op_text_append_char(printer->text, ' ');
		op_type_print_name(printer, type->name);
	}
	if (type->is_declaration)
		op_text_append(printer->text, " {<incomplete type>}");
	else if (type->variant_count)
		print_variants(printer, type);
	else
		print_fields(printer, type, false);
}

// All ----------------------------------------------------------------------------------------

static void print_body(struct op_type_printer *printer, const struct op_type *type)
{
	if (op_type_print_full(printer)) {
		op_text_append(printer->text, "...");
		return;
	}
	op_type_print_complete(printer, type);
	if (!type->keyword) // C's complex numbers
		op_type_print_own(printer, type);
	else if (type->kind == OP_TYPE_ENUM)
		print_enum(printer, type);
	else if (type->language == OP_LANGUAGE_RUST || type->language == OP_LANGUAGE_ZIG)
		print_rust_struct(printer, type);
	else
		print_c_struct(printer, type);
}

static struct op_error *print(struct op_debug_info *info, const struct op_type *type, bool layout,
			      struct op_text *text)
{
	struct op_error *err = type && info ? op_type_complete(info, type) : NULL;
	if (err)
		return err;
	struct op_type_printer printer = {
		.text = text, .start = text->size, .body = print_body, .layout = layout};
	op_type_print_with(&printer, type, NULL);
	return printer.error;
}

struct op_error *op_type_print_definition(struct op_debug_info *info, const struct op_type *type,
					  struct op_text *text)
{
	return print(info, type, false, text);
}

struct op_error *op_type_print_layout(struct op_debug_info *info, const struct op_type *type,
				      struct op_text *text)
{
	return print(info, type, true, text);
}
