// SPDX-License-Identifier: GPL-3.0-or-later
// Starting a program under the debugger. The child waits at a pipe until it is seized, then calls
// exec: no PTRACE_TRACEME, whose stops are of another kind, and no seccomp filter, which would make
// system calls fail once the tracer is gone. The child stays in outpost's process group, so that it
// can read the terminal; what Ctrl-C sends it is reported as a signal stop.
#include "platform/linux/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/open.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/refuse.h"

#include <utlist.h>

struct pipe_ends {
	int read, write;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pipe_close(struct pipe_ends *ends)
{
	close_end(&ends->read);
	close_end(&ends->write);
}

static bool pipe_open(struct pipe_ends *ends)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return false;
	*ends = (struct pipe_ends){fds[0], fds[1]};
	return true;
}

/** What the child does between fork and exec. Says errno through the pipe when exec fails; success
 * closes it. */
static void __attribute__((noreturn))
run_child(const struct op_launch_options *options, struct pipe_ends *go, struct pipe_ends *failure,
	  const sigset_t *signals)
{
	char token;

	close_end(&go->write);
	// The tracer's death before the go closes the pipe.
	if (read(go->read, &token, 1) != 1)
		_exit(127);
	if (options->disable_aslr)
		personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	// Debuggers ignore it for themselves, and exec would hand that down.
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execvp(options->argv[0], (char *const *)options->argv);
	int problem = errno;
	(void)!write(failure->write, &problem, sizeof(problem));
	_exit(127);
}

static struct op_error *exec_failed(const char *program, int problem)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;

	op_text_append_escaped(&text, program, strlen(program));
	enum op_error_code code = problem == ENOENT   ? OP_ERROR_NOT_FOUND
				  : problem == EACCES ? OP_ERROR_PERMISSION
						      : OP_ERROR_IO;
	return op_error_system(code, problem, "cannot start %s",
			       text.data ? text.data : "the program");
}

/** Wait for the exec event; signals that come earlier go to the child. */
static struct op_error *wait_for_exec(struct op_live *process, const char *program, int failure)
{
	for (;;) {
		struct op_stop stop;
		struct op_error *err = op_process_wait(&process->base, -1, &stop);
		if (err)
			return err;
		if (stop.kind == OP_STOP_EXEC)
			return NULL;
		if (stop.kind == OP_STOP_INTERRUPTED)
			return op_error_create(OP_ERROR_INTERRUPTED,
					       "the start of the program was interrupted");
		if (stop.kind == OP_STOP_PROCESS_EXIT) {
			int problem;
			if (read(failure, &problem, sizeof(problem)) == (ssize_t)sizeof(problem))
				return exec_failed(program, problem);
			return op_error_create(OP_ERROR_PROCESS_GONE,
					       "the program ended before it started");
		}
		const struct op_run_request request = {.thread = stop.thread};
		err = op_process_run(&process->base, &request);
		if (err)
			return err;
	}
}

/** Seize the waiting child, let it exec and bring it to its first stop. */
static struct op_error *take_child(struct op_live *process, const struct op_launch_options *options,
				   int go, int failure)
{
	struct op_proc_status status;

	process->options |= PTRACE_O_EXITKILL;
	if (ptrace(PTRACE_SEIZE, process->pid, 0, op_ptrace_options | process->options))
		return op_refuse_explain(process->pid, "trace", errno);
	struct op_tracee *tracee = op_tracee_add(process, process->pid);
	if (!tracee)
		return op_error_no_memory();
	tracee->wants_run = true;
	if (write(go, "", 1) != 1)
		return op_error_system(OP_ERROR_SYSTEM, errno, "cannot talk to the new process");
	struct op_error *err = wait_for_exec(process, options->argv[0], failure);
	if (err)
		return err;
	int problem = op_proc_status(process->pid, &status);
	if (problem == ESRCH)
		return op_live_gone(process, "start");
	if (problem)
		return op_error_system(OP_ERROR_SYSTEM, problem, "cannot read /proc/%d/status",
				       process->pid);
	process->start_time = status.start_time;
	err = op_refuse_program(process->pid);
	if (!err)
		err = op_live_open_memory(process);
	return err ? err : op_live_load(process);
}

/** A child that did not become a target: end it and reap it, traced or not. */
static void discard_child(struct op_live *process)
{
	if (!process->exited) {
		int status;
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, &status, __WALL) < 0 && errno == EINTR)
			;
		process->exited = true;
	}
	op_process_destroy(&process->base);
}

struct op_error *op_live_launch(const struct op_launch_options *options, struct op_process **ret)
{
	_cleanup_(pipe_close) struct pipe_ends go = {-1, -1};
	_cleanup_(pipe_close) struct pipe_ends failure = {-1, -1};
	sigset_t signals;

	if (!options->argv || !options->argv[0])
		return op_error_create(OP_ERROR_SYNTAX, "there is no program to start");
	if (!pipe_open(&go) || !pipe_open(&failure))
		return op_error_system(OP_ERROR_SYSTEM, errno,
				       "cannot open a pipe to a new process");
	struct op_live *process = op_live_create();
	if (!process)
		return op_error_no_memory();
	// Before the waiter unblocks its signal: the program gets the mask that the caller has.
	pthread_sigmask(SIG_SETMASK, NULL, &signals);
	struct op_error *err = op_live_enter_waiter(process);
	if (err) {
		free(process);
		return err;
	}
	process->base.id = process->pid = fork();
	if (process->pid == 0)
		run_child(options, &go, &failure, &signals);
	if (process->pid < 0) {
		err = op_error_system(OP_ERROR_SYSTEM, errno, "cannot make a new process");
		process->exited = true;
		op_process_destroy(&process->base);
		return err;
	}
	close_end(&failure.write);
	err = take_child(process, options, go.write, failure.read);
	if (err) {
		discard_child(process);
		return err;
	}
	*ret = &process->base;
	return NULL;
}
