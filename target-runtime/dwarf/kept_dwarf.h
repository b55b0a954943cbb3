// SPDX-License-Identifier: GPL-3.0-or-later
// The module's debug information as Wasmtime keeps it in an image that was compiled with
// WASMTIME_BACKTRACE_DETAILS=1: the contents of its .debug_* sections one behind the other in
// .wasmtime.dwarf; which is where stands in .wasmtime.info (facts: crates/environ/src/compile/
// module_artifacts.rs, append_dwarf(); module_environ.rs, CompiledModuleInfo).
#ifndef OP_TARGET_RUNTIME_DWARF_KEPT_DWARF_H
#define OP_TARGET_RUNTIME_DWARF_KEPT_DWARF_H

#include "target-runtime/dwarf/debug_info.h"

/**
 * Find the sections of a core module.
 * @param[in] info the section .wasmtime.info. Its format changes with each release, so it is
 * searched for the one thing that is wanted: a list of sections that fill @p dwarf without a gap.
 * @param[out] ret borrows @p dwarf's bytes. The code section's end is not recorded.
 * @return OP_ERROR_NOT_FOUND when there is no such list, or more than one that fits.
 */
struct op_error *op_kept_dwarf_find(const struct op_bytes *info, const struct op_bytes *dwarf,
				    struct op_debug_source *ret);

#endif
