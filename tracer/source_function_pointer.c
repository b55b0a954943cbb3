// SPDX-License-Identifier: GPL-3.0-or-later
// Function pointers of the guest's language are indices into its function table, which compilers
// make table 0; see source_render.h.
#include <string.h>

#include "target-runtime/dwarf/demangle.h"
#include "target-runtime/function_ref.h"
#include "target-runtime/table.h"
#include "tracer/source_render.h"
#include "tracer/state.h"

// What an element of the table is; kind NULL: nothing that is known.
static struct op_error *read_element(const struct op_store_set *set,
				     const struct op_table_state *table,
				     const struct op_table_element *element,
				     struct op_function_ref *ret)
{
	*ret = (struct op_function_ref){.kind = OP_FUNCTION_REF_NULL};
	if (!element->lazy)
		return element->cell.value.state == OP_VALUE_PRESENT
			       ? op_function_ref_read(
					 set, op_host_addr(op_value_bits(&element->cell.value)),
					 ret)
			       : NULL;
	// Wasmtime has not written it yet: the module says what it will be.
	if (!element->lazy_known || element->lazy_null || !table->owner || !table->owner->artifact)
		return NULL;
	ret->kind = OP_FUNCTION_REF_GUEST;
	ret->artifact = table->owner->artifact;
	ret->module = table->owner->module;
	ret->function = element->lazy_function;
	return NULL;
}

static struct op_error *find_function(struct op_render *x, uint64_t index,
				      struct op_function_ref *ret)
{
	struct op_scope scope;
	struct op_table_state table;
	struct op_table_element element;
	struct op_error *err = op_state_scope(x->session, x->frame, &scope);
	if (!err)
		err = op_instance_table(scope.set, scope.instance, 0, &table);
	if (!err)
		err = op_table_elements(scope.set, &table, index, 1, &element);
	return err ?: read_element(scope.set, &table, &element, ret);
}

struct op_error *op_render_guest_function(struct op_render *x, uint64_t index,
					  struct op_module_entry **ret_module,
					  uint32_t *ret_function)
{
	struct op_function_ref function;
	*ret_module = NULL;
	struct op_error *err = find_function(x, index, &function);
	if (err || function.kind != OP_FUNCTION_REF_GUEST)
		return err;
	*ret_module = op_module_by_artifact(x->session, function.artifact, function.module);
	*ret_function = function.function;
	return NULL;
}

struct op_error *op_render_plain_name(struct op_render *x, struct op_module_entry *module,
				      uint32_t function, const char **ret)
{
	*ret = op_module_function_name(module, function);
	_cleanup_free_ char *plain = *ret ? op_demangle(*ret, true) : NULL;
	if (!plain)
		return NULL;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	// Demanglers decode what names of other alphabets are written in.
	op_text_append_escaped(&text, plain, strlen(plain));
	return op_render_keep(x, &text, ret);
}

struct op_error *op_render_function_name(struct op_render *x, uint64_t index, const char **ret)
{
	struct op_function_ref function;
	*ret = NULL;
	struct op_error *err = find_function(x, index, &function);
	if (err || function.kind == OP_FUNCTION_REF_NULL || function.kind == OP_FUNCTION_REF_BAD)
		return err;
	if (function.kind == OP_FUNCTION_REF_GUEST) {
		struct op_module_entry *module =
			op_module_by_artifact(x->session, function.artifact, function.module);
		return module ? op_render_plain_name(x, module, function.function, ret) : NULL;
	}
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	err = op_function_ref_text(&function, &text);
	return err ?: op_render_keep(x, &text, ret);
}
