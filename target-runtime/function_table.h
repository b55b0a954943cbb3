// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of one image's text: ranges, kinds, names, by text offset and by function index.
// Reads symbols or ranges that others have loaded; knows no image.
// Names: crates/cranelift/src/compiler.rs (append_code), crates/environ/src/key.rs (FuncKey's
// Display).
#ifndef OP_TARGET_RUNTIME_FUNCTION_TABLE_H
#define OP_TARGET_RUNTIME_FUNCTION_TABLE_H

#include "target-runtime/artifact.h"
#include "target-runtime/eh_frame.h"
#include "target-runtime/elf_image.h"

struct op_function_table {
	struct op_function *functions; /**< owned; ascending by text offset */
	size_t count;
	/** owned; WASM, then ENTRY_TRAMPOLINE, each ascending by module and index */
	uint32_t *by_index;
	size_t by_index_count;
	uint32_t module_count; /**< one more than the highest module that a function belongs to */
};

/**
 * From .symtab. Symbols that lie outside of the text are left out.
 * @param[in] names .strtab; a NUL stands behind its last byte. Must outlive the table.
 */
struct op_error *op_function_table_from_symbols(const struct op_elf_header *header,
						const struct op_bytes *symbols,
						const struct op_bytes *names, uint64_t text_size,
						struct op_function_table *ret);

/**
 * From the ranges of .eh_frame, for images without symbols: those that hold program points are
 * functions
 * of the guest, all others are OP_FUNCTION_OTHER.
 * @param[in] frames may be NULL.
 * @param[in] imported gives a module's number of imported functions; an error of code
 * OP_ERROR_NOT_FOUND
 *                     says that it is not known, and the module's functions stay OP_FUNCTION_OTHER.
 */
struct op_error *op_function_table_from_ranges(
	const struct op_code_range *ranges, size_t range_count, const struct op_frame_table *frames,
	struct op_error *(*imported)(void *context, uint32_t module, uint32_t *ret), void *context,
	struct op_function_table *ret);

void op_function_table_deinit(struct op_function_table *table);
#define _cleanup_function_table_ _cleanup_(op_function_table_deinit)

/** The function that holds @p text_offset, or NULL. */
const struct op_function *op_function_table_at(const struct op_function_table *table,
					       uint64_t text_offset);
/** The WASM function or ENTRY_TRAMPOLINE of a function index, or NULL. */
const struct op_function *op_function_table_find(const struct op_function_table *table,
						 enum op_function_kind kind, uint32_t module,
						 uint32_t index);
/** The trampoline of builtin @p name, or NULL. */
const struct op_function *op_function_table_find_builtin(const struct op_function_table *table,
							 const char *name);
/**
 * The defined function of @p module with the lowest index, or NULL: as many functions are imported.
 */
const struct op_function *op_function_table_first_defined(const struct op_function_table *table,
							  uint32_t module);

#endif
