// SPDX-License-Identifier: GPL-3.0-or-later
// The tables, memories, tags, imports and exports of an instance, for the public interface, and
// what items are called.
#include "tracer/items.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/linkage.h"
#include "target-runtime/table.h"
#include "target-runtime/wasm/type_names.h"
#include "tracer/state.h"

struct op_item_lists *op_item_lists_of(struct op_session *session)
{
	if (!session->items)
		session->items = calloc(1, sizeof(*session->items));
	return session->items;
}

void op_item_lists_destroy(struct op_session *session)
{
	struct op_item_lists *lists = op_take(session->items);
	if (!lists)
		return;
	struct op_string_pool *pools[] = {&lists->global_strings, &lists->table_strings,
					  &lists->memory_strings, &lists->tag_strings,
					  &lists->import_strings, &lists->export_strings};
	for (size_t i = 0; i < OP_ARRAY_SIZE(pools); i++)
		op_string_pool_deinit(pools[i]);
	free(lists->globals.data);
	free(lists->tables.data);
	free(lists->memories.data);
	free(lists->tags.data);
	free(lists->imports.data);
	free(lists->exports.data);
	free(lists);
}

// Names ---------------------------------------------------------------------------------------

struct op_wasm_name op_item_section_name(const struct op_wasm_module *module,
					 enum op_wasm_external kind, uint32_t index)
{
	static struct op_wasm_name (*const sources[])(const struct op_wasm_module *module,
						      uint32_t index) = {
		[OP_WASM_EXTERNAL_FUNC] = op_wasm_module_function_name,
		[OP_WASM_EXTERNAL_TABLE] = op_wasm_module_table_name,
		[OP_WASM_EXTERNAL_MEMORY] = op_wasm_module_memory_name,
		[OP_WASM_EXTERNAL_GLOBAL] = op_wasm_module_global_name,
		[OP_WASM_EXTERNAL_TAG] = op_wasm_module_tag_name,
	};
	return sources[kind](module, index);
}

static const struct op_wasm_import *import_of(const struct op_wasm_module *module,
					      enum op_wasm_external kind, uint32_t index)
{
	uint32_t count;
	const struct op_wasm_import *imports = op_wasm_module_imports(module, &count);
	for (uint32_t i = 0; i < count; i++)
		if (imports[i].kind == kind && imports[i].index == index)
			return &imports[i];
	return NULL;
}

static const struct op_wasm_export *export_of(const struct op_wasm_module *module,
					      enum op_wasm_external kind, uint32_t index)
{
	uint32_t count;
	const struct op_wasm_export *exports = op_wasm_module_exports(module, &count);
	for (uint32_t i = 0; i < count; i++)
		if (exports[i].kind == kind && exports[i].index == index)
			return &exports[i];
	return NULL;
}

struct op_error *op_item_name(struct op_string_pool *pool, const struct op_wasm_module *module,
			      enum op_wasm_external kind, uint32_t index, const char **ret)
{
	struct op_wasm_name name = op_item_section_name(module, kind, index);
	const struct op_wasm_import *import = name.data ? NULL : import_of(module, kind, index);
	if (import) {
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		op_text_append_escaped(&text, import->module.data, import->module.size);
		op_text_append_char(&text, '.');
		op_text_append_escaped(&text, import->name.data, import->name.size);
		return op_string_pool_take(pool, &text, ret);
	}
	const struct op_wasm_export *export = name.data ? NULL : export_of(module, kind, index);
	return op_string_pool_name(pool, export ? export->name : name, ret);
}

static bool same(struct op_wasm_name name, const char *text, size_t size)
{
	return name.data && name.size == size && !memcmp(name.data, text, size);
}

