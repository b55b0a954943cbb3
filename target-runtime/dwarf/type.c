// SPDX-License-Identifier: GPL-3.0-or-later
// Types from their entries. A type and what it points to, what its elements are, what it renames,
// form a chain of entries, which is followed without recursion: first down, then back up for the
// sizes. Members are type_members.c's.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/names.h"
#include "target-runtime/dwarf/type_private.h"

/** Larger types than a linear memory of 32 bits are no types of a guest. */
static const uint64_t size_max = UINT64_C(1) << 32;

void op_type_refuse(struct op_type_record *record, const char *problem)
{
	record->type.kind = OP_TYPE_UNKNOWN;
	record->type.target = NULL;
	record->type.has_size = false;
	record->type.problem = problem;
	record->type.completed = true;
}

// Attributes ---------------------------------------------------------------------------------

unsigned op_type_address_size(Dwarf_Die *die)
{
	Dwarf_Die root;
	uint8_t size = 4;
	return dwarf_diecu(die, &root, &size, NULL) && size == 8 ? 8 : 4;
}

struct op_die op_type_reference(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Die target;
	if (!dwarf_attr(die, name, &attribute))
		return (struct op_die){0};
	if (!dwarf_formref_die(&attribute, &target))
		return (struct op_die){~OP_DIE_TYPES}; // no entry is there: an unknown type
	return op_die_of(&target);
}

bool op_type_number(Dwarf_Die *die, unsigned name, uint64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;
	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &word) != 0)
		return false;
	*ret = word;
	return true;
}

bool op_type_flag(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	bool flag = false;
	return dwarf_attr(die, name, &attribute) && dwarf_formflag(&attribute, &flag) == 0 && flag;
}

const char *op_type_die_name(const struct op_debug_info *info, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name =
		dwarf_attr(die, DW_AT_name, &attribute) ? op_debug_string(info, &attribute) : NULL;
	return name && *name ? name : NULL;
}

// Kinds --------------------------------------------------------------------------------------

static struct op_error *read_name(struct op_type_record *record, Dwarf_Die *die)
{
	struct op_type *type = &record->type;
	struct op_name_ref ref;
	bool found;
	type->name = op_type_die_name(record->info, die);
	if (!type->name || type->language == OP_LANGUAGE_C)
		return NULL;
	// Type units have no index: their types have the names that are theirs alone.
	struct op_error *err = op_names_find(record->info, type->die.offset, &found, &ref);
	return err || !found ? err : op_names_qualified(record->info, ref, &type->name);
}

// Enumerators stand beside their enum, and what a function declares is not named by it.
static struct op_error *read_enumerator_scope(struct op_type_record *record, Dwarf_Die *die)
{
	struct op_type *type = &record->type;
	const char *own = op_type_die_name(record->info, die);
	struct op_name_ref ref;
	bool found;
	if (!own || type->language != OP_LANGUAGE_CPLUSPLUS)
		return NULL;
	struct op_error *err = op_names_find(record->info, type->die.offset, &found, &ref);
	if (err || !found)
		return err;
	for (uint32_t parent = op_named_at(record->info, ref)->parent; parent;) {
		ref.item = parent - 1;
		if (op_named_at(record->info, ref)->tag == DW_TAG_subprogram)
			return NULL;
		parent = op_named_at(record->info, ref)->parent;
	}
	size_t whole = strlen(type->name), size = strlen(own);
	if (whole > size && !strcmp(type->name + whole - size, own))
		type->scope_size = whole - size;
	return NULL;
}

static void read_size(struct op_type_record *record, Dwarf_Die *die)
{
	uint64_t bits;
	struct op_type *type = &record->type;
	type->has_size = op_type_number(die, DW_AT_byte_size, &type->size);
	if (!type->has_size && op_type_number(die, DW_AT_bit_size, &bits)) {
		type->has_size = true;
		type->size = bits / 8 + (bits % 8 != 0);
	}
	if (type->has_size && type->size > size_max)
		op_type_refuse(record, "its size is more than 4 GiB");
}

static bool is_character(const struct op_type *type, uint64_t encoding)
{
	switch (encoding) {
	case DW_ATE_signed_char:
	case DW_ATE_unsigned_char:
		return type->language != OP_LANGUAGE_ZIG && type->language != OP_LANGUAGE_RUST;
	case DW_ATE_UTF:
	case DW_ATE_ASCII:
	case DW_ATE_UCS:
		return true;
	default:
		return type->name && strcmp(type->name, "wchar_t") == 0;
	}
}

