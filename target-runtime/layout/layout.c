// SPDX-License-Identifier: GPL-3.0-or-later
// The per-version tables, 64-bit targets. Data only: knows no image and no memory.
//
// Sources, at Wasmtime's tags v36.0.0 to v48.0.0: crates/environ/src/vmoffsets.rs and vmtypes.rs
// (VMStoreContext, VMContext), builtin.rs (foreach_builtin_function!), key.rs (FuncKey),
// frame_table.rs, address_map.rs, trap_encoding.rs (both encodings and Trap's Display). 49 and 50
// were
// measured on the released binaries.
#include "target-runtime/layout/layout.h"

#include <stddef.h>

#include "base/compiler.h"

// Trap::code -> what Wasmtime says after "wasm trap: ". Codes are only ever appended, except that
// 42
// took two out and so moved the ones behind them.
static const char *const trap_codes_to_41[] = {
	"call stack exhausted",
	"out of bounds memory access",
	"unaligned atomic",
	"undefined element: out of bounds table access",
	"uninitialized element",
	"indirect call type mismatch",
	"integer overflow",
	"integer divide by zero",
	"invalid conversion to integer",
	"wasm `unreachable` instruction executed",
	"interrupt",
	"degenerate component adapter called",
	"all fuel consumed by WebAssembly",
	"atomic wait on non-shared memory",
	"null reference",
	"out of bounds array access",
	"allocation size too large",
	"cast failure",
	"cannot enter component instance",
	"async-lifted export failed to produce a result",
	"unhandled tag",
	"continuation already consumed",
	"pulley opcode disabled at compile time was executed",
	"deadlock detected: event loop cannot make further progress",
	"cannot leave component instance",
	"cannot block a synchronous task before returning",
	"invalid `char` bit pattern",
	"should have finished string encoding",
	"code units should be equal",
	"`may_enter` flag should be unset",
	"pointer should be aligned",
	"upper bits should be unset",
	"string content out-of-bounds",
	"list content out-of-bounds",
	"invalid variant discriminant",
	"unaligned pointer",
};
enum { TRAPS_36 = 24, TRAPS_38 = 25, TRAPS_40 = 26, TRAPS_41 = 36 };
_Static_assert(TRAPS_41 == OP_ARRAY_SIZE(trap_codes_to_41), "41 is the last of this table");

static const char *const trap_codes_since_42[] = {
	"call stack exhausted",
	"out of bounds memory access",
	"unaligned atomic",
	"undefined element: out of bounds table access",
	"uninitialized element",
	"indirect call type mismatch",
	"integer overflow",
	"integer divide by zero",
	"invalid conversion to integer",
	"wasm `unreachable` instruction executed",
	"interrupt",
	"all fuel consumed by WebAssembly",
	"atomic wait on non-shared memory",
	"null reference",
	"out of bounds array access",
	"allocation size too large",
	"cast failure",
	"cannot enter component instance",
	"async-lifted export failed to produce a result",
	"unhandled tag",
	"continuation already consumed",
	"pulley opcode disabled at compile time was executed",
	"deadlock detected: event loop cannot make further progress",
	"cannot leave component instance",
	"cannot block a synchronous task before returning",
	"invalid `char` bit pattern",
	"should have finished string encoding",
	"code units should be equal",
	"pointer should be aligned",
	"upper bits should be unset",
	"string content out-of-bounds",
	"list content out-of-bounds",
	"invalid variant discriminant",
	"unaligned pointer",
	"`task.cancel` called by task which has not been cancelled",
	"`task.return` or `task.cancel` called more than once for current task",
	"`subtask.cancel` called after terminal status delivered",
	"invalid `task.return` signature and/or options for current task",
	"cannot drop waitable set with waiters",
	"cannot drop a subtask which has not yet resolved",
	"start function does not match expected type (currently only `(i32) -> ()` is supported)",
	"the start function index points to an uninitialized function",
	"backpressure counter overflow",
	"unsupported callback code",
	"cannot resume thread which is not suspended",
	"cannot have concurrent operations active on a future/stream",
	"reference count overflow",
	"stream read/write count too large",
	"waitable cannot be used synchronously while added to a waitable set",
	"uncaught exception propagated out of component",
};
enum { TRAPS_42 = 34, TRAPS_43 = 45, TRAPS_44 = 46, TRAPS_45 = 48, TRAPS_46 = 49, TRAPS_47 = 50 };
_Static_assert(TRAPS_47 == OP_ARRAY_SIZE(trap_codes_since_42), "47 is the last of this table");
_Static_assert(OP_ARRAY_SIZE(trap_codes_since_42) <= OP_TRAP_CODES_MAX, "room for all codes");

