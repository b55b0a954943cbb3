// SPDX-License-Identifier: GPL-3.0-or-later
// What expressions mean in a session: the names at a place of the guest's code, known before a
// thread is there, and the values in a frame of the stopped target.
#ifndef OP_TRACER_EXPRESSION_SESSION_H
#define OP_TRACER_EXPRESSION_SESSION_H

#include "target-runtime/frame_table.h"
#include "tracer/expression_guest.h"
#include "tracer/expression_tree.h"
#include "tracer/session.h"
#include "tracer/source_value.h"

/** Names at a place. Borrows the module, and the frame when it is one's. */
struct op_session_scope {
	struct op_expression_scope scope; /**< its context is this struct, which must not move */
	struct op_session *session;
	const struct op_frame *frame; /**< NULL: none, or not yet */
	bool in_module;               /**< globals are this module's, whatever is selected */
	const struct op_module_entry *module; /**< NULL: no function */
	const struct op_wasm_module *wasm;    /**< NULL: the module's bytes are not known */
	uint32_t function;                    /**< full index */
	bool has_descriptor;
	struct op_frame_descriptor descriptor;
	struct op_frame_place
		*operands; /**< scope.operand_count of them; NULL: none, or not known */
	struct op_error
		*problem; /**< why a name could not be looked up; goes before the parser's */
	struct op_source_body body;       /**< info NULL: no debug information */
	struct op_debug_function *bodies; /**< owned; what body.body points into; NULL: a frame's */
	char *body_name;                  /**< owned; body.body's, escaped; NULL: there is none */
	struct op_expression_guest guest; /**< expression_debug.c; its context is this struct */
	bool native; /**< a variable was found by native debug information: names hold in this
			frame, at this stop */
};
void op_session_scope_deinit(struct op_session_scope *scope);
#define _cleanup_session_scope_ _cleanup_(op_session_scope_deinit)

/** Parse, and say why names could not be looked up when that was the trouble. */
struct op_error *op_session_scope_parse(struct op_session_scope *scope, const char *text,
					struct op_expression **ret);

/** The same of what need not be a number; see op_expression_parse_term(). */
struct op_error *op_session_scope_parse_term(struct op_session_scope *scope, const char *text,
					     bool types, struct op_expression **ret);

/** Names in a frame of the stopped target; NULL: of the scope that outpost.h describes. */
struct op_error *op_expression_scope_of_frame(struct op_session *session,
					      const struct op_frame *frame,
					      struct op_session_scope *ret);
/**
 * Names before the instruction at @p pc of a function, where no frame is needed: types are those of
 * the frame table at its patch slot, else of the bytecode.
 * @param[in] function full index.
 */
struct op_error *op_expression_scope_at(struct op_session *session, struct op_module_entry *module,
					uint32_t function, uint32_t pc,
					struct op_session_scope *ret);

/**
 * As op_session_evaluate_once().
 * @param[out] ret_in_frame it is in memory that the frame has for itself: its variable, or a part
 * of one, on the guest's own stack.
 */
struct op_error *op_expression_evaluate_place(struct op_session *session,
					      const struct op_frame *frame, const char *text,
					      struct op_result *ret, bool *ret_in_frame);

/** Values in a frame of the stopped target, or without one; it holds as long as the frame. */
struct op_session_source {
	struct op_expression_source source; /**< its context is this struct, which must not move */
	struct op_session *session;
	const struct op_frame *frame;
	bool recovered; /**< out: a local was found through the shadow stack */
};
void op_session_source_init(struct op_session_source *source, struct op_session *session,
			    const struct op_frame *frame);
/**
 * The value of a Wasm local where the location of a variable needs it, a frame base as a rule.
 * Every such read goes through here: in code that records no locals it may be known from the shadow
 * stack.
 * @param[out] ret_recovered becomes true then.
 */
struct op_error *op_source_location_local(struct op_session *session, const struct op_frame *frame,
					  uint32_t index, bool *ret_recovered,
					  struct op_value *ret);

// expression_history.c
/** Numbers from here on stand for convenience variables. */
#define OP_HISTORY_CONVENIENCE (UINT64_C(1) << 32)
/** An earlier result, or a convenience variable; NULL: there is none of that number. */
const struct op_result *op_history_result(const struct op_session *session, uint64_t number);
/** A convenience variable's number. */
bool op_history_find(const struct op_session *session, const char *name, size_t size,
		     uint64_t *ret);
/** "$name", and nothing else. */
bool op_history_is_name(const char *place);
/** @param[in] name without '$'. */
struct op_error *op_history_set(struct op_session *session, const char *name,
				const struct op_result *result);
/** A guest's value goes; the numbers stay. */
void op_history_forget_value(struct op_session *session, const void *guest_value);
void op_history_destroy(struct op_session *session);

// expression.c
/**
 * Give a value the next number of the history, as it is now; where that is full it gets none.
 * @param[in] frame for what is read. @param[in] value taken over; type NULL: one of Wasm's, which
 * @p result is.
 */
struct op_error *op_history_keep(struct op_session *session, const struct op_frame *frame,
				 struct op_source_value *value, struct op_result *result);

// expression_debug.c
/** Find the guest's language at a scope's place; none is no error. Called last. */
struct op_error *op_session_scope_add_guest(struct op_session_scope *scope, uint32_t pc);

// expression_result.c
/** What an expression has come to; *ret_value's type NULL: a value of Wasm's, which *ret is. */
struct op_error *op_expression_result(struct op_session_scope *scope,
				      const struct op_expression *expression,
				      struct op_operand *ret, struct op_source_value *ret_value);
/** What was found through a reference is shown as that: the reference's bytes are its address. */
struct op_error *op_expression_as_shown(const struct op_expression *expression,
					struct op_source_value *value);
/** Keep a value of the guest's with the history, or until the next one that is not, and set
 * result->guest_value. Takes @p value over. */
struct op_error *op_guest_value_keep(struct op_session *session, struct op_source_value *value,
				     bool in_history, struct op_result *result);
/**
 * The type of an expression, or of a type's name, in a frame, without evaluating.
 * @param[out] ret_info for op_type_complete() and the like; NULL: none is needed.
 * @param[out] ret NULL: a value of Wasm's, whose type is *ret_wasm (known false: told only by
 * reading).
 */
struct op_error *op_session_expression_type(struct op_session *session,
					    const struct op_frame *frame, const char *text,
					    struct op_debug_info **ret_info,
					    const struct op_type **ret,
					    struct op_expression_type *ret_wasm);

#endif
