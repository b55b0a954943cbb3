// SPDX-License-Identifier: GPL-3.0-or-later
// An address space that is made for a Wasm core dump: bytes that were put into it, the dump's
// linear memories, and holes with their reasons. Knows nothing of what the bytes mean.
#ifndef OP_TRACER_DUMP_SPACE_H
#define OP_TRACER_DUMP_SPACE_H

#include "base/array.h"
#include "platform/platform.h"
#include "target-runtime/wasm_core_dump.h"

/** A run of pages. */
struct op_dump_piece {
	uint64_t start, end;
	unsigned protection; /**< of enum op_protection */
	uint8_t *data;       /**< owned; NULL: a linear memory */
	uint32_t memory;
};
/** Bytes that the dump says nothing about. */
struct op_dump_hole {
	uint64_t start, end;
	const char *reason; /**< static */
};

struct op_dump_space {
	const struct op_wasm_core_dump *dump; /**< borrowed */
	uint64_t next;
	struct OP_ARRAY(struct op_dump_piece) pieces; /**< ascending */
	struct OP_ARRAY(struct op_dump_hole) holes;   /**< ascending once all are there */
};
void op_dump_space_deinit(struct op_dump_space *space);

/** Room for @p size bytes, zeros. @param[out] ret_data borrowed: to be filled. */
struct op_error *op_dump_space_add(struct op_dump_space *space, uint64_t size, unsigned protection,
				   uint8_t **ret_data, uint64_t *ret_start);
/** A linear memory of the dump. */
struct op_error *op_dump_space_add_memory(struct op_dump_space *space, uint32_t memory,
					  uint64_t *ret_start);
struct op_error *op_dump_space_add_hole(struct op_dump_space *space, uint64_t start, uint64_t end,
					const char *reason);
/** All is there. */
void op_dump_space_finish(struct op_dump_space *space);

/** As the functions of platform.h, when the space is finished. */
size_t op_dump_space_read(const struct op_dump_space *space, uint64_t addr, void *buffer,
			  size_t size);
struct op_error *op_dump_space_unreadable(const struct op_dump_space *space, uint64_t addr);
struct op_error *op_dump_space_mappings(const struct op_dump_space *space, struct op_mappings *ret);

#endif
