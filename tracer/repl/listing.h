// SPDX-License-Identifier: GPL-3.0-or-later
// Disassembled functions, whole or a part around a place: what disassemble, list and info
// instructions share.
#ifndef OP_TRACER_REPL_LISTING_H
#define OP_TRACER_REPL_LISTING_H

#include "tracer/repl/repl.h"

enum { OP_LISTING_LINES = 10 };

/** Which lines of a function. */
struct op_listing_range {
	bool whole;
	bool centred; /**< count lines around pc, else count lines from pc on */
	uint32_t pc;
	size_t count;
};
/** What is listed: the function that is named, or the selected frame's around its pc. */
struct op_error *op_listing_choose(struct op_repl *repl, const char *spec,
				   struct op_named_function *function,
				   struct op_listing_range *range);
/**
 * Report a function's disassembly.
 * @param[out] ret_next the pc of the first Wasm instruction behind the lines shown; UINT32_MAX
 * when there is none. May be NULL.
 */
struct op_error *op_listing_report(struct op_repl *repl, const struct op_named_function *function,
				   enum op_disassembly_flavour flavour,
				   const struct op_listing_range *range, uint32_t *ret_next);

#endif
