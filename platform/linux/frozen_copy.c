// SPDX-License-Identifier: GPL-3.0-or-later
// A copy of a process that it makes itself: a fork by one of its threads, of which the program sees
// nothing. It never runs an instruction. Must not know what it is read for.
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/detour.h"
#include "platform/linux/frozen.h"
#include "platform/linux/inject.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"

// man 2 clone. No exit signal: the program gets no SIGCHLD, and its wait() does not see the child.
// CLONE_FILES: a file that the program closes is closed, though the copy lives. CLONE_PTRACE with
// CLONE_UNTRACED: the child is ours and stops before its first instruction, and its parent reports
// no event (kernel_clone(), ptrace_init_task()).
static const uint64_t copy_flags = CLONE_FILES | CLONE_FS | CLONE_PTRACE | CLONE_UNTRACED;

static struct op_error *note_why(struct op_frozen *frozen, const char *why)
{
	frozen->why = strdup(why);
	return frozen->why ? NULL : op_error_no_memory();
}

// A filter may end the process for a call that it does not expect (man 2 seccomp). NULL: none does.
const char *op_frozen_why_confined(pid_t pid)
{
	char path[64];
	_cleanup_free_ char *status = NULL;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (op_proc_read_file(path, &status, &size))
		return "whether a seccomp filter might end the process for a fork cannot be seen";
	const char *line = strstr(status, "\nSeccomp:");
	if (!line || strtol(line + strlen("\nSeccomp:"), NULL, 10) == 0)
		return NULL;
	return "the process is confined by a seccomp filter, which might end it for a fork";
}

/** The next report of the copy, which may have been taken in already. */
static bool wait_for_copy(struct op_live *process, pid_t copy, int *ret_status)
{
	pid_t got;

	if (process && process->waiter && op_waiter_claim_orphan(process->waiter, copy, ret_status))
		return true;
	do {
		got = waitpid(copy, ret_status, __WALL);
	} while (got < 0 && errno == EINTR);
	return got == copy;
}

static struct op_error *fork_inside(struct op_live *process, const struct op_inject_thread *thread,
				    struct op_frozen *frozen)
{
	const uint64_t arguments[6] = {copy_flags, OP_DETOUR_NO_STACK, 0, 0, 0, 0};
	int64_t result;
	int status;
	struct op_error *err = op_inject_call(process, thread, SYS_clone, arguments, &result);

	if (err)
		return err;
	if (result <= 0) {
		_cleanup_free_ char *why = NULL;
		if (asprintf(&why, "process %d does not make a copy of itself: %s", process->pid,
			     strerror((int)-result)) < 0)
			return op_error_no_memory();
		return note_why(frozen, why);
	}
	frozen->copy = (pid_t)result;
	// Should outpost die, the copy does. Before this it ends itself (detour.c): a fault would
	// run the program's handlers in it, and leave a core file.
	op_ptrace(PTRACE_SETOPTIONS, frozen->copy, 0, PTRACE_O_EXITKILL);
	if (wait_for_copy(process, frozen->copy, &status) && WIFSTOPPED(status)) {
		op_ptrace(PTRACE_SETOPTIONS, frozen->copy, 0, PTRACE_O_EXITKILL);
		return op_frozen_open_memory(frozen, frozen->copy);
	}
	err = op_frozen_end_copy(process, frozen);
	return err ? err : note_why(frozen, "the copy that the process made of itself was ended");
}

// The child has no exit signal: nobody but a wait with __WALL ever takes its rest away.
struct op_error *op_frozen_reap_copy(struct op_live *process, pid_t copy)
{
	struct op_inject_thread thread;
	const uint64_t arguments[6] = {(uint64_t)copy, 0, __WALL | WNOHANG, 0, 0, 0};
	int64_t result;
	struct op_error *err = op_inject_choose(process, &thread);

	// What the call returns must not be taken for what the thread's own call returns.
	return err || !thread.detours
		       ? err
		       : op_inject_call(process, &thread, SYS_wait4, arguments, &result);
}

struct op_error *op_frozen_make_copy(struct op_live *process, struct op_frozen *frozen)
{
	struct op_inject_thread thread;

	const char *confined = op_frozen_why_confined(process->pid);
	if (confined)
		return note_why(frozen, confined);
	// The number that the copy's maker is told would be another process's here.
	if (!op_live_same_place(process->pid, "ns/pid"))
		return note_why(frozen, "the process numbers its children by itself (it is in a "
					"PID namespace of its own)");
	struct op_error *err = op_inject_choose(process, &thread);
	if (err && err->code == OP_ERROR_UNSUPPORTED) {
		struct op_error *noted = note_why(frozen, err->message);
		op_error_destroy(err);
		return noted;
	}
	if (err)
		return err;
	// Without a detour, outpost's death at the wrong moment would hand the thread a number that
	// its own call never returns.
	if (!thread.detours)
		return note_why(frozen,
				"no thread of the process can fork and find back by itself");
	return fork_inside(process, &thread, frozen);
}

struct op_error *op_frozen_end_copy(struct op_live *process, struct op_frozen *frozen)
{
	int status = 0;
	pid_t copy = frozen->copy;

	if (!copy)
		return NULL;
	frozen->copy = 0;
	kill(copy, SIGKILL);
	while (wait_for_copy(process, copy, &status) && WIFSTOPPED(status))
		kill(copy, SIGKILL);
	return process && process->attached && !process->exited ? op_frozen_reap_copy(process, copy)
								: NULL;
}
