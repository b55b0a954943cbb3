// SPDX-License-Identifier: GPL-3.0-or-later
// run: start a program under the debugger.
#include <string.h>

#include "tracer/repl/repl.h"

static struct op_error *run_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	const char *text = call->rest;
	if (strncmp(text, "--", 2) == 0 && (text[2] == ' ' || !text[2]))
		text += 2;
	struct op_error *err = op_argument_words(text, &words);
	if (err)
		return err;
	if (!words[0] && !repl->argv)
		return op_error_create(
			OP_ERROR_SYNTAX,
			"\"run\" needs a command the first time: run wasmtime run app.wasm");
	enum op_session_state state = op_session_state(repl->session);
	if (state == OP_SESSION_STOPPED || state == OP_SESSION_RUNNING) {
		if (!repl->launched)
			return op_error_create(OP_ERROR_STATE,
					       "a program is being debugged already; \"detach\" or "
					       "\"kill\" it first");
		if (!op_repl_confirm(repl, "Kill the program and start it from the beginning?"))
			return op_error_create(OP_ERROR_INTERRUPTED,
					       "the program was not started again");
		err = op_session_kill(repl->session);
		if (err)
			return err;
	}
	if (words[0]) {
		op_argument_words_free(repl->argv);
		repl->argv = op_take(words);
	}
	return op_repl_launch(repl);
}

const struct op_command op_cmd_run = {
	.name = "run",
	.aliases = OP_ALIASES("r"),
	.group = OP_GROUP_PROCESS,
	.args = "[--] [COMMAND [ARGUMENT]...]",
	.help = "Start a program and stop at its guest's first instruction.\n"
		"Words are quoted as in a shell. Without a command the last one is started again.",
	.complete = OP_COMPLETE_FILES,
	.run = run_run,
};
