// SPDX-License-Identifier: GPL-3.0-or-later
// attach: take hold of a running process.
#include "tracer/repl/repl.h"

static struct op_error *attach_run(struct op_repl *repl, const struct op_call *call)
{
	uint64_t pid;
	struct op_error *err = op_argument_number(call->rest, "a process id", &pid);
	if (err)
		return err;
	if (pid == 0 || pid > INT32_MAX)
		return op_error_create(OP_ERROR_NO_SUCH_PROCESS, "%s is not the id of a process",
				       call->rest);
	enum op_session_state state = op_session_state(repl->session);
	if (state == OP_SESSION_STOPPED || state == OP_SESSION_RUNNING)
		return op_error_create(
			OP_ERROR_STATE,
			"a program is being debugged already; \"detach\" or \"kill\" it first");
	return op_repl_attach(repl, (int64_t)pid);
}

const struct op_command op_cmd_attach = {
	.name = "attach",
	.aliases = OP_ALIASES("at"),
	.group = OP_GROUP_PROCESS,
	.args = "PID",
	.help = "Take hold of a running process and stop it.\nThe process needs no preparation. "
		"\"detach\" lets it run on as it was.",
	.run = attach_run,
};
