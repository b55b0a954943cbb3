// SPDX-License-Identifier: GPL-3.0-or-later
// What expressions mean in a session: the names at a place of the guest's code, known before a
// thread is there, and the values in a frame of the stopped target.
#ifndef OP_TRACER_EXPRESSION_SESSION_H
#define OP_TRACER_EXPRESSION_SESSION_H

#include "target-runtime/frame_table.h"
#include "tracer/expression_tree.h"
#include "tracer/session.h"

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
};
void op_session_scope_deinit(struct op_session_scope *scope);
#define _cleanup_session_scope_ _cleanup_(op_session_scope_deinit)

/** Parse, and say why names could not be looked up when that was the trouble. */
struct op_error *op_session_scope_parse(struct op_session_scope *scope, const char *text,
					struct op_expression **ret);

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

/** Values in a frame of the stopped target, or without one; it holds as long as the frame. */
struct op_session_source {
	struct op_expression_source source; /**< its context is this struct, which must not move */
	struct op_session *session;
	const struct op_frame *frame;
};
void op_session_source_init(struct op_session_source *source, struct op_session *session,
			    const struct op_frame *frame);

#endif
