// SPDX-License-Identifier: GPL-3.0-or-later
// One compiled artifact: Wasmtime's ELF image (EI_OSABI 200), as in a .cwasm file or in the memory
// of a process, decoded lazily. Several copies of the same image in a process share one artifact.
// Knows nothing of where it is mapped: all code addresses are text offsets.
//
// Formats: crates/environ/src/obj.rs, compile/module_artifacts.rs, frame_table.rs, address_map.rs,
// trap_encoding.rs of Wasmtime.
#ifndef OP_TARGET_RUNTIME_ARTIFACT_H
#define OP_TARGET_RUNTIME_ARTIFACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "base/reader.h"
#include "target-runtime/address_map.h"
#include "target-runtime/frame_table.h"
#include "target-runtime/layout/layout.h"
#include "target-runtime/memory.h"
#include "target-runtime/trap_table.h"

struct op_lazy_bytes;
struct op_unwind_row;
struct op_wasm_module;

/** Reference-counted. */
struct op_artifact;

/** What is recorded at one glance; filled when the artifact is opened, without decoding any table.
 */
struct op_artifact_info {
	uint16_t elf_machine;
	bool is_component;
	bool is_pulley;
	bool has_frames; /**< compiled for guest-debug: frame table */
	bool has_slots;  /**< ... and patch slots (v41+) */
	bool has_bytecode;
	bool has_address_map;
	bool has_symbols;
	bool has_dwarf; /**< the guest's own DWARF in .wasmtime.dwarf */
	bool has_native_debug_info;
	char version_string[64]; /**< as written in the image, escaped; "" when there is none */
	unsigned version; /**< major version, 0 when the string does not start with a number */
	const struct op_layout
		*layout;   /**< NULL: unknown or too old; nothing beyond names and ranges then */
	bool layout_known; /**< false: the version is newer than outpost knows, the newest layout is
			      tried */
	uint64_t size;     /**< of the whole image in bytes */
	uint64_t text_offset; /**< of .text in the image */
	uint64_t text_size;
};

enum op_function_kind {
	OP_FUNCTION_WASM,             /**< a function of the guest */
	OP_FUNCTION_ENTRY_TRAMPOLINE, /**< host -> Wasm: array_to_wasm_trampoline */
	OP_FUNCTION_EXIT_TRAMPOLINE,  /**< Wasm -> host: wasm_to_array_trampoline, component
					 trampolines */
	OP_FUNCTION_BUILTIN,          /**< Wasm -> runtime: wasmtime_builtin_NAME */
	OP_FUNCTION_BREAKPOINT,       /**< wasmtime_patchable_builtin_breakpoint */
	OP_FUNCTION_MODULE_START,     /**< v46+: instantiation code */
	OP_FUNCTION_OTHER,
};

/** A function of the image's text, from .symtab (or .eh_frame where there are no symbols: kind
 * OTHER unless the frame table knows it). */
struct op_function {
	enum op_function_kind kind;
	uint32_t text_offset;
	uint32_t size;
	uint32_t module;  /**< static module index: WASM, ENTRY_TRAMPOLINE, MODULE_START */
	uint32_t index;   /**< full function index, imports included: WASM, ENTRY_TRAMPOLINE */
	const char *name; /**< WASM: as in the symbol (sanitised) or NULL; BUILTIN: "trap"; others:
			     the symbol. Borrowed from the artifact */
};

struct op_section {
	const char *name; /**< borrowed, raw bytes of the image */
	uint64_t offset, size;
};

/**
 * Open the image whose ELF header is at @p base.
 * @param[in] memory copied; its context must live as long as the artifact may load sections from it
 * (see op_artifact_set_source).
 * @param[in] limit bytes that may belong to the image at most (file size, or up to the end of
 * readable memory).
 * @return OP_ERROR_FORMAT with the place; a caller that scans memory treats that as "no image
 * here".
 */
struct op_error *op_artifact_open(const struct op_memory *memory, struct op_host_addr base,
				  uint64_t limit, struct op_artifact **ret);
/** Open a .cwasm file. */
struct op_error *op_artifact_open_file(const char *path, struct op_artifact **ret);
struct op_artifact *op_artifact_ref(struct op_artifact *artifact);
void op_artifact_unref(struct op_artifact *artifact);
/** Read sections that are not loaded yet from another copy of the same image. @param[in] memory
 * NULL: no copy is left. */
void op_artifact_set_source(struct op_artifact *artifact, const struct op_memory *memory,
			    struct op_host_addr base);
/** True when the image at @p base has the same contents, but for the machine code: header, section
 * table and every section that tells modules apart. */
struct op_error *op_artifact_matches(struct op_artifact *artifact, const struct op_memory *memory,
				     struct op_host_addr base, bool *ret);
/** The same from samples of each section: cheap enough for every stop, for an address where this
 * artifact was found before. */
struct op_error *op_artifact_is_still_at(struct op_artifact *artifact,
					 const struct op_memory *memory, struct op_host_addr base,
					 bool *ret);
