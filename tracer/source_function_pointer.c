// SPDX-License-Identifier: GPL-3.0-or-later
// Function pointers of the guest's language are indices into its function table, which compilers
// make table 0; see source_render.h.
#include <string.h>

#include "target-runtime/dwarf/demangle.h"
#include "target-runtime/function_ref.h"
#include "target-runtime/table.h"
#include "tracer/source_render.h"
#include "tracer/state.h"

static struct op_error *function_of(struct op_render *x, struct op_artifact *artifact,
				    uint32_t module, uint32_t function, const char **ret)
{
	struct op_module_entry *entry = op_module_by_artifact(x->session, artifact, module);
	const char *name = entry ? op_module_function_name(entry, function) : NULL;
	_cleanup_free_ char *plain = name ? op_demangle(name, true) : NULL;
	*ret = name;
	if (!plain)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	// Demanglers decode what names of other alphabets are written in.
	op_text_append_escaped(&text, plain, strlen(plain));
	return op_render_keep(x, &text, ret);
}

static struct op_error *written_function(struct op_render *x, const struct op_store_set *set,
					 const struct op_table_element *element, const char **ret)
{
	struct op_function_ref function;
	struct op_error *err = op_function_ref_read(
		set, op_host_addr(op_value_bits(&element->cell.value)), &function);
	if (err || function.kind == OP_FUNCTION_REF_NULL || function.kind == OP_FUNCTION_REF_BAD)
		return err;
	if (function.kind == OP_FUNCTION_REF_GUEST)
		return function_of(x, function.artifact, function.module, function.function, ret);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	err = op_function_ref_text(&function, &text);
	return err ?: op_render_keep(x, &text, ret);
}

struct op_error *op_render_function_name(struct op_render *x, uint64_t index, const char **ret)
{
	struct op_scope scope;
	struct op_table_state table;
	struct op_table_element element;
	*ret = NULL;
	struct op_error *err = op_state_scope(x->session, x->frame, &scope);
	if (!err)
		err = op_instance_table(scope.set, scope.instance, 0, &table);
	if (!err)
		err = op_table_elements(scope.set, &table, index, 1, &element);
	if (err)
		return err;
	if (!element.lazy)
		return element.cell.value.state == OP_VALUE_PRESENT
			       ? written_function(x, scope.set, &element, ret)
			       : NULL;
	if (!element.lazy_known || element.lazy_null || !table.owner || !table.owner->artifact)
		return NULL;
	return function_of(x, table.owner->artifact, table.owner->module, element.lazy_function,
			   ret);
}
