// SPDX-License-Identifier: GPL-3.0-or-later
// What expressions ask about the guest's language at a place: names, types, earlier values. A
// session's answers come from debug information (expression_debug.c), a test's from itself.
#ifndef OP_TRACER_EXPRESSION_GUEST_H
#define OP_TRACER_EXPRESSION_GUEST_H

#include "target-runtime/dwarf/functions.h"
#include "target-runtime/dwarf/location.h"
#include "target-runtime/dwarf/type.h"
#include "tracer/expression_tree.h"

/** A variable, and where it is at the place. */
struct op_guest_variable {
	struct op_debug_variable debug;
	const struct op_type *type;
	const struct op_debug_location *location;
};

enum op_guest_name_kind { OP_GUEST_VARIABLE, OP_GUEST_FUNCTION };
struct op_guest_name {
	enum op_guest_name_kind kind;
	struct op_debug_variable debug;
	const struct op_type *type;        /**< of a variable; NULL: void */
	struct op_debug_location location; /**< the taker's */
};

/** An earlier value of the guest's: in memory, or the bytes that it was. */
struct op_guest_value {
	const struct op_type *type;
	bool in_memory;
	uint32_t memory;
	uint64_t address;
	const uint8_t *bytes; /**< live as long as the history */
	size_t size;
};

struct op_expression_guest {
	void *context;
	enum op_debug_language language;
	const char
		*function; /**< the body that names are looked up in, as it is shown; NULL: none */
	/** @param[in] file a source file that it must be of; NULL: what can be seen. */
	struct op_error *(*name)(void *context, const char *file, const char *name, size_t size,
				 bool *ret_found, struct op_guest_name *ret);
	struct op_error *(*static_member)(void *context, const struct op_type_member *member,
					  struct op_guest_name *ret);
	/** "struct node", "ns::Shape": NULL when there is none. */
	struct op_error *(*type)(void *context, const char *name, size_t size,
				 const struct op_type **ret);
	struct op_error *(*complete)(void *context, const struct op_type *type);
	struct op_error *(*pointer_to)(void *context, const struct op_type *target,
				       const struct op_type **ret);
	struct op_error *(*const_of)(void *context, const struct op_type *target,
				     const struct op_type **ret);
	struct op_error *(*array_of)(void *context, const struct op_type *element, uint64_t count,
				     const struct op_type **ret);
	bool (*history)(void *context, uint64_t number, struct op_guest_value *ret);
	/** The value that an expression has now, for the length of a range; NULL: only constants
	 * have one. */
	struct op_error *(*value_now)(void *context, const struct op_expression *expression,
				      struct op_operand *ret);
};

// expression_types.c
/** How a scalar lies in memory; NULL: it is none, or one that nobody can calculate with. */
const struct op_access_type *op_type_access(const struct op_type *type);
/** Without typedefs and qualifiers. NULL is of no kind. */
bool op_type_is(const struct op_type *type, enum op_type_kind kind);
bool op_type_is_aggregate(const struct op_type *type);
/** One type, though units may describe it several times. */
bool op_type_same(const struct op_type *a, const struct op_type *b);

#endif