static void read_base(struct op_type_record *record, Dwarf_Die *die)
{
	struct op_type *type = &record->type;
	uint64_t encoding = 0;
	op_type_number(die, DW_AT_encoding, &encoding);
	type->name = op_type_die_name(record->info, die);
	read_size(record, die);
	if (type->kind == OP_TYPE_UNKNOWN)
		return;
	if (!type->has_size) {
		op_type_refuse(record, "a basic type without a size");
		return;
	}
	switch (encoding) {
	case DW_ATE_boolean:
		type->kind = OP_TYPE_BOOL;
		type->is_unsigned = true;
		return;
	case DW_ATE_float:
		type->kind = OP_TYPE_FLOAT;
		return;
	case DW_ATE_complex_float:
		type->kind = OP_TYPE_STRUCT;
		record->is_complex = true;
		return;
	case DW_ATE_UTF:
	case DW_ATE_ASCII:
	case DW_ATE_UCS:
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_address:
		type->is_unsigned = true;
		break;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		break;
	case DW_ATE_void:
		type->kind = OP_TYPE_VOID;
		return;
	default:
		op_type_refuse(record, "a basic type whose encoding is not known");
		return;
	}
	type->kind = is_character(type, encoding) ? OP_TYPE_CHAR : OP_TYPE_INTEGER;
	// Rust's () and !, which have no values that are numbers.
	if (type->language == OP_LANGUAGE_RUST && !type->size) {
		type->is_tuple = type->name && strcmp(type->name, "()") == 0;
		type->kind = type->is_tuple ? OP_TYPE_STRUCT : OP_TYPE_VOID;
	}
}

static bool has_variants(Dwarf_Die *die)
{
	Dwarf_Die child;
	if (dwarf_child(die, &child) != 0)
		return false;
	for (unsigned i = 0; i < OP_DWARF_CHILDREN_MAX; i++) {
		if (dwarf_tag(&child) == DW_TAG_variant_part)
			return true;
		if (dwarf_siblingof(&child, &child) != 0)
			return false;
	}
	return false;
}

static const char *struct_keyword(struct op_type *type, Dwarf_Die *die, int tag)
{
	switch (tag) {
	case DW_TAG_union_type:
		return "union";
	case DW_TAG_class_type:
		return "class";
	case DW_TAG_interface_type:
		return "interface";
	default:
		if (type->language == OP_LANGUAGE_RUST && has_variants(die))
			return "enum";
		return "struct";
	}
}

static struct op_error *read_struct(struct op_type_record *record, Dwarf_Die *die, int tag)
{
	struct op_type *type = &record->type;
	type->kind = tag == DW_TAG_union_type ? OP_TYPE_UNION : OP_TYPE_STRUCT;
	type->keyword = struct_keyword(type, die, tag);
	type->is_declaration = op_type_flag(die, DW_AT_declaration);
	struct op_error *err = read_name(record, die);
	type->is_tuple = type->language == OP_LANGUAGE_RUST && type->name && *type->name == '(';
	read_size(record, die);
	if (type->kind != OP_TYPE_UNKNOWN && !type->has_size && !type->is_declaration)
		op_type_refuse(record, "its definition has no size");
	return err;
}

static struct op_error *read_enum(struct op_type_record *record, Dwarf_Die *die)
{
	struct op_type *type = &record->type;
	type->kind = OP_TYPE_ENUM;
	type->keyword = op_type_flag(die, DW_AT_enum_class) && type->language != OP_LANGUAGE_RUST
				? "enum class"
				: "enum";
	type->is_declaration = op_type_flag(die, DW_AT_declaration);
	struct op_error *err = read_name(record, die);
	if (!err && !strcmp(type->keyword, "enum"))
		err = read_enumerator_scope(record, die);
	read_size(record, die);
	return err;
}

