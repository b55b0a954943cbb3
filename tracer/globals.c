// SPDX-License-Identifier: GPL-3.0-or-later
// The globals of an instance, for the public interface.
#include <fnmatch.h>
#include <inttypes.h>

#include "target-runtime/global.h"
#include "tracer/items.h"
#include "tracer/state.h"

struct op_error *op_session_globals(struct op_session *session, const struct op_frame *frame,
				    const char *pattern, const struct op_global_info **ret,
				    size_t *ret_count)
{
	struct op_item_lists *lists = op_item_lists_of(session);
	if (!lists)
		return op_error_no_memory();
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_error *err = op_state_module_scope(session, frame, &scope, &module);
	if (err)
		return err;
	op_string_pool_clear(&lists->global_strings);
	lists->globals.count = 0;
	size_t store_count;
	const struct op_store *stores = op_store_set_stores(scope.set, &store_count);
	uint32_t count;
	const struct op_wasm_global *declared = op_wasm_module_globals(module, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (op_cancelled(&session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		struct op_global_info info = {
			.index = i,
			.is_mutable = declared[i].is_mutable,
			.imported = i < op_wasm_module_imported(module, OP_WASM_EXTERNAL_GLOBAL),
		};
		err = op_item_name(&lists->global_strings, module, OP_WASM_EXTERNAL_GLOBAL, i,
				   &info.name);
		if (err)
			return err;
		if (pattern && (!info.name || fnmatch(pattern, info.name, 0)))
			continue;
		struct op_cell cell;
		err = op_instance_global(scope.set, scope.instance, i, &cell);
		if (!err)
			err = op_item_type_text(&lists->global_strings, &declared[i].type,
						&info.type);
		if (err)
			return err;
		info.value = cell.value;
		info.store = stores[scope.instance->store].address;
		if (!op_array_push(&lists->globals, info))
			return op_error_no_memory();
	}
	*ret = lists->globals.data;
	*ret_count = lists->globals.count;
	return NULL;
}
