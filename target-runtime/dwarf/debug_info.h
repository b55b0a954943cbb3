// SPDX-License-Identifier: GPL-3.0-or-later
// The source-level information of one core module: DWARF 2 to 5 as compilers of Wasm write it. What
// is asked for is read, nothing before. Read by libdw, behind the limits of dwarf_private.h.
// Everywhere in this folder a pc is an offset in the module's original bytes, as in the rest of
// outpost; DWARF's own addresses count from the contents of the code section and stay inside.
// Knows no process: values are somebody else's (see location.h).
//
// Sources: DWARF 5; "DWARF for WebAssembly" (yurydelendik.github.io/webassembly-dwarf).
#ifndef OP_TARGET_RUNTIME_DWARF_DEBUG_INFO_H
#define OP_TARGET_RUNTIME_DWARF_DEBUG_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/reader.h"

/** Answers are kept in it: one thread at a time. */
struct op_debug_info;

enum op_debug_section {
	OP_DEBUG_INFO,
	OP_DEBUG_ABBREV,
	OP_DEBUG_LINE,
	OP_DEBUG_STR,
	OP_DEBUG_LINE_STR,
	OP_DEBUG_STR_OFFSETS,
	OP_DEBUG_ADDR,
	OP_DEBUG_RANGES,
	OP_DEBUG_RNGLISTS,
	OP_DEBUG_LOC,
	OP_DEBUG_LOCLISTS,
	OP_DEBUG_TYPES,
	OP_DEBUG_SECTION_COUNT,
};
/** ".debug_info", ... Static. */
const char *op_debug_section_name(enum op_debug_section section);

struct op_lazy_bytes;
struct op_debug_source {
	struct op_bytes sections[OP_DEBUG_SECTION_COUNT]; /**< size 0: there is none */
	/** What the sections are fetched through, piece by piece, when they are asked for: it must
	 * outlive the information. NULL: their bytes are there. */
	struct op_lazy_bytes *lazy;
	/** Of the code section's contents in the module: what is added to DWARF's addresses. */
	uint32_t code_start;
	uint32_t code_end; /**< addresses behind it are no code: dead functions have 0 or -1, -2 */
	/** Whether the function at @p pc never writes one of its parameters: then DW_OP_entry_value
	 * is what it is now. NULL: that is not known. */
	bool (*is_local_constant)(void *context, uint32_t pc, uint32_t local);
	void *context;
	/** It is native information (native_dwarf.h): a pc is an offset in .text, and locations are
	 * the host's. */
	bool is_native;
};

struct op_wasm_module;
/** The custom sections of a module, and its code section: its debug information, as far as it has
 * any. Borrows the module's bytes. */
void op_debug_source_of_module(const struct op_wasm_module *module, struct op_debug_source *ret);

/** What cannot be read: one line for each unit, which it names. */
typedef void (*op_debug_warn_fn)(void *context, const char *text);

/**
 * @param[in] source copied; its bytes as well, unless they are fetched.
 * @param[in] cancel long searches end with OP_ERROR_INTERRUPTED when it is set; may be NULL.
 * @return OP_ERROR_NOT_FOUND when there is no .debug_info.
 */
struct op_error *op_debug_info_create(const struct op_debug_source *source, op_debug_warn_fn warn,
				      void *warn_context, const struct op_cancel *cancel,
				      struct op_debug_info **ret);
void op_debug_info_destroy(struct op_debug_info *info);
static inline void op_debug_info_destroyp(struct op_debug_info **info)
{
	op_debug_info_destroy(*info);
}

/** An entry of .debug_info by its offset; 0: none. */
struct op_die {
	uint64_t offset;
};

enum op_debug_language {
	OP_LANGUAGE_OTHER,
	OP_LANGUAGE_C,
	OP_LANGUAGE_CPLUSPLUS,
	OP_LANGUAGE_RUST,
	OP_LANGUAGE_ZIG,
	OP_LANGUAGE_SWIFT,
	OP_LANGUAGE_GO,
	OP_LANGUAGE_ASSEMBLYSCRIPT, /**< of source maps */
};
/** "c", "c++", "rust", ... Static. */
const char *op_debug_language_name(enum op_debug_language language);

/** A compilation unit. Strings are borrowed from the information, raw. */
struct op_debug_unit {
	struct op_die die;
	const char *name;      /**< DW_AT_name; "" when it has none */
	const char *directory; /**< DW_AT_comp_dir; "" when it has none */
	const char *producer;  /**< "" when it has none */
	enum op_debug_language language;
	unsigned version;   /**< of DWARF */
	uint64_t end;       /**< of its entries in .debug_info */
	bool entries_known; /**< they are there, and not only its first one */
	bool bad;           /**< it could not be read; a warning was given */
};
/** All units, in the order of .debug_info. Borrowed; stays. The first call walks their headers. */
struct op_error *op_debug_units(struct op_debug_info *info, const struct op_debug_unit **ret,
				size_t *ret_count);
/** The unit whose code holds @p pc, by DW_AT_ranges of the units (kept in an index from the first
 * call on); NULL when there is none. */
struct op_error *op_debug_unit_at(struct op_debug_info *info, uint32_t pc,
				  const struct op_debug_unit **ret);

#endif
