// SPDX-License-Identifier: GPL-3.0-or-later
// What the ways to use outpost have in common: a conversation set up from the options, and its end.
#ifndef OP_TRACER_REPL_MODE_H
#define OP_TRACER_REPL_MODE_H

#include "tracer/repl/options.h"
#include "tracer/repl/repl.h"

extern const struct op_mode op_mode_attach;
extern const struct op_mode op_mode_run;
extern const struct op_mode op_mode_core;
extern const struct op_mode op_mode_gcore;
extern const struct op_mode op_mode_stack;
extern const struct op_mode op_mode_inspect;
extern const struct op_mode op_mode_trace_calls;
extern const struct op_mode op_mode_guard;
extern const struct op_mode op_mode_allow;
extern const struct op_mode op_mode_deny;

/**
 * Go into the sandbox when the options, or their silence, want it; shows the error itself. Before
 * op_mode_open(). @return false: end with OP_EXIT_FAILED.
 */
bool op_mode_enter_sandbox(const struct op_options *options);
/**
 * Set up a conversation on standard output; shows the error itself. Call op_mode_close() in any
 * case.
 */
bool op_mode_open(struct op_repl *repl, const struct op_options *options);
/**
 * Write what is left. @return the exit status: @p status, or failure when the output could not be
 * written.
 */
int op_mode_close(struct op_repl *repl, int status);
/**
 * Show @p error (taken): as text, or as the document of a failed command. @return OP_EXIT_FAILED.
 */
int op_mode_fail(struct op_repl *repl, const char *command, struct op_error *error);
/**
 * Run the commands of -e and -x. @return false when one failed; with --batch the others are not
 * run then.
 */
bool op_mode_run_startup(struct op_repl *repl, const struct op_options *options);
/** Let go of the program, if there is one to let go of. */
struct op_error *op_mode_leave(struct op_repl *repl);
/** OP_ERROR_NOT_WASMTIME when the process that was opened for looking holds no module. */
struct op_error *op_mode_need_modules(struct op_repl *repl, int64_t pid);

#endif
