// SPDX-License-Identifier: GPL-3.0-or-later
// Source files, their lines and the code of those, as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_SOURCE_H
#define OP_TRACER_REPORT_SOURCE_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** Text: "-> 42\treturn n;", where the frame is; the number is dim where no code is. */
void op_listed_line(struct op_output *out, const struct op_source_line *line, bool current);
/** A stretch of code. @param[in] with_line with its file and line. */
void op_source_range_report(struct op_output *out, const struct op_source_range *range,
			    bool with_line);
/** What is known of a place, a member or a row each. */
void op_source_summary_report(struct op_output *out, const struct op_source_summary *summary);

#endif
