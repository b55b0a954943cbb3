// SPDX-License-Identifier: GPL-3.0-or-later
// How a type is returned; see returns.h. What a compiler has made of a function may be something
// else than the convention says: where the Wasm function's type does not fit, nothing is known.
#include "target-runtime/dwarf/returns.h"

#include "target-runtime/dwarf/names.h"
#include "target-runtime/dwarf/type_private.h"
#include "target-runtime/stack.h"

enum {
	/** Scalars of a type that are counted: 3 stands for more. */
	SCALARS_MANY = 3,
	/** Nesting that a returned value may have. */
	NESTING_MAX = 16,
	/** Members and variants of all types together. */
	PARTS_MAX = 4096,
	PARAMETERS_MAX = 1024,
	/** A pointer to a member function is a struct of two words; to data, one. */
	WORD_SIZE = 4,
};

// Scalars -------------------------------------------------------------------------------------

static bool is_scalar(const struct op_type *type)
{
	switch (type->kind) {
	case OP_TYPE_BOOL:
	case OP_TYPE_CHAR:
	case OP_TYPE_INTEGER:
	case OP_TYPE_FLOAT:
	case OP_TYPE_ENUM:
	case OP_TYPE_POINTER:
	case OP_TYPE_REFERENCE:
		return true;
	case OP_TYPE_MEMBER_POINTER:
		return type->size <= WORD_SIZE;
	default:
		return false;
	}
}

static bool is_aggregate(const struct op_type *type)
{
	switch (type->kind) {
	case OP_TYPE_STRUCT:
	case OP_TYPE_UNION:
	case OP_TYPE_ARRAY:
		return true;
	case OP_TYPE_MEMBER_POINTER:
		return !is_scalar(type);
	default:
		return false;
	}
}

static bool is_of_c(const struct op_type *type)
{
	return type->language == OP_LANGUAGE_C || type->language == OP_LANGUAGE_CPLUSPLUS;
}

/** Counting the scalars that a type is made of. */
struct count {
	struct op_debug_info *info;
	size_t parts; // looked at
};

static struct op_error *count_scalars(struct count *count, const struct op_type *type,
				      unsigned depth, unsigned *ret);

// In C a union of several is none of them; in Rust it is the widest.
static unsigned joined(const struct op_type *type, unsigned sum, unsigned part)
{
	if (type->kind == OP_TYPE_UNION && !is_of_c(type))
		return part > sum ? part : sum;
	return sum + part < SCALARS_MANY ? sum + part : SCALARS_MANY;
}

static struct op_error *count_members(struct count *count, const struct op_type *type,
				      unsigned depth, unsigned *ret)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < type->member_count && *ret < SCALARS_MANY; i++) {
		const struct op_type_member *member = &type->members[i];
		unsigned part = SCALARS_MANY;
		if (member->is_static && count->parts++ < PARTS_MAX)
			continue;
		if (!member->is_virtual_base)
			err = count_scalars(count, member->type, depth, &part);
		*ret = joined(type, *ret, part);
	}
	return err;
}

// An enum of Rust is its largest variant, and its discriminant unless a value that none of the
// payload's own can be stands for it.
static struct op_error *count_variants(struct count *count, const struct op_type *type,
				       unsigned depth, unsigned *ret)
{
	struct op_error *err = NULL;
	unsigned largest = 0;
	bool in_payload = !type->discriminant;
	for (size_t i = 0; !err && i < type->variant_count && largest < SCALARS_MANY; i++) {
		unsigned part;
		err = count_scalars(count, type->variants[i].member.type, depth, &part);
		if (!err && part > largest)
			largest = part;
		in_payload |= type->variants[i].is_default;
	}
	*ret = joined(type, *ret, largest + !in_payload);
	return err;
}

static struct op_error *count_in_array(struct count *count, const struct op_type *type,
				       unsigned depth, unsigned *ret)
{
	if (!type->has_count || type->count > 1)
		*ret = SCALARS_MANY;
	return type->has_count && type->count == 1 ? count_scalars(count, type->target, depth, ret)
						   : NULL;
}

static struct op_error *count_scalars(struct count *count, const struct op_type *type,
				      unsigned depth, unsigned *ret)
{
	type = op_type_strip(type);
	*ret = SCALARS_MANY;
	if (count->parts++ >= PARTS_MAX)
		return NULL;
	*ret = 0;
	if (!type || type->kind == OP_TYPE_VOID || (type->has_size && !type->size))
		return NULL;
	*ret = 1;
	if (is_scalar(type))
		return NULL;
	*ret = SCALARS_MANY;
	if (!is_aggregate(type) || depth == NESTING_MAX)
		return NULL;
	*ret = 0;
	if (type->kind == OP_TYPE_MEMBER_POINTER) {
		*ret = 2;
		return NULL;
	}
	if (type->kind == OP_TYPE_ARRAY)
		return count_in_array(count, type, depth + 1, ret);
	struct op_error *err = op_type_complete(count->info, type);
	if (!err)
		err = count_members(count, type, depth + 1, ret);
	if (!err && type->variant_count)
		err = count_variants(count, type, depth + 1, ret);
	return err;
}

// Ways ----------------------------------------------------------------------------------------

static bool fits_bytes(const struct op_type *type, enum op_value_type result)
{
	switch (result) {
	case OP_VALUE_I32:
		return type->size <= 4;
	case OP_VALUE_I64:
		return type->size > 4 && type->size <= 8;
	case OP_VALUE_F32:
		return type->size == 4;
	case OP_VALUE_F64:
		return type->size == 8;
	case OP_VALUE_V128:
		return type->size == 16;
	default:
		return false;
	}
}

