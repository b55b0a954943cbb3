// SPDX-License-Identifier: GPL-3.0-or-later
// The tables behind Rust's trait objects: which type's each is. rustc describes one that its unit
// makes as a variable "<app::Disk as app::Area>::{vtable}", of a struct that names the type by
// DW_AT_containing_type (rustc, compiler/rustc_codegen_llvm/src/debuginfo/metadata.rs,
// create_vtable_di_node()). They are collected when one is first asked for.
#ifndef OP_TARGET_RUNTIME_DWARF_VTABLES_H
#define OP_TARGET_RUNTIME_DWARF_VTABLES_H

#include "target-runtime/dwarf/debug_info.h"

struct op_debug_vtable {
	uint64_t address; /**< in linear memory */
	const char *name; /**< "<app::Disk as app::Area>". Raw, not terminated: name_size bytes */
	size_t name_size;
	struct op_die table;  /**< its own type: drop_in_place, size, align, methods */
	struct op_die object; /**< the type that it is for */
};

/**
 * Those at an address: several units may have the same, and a linker may make one of several that
 * are equal, of different types even.
 * @param[out] ret borrowed; stays.
 */
struct op_error *op_debug_vtables_at(struct op_debug_info *info, uint64_t address,
				     const struct op_debug_vtable **ret, size_t *ret_count);

#endif
