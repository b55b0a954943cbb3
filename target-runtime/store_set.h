// SPDX-License-Identifier: GPL-3.0-or-later
// All stores and core instances of a process as they are at one stop, found without symbols and
// without a thread in the guest. Each is believed only when everything that Wasmtime keeps true of
// it holds; which module an instance belongs to is proved or said to be unknown. Reads memory only.
// Sources: crates/environ/src/vmoffsets.rs, vmtypes.rs, crates/wasmtime/src/runtime/vm/instance.rs;
// docs/wasmtime.md.
#ifndef OP_TARGET_RUNTIME_STORE_SET_H
#define OP_TARGET_RUNTIME_STORE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "target-runtime/image_set.h"
#include "target-runtime/memory.h"
#include "target-runtime/stack.h"
#include "target-runtime/tunables.h"
#include "target-runtime/wasm/module.h"

/** One store. */
struct op_store {
	struct op_host_addr address;    /**< of its VMStoreContext */
	const struct op_layout *layout; /**< NULL when no image tells the version: then nothing
					   below is known but the instances */
	bool uses_fuel;                 /**< compiled with fuel; else the number means nothing */
	int64_t fuel; /**< left, as last written (compiled code counts in a register between calls);
			 maybe a part of what the store has; negative: overrun */
	bool uses_epochs;
	uint64_t epoch_deadline;
	bool has_epoch;
	uint64_t epoch; /**< the engine's counter now; the deadline is reached when it is not below
			   epoch_deadline */
	struct op_host_addr stack_limit; /**< UINT64_MAX outside any activation */
	bool in_activation; /**< a thread has entered the guest and has not left it (it may be in a
			       host call, or in a nested store) */
	struct op_host_addr gc_base; /**< 0: no GC heap yet */
	uint64_t gc_size;            /**< bytes */
	enum op_collector collector;
	size_t first_instance, instance_count;   /**< in op_store_set_instances() */
	size_t first_component, component_count; /**< in op_store_set_components() */
};

enum op_instance_kind {
	OP_INSTANCE_MODULE,  /**< an instance of a core module of the guest */
	OP_INSTANCE_HOST,    /**< Wasmtime's own: the dummy of every store, or what holds a memory,
				table, global or tag that the host made */
	OP_INSTANCE_UNKNOWN, /**< nothing tells whether it has a module */
};

/** Why op_instance.artifact or op_instance.wasm is NULL. */
enum op_module_reason {
	OP_MODULE_KNOWN,
	OP_MODULE_HOST,        /**< there is none */
	OP_MODULE_NO_EVIDENCE, /**< nothing that is in memory ties the instance to an image */
	OP_MODULE_AMBIGUOUS,   /**< what is in memory fits several modules */
	OP_MODULE_NO_BYTES, /**< the image is known (artifact is set), the module's original bytes
			       are not recorded in it */
};
/** The sentence for a person. Static. */
const char *op_module_reason_message(enum op_module_reason reason);

/** One core instance. */
struct op_instance {
	struct op_host_addr vmctx;
	uint32_t store; /**< index in op_store_set_stores() */
	bool has_id;
	uint32_t id; /**< order of creation in the store; the dummy instance has 0 */
	enum op_instance_kind kind;
	enum op_module_reason reason;
	uint32_t image;               /**< id of one copy of the image; meaningful with artifact */
	struct op_artifact *artifact; /**< borrowed from the image; NULL: not known, see reason */
	uint32_t module; /**< static module index inside the artifact; meaningful with artifact */
	const struct op_wasm_module
		*wasm; /**< the parsed module, borrowed from the artifact; NULL: see reason */
	const struct op_layout *layout; /**< NULL: unknown */
	struct op_host_addr type_ids;   /**< array of VMSharedTypeIndex */
};

/** A component instance (VMComponentContext). */
struct op_component {
	struct op_host_addr vmctx;
	uint32_t store;
};

/** An instance that a frame has shown: proof of its module. */
struct op_known_instance {
	struct op_host_addr vmctx;
	uint32_t image;  /**< id */
	uint32_t module; /**< static module index */
};

/**
 * Borrows the images of the context until it is destroyed; holds only as long as the target does
 * not run.
 */
struct op_store_set;

/**
 * Search the writable memory of the target.
 * @param[in] context copied; arch may be NULL. What context->memory points to must live as long as
 * the set. The search reads in chunks of 256 KiB.
 * @param[in] known from frames; wrong ones (not an instance any more) are left out.
 * @return OP_ERROR_INTERRUPTED when context->cancel asks for it. What cannot be read is passed
 * over.
 */
struct op_error *op_store_set_create(const struct op_stack_context *context,
				     const struct op_known_instance *known, size_t known_count,
				     struct op_store_set **ret);
/** The same of the instances with these vmctx, without a search; what is none of them is left out.
 */
struct op_error *op_store_set_create_of(const struct op_stack_context *context,
					const struct op_host_addr *vmctxs, size_t count,
					struct op_store_set **ret);
void op_store_set_destroy(struct op_store_set *set);

/** Sorted by their first instance id and address. Borrowed. */
const struct op_store *op_store_set_stores(const struct op_store_set *set, size_t *ret_count);
/** Sorted by store, then id, then address. Borrowed. */
const struct op_instance *op_store_set_instances(const struct op_store_set *set, size_t *ret_count);
const struct op_component *op_store_set_components(const struct op_store_set *set,
						   size_t *ret_count);
/** The instance with this vmctx, or NULL. Borrowed. */
const struct op_instance *op_store_set_find(const struct op_store_set *set,
					    struct op_host_addr vmctx);
/** The instance with this id in store number @p store, or NULL. Borrowed. */
const struct op_instance *op_store_set_find_id(const struct op_store_set *set, uint32_t store,
					       uint32_t id);
/** What the set was made with. Borrowed. */
const struct op_stack_context *op_store_set_context(const struct op_store_set *set);

/**
 * The module of the instance, or why there is none to ask.
 * @return OP_ERROR_UNSUPPORTED with the sentence of instance->reason.
 */
struct op_error *op_instance_module(const struct op_instance *instance,
				    const struct op_wasm_module **ret);

#endif
