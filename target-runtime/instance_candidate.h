// SPDX-License-Identifier: GPL-3.0-or-later
// From an address that looks like a VMContext to one that is believed to be one. Between the two
// lies everything that can be told apart without knowing its module: what was freed, what the guest
// wrote into its own memory, what merely looks like it.
#ifndef OP_TARGET_RUNTIME_INSTANCE_CANDIDATE_H
#define OP_TARGET_RUNTIME_INSTANCE_CANDIDATE_H

#include "target-runtime/context_scan.h"
#include "target-runtime/store_set.h"

/** A core instance with what its fixed part says, and what stands below it. */
struct op_candidate {
	uint64_t vmctx, store, epoch, type_ids;
	bool proved; /**< a frame has shown it: image and module are right */
	uint32_t image, module;
	/**
	 * The version whose layout of Wasmtime's Instance fits; NULL: none does, and the rest is
	 * not known.
	 */
	const struct op_layout *layout;
	uint32_t id;
	bool bare;             /**< Wasmtime's own, without a module */
	uint64_t runtime_info; /**< the module's (or the bare module's) reference-counted object */
};

struct op_candidates {
	struct op_candidate *data; /**< ascending by vmctx, no two alike */
	size_t count;
	size_t capacity;
};

/**
 * @param[in] found any order, repeats allowed. @param[in] known are candidates whether found or
 * not.
 * @param[out] ret zero-initialised. free() its data, also after an error.
 */
struct op_error *op_candidates_check(const struct op_stack_context *context,
				     const struct op_found_contexts *found,
				     const struct op_known_instance *known, size_t known_count,
				     struct op_candidates *ret);

/** The candidate with this vmctx, or NULL. */
struct op_candidate *op_candidates_find(const struct op_candidates *candidates, uint64_t vmctx);

#endif
