// SPDX-License-Identifier: GPL-3.0-or-later
// What a function that was finished returned: from the operand stack of its caller, or from
// registers when that is the host. What it is in the guest's language is returned.c's.
#include <stdlib.h>
#include <string.h>

#include "tracer/step_private.h"

struct op_error *op_step_results_missing(struct op_session *session, struct op_event *event,
					 const char *why)
{
	free(session->results_missing);
	session->results_missing = strdup(why);
	if (!session->results_missing)
		return op_error_no_memory();
	event->results_missing = session->results_missing;
	return NULL;
}

struct op_error *op_step_register_result(struct op_session *session, op_thread_id thread,
					 struct op_value *value)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_error *err;
	if (value->type == OP_VALUE_F32 || value->type == OP_VALUE_F64 ||
	    value->type == OP_VALUE_V128) {
		err = op_process_vector_register(session->process, thread, 0, value->bytes);
	} else {
		struct op_registers registers;
		err = op_process_registers(session->process, thread, &registers);
		if (!err)
			memcpy(value->bytes, &registers.value[arch->integer_result], 8);
	}
	unsigned size = op_value_type_size(value->type);
	memset(value->bytes + size, 0, sizeof(value->bytes) - size);
	return err;
}

static struct op_error *register_result(struct op_session *session, struct op_event *event)
{
	struct op_step *step = session->step;
	struct op_value value = {.type = op_value_type_of(step->wasm, &step->type->results[0])};
	struct op_error *err = op_step_register_result(session, step->done_thread, &value);
	if (err)
		return err;
	session->results = malloc(sizeof(value));
	if (!session->results)
		return op_error_no_memory();
	*session->results = value;
	event->results = session->results;
	event->result_count = 1;
	return NULL;
}

// From the operand stack of the caller, where they are on top.
static struct op_error *operand_results(struct op_session *session, struct op_event *event,
					uint32_t count)
{
	const struct op_frame *frame;
	struct op_error *err = op_session_selected_frame(session, &frame);
	if (err)
		return err;
	struct op_stack_context context = op_session_stack_context(session);
	_cleanup_free_ struct op_value *values = NULL;
	size_t value_count;
	enum op_value_state reason;
	err = op_frame_operands(&context, op_frame_virtual(frame), &values, &value_count, &reason);
	if (err)
		return err;
	if (!values || value_count < count)
		return op_step_results_missing(
			session, event, "the caller does not keep them on its operand stack");
	session->results = reallocarray(NULL, count, sizeof(*session->results));
	if (!session->results)
		return op_error_no_memory();
	memcpy(session->results, values + (value_count - count), count * sizeof(*values));
	event->results = session->results;
	event->result_count = count;
	return NULL;
}

struct op_error *op_step_results(struct op_session *session, struct op_event *event)
{
	struct op_step *step = session->step;
	struct op_error *err = NULL;
	free(session->results);
	session->results = NULL;
	if (step->unwound)
		return op_step_results_missing(session, event,
					       "the function was left by an exception");
	if (!step->type)
		return op_step_results_missing(session, event,
					       "the function's type is not recorded");
	uint32_t count = step->type->result_count;
	if (step->in_registers && count > 1)
		return op_step_results_missing(
			session, event,
			"only the first of several results is in a register that is known");
	if (count)
		err = step->in_registers ? register_result(session, event)
					 : operand_results(session, event, count);
	if (err || event->results_missing)
		return err;
	return op_returned_value(session, &step->note, event);
}
