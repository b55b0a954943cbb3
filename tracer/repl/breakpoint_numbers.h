// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands about breakpoints have in common: the breakpoints that their numbers name.
#ifndef OP_TRACER_REPL_BREAKPOINT_NUMBERS_H
#define OP_TRACER_REPL_BREAKPOINT_NUMBERS_H

#include "tracer/repl/repl.h"

/**
 * The numbers in the arguments, every one of which exists; no arguments: all. Deinit the list in
 * any case.
 */
struct op_error *op_breakpoint_numbers(struct op_repl *repl, const char *text,
				       struct op_number_list *ret);
/**
 * "$bpnum" in @p text is the breakpoint that was set last. @param[out] ret free() it.
 */
struct op_error *op_breakpoint_words(struct op_repl *repl, const char *text, char **ret);
/** One number of a breakpoint, or $bpnum; whether it exists is not looked at. */
struct op_error *op_breakpoint_number(struct op_repl *repl, const char *word, uint32_t *ret);
/** JSON: "breakpoints":[1,2] */
void op_breakpoint_numbers_result(struct op_repl *repl, const struct op_number_list *numbers);

#endif
