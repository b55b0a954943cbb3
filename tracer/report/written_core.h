// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of a core file that was written.
#ifndef OP_TRACER_REPORT_WRITTEN_CORE_H
#define OP_TRACER_REPORT_WRITTEN_CORE_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

void op_written_core_text(struct op_output *out, const char *path,
			  const struct op_written_core *core);
/** The members of an object that has been begun. */
void op_written_core_json(struct op_json *json, const char *path,
			  const struct op_written_core *core);

#endif