bool op_item_find(const struct op_wasm_module *module, enum op_wasm_external kind, uint32_t count,
		  const char *name, size_t size, uint32_t *ret)
{
	for (uint32_t i = 0; i < count; i++) {
		*ret = i;
		if (same(op_item_section_name(module, kind, i), name, size))
			return true;
	}
	uint32_t export_count, import_count;
	const struct op_wasm_export *exports = op_wasm_module_exports(module, &export_count);
	for (uint32_t i = 0; i < export_count; i++) {
		*ret = exports[i].index;
		if (exports[i].kind == kind && same(exports[i].name, name, size))
			return true;
	}
	const struct op_wasm_import *imports = op_wasm_module_imports(module, &import_count);
	for (uint32_t i = 0; i < import_count; i++) {
		size_t module_size = imports[i].module.size;
		*ret = imports[i].index;
		if (imports[i].kind != kind)
			continue;
		if (same(imports[i].name, name, size))
			return true;
		if (size > module_size && name[module_size] == '.' &&
		    same(imports[i].module, name, module_size) &&
		    same(imports[i].name, name + module_size + 1, size - module_size - 1))
			return true;
	}
	return false;
}

struct op_error *op_item_type_name(struct op_string_pool *pool, const struct op_wasm_module *module,
				   uint32_t type, const char **ret)
{
	struct op_wasm_name name = op_wasm_module_type_name(module, type);
	if (name.size)
		return op_string_pool_name(pool, name, ret);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_printf(&text, "type[%" PRIu32 "]", type);
	return op_string_pool_take(pool, &text, ret);
}

struct op_error *op_item_type_text(struct op_string_pool *pool, const struct op_wasm_type *type,
				   const char **ret)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_wasm_type_text(type, &text);
	return op_string_pool_take(pool, &text, ret);
}

const char *op_item_kind_name(enum op_item_kind kind)
{
	static const char *const names[] = {[OP_ITEM_FUNCTION] = "function",
					    [OP_ITEM_TABLE] = "table",
					    [OP_ITEM_MEMORY] = "memory",
					    [OP_ITEM_GLOBAL] = "global",
					    [OP_ITEM_TAG] = "tag"};
	return (unsigned)kind < OP_ARRAY_SIZE(names) ? names[kind] : "unknown";
}

static enum op_item_kind item_kind(enum op_wasm_external kind)
{
	static const enum op_item_kind kinds[] = {
		[OP_WASM_EXTERNAL_FUNC] = OP_ITEM_FUNCTION,
		[OP_WASM_EXTERNAL_TABLE] = OP_ITEM_TABLE,
		[OP_WASM_EXTERNAL_MEMORY] = OP_ITEM_MEMORY,
		[OP_WASM_EXTERNAL_GLOBAL] = OP_ITEM_GLOBAL,
		[OP_WASM_EXTERNAL_TAG] = OP_ITEM_TAG,
	};
	return kinds[kind];
}

// Begin a list: its scope and its module; what was in it is gone.
static struct op_error *begin(struct op_session *session, const struct op_frame *frame,
			      struct op_scope *scope, const struct op_wasm_module **module,
			      struct op_item_lists **lists)
{
	*lists = op_item_lists_of(session);
	if (!*lists)
		return op_error_no_memory();
	return op_state_module_scope(session, frame, scope, module);
}

/** The same, for what is neither a memory nor a global: of a made-up module nobody knows it. */
static struct op_error *begin_declared(struct op_session *session, const struct op_frame *frame,
				       struct op_scope *scope, const struct op_wasm_module **module,
				       struct op_item_lists **lists)
{
	struct op_error *err = begin(session, frame, scope, module, lists);
	const struct op_module_entry *entry =
		err ? NULL
		    : op_module_by_artifact(session, scope->instance->artifact,
					    scope->instance->module);
	if (!entry || !entry->info.made_up)
		return err;
	return op_error_create(
		OP_ERROR_UNSUPPORTED,
		"a Wasm core dump tells memories and globals alone: what else module %s "
		"has is in its own file, which \"core\" takes behind --module",
		entry->name);
}

// A sentence in place of what could not be read; only a target that is gone and the like end a
// listing.
static struct op_error *as_problem(struct op_error *err, struct op_string_pool *pool,
				   const char **ret)
{
	if (err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY ||
	    err->code == OP_ERROR_INTERRUPTED)
		return err;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append(&text, err->message);
	op_error_destroy(err);
	return op_string_pool_take(pool, &text, ret);
}

// Tables --------------------------------------------------------------------------------------

