// SPDX-License-Identifier: GPL-3.0-or-later
// What the printers for Rust's standard library share; see source_pretty.h.
#ifndef OP_TRACER_SOURCE_PRETTY_RUST_H
#define OP_TRACER_SOURCE_PRETTY_RUST_H

#include "tracer/source_pretty.h"

/** A vector as its debug information says that it is. */
struct op_rust_vector {
	uint64_t data, length, capacity;
	bool known;
};

/** The struct is shown as it is: the library has another layout than those that are known. */
struct op_error *op_rust_unknown_form(struct op_pretty *p);
/** Rust's strings are bytes of UTF-8. Static. */
const struct op_type *op_rust_byte_type(void);
/** What a generic type was made with; NULL: there is no such parameter. */
const struct op_type *op_rust_parameter(const struct op_type *type, size_t index);
/** A pointer to a slice or string, which has its length. */
struct op_error *op_rust_fat_pointer(struct op_render *x, const struct op_source_value *value,
				     uint64_t *ret_data, uint64_t *ret_length, bool *ret_known);
struct op_error *op_rust_read_vector(struct op_pretty *p, const struct op_source_value *value,
				     struct op_rust_vector *ret);
/** What the name of a pointer's type says that it points to: "str>" of "Box<str>", "[u8]" of
 * "&[u8]". */
const char *op_rust_pointed_to(const char *pointer);
/**
 * Whether the type of a pointer is one to a string: "&str", "Box<str>", "Rc<std::path::Path>".
 * @param[out] ret_behind bytes at the end that are no part of it.
 */
bool op_rust_points_to_text(const char *pointer, uint64_t *ret_behind);

// source_pretty_rust.c
struct op_error *op_pretty_slice(struct op_pretty *p);

// source_pretty_rust_text.c
struct op_error *op_pretty_string(struct op_pretty *p);
struct op_error *op_pretty_c_string(struct op_pretty *p);
/** A pointer to a string. */
struct op_error *op_pretty_str(struct op_pretty *p);

// source_pretty_rust_pointers.c
/** Whatever a pointer of two words points to: a string, a slice, a trait object. One of one word is
 * left alone. */
struct op_error *op_pretty_fat_pointer(struct op_pretty *p);
struct op_error *op_pretty_box(struct op_pretty *p);
struct op_error *op_pretty_rc(struct op_pretty *p);
struct op_error *op_pretty_arc(struct op_pretty *p);
struct op_error *op_pretty_rc_weak(struct op_pretty *p);
struct op_error *op_pretty_arc_weak(struct op_pretty *p);
/** One value in structs around it that mean nothing to its reader. */
struct op_error *op_pretty_wrapped(struct op_pretty *p);
struct op_error *op_pretty_pin(struct op_pretty *p);
struct op_error *op_pretty_once_cell(struct op_pretty *p);
struct op_error *op_pretty_lazy_cell(struct op_pretty *p);
struct op_error *op_pretty_manually_drop(struct op_pretty *p);
/** A borrow of a RefCell's value. */
struct op_error *op_pretty_cell_ref(struct op_pretty *p);
struct op_error *op_pretty_once_lock(struct op_pretty *p);
struct op_error *op_pretty_lazy_lock(struct op_pretty *p);
/** A Mutex or an RwLock. */
struct op_error *op_pretty_lock(struct op_pretty *p);
/** What holds one of them locked. */
struct op_error *op_pretty_lock_guard(struct op_pretty *p);

// source_pretty_rust_nodes.c
struct op_error *op_pretty_btree_map(struct op_pretty *p);
struct op_error *op_pretty_btree_set(struct op_pretty *p);
struct op_error *op_pretty_linked_list(struct op_pretty *p);

#endif
