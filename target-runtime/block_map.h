// SPDX-License-Identifier: GPL-3.0-or-later
// The block encoding that the address map and the trap table share since v47: a header, an index of
// blocks by their first text offset, and blocks of up to 128 entries. What an entry holds besides
// its
// text offset is the business of the two tables.
// Format: crates/environ/src/compile/address_map.rs, compile/trap_encoding.rs.
#ifndef OP_TARGET_RUNTIME_BLOCK_MAP_H
#define OP_TARGET_RUNTIME_BLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"

/** ADDRESS_MAP_BLOCK_SIZE and TRAP_BLOCK_SIZE of Wasmtime. */
enum { OP_BLOCK_ENTRIES = 128 };

/** A view: borrows the section's bytes. */
struct op_block_map {
	uint32_t entry_count;
	uint32_t block_count;
	/** block_count times (first text offset, position in the bodies), u32 each */
	const uint8_t *index;
	struct op_bytes bodies;
};

/** Read the header and check counts and the index against the section's size. */
struct op_error *op_block_map_init(const struct op_bytes *section, struct op_block_map *ret);

/** A walk through one block. */
struct op_block_cursor {
	struct op_reader reader; /**< at the block's next byte */
	uint32_t left;           /**< entries not read yet */
	uint32_t text_offset;    /**< of the last entry; before the first: the block's */
};
/** Stand at the start of block @p block (below block_count). */
struct op_error *op_block_cursor_init(const struct op_block_map *map, uint32_t block,
				      struct op_block_cursor *ret);
/**
 * Read the token that starts each entry and move to its text offset.
 * @param[out] ret_flag the token's lowest bit.
 * @return OP_ERROR_FORMAT; callers stop at left == 0 themselves.
 */
struct op_error *op_block_cursor_next(struct op_block_cursor *cursor, bool *ret_flag);

/** The last block whose first text offset is not above @p text_offset; false when all are above. */
bool op_block_map_find(const struct op_block_map *map, uint32_t text_offset, uint32_t *ret_block);

#endif