struct op_error *op_session_tables(struct op_session *session, const struct op_frame *frame,
				   const struct op_table_info **ret, size_t *ret_count)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_item_lists *lists;
	struct op_error *err = begin_declared(session, frame, &scope, &module, &lists);
	if (err)
		return err;
	op_string_pool_clear(&lists->table_strings);
	lists->tables.count = 0;
	uint32_t count;
	const struct op_wasm_table *declared = op_wasm_module_tables(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct op_table_info info = {
			.index = i,
			.minimum = declared[i].limits.minimum,
			.maximum = declared[i].limits.maximum,
			.has_maximum = declared[i].limits.has_maximum,
			.is_64 = declared[i].limits.is_64,
			.imported = i < op_wasm_module_imported(module, OP_WASM_EXTERNAL_TABLE),
		};
		struct op_table_state state;
		err = op_instance_table(scope.set, scope.instance, i, &state);
		if (err)
			err = as_problem(err, &lists->table_strings, &info.problem);
		else
			info.size = state.size;
		if (!err)
			err = op_item_name(&lists->table_strings, module, OP_WASM_EXTERNAL_TABLE, i,
					   &info.name);
		if (!err)
			err = op_item_type_text(&lists->table_strings, &declared[i].type,
						&info.type);
		if (err)
			return err;
		if (!op_array_push(&lists->tables, info))
			return op_error_no_memory();
	}
	*ret = lists->tables.data;
	*ret_count = lists->tables.count;
	return NULL;
}

// Memories ------------------------------------------------------------------------------------

static struct op_memory_report describe_memory(uint32_t index, const struct op_wasm_limits *limits,
					       bool imported)
{
	struct op_memory_report report = {
		.index = index,
		.page_size = (uint64_t)1 << limits->page_size_log2,
		.has_maximum = limits->has_maximum,
		.is_64 = limits->is_64,
		.shared = limits->shared,
		.imported = imported,
	};
	// 2^48 pages of 64 KiB are 2^64 bytes.
	if (limits->has_maximum && limits->maximum > UINT64_MAX >> limits->page_size_log2)
		report.maximum = UINT64_MAX;
	else if (limits->has_maximum)
		report.maximum = limits->maximum << limits->page_size_log2;
	return report;
}

struct op_error *op_session_memory_reports(struct op_session *session, const struct op_frame *frame,
					   const struct op_memory_report **ret, size_t *ret_count)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_item_lists *lists;
	struct op_error *err = begin(session, frame, &scope, &module, &lists);
	if (err)
		return err;
	op_string_pool_clear(&lists->memory_strings);
	lists->memories.count = 0;
	uint32_t count;
	const struct op_wasm_limits *declared = op_wasm_module_memories(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct op_memory_report report = describe_memory(
			i, &declared[i],
			i < op_wasm_module_imported(module, OP_WASM_EXTERNAL_MEMORY));
		struct op_memory_details details;
		err = op_instance_memory_details(scope.set, scope.instance, i, &details);
		if (err) {
			err = as_problem(err, &lists->memory_strings, &report.problem);
		} else {
			report.base = details.state.base;
			report.size = details.state.size;
			report.has_reservation = details.has_reservation;
			report.reservation = details.reservation;
		}
		if (!err)
			err = op_item_name(&lists->memory_strings, module, OP_WASM_EXTERNAL_MEMORY,
					   i, &report.name);
		if (err)
			return err;
		if (!op_array_push(&lists->memories, report))
			return op_error_no_memory();
	}
	*ret = lists->memories.data;
	*ret_count = lists->memories.count;
	return NULL;
}

// Tags ----------------------------------------------------------------------------------------

static struct op_error *tag_type(struct op_string_pool *pool, const struct op_wasm_module *module,
				 uint32_t type_index, const char **ret)
{
	uint32_t count;
	const struct op_wasm_type_def *types = op_wasm_module_types(module, &count);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_char(&text, '(');
	for (uint32_t i = 0; type_index < count && i < types[type_index].param_count; i++) {
		op_text_append(&text, i ? ", " : "");
		op_wasm_type_text(&types[type_index].params[i], &text);
	}
	op_text_append_char(&text, ')');
	return op_string_pool_take(pool, &text, ret);
}

