// SPDX-License-Identifier: GPL-3.0-or-later
// The native debug information of an image that was compiled with -D debug-info=y: the guest's own,
// which Wasmtime has translated to machine code (crates/cranelift/src/debug/transform). It is in
// the image's .debug_* sections, with relocations that nobody has applied; each part is relocated
// when it is fetched. Knows no process and no frames.
#ifndef OP_TARGET_RUNTIME_DWARF_NATIVE_DWARF_H
#define OP_TARGET_RUNTIME_DWARF_NATIVE_DWARF_H

#include "target-runtime/artifact.h"
#include "target-runtime/dwarf/debug_info.h"

/** What is added to an offset in .text to get a pc of native debug information: code begins at
 * offset 0 there, where DWARF means that a linker has dropped it. */
enum { OP_NATIVE_PC_BIAS = 0x1000 };

struct op_native_dwarf;
/**
 * @param[in] artifact must outlive it.
 * @return OP_ERROR_NOT_FOUND when the image has none, OP_ERROR_FORMAT when its relocations are not
 * what Wasmtime writes.
 */
struct op_error *op_native_dwarf_create(struct op_artifact *artifact, struct op_native_dwarf **ret);
void op_native_dwarf_destroy(struct op_native_dwarf *native);
static inline void op_native_dwarf_destroyp(struct op_native_dwarf **native)
{
	op_native_dwarf_destroy(*native);
}
/** For op_debug_info_create(); borrowed. The information goes before it. */
const struct op_debug_source *op_native_dwarf_source(const struct op_native_dwarf *native);

#endif
