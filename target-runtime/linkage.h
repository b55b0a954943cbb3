// SPDX-License-Identifier: GPL-3.0-or-later
// How an instance is tied to its surroundings: what its imports are bound to, its linear memories
// and tags as they are now.
// Source: crates/environ/src/vmoffsets.rs (VMFunctionImport, VMTableImport, VMMemoryImport,
// VMGlobalImport, VMTagImport).
#ifndef OP_TARGET_RUNTIME_LINKAGE_H
#define OP_TARGET_RUNTIME_LINKAGE_H

#include "target-runtime/function_ref.h"
#include "target-runtime/instance.h"
#include "target-runtime/store_set.h"

/** What an import is bound to. */
struct op_binding {
	const struct op_wasm_import *import; /**< kind, names, index; borrowed from the module */
	struct op_function_ref function;     /**< functions */
	struct op_host_addr definition;      /**< others: the definition (VMMemoryDefinition, ...);
						globals: the cell */
	struct op_host_addr
		vmctx; /**< others: the defining instance; 0: the host's own (globals) */
	const struct op_instance
		*instance; /**< the same in the set; NULL when it is not there. Borrowed from it */
	bool has_index;
	uint32_t index;      /**< in the defining instance's index space */
	const char *problem; /**< why it cannot be told; NULL: it can. Static */
};
struct op_error *op_instance_import_count(const struct op_instance *instance, uint32_t *ret);
/** Import @p index, in the order of the import section. */
struct op_error *op_instance_import(const struct op_store_set *set,
				    const struct op_instance *instance, uint32_t index,
				    struct op_binding *ret);

/** A linear memory with everything that is known of it. */
struct op_memory_details {
	struct op_memory_state state;
	bool is_64, shared, has_maximum;
	uint8_t page_size_log2;
	uint64_t minimum, maximum; /**< pages, as declared by this module */
	bool has_reservation;
	uint64_t reservation; /**< bytes of address space from the base on that it was given: it
				 grows in place up to there */
	struct op_host_addr
		definition; /**< VMMemoryDefinition: equal for memories that are shared */
	const struct op_instance *owner; /**< who defines it; NULL when it is not in the set */
	bool has_owner_index;
	uint32_t owner_index; /**< in the owner's index space */
};
struct op_error *op_instance_memory_count(const struct op_instance *instance, uint32_t *ret);
struct op_error *op_instance_memory_details(const struct op_store_set *set,
					    const struct op_instance *instance, uint32_t index,
					    struct op_memory_details *ret);

/** A tag. */
struct op_tag_state {
	const struct op_wasm_type_def
		*type; /**< its function type; NULL when the module's types do not say */
	bool imported;
	uint32_t type_id;               /**< VMSharedTypeIndex */
	struct op_host_addr definition; /**< VMTagDefinition: equal for tags that are the same */
	const struct op_instance *owner;
	bool has_owner_index;
	uint32_t owner_index;
};
struct op_error *op_instance_tag_count(const struct op_instance *instance, uint32_t *ret);
struct op_error *op_instance_tag(const struct op_store_set *set, const struct op_instance *instance,
				 uint32_t index, struct op_tag_state *ret);

#endif
