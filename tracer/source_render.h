// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the guest's language made into trees of op_source_node: shared by the files that do it.
// Depth, width and the whole are limited; what cannot be had becomes a problem in its node, and
// errors are only those that end everything (op_source_is_fatal()).
#ifndef OP_TRACER_SOURCE_RENDER_H
#define OP_TRACER_SOURCE_RENDER_H

#include "tracer/source_value.h"
#include "tracer/string_pool.h"

struct op_module_entry;

enum {
	OP_RENDER_NODES_MAX = 100000,
	/** Levels; JSON is written with two for each (report/json.h). */
	OP_RENDER_DEPTH_MAX = 24,
	/** Bytes of a variable that are read at once. */
	OP_RENDER_BLOCK = 64 << 10,
};

/** An object that the one being shown is in. */
struct op_render_place {
	uint64_t address;
	uint32_t memory;
	const struct op_type *type;
};

struct op_render {
	struct op_session *session;
	const struct op_frame *frame; /**< NULL: none */
	struct op_source_limits limits;
	struct op_string_pool *arena; /**< of the nodes and their strings */
	size_t nodes_left;
	struct op_render_place path[OP_RENDER_DEPTH_MAX];
	unsigned depth;
	unsigned nesting; /**< of op_render_value(); more than depth: some values are shown as
			     what they have inside */
};
/** @param[in] limits 0 means what outpost.h says. */
void op_render_init(struct op_render *x, struct op_session *session, const struct op_frame *frame,
		    const struct op_source_limits *limits, struct op_string_pool *arena);

/** Fill @p node in, all but its name. Reads the value. */
struct op_error *op_render_value(struct op_render *x, struct op_source_value *value,
				 struct op_source_node *node);
/** The same for a part that was asked for: @p err is what that gave. Deinits the value. */
struct op_error *op_render_part(struct op_render *x, struct op_error *err,
				struct op_source_value *part, struct op_source_node *node);

/** Room for children, at most as many as are left; node->cut when that is less. */
struct op_error *op_render_children(struct op_render *x, struct op_source_node *node,
				    uint64_t wanted, struct op_source_node **ret);
struct op_error *op_render_keep(struct op_render *x, struct op_text *text, const char **ret);
struct op_error *op_render_format(struct op_render *x, const char **ret, const char *format, ...)
	_printf_(3, 4);
/** Keep a string of the module's, escaped. */
struct op_error *op_render_name(struct op_render *x, const char *name, const char **ret);
/** "Vec" of "alloc::vec::Vec<u8, alloc::alloc::Global>". */
struct op_error *op_render_short_name(struct op_render *x, const char *name, const char **ret);
/** An error that does not end everything becomes the node's problem. Takes @p err. */
struct op_error *op_render_problem(struct op_render *x, struct op_error *err,
				   struct op_source_node *node);

/** One level deeper, unless that is too deep, or the value is inside itself: then *ret_entered is
 * false and node says so. */
bool op_render_enter(struct op_render *x, const struct op_source_value *value,
		     struct op_source_node *node);
void op_render_leave(struct op_render *x);

// source_render_aggregate.c
struct op_error *op_render_struct(struct op_render *x, const struct op_source_value *value,
				  const struct op_type *type, struct op_source_node *node);
/** Which variant of a Rust enum is there. @param[in] type completed; it has variants. */
struct op_error *op_render_choose_variant(struct op_render *x, const struct op_source_value *value,
					  const struct op_type *type,
					  const struct op_type_variant **ret);
struct op_error *op_render_array(struct op_render *x, const struct op_source_value *value,
				 const struct op_type *type, struct op_source_node *node);

// source_render_text.c
/** @param[in] string_type the characters' type, with its typedefs. @p bytes of @p count units.
 * @param[in] address in front of it; NULL: none. */
struct op_error *op_render_string(struct op_render *x, const struct op_type *string_type,
				  const uint8_t *bytes, size_t count, bool cut,
				  const uint64_t *address, struct op_source_node *node);
/** A pointer whose value is known: with what a person wants to see of its target. */
struct op_error *op_render_pointer(struct op_render *x, const struct op_source_value *value,
				   const struct op_type *type, struct op_source_node *node);
/** Characters at an address in memory, up to the limit. */
struct op_error *op_render_characters(struct op_render *x, const struct op_type *string_type,
				      uint32_t memory, uint64_t address, uint64_t count,
				      struct op_source_node *node);

// source_function_pointer.c
/** The name of the function that an index of the function table means; NULL: none that is known.
 */
struct op_error *op_render_function_name(struct op_render *x, uint64_t index, const char **ret);
/** The guest's function that it means. @param[out] ret_module NULL: none that is known. */
struct op_error *op_render_guest_function(struct op_render *x, uint64_t index,
					  struct op_module_entry **ret_module,
					  uint32_t *ret_function);
/** A function's name, demangled: escaped. NULL: it has none. */
struct op_error *op_render_plain_name(struct op_render *x, struct op_module_entry *module,
				      uint32_t function, const char **ret);

#endif
