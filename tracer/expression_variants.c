// SPDX-License-Identifier: GPL-3.0-or-later
// Rust's enums in expressions: the fields of the variant that is there.
#include <inttypes.h>

#include "tracer/expression_parser.h"

static struct op_error *read_discriminant(struct op_parser *p, const struct op_term *whole,
					  const struct op_type_member *member, uint64_t *ret,
					  uint64_t *ret_size)
{
	struct op_term part;
	int64_t bits;
	struct op_error *err = op_term_of_member(p, whole, member, &part);
	if (!err)
		err = op_type_size(p, part.type, ret_size);
	if (!err)
		err = op_term_value(p, &part);
	if (!err)
		err = op_term_number_now(p, &part, &bits);
	if (!err)
		*ret = (uint64_t)bits;
	return err;
}

struct op_error *op_term_variant(struct op_parser *p, const struct op_term *whole, bool *ret_found,
				 struct op_term *ret, const char **ret_name)
{
	const struct op_expression_guest *guest = p->scope->guest;
	const struct op_type *type = op_type_strip(whole->type);
	uint64_t bits = 0, size = 0;
	*ret_found = false;
	struct op_error *err = guest->complete(guest->context, type);
	if (err || !type->variant_count)
		return err;
	if (type->discriminant && !guest->value_now)
		return op_term_refuse(p, whole,
				      "is an enum, and which of its variants is there is only "
				      "known in a program that is stopped");
	if (type->discriminant)
		err = read_discriminant(p, whole, type->discriminant, &bits, &size);
	if (err)
		return err;
	const struct op_type_variant *variant = op_type_variant_of(type, bits, size);
	if (!variant)
		return op_error_create(OP_ERROR_FORMAT,
				       "\"%s\": no variant has the discriminant %" PRIu64
				       " that is there",
				       p->text, bits);
	*ret_found = true;
	*ret_name = op_type_variant_name(variant);
	return op_term_of_member(p, whole, &variant->member, ret);
}
