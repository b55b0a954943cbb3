// SPDX-License-Identifier: GPL-3.0-or-later
// Counters' results as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_COUNT_H
#define OP_TRACER_REPORT_COUNT_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** At most @p limit rows, 0: all. */
void op_counts_text(struct op_output *out, const struct op_count *counts, size_t count,
		    size_t limit, bool by_instruction);
void op_counts_json(struct op_json *json, const char *key, const struct op_count *counts,
		    size_t count, bool by_instruction);

#endif
