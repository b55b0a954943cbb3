// SPDX-License-Identifier: GPL-3.0-or-later
// The ELF container of an artifact: header and section table, checked. Knows which ELF files are
// Wasmtime's and nothing of what their sections hold.
// Format: ELF64 (elf.h); the marks are in crates/environ/src/obj.rs.
#ifndef OP_TARGET_RUNTIME_ELF_IMAGE_H
#define OP_TARGET_RUNTIME_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/reader.h"
#include "target-runtime/memory.h"

enum { OP_ELF_HEADER_SIZE = 64, OP_ELF_SECTION_SIZE = 64, OP_ELF_SYMBOL_SIZE = 24 };

/** The header's fields, in the host's byte order. */
struct op_elf_header {
	/** of the ELF structures; what is in Wasmtime's own sections is always little-endian */
	bool big_endian;
	uint16_t machine;
	bool is_component;
	bool is_pulley;
	uint64_t section_table; /**< offset in the image */
	uint16_t section_count;
	uint16_t name_section;
	uint64_t size; /**< of the whole image: the section table is its end */
};

/**
 * Is this the start of one of Wasmtime's images? Cheap: the recognition test of a scan.
 * @param[in] bytes OP_ELF_HEADER_SIZE bytes.
 * @param[in] limit bytes that may belong to the image at most.
 * @param[out] ret only set when it is.
 */
bool op_elf_header_parse(const uint8_t *bytes, uint64_t limit, struct op_elf_header *ret);

struct op_elf_section {
	const char *name; /**< in op_elf_image.names */
	uint64_t offset, size;
};

struct op_elf_image {
	struct op_elf_header header;
	/** owned: the header and the section table as they are in the image, one after the other */
	uint8_t *raw;
	size_t raw_size;
	char *names;                     /**< owned: the section names, NUL-terminated at the end */
	struct op_elf_section *sections; /**< owned; without the null section */
	size_t section_count;
};

/** Read the header, the section table and the section names. */
struct op_error *op_elf_image_read(const struct op_memory *memory, struct op_host_addr base,
				   uint64_t limit, struct op_elf_image *ret);
void op_elf_image_deinit(struct op_elf_image *image);
#define _cleanup_elf_image_ _cleanup_(op_elf_image_deinit)
/** NULL when there is none; the first one of that name. */
const struct op_elf_section *op_elf_image_find(const struct op_elf_image *image, const char *name);

/** One entry of .symtab; @p bytes are OP_ELF_SYMBOL_SIZE. */
struct op_elf_symbol {
	uint32_t name; /**< offset in .strtab */
	uint8_t type;  /**< STT_* */
	uint64_t value, size;
};
struct op_elf_symbol op_elf_symbol_parse(const struct op_elf_header *header, const uint8_t *bytes);

/** A number of the image's own byte order (.eh_frame). */
uint32_t op_elf_u32(const struct op_elf_header *header, const uint8_t *bytes);
uint64_t op_elf_u64(const struct op_elf_header *header, const uint8_t *bytes);

#endif
