// SPDX-License-Identifier: GPL-3.0-or-later
// A parsed module and the answers to questions about it. How the sections are read is in
// sections.c.
#include "target-runtime/wasm/module.h"

#include "target-runtime/wasm/module_private.h"

static void module_destroyp(struct op_wasm_module **module)
{
	op_wasm_module_destroy(*module);
}

struct op_error *op_wasm_module_create(const struct op_bytes *bytes, struct op_wasm_module **ret)
{
	return op_wasm_module_create_lazy(bytes, NULL, ret);
}

struct op_error *op_wasm_module_create_lazy(const struct op_bytes *bytes,
					    struct op_lazy_bytes *lazy, struct op_wasm_module **ret)
{
	if (bytes->size > UINT32_MAX)
		return op_error_create(
			OP_ERROR_LIMIT,
			"%s: a module of %zu bytes is larger than WebAssembly allows",
			bytes->what ?: "input", bytes->size);
	_cleanup_(module_destroyp) struct op_wasm_module *module = calloc(1, sizeof(*module));
	if (!module)
		return op_error_no_memory();
	module->bytes = *bytes;
	module->lazy = lazy;
	module->names = op_wasm_names_create();
	module->locals = op_wasm_locals_create();
	if (!module->names || !module->locals)
		return op_error_no_memory();
	struct op_error *error = op_wasm_sections_read(module);
	if (error)
		return error;
	*ret = op_take(module);
	return NULL;
}

void op_wasm_module_destroy(struct op_wasm_module *module)
{
	if (!module)
		return;
	op_wasm_names_destroy(module->names);
	op_wasm_locals_destroy(module->locals);
	free(module->types.data);
	free(module->type_list);
	free(module->field_list);
	free(module->imports.data);
	free(module->exports.data);
	free(module->functions.data);
	free(module->tables.data);
	free(module->memories.data);
	free(module->globals.data);
	free(module->tags.data);
	free(module->customs.data);
	free(module->bodies.data);
	free(module);
}

struct op_error *op_wasm_module_need(const struct op_wasm_module *module,
				     const struct op_bytes *part)
{
	return op_lazy_bytes_need(module->lazy, part->data, part->size);
}

struct op_lazy_bytes *op_wasm_module_lazy(const struct op_wasm_module *module)
{
	return module->lazy;
}

const struct op_bytes *op_wasm_module_bytes(const struct op_wasm_module *module)
{
	return &module->bytes;
}

const struct op_wasm_type_def *op_wasm_module_types(const struct op_wasm_module *module,
						    uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->types.count;
	return module->types.data;
}

const struct op_wasm_import *op_wasm_module_imports(const struct op_wasm_module *module,
						    uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->imports.count;
	return module->imports.data;
}

const struct op_wasm_export *op_wasm_module_exports(const struct op_wasm_module *module,
						    uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->exports.count;
	return module->exports.data;
}

const struct op_wasm_table *op_wasm_module_tables(const struct op_wasm_module *module,
						  uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->tables.count;
	return module->tables.data;
}

const struct op_wasm_limits *op_wasm_module_memories(const struct op_wasm_module *module,
						     uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->memories.count;
	return module->memories.data;
}

const struct op_wasm_global *op_wasm_module_globals(const struct op_wasm_module *module,
						    uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->globals.count;
	return module->globals.data;
}

const uint32_t *op_wasm_module_tags(const struct op_wasm_module *module, uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->tags.count;
	return module->tags.data;
}

const struct op_wasm_custom *op_wasm_module_customs(const struct op_wasm_module *module,
						    uint32_t *ret_count)
{
	*ret_count = (uint32_t)module->customs.count;
	return module->customs.data;
}

uint32_t op_wasm_module_imported(const struct op_wasm_module *module, enum op_wasm_external kind)
{
	return (unsigned)kind < OP_WASM_EXTERNAL_COUNT ? module->imported[kind] : 0;
}

uint32_t op_wasm_module_function_count(const struct op_wasm_module *module)
{
	return (uint32_t)module->functions.count;
}

const struct op_wasm_type_def *op_wasm_module_function_type(const struct op_wasm_module *module,
							    uint32_t index)
{
	if (index >= module->functions.count ||
	    module->functions.data[index] >= module->types.count)
		return NULL;
	const struct op_wasm_type_def *type = &module->types.data[module->functions.data[index]];
	return type->composite == OP_WASM_FUNC ? type : NULL;
}

bool op_wasm_module_function_body(const struct op_wasm_module *module, uint32_t index,
				  struct op_wasm_body *ret)
{
	uint32_t imported = module->imported[OP_WASM_EXTERNAL_FUNC];
	if (index < imported || index - imported >= module->bodies.count)
		return false;
	*ret = module->bodies.data[index - imported];
	return true;
}

void op_wasm_module_code_section(const struct op_wasm_module *module, uint32_t *ret_start,
				 uint32_t *ret_end)
{
	*ret_start = module->code_start;
	*ret_end = module->code_end;
}

bool op_wasm_module_function_at(const struct op_wasm_module *module, uint32_t offset,
				uint32_t *ret_index)
{
	size_t low = 0, high = module->bodies.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct op_wasm_body *body = &module->bodies.data[middle];
		if (offset < body->start) {
			high = middle;
		} else if (offset >= body->end) {
			low = middle + 1;
		} else {
			*ret_index = module->imported[OP_WASM_EXTERNAL_FUNC] + (uint32_t)middle;
			return true;
		}
	}
	return false;
}

bool op_wasm_module_start_function(const struct op_wasm_module *module, uint32_t *ret_index)
{
	if (module->has_start)
		*ret_index = module->start;
	return module->has_start;
}
