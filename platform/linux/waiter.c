// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for tracees without races, without touching other children, and with one system call for
// an event that comes. Knows nothing of what a stop means.
//
// Which call. waitpid(-1, __WCLONE | __WNOTHREAD) returns every tracee of this thread, and no other
// child: a tracee is eligible whatever its exit signal is (kernel/exit.c, eligible_child(): `if
// (ptrace || (wo_flags & __WALL)) return 1`, since Linux 4.7), an ordinary child has the exit
// signal SIGCHLD and __WCLONE leaves it alone. So an embedder's own children stay the embedder's.
// test_platform_wait.c: other_children_are_left_alone.
//
// How a wait is ended. waitpid() takes no signal mask, so "look at the flag, then block" has a
// window in which a single signal would be lost. The bell is a timer that sends a signal to the
// waiting thread again and again, every millisecond, until the wait has answered: whoever comes
// into the window is woken a millisecond later. Its handler has no SA_RESTART and does nothing;
// timer_settime() is async-signal-safe (man 7 signal-safety), so a signal handler may ring. The
// same timer serves time limits. The rules that make it sound:
//   ringer:  set the flag; then, if `waiting`, arm the timer.
//   waiter:  set `waiting`; arm the time limit if there is one; then look at the flag; then block.
//   Both orders are sequentially consistent, so either the ringer sees `waiting` or the waiter sees
//   the flag; and a time limit that overwrites a ring is followed by a look at the flag. The
//   handler disarms when nobody is waiting, so that a late ring does not disturb the thread's other
//   system calls.
#include "platform/linux/waiter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "platform/linux/rewind.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid // glibc has no name for it before 2.37
#endif

enum { BELL_INTERVAL_NS = 1000000 };

static _Thread_local struct op_waiter *this_thread;
static pthread_once_t bell_once = PTHREAD_ONCE_INIT;
static int bell_signal; // 0: every real-time signal is taken

static void bell_set(struct op_waiter *waiter, int64_t first_ns, int64_t interval_ns)
{
	const struct itimerspec when = {
		.it_value = {first_ns / 1000000000, first_ns % 1000000000},
		.it_interval = {interval_ns / 1000000000, interval_ns % 1000000000},
	};

	timer_settime(waiter->bell, 0, &when, NULL);
}

static void bell_handler(int number, siginfo_t *info, void *context)
{
	struct op_waiter *waiter = this_thread;
	int saved = errno;

	if (waiter && !atomic_load(&waiter->waiting))
		bell_set(waiter, 0, 0);
	errno = saved;
}

/** Take the highest real-time signal that nobody uses; it stays ours for the life of the process.
 */
static void bell_install(void)
{
	for (int number = SIGRTMAX; number >= SIGRTMIN; number--) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) || action.sa_handler != SIG_DFL)
			continue;
		action = (struct sigaction){.sa_sigaction = bell_handler, .sa_flags = SA_SIGINFO};
		sigemptyset(&action.sa_mask);
		if (sigaction(number, &action, NULL) == 0) {
			bell_signal = number;
			return;
		}
	}
}

struct op_error *op_waiter_hold(struct op_waiter **ret)
{
	if (this_thread) {
		this_thread->users++;
		*ret = this_thread;
		return NULL;
	}
	pthread_once(&bell_once, bell_install);
	if (!bell_signal)
		return op_error_create(OP_ERROR_LIMIT, "cannot wait for a program: every real-time "
						       "signal of this process is in use");
	struct op_waiter *waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return op_error_no_memory();
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = bell_signal};
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &waiter->bell)) {
		int problem = errno;
		free(waiter);
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot create a timer for waiting");
	}
	sigset_t bell;
	sigemptyset(&bell);
	sigaddset(&bell, bell_signal);
	pthread_sigmask(SIG_UNBLOCK, &bell, NULL);
	waiter->users = 1;
	this_thread = waiter;
	*ret = waiter;
	return NULL;
}

void op_waiter_release(struct op_waiter *waiter)
{
	if (!waiter || --waiter->users)
		return;
	// First the timer, so that the handler meets either the waiter with its timer or none.
	timer_delete(waiter->bell);
	if (this_thread == waiter)
		this_thread = NULL;
	free(waiter->orphans);
	free(waiter);
}

int64_t op_waiter_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool flagged(const atomic_int *flag)
{
	return flag && atomic_load(flag);
}

