// SPDX-License-Identifier: GPL-3.0-or-later
// What artifact.c (the image and its sections), artifact_tables.c (what is decoded from them) and
// artifact_modules.c (the modules inside) share.
#ifndef OP_TARGET_RUNTIME_ARTIFACT_PRIVATE_H
#define OP_TARGET_RUNTIME_ARTIFACT_PRIVATE_H

#include "base/lazy_bytes.h"
#include "target-runtime/artifact.h"
#include "base/array.h"
#include "target-runtime/eh_frame.h"
#include "target-runtime/elf_image.h"
#include "target-runtime/function_table.h"

/**
 * A module of the image. Its bytes are a slice of the bytecode section, or the artifact's own copy.
 */
struct op_artifact_module {
	struct op_bytes bytes;
	struct op_lazy_bytes *lazy; /**< of the section; NULL: all bytes are there */
	uint64_t offset;            /**< in the image; 0 for own bytes */
	uint8_t *own_bytes;         /**< owned; NULL unless op_artifact_set_bytecode() gave them */
	struct op_wasm_module *parsed; /**< owned */
};

/** A section's bytes, or those of it that somebody has needed so far. */
struct op_artifact_section {
	struct op_artifact *artifact;
	uint64_t offset;            /**< in the image */
	struct op_lazy_bytes *lazy; /**< owned; NULL: not asked for yet */
};

/** Two independent 64-bit hashes of everything that tells images apart. */
struct op_artifact_identity {
	uint64_t hash[2];
};

struct op_artifact {
	unsigned references;
	struct op_memory memory; /**< read_some NULL: no copy is left to read from */
	struct op_host_addr base;
	int fd; /**< of the file when op_artifact_open_file() opened it, else -1 */

	struct op_elf_image image;
	struct op_artifact_info info;
	struct op_section *sections;        /**< owned; as many as the image has */
	struct op_artifact_section *loaded; /**< owned, one a section */

	bool identity_known, sampled_known;
	struct op_artifact_identity identity;
	struct op_artifact_identity sampled; /**< the same from samples of each section */

	bool functions_known;
	struct op_function_table functions;
	bool unwind_known;
	struct op_code_range *unwind; /**< owned; ascending by text offset */
	size_t unwind_count;
	struct op_frame_table *frame_table; /**< owned; NULL: not asked for yet, or none */
	struct op_address_map *address_map;
	struct op_trap_table *trap_table;

	bool modules_known;
	struct op_artifact_module *modules; /**< owned */
	uint32_t module_count;
};

/** Read from the image where it is now. */
struct op_error *op_artifact_read(struct op_artifact *artifact, uint64_t offset, void *buffer,
				  size_t size);

/** Free what artifact_modules.c keeps. */
void op_artifact_modules_deinit(struct op_artifact *artifact);

#endif
