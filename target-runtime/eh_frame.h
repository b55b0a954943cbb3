// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of an artifact's .eh_frame: their ranges, for images without symbols, and how they
// are unwound.
// Format: System V ABI, AMD64 supplement 4.2.4; as Wasmtime writes it
// (crates/cranelift/src/obj.rs):
// one CIE "zR", pointers relative to themselves and 8 bytes wide.
#ifndef OP_TARGET_RUNTIME_EH_FRAME_H
#define OP_TARGET_RUNTIME_EH_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"
#include "target-runtime/elf_image.h"
#include "target-runtime/unwind_row.h"

struct op_code_range {
	uint64_t text_offset;
	uint64_t size;
	struct op_unwind_program unwind; /**< borrows the section's bytes */
};

/**
 * All FDEs that cover a part of the text.
 * @param[in] section_offset, text_offset of .eh_frame and .text in the image.
 * @param[out] ret heap array in the section's order; free() it.
 */
struct op_error *op_eh_frame_ranges(const struct op_elf_header *header,
				    const struct op_bytes *section, uint64_t section_offset,
				    uint64_t text_offset, uint64_t text_size,
				    struct op_code_range **ret, size_t *ret_count);

#endif
