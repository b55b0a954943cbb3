// SPDX-License-Identifier: GPL-3.0-or-later
// shell: run a command of the system's.
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracer/repl/repl.h"

extern char **environ;

static struct op_error *spawn(struct op_repl *repl, const char *line, pid_t *ret)
{
	static const char shell[] = "/bin/sh";
	char *copy _cleanup_free_ = strdup(line);
	if (!copy)
		return op_error_no_memory();
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, copy, NULL};
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);
	if (failed)
		return op_error_system(OP_ERROR_SYSTEM, failed, "cannot start %s", shell);
	// Standard output belongs to the JSON documents.
	if (repl->out.json)
		failed = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawn(ret, shell, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? op_error_system(OP_ERROR_SYSTEM, failed, "cannot start %s", shell) : NULL;
}

static struct op_error *shell_run(struct op_repl *repl, const struct op_call *call)
{
	if (!*call->rest)
		return op_error_create(OP_ERROR_SYNTAX, "\"shell\" needs a command");
	struct op_error *err = op_sandbox_refuse("start other programs");
	if (err)
		return err;
	op_output_flush(&repl->out);
	pid_t pid;
	err = spawn(repl, call->rest, &pid);
	if (err)
		return err;
	int status = 0;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return op_error_system(OP_ERROR_SYSTEM, errno,
					       "cannot wait for the command");
	}
	// As a shell tells of it: 128 and the signal's number.
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (repl->out.json)
		op_json_int(&repl->out.writer, "status", code);
	else if (code)
		op_output_printf(&repl->out, "(exit status %d)\n", code);
	return NULL;
}

const struct op_command op_cmd_shell = {
	.name = "shell",
	.aliases = OP_ALIASES("!"),
	.group = OP_GROUP_SUPPORT,
	.args = "COMMAND",
	.help = "Run a command of the system's; !COMMAND is the same.",
	.complete = OP_COMPLETE_FILES,
	.run = shell_run,
};
