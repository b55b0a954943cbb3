// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a Wasm core dump: a module that holds stacks, memories and globals instead of code
// (WebAssembly/tool-conventions, Coredump.md, with the sections that Wasmtime adds:
// crates/wasmtime/src/runtime/coredump.rs, CoreDump* in wasm-encoder). Everything in it is
// untrusted. Knows no process.
#ifndef OP_TARGET_RUNTIME_WASM_CORE_DUMP_H
#define OP_TARGET_RUNTIME_WASM_CORE_DUMP_H

#include "base/reader.h"
#include "target-runtime/value.h"
#include "target-runtime/wasm/module.h"

/** A local or an operand. */
struct op_dumped_value {
	bool missing; /**< the engine did not know it */
	enum op_value_type type;
	uint64_t bits; /**< of an i32 or f32 the lower half */
};
struct op_dumped_frame {
	uint32_t instance, function;
	uint32_t
		offset; /**< from the function body's first byte; 0 may mean that it is not known */
	const struct op_dumped_value *locals, *operands;
	uint32_t local_count, operand_count;
};
struct op_dumped_thread {
	struct op_wasm_name name;
	const struct op_dumped_frame *frames; /**< innermost first */
	uint32_t frame_count;
};
struct op_dumped_instance {
	uint32_t module;
	const uint32_t *memories, *globals; /**< its index spaces, into those of the dump */
	uint32_t memory_count, global_count;
};
struct op_dumped_global {
	struct op_wasm_type type;
	bool is_mutable;
	bool is_null; /**< a reference; the format holds nothing else of them */
	uint8_t bytes[16];
};

struct op_wasm_core_dump;

/** Whether bytes (8 are enough) begin like a module. */
bool op_is_wasm_file(const void *bytes, size_t size);
/**
 * Take a core dump apart.
 * @param[in] bytes must outlive the dump.
 * @return OP_ERROR_FORMAT with the offset: broken, or a module that is no core dump.
 */
struct op_error *op_wasm_core_dump_create(const struct op_bytes *bytes,
					  struct op_wasm_core_dump **ret);
void op_wasm_core_dump_destroy(struct op_wasm_core_dump *dump);
static inline void op_wasm_core_dump_destroyp(struct op_wasm_core_dump **dump)
{
	op_wasm_core_dump_destroy(*dump);
}

/** Of the program. */
struct op_wasm_name op_wasm_core_dump_name(const struct op_wasm_core_dump *dump);
/** Each of the following: a borrowed array and its length. Every index in them is in range. */
const struct op_dumped_thread *op_wasm_core_dump_threads(const struct op_wasm_core_dump *dump,
							 size_t *ret_count);
const struct op_wasm_name *op_wasm_core_dump_modules(const struct op_wasm_core_dump *dump,
						     size_t *ret_count);
const struct op_dumped_instance *op_wasm_core_dump_instances(const struct op_wasm_core_dump *dump,
							     size_t *ret_count);
const struct op_wasm_limits *op_wasm_core_dump_memories(const struct op_wasm_core_dump *dump,
							size_t *ret_count);
const struct op_dumped_global *op_wasm_core_dump_globals(const struct op_wasm_core_dump *dump,
							 size_t *ret_count);
/** Bytes of a memory. */
uint64_t op_wasm_core_dump_memory_size(const struct op_wasm_core_dump *dump, uint32_t memory);
/** Read from a memory: what no data segment says is zero. @return OP_ERROR_UNREADABLE outside it.
 */
struct op_error *op_wasm_core_dump_read(const struct op_wasm_core_dump *dump, uint32_t memory,
					uint64_t offset, void *buffer, size_t size);

#endif