static void read_pointer(struct op_type_record *record, Dwarf_Die *die, int tag)
{
	struct op_type *type = &record->type;
	type->kind = tag == DW_TAG_pointer_type ? OP_TYPE_POINTER : OP_TYPE_REFERENCE;
	type->is_rvalue = tag == DW_TAG_rvalue_reference_type;
	type->is_unsigned = true;
	type->name = op_type_die_name(record->info, die); // Rust and Zig
	read_size(record, die);
	if (!type->has_size && type->kind != OP_TYPE_UNKNOWN) {
		type->has_size = true;
		type->size = op_type_address_size(die);
	}
}

// nullptr_t is a pointer that is null; the others, `void` in other words.
static void read_unspecified(struct op_type_record *record, Dwarf_Die *die)
{
	struct op_type *type = &record->type;
	type->name = op_type_die_name(record->info, die);
	bool is_null = type->name && strstr(type->name, "nullptr");
	type->kind = is_null ? OP_TYPE_POINTER : OP_TYPE_VOID;
	type->has_size = is_null;
	type->size = is_null ? op_type_address_size(die) : 0;
}

static const char *qualifier(int tag)
{
	switch (tag) {
	case DW_TAG_const_type:
		return "const";
	case DW_TAG_volatile_type:
		return "volatile";
	case DW_TAG_restrict_type:
		return "restrict";
	case DW_TAG_atomic_type:
		return "_Atomic";
	default: // packed, shared, immutable, pointer authentication
		return NULL;
	}
}

enum { TAG_LLVM_PTRAUTH = 0x4300 };

// What an entry says itself; *ret_target is the entry that its chain goes on with.
static struct op_error *read_entry(struct op_type_record *record, struct op_die *ret_target)
{
	struct op_type *type = &record->type;
	Dwarf_Die die;
	*ret_target = (struct op_die){0};
	if (!op_debug_die(record->info, type->die, &die)) {
		op_type_refuse(record, "its entry in the debug information cannot be read");
		return NULL;
	}
	type->language = op_debug_language_of(&die);
	struct op_error *err = NULL;
	int tag = dwarf_tag(&die);
	bool has_target = true;
	switch (tag) {
	case DW_TAG_base_type:
		read_base(record, &die);
		has_target = false;
		break;
	case DW_TAG_unspecified_type:
		read_unspecified(record, &die);
		has_target = false;
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
	case DW_TAG_union_type:
		err = read_struct(record, &die, tag);
		has_target = false;
		break;
	case DW_TAG_enumeration_type:
		err = read_enum(record, &die);
		break;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		read_pointer(record, &die, tag);
		break;
	case DW_TAG_ptr_to_member_type:
		type->kind = OP_TYPE_MEMBER_POINTER;
		break;
	case DW_TAG_array_type:
		type->kind = OP_TYPE_ARRAY;
		type->name = op_type_die_name(record->info, &die);
		break;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		type->kind = OP_TYPE_FUNCTION;
		record->is_prototyped = op_type_flag(&die, DW_AT_prototyped);
		break;
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
	case DW_TAG_subrange_type:
		type->kind = OP_TYPE_TYPEDEF;
		err = read_name(record, &die);
		break;
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
	case DW_TAG_packed_type:
	case DW_TAG_shared_type:
	case DW_TAG_immutable_type:
	case TAG_LLVM_PTRAUTH:
		type->kind = OP_TYPE_QUALIFIED;
		type->keyword = qualifier(tag);
		break;
	default:
		op_type_refuse(record, "it is of a kind that outpost does not know");
		break;
	}
	if (type->kind == OP_TYPE_UNKNOWN)
		return err;
	struct op_die signature = op_type_reference(&die, DW_AT_signature);
	// A declaration that stands for a type unit: it renames what is there.
	if (signature.offset && type->is_declaration) {
		type->kind = OP_TYPE_TYPEDEF;
		type->is_declaration = false;
		*ret_target = signature;
	} else if (has_target) {
		*ret_target = op_type_reference(&die, DW_AT_type);
		// A function's entry may be the body of one that is declared elsewhere.
		Dwarf_Attribute attribute;
		Dwarf_Die target;
		if (tag == DW_TAG_subprogram && !ret_target->offset &&
		    dwarf_attr_integrate(&die, DW_AT_type, &attribute) &&
		    dwarf_formref_die(&attribute, &target))
			*ret_target = op_die_of(&target);
	}
	return err;
}

// Sizes --------------------------------------------------------------------------------------

static void size_alias(struct op_type *type)
{
	type->has_size = type->target && type->target->has_size;
	type->size = type->has_size ? type->target->size : 0;
}

