// SPDX-License-Identifier: GPL-3.0-or-later
// From terms to values: what is in memory is loaded, what a location has in pieces is cut out of
// its Wasm local, a bit-field is shifted and masked.
#include <inttypes.h>
#include <string.h>

#include "tracer/expression_parser.h"
#include "tracer/source_location.h"

struct op_error *op_term_refuse(const struct op_parser *p, const struct op_term *term,
				const char *why)
{
	_cleanup_text_ struct op_text what = OP_TEXT_INIT;
	if (term->kind == OP_TERM_TYPE)
		op_text_append(&what, "the type ");
	else if (term->kind == OP_TERM_FUNCTION)
		op_text_append(&what, "a function");
	else
		op_text_append(&what, "a value of type ");
	if (term->kind != OP_TERM_FUNCTION)
		op_type_describe(term->type, &what);
	return op_error_create(OP_ERROR_UNSUPPORTED, "\"%s\": %s %s", p->text,
			       what.data ? what.data : "a value", why);
}

// Why a variable has no value at the place.
static struct op_error *missing(const struct op_parser *p, const struct op_guest_variable *variable)
{
	const struct op_debug_location *location = variable->location;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, variable->debug.name ?: "a variable",
			       variable->debug.name ? strlen(variable->debug.name) : 10);
	if (location->problem) {
		op_text_append(&text, " cannot be had: ");
		op_text_append_escaped(&text, location->problem, strlen(location->problem));
	} else {
		op_text_append(&text, " is optimised out here");
	}
	for (size_t i = 0; i < location->range_count && i < 3; i++)
		op_text_printf(&text, "%s 0x%" PRIx32 " to 0x%" PRIx32,
			       i ? "," : " (it can be had at", location->ranges[i].low_pc,
			       location->ranges[i].high_pc);
	if (location->range_count)
		op_text_append(&text, location->range_count > 3 ? ", ...)" : ")");
	return op_error_create(OP_ERROR_UNREADABLE, "\"%s\": %s", p->text,
			       text.data ? text.data : "");
}

// Bits ----------------------------------------------------------------------------------------

static const struct op_access_type *access_named(const char *name)
{
	return op_access_type_by_name(name, strlen(name));
}

static struct op_error *shift(struct op_parser *p, enum op_operator what, unsigned bits,
			      const struct op_expression_node **node)
{
	const struct op_expression_node *count;
	if (!bits)
		return NULL;
	struct op_error *err =
		op_expression_tree_integer(p->tree, bits, OP_VALUE_I32, false, &count);
	return err ?: op_expression_tree_binary(p->tree, what, *node, count, node);
}

// @p size bits of an integer, from bit @p first on, as a number of the type; *node is any i32 or
// i64. C promotes an unsigned bit-field that an int can hold to int.
static struct op_error *cut_bits(struct op_parser *p, unsigned first, unsigned size,
				 bool is_unsigned, const struct op_expression_node **node)
{
	bool wide = (*node)->type.type == OP_VALUE_I64;
	unsigned width = wide ? 64 : 32;
	const struct op_access_type *access = access_named(is_unsigned ? wide ? "u64" : "u32"
							   : wide      ? "i64"
								       : "i32");
	struct op_error *err = NULL;
	if ((*node)->type.is_unsigned != is_unsigned)
		err = op_expression_tree_convert(p->tree, access, node);
	if (!err)
		err = shift(p, OP_OPERATOR_SHL, width - first - size, node);
	if (!err)
		err = shift(p, OP_OPERATOR_SHR, width - size, node);
	if (!err && (size < 32 || (wide && size <= 32)))
		err = op_expression_tree_convert(
			p->tree, access_named(size == 32 && is_unsigned ? "u32" : "i32"), node);
	return err;
}

static bool type_is_unsigned(const struct op_type *type)
{
	const struct op_access_type *access = op_type_access(type);
	return access && access->is_unsigned;
}

// The integer that a bit-field's bits are in: the smallest one that has them all.
static struct op_error *load_bit_field(struct op_parser *p, struct op_term *term)
{
	static const char *const names[] = {"u8", "u16", "u32", "u64"};
	uint64_t bit = term->bit_offset;
	if (!term->bit_size || term->bit_size > 64)
		return op_term_refuse(p, term, "is a bit-field of a size that makes no sense");
	for (size_t i = 0; i < OP_ARRAY_SIZE(names); i++) {
		const struct op_access_type *access = access_named(names[i]);
		uint64_t start = bit / 8 & ~(uint64_t)(access->width - 1);
		// Unaligned where that is the only way to have them all in one.
		if (i == 3 && bit + term->bit_size > start * 8 + 64)
			start = bit / 8;
		if (bit + term->bit_size > (start + access->width) * 8)
			continue;
		const struct op_expression_node *node = term->node;
		struct op_error *err = op_expression_tree_offset(p->tree, start, &node);
		if (!err)
			err = op_expression_tree_memory(p->tree, term->memory, access, node, &node);
		if (!err)
			err = cut_bits(p, (unsigned)(bit - start * 8), term->bit_size,
				       type_is_unsigned(term->type), &node);
		*term = (struct op_term){.kind = OP_TERM_VALUE, .type = term->type, .node = node};
		return err;
	}
	return op_term_refuse(p, term, "is a bit-field that lies in more than eight bytes");
}

