// SPDX-License-Identifier: GPL-3.0-or-later
// Expressions of the public interface: evaluated in a frame, kept in the history, assigned to.
// Trees are parsed and interpreted in the other files named expression_*.
#include <ctype.h>

#include "tracer/expression_session.h"
#include "tracer/watchpoint.h"

enum {
	HISTORY_MAX = 10000,
};

static struct op_error *evaluate(struct op_session *session, const struct op_frame *frame,
				 const char *text, struct op_operand *ret)
{
	_cleanup_session_scope_ struct op_session_scope scope = {0};
	_cleanup_(op_expression_destroyp) struct op_expression *expression = NULL;
	struct op_session_source source;
	struct op_error *err = op_expression_scope_of_frame(session, frame, &scope);
	if (!err)
		err = op_session_scope_parse(&scope, text, &expression);
	if (err)
		return err;
	op_session_source_init(&source, session, frame);
	return op_expression_evaluate(expression, &source.source, ret);
}

struct op_error *op_session_evaluate_once(struct op_session *session, const struct op_frame *frame,
					  const char *text, struct op_result *ret)
{
	struct op_operand operand;
	struct op_error *err = evaluate(session, frame, text, &operand);
	if (!err)
		*ret = operand.result;
	return err;
}

struct op_error *op_session_evaluate(struct op_session *session, const struct op_frame *frame,
				     const char *text, struct op_result *ret)
{
	struct op_operand operand;
	struct op_error *err = evaluate(session, frame, text, &operand);
	if (err)
		return err;
	if (session->history.count < HISTORY_MAX) {
		operand.result.history = (uint32_t)session->history.count + 1;
		if (!op_array_push(&session->history, operand.result))
			return op_error_no_memory();
	}
	*ret = operand.result;
	return NULL;
}

// Locals and stack slots are mirrors that the compiled code writes and never reads (facts in
// docs/wasmtime.md).
static bool names_a_mirror(const char *place)
{
	while (isspace((unsigned char)*place))
		place++;
	return *place == '$' || isalpha((unsigned char)*place) || *place == '_';
}

static struct op_error *need_place(const struct op_operand *target, const char *place)
{
	if (target->result.has_place || target->result.place_address.value)
		return NULL;
	if (target->read_only)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: %s", place,
				       target->read_only);
	if (target->result.value.state != OP_VALUE_PRESENT &&
	    target->result.source != OP_SOURCE_NONE)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be set: it is %s", place,
				       op_value_state_message(target->result.value.state));
	if (names_a_mirror(place))
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s cannot be set: the compiled code keeps locals and the operand stack in "
			"registers, and what is recorded of them is only "
			"a copy",
			place);
	return op_error_create(OP_ERROR_SYNTAX,
			       "\"%s\" is no place: $mem[ADDRESS:TYPE], $global.NAME and fields of "
			       "objects can be set",
			       place);
}

struct op_error *op_session_assign(struct op_session *session, const struct op_frame *frame,
				   const char *place, const char *text)
{
	struct op_operand target, source;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = evaluate(session, frame, place, &target);
	if (!err)
		err = need_place(&target, place);
	if (!err)
		err = evaluate(session, frame, text, &source);
	if (err)
		return err;
	if (target.result.width == 16) {
		if (source.result.value.type != OP_VALUE_V128)
			return op_error_create(OP_ERROR_SYNTAX,
					       "only a v128 can be written to a v128");
	} else {
		struct op_access_type type = {NULL, target.result.value.type, target.result.width,
					      target.result.is_unsigned};
		err = op_operand_convert(text, &type, &source);
		if (err)
			return err;
	}
	const uint8_t *bytes = source.result.value.bytes;
	if (target.result.has_place)
		return op_session_write_memory(session, frame, target.result.guest_memory,
					       target.result.guest_offset, bytes,
					       target.result.width);
	err = op_process_write(session->process, target.result.place_address, bytes,
			       target.result.width);
	op_memory_cache_drop(session->cache);
	op_watch_reread(session);
	return err;
}
