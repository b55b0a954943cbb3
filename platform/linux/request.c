// SPDX-License-Identifier: GPL-3.0-or-later
// Requests of ptrace. ESRCH says that a thread was killed, or that the kernel could not make sure
// that it stands: "wait_task_inactive() failure means that the tracee was killed or is being
// scheduled" (ptrace_check_attach(), kernel/ptrace.c, and its older forms, which failed for a
// thread that was only not off its processor yet). To take the second for the first would leave a
// living thread where it stands for as long as outpost lives. So the thread's state is looked at.
// test_inject.py: every request fails once.
#include "platform/linux/request.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "platform/linux/proc.h"

bool op_ptrace_stands(pid_t id)
{
	siginfo_t info = {0};

	// 't' alone is not enough: a killed thread may have come to its next stop
	// (PTRACE_EVENT_EXIT).
	return op_proc_thread_state(id, id) == 't' &&
	       waitid(P_PID, (id_t)id, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) ==
		       0 &&
	       !info.si_pid;
}

static bool may_try_again(int request, pid_t id)
{
	// The only one here for threads that run, too.
	if (request != PTRACE_INTERRUPT)
		return op_ptrace_stands(id);
	return op_proc_thread_life(id, id) != OP_PROC_DEAD;
}

long op_ptrace_request(int request, pid_t id, uintptr_t address, uintptr_t data)
{
	enum { TRIES = 4 };

	for (int i = 1;; i++) {
		errno = 0;
		long result = ptrace(request, id, address, data);
		int problem = errno;
		if (result != -1 || !problem)
			return result;
		bool again = i < TRIES && may_try_again(request, id);
		errno = problem;
		if (!again)
			return result;
	}
}
