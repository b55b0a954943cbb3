// SPDX-License-Identifier: GPL-3.0-or-later
// The exception table (.wasmtime.exceptions, v37+): which handlers stand around a call, by its
// return address. Knows no stack. Format: crates/unwinder/src/exception_table.rs.
#ifndef OP_TARGET_RUNTIME_EXCEPTION_TABLE_H
#define OP_TARGET_RUNTIME_EXCEPTION_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"

/** A view of the section's bytes, which must outlive it. */
struct op_exception_table {
	const uint8_t *callsites; /**< u32 each, as all that follow; ascending */
	const uint8_t *frame_offsets, *ranges, *tags, *contexts;
	uint32_t callsite_count, handler_count;
};

/** OP_ERROR_FORMAT when the counts do not fit the section. */
struct op_error *op_exception_table_init(struct op_exception_table *table,
					 const struct op_bytes *section);

/** The handlers of one call: those with indices first to end - 1, innermost first. */
struct op_exception_callsite {
	uint32_t frame_offset; /**< sp at the call is that many bytes below the frame pointer */
	uint32_t first, end;
};
/** False when nothing is recorded for that return address, or what is recorded is no range. */
bool op_exception_table_find(const struct op_exception_table *table, uint32_t return_offset,
			     struct op_exception_callsite *ret);

struct op_exception_handler {
	bool catches_all;
	uint32_t tag; /**< in the tag index space of the module */
	bool has_context;
	uint32_t context_offset; /**< from sp at the call: where the handler's vmctx is kept */
};
/** @param[in] index less than handler_count. */
struct op_exception_handler op_exception_table_handler(const struct op_exception_table *table,
						       uint32_t index);

#endif
