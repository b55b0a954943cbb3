// SPDX-License-Identifier: GPL-3.0-or-later
// What stands around a body, inside of this folder: blocks' types and template parameters of the
// function, its classes and namespaces. So a name means what it means in the source there.
#ifndef OP_TARGET_RUNTIME_DWARF_SCOPES_H
#define OP_TARGET_RUNTIME_DWARF_SCOPES_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/names.h"

/** A scope that a body is in. */
struct op_scope_link {
	struct op_name_ref ref;
	const char *qualified; /**< of a namespace or a type, which units share; NULL: ref alone */
	unsigned closeness;    /**< 1 is the outermost; the whole module is 0 */
};
struct op_scope_chain {
	struct op_scope_link links[2 * OP_DWARF_DEPTH_MAX]; /**< innermost first */
	size_t count;
};

/** The scopes around a body: the function with its declaration, classes, namespaces. @param[in]
 * function NULL: there are none. */
struct op_error *op_scope_chain(struct op_debug_info *info,
				const struct op_debug_function *function,
				struct op_scope_chain *ret);
/**
 * How near to the body an entry is declared that a name of @p parts components fits.
 * @param[out] ret 0: in none of its scopes; 1: in none at all; more: the closer the more.
 */
struct op_error *op_scope_closeness(struct op_debug_info *info, const struct op_scope_chain *chain,
				    struct op_name_ref ref, size_t parts, unsigned *ret);
/**
 * A template parameter of the function or of a class around it, the closest.
 * @param[in] tag DW_TAG_template_type_parameter or DW_TAG_template_value_parameter.
 * @param[out] ret_closeness 0: there is none; else as above.
 */
void op_scope_parameter(struct op_debug_info *info, const struct op_scope_chain *chain, int tag,
			const char *name, size_t size, unsigned *ret_closeness, Dwarf_Die *ret);

#endif