// Pieces --------------------------------------------------------------------------------------

struct window {
	const struct op_location_piece *piece;
	uint64_t first, size; // bits; first counts from where the piece is
};

// The piece that has all bits of a part of a variable.
static struct op_error *find_piece(struct op_parser *p, const struct op_term *term,
				   struct window *ret)
{
	const struct op_debug_location *location = term->variable->location;
	uint64_t bytes = 0;
	struct op_error *err = term->is_bit_field ? NULL : op_type_size(p, term->type, &bytes);
	if (err)
		return err;
	uint64_t first = term->offset * 8 + (term->is_bit_field ? term->bit_offset : 0);
	uint64_t size = term->is_bit_field ? term->bit_size : bytes * 8;
	uint64_t start = 0;
	for (size_t i = 0; i < location->piece_count; i++) {
		const struct op_location_piece *piece = &location->pieces[i];
		bool whole = !piece->bit_size;
		if (first >= start && (whole || (first - start < piece->bit_size &&
						 size <= piece->bit_size - (first - start)))) {
			*ret = (struct window){piece, first - start + piece->bit_offset, size};
			return NULL;
		}
		start += piece->bit_size;
	}
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "\"%s\": outpost cannot calculate with what is in several places",
			       p->text);
}

// A part of a Wasm value, which is what the steps leave, or a local, a global or an operand.
static struct op_error *part_of_value(struct op_parser *p, const struct window *window,
				      const struct op_expression_node *node, struct op_term *term)
{
	const struct op_access_type *access = op_type_access(term->type);
	const char *why = NULL;
	if (!access)
		return op_term_refuse(p, term, "is no number");
	struct op_expression_type own = node->type;
	bool is_real = access->type == OP_VALUE_F32 || access->type == OP_VALUE_F64;
	unsigned width = own.known ? 8 * op_value_type_size(own.type) : 0;
	if (!own.known)
		why = "is in a Wasm value whose type is not known";
	else if (is_real && (own.type != access->type || window->first))
		why = "is kept in a Wasm value of another type";
	else if (!is_real && own.type != OP_VALUE_I32 && own.type != OP_VALUE_I64)
		why = "is kept in a Wasm value that is no integer";
	else if (!is_real && (window->first >= width || window->size > width - window->first))
		why = "is said to be larger than the Wasm value that it is in";
	if (why)
		return op_term_refuse(p, term, why);
	struct op_error *err = NULL;
	if (!is_real && term->is_bit_field) {
		err = cut_bits(p, (unsigned)window->first, (unsigned)window->size,
			       access->is_unsigned, &node);
	} else if (!is_real) {
		err = shift(p, OP_OPERATOR_SHR, (unsigned)window->first, &node);
		if (!err && (own.type != access->type || own.is_unsigned != access->is_unsigned ||
			     access->width < 4))
			err = op_expression_tree_convert(p->tree, access, &node);
	}
	*term = (struct op_term){.kind = OP_TERM_VALUE, .type = term->type, .node = node};
	return err;
}

// A piece that is in linear memory.
static struct op_error *part_in_memory(struct op_parser *p, const struct window *window,
				       struct op_term *term)
{
	const struct op_expression_node *address;
	struct op_error *err = op_source_location_tree(p->tree, p->scope, window->piece->steps,
						       window->piece->step_count, &address);
	if (!err)
		err = op_expression_tree_offset(p->tree, window->first / 8, &address);
	if (err)
		return err;
	struct op_term place = op_term_in_memory(term->type, 0, address);
	place.is_bit_field = term->is_bit_field || window->first % 8;
	place.bit_offset = window->first % 8;
	place.bit_size = (uint32_t)window->size;
	*term = place;
	return NULL;
}

static struct op_error *place_of_part(struct op_parser *p, struct op_term *term)
{
	struct window window;
	const struct op_expression_node *node;
	struct op_error *err = find_piece(p, term, &window);
	if (err)
		return err;
	const struct op_location_piece *piece = window.piece;
	switch (piece->kind) {
	case OP_LOCATION_MEMORY:
		return part_in_memory(p, &window, term);
	case OP_LOCATION_VALUE:
		err = op_source_location_tree(p->tree, p->scope, piece->steps, piece->step_count,
					      &node);
		return err ?: part_of_value(p, &window, node, term);
	case OP_LOCATION_WASM_LOCAL:
	case OP_LOCATION_WASM_GLOBAL:
	case OP_LOCATION_WASM_OPERAND:
		err = op_source_location_leaf(p->tree, p->scope, piece->kind, piece->index, &node);
		return err ?: part_of_value(p, &window, node, term);
	case OP_LOCATION_BYTES:
		if (window.first / 8 > piece->byte_count || window.first % 8)
			return op_term_refuse(p, term, "is not in the bytes that are known of it");
		*term = (struct op_term){.kind = OP_TERM_BYTES,
					 .type = term->type,
					 .bytes = piece->bytes + window.first / 8,
					 .byte_count =
						 piece->byte_count - (size_t)(window.first / 8),
					 .is_bit_field = term->is_bit_field,
					 .bit_size = term->bit_size};
		return NULL;
	default:
		return missing(p, term->variable);
	}
}

