// SPDX-License-Identifier: GPL-3.0-or-later
// What the items of a module are called, and the lists of an instance's items that the session
// keeps. Shared by globals.c, items.c and objects.c.
#ifndef OP_TRACER_ITEMS_H
#define OP_TRACER_ITEMS_H

#include "tracer/session.h"
#include "tracer/string_pool.h"

/** The last answer of each function that lists items of an instance. */
struct op_item_lists {
	struct OP_ARRAY(struct op_global_info) globals;
	struct op_string_pool global_strings;
	struct OP_ARRAY(struct op_table_info) tables;
	struct op_string_pool table_strings;
	struct OP_ARRAY(struct op_memory_report) memories;
	struct op_string_pool memory_strings;
	struct OP_ARRAY(struct op_tag_info) tags;
	struct op_string_pool tag_strings;
	struct OP_ARRAY(struct op_import_info) imports;
	struct op_string_pool import_strings;
	struct OP_ARRAY(struct op_export_info) exports;
	struct op_string_pool export_strings;
};

/** Of the session, made when first asked for; NULL when memory is short. */
struct op_item_lists *op_item_lists_of(struct op_session *session);
void op_item_lists_destroy(struct op_session *session);

/** The name section's name of an item; data NULL: none. */
struct op_wasm_name op_item_section_name(const struct op_wasm_module *module,
					 enum op_wasm_external kind, uint32_t index);
/**
 * That, else "module.name" of its import, else the name of an export; NULL when there is none of
 * these.
 */
struct op_error *op_item_name(struct op_string_pool *pool, const struct op_wasm_module *module,
			      enum op_wasm_external kind, uint32_t index, const char **ret);
/** The item that a person called so: by one of the names above. */
bool op_item_find(const struct op_wasm_module *module, enum op_wasm_external kind, uint32_t count,
		  const char *name, size_t size, uint32_t *ret);
/** The name of a type, else "type[3]". */
struct op_error *op_item_type_name(struct op_string_pool *pool, const struct op_wasm_module *module,
				   uint32_t type, const char **ret);
struct op_error *op_item_type_text(struct op_string_pool *pool, const struct op_wasm_type *type,
				   const char **ret);

#endif
