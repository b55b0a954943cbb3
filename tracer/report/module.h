// SPDX-License-Identifier: GPL-3.0-or-later
// Modules and functions as text and JSON: what is in them, what was recorded, what that makes
// possible. Knows no session.
#ifndef OP_TRACER_REPORT_MODULE_H
#define OP_TRACER_REPORT_MODULE_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** Text: one line of info modules. */
void op_module_row(struct op_output *out, const struct op_module *module);
/** Text: the paragraph of inspect. */
void op_module_paragraph(struct op_output *out, const struct op_module *module);
/** The members of a module's object; the caller opens and closes it. */
void op_module_members(struct op_json *json, const struct op_module *module);

/** Text: one line of info functions. */
void op_function_row(struct op_output *out, const struct op_function_info *function);
void op_function_json(struct op_json *json, const char *key,
		      const struct op_function_info *function, const char *module);

#endif
