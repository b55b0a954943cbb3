// SPDX-License-Identifier: GPL-3.0-or-later
// The lines that breakpoints have: they are run when the stop was shown and the command that led to
// it has ended, one breakpoint's after the other's. A line that lets the program run ends them; the
// next stop has lines of its own. So it never nests, however often it goes round.
#ifndef OP_TRACER_REPL_BREAKPOINT_COMMANDS_H
#define OP_TRACER_REPL_BREAKPOINT_COMMANDS_H

#include "tracer/repl/repl.h"

/**
 * A stop is about to be shown: what its breakpoints have is due, and nothing else.
 * @param[out] ret_silent none of them wants the stop to be shown: they begin with "silent".
 */
struct op_error *op_due_lines_add(struct op_repl *repl, const struct op_event *event,
				  bool *ret_silent);
/** Run what is due, until nothing is. Does nothing while it is at it already. */
struct op_error *op_due_lines_run(struct op_repl *repl);
void op_due_lines_drop(struct op_due_lines *due);

#endif
