// SPDX-License-Identifier: GPL-3.0-or-later
// How frame_table.c hands its descriptors to frame_descriptor.c. What the descriptors say is
// declared in
// frame_table.h.
#ifndef OP_TARGET_RUNTIME_FRAME_DESCRIPTOR_H
#define OP_TARGET_RUNTIME_FRAME_DESCRIPTOR_H

#include "target-runtime/frame_table.h"

/** The descriptors of one frame table; borrows the section's bytes. */
struct op_frame_descriptor_pool {
	uint32_t count;
	const uint8_t *ranges;     /**< count times (start, end) in the pool, u32 each */
	const uint8_t *slot_to_fp; /**< count u32 */
	struct op_bytes pool;
	struct op_lazy_bytes *lazy; /**< has the pool; NULL: all of it is there */
	unsigned kind_shift;        /**< of a FuncKey's namespace */
};

struct op_error *op_frame_descriptor_read(const struct op_frame_descriptor_pool *descriptors,
					  uint32_t index, struct op_frame_descriptor *ret);

#endif
