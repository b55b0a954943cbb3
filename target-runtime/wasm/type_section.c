// SPDX-License-Identifier: GPL-3.0-or-later
// The type section: function, struct, array and continuation types, their recursion groups
// flattened.
//
// Source: WebAssembly core specification 3.0, binary format, "Recursive Types"; the stack-switching
// proposal (cont).
#include <inttypes.h>

#include "target-runtime/wasm/module_private.h"
#include "target-runtime/wasm/types.h"

enum {
	TYPE_REC = 0x4e,
	TYPE_SUB_FINAL = 0x4f,
	TYPE_SUB = 0x50,
	TYPE_CONT = 0x5d,
	TYPE_ARRAY = 0x5e,
	TYPE_STRUCT = 0x5f,
	TYPE_FUNC = 0x60,
};

struct op_error *op_wasm_type_section_begin(struct op_wasm_module *module, size_t section_size)
{
	// A value type takes at least one byte, a field two, so these never grow and the pointers
	// into them stay.
	module->type_list = malloc(section_size * sizeof(*module->type_list) + 1);
	module->field_list = malloc((section_size / 2 + 1) * sizeof(*module->field_list));
	return module->type_list && module->field_list ? NULL : op_error_no_memory();
}

static struct op_error *count_read(struct op_reader *r, const char *what, uint32_t limit,
				   uint32_t *ret)
{
	struct op_reader start = *r;
	struct op_error *error = op_reader_uleb32(r, ret);
	if (!error && (*ret > limit || *ret > op_reader_left(r)))
		return op_reader_fail(
			&start, "%" PRIu32 " %s do not fit, or are beyond the limit of %" PRIu32,
			*ret, what, limit);
	return error;
}

static struct op_error *type_list_read(struct op_wasm_module *module, struct op_reader *r,
				       const char *what, const struct op_wasm_type **ret,
				       uint32_t *ret_count)
{
	struct op_error *error = count_read(r, what, OP_WASM_PARAMS_MAX, ret_count);
	*ret = module->type_list + module->type_list_count;
	for (uint32_t i = 0; !error && i < *ret_count; i++)
		error = op_wasm_type_read(r, &module->type_list[module->type_list_count++]);
	return error;
}

static struct op_error *func_read(struct op_wasm_module *module, struct op_reader *r,
				  struct op_wasm_type_def *type)
{
	type->composite = OP_WASM_FUNC;
	struct op_error *error =
		type_list_read(module, r, "parameters", &type->params, &type->param_count);
	return error ?: type_list_read(module, r, "results", &type->results, &type->result_count);
}

static struct op_error *field_list_read(struct op_wasm_module *module, struct op_reader *r,
					struct op_wasm_type_def *type, uint32_t count)
{
	type->fields = module->field_list + module->field_list_count;
	type->field_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct op_wasm_field field;
		uint8_t is_mutable;
		struct op_error *error = op_wasm_storage_type_read(r, &field.type);
		if (!error)
			error = op_reader_u8(r, &is_mutable);
		if (error)
			return error;
		if (is_mutable > 1)
			return op_reader_fail(r, "a field is neither constant nor mutable");
		field.is_mutable = is_mutable;
		module->field_list[module->field_list_count++] = field;
	}
	return NULL;
}

static struct op_error *struct_read(struct op_wasm_module *module, struct op_reader *r,
				    struct op_wasm_type_def *type)
{
	type->composite = OP_WASM_STRUCT;
	uint32_t count;
	struct op_error *error = count_read(r, "fields", OP_WASM_FIELDS_MAX, &count);
	return error ?: field_list_read(module, r, type, count);
}

static struct op_error *array_read(struct op_wasm_module *module, struct op_reader *r,
				   struct op_wasm_type_def *type)
{
	type->composite = OP_WASM_ARRAY;
	return field_list_read(module, r, type, 1);
}

static struct op_error *cont_read(struct op_wasm_module *module, struct op_reader *r,
				  struct op_wasm_type_def *type)
{
	type->composite = OP_WASM_CONT;
	int32_t index;
	struct op_error *error = op_wasm_heap_type_read(r, &index);
	if (!error && index < 0)
		return op_reader_fail(r, "a continuation of something that is not a function type");
	if (!error)
		type->cont_type = (uint32_t)index;
	return error;
}

static const struct {
	uint8_t byte;
	struct op_error *(*read)(struct op_wasm_module *module, struct op_reader *r,
				 struct op_wasm_type_def *type);
} composites[] = {
	{TYPE_FUNC, func_read},
	{TYPE_STRUCT, struct_read},
	{TYPE_ARRAY, array_read},
	{TYPE_CONT, cont_read},
};

static struct op_error *sub_type_read(struct op_wasm_module *module, struct op_reader *r)
{
	if (module->types.count == OP_WASM_ITEMS_MAX)
		return op_error_create(OP_ERROR_LIMIT, "%s: more than %d types", r->what,
				       OP_WASM_ITEMS_MAX);
	struct op_reader start = *r;
	uint8_t byte;
	struct op_error *error = op_reader_u8(r, &byte);
	if (!error && (byte == TYPE_SUB || byte == TYPE_SUB_FINAL)) {
		uint32_t count, supertype;
		error = count_read(r, "supertypes", OP_WASM_ITEMS_MAX, &count);
		for (uint32_t i = 0; !error && i < count; i++)
			error = op_reader_uleb32(r, &supertype);
		start = *r;
		if (!error)
			error = op_reader_u8(r, &byte);
	}
	if (error)
		return error;
	for (size_t i = 0; i < OP_ARRAY_SIZE(composites); i++) {
		if (composites[i].byte != byte)
			continue;
		struct op_wasm_type_def type = {0};
		error = composites[i].read(module, r, &type);
		if (!error && !op_array_push(&module->types, type))
			return op_error_no_memory();
		return error;
	}
	return op_reader_fail(&start, "0x%02x does not start a type that outpost knows", byte);
}

struct op_error *op_wasm_type_section_item(struct op_wasm_module *module, struct op_reader *r)
{
	struct op_reader start = *r;
	uint8_t byte;
	struct op_error *error = op_reader_u8(r, &byte);
	if (error)
		return error;
	if (byte != TYPE_REC) {
		*r = start;
		return sub_type_read(module, r);
	}
	uint32_t count;
	error = count_read(r, "types of a recursion group", OP_WASM_ITEMS_MAX, &count);
	for (uint32_t i = 0; !error && i < count; i++)
		error = sub_type_read(module, r);
	return error;
}
