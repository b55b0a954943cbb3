// SPDX-License-Identifier: GPL-3.0-or-later
// Conditions of breakpoints: parsed once for each place, evaluated by outpost where a thread has
// arrived. Knows no breakpoint.
#ifndef OP_TRACER_CONDITION_H
#define OP_TRACER_CONDITION_H

#include "tracer/expression_tree.h"
#include "tracer/session.h"

/** What the condition is at one instruction: names and where variables are change with it. */
struct op_condition_place {
	uint32_t module_id, function, pc;
	struct op_expression *expression;
};

/** A condition at all places of a breakpoint. Zero-initialised it is none. */
struct op_condition {
	char *text; /**< owned; NULL: there is no condition, everything holds */
	struct OP_ARRAY(struct op_condition_place) places;
};
void op_condition_deinit(struct op_condition *condition);

/**
 * Refuse what no place can make right: OP_ERROR_SYNTAX. Names and types are looked at when places
 * are known.
 */
struct op_error *op_condition_check(const char *text);
/** Parse for the instruction at @p pc of a function. @return the parser's own error. */
struct op_error *op_condition_add_place(struct op_session *session, struct op_condition *condition,
					struct op_module_entry *module, uint32_t function,
					uint32_t pc);
void op_condition_clear_places(struct op_condition *condition);

/** What it is there; NULL: it was not parsed for that place. */
const struct op_expression *op_condition_expression(const struct op_condition *condition,
						    uint32_t module_id, uint32_t function,
						    uint32_t pc);
/** Its value, a number, in the innermost frame of @p thread; see op_condition_holds(). */
struct op_error *op_condition_value(struct op_session *session,
				    const struct op_condition *condition, uint64_t address,
				    op_thread_id thread, struct op_operand *ret);
/** What it shows, text of the guest's language without quotes (OP_ERROR_UNSUPPORTED: it has none
 * there); see op_condition_holds(). Appends to @p ret, escaped. */
struct op_error *op_condition_text(struct op_session *session, const struct op_condition *condition,
				   uint64_t address, op_thread_id thread, struct op_text *ret);
/** Whether that can be had at the instruction at @p pc of a function. @return why not. */
struct op_error *op_condition_check_text(struct op_session *session,
					 const struct op_condition *condition,
					 struct op_module_entry *module, uint32_t function,
					 uint32_t pc);
/**
 * Whether it is true in the innermost frame of @p thread, which stands at the patch at
 * @p address; the other threads may run.
 * @return the evaluation's own error, and OP_ERROR_UNSUPPORTED for a value that is no number.
 */
struct op_error *op_condition_holds(struct op_session *session,
				    const struct op_condition *condition, uint64_t address,
				    op_thread_id thread, bool *ret);
// The same of a text, in a frame, NULL for none, of a stopped target.
struct op_error *op_condition_value_in(struct op_session *session, const struct op_frame *frame,
				       const char *text, struct op_operand *ret);
struct op_error *op_condition_text_in(struct op_session *session, const struct op_frame *frame,
				      const char *text, struct op_text *ret);
struct op_error *op_condition_is_true(struct op_session *session, const struct op_frame *frame,
				      const char *condition, bool *ret);

#endif
