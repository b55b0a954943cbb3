// SPDX-License-Identifier: GPL-3.0-or-later
// What a catchpoint stopped at, and host calls, as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_CATCH_H
#define OP_TRACER_REPORT_CATCH_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** Text: "trap: integer divide by zero", "call of fd_write(1, [{"hello\n", 6}])", without a
 * newline.
 * @param[in] exception what a thrown exception is; NULL: not known, or none. */
void op_catch_text(struct op_output *out, const struct op_event *event, const char *exception);
/** JSON: members of the stop's document. @param[in] exception the node, as JSON; NULL: none. */
void op_catch_json(struct op_json *json, const struct op_event *event, const char *exception);

/** Text: `[4711] fd_write(1, [{"hello\n", 6}]) = 0 (6 bytes) <0.000012>` and a newline. */
void op_host_call_line(struct op_output *out, int64_t thread, const struct op_host_call *call);
/** JSON: members. */
void op_host_call_json(struct op_json *json, const struct op_host_call *call);

#endif
