// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of types: members and bases, enumerators, parameters of functions and templates. Read
// when somebody asks; kept as long as the information.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/type_private.h"

struct parts {
	struct OP_ARRAY(struct op_type_member) members;
	size_t base_count; // they come first
	struct OP_ARRAY(struct op_type_enumerator) enumerators;
	struct OP_ARRAY(struct op_type_parameter) parameters;
};

static void parts_deinit(struct parts *parts)
{
	free(parts->members.data);
	free(parts->enumerators.data);
	free(parts->parameters.data);
}

// Constants ----------------------------------------------------------------------------------

bool op_type_constant(Dwarf_Die *die, unsigned name, bool is_unsigned, uint64_t size, int64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;
	Dwarf_Sword value;
	if (!dwarf_attr(die, name, &attribute))
		return false;
	unsigned form_size = 0;
	switch (dwarf_whatform(&attribute)) {
	case DW_FORM_data1:
		form_size = 1;
		break;
	case DW_FORM_data2:
		form_size = 2;
		break;
	case DW_FORM_data4:
		form_size = 4;
		break;
	default:
		break;
	}
	// DW_FORM_data* have no sign. Fewer bytes than the type has are a number that needs no
	// more.
	if (is_unsigned || (form_size && form_size < size)) {
		if (dwarf_formudata(&attribute, &word) != 0)
			return false;
		if (form_size)
			word &= (UINT64_C(1) << 8 * form_size) - 1;
		*ret = (int64_t)word;
		return true;
	}
	if (dwarf_formsdata(&attribute, &value) != 0)
		return false;
	*ret = value;
	return true;
}

// Members ------------------------------------------------------------------------------------

static const struct op_type misplaced = {
	.kind = OP_TYPE_UNKNOWN,
	.completed = true,
	.problem = "its place in the structure is computed in a way that outpost does not know",
};

// A number, or the two expressions that add one to the address of the structure (DWARF 2).
static bool read_offset(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Block block;
	Dwarf_Word word;
	*ret = 0;
	if (!dwarf_attr(die, DW_AT_data_member_location, &attribute))
		return true;
	if (dwarf_formblock(&attribute, &block) != 0) {
		bool known = dwarf_formudata(&attribute, &word) == 0 && word <= UINT32_MAX;
		*ret = known ? word : 0;
		return known;
	}
	struct op_bytes bytes = {.data = block.data, .size = block.length, .what = "expression"};
	struct op_reader r = op_reader(&bytes);
	uint8_t op = 0, plus = DW_OP_plus;
	uint64_t offset = 0;
	struct op_error *err = op_reader_u8(&r, &op);
	if (!err)
		err = op_reader_uleb64(&r, &offset);
	if (!err && op == DW_OP_constu)
		err = op_reader_u8(&r, &plus);
	bool known = !err && (op == DW_OP_plus_uconst || op == DW_OP_constu) &&
		     plus == DW_OP_plus && !op_reader_left(&r) && offset <= UINT32_MAX;
	op_error_destroy(err);
	*ret = known ? offset : 0;
	return known;
}

// A virtual base's place, as compilers for the Itanium C++ ABI (2.5.2) describe it: so many bytes
// below the address that the object points to, in the vtable, is how far from the object's start
// the base is. They are given as the member's offset. Whoever reads it knows words of 32 bits.
static bool read_virtual_offset(Dwarf_Die *die, uint64_t *ret)
{
	static const uint8_t before[] = {DW_OP_dup, DW_OP_deref, DW_OP_constu};
	static const uint8_t after[] = {DW_OP_minus, DW_OP_deref, DW_OP_plus};
	Dwarf_Attribute attribute;
	Dwarf_Block block;
	Dwarf_Die unit;
	uint8_t word = 0;
	if (!dwarf_diecu(die, &unit, &word, NULL) || word != 4 ||
	    !dwarf_attr(die, DW_AT_data_member_location, &attribute) ||
	    dwarf_formblock(&attribute, &block) != 0 || block.length < sizeof(before) ||
	    memcmp(block.data, before, sizeof(before)) != 0)
		return false;
	struct op_bytes rest = {.data = block.data + sizeof(before),
				.size = block.length - sizeof(before),
				.what = "expression"};
	struct op_reader r = op_reader(&rest);
	const uint8_t *end = NULL;
	struct op_error *err = op_reader_uleb64(&r, ret);
	if (!err)
		err = op_reader_bytes(&r, sizeof(after), &end);
	bool known = !err && !op_reader_left(&r) && *ret <= UINT32_MAX &&
		     memcmp(end, after, sizeof(after)) == 0;
	op_error_destroy(err);
	return known;
}

