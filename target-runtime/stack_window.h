// SPDX-License-Identifier: GPL-3.0-or-later
// A view of one stack in the target: words by address, read in growing chunks, never beyond the
// stack's own pages. Knows nothing of frames or of Wasmtime.
#ifndef OP_TARGET_RUNTIME_STACK_WINDOW_H
#define OP_TARGET_RUNTIME_STACK_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "target-runtime/image_set.h"
#include "target-runtime/memory.h"

struct op_stack_window {
	const struct op_memory *memory; /**< borrowed */
	uint64_t start, end;            /**< of the stack's pages */
	uint8_t *buffer;
	size_t buffer_capacity;
	uint64_t chunk_start;
	size_t chunk_size;
	size_t next_chunk;
	struct op_error *failure; /**< the source is gone, or memory is short */
};

/** The index of the region that holds @p addr; false when there is none. */
bool op_stack_region(const struct op_region *regions, size_t count, struct op_host_addr addr,
		     size_t *ret);

/** @param[in] memory must outlive the window. */
void op_stack_window_init(struct op_stack_window *window, const struct op_memory *memory,
			  uint64_t start, uint64_t end);
void op_stack_window_deinit(struct op_stack_window *window);
/** The word at @p addr; false when it is outside the stack or cannot be read. */
bool op_stack_window_read(struct op_stack_window *window, uint64_t addr, uint64_t *ret);

#endif
