// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of WASI preview 1, as data: what their arguments are called and what they mean.
// Source: the published wasi_snapshot_preview1.witx and typenames.witx. Knows no target and renders
// nothing.
#ifndef OP_TRACER_WASI_PREVIEW1_H
#define OP_TRACER_WASI_PREVIEW1_H

#include <stdint.h>

enum op_wasi_kind {
	OP_WASI_END, /**< there are no more parameters */
	OP_WASI_UNSIGNED,
	OP_WASI_SIGNED,
	OP_WASI_HEX,
	OP_WASI_ENUM,  /**< words: by value */
	OP_WASI_FLAGS, /**< words: by bit */
	// Two Wasm parameters each: where, and how many bytes or elements.
	OP_WASI_STRING,
	OP_WASI_DATA,    /**< ciovec array: written by the guest, read by the host */
	OP_WASI_BUFFERS, /**< iovec array: filled by the host, as many bytes as OUT_COUNT says */
	OP_WASI_BUFFER,  /**< one buffer that the host fills, likewise, or whole */
	/** where the subscriptions are; how many is two parameters on */
	OP_WASI_SUBSCRIPTIONS,
	OP_WASI_HIDDEN, /**< where or how many, told with another one */
	// Pointers to results, which are told when the call has succeeded.
	OP_WASI_OUT_COUNT, /**< u32, of what the name says */
	OP_WASI_OUT_U32,
	OP_WASI_OUT_U64,
	OP_WASI_OUT_FLAGS,    /**< u16 */
	OP_WASI_OUT_FILESTAT, /**< type and size */
	OP_WASI_OUT_FDSTAT,   /**< type and flags */
	OP_WASI_OUT_PRESTAT,  /**< length of the directory's name */
};

/** A NULL-terminated list, by value or by bit. */
typedef const char *const *op_wasi_words;

struct op_wasi_parameter {
	const char *name;
	enum op_wasi_kind kind;
	op_wasi_words words; /**< ENUM, FLAGS, OUT_FLAGS, OUT_FILESTAT, OUT_FDSTAT */
};

enum { OP_WASI_PARAMETERS_MAX = 10 };
struct op_wasi_function {
	const char *name;
	struct op_wasi_parameter parameters[OP_WASI_PARAMETERS_MAX];
};

/** NULL: there is no such function. */
const struct op_wasi_function *op_wasi_function(const char *name);
/** How many Wasm parameters one of these takes. */
unsigned op_wasi_width(enum op_wasi_kind kind);
/** "badf"; NULL for a number that is none. 0 is "success". */
const char *op_wasi_errno(uint32_t number);

#endif
