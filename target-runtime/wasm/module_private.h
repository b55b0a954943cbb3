// SPDX-License-Identifier: GPL-3.0-or-later
// What a parsed module is made of, for the files of this folder alone.
#ifndef OP_TARGET_RUNTIME_WASM_MODULE_PRIVATE_H
#define OP_TARGET_RUNTIME_WASM_MODULE_PRIVATE_H

#include "base/array.h"
#include "base/lazy_bytes.h"
#include "target-runtime/wasm/module.h"

enum { OP_WASM_EXTERNAL_COUNT = OP_WASM_EXTERNAL_TAG + 1 };

/**
 * Wasmtime's limits (crates/wasmparser/src/limits.rs in wasm-tools): it runs no module beyond
 * them, so a module that has more is not one to spend memory on.
 */
enum {
	OP_WASM_ITEMS_MAX = 1000000,
	OP_WASM_PARAMS_MAX = 1000,
	OP_WASM_FIELDS_MAX = 10000,
	OP_WASM_LOCALS_MAX = 50000,
};

/** What is computed when it is first asked for; a module is const for its users all the same. */
struct op_wasm_names;
struct op_wasm_locals;

struct op_wasm_module {
	struct op_bytes bytes;
	struct op_lazy_bytes *lazy; /**< borrowed; NULL: all bytes are there */
	struct OP_ARRAY(struct op_wasm_type_def) types;
	// The lists of parameters, results and fields of all types, one after the other. Never
	// moved: allocated at their limit.
	struct op_wasm_type *type_list;
	struct op_wasm_field *field_list;
	size_t type_list_count, field_list_count;
	struct OP_ARRAY(struct op_wasm_import) imports;
	struct OP_ARRAY(struct op_wasm_export) exports;
	struct OP_ARRAY(uint32_t) functions; /**< type indices, by full index */
	struct OP_ARRAY(struct op_wasm_table) tables;
	struct OP_ARRAY(struct op_wasm_limits) memories;
	struct OP_ARRAY(struct op_wasm_global) globals;
	struct OP_ARRAY(uint32_t) tags;
	struct OP_ARRAY(struct op_wasm_custom) customs;
	struct OP_ARRAY(struct op_wasm_body)
		bodies; /**< by full index - imported[FUNC], ascending by offset */
	uint32_t imported[OP_WASM_EXTERNAL_COUNT];
	uint32_t code_start, code_end; /**< the code section's contents */
	bool has_start;
	uint32_t start;
	struct op_wasm_names *names;
	struct op_wasm_locals *locals;
};

/** Read all sections into an empty module. */
struct op_error *op_wasm_sections_read(struct op_wasm_module *module);

/** Make room for the types of a section of @p section_size bytes. */
struct op_error *op_wasm_type_section_begin(struct op_wasm_module *module, size_t section_size);
/** Read one entry of the type section: a type or a recursion group. */
struct op_error *op_wasm_type_section_item(struct op_wasm_module *module, struct op_reader *r);

struct op_wasm_names *op_wasm_names_create(void);
void op_wasm_names_destroy(struct op_wasm_names *names);

struct op_wasm_locals *op_wasm_locals_create(void);
void op_wasm_locals_destroy(struct op_wasm_locals *locals);
/** Read past the local declarations at the start of a body. */
struct op_error *op_wasm_locals_skip(struct op_reader *r);

/** A name: its size in bytes, and the bytes. */
struct op_error *op_wasm_name_read(struct op_reader *r, struct op_wasm_name *ret);

#endif
