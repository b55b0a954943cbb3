// SPDX-License-Identifier: GPL-3.0-or-later
// condition: change or drop the condition of a breakpoint.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/breakpoint_numbers.h"

static struct op_error *condition_run(struct op_repl *repl, const struct op_call *call)
{
	const char *rest = call->rest;
	char *word _cleanup_free_ = NULL;
	uint32_t number;
	struct op_error *err = op_argument_word(&rest, &word);
	if (err)
		return err;
	if (!word)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"condition\" needs a breakpoint's number, and an "
				       "expression unless it is to have no condition any more");
	rest += strspn(rest, " \t");
	err = op_breakpoint_number(repl, word, &number);
	if (!err)
		err = op_session_breakpoint_condition(repl->session, number, *rest ? rest : NULL);
	if (err)
		return err;
	if (repl->out.json) {
		op_json_uint(&repl->out.writer, "breakpoint", number);
		op_json_string(&repl->out.writer, "condition", *rest ? rest : NULL);
	} else if (!*rest) {
		op_output_printf(&repl->out, "Breakpoint %" PRIu32 " is unconditional now.\n",
				 number);
	}
	return NULL;
}

const struct op_command op_cmd_condition = {
	.name = "condition",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "N [EXPRESSION]",
	.help = "Let breakpoint N stop the program only where the expression is true; without one, "
		"always.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = condition_run,
};