/** As waitpid(), of any thread or of one; a stop for SIGTRAP is looked at before it is reported. */
static pid_t wait_looking(struct op_waiter *waiter, idtype_t whose, pid_t thread, int options,
			  int *ret_status, bool *ret_again)
{
	siginfo_t info = {0};

	if (waitid(whose, (id_t)thread, &info,
		   WEXITED | WSTOPPED | WNOWAIT | __WCLONE | __WNOTHREAD | options))
		return -1;
	if (!info.si_pid)
		return 0;
	if (info.si_code == CLD_TRAPPED && info.si_status == SIGTRAP)
		op_rewind_stopped(waiter, info.si_pid);
	pid_t id = waitpid(info.si_pid, ret_status, __WALL | __WNOTHREAD | WNOHANG);
	// Killed in between: its end is still to come.
	*ret_again = id <= 0;
	return id;
}

static enum op_wait_result wait_once(struct op_waiter *waiter, int options, pid_t *ret_id,
				     int *ret_status, bool *ret_again)
{
	*ret_again = false;
	pid_t id = op_rewind_is_needed(waiter)
			   ? wait_looking(waiter, P_ALL, 0, options, ret_status, ret_again)
			   : waitpid(-1, ret_status, __WCLONE | __WNOTHREAD | options);

	*ret_again |= id < 0 && errno == EINTR;
	*ret_id = id;
	if (id > 0)
		return OP_WAIT_EVENT;
	return id < 0 ? OP_WAIT_NO_TRACEE : OP_WAIT_TIMEOUT;
}

static enum op_wait_result wait_blocking(struct op_waiter *waiter, int timeout_ms,
					 const atomic_int *flag, pid_t *ret_id, int *ret_status)
{
	int64_t deadline = timeout_ms < 0 ? INT64_MAX : op_waiter_now_ms() + timeout_ms;

	for (;;) {
		enum op_wait_result result;
		bool again;

		if (timeout_ms >= 0) {
			int64_t left = deadline - op_waiter_now_ms();
			if (left <= 0)
				return OP_WAIT_TIMEOUT;
			bell_set(waiter, left * 1000000, BELL_INTERVAL_NS);
		}
		if (flagged(flag))
			return OP_WAIT_FLAGGED;
		result = wait_once(waiter, 0, ret_id, ret_status, &again);
		if (!again)
			return result;
		// The ring of an earlier wait would go on for nothing. Whoever rings now has set
		// the flag already.
		if (timeout_ms < 0 && !flagged(flag))
			bell_set(waiter, 0, 0);
	}
}

enum op_wait_result op_waiter_next(struct op_waiter *waiter, int timeout_ms, const atomic_int *flag,
				   pid_t *ret_id, int *ret_status)
{
	enum op_wait_result result;
	bool again;

	if (flagged(flag))
		return OP_WAIT_FLAGGED;
	if (timeout_ms >= 0) {
		// What is there already costs no timer.
		do {
			result = wait_once(waiter, WNOHANG, ret_id, ret_status, &again);
		} while (again);
		if (result != OP_WAIT_TIMEOUT || timeout_ms == 0)
			return result;
	}
	atomic_store(&waiter->waiting, true);
	result = wait_blocking(waiter, timeout_ms, flag, ret_id, ret_status);
	atomic_store_explicit(&waiter->waiting, false, memory_order_release);
	if (timeout_ms >= 0 || flagged(flag))
		bell_set(waiter, 0, 0);
	return result;
}

bool op_waiter_next_of(struct op_waiter *waiter, pid_t thread, int *ret_status)
{
	bool again = false;

	if (op_rewind_is_needed(waiter))
		return wait_looking(waiter, P_PID, thread, WNOHANG, ret_status, &again) > 0;
	return waitpid(thread, ret_status, __WCLONE | __WNOTHREAD | WNOHANG) > 0;
}

void op_waiter_ring(struct op_waiter *waiter)
{
	if (atomic_load(&waiter->waiting))
		bell_set(waiter, 1, BELL_INTERVAL_NS);
}

bool op_waiter_keep_orphan(struct op_waiter *waiter, pid_t id, int status)
{
	if (!op_array_reserve(&waiter->orphans, &waiter->orphan_capacity, waiter->orphan_count + 1,
			      sizeof(*waiter->orphans)))
		return false;
	waiter->orphans[waiter->orphan_count++] = (struct op_orphan){id, status};
	return true;
}

bool op_waiter_claim_orphan(struct op_waiter *waiter, pid_t id, int *ret_status)
{
	for (size_t i = 0; i < waiter->orphan_count; i++) {
		if (waiter->orphans[i].id != id)
			continue;
		*ret_status = waiter->orphans[i].status;
		waiter->orphans[i] = waiter->orphans[--waiter->orphan_count];
		return true;
	}
	return false;
}