struct op_error *op_term_place(struct op_parser *p, struct op_term *term)
{
	if (term->kind != OP_TERM_VARIABLE)
		return NULL;
	struct window window;
	struct op_error *err = find_piece(p, term, &window);
	if (!err && window.piece->kind == OP_LOCATION_MEMORY)
		return part_in_memory(p, &window, term);
	// In several places, or none: it stays a variable.
	op_error_destroy(err);
	return NULL;
}

// Constants -----------------------------------------------------------------------------------

static uint64_t little_endian(const uint8_t *bytes, size_t size)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < size; i++)
		bits |= (uint64_t)bytes[i] << 8 * i;
	return bits;
}

static struct op_error *constant(struct op_parser *p, struct op_term *term)
{
	const struct op_access_type *access = op_type_access(term->type);
	if (!access)
		return op_term_refuse(p, term, "is no number");
	if (access->width > term->byte_count)
		return op_term_refuse(p, term, "is not in the bytes that are known of it");
	struct op_value value = {.type = access->type};
	op_operand_store_bits(&value, little_endian(term->bytes, access->width));
	struct op_operand operand = op_operand_value(&value);
	struct op_error *err = NULL;
	if (!operand.is_float)
		err = op_operand_convert(p->text, access, &operand);
	const struct op_expression_node *node;
	if (!err)
		err = op_expression_tree_constant(p->tree, &operand, &node);
	if (!err && term->is_bit_field)
		err = cut_bits(p, (unsigned)term->bit_offset, term->bit_size, access->is_unsigned,
			       &node);
	if (!err)
		*term = (struct op_term){.kind = OP_TERM_VALUE, .type = term->type, .node = node};
	return err;
}

// Values --------------------------------------------------------------------------------------

static struct op_error *load(struct op_parser *p, struct op_term *term)
{
	const struct op_access_type *access = op_type_access(term->type);
	if (op_type_is(term->type, OP_TYPE_ARRAY)) {
		const struct op_expression_guest *guest = p->scope->guest;
		term->kind = OP_TERM_VALUE;
		return guest->pointer_to(guest->context, op_type_strip(term->type)->target,
					 &term->type);
	}
	if (!access)
		return op_term_refuse(p, term, "is no number: choose a part of it");
	if (term->is_bit_field)
		return load_bit_field(p, term);
	const struct op_expression_node *node;
	struct op_error *err =
		op_expression_tree_memory(p->tree, term->memory, access, term->node, &node);
	if (!err)
		*term = (struct op_term){.kind = OP_TERM_VALUE, .type = term->type, .node = node};
	return err;
}

struct op_error *op_term_constant(struct op_parser *p, int64_t number, struct op_term *ret)
{
	const struct op_expression_node *node;
	enum op_value_type type = number == (int32_t)number ? OP_VALUE_I32 : OP_VALUE_I64;
	struct op_error *err = op_expression_tree_integer(p->tree, number, type, false, &node);
	if (!err)
		*ret = op_term_of_node(node);
	return err;
}

struct op_error *op_term_value(struct op_parser *p, struct op_term *term)
{
	struct op_error *err = NULL;
	if (term->kind == OP_TERM_VARIABLE)
		err = place_of_part(p, term);
	if (err)
		return err;
	switch (term->kind) {
	case OP_TERM_VALUE:
		return NULL;
	case OP_TERM_MEMORY:
		return load(p, term);
	case OP_TERM_BYTES:
		if (term->is_text)
			return op_error_create(OP_ERROR_UNSUPPORTED,
					       "\"%s\": a string can only be compared with == "
					       "and != to text of the program's",
					       p->text);
		return constant(p, term);
	case OP_TERM_FUNCTION:
		return op_term_refuse(p, term, "is no number");
	case OP_TERM_TYPE:
		return op_term_refuse(p, term, "has no value");
	default:
		return missing(p, term->variable);
	}
}

struct op_error *op_term_follow_reference(struct op_parser *p, struct op_term *term)
{
	if (!op_type_is(term->type, OP_TYPE_REFERENCE) || term->kind == OP_TERM_MISSING)
		return NULL;
	const struct op_type *type = term->type, *reference = op_type_strip(type);
	struct op_error *err = op_term_value(p, term);
	if (err)
		return err;
	*term = op_term_in_memory(reference->target, reference->memory, term->node);
	term->reference = type;
	return NULL;
}
