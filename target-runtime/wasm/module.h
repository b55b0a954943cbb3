// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a core WebAssembly module (Wasm 3.0, threads, wide-arithmetic, stack-switching,
// custom-page-sizes, legacy exceptions). Borrows the module's bytes; bodies are decoded on demand.
// Source: the WebAssembly core specification, binary format. Knows nothing of Wasmtime.
#ifndef OP_TARGET_RUNTIME_WASM_MODULE_H
#define OP_TARGET_RUNTIME_WASM_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/reader.h"
#include "base/text.h"

/** A value or storage type: the byte that starts it (0x7f i32 ... 0x64/0x63 typed refs, 0x78 i8,
 * 0x77 i16) and the heap type of typed references. */
struct op_wasm_type {
	uint8_t code;      /**< OP_WASM_TYPE_* */
	bool nullable;     /**< references */
	int32_t heap_type; /**< references: >= 0 a type index, < 0 an abstract heap type (signed LEB
			      value, -16 = func ...) */
};
enum {
	OP_WASM_TYPE_I32 = 0x7f,
	OP_WASM_TYPE_I64 = 0x7e,
	OP_WASM_TYPE_F32 = 0x7d,
	OP_WASM_TYPE_F64 = 0x7c,
	OP_WASM_TYPE_V128 = 0x7b,
	OP_WASM_TYPE_I8 = 0x78,
	OP_WASM_TYPE_I16 = 0x77,
	OP_WASM_TYPE_REF = 0x64, /**< every reference, also the short forms, is stored as this with
				    nullable and heap_type */
};

enum op_wasm_composite { OP_WASM_FUNC, OP_WASM_STRUCT, OP_WASM_ARRAY, OP_WASM_CONT };

struct op_wasm_field {
	struct op_wasm_type type;
	bool is_mutable;
};
/** One type of the type section, recursion groups flattened. */
struct op_wasm_type_def {
	enum op_wasm_composite composite;
	const struct op_wasm_type *params; /**< FUNC */
	uint32_t param_count;
	const struct op_wasm_type *results;
	uint32_t result_count;
	const struct op_wasm_field *fields; /**< STRUCT; ARRAY has one */
	uint32_t field_count;
	uint32_t cont_type; /**< CONT: index of the function type */
};

enum op_wasm_external {
	OP_WASM_EXTERNAL_FUNC,
	OP_WASM_EXTERNAL_TABLE,
	OP_WASM_EXTERNAL_MEMORY,
	OP_WASM_EXTERNAL_GLOBAL,
	OP_WASM_EXTERNAL_TAG
};

/** A name in the module's bytes; not NUL-terminated, not escaped. */
struct op_wasm_name {
	const char *data; /**< NULL: there is none */
	size_t size;
};
struct op_wasm_import {
	struct op_wasm_name module, name;
	enum op_wasm_external kind;
	uint32_t index; /**< in the index space of its kind */
};
struct op_wasm_export {
	struct op_wasm_name name;
	enum op_wasm_external kind;
	uint32_t index;
};
struct op_wasm_limits {
	bool is_64, shared, has_maximum;
	uint64_t minimum, maximum; /**< pages (memories), elements (tables) */
	uint8_t page_size_log2; /**< memories: 16 unless the custom-page-sizes proposal is used */
};
struct op_wasm_table {
	struct op_wasm_type type;
	struct op_wasm_limits limits;
};
struct op_wasm_global {
	struct op_wasm_type type;
	bool is_mutable;
	bool has_constant; /**< defined here, and its first value is the number `constant` */
	uint64_t constant;
};
/** A defined function's body. Offsets are from the module's first byte. */
struct op_wasm_body {
	uint32_t start; /**< of the locals' declaration (Wasmtime's "start of the function body") */
	uint32_t code_start; /**< of the first instruction */
	uint32_t end;        /**< one past the final `end` */
};
struct op_wasm_custom {
	struct op_wasm_name name;
	struct op_bytes bytes; /**< op_wasm_module_need() makes them be there */
};

struct op_lazy_bytes;
struct op_wasm_module;

/** Parse everything but the bodies' instructions. @param[in] bytes must outlive the module. */
struct op_error *op_wasm_module_create(const struct op_bytes *bytes, struct op_wasm_module **ret);
/**
 * The same for bytes that are fetched when they are needed. Of data and custom sections nothing is
 * needed but their heads.
 * @param[in] lazy has @p bytes; must outlive the module. NULL: all of them are there.
 */
struct op_error *op_wasm_module_create_lazy(const struct op_bytes *bytes,
					    struct op_lazy_bytes *lazy,
					    struct op_wasm_module **ret);
/** Have a part of the module's bytes fetched: of a custom section. */
struct op_error *op_wasm_module_need(const struct op_wasm_module *module,
				     const struct op_bytes *part);
