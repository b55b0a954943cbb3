// SPDX-License-Identifier: GPL-3.0-or-later
// Objects in a store's GC heap: structs, arrays, exceptions, host references, and i31 that are no
// objects. Every number that an object holds is checked against the heap before it is used; types
// come from the modules' type sections.
// Sources: crates/environ/src/gc.rs, gc/{drc,null,copying}.rs; docs/wasmtime.md.
#ifndef OP_TARGET_RUNTIME_GC_OBJECT_H
#define OP_TARGET_RUNTIME_GC_OBJECT_H

#include "target-runtime/cell.h"
#include "target-runtime/store_set.h"

enum op_gc_kind {
	OP_GC_NULL,
	OP_GC_I31,
	OP_GC_STRUCT,
	OP_GC_ARRAY,
	OP_GC_EXCEPTION,
	OP_GC_EXTERN, /**< a value of the host's */
	OP_GC_BAD,    /**< no object: see problem */
};
/** "null", "i31", "struct", "array", "exception", "extern", "bad". Static. */
const char *op_gc_kind_name(enum op_gc_kind kind);

/** Bytes of an object's header; an exception's begins with two u32 behind it: the id of its tag's
 * instance, and the tag's index among those that the instance defines. */
unsigned op_gc_header_size(enum op_collector collector);

/** What a reference leads to. Borrows from the set. */
struct op_gc_object {
	enum op_gc_kind kind;
	uint32_t ref;                /**< as in the guest's value */
	uint32_t store;              /**< number of the store */
	struct op_host_addr address; /**< of the header; 0 for null and i31 */
	uint64_t limit;              /**< bytes from address that belong to the object at most */
	unsigned header_size;
	int32_t i31;      /**< I31: signed */
	uint32_t host_id; /**< EXTERN: the host's number for the value */
	uint32_t type_id; /**< Wasmtime's number of the type (VMSharedTypeIndex) */
	/**
	 * The type; NULL when no known module has it (field_count is 0 then, but an array's length
	 * is read).
	 */
	const struct op_wasm_type_def
		*type; /**< EXCEPTION: the tag's function type, its parameters are the fields */
	const struct op_instance
		*instance;   /**< whose module has the type; EXCEPTION: the tag's instance */
	uint32_t type_index; /**< in that module's type section */
	bool has_tag;
	uint32_t tag;           /**< EXCEPTION: tag index in instance's index space */
	uint32_t field_count;   /**< STRUCT, EXCEPTION: fields; ARRAY: elements */
	uint64_t first_element; /**< ARRAY: bytes from address */
	const char *problem;    /**< BAD, or why type is NULL. Static */
};

/**
 * @param[in] instance where the reference was found: its store is asked, and its module's types
 * come first.
 * @param[in] ref the u32 of an anyref, externref, exnref, ... value. Errors only when the target is
 * gone; everything else is OP_GC_BAD with a problem.
 */
struct op_error *op_gc_object_read(const struct op_store_set *set,
				   const struct op_instance *instance, uint32_t ref,
				   struct op_gc_object *ret);
/** The same for a store (number) where no instance is at hand. */
struct op_error *op_gc_object_read_in(const struct op_store_set *set, uint32_t store, uint32_t ref,
				      struct op_gc_object *ret);

/**
 * Field @p index of a struct, an exception's payload, or element of an array.
 * @return OP_ERROR_NOT_FOUND for an index out of range or an object without fields.
 */
struct op_error *op_gc_object_field(const struct op_store_set *set,
				    const struct op_gc_object *object, uint32_t index,
				    struct op_cell *ret);
/** The declared type of a field, without reading; false for an index out of range. */
bool op_gc_object_field_type(const struct op_gc_object *object, uint32_t index,
			     struct op_wasm_type *ret, bool *ret_mutable);

#endif