/** Do the two have the same header and section table? So do equal ones, and builds that differ in
 * constants only. */
bool op_artifact_has_header_of(const struct op_artifact *artifact, const struct op_artifact *other);
/** True when what was read of the sections reads the same again: for an artifact that was opened
 * while its target ran, which may have unmapped this copy and begun another one in its place. */
struct op_error *op_artifact_reads_same(const struct op_artifact *artifact, bool *ret);

const struct op_artifact_info *op_artifact_info(const struct op_artifact *artifact);
const struct op_section *op_artifact_sections(const struct op_artifact *artifact,
					      size_t *ret_count);
/** The bytes of a section, loaded at the first call, borrowed from the artifact. *ret has size 0
 * and data NULL when there is none. */
struct op_error *op_artifact_section(struct op_artifact *artifact, const char *name,
				     struct op_bytes *ret);
/** The same of which parts are fetched when they are needed (base/lazy_bytes.h): nothing is read
 * yet. @param[out] ret_lazy borrowed; NULL when there is no such section. */
struct op_error *op_artifact_section_lazy(struct op_artifact *artifact, const char *name,
					  struct op_bytes *ret, struct op_lazy_bytes **ret_lazy);

/** All functions, ascending by text offset. Borrowed. */
struct op_error *op_artifact_functions(struct op_artifact *artifact, const struct op_function **ret,
				       size_t *ret_count);
/** The function that holds @p text_offset; *ret NULL when there is none. */
struct op_error *op_artifact_function_at(struct op_artifact *artifact, uint64_t text_offset,
					 const struct op_function **ret);
/** The native code of guest function @p index of module @p module; *ret NULL when it is imported or
 * unknown. */
struct op_error *op_artifact_find_function(struct op_artifact *artifact, uint32_t module,
					   uint32_t index, const struct op_function **ret);
/** The entry trampoline of a guest function; *ret NULL when it has none. */
struct op_error *op_artifact_find_entry(struct op_artifact *artifact, uint32_t module,
					uint32_t index, const struct op_function **ret);
/** How the frame of the function at @p text_offset is laid out there, from .eh_frame; *ret_found
 * false when that does not say. */
struct op_error *op_artifact_unwind_row(struct op_artifact *artifact, uint64_t text_offset,
					bool *ret_found, struct op_unwind_row *ret);
/** The builtin trampoline wasmtime_builtin_NAME; *ret NULL when the image has none. */
struct op_error *op_artifact_find_builtin(struct op_artifact *artifact, const char *name,
					  const struct op_function **ret);

/**
 * How many functions module @p module imports: full function index = defined function index (of a
 * frame descriptor) + this. From the bytecode, else from the symbols. @return OP_ERROR_NOT_FOUND
 * when neither tells.
 */
struct op_error *op_artifact_imported_functions(struct op_artifact *artifact, uint32_t module,
						uint32_t *ret);

/** Number of static modules (1 for a core module; adapters included for a component). From the
 * bytecode ends, else from the symbols. */
struct op_error *op_artifact_module_count(struct op_artifact *artifact, uint32_t *ret);
/** The original bytes of module @p module, all of them; size 0 when not recorded. Borrowed. */
struct op_error *op_artifact_bytecode(struct op_artifact *artifact, uint32_t module,
				      struct op_bytes *ret);
/** How many they are, without reading them; 0 when not recorded. */
struct op_error *op_artifact_bytecode_size(struct op_artifact *artifact, uint32_t module,
					   size_t *ret);
/** A part of them, which the artifact does not keep. */
struct op_error *op_artifact_bytecode_read(struct op_artifact *artifact, uint32_t module,
					   size_t offset, void *buffer, size_t size);
/** The parsed core module; *ret NULL when there is no bytecode. Borrowed. */
struct op_error *op_artifact_module(struct op_artifact *artifact, uint32_t module,
				    const struct op_wasm_module **ret);
/**
 * Give the original bytes of a module that the image itself does not carry (v42, optimised code):
 * copied. The caller has checked that they belong.
 */
struct op_error *op_artifact_set_bytecode(struct op_artifact *artifact, uint32_t module,
					  const struct op_bytes *bytes);

/** The tables; *ret NULL when the image has none, or when its layout is unknown. Borrowed. */
/** The slots-by-text index is built already. */
struct op_error *op_artifact_frame_table(struct op_artifact *artifact,
					 const struct op_frame_table **ret);
struct op_error *op_artifact_address_map(struct op_artifact *artifact,
					 const struct op_address_map **ret);
struct op_error *op_artifact_trap_table(struct op_artifact *artifact,
					const struct op_trap_table **ret);

/**
 * What must be subtracted from a position of the address map to get a pc of @p module (components:
 * the module's start in the component).
 * @return OP_ERROR_NOT_FOUND when it cannot be known (no slots to compare with, and it is a
 * component).
 */
struct op_error *op_artifact_module_bias(struct op_artifact *artifact, uint32_t module,
					 uint32_t *ret);

#endif