static void size_array(struct op_type_record *record)
{
	struct op_type *type = &record->type;
	const struct op_type *element = type->target;
	type->has_size = false;
	if (!element || !element->has_size || !type->has_count)
		return;
	if (__builtin_mul_overflow(element->size, type->count, &type->size) ||
	    type->size > size_max)
		op_type_refuse(record, "an array of more than 4 GiB");
	else
		type->has_size = true;
}

void op_type_size_again(struct op_type_record *record)
{
	if (record->type.kind == OP_TYPE_ARRAY)
		size_array(record);
	else
		size_alias(&record->type);
}

// Elements of one dimension: of a DW_TAG_subrange_type, or of the enumeration that indexes it.
static bool dimension_count(Dwarf_Die *die, uint64_t *ret, struct op_die *ret_variable)
{
	Dwarf_Attribute attribute;
	Dwarf_Die variable;
	*ret_variable = (struct op_die){0};
	unsigned names[] = {DW_AT_count, DW_AT_upper_bound};
	for (size_t i = 0; i < OP_ARRAY_SIZE(names); i++) {
		if (!dwarf_attr(die, names[i], &attribute))
			continue;
		if (dwarf_formref_die(&attribute, &variable)) {
			// Only a count is the number itself.
			if (names[i] == DW_AT_count)
				*ret_variable = op_die_of(&variable);
			return false;
		}
		Dwarf_Sword value, low = 0;
		if (dwarf_formsdata(&attribute, &value) != 0)
			return false;
		if (dwarf_whatform(&attribute) == DW_FORM_data1)
			value = (uint8_t)value;
		else if (dwarf_whatform(&attribute) == DW_FORM_data2)
			value = (uint16_t)value;
		if (names[i] == DW_AT_count) {
			*ret = (uint64_t)value;
			return value >= 0;
		}
		if (dwarf_attr(die, DW_AT_lower_bound, &attribute) &&
		    dwarf_formsdata(&attribute, &low) != 0)
			return false;
		// Compilers write -1 for an array without elements and for one of unknown bounds.
		if (value < low || (uint64_t)value - (uint64_t)low >= size_max)
			return false;
		*ret = (uint64_t)value - (uint64_t)low + 1;
		return true;
	}
	return false;
}

struct dimension {
	bool has_count;
	uint64_t count;
	struct op_die variable;
};

static size_t read_dimensions(Dwarf_Die *die, struct dimension dimensions[OP_DWARF_DEPTH_MAX])
{
	size_t count = 0;
	Dwarf_Die child;
	bool more = dwarf_child(die, &child) == 0;
	for (; more && count < OP_DWARF_DEPTH_MAX; more = dwarf_siblingof(&child, &child) == 0) {
		int tag = dwarf_tag(&child);
		if (tag != DW_TAG_subrange_type && tag != DW_TAG_enumeration_type)
			continue;
		struct dimension *dimension = &dimensions[count++];
		dimension->has_count =
			dimension_count(&child, &dimension->count, &dimension->variable);
	}
	if (!count)
		dimensions[count++] = (struct dimension){0};
	return count;
}

// "int a[2][3]" is one entry with two dimensions: an array of 2 arrays of 3.
static struct op_error *finish_array(struct op_type_record *record)
{
	struct op_type *type = &record->type;
	struct dimension dimensions[OP_DWARF_DEPTH_MAX] = {0};
	Dwarf_Die die;
	uint64_t stride;
	if (!op_debug_die(record->info, type->die, &die) || !type->target) {
		op_type_refuse(record, "an array of nothing");
		return NULL;
	}
	bool has_stride = op_type_number(&die, DW_AT_byte_stride, &stride);
	if ((has_stride && (!type->target->has_size || stride != type->target->size)) ||
	    dwarf_hasattr(&die, DW_AT_bit_stride)) {
		op_type_refuse(record, "an array whose elements do not lie side by side");
		return NULL;
	}
	size_t count = read_dimensions(&die, dimensions);
	const struct op_type *element = type->target;
	while (count > 1) {
		const struct dimension *dimension = &dimensions[--count];
		struct op_type_record *inner;
		bool is_new;
		struct op_error *err = op_type_derived(
			record->info, OP_TYPE_ARRAY, element,
			dimension->has_count ? dimension->count : UINT64_MAX, &inner, &is_new);
		if (err)
			return err;
		if (is_new) {
			inner->type.count = dimension->count;
			inner->type.has_count = dimension->has_count;
			inner->type.completed = true;
			size_array(inner);
		}
		element = &inner->type;
	}
	type->target = element;
	type->has_count = dimensions[0].has_count;
	type->count = dimensions[0].count;
	type->count_variable = dimensions[0].variable;
	record->is_vector = op_type_flag(&die, DW_AT_GNU_vector);
	size_array(record);
	return NULL;
}

