// SPDX-License-Identifier: GPL-3.0-or-later
// What guard is to wait for and where its files go, from the command line. Knows no session.
#ifndef OP_TRACER_REPL_GUARD_OPTIONS_H
#define OP_TRACER_REPL_GUARD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** What can be guarded against. */
enum op_guard_cause {
	OP_GUARD_TRAP,
	OP_GUARD_UNCAUGHT,
	OP_GUARD_SIGNAL,
	OP_GUARD_EXIT,
	OP_GUARD_CAUSES,
};
/** "trap", "throw-uncaught", ... as typed. Static. */
const char *op_guard_cause_name(enum op_guard_cause cause);
/** The catchpoint that waits for it. Static. */
const char *op_guard_cause_catchpoint(enum op_guard_cause cause);

/** As typed; NULL: not given. All borrowed. */
struct op_guard_words {
	const char *on, *report, *core, *wasm_core, *limit;
	bool once, keep;
};
struct op_guard_plan {
	bool causes[OP_GUARD_CAUSES];
	bool keep;
	unsigned per_minute;                   /**< 0: any number of reports */
	const char *report, *core, *wasm_core; /**< patterns; the last two NULL: not wanted */
};

/** @return OP_ERROR_SYNTAX, or OP_ERROR_IO for a folder that cannot be written to. */
struct op_error *op_guard_plan_parse(const struct op_guard_words *words, struct op_guard_plan *ret);

#endif
