// SPDX-License-Identifier: GPL-3.0-or-later
// The breakpoints that numbers name; see breakpoint_numbers.h.
#include "tracer/repl/breakpoint_numbers.h"

#include <inttypes.h>

#include "base/array.h"

static bool exists(const struct op_breakpoint *const *breakpoints, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (breakpoints[i]->number == number)
			return true;
	}
	return false;
}

struct op_error *op_breakpoint_numbers(struct op_repl *repl, const struct op_call *call,
				       struct op_number_list *ret)
{
	struct op_error *err = op_argument_list(call->rest, "a breakpoint's number", ret);
	if (err)
		return err;
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	for (size_t i = 0; i < ret->count; i++) {
		if (!exists(breakpoints, count, ret->data[i]))
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "there is no breakpoint %" PRIu32, ret->data[i]);
	}
	for (size_t i = 0; !*call->rest && i < count; i++) {
		if (!op_array_push(ret, breakpoints[i]->number))
			return op_error_no_memory();
	}
	return NULL;
}

void op_breakpoint_numbers_result(struct op_repl *repl, const struct op_number_list *numbers)
{
	if (!repl->out.json)
		return;
	op_json_begin_array(&repl->out.writer, "breakpoints");
	for (size_t i = 0; i < numbers->count; i++)
		op_json_uint(&repl->out.writer, NULL, numbers->data[i]);
	op_json_end_array(&repl->out.writer);
}
