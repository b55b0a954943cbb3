// SPDX-License-Identifier: GPL-3.0-or-later
// The value of an expression as print, output and display show it: of a Wasm type or of one of the
// guest's language.
#ifndef OP_TRACER_REPL_PRINTED_H
#define OP_TRACER_REPL_PRINTED_H

#include "tracer/repl/repl.h"
#include "tracer/report/node.h"
#include "tracer/report/source_value.h"

/** Borrowed from the session until the next value is evaluated. */
struct op_printed {
	struct op_value_format format;
	struct op_result result;
	const struct op_value_node *node;
	const struct op_source_node *source; /**< of the guest's language; NULL: node */
};

/**
 * Evaluate in the selected frame.
 * @param[in] command its name, for errors.
 * @param[in] format what stands behind its '/'; "" for nothing.
 * @param[in] keep the value gets a number in the history.
 */
struct op_error *op_printed_evaluate(struct op_repl *repl, const char *command, const char *format,
				     const char *expression, bool keep, struct op_printed *ret);
void op_printed_text(struct op_repl *repl, struct op_text *text, const struct op_printed *printed);
/** The members of a value: its text, what it is made of, its place. */
void op_printed_json(struct op_repl *repl, struct op_json *json, const struct op_printed *printed);

#endif
