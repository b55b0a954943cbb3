// SPDX-License-Identifier: GPL-3.0-or-later
// The address map (.wasmtime.addrmap): native text offset -> offset in the original binary. Both
// encodings. Format: crates/environ/src/address_map.rs.
#ifndef OP_TARGET_RUNTIME_ADDRESS_MAP_H
#define OP_TARGET_RUNTIME_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"

struct op_address_map;

/** @param[in] section must outlive the map. @param[in] block_encoded v47+ */
struct op_error *op_address_map_create(const struct op_bytes *section, bool block_encoded,
				       struct op_address_map **ret);
void op_address_map_destroy(struct op_address_map *map);
/**
 * The position of the last entry at or before @p text_offset; false when that says "none" or there
 * is no entry. For a return address ask with the address - 1. The position counts from the first
 * byte of the outermost binary (the component's, for components).
 */
bool op_address_map_lookup(const struct op_address_map *map, uint32_t text_offset,
			   uint32_t *ret_position);

/** One entry. */
struct op_address_map_entry {
	uint32_t text_offset;
	bool has_position;
	uint32_t position;
};
size_t op_address_map_count(const struct op_address_map *map);
/** All entries from the first whose text offset is not below @p from, ascending, until @p visit
 * returns false. */
struct op_error *op_address_map_each(const struct op_address_map *map, uint32_t from,
				     bool (*visit)(void *context,
						   const struct op_address_map_entry *entry),
				     void *context);

#endif
