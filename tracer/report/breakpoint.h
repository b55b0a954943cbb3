// SPDX-License-Identifier: GPL-3.0-or-later
// Breakpoints as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_BREAKPOINT_H
#define OP_TRACER_REPORT_BREAKPOINT_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** Text: "Breakpoint 1 at app!0x1a3: fib", or that it is pending. */
void op_breakpoint_text(struct op_output *out, const struct op_breakpoint *breakpoint);
/** Text: the table of info breakpoints. */
void op_breakpoint_table(struct op_output *out, const struct op_breakpoint *const *breakpoints,
			 size_t count);
void op_breakpoint_json(struct op_json *json, const char *key,
			const struct op_breakpoint *breakpoint);
/** A line of a log point; JSON: a "log" event. */
void op_log_line(struct op_output *out, uint32_t number, const char *text);

/** "Hardware watchpoint", "Watchpoint". Static. */
const char *op_watch_name(enum op_breakpoint_kind kind, bool software);

#endif
