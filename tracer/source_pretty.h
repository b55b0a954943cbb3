// SPDX-License-Identifier: GPL-3.0-or-later
// Types of standard libraries shown as what they mean: strings, containers, smart pointers. Found
// by a table of type names; their insides by the members' names in the debug information. What is
// not plausible is shown as the struct that it is, with a problem.
#ifndef OP_TRACER_SOURCE_PRETTY_H
#define OP_TRACER_SOURCE_PRETTY_H

#include "tracer/source_render.h"

/** What a printer gets, and whether it has shown the value; when not, the plain struct is shown. */
struct op_pretty {
	struct op_render *x;
	const struct op_source_value *value;
	const struct op_type *type; /**< without typedefs and qualifiers, completed */
	struct op_source_node *node;
	bool done;
};
typedef struct op_error *(*op_pretty_fn)(struct op_pretty *p);
struct op_pretty_row {
	const char *pattern; /**< shell pattern of the name, without inline namespaces of std */
	op_pretty_fn render;
};
extern const struct op_pretty_row op_pretty_cxx[]; /**< ended by a NULL pattern, as the next */
extern const struct op_pretty_row op_pretty_rust[];

/** "std::vector<...>" of "std::__1::vector<...>": versions of std are inline namespaces. False: it
 * is no name of std. */
bool op_pretty_std_name(const char *name, struct op_text *text);
/** Whether a type has a name like a shell pattern's, in which "<*" at the end means any
 * parameters, and what is before it none. */
bool op_pretty_name_fits(const char *pattern, const char *name);

/** @param[out] ret_done false: nobody knows the type, or it is not plausible (node->problem). */
struct op_error *op_pretty_render(struct op_render *x, const struct op_source_value *value,
				  const struct op_type *type, struct op_source_node *node,
				  bool *ret_done);

// For printers --------------------------------------------------------------------------------

/** It is not plausible: the struct is shown, with this problem. */
struct op_error *op_pretty_refuse(struct op_pretty *p, const char *format, ...) _printf_(2, 3);
/**
 * A part by the names on the way to it, "a.b.c"; base classes and anonymous members are looked
 * through. "": the value itself.
 * @param[out] ret the caller deinits it; untouched when *ret_found is false.
 */
struct op_error *op_pretty_part(struct op_render *x, const struct op_source_value *value,
				const char *path, struct op_source_value *ret, bool *ret_found);
/** The bits of a number or a pointer; false when there is none, or it is not known. */
struct op_error *op_pretty_number(struct op_render *x, const struct op_source_value *value,
				  const char *path, uint64_t *ret, bool *ret_found);
/** The first of several paths that leads somewhere. @param[in] paths NULL-terminated. */
struct op_error *op_pretty_number_of(struct op_render *x, const struct op_source_value *value,
				     const char *const *paths, uint64_t *ret, bool *ret_found);
/** What the pointer at a path points to, as its type; NULL when there is no such pointer. */
struct op_error *op_pretty_target_type(struct op_render *x, const struct op_source_value *value,
				       const char *path, const struct op_type **ret);
/** A value of a type at an address in the value's memory. */
struct op_source_value op_pretty_at(const struct op_pretty *p, const struct op_type *type,
				    uint64_t address);
/** Whether @p count elements of a type fit into memory from @p address on. */
struct op_error *op_pretty_fits(struct op_pretty *p, uint64_t address, const struct op_type *type,
				uint64_t count, bool *ret);
/** Elements in a row in memory become the node's children, or its string. */
struct op_error *op_pretty_sequence(struct op_pretty *p, uint64_t address,
				    const struct op_type *element, uint64_t count);
/**
 * Shows the element that a walk has come to, and goes on to the next.
 * @param[in] nodes of the element; of its key and its value for a map.
 * @param[out] ret_ended nothing was shown: there is no further one. False before.
 */
typedef struct op_error *(*op_pretty_next_fn)(void *walk, struct op_source_node *nodes,
					      bool *ret_ended);
/** As many elements as are to be shown become the node's children, one walked to after the other.
 * @param[in] name for the summary, "NAME with COUNT elements"; NULL: the caller has made one. */
struct op_error *op_pretty_elements(struct op_pretty *p, const char *name, uint64_t count,
				    bool pairs, op_pretty_next_fn next, void *walk);
/** The only child is a string at an address in the value's memory. */
struct op_error *op_pretty_only_text(struct op_pretty *p, const struct op_type *character,
				     uint64_t address, uint64_t count);
/** Name a part and make it the only child. Deinits it. */
struct op_error *op_pretty_only_child(struct op_pretty *p, const char *name,
				      struct op_source_value *part);

#endif
