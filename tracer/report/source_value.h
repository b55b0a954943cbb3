// SPDX-License-Identifier: GPL-3.0-or-later
// Values of the guest's language as text, the way gdb and Rust's {:?} write them, and as JSON.
// Knows no session.
#ifndef OP_TRACER_REPORT_SOURCE_VALUE_H
#define OP_TRACER_REPORT_SOURCE_VALUE_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** How values are written. Zero-initialised: in one line, without types. */
struct op_source_style {
	bool pretty; /**< members in lines of their own */
	bool typed;  /**< the outermost pointer with its type: (struct node *) 0x1234 */
};

/** Append the value, without its name. */
void op_source_value_text(struct op_text *text, const struct op_source_node *node,
			  const struct op_source_style *style);
/** Text: variables, one a line ("name = value"), behind @p indent. */
void op_source_variables_text(struct op_output *out, const struct op_source_node *nodes,
			      size_t count, const struct op_source_style *style,
			      const char *indent);

/** One value as an object. */
void op_source_value_json(struct op_json *json, const char *key, const struct op_source_node *node);
/** An array of them. */
void op_source_variables_json(struct op_json *json, const char *key,
			      const struct op_source_node *nodes, size_t count);

#endif
