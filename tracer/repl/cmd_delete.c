// SPDX-License-Identifier: GPL-3.0-or-later
// delete: take breakpoints away.
#include "tracer/repl/breakpoint_numbers.h"

static struct op_error *delete_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_number_list numbers _cleanup_number_list_ = {0};
	struct op_error *err = op_breakpoint_numbers(repl, call->rest, &numbers);
	if (err)
		return err;
	if (!*call->rest && numbers.count && !op_repl_confirm(repl, "Delete all breakpoints?"))
		return op_error_create(OP_ERROR_INTERRUPTED, "no breakpoint was deleted");
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = op_session_breakpoint_delete(repl->session, numbers.data[i]);
	if (!err)
		op_breakpoint_numbers_result(repl, &numbers);
	return err;
}

const struct op_command op_cmd_delete = {
	.name = "delete",
	.aliases = OP_ALIASES("d", "del"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N | N-M]...",
	.help = "Delete breakpoints by number, or all of them.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = delete_run,
};
