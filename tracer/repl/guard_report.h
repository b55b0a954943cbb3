// SPDX-License-Identifier: GPL-3.0-or-later
// The report of a guarded program's trap, crash or end: a page for a person and a document for a
// program, made of the same stop by the commands that the prompt has.
#ifndef OP_TRACER_REPL_GUARD_REPORT_H
#define OP_TRACER_REPL_GUARD_REPORT_H

#include <time.h>

#include "tracer/repl/repl.h"

/** What is reported. All borrowed. */
struct op_guard_incident {
	const struct op_event *event;
	time_t time;
	uint64_t number;   /**< of the report, from 1 */
	uint64_t left_out; /**< so many more since the report before were too many for the limit */
	const char *core, *wasm_core; /**< files that were written with it; NULL: none */
};

/**
 * Write the stopped program's state, as text or as one JSON document and a newline. What cannot be
 * found out stands there with the reason; errors are those of the file, of a program that is gone,
 * and lack of memory.
 */
struct op_error *op_guard_report_text(struct op_repl *repl,
				      const struct op_guard_incident *incident, FILE *file);
struct op_error *op_guard_report_json(struct op_repl *repl,
				      const struct op_guard_incident *incident, FILE *file);

/** "trap: integer divide by zero" into @p out. */
void op_guard_summary(struct op_output *out, const struct op_event *event);

#endif
