// SPDX-License-Identifier: GPL-3.0-or-later
// Rust's enums: a structure whose one part is a choice of variants, told apart by a discriminant
// (DWARF 5, 5.7.10). A variant without a value is the one that is left: niche encodings.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/type_private.h"

/** Values of one variant's DW_AT_discr_list, ranges counted out. */
enum { DISCRIMINANTS_MAX = 4096 };

struct variants {
	struct OP_ARRAY(struct op_type_variant) list;
	uint64_t mask; // of the discriminant's type
	bool is_unsigned;
	uint64_t size;
};

static struct op_error *read_discriminant(struct op_type_record *record, Dwarf_Die *part,
					  struct variants *variants)
{
	Dwarf_Attribute attribute;
	Dwarf_Die die;
	variants->mask = UINT64_MAX;
	variants->size = 8;
	variants->is_unsigned = true;
	if (!dwarf_attr(part, DW_AT_discr, &attribute) || !dwarf_formref_die(&attribute, &die))
		return NULL;
	struct op_type_member *member = calloc(1, sizeof(*member));
	if (!member)
		return op_error_no_memory();
	struct op_error *err = op_type_read_member(record, &die, member);
	const struct op_type *type = err ? NULL : op_type_strip(member->type);
	if (type && type->has_size && type->size && type->size < 8)
		variants->mask = (UINT64_C(1) << 8 * type->size) - 1;
	if (type && type->has_size) {
		variants->size = type->size;
		variants->is_unsigned = type->is_unsigned;
	}
	record->type.discriminant = member;
	struct op_error *kept = op_type_keep(record->info, member);
	if (kept)
		record->type.discriminant = NULL;
	if (err)
		op_error_destroy(kept);
	return err ?: kept;
}

static struct op_error *add(struct variants *variants, const struct op_type_variant *variant)
{
	if (variants->list.count >= OP_DWARF_CHILDREN_MAX)
		return op_error_create(OP_ERROR_LIMIT, "a type has more than a million variants");
	return op_array_push(&variants->list, *variant) ? NULL : op_error_no_memory();
}

static bool read_value(struct op_reader *r, bool is_unsigned, uint64_t *ret)
{
	int64_t value = 0;
	struct op_error *err = is_unsigned ? op_reader_uleb64(r, ret) : op_reader_sleb64(r, &value);
	if (!is_unsigned)
		*ret = (uint64_t)value;
	bool known = !err;
	op_error_destroy(err);
	return known;
}

// DW_AT_discr_list (DWARF 5, 7.17): labels and ranges of values.
static struct op_error *add_list(struct variants *variants, Dwarf_Attribute *attribute,
				 struct op_type_variant *variant)
{
	Dwarf_Block block;
	if (dwarf_formblock(attribute, &block) != 0)
		return NULL;
	struct op_bytes bytes = {.data = block.data, .size = block.length, .what = "variants"};
	struct op_reader r = op_reader(&bytes);
	size_t left = DISCRIMINANTS_MAX;
	while (op_reader_left(&r)) {
		uint64_t low, high, kind;
		if (!read_value(&r, true, &kind) || kind > DW_DSC_range ||
		    !read_value(&r, variants->is_unsigned, &low))
			return NULL;
		high = low;
		if (kind == DW_DSC_range && !read_value(&r, variants->is_unsigned, &high))
			return NULL;
		// A signed range has low <= high as signed numbers: the difference is the same.
		if (high - low >= left)
			return NULL;
		left -= high - low + 1;
		for (uint64_t value = low;; value++) {
			variant->discriminant = value & variants->mask;
			struct op_error *err = add(variants, variant);
			if (err || value == high) {
				if (err)
					return err;
				break;
			}
		}
	}
	return NULL;
}

static struct op_error *add_variant(struct op_type_record *record, Dwarf_Die *die,
				    struct variants *variants)
{
	struct op_type_variant variant = {0};
	Dwarf_Die child;
	bool more = dwarf_child(die, &child) == 0, found = false;
	for (; more && !found; more = !found && dwarf_siblingof(&child, &child) == 0) {
		if (dwarf_tag(&child) != DW_TAG_member)
			continue;
		struct op_error *err = op_type_read_member(record, &child, &variant.member);
		if (err)
			return err;
		found = true;
	}
	if (!found)
		return NULL;
	Dwarf_Attribute attribute;
	int64_t value;
	if (dwarf_attr(die, DW_AT_discr_list, &attribute))
		return add_list(variants, &attribute, &variant);
	variant.is_default = !dwarf_hasattr(die, DW_AT_discr_value);
	if (!variant.is_default) {
		// Numbers of 128 bits are told by nothing here: such a variant is never taken.
		if (!op_type_constant(die, DW_AT_discr_value, variants->is_unsigned, variants->size,
				      &value))
			return NULL;
		variant.discriminant = (uint64_t)value & variants->mask;
	}
	return add(variants, &variant);
}

struct op_error *op_type_read_variants(struct op_type_record *record, Dwarf_Die *part)
{
	struct variants variants = {0};
	Dwarf_Die child;
	struct op_error *err = read_discriminant(record, part, &variants);
	bool more = dwarf_child(part, &child) == 0;
	for (; !err && more; more = dwarf_siblingof(&child, &child) == 0)
		if (dwarf_tag(&child) == DW_TAG_variant)
			err = add_variant(record, &child, &variants);
	const struct op_type_variant *list = variants.list.data;
	struct op_error *kept = op_type_keep(record->info, variants.list.data);
	if (!err && !kept) {
		record->type.variants = list;
		record->type.variant_count = variants.list.count;
	}
	if (err)
		op_error_destroy(kept);
	return err ?: kept;
}

// Choosing ------------------------------------------------------------------------------------

const struct op_type_variant *op_type_variant_of(const struct op_type *type, uint64_t bits,
						 uint64_t size)
{
	const struct op_type_variant *rest = NULL;
	uint64_t mask = size < 8 ? (UINT64_C(1) << size * 8) - 1 : UINT64_MAX;
	for (size_t i = 0; i < type->variant_count; i++) {
		const struct op_type_variant *variant = &type->variants[i];
		if (!type->discriminant ||
		    (!variant->is_default && !((variant->discriminant ^ bits) & mask)))
			return variant;
		if (variant->is_default)
			rest = variant;
	}
	return rest;
}

const char *op_type_variant_name(const struct op_type_variant *variant)
{
	const char *name = variant->member.name;
	const char *of_type = op_type_strip(variant->member.type)->name;
	return name && (!isdigit((unsigned char)*name) || !of_type) ? name : of_type;
}