// DWARF 4 counts bits from the structure's start; before, from the most significant bit of a unit
// of storage.
static bool read_bits(Dwarf_Die *die, struct op_type_member *member)
{
	uint64_t size, offset, storage;
	if (!op_type_number(die, DW_AT_bit_size, &size))
		return true;
	if (!size || size > 128)
		return false;
	member->is_bit_field = true;
	member->bit_size = (uint32_t)size;
	if (op_type_number(die, DW_AT_data_bit_offset, &offset)) {
		if (offset > UINT64_C(8) << 32)
			return false;
		member->bit_offset = member->offset * 8 + offset;
	} else if (op_type_number(die, DW_AT_bit_offset, &offset)) {
		if (!op_type_number(die, DW_AT_byte_size, &storage))
			storage = member->type->has_size ? member->type->size : 0;
		if (storage > 16 || offset + size > storage * 8)
			return false;
		member->bit_offset = member->offset * 8 + storage * 8 - offset - size;
	} else {
		member->bit_offset = member->offset * 8;
	}
	member->offset = member->bit_offset / 8;
	return true;
}

static bool is_static_member(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_variable || op_type_flag(die, DW_AT_external) ||
	       op_type_flag(die, DW_AT_declaration);
}

struct op_error *op_type_read_member(struct op_type_record *record, Dwarf_Die *die,
				     struct op_type_member *ret)
{
	uint64_t virtuality = DW_VIRTUALITY_none;
	*ret = (struct op_type_member){
		.name = op_type_die_name(record->info, die),
		.die = op_die_of(die),
		.is_base = dwarf_tag(die) == DW_TAG_inheritance,
		.is_artificial = op_type_flag(die, DW_AT_artificial),
	};
	struct op_error *err =
		op_debug_type(record->info, op_type_reference(die, DW_AT_type), &ret->type);
	if (err)
		return err;
	op_type_number(die, DW_AT_virtuality, &virtuality);
	if (ret->is_base && virtuality != DW_VIRTUALITY_none) {
		ret->is_virtual_base = true;
		if (!read_virtual_offset(die, &ret->offset))
			ret->type = &misplaced;
		return NULL;
	}
	if (!ret->is_base && is_static_member(die)) {
		ret->is_static = true;
		return NULL;
	}
	if (!read_offset(die, &ret->offset) || !read_bits(die, ret))
		ret->type = &misplaced;
	return NULL;
}

static struct op_error *add_member(struct op_type_record *record, Dwarf_Die *die,
				   struct parts *parts)
{
	struct op_type_member member;
	struct op_error *err = op_type_read_member(record, die, &member);
	// LLVM's _vtable$, which says where the class's vtable is.
	if (err || (member.is_static && member.is_artificial))
		return err;
	if (!op_array_push(&parts->members, member))
		return op_error_no_memory();
	if (!member.is_base)
		return NULL;
	struct op_type_member *data = parts->members.data;
	size_t behind = parts->members.count - 1 - parts->base_count;
	memmove(data + parts->base_count + 1, data + parts->base_count, behind * sizeof(*data));
	data[parts->base_count++] = member;
	return NULL;
}

// Templates and enumerations -----------------------------------------------------------------

static struct op_error *add_parameter(struct op_type_record *record, Dwarf_Die *die,
				      struct parts *parts)
{
	struct op_type_parameter parameter = {.name = op_type_die_name(record->info, die)};
	struct op_error *err =
		op_debug_type(record->info, op_type_reference(die, DW_AT_type), &parameter.type);
	if (err)
		return err;
	const struct op_type *type = op_type_strip(parameter.type);
	if (dwarf_tag(die) == DW_TAG_template_value_parameter)
		parameter.has_value =
			op_type_constant(die, DW_AT_const_value, type->is_unsigned,
					 type->has_size ? type->size : 8, &parameter.value);
	return op_array_push(&parts->parameters, parameter) ? NULL : op_error_no_memory();
}

static struct op_error *add_pack(struct op_type_record *record, Dwarf_Die *pack,
				 struct parts *parts)
{
	Dwarf_Die child;
	struct op_error *err = NULL;
	bool more = dwarf_child(pack, &child) == 0;
	for (; !err && more; more = dwarf_siblingof(&child, &child) == 0) {
		if (parts->parameters.count >= OP_DWARF_CHILDREN_MAX)
			break;
		int tag = dwarf_tag(&child);
		if (tag == DW_TAG_template_type_parameter || tag == DW_TAG_template_value_parameter)
			err = add_parameter(record, &child, parts);
	}
	return err;
}

static struct op_error *add_enumerator(struct op_type_record *record, Dwarf_Die *die,
				       struct parts *parts)
{
	struct op_type_enumerator enumerator = {.name = op_type_die_name(record->info, die)};
	const struct op_type *type = &record->type;
	if (!enumerator.name ||
	    !op_type_constant(die, DW_AT_const_value, type->is_unsigned,
			      type->has_size ? type->size : 8, &enumerator.value))
		return NULL;
	return op_array_push(&parts->enumerators, enumerator) ? NULL : op_error_no_memory();
}

// Completing ---------------------------------------------------------------------------------

