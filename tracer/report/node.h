// SPDX-License-Identifier: GPL-3.0-or-later
// Values with what they lead to (objects, functions, table elements) as text and JSON. Knows no
// session.
#ifndef OP_TRACER_REPORT_NODE_H
#define OP_TRACER_REPORT_NODE_H

#include "tracer/report/value.h"

/** True when there is more to say of the value than its own bytes. */
bool op_node_leads_on(const struct op_value_node *node);
/**
 * Append the value: 7, anyref 0x21 node {key = 1, next = node {...}}, funcref 0x7f... fib (module
 * app), i31 5.
 */
void op_node_text(struct op_text *text, const struct op_value_node *node,
		  const struct op_value_format *format);
/** What the value leads to, as an object; nothing when there is no more to say. */
void op_node_json(struct op_json *json, const char *key, const struct op_value_node *node);

#endif