static void finish_member_pointer(struct op_type_record *record)
{
	struct op_type *type = &record->type;
	Dwarf_Die die;
	if (!op_debug_die(record->info, type->die, &die))
		return;
	read_size(record, &die);
	// The Itanium ABI: an offset, or a function and an adjustment of `this`.
	const struct op_type *target = type->target ? op_type_strip(type->target) : NULL;
	if (!type->has_size && type->kind != OP_TYPE_UNKNOWN) {
		type->size = op_type_address_size(&die);
		if (target && target->kind == OP_TYPE_FUNCTION)
			type->size *= 2;
		type->has_size = true;
	}
	record->container = op_type_reference(&die, DW_AT_containing_type);
}

// What depends on the rest of the chain.
static struct op_error *finish(struct op_type_record *record)
{
	struct op_type *type = &record->type;
	const struct op_type *underlying;
	switch (type->kind) {
	case OP_TYPE_TYPEDEF:
	case OP_TYPE_QUALIFIED:
		size_alias(type);
		return NULL;
	case OP_TYPE_ENUM:
		underlying = type->target ? op_type_strip(type->target) : NULL;
		type->is_unsigned = underlying && underlying->is_unsigned;
		if (!type->has_size && underlying && underlying->has_size) {
			type->size = underlying->size;
			type->has_size = true;
		}
		return NULL;
	case OP_TYPE_ARRAY:
		return finish_array(record);
	case OP_TYPE_MEMBER_POINTER:
		finish_member_pointer(record);
		return NULL;
	default:
		return NULL;
	}
}

// The chain ----------------------------------------------------------------------------------

struct chain {
	struct OP_ARRAY(struct op_type_record *) records;
};

static struct op_error *follow(struct op_debug_info *info, struct op_die die, struct chain *chain,
			       const struct op_type **ret)
{
	const struct op_type **link = ret;
	while (die.offset) {
		struct op_type_record *record;
		bool is_new;
		struct op_error *err = op_type_record_of(info, die, &record, &is_new);
		if (err)
			return err;
		*link = &record->type;
		if (!is_new)
			return NULL;
		if (!op_array_push(&chain->records, record)) {
			op_type_refuse(record, "memory ran out while it was read");
			return op_error_no_memory();
		}
		err = read_entry(record, &die);
		if (err)
			return err;
		link = &record->type.target;
	}
	return NULL;
}

// Types that were read by half stay in the set, where others may point to them: they say so.
static void give_up(struct chain *chain, size_t from)
{
	for (size_t i = from; i-- > 0;)
		op_type_refuse(chain->records.data[i], "memory ran out while it was read");
}

struct op_error *op_debug_type(struct op_debug_info *info, struct op_die die,
			       const struct op_type **ret)
{
	*ret = op_type_basic("void", strlen("void"));
	struct chain chain = {0};
	struct op_error *err = follow(info, die, &chain, ret);
	size_t left = chain.records.count;
	while (!err && left) {
		err = finish(chain.records.data[left - 1]);
		if (!err)
			left--;
	}
	if (err)
		give_up(&chain, left);
	free(chain.records.data);
	return err ?: op_type_settle(*ret);
}

const struct op_type *op_type_strip(const struct op_type *type)
{
	static const struct op_type cyclic = {
		.kind = OP_TYPE_UNKNOWN,
		.completed = true,
		.problem = "it is renamed more than 64 times",
	};
	for (unsigned depth = 0; type; depth++) {
		if (type->kind != OP_TYPE_TYPEDEF && type->kind != OP_TYPE_QUALIFIED)
			return type;
		if (depth == OP_DWARF_DEPTH_MAX)
			return &cyclic;
		type = type->target;
	}
	return op_type_basic("void", strlen("void"));
}
