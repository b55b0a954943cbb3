// SPDX-License-Identifier: GPL-3.0-or-later
// The trap table (.wasmtime.traps): which native instructions may trap, and with which code. Both
// encodings. Format: crates/environ/src/trap_encoding.rs.
#ifndef OP_TARGET_RUNTIME_TRAP_TABLE_H
#define OP_TARGET_RUNTIME_TRAP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"

struct op_trap_table;

/** @param[in] section must outlive the table. @param[in] block_encoded v47+ */
struct op_error *op_trap_table_create(const struct op_bytes *section, bool block_encoded,
				      struct op_trap_table **ret);
void op_trap_table_destroy(struct op_trap_table *table);
size_t op_trap_table_count(const struct op_trap_table *table);
/** The code of the trap at exactly this text offset. */
bool op_trap_table_lookup(const struct op_trap_table *table, uint32_t text_offset,
			  uint8_t *ret_code);

#endif