static bool fits_scalar(const struct op_type *type, enum op_value_type result)
{
	bool real = result == OP_VALUE_F32 || result == OP_VALUE_F64;
	return real == (type->kind == OP_TYPE_FLOAT) && result != OP_VALUE_V128;
}

/** A function that is asked about. */
struct question {
	struct op_debug_info *info;
	Dwarf_Die die;
	const struct op_wasm_module *wasm;
	const struct op_wasm_type_def *signature;
};

// The compiler has changed its parameters or its result (LLVM 17 and later say so).
static bool is_changed(const struct question *question)
{
	Dwarf_Die die = question->die;
	uint32_t convention;
	return op_die_number(&die, DW_AT_calling_convention, &convention) &&
	       convention == DW_CC_nocall;
}

static struct op_error *direct_way(const struct question *question, const struct op_type *type,
				   enum op_return_way *ret)
{
	enum op_value_type result =
		op_value_type_of(question->wasm, &question->signature->results[0]);
	struct count count = {.info = question->info};
	unsigned scalars;
	*ret = OP_RETURN_UNKNOWN;
	if (!fits_bytes(type, result))
		return NULL;
	if (is_scalar(type)) {
		*ret = fits_scalar(type, result) ? OP_RETURN_DIRECT : OP_RETURN_UNKNOWN;
		return NULL;
	}
	// Of a pair whose half nobody wanted, the other half may be what is returned.
	if (!is_aggregate(type) || is_changed(question))
		return NULL;
	struct op_error *err = count_scalars(&count, type, 0, &scalars);
	bool fits = result == OP_VALUE_V128 || (is_of_c(type) ? scalars == 1 : scalars != 2);
	if (!err && scalars && fits)
		*ret = OP_RETURN_DIRECT;
	return err;
}

// Parameters that take at least one of Wasm's, as far as they are known.
static struct op_error *count_parameters(const struct question *question, uint32_t *ret)
{
	Dwarf_Die die = question->die, child;
	struct op_error *err = NULL;
	unsigned seen = 0;
	*ret = 0;
	for (int more = dwarf_child(&die, &child); !err && more == 0 && seen++ < PARAMETERS_MAX;
	     more = dwarf_siblingof(&child, &child)) {
		Dwarf_Attribute attribute;
		Dwarf_Die entry;
		const struct op_type *type = NULL;
		if (dwarf_tag(&child) != DW_TAG_formal_parameter ||
		    !dwarf_attr_integrate(&child, DW_AT_type, &attribute) ||
		    !dwarf_formref_die(&attribute, &entry))
			continue;
		err = op_debug_type(question->info, op_die_of(&entry), &type);
		type = err ? NULL : op_type_strip(type);
		*ret += type && is_scalar(type) && type->size;
	}
	return err;
}

static bool is_pointer(const struct question *question, enum op_value_type type)
{
	uint32_t count;
	const struct op_wasm_limits *memories = op_wasm_module_memories(question->wasm, &count);
	return type == (count && memories[0].is_64 ? OP_VALUE_I64 : OP_VALUE_I32);
}

// The pointer is one parameter more than the function's own; without it something else stands
// first.
static struct op_error *memory_way(const struct question *question, const struct op_type *type,
				   enum op_return_way *ret)
{
	const struct op_wasm_type_def *signature = question->signature;
	struct count count = {.info = question->info};
	uint32_t own;
	unsigned scalars;
	*ret = OP_RETURN_UNKNOWN;
	if (!is_aggregate(type) && !(is_scalar(type) && type->size > 8))
		return NULL;
	struct op_error *err = count_scalars(&count, type, 0, &scalars);
	if (err)
		return err;
	if (!scalars) {
		*ret = OP_RETURN_NOTHING;
		return NULL;
	}
	err = count_parameters(question, &own);
	if (!err && signature->param_count > own && !is_changed(question) &&
	    is_pointer(question, op_value_type_of(question->wasm, &signature->params[0])))
		*ret = OP_RETURN_IN_MEMORY;
	return err;
}

static struct op_error *way_of(const struct question *question, const struct op_type *declared,
			       enum op_return_way *ret)
{
	const struct op_type *type = op_type_strip(declared);
	uint32_t results = question->signature->result_count;
	*ret = OP_RETURN_UNKNOWN;
	if (!type || type->kind == OP_TYPE_VOID || (type->has_size && !type->size)) {
		*ret = results ? OP_RETURN_UNKNOWN : OP_RETURN_NOTHING;
		return NULL;
	}
	if (!type->has_size || results > 1)
		return NULL;
	return results ? direct_way(question, type, ret) : memory_way(question, type, ret);
}

struct op_error *op_debug_return(struct op_debug_info *info,
				 const struct op_debug_function *function,
				 const struct op_wasm_module *wasm,
				 const struct op_wasm_type_def *signature,
				 struct op_debug_return *ret)
{
	struct question question = {.info = info, .wasm = wasm, .signature = signature};
	Dwarf_Attribute attribute;
	Dwarf_Die entry;
	struct op_error *err = NULL;
	*ret = (struct op_debug_return){.way = OP_RETURN_UNKNOWN};
	if (function->inlined || !op_debug_die(info, function->die, &question.die))
		return NULL;
	if (dwarf_attr_integrate(&question.die, DW_AT_type, &attribute) &&
	    dwarf_formref_die(&attribute, &entry))
		err = op_debug_type(info, op_die_of(&entry), &ret->type);
	return err ?: way_of(&question, ret->type, &ret->way);
}
