// SPDX-License-Identifier: GPL-3.0-or-later
// What .eh_frame says of one place in a function: where its frame is, and where it has put the
// registers that it must give back. Only the instructions that Cranelift writes.
// Format: DWARF 5, 6.4; as Wasmtime writes it (crates/cranelift/src/obj.rs).
#ifndef OP_TARGET_RUNTIME_UNWIND_ROW_H
#define OP_TARGET_RUNTIME_UNWIND_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"

enum { OP_UNWIND_REGISTERS = 32 };

/** The instructions of one function. Borrows the section's bytes. */
struct op_unwind_program {
	uint64_t code_align;
	int64_t data_align;
	struct op_bytes initial, own;
};
/** Registers by DWARF's numbers. */
struct op_unwind_row {
	unsigned frame_register; /**< the canonical frame address is this register's value */
	int64_t frame_offset;    /**< ... and this */
	struct {
		bool is_saved;
		int64_t offset; /**< from the canonical frame address */
	} registers[OP_UNWIND_REGISTERS];
};
/**
 * @param[in] offset of the place from the function's start.
 * @return OP_ERROR_FORMAT, OP_ERROR_UNSUPPORTED for other instructions.
 */
struct op_error *op_unwind_row_read(const struct op_unwind_program *program, uint64_t offset,
				    struct op_unwind_row *ret);

#endif