/** What the bytes are fetched through; NULL: all of them are there. Borrowed. */
struct op_lazy_bytes *op_wasm_module_lazy(const struct op_wasm_module *module);
void op_wasm_module_destroy(struct op_wasm_module *module);
const struct op_bytes *op_wasm_module_bytes(const struct op_wasm_module *module);

/** Each of the following: a borrowed array and its length. */
const struct op_wasm_type_def *op_wasm_module_types(const struct op_wasm_module *module,
						    uint32_t *ret_count);
const struct op_wasm_import *op_wasm_module_imports(const struct op_wasm_module *module,
						    uint32_t *ret_count);
const struct op_wasm_export *op_wasm_module_exports(const struct op_wasm_module *module,
						    uint32_t *ret_count);
/** Imported first, then defined: the index space. */
const struct op_wasm_table *op_wasm_module_tables(const struct op_wasm_module *module,
						  uint32_t *ret_count);
const struct op_wasm_limits *op_wasm_module_memories(const struct op_wasm_module *module,
						     uint32_t *ret_count);
const struct op_wasm_global *op_wasm_module_globals(const struct op_wasm_module *module,
						    uint32_t *ret_count);
/** Type index of each tag. */
const uint32_t *op_wasm_module_tags(const struct op_wasm_module *module, uint32_t *ret_count);
const struct op_wasm_custom *op_wasm_module_customs(const struct op_wasm_module *module,
						    uint32_t *ret_count);

uint32_t op_wasm_module_imported(const struct op_wasm_module *module, enum op_wasm_external kind);
/** Imported and defined functions. */
uint32_t op_wasm_module_function_count(const struct op_wasm_module *module);
/** Type of a function by full index; NULL when out of range or not a function type. */
const struct op_wasm_type_def *op_wasm_module_function_type(const struct op_wasm_module *module,
							    uint32_t index);
/** Body by full index; false for imported functions. */
bool op_wasm_module_function_body(const struct op_wasm_module *module, uint32_t index,
				  struct op_wasm_body *ret);
/** The contents of the code section, from their first byte (the number of functions) on, as offsets
 * in the module: what DWARF's addresses count from. Both 0 when there is none. */
void op_wasm_module_code_section(const struct op_wasm_module *module, uint32_t *ret_start,
				 uint32_t *ret_end);
/** The (full index of the) function whose body holds @p offset. */
bool op_wasm_module_function_at(const struct op_wasm_module *module, uint32_t offset,
				uint32_t *ret_index);
bool op_wasm_module_start_function(const struct op_wasm_module *module, uint32_t *ret_index);
/** Type of local @p local (parameters first) of a defined function. */
struct op_error *op_wasm_module_local_type(const struct op_wasm_module *module, uint32_t function,
					   uint32_t local, struct op_wasm_type *ret);
struct op_error *op_wasm_module_local_count(const struct op_wasm_module *module, uint32_t function,
					    uint32_t *ret);
/** Whether no instruction of [@p from, @p to), which begin with one, writes a local. */
bool op_wasm_module_local_is_kept(const struct op_wasm_module *module, uint32_t from, uint32_t to,
				  uint32_t local);
/** Whether the function around @p offset never writes a local, parameters among them. */
bool op_wasm_module_local_is_constant(const struct op_wasm_module *module, uint32_t offset,
				      uint32_t local);
/** Whether a parameter is what the caller passed when the instruction at @p offset comes next:
 * nothing before it writes it, nor does a loop come back from what does. */
bool op_wasm_module_local_is_argument(const struct op_wasm_module *module, uint32_t offset,
				      uint32_t local);

/**
 * The name section; data NULL where it says nothing. A name lives as long as the module. Answers
 * are computed when first asked for and kept in the module: one thread at a time. Function names
 * fall back to the import's "module.name", then to an export's name.
 */
struct op_wasm_name op_wasm_module_name(const struct op_wasm_module *module);
struct op_wasm_name op_wasm_module_function_name(const struct op_wasm_module *module,
						 uint32_t index);
struct op_wasm_name op_wasm_module_local_name(const struct op_wasm_module *module,
					      uint32_t function, uint32_t local);
struct op_wasm_name op_wasm_module_global_name(const struct op_wasm_module *module, uint32_t index);
struct op_wasm_name op_wasm_module_memory_name(const struct op_wasm_module *module, uint32_t index);
struct op_wasm_name op_wasm_module_table_name(const struct op_wasm_module *module, uint32_t index);