// Bytes that are no Trap but a CompiledTrap, v46+; the words are those of libcalls.rs.
enum { TRAP_GC_HEAP_CORRUPT = 0xfe, TRAP_INTERNAL_ASSERT = 0xff, COMPILED_TRAP_FIRST_VERSION = 46 };

#define TRAPS(table, count) .trap_codes = (table), .trap_code_count = (count)

// clang-format off
#define FRAMES_NONE \
	.frame_table_header_words = 0, .function_key_kind_shift = 29
#define FRAMES_39 \
	.frame_table_header_words = 4, .function_key_kind_shift = 29
#define FRAMES_41 \
	.frame_table_header_words = 6, .function_key_kind_shift = 28

#define STORE_36 \
	.store_fuel = 0x0, .store_epoch_deadline = 0x8, \
	.store_execution_version = OP_LAYOUT_ABSENT, \
	.store_stack_limit = 0x10, .store_gc_heap_base = 0x18, .store_gc_heap_length = 0x20, \
	.store_exit_fp = 0x28, .store_exit_pc = 0x30, .store_entry_sp = OP_LAYOUT_ABSENT, \
	.store_entry_fp = 0x38, .store_entry_trap_handler = OP_LAYOUT_ABSENT, \
	.store_stack_chain = 0x40, .store_data = OP_LAYOUT_ABSENT, \
	.store_async_guard = OP_LAYOUT_ABSENT
#define STORE_38_FIELDS \
	.store_fuel = 0x0, .store_epoch_deadline = 0x8, \
	.store_execution_version = OP_LAYOUT_ABSENT, \
	.store_stack_limit = 0x10, .store_gc_heap_base = 0x18, .store_gc_heap_length = 0x20, \
	.store_exit_fp = 0x28, .store_exit_pc = 0x30, .store_entry_sp = 0x38, \
	.store_entry_fp = 0x40, .store_entry_trap_handler = 0x48, .store_stack_chain = 0x50
#define STORE_38 \
	STORE_38_FIELDS, .store_data = OP_LAYOUT_ABSENT, .store_async_guard = OP_LAYOUT_ABSENT
#define STORE_39 \
	STORE_38_FIELDS, .store_data = 0x60, .store_async_guard = 0x68
#define STORE_43 \
	.store_fuel = 0x0, .store_epoch_deadline = 0x8, .store_execution_version = 0x10, \
	.store_stack_limit = 0x18, .store_gc_heap_base = 0x20, .store_gc_heap_length = 0x28, \
	.store_exit_fp = 0x30, .store_exit_pc = 0x38, .store_entry_sp = 0x40, \
	.store_entry_fp = 0x48, .store_entry_trap_handler = 0x50, .store_stack_chain = 0x58, \
	.store_data = 0x68, .store_async_guard = 0x70

#define BUILTINS_36 \
	.builtin_trap = 50, .builtin_raise = 51, \
	.builtin_throw_ref = OP_LAYOUT_ABSENT, .builtin_breakpoint = OP_LAYOUT_ABSENT
#define BUILTINS_37 \
	.builtin_trap = 50, .builtin_raise = 51, \
	.builtin_throw_ref = 56, .builtin_breakpoint = OP_LAYOUT_ABSENT
#define BUILTINS_41 \
	.builtin_trap = 50, .builtin_raise = 51, .builtin_throw_ref = 56, .builtin_breakpoint = 57
#define BUILTINS_46 \
	.builtin_trap = 40, .builtin_raise = 41, .builtin_throw_ref = 44, .builtin_breakpoint = 46

// crates/wasmtime/src/runtime/vm/instance.rs; measured on 36, 42 to 50.
#define INSTANCE_36 \
	.instance_id = 0xa0, .instance_runtime_info = 0x98, .instance_store = 0x28
#define INSTANCE_46 \
	.instance_id = 0x80, .instance_runtime_info = 0x78, .instance_store = 0x20

#define TUNABLES_36
#define TUNABLES_39 .tunables_debug_guest = true,
#define TUNABLES_43 .tunables_debug_guest = true, .tunables_operator_cost = true,
#define TUNABLES_47 \
	.tunables_debug_guest = true, .tunables_operator_cost = true, .tunables_debug_symbols = true,

