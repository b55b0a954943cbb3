// SPDX-License-Identifier: GPL-3.0-or-later
// Trait objects of Rust: pointers to something of which only a trait is known, by the vtable beside
// them. For the printers of Rust's types.
#ifndef OP_TRACER_SOURCE_TRAIT_OBJECT_H
#define OP_TRACER_SOURCE_TRAIT_OBJECT_H

#include "target-runtime/dwarf/vtables.h"
#include "tracer/source_pretty.h"

/** What such a pointer leads to, as its vtable says. */
struct op_trait_object {
	uint64_t data;
	uint64_t align;               /**< of the object: a power of two */
	const struct op_type *type;   /**< the object's */
	const struct op_type *target; /**< what the pointer's type says is at data: "dyn app::Area",
					 or a struct whose last member is that */
	const struct op_debug_vtable *vtable;
};

/** Whether a type, which is complete, is a pointer with a vtable as rustc describes one. */
bool op_trait_object_is(const struct op_type *type);
/** Whether a type is that of a trait object itself, which has no size: "dyn app::Area". */
bool op_trait_object_is_dyn(const struct op_type *type);
/** @return OP_ERROR_NOT_FOUND and the like with a reason why it is not known. */
struct op_error *op_trait_object_read(struct op_pretty *p, const struct op_source_value *pointer,
				      struct op_trait_object *ret);
/** The type of all that is at data: that of the object, or the target with it in the place of the
 * trait. @return OP_ERROR_NOT_FOUND when the debug information has no such type. */
struct op_error *op_trait_object_whole(struct op_pretty *p, const struct op_trait_object *object,
				       const struct op_type **ret);
/** "Box<app::Disk as app::Area>" of "Box". */
void op_trait_object_name(const struct op_trait_object *object, const char *pointer,
			  struct op_text *text);
/** A printer: a pointer with a vtable, and what it points to; other types are left alone. */
struct op_error *op_pretty_trait_object(struct op_pretty *p);

#endif
