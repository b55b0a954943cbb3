// SPDX-License-Identifier: GPL-3.0-or-later
// The list of its instances that a store of Wasmtime's keeps, a Rust Vec in the order of their ids:
// whoever knows where it is need not search the memory for them again. Nothing tells its place;
// it is recognised by what is in it, once, by an earlier search.
// Source: crates/wasmtime/src/runtime/store.rs (StoreOpaque::instances, StoreInstance).
#ifndef OP_TARGET_RUNTIME_STORE_LIST_H
#define OP_TARGET_RUNTIME_STORE_LIST_H

#include "target-runtime/store_set.h"

enum { OP_STORE_LIST_HEADS = 4 };

struct op_store_list {
	struct op_host_addr store; /**< VMStoreContext; 0: nothing is known */
	uint64_t data;             /**< of the Rust store */
	/** Words of it that say where the list is and how long. What was moved leaves a copy
	 * behind perhaps, which does not grow with it: all of them must say the same. */
	struct {
		uint32_t address, length;
	} heads[OP_STORE_LIST_HEADS];
	size_t head_count;
	uint32_t stride, pointer; /**< bytes of an entry, and where the instance is in one */
	uint64_t below;           /**< that the instance begins below its vmctx */
};

/**
 * @param[in] store of @p set, which was found by a search.
 * @param[out] ret ret->store.value is 0 where there is no such list.
 */
struct op_error *op_store_list_find(const struct op_store_set *set, const struct op_store *store,
				    struct op_store_list *ret);

/**
 * The store with its instances as they are now, and no other: a set of one store, made without a
 * search.
 * @param[out] ret NULL: what stands there is not (any more) the whole list of the store's
 * instances. Else owned by the caller.
 */
struct op_error *op_store_list_read(const struct op_stack_context *context,
				    const struct op_store_list *list, struct op_store_set **ret);

#endif
