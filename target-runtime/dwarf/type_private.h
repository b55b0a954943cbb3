// SPDX-License-Identifier: GPL-3.0-or-later
// What the files that read types share: the set of types that an information keeps, and what a type
// knows of itself besides its public part.
#ifndef OP_TARGET_RUNTIME_DWARF_TYPE_PRIVATE_H
#define OP_TARGET_RUNTIME_DWARF_TYPE_PRIVATE_H

#include "target-runtime/dwarf/dwarf_private.h"
#include "target-runtime/dwarf/type.h"

/** A type that an information keeps: what op_type.internal points to; NULL in static ones. */
struct op_type_record {
	struct op_type type; /**< first: a type is its record */
	struct op_debug_info *info;
	struct op_die container; /**< MEMBER_POINTER: the class; 0: not known */
	bool is_vector;          /**< ARRAY: of SIMD */
	bool is_complex;         /**< STRUCT: C's complex numbers */
	bool is_prototyped;      /**< FUNCTION */
	/** Of what is a declaration in its own unit; NULL: not looked for, or none. */
	const struct op_type *definition;
	bool definition_searched;
};

static inline struct op_type_record *op_type_record(const struct op_type *type)
{
	return type->internal;
}

/** The record of an entry, made when there was none: *ret_new says so. */
struct op_error *op_type_record_of(struct op_debug_info *info, struct op_die die,
				   struct op_type_record **ret, bool *ret_new);
/** A record that belongs to no entry; shared by all that ask with the same kind, target and
 * count. */
struct op_error *op_type_derived(struct op_debug_info *info, enum op_type_kind kind,
				 const struct op_type *target, uint64_t count,
				 struct op_type_record **ret, bool *ret_new);
/** Memory that goes with the information: it takes @p block, also when it fails. */
struct op_error *op_type_keep(struct op_debug_info *info, void *block);

/** The type is UNKNOWN from now on: @p problem is static. */
void op_type_refuse(struct op_type_record *record, const char *problem);
/** The size of an array, a typedef, a qualified type from that of its target. */
void op_type_size_again(struct op_type_record *record);
/** type_declaration.c: when the type (or what it renames, or its elements) is only declared in its
 * unit, look for the definition elsewhere and take what is known of it. */
struct op_error *op_type_settle(const struct op_type *type);

/** Bytes of an address in the unit of an entry: 4 or 8. */
unsigned op_type_address_size(Dwarf_Die *die);
/** DW_AT_type of an entry: {0} for none. */
struct op_die op_type_reference(Dwarf_Die *die, unsigned attribute);
/** A number; false when the attribute is missing or is none. */
bool op_type_number(Dwarf_Die *die, unsigned attribute, uint64_t *ret);
bool op_type_flag(Dwarf_Die *die, unsigned attribute);
/** Its name; NULL for none and for "". */
const char *op_type_die_name(const struct op_debug_info *info, Dwarf_Die *die);

/** Enumerators and values of templates: a constant, with the sign of its form where the form has
 * one, and of a type of @p size bytes otherwise. */
bool op_type_constant(Dwarf_Die *die, unsigned attribute, bool is_unsigned, uint64_t size,
		      int64_t *ret);

/** type_variants.c: read the variant part of a Rust enum (DW_TAG_variant_part). */
struct op_error *op_type_read_variants(struct op_type_record *record, Dwarf_Die *part);
/** type_members.c: read a DW_TAG_member or DW_TAG_inheritance. */
struct op_error *op_type_read_member(struct op_type_record *record, Dwarf_Die *die,
				     struct op_type_member *ret);

#endif