/** What an instruction does to control. */
enum op_wasm_control {
	OP_WASM_PLAIN,
	OP_WASM_BLOCK, /**< block, and the others that open a structure: */
	OP_WASM_LOOP,
	OP_WASM_IF,
	OP_WASM_ELSE,
	OP_WASM_END,
	OP_WASM_TRY_TABLE,
	OP_WASM_BR,
	OP_WASM_BR_COND, /**< br_if, br_on_null, br_on_non_null, br_on_cast, br_on_cast_fail */
	OP_WASM_BR_TABLE,
	OP_WASM_RETURN,
	OP_WASM_UNREACHABLE,
	OP_WASM_THROW, /**< throw, throw_ref */
	OP_WASM_CALL,
	OP_WASM_CALL_INDIRECT, /**< call_indirect, call_ref, and resume, suspend, switch of stack
				  switching: other code runs, then the next */
	OP_WASM_RETURN_CALL,
	OP_WASM_RETURN_CALL_INDIRECT, /**< return_call_indirect, return_call_ref */
};

/** One decoded instruction. */
struct op_wasm_instruction {
	uint32_t offset; /**< from the module's first byte */
	uint32_t size;
	uint32_t opcode; /**< single byte, or prefix << 16 | sub-opcode (0xfc0008) */
	enum op_wasm_control control;
	/**
	 * CALL, RETURN_CALL: function index; BR, BR_COND: label depth; BR_TABLE: the default
	 * label's depth; call_indirect, call_ref: type index; throw: tag; memory instructions:
	 * memory index; structures: position of the block type in the module; otherwise the first
	 * index (local, global, table, ...), 0 when there is none.
	 */
	uint32_t immediate;
};
/** Decode the instruction at @p offset of the module. An opcode that is not known: OP_ERROR_FORMAT.
 */
struct op_error *op_wasm_instruction_decode(const struct op_wasm_module *module, uint32_t offset,
					    struct op_wasm_instruction *ret);
/** What an access to memory adds to its address; 0 for other instructions. */
struct op_error *op_wasm_instruction_memory_offset(const struct op_wasm_module *module,
						   const struct op_wasm_instruction *instruction,
						   uint64_t *ret);
/**
 * Append the text form: "local.get 0", "i32.load offset=8 align=2", "call 3 <fib>", "br_table 0 1
 * 2", "v128.const i32x4 0x... ...". Mnemonics and immediates as in the specification's text format;
 * names of functions, locals, globals in angle brackets where known, escaped.
 * @param[in] function full index of the function, for local names; UINT32_MAX: unknown.
 */
struct op_error *op_wasm_instruction_text(const struct op_wasm_module *module, uint32_t function,
					  const struct op_wasm_instruction *instruction,
					  struct op_text *text);
/** "i32", "(ref null 3)", "externref": append the text form of a type. */
void op_wasm_type_text(const struct op_wasm_type *type, struct op_text *text);
/** "(i32, i64) -> (f32)": append. */
void op_wasm_function_type_text(const struct op_wasm_type_def *type, struct op_text *text);

/**
 * Where control can go inside one function: all instructions with the targets of their branches
 * resolved, in the sense in which Wasmtime stops: see op_wasm_flow_successors.
 */
struct op_wasm_flow;
struct op_error *op_wasm_flow_create(const struct op_wasm_module *module, uint32_t function,
				     struct op_wasm_flow **ret);
void op_wasm_flow_destroy(struct op_wasm_flow *flow);
size_t op_wasm_flow_count(const struct op_wasm_flow *flow);
const struct op_wasm_instruction *op_wasm_flow_instruction(const struct op_wasm_flow *flow,
							   size_t index);
/** Index of the instruction at exactly @p offset; false when none starts there. */
bool op_wasm_flow_find(const struct op_wasm_flow *flow, uint32_t offset, size_t *ret_index);
/**
 * Offsets of the instructions in this function that may execute after instruction @p index (for a
 * call: after it has returned; for a throw: where it is caught in the same function). They are
 * those whose patch slot is passed next; measured, none more: a branch to a block, if or try_table
 * comes to the instruction after its `end` (the `end`'s own slot is only passed by what runs into
 * it), a branch to a loop to the instruction after the `loop`, an `if` that is false to the
 * instruction after its `else` or `end`, and an `else` (reached from the first arm) to the
 * instruction after the `end`. An empty list: control leaves the function.
 * @param[out] ret heap array (NULL when empty), free() it; ascending, without repeats.
 * @param[out] ret_leaves true when the instruction may also leave the function (return, branch to
 * the outermost label, final end, tail call, throw, unreachable). Traps and exceptions out of calls
 * are not counted.
 */
struct op_error *op_wasm_flow_successors(const struct op_wasm_flow *flow, size_t index,
					 uint32_t **ret, size_t *ret_count, bool *ret_leaves);
/**
 * The offsets where caught exceptions may continue: targets of the catch clauses of every try_table
 * that encloses @p index. As above. A clause that names the outermost label leaves the function and
 * is not listed.
 */
struct op_error *op_wasm_flow_catch_targets(const struct op_wasm_flow *flow, size_t index,
					    uint32_t **ret, size_t *ret_count);

#endif