static struct op_error *add_child(struct op_type_record *record, Dwarf_Die *die,
				  struct parts *parts)
{
	struct op_type *type = &record->type;
	bool has_members = type->kind == OP_TYPE_STRUCT || type->kind == OP_TYPE_UNION;
	switch (dwarf_tag(die)) {
	case DW_TAG_member:
	case DW_TAG_inheritance:
	case DW_TAG_variable:
		return has_members ? add_member(record, die, parts) : NULL;
	case DW_TAG_variant_part:
		return has_members && !type->variants ? op_type_read_variants(record, die) : NULL;
	case DW_TAG_enumerator:
		return type->kind == OP_TYPE_ENUM ? add_enumerator(record, die, parts) : NULL;
	case DW_TAG_template_type_parameter:
	case DW_TAG_template_value_parameter:
		return add_parameter(record, die, parts);
	case DW_TAG_GNU_template_parameter_pack:
		return add_pack(record, die, parts);
	case DW_TAG_formal_parameter:
		return type->kind == OP_TYPE_FUNCTION ? add_member(record, die, parts) : NULL;
	case DW_TAG_unspecified_parameters:
		type->is_variadic |= type->kind == OP_TYPE_FUNCTION;
		return NULL;
	default:
		return NULL;
	}
}

// C's complex numbers as what they are.
static struct op_error *add_complex(struct op_type_record *record, struct parts *parts)
{
	static const struct {
		uint64_t size;
		const char *part;
	} kinds[] = {{8, "float"}, {16, "double"}, {32, "long double"}};
	static const char *const names[] = {"real", "imag"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++)
		for (size_t j = 0; kinds[i].size == record->type.size && j < 2; j++) {
			struct op_type_member member = {
				.name = names[j],
				.type = op_type_basic(kinds[i].part, strlen(kinds[i].part)),
				.offset = j * kinds[i].size / 2,
			};
			if (!op_array_push(&parts->members, member))
				return op_error_no_memory();
		}
	return NULL;
}

static struct op_error *read_parts(struct op_type_record *record, struct parts *parts)
{
	Dwarf_Die die, child;
	if (record->is_complex)
		return add_complex(record, parts);
	if (!op_debug_die(record->info, record->type.die, &die))
		return NULL;
	struct op_error *err = NULL;
	bool more = dwarf_child(&die, &child) == 0;
	for (size_t i = 0; !err && more; more = dwarf_siblingof(&child, &child) == 0) {
		if (i++ >= OP_DWARF_CHILDREN_MAX)
			return op_error_create(OP_ERROR_LIMIT,
					       "a type has more than a million members");
		err = add_child(record, &child, parts);
	}
	return err;
}

// The arrays belong to the information from here on.
static struct op_error *keep_parts(struct op_type_record *record, struct parts *parts)
{
	struct op_type *type = &record->type;
	const struct op_type_member *members = parts->members.data;
	const struct op_type_enumerator *enumerators = parts->enumerators.data;
	const struct op_type_parameter *parameters = parts->parameters.data;
	struct op_error *err = op_type_keep(record->info, op_take(parts->members.data));
	if (!err)
		err = op_type_keep(record->info, op_take(parts->enumerators.data));
	if (!err)
		err = op_type_keep(record->info, op_take(parts->parameters.data));
	if (err)
		return err;
	type->members = members;
	type->member_count = parts->members.count;
	type->enumerators = enumerators;
	type->enumerator_count = parts->enumerators.count;
	type->parameters = parameters;
	type->parameter_count = parts->parameters.count;
	type->completed = true;
	return NULL;
}

static struct op_error *complete_record(struct op_type_record *record)
{
	_cleanup_(parts_deinit) struct parts parts = {0};
	struct op_error *err = read_parts(record, &parts);
	return err ?: keep_parts(record, &parts);
}

static struct op_error *take_parts(struct op_type_record *record)
{
	struct op_type *type = &record->type;
	const struct op_type *definition = record->definition;
	struct op_error *err = op_type_complete(record->info, definition);
	if (err)
		return err;
	type->members = definition->members;
	type->member_count = definition->member_count;
	type->enumerators = definition->enumerators;
	type->enumerator_count = definition->enumerator_count;
	type->discriminant = definition->discriminant;
	type->variants = definition->variants;
	type->variant_count = definition->variant_count;
	type->parameters = definition->parameters;
	type->parameter_count = definition->parameter_count;
	type->completed = true;
	return NULL;
}

static bool is_wrapper(const struct op_type *type)
{
	return type->kind == OP_TYPE_TYPEDEF || type->kind == OP_TYPE_QUALIFIED ||
	       type->kind == OP_TYPE_ARRAY;
}

struct op_error *op_type_complete(struct op_debug_info *info, const struct op_type *type)
{
	(void)info;
	if (type->completed || !type->internal)
		return NULL;
	struct op_error *err = op_type_settle(type);
	const struct op_type *inner = type;
	for (unsigned depth = 0; !err && is_wrapper(inner) && !inner->completed; depth++) {
		op_type_record(inner)->type.completed = true;
		inner = inner->target;
		if (!inner || !inner->internal || depth == OP_DWARF_DEPTH_MAX)
			return NULL;
	}
	if (err || inner->completed)
		return err;
	struct op_type_record *record = op_type_record(inner);
	return record->definition ? take_parts(record) : complete_record(record);
}
