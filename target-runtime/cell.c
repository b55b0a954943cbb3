// SPDX-License-Identifier: GPL-3.0-or-later
// Reads one value of a declared type from the place where it stands. Knows how each type is stored,
// not where.
// Sources: crates/environ/src/gc.rs (byte_size_of_wasm_ty_in_gc_heap),
// crates/wasmtime/src/runtime/vm/table.rs (MaybeTaggedFuncRef), vmcontext.rs (VMGlobalDefinition).
#include "target-runtime/cell.h"

#include <string.h>

#include "base/compiler.h"

// Abstract heap types by their signed LEB number, and what a reference to them is kept as.
static const struct {
	int8_t heap_type;
	enum op_value_type value;
} abstract_types[] = {
	{-0x0b, OP_VALUE_CONTREF},   // nocont
	{-0x0c, OP_VALUE_EXNREF},    // noexn
	{-0x0d, OP_VALUE_FUNCREF},   // nofunc
	{-0x0e, OP_VALUE_EXTERNREF}, // noextern
	{-0x0f, OP_VALUE_ANYREF},    // none
	{-0x10, OP_VALUE_FUNCREF},   {-0x11, OP_VALUE_EXTERNREF},
	{-0x12, OP_VALUE_ANYREF},    {-0x13, OP_VALUE_ANYREF}, // eq
	{-0x14, OP_VALUE_ANYREF},                              // i31
	{-0x15, OP_VALUE_ANYREF},                              // struct
	{-0x16, OP_VALUE_ANYREF},                              // array
	{-0x17, OP_VALUE_EXNREF},    {-0x18, OP_VALUE_CONTREF},
};

// References to a type of the module, by what that is.
static const enum op_value_type concrete_types[] = {
	[OP_WASM_FUNC] = OP_VALUE_FUNCREF,
	[OP_WASM_STRUCT] = OP_VALUE_ANYREF,
	[OP_WASM_ARRAY] = OP_VALUE_ANYREF,
	[OP_WASM_CONT] = OP_VALUE_CONTREF,
};

static const struct {
	uint8_t code;
	enum op_value_type value;
	unsigned size;
} number_types[] = {
	{OP_WASM_TYPE_I32, OP_VALUE_I32, 4},    {OP_WASM_TYPE_I64, OP_VALUE_I64, 8},
	{OP_WASM_TYPE_F32, OP_VALUE_F32, 4},    {OP_WASM_TYPE_F64, OP_VALUE_F64, 8},
	{OP_WASM_TYPE_V128, OP_VALUE_V128, 16}, {OP_WASM_TYPE_I8, OP_VALUE_I32, 1},
	{OP_WASM_TYPE_I16, OP_VALUE_I32, 2},
};

static bool reference_value(const struct op_wasm_module *module, const struct op_wasm_type *type,
			    enum op_value_type *ret)
{
	if (type->heap_type >= 0) {
		uint32_t count = 0;
		const struct op_wasm_type_def *types =
			module ? op_wasm_module_types(module, &count) : NULL;
		if ((uint32_t)type->heap_type >= count)
			return false;
		*ret = concrete_types[types[type->heap_type].composite];
		return true;
	}
	for (size_t i = 0; i < OP_ARRAY_SIZE(abstract_types); i++) {
		if (abstract_types[i].heap_type == type->heap_type) {
			*ret = abstract_types[i].value;
			return true;
		}
	}
	return false;
}

bool op_cell_is_number(const struct op_cell *cell)
{
	return cell->type.code != OP_WASM_TYPE_REF;
}

bool op_cell_init(const struct op_wasm_module *module, const struct op_wasm_type *type,
		  enum op_cell_storage storage, struct op_cell *ret)
{
	*ret = (struct op_cell){.type = *type, .value.state = OP_VALUE_UNKNOWN_LAYOUT};
	for (size_t i = 0; i < OP_ARRAY_SIZE(number_types); i++) {
		if (number_types[i].code == type->code) {
			ret->value.type = number_types[i].value;
			ret->size = number_types[i].size;
			return true;
		}
	}
	if (type->code != OP_WASM_TYPE_REF || !reference_value(module, type, &ret->value.type))
		return false;
	// Inside the GC heap a function is a number, as every reference is.
	bool is_small = storage == OP_CELL_HEAP || ret->value.type == OP_VALUE_ANYREF ||
			ret->value.type == OP_VALUE_EXTERNREF || ret->value.type == OP_VALUE_EXNREF;
	ret->size = is_small ? 4 : op_value_type_size(ret->value.type);
	return true;
}

struct op_error *op_cell_read(const struct op_memory *memory, const struct op_wasm_module *module,
			      struct op_host_addr address, const struct op_wasm_type *type,
			      enum op_cell_storage storage, bool is_mutable, struct op_cell *ret)
{
	bool known = op_cell_init(module, type, storage, ret);
	ret->is_mutable = is_mutable;
	ret->value.address = address;
	if (!known)
		return NULL;
	size_t done;
	struct op_error *err =
		memory->read_some(memory->context, address, ret->value.bytes, ret->size, &done);
	if (err)
		return err;
	ret->value.state = done == ret->size ? OP_VALUE_PRESENT : OP_VALUE_UNREADABLE;
	if (done < ret->size)
		memset(ret->value.bytes, 0, sizeof(ret->value.bytes));
	else if (storage == OP_CELL_HEAP && ret->value.type == OP_VALUE_FUNCREF)
		ret->value.state = OP_VALUE_HOST_TABLE;
	return NULL;
}
