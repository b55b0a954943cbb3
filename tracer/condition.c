// SPDX-License-Identifier: GPL-3.0-or-later
// Conditions of breakpoints, evaluated from outside the target.
#include "tracer/condition.h"

static struct op_error *truth(const struct op_value *value, bool *ret)
{
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "its value is %s",
				       op_value_state_message(value->state));
	if (value->type > OP_VALUE_F64)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "a value of type %s is neither true nor false",
				       op_value_type_name(value->type));
	uint64_t bits = op_value_bits(value);
	// A negative zero is a zero: its sign is not looked at.
	if (value->type == OP_VALUE_F32)
		bits &= INT32_MAX;
	else if (value->type == OP_VALUE_F64)
		bits &= INT64_MAX;
	*ret = bits != 0;
	return NULL;
}

struct op_error *op_condition_holds(struct op_session *session, const char *condition,
				    uint64_t address, op_thread_id thread, bool *ret)
{
	// What was read at earlier arrivals is not true any more.
	op_session_forget(session);
	// For this thread the target stands still: what needs that may be asked.
	enum op_session_state state = session->state;
	session->state = OP_SESSION_STOPPED;
	const struct op_frame *frame;
	struct op_result result;
	struct op_error *err = op_stacks_arrived(session, thread, address, &frame);
	if (!err)
		err = op_session_evaluate_once(session, frame, condition, &result);
	if (!err)
		err = truth(&result.value, ret);
	session->state = state;
	op_session_forget(session);
	return err;
}