struct op_error *op_session_tags(struct op_session *session, const struct op_frame *frame,
				 const struct op_tag_info **ret, size_t *ret_count)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_item_lists *lists;
	struct op_error *err = begin_declared(session, frame, &scope, &module, &lists);
	if (err)
		return err;
	op_string_pool_clear(&lists->tag_strings);
	lists->tags.count = 0;
	uint32_t count;
	const uint32_t *types = op_wasm_module_tags(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct op_tag_info info = {
			.index = i,
			.imported = i < op_wasm_module_imported(module, OP_WASM_EXTERNAL_TAG)};
		err = op_item_name(&lists->tag_strings, module, OP_WASM_EXTERNAL_TAG, i,
				   &info.name);
		if (!err)
			err = tag_type(&lists->tag_strings, module, types[i], &info.type);
		if (err)
			return err;
		if (!op_array_push(&lists->tags, info))
			return op_error_no_memory();
	}
	*ret = lists->tags.data;
	*ret_count = lists->tags.count;
	return NULL;
}

// Imports and exports -------------------------------------------------------------------------

static struct op_error *describe_import(const struct op_scope *scope, uint32_t index,
					struct op_string_pool *pool, struct op_import_info *ret)
{
	struct op_binding binding;
	struct op_error *err = op_instance_import(scope->set, scope->instance, index, &binding);
	if (err)
		return as_problem(err, pool, &ret->problem);
	ret->problem = binding.problem;
	ret->address = binding.definition;
	ret->has_index = binding.has_index;
	ret->instance_index = binding.index;
	ret->instance = op_state_number(scope->set, binding.instance);
	ret->bound_to_host = !binding.problem &&
			     (!binding.vmctx.value ||
			      (binding.instance && binding.instance->kind == OP_INSTANCE_HOST));
	if (ret->kind != OP_ITEM_FUNCTION || binding.problem)
		return NULL;
	const struct op_function_ref *function = &binding.function;
	ret->bound_to_host = function->kind == OP_FUNCTION_REF_HOST ||
			     function->kind == OP_FUNCTION_REF_COMPONENT;
	ret->address = function->code;
	ret->instance = op_state_number(scope->set, function->instance);
	ret->has_index = function->kind == OP_FUNCTION_REF_GUEST;
	ret->instance_index = function->function;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	err = op_function_ref_text(function, &text);
	return err ?: op_string_pool_take(pool, &text, &ret->function);
}

struct op_error *op_session_imports(struct op_session *session, const struct op_frame *frame,
				    const struct op_import_info **ret, size_t *ret_count)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_item_lists *lists;
	struct op_error *err = begin_declared(session, frame, &scope, &module, &lists);
	if (err)
		return err;
	op_string_pool_clear(&lists->import_strings);
	lists->imports.count = 0;
	uint32_t count;
	const struct op_wasm_import *imports = op_wasm_module_imports(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (op_cancelled(&session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		struct op_import_info info = {.kind = item_kind(imports[i].kind),
					      .index = imports[i].index,
					      .instance = UINT32_MAX};
		err = op_string_pool_name(&lists->import_strings, imports[i].module, &info.module);
		if (!err)
			err = op_string_pool_name(&lists->import_strings, imports[i].name,
						  &info.name);
		if (!err)
			err = describe_import(&scope, i, &lists->import_strings, &info);
		if (err)
			return err;
		if (!op_array_push(&lists->imports, info))
			return op_error_no_memory();
	}
	*ret = lists->imports.data;
	*ret_count = lists->imports.count;
	return NULL;
}

struct op_error *op_session_exports(struct op_session *session, const struct op_frame *frame,
				    const struct op_export_info **ret, size_t *ret_count)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_item_lists *lists;
	struct op_error *err = begin_declared(session, frame, &scope, &module, &lists);
	if (err)
		return err;
	op_string_pool_clear(&lists->export_strings);
	lists->exports.count = 0;
	uint32_t count;
	const struct op_wasm_export *exports = op_wasm_module_exports(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct op_export_info info = {.kind = item_kind(exports[i].kind),
					      .index = exports[i].index};
		err = op_string_pool_name(&lists->export_strings, exports[i].name, &info.name);
		if (!err)
			err = op_string_pool_name(
				&lists->export_strings,
				op_item_section_name(module, exports[i].kind, exports[i].index),
				&info.item);
		if (err)
			return err;
		if (!op_array_push(&lists->exports, info))
			return op_error_no_memory();
	}
	*ret = lists->exports.data;
	*ret_count = lists->exports.count;
	return NULL;
}