static const struct op_layout layouts[] = {
	{ .first_version = 36, .last_version = 36, FRAMES_NONE, STORE_36, BUILTINS_36,
	  INSTANCE_36, TUNABLES_36
	  .store_exit_fp_is_caller = true, .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_to_41, TRAPS_36) },
	{ .first_version = 37, .last_version = 37, FRAMES_NONE, STORE_36, BUILTINS_37,
	  INSTANCE_36, TUNABLES_36
	  .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_to_41, TRAPS_36) },
	{ .first_version = 38, .last_version = 38, FRAMES_NONE, STORE_38, BUILTINS_37,
	  INSTANCE_36, TUNABLES_36
	  .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_to_41, TRAPS_38) },
	{ .first_version = 39, .last_version = 39, FRAMES_39, STORE_39, BUILTINS_37,
	  INSTANCE_36, TUNABLES_39
	  .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_to_41, TRAPS_38) },
	{ .first_version = 40, .last_version = 40, FRAMES_39, STORE_39, BUILTINS_37,
	  INSTANCE_36, TUNABLES_39
	  .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_to_41, TRAPS_40) },
	{ .first_version = 41, .last_version = 41, FRAMES_41, STORE_39, BUILTINS_41,
	  INSTANCE_36, TUNABLES_39
	  .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_to_41, TRAPS_41) },
	{ .first_version = 42, .last_version = 42, FRAMES_41, STORE_39, BUILTINS_41,
	  INSTANCE_36, TUNABLES_39
	  .pcs_are_component_relative = true,
	  .function_import_size = 24, TRAPS(trap_codes_since_42, TRAPS_42) },
	{ .first_version = 43, .last_version = 43, FRAMES_41, STORE_43, BUILTINS_41,
	  INSTANCE_36, TUNABLES_43
	  .pcs_are_component_relative = true, .has_bytecode = true,
	  .function_import_size = 24, TRAPS(trap_codes_since_42, TRAPS_43) },
	{ .first_version = 44, .last_version = 44, FRAMES_41, STORE_43, BUILTINS_41,
	  INSTANCE_36, TUNABLES_43
	  .call_point_is_next = true, .has_bytecode = true,
	  .function_import_size = 24, TRAPS(trap_codes_since_42, TRAPS_44) },
	{ .first_version = 45, .last_version = 45, FRAMES_41, STORE_43, BUILTINS_41,
	  INSTANCE_36, TUNABLES_43
	  .call_point_is_next = true, .has_bytecode = true,
	  .function_import_size = 32, TRAPS(trap_codes_since_42, TRAPS_45) },
	{ .first_version = 46, .last_version = 46, FRAMES_41, STORE_43, BUILTINS_46,
	  INSTANCE_46, TUNABLES_43
	  .call_point_is_next = true, .has_bytecode = true,
	  .function_import_size = 32, TRAPS(trap_codes_since_42, TRAPS_46) },
	{ .first_version = 47, .last_version = 48, FRAMES_41, STORE_43, BUILTINS_46,
	  INSTANCE_46, TUNABLES_47
	  .call_point_is_next = true, .has_bytecode = true, .block_encoded_maps = true,
	  .function_import_size = 32, TRAPS(trap_codes_since_42, TRAPS_47) },
	{ .first_version = 49, .last_version = 50, FRAMES_41, STORE_43, BUILTINS_46,
	  INSTANCE_46, TUNABLES_47
	  .call_point_is_next = true, .has_bytecode = true, .block_encoded_maps = true,
	  .function_import_size = 32, .align_func_refs = true,
	  TRAPS(trap_codes_since_42, TRAPS_47) },
};
// clang-format on

const struct op_layout *op_layout_find(unsigned version, bool *ret_known)
{
	const struct op_layout *newest = &layouts[OP_ARRAY_SIZE(layouts) - 1];
	*ret_known = version >= layouts[0].first_version && version <= newest->last_version;
	if (version > newest->last_version)
		return newest;
	for (size_t i = 0; i < OP_ARRAY_SIZE(layouts); i++) {
		if (version >= layouts[i].first_version && version <= layouts[i].last_version)
			return &layouts[i];
	}
	return NULL;
}

const char *op_layout_trap_name(const struct op_layout *layout, uint8_t code)
{
	if (code < layout->trap_code_count)
		return layout->trap_codes[code];
	if (layout->last_version < COMPILED_TRAP_FIRST_VERSION)
		return NULL;
	if (code == TRAP_GC_HEAP_CORRUPT)
		return "GC heap corruption detected";
	if (code == TRAP_INTERNAL_ASSERT)
		return "internal assert hit in wasm";
	return NULL;
}
