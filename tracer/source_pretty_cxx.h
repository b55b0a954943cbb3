// SPDX-License-Identifier: GPL-3.0-or-later
// What the printers for the C++ standard library share; see source_pretty.h. The table of them all
// is source_pretty_cxx.c's.
#ifndef OP_TRACER_SOURCE_PRETTY_CXX_H
#define OP_TRACER_SOURCE_PRETTY_CXX_H

#include "tracer/source_pretty.h"

#define PATHS(...) ((const char *const[]){__VA_ARGS__, NULL})

/** The struct is shown as it is: the library has another layout than those that are known. */
struct op_error *op_cxx_unknown_form(struct op_pretty *p);
/** What a template was made with; NULL: there is no such type. */
static inline const struct op_type *op_cxx_argument(const struct op_type *type, size_t index)
{
	return index < type->parameter_count ? type->parameters[index].type : NULL;
}
/** The number that a template was made with. False: there is none. */
bool op_cxx_number_argument(const struct op_type *type, size_t index, int64_t *ret);
/** The first argument of a template's name, as it is written; its size, 0: there is none. */
size_t op_cxx_first_argument(const char *name, const char **ret);
/** "std::multimap" of "std::__1::multimap<int, int, ...>". */
struct op_error *op_cxx_label(struct op_pretty *p, const char **ret);

// source_pretty_cxx_rows.c: elements that lie in a row.
struct op_error *op_pretty_string_view(struct op_pretty *p);
struct op_error *op_pretty_span(struct op_pretty *p);
struct op_error *op_pretty_initializer_list(struct op_pretty *p);
struct op_error *op_pretty_vector(struct op_pretty *p);
struct op_error *op_pretty_valarray(struct op_pretty *p);
struct op_error *op_pretty_array(struct op_pretty *p);
/** One of keys and one of values. */
struct op_error *op_pretty_flat_map(struct op_pretty *p);

// source_pretty_cxx_bits.c
struct op_error *op_pretty_vector_bool(struct op_pretty *p);
struct op_error *op_pretty_bitset(struct op_pretty *p);

// source_pretty_cxx_deque.c: elements that lie in blocks.
/** How many elements of a size a block of a deque has. */
uint64_t op_cxx_deque_block(uint64_t element_size);
struct op_error *op_pretty_deque(struct op_pretty *p);

// source_pretty_nodes.c: elements in nodes that are linked.
struct op_error *op_pretty_list(struct op_pretty *p);
struct op_error *op_pretty_forward_list(struct op_pretty *p);
struct op_error *op_pretty_map(struct op_pretty *p);
struct op_error *op_pretty_set(struct op_pretty *p);
struct op_error *op_pretty_unordered_map(struct op_pretty *p);
struct op_error *op_pretty_unordered_set(struct op_pretty *p);

// source_pretty_cxx_wrappers.c: other values with little around them.
/** A queue, a stack: the container inside of it. */
struct op_error *op_pretty_adaptor(struct op_pretty *p);
struct op_error *op_pretty_flat_set(struct op_pretty *p);
struct op_error *op_pretty_path(struct op_pretty *p);
struct op_error *op_pretty_reference_wrapper(struct op_pretty *p);
struct op_error *op_pretty_expected(struct op_pretty *p);
struct op_error *op_pretty_complex(struct op_pretty *p);
struct op_error *op_pretty_duration(struct op_pretty *p);
struct op_error *op_pretty_time_point(struct op_pretty *p);

// source_pretty_cxx_erased.c: values of types that only code knows.
struct op_error *op_pretty_function(struct op_pretty *p);
struct op_error *op_pretty_any(struct op_pretty *p);

#endif
