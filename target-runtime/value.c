// SPDX-License-Identifier: GPL-3.0-or-later
// Names and sizes of Wasm values and of the reasons for having none. Knows no target.
#include "target-runtime/value.h"

#include <stddef.h>

#include "base/reader.h"

// Storage in frame slots, from FrameValType::storage_size (crates/environ/src/frame_table.rs) with
// 8-byte pointers.
static const struct {
	const char *name;
	unsigned size;
} value_types[OP_VALUE_TYPE_COUNT] = {
	[OP_VALUE_I32] = {"i32", 4},         [OP_VALUE_I64] = {"i64", 8},
	[OP_VALUE_F32] = {"f32", 4},         [OP_VALUE_F64] = {"f64", 8},
	[OP_VALUE_V128] = {"v128", 16},      [OP_VALUE_ANYREF] = {"anyref", 4},
	[OP_VALUE_FUNCREF] = {"funcref", 8}, [OP_VALUE_EXTERNREF] = {"externref", 4},
	[OP_VALUE_EXNREF] = {"exnref", 4},   [OP_VALUE_CONTREF] = {"contref", 16},
};

static const struct {
	const char *name;
	const char *message;
} value_states[] = {
	[OP_VALUE_PRESENT] = {"present", "present"},
	[OP_VALUE_NOT_RECORDED] = {"not-recorded", "not recorded: compiled without guest-debug"},
	[OP_VALUE_UNREADABLE] = {"unreadable",
				 "unreadable: the memory that holds it cannot be read"},
	[OP_VALUE_NOT_SET_YET] = {"not-set-yet",
				  "not set yet: the function is still being entered"},
	[OP_VALUE_IN_FLIGHT] = {"in-flight",
				"in flight: the thread is inside the instruction that changes it"},
	[OP_VALUE_OPTIMISED_OUT] = {"optimised-out",
				    "optimised out: the compiler kept no copy of it"},
	[OP_VALUE_UNKNOWN_LAYOUT] =
		{"unknown-layout",
		 "unknown: outpost does not know where this Wasmtime version keeps it"},
	[OP_VALUE_LAZY] = {"lazy", "not initialised yet: Wasmtime writes it when it is first used"},
	[OP_VALUE_HOST_TABLE] =
		{"host-table", "a function that Wasmtime keeps by number in a table of the store"},
	[OP_VALUE_NOT_DUMPED] = {"not-dumped", "not in the Wasm core dump"},
};

const char *op_value_type_name(enum op_value_type type)
{
	return (unsigned)type < OP_VALUE_TYPE_COUNT ? value_types[type].name : "unknown";
}

unsigned op_value_type_size(enum op_value_type type)
{
	return (unsigned)type < OP_VALUE_TYPE_COUNT ? value_types[type].size : 0;
}

const char *op_value_state_name(enum op_value_state state)
{
	return (unsigned)state < OP_ARRAY_SIZE(value_states) ? value_states[state].name : "unknown";
}

const char *op_value_state_message(enum op_value_state state)
{
	return (unsigned)state < OP_ARRAY_SIZE(value_states) ? value_states[state].message
							     : "unknown";
}

uint64_t op_value_bits(const struct op_value *value)
{
	return op_value_type_size(value->type) == 4 ? op_load_u32_unchecked(value->bytes)
						    : op_load_u64_unchecked(value->bytes);
}
