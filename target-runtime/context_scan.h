// SPDX-License-Identifier: GPL-3.0-or-later
// Searches writable memory for what looks like a VMContext or a VMComponentContext: the magic
// number and, 16 bytes before it, a pointer to itself. Whether it is one is decided by whoever
// asked.
#ifndef OP_TARGET_RUNTIME_CONTEXT_SCAN_H
#define OP_TARGET_RUNTIME_CONTEXT_SCAN_H

#include "base/addr.h"
#include "base/error.h"
#include "target-runtime/stack.h"

/** Addresses that need not be searched. */
struct op_address_range {
	uint64_t start, end;
};

struct op_found_context {
	struct op_host_addr address;
	uint32_t magic; /**< OP_VMCTX_MAGIC_CORE or _COMPONENT */
};

struct op_found_contexts {
	struct op_found_context *data; /**< ascending by address */
	size_t count;
	size_t capacity;
};

/**
 * @param[in] skip ranges to leave out: guests' linear memories, for one.
 * @param[out] ret zero-initialised; what was found is appended. free() its data, also after an
 * error.
 * @return OP_ERROR_LIMIT when there are more than can be true.
 */
struct op_error *op_context_scan(const struct op_stack_context *context,
				 const struct op_address_range *skip, size_t skip_count,
				 struct op_found_contexts *ret);

#endif
