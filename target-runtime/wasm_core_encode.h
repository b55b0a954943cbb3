// SPDX-License-Identifier: GPL-3.0-or-later
// The pieces of a Wasm core dump, written (the format: wasm_core_dump.h). Knows no process.
#ifndef OP_TARGET_RUNTIME_WASM_CORE_ENCODE_H
#define OP_TARGET_RUNTIME_WASM_CORE_ENCODE_H

#include "base/text.h"
#include "target-runtime/value.h"
#include "target-runtime/wasm/module.h"

/** Append to bytes: numbers as the binary format has them. */
void op_wasm_put_byte(struct op_text *out, uint8_t byte);
void op_wasm_put_unsigned(struct op_text *out, uint64_t number);
void op_wasm_put_signed(struct op_text *out, int64_t number);
void op_wasm_put_name(struct op_text *out, const char *name);
/** A local or an operand; what the format cannot say (vectors, references) is missing. */
void op_wasm_put_value(struct op_text *out, const struct op_value *value);
void op_wasm_put_memory(struct op_text *out, const struct op_wasm_limits *limits);
/** A global with its value. A reference is null: the format has nothing else for it. */
void op_wasm_put_global(struct op_text *out, const struct op_value *value, bool is_mutable);
/** The head of an active data segment; @p size bytes follow. */
void op_wasm_put_segment(struct op_text *out, uint32_t memory, bool is_64, uint64_t offset,
			 size_t size);
/** A section around @p content. @param[in] custom NULL: it is none. */
void op_wasm_put_section(struct op_text *out, uint8_t id, const char *custom,
			 const struct op_text *content);

#endif
