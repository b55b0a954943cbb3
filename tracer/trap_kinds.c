// SPDX-License-Identifier: GPL-3.0-or-later
// The table of trap kinds; see trap_kinds.h. The names are those that Wasmtime prints
// (crates/environ/src/trap_encoding.rs, Trap's Display).
#include "tracer/trap_kinds.h"

#include <string.h>

#include "base/compiler.h"
#include "target-runtime/layout/layout.h"
#include "tracer/outpost.h"

#define MEMORY_BOUNDS "out of bounds memory access"
#define TABLE_BOUNDS  "undefined element: out of bounds table access"
#define ARRAY_BOUNDS  "out of bounds array access"

static const struct {
	const char *word;
	const char *names[3];
} kinds[] = {
	{"unreachable", {"wasm `unreachable` instruction executed"}},
	{"out-of-bounds", {MEMORY_BOUNDS, TABLE_BOUNDS, ARRAY_BOUNDS}},
	{"memory-out-of-bounds", {MEMORY_BOUNDS}},
	{"table-out-of-bounds", {TABLE_BOUNDS}},
	{"array-out-of-bounds", {ARRAY_BOUNDS}},
	{"divide-by-zero", {"integer divide by zero"}},
	{"integer-overflow", {"integer overflow"}},
	{"bad-conversion", {"invalid conversion to integer"}},
	{"stack-overflow", {"call stack exhausted"}},
	{"indirect-call-mismatch", {"indirect call type mismatch"}},
	{"uninitialized-element", {"uninitialized element"}},
	{"null-reference", {"null reference"}},
	{"cast-failure", {"cast failure"}},
	{"out-of-fuel", {"all fuel consumed by WebAssembly"}},
	{"interrupt", {"interrupt"}},
	{"unaligned-atomic", {"unaligned atomic"}},
	{"atomic-wait", {"atomic wait on non-shared memory"}},
	{"allocation-too-large", {"allocation size too large"}},
	{"unhandled-tag", {"unhandled tag"}},
	{"uncaught-exception", {"uncaught exception propagated out of component"}},
	{"deadlock", {"deadlock detected: event loop cannot make further progress"}},
};

const char *op_trap_kind_word(size_t index)
{
	return index < OP_ARRAY_SIZE(kinds) ? kinds[index].word : NULL;
}

const char *op_trap_kind_name(const char *kind)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].word, kind))
			return kinds[i].names[0];
	return NULL;
}

bool op_trap_is_of_kind(const char *kind, const char *name)
{
	if (!name || !*name)
		return false;
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].word, kind) != 0)
			continue;
		for (size_t k = 0; k < OP_ARRAY_SIZE(kinds[i].names) && kinds[i].names[k]; k++)
			if (!strcmp(kinds[i].names[k], name))
				return true;
		return false;
	}
	return !strcmp(kind, name);
}

bool op_trap_kind_exists(const char *kind)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].word, kind))
			return true;
	// A version that is newer than all known has the newest names.
	bool known;
	const struct op_layout *layout = op_layout_find(UINT32_MAX, &known);
	for (unsigned code = 0; layout && code <= UINT8_MAX; code++) {
		const char *name = op_layout_trap_name(layout, (uint8_t)code);
		if (name && !strcmp(name, kind))
			return true;
	}
	return false;
}

const char *op_trap_of_builtin(const char *builtin)
{
	// crates/wasmtime/src/runtime/vm/libcalls.rs
	static const struct {
		const char *builtin, *name;
	} failures[] = {
		{"out_of_gas", "all fuel consumed by WebAssembly"},
		{"new_epoch", "interrupt"},
		{"memory_copy", MEMORY_BOUNDS},
		{"memory_fill", MEMORY_BOUNDS},
		{"memory_init", MEMORY_BOUNDS},
		{"table_copy", TABLE_BOUNDS},
		{"table_init", TABLE_BOUNDS},
		{"table_fill_func_ref", TABLE_BOUNDS},
		{"table_fill_gc_ref", TABLE_BOUNDS},
		{"table_fill_cont_obj", TABLE_BOUNDS},
		{"array_copy", ARRAY_BOUNDS},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(failures); i++)
		if (!strcmp(failures[i].builtin, builtin))
			return failures[i].name;
	return NULL;
}
