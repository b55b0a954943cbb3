// SPDX-License-Identifier: GPL-3.0-or-later
// The ranges of the process's memory that guests can write: linear memories and GC heaps. No
// instance lies in them, whatever a guest puts there.
#ifndef OP_TARGET_RUNTIME_GUEST_MEMORY_RANGES_H
#define OP_TARGET_RUNTIME_GUEST_MEMORY_RANGES_H

#include "target-runtime/context_scan.h"
#include "target-runtime/instance_module.h"

struct op_guest_ranges {
	struct op_address_range *data; /**< ascending, whole pages, apart from each other */
	size_t count;
	size_t capacity;
};

/** @param[out] ret zero-initialised; deinit it, also after an error. */
struct op_error *op_guest_ranges_collect(const struct op_stack_context *context,
					 const struct op_candidates *candidates,
					 const struct op_identity *identities,
					 struct op_guest_ranges *ret);
void op_guest_ranges_deinit(struct op_guest_ranges *ranges);
bool op_guest_ranges_hold(const struct op_guest_ranges *ranges, uint64_t address);

#endif
