// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of a disassembly as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_DISASSEMBLY_H
#define OP_TRACER_REPORT_DISASSEMBLY_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/**
 * Text: "=> 0x1a3 <+4>: local.get 0"; '*' marks a breakpoint. @param[in] start the function's
 * first pc, 0 when not known.
 */
void op_disassembly_line_text(struct op_output *out, const struct op_disassembly_line *line,
			      uint32_t start);
void op_disassembly_line_json(struct op_json *json, const struct op_disassembly_line *line);

#endif
