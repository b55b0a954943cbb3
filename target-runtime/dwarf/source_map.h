// SPDX-License-Identifier: GPL-3.0-or-later
// Source maps, which compilers that write no DWARF (AssemblyScript) put beside a module: a JSON
// file that its custom section sourceMappingURL names. They have lines only. To everybody else they
// are debug information like any other: they are rewritten as DWARF. Sources: ECMA-426; WebAssembly
// tool-conventions/Debugging.md.
#ifndef OP_TARGET_RUNTIME_DWARF_SOURCE_MAP_H
#define OP_TARGET_RUNTIME_DWARF_SOURCE_MAP_H

#include "base/array.h"
#include "target-runtime/dwarf/debug_info.h"
#include "target-runtime/wasm/module.h"

/** Code from pc on, up to the next row. */
struct op_source_map_row {
	uint32_t pc;           /**< as everywhere: the map's columns are offsets in the module */
	uint32_t source;       /**< index; UINT32_MAX: belongs to no source */
	uint32_t line, column; /**< from 1 */
};
struct op_source_map {
	struct OP_ARRAY(char *) sources; /**< paths, joined with the map's sourceRoot. Raw */
	struct OP_ARRAY(struct op_source_map_row) rows; /**< ascending by pc */
};
void op_source_map_deinit(struct op_source_map *map);
#define _cleanup_source_map_ _cleanup_(op_source_map_deinit)

/** @return OP_ERROR_FORMAT: it is no source map of a Wasm module. OP_ERROR_UNSUPPORTED: an index
 * map (one that consists of other maps). */
struct op_error *op_source_map_parse(const struct op_bytes *json, struct op_source_map *ret);

/**
 * The same as DWARF: one unit with a line program, a sequence for each function.
 * @param[in] module its functions' bodies bound the rows.
 * @param[out] ret borrows *ret_bytes.
 * @param[out] ret_bytes free() it after the information that is made of it.
 */
struct op_error *op_source_map_sections(const struct op_source_map *map,
					const struct op_wasm_module *module,
					struct op_debug_source *ret, void **ret_bytes);

#endif
