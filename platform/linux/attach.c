// SPDX-License-Identifier: GPL-3.0-or-later
// Taking hold of a process and letting it go again so that it cannot tell that anybody was there.
// PTRACE_SEIZE and PTRACE_INTERRUPT only: PTRACE_ATTACH would send a SIGSTOP that the program can
// see.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/detour.h"
#include "platform/linux/handler.h"
#include "platform/linux/launch.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/refuse.h"
#include "platform/linux/request.h"
#include "platform/linux/rewind.h"

#include <utlist.h>

enum {
	ATTACH_TIMEOUT_MS = 5000,
	ATTACH_PASSES =
		10000, // a process that makes threads faster than they can be seized ends this
	DETACH_TIMEOUT_MS = 10000,
	KILL_TIMEOUT_MS = 10000,
	REAP_TIMEOUT_MS = 2000,
};

const long op_ptrace_options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;

struct op_error *op_live_enter_waiter(struct op_live *process)
{
	struct op_error *err = op_waiter_hold(&process->waiter);
	if (err)
		return err;
	LL_PREPEND2(process->waiter->processes, process, waiter_next);
	process->attached = true;
	return NULL;
}

static void leave_waiter(struct op_live *process)
{
	struct op_waiter *waiter = process->waiter;

	process->attached = false;
	process->waiter = NULL;
	LL_DELETE2(waiter->processes, process, waiter_next);
	op_waiter_release(waiter);
	op_tracee_remove_all(process);
}

/** Seize one thread. @param[out] ret_new it was not known before. */
static struct op_error *seize(struct op_live *process, pid_t id, bool *ret_new)
{
	struct op_proc_status status;

	if (op_tracee_find(process, id))
		return NULL;
	if (ptrace(PTRACE_SEIZE, id, 0, op_ptrace_options) == 0) {
		struct op_tracee *tracee = op_tracee_add(process, id);
		if (!tracee)
			return op_error_no_memory();
		op_ptrace(PTRACE_INTERRUPT, id, 0, 0);
		*ret_new = true;
		return NULL;
	}
	int problem = errno;
	// Threads that have died since the directory was read, and dead leaders of living threads,
	// are no failure. Left out must none be that lives: it would run into the traps.
	int unknown = problem == ESRCH ? ESRCH : op_proc_status(id, &status);
	if (unknown == ESRCH)
		return NULL;
	if (unknown)
		return op_error_system(OP_ERROR_SYSTEM, unknown,
				       "cannot read /proc/%d/status, to see why thread %d of "
				       "process %d cannot be traced",
				       id, id, process->pid);
	if (status.state == 'Z' || status.state == 'X')
		return NULL;
	if (status.tracer == (pid_t)syscall(SYS_gettid)) {
		// Made by a thread that was seized before: it came to us with its parent.
		struct op_tracee *tracee = op_tracee_add(process, id);
		if (!tracee)
			return op_error_no_memory();
		tracee->newborn = true;
		*ret_new = true;
		return NULL;
	}
	// Who may trace one thread may trace them all: this one is between dying and being seen
	// dead. The next pass tells.
	if (problem == EPERM && !status.tracer && process->tracees) {
		*ret_new = true;
		return NULL;
	}
	return op_refuse_explain(process->pid, "trace", problem);
}

/** One look through the directory of threads. */
static struct op_error *seize_pass(struct op_live *process, bool *ret_new)
{
	_cleanup_free_ pid_t *ids = NULL;
	size_t count = 0;
	int problem = op_proc_threads(process->pid, &ids, &count);

	if (problem == ESRCH)
		return op_live_gone(process, "attach to");
	if (problem)
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot list the threads of process %d", process->pid);
	*ret_new = false;
	for (size_t i = 0; i < count; i++) {
		struct op_error *err = seize(process, ids[i], ret_new);
		if (err)
			return err;
	}
	return NULL;
}

static struct op_error *attach_timeout(struct op_live *process, unsigned timeout_ms)
{
	const struct op_tracee *tracee = op_live_first_unstopped(process);

	return op_error_create(
		OP_ERROR_LIMIT,
		"process %d could not be stopped within %u ms (thread %d, state '%c'); is it in a "
		"frozen control "
		"group?",
		process->pid, timeout_ms, tracee ? tracee->id : process->pid,
		op_proc_thread_state(process->pid, tracee ? tracee->id : process->pid));
}

/** Seize and stop until a look at the directory, made while all known threads stand, shows no new
 * one. */
static struct op_error *seize_all(struct op_live *process, unsigned timeout_ms)
{
	int64_t deadline = op_waiter_now_ms() + timeout_ms;

	for (unsigned pass = 0; pass < ATTACH_PASSES; pass++) {
		bool found = false, stopped = !op_live_first_unstopped(process) && process->tracees;
		struct op_error *err = seize_pass(process, &found);
		if (err)
			return err;
		if (process->exited || !process->tracees)
			return op_refuse_explain(process->pid, "trace", ESRCH);
		if (stopped && !found)
			return NULL;
		int64_t left = deadline - op_waiter_now_ms();
		// While new threads are found they are not waited for: seizing all comes first.
		if (!found && !op_live_collect_stops(process, left > 0 ? (int)left : 0))
			return attach_timeout(process, timeout_ms);
		if (left <= 0)
			return attach_timeout(process, timeout_ms);
	}
	return attach_timeout(process, timeout_ms);
}

/** The number may have gone to another process between open and attach. */
static struct op_error *check_identity(const struct op_live *process)
{
	struct op_proc_status status;

	int problem = op_proc_status(process->pid, &status);
	if (problem == ESRCH)
		return op_live_gone(process, "attach to");
	if (problem)
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot read /proc/%d/status and stat, to see whether it is "
				       "still the same process",
				       process->pid);
	if (status.start_time == process->start_time)
		return NULL;
	return op_error_create(
		OP_ERROR_NO_SUCH_PROCESS,
		"process %d has ended, and its number belongs to another process now",
		process->pid);
}

struct op_error *op_live_attach(struct op_process *base, const struct op_attach_options *options)
{
	struct op_live *process = op_live(base);
	unsigned timeout = options && options->timeout_ms ? options->timeout_ms : ATTACH_TIMEOUT_MS;

	if (process->attached)
		return op_error_create(OP_ERROR_STATE, "outpost is attached to process %d already",
				       process->pid);
	if (process->exited)
		return op_live_gone(process, "attach to");
	struct op_proc_status status;
	struct op_error *err = op_refuse_early(process->pid, &status);
	if (!err)
		err = check_identity(process);
	if (!err)
		err = op_live_enter_waiter(process);
	if (err)
		return err;
	process->collecting = true;
	err = seize_all(process, timeout);
	process->collecting = false;
	if (!err)
		err = check_identity(process);
	// exec since the open: another program, other memory.
	if (!err)
		err = op_live_open_memory(process);
	if (!err)
		err = op_live_load(process);
	if (!err)
		err = op_detour_leave(process);
	if (!err)
		err = op_handler_leave(process);
	if (err) {
		op_error_destroy(op_process_detach(&process->base));
		process->exited = false;
	}
	return err;
}

/** Let one thread go, and forget it. False when it is not stopped, or refused: it is dying. */
static bool detach_one(struct op_live *process, struct op_tracee *tracee)
{
	if (tracee->phase != OP_TRACEE_STOPPED)
		return false;
	int number = op_tracee_parting_signal(process, tracee);

	if (tracee->watch_generation != process->watch_generation)
		op_tracee_set_watch(process, tracee);
	// In front of a trap that has been taken out it is right.
	if (number == SIGTRAP)
		op_rewind_resume(tracee);
	// The kernel clears interrupts of ours that are pending, and puts a thread of a stopped
	// process back into its group stop (__ptrace_unlink(), kernel/ptrace.c). EXITKILL ends with
	// the trace.
	if (op_ptrace(PTRACE_DETACH, tracee->id, 0, number))
		return false;
	op_tracee_dequeue(process, tracee);
	op_tracee_remove(process, tracee);
	return true;
}

/** Threads that died in our hands are reaped, or their process would never be reported as ended to
 * its parent; those that only now stand are let go. True: one of them lives on. */
static bool reap_dying(struct op_live *process)
{
	bool lives = false;
	int64_t deadline = op_waiter_now_ms() + REAP_TIMEOUT_MS;
	pid_t id;
	int status;

	while (process->tracees && !process->exited && op_waiter_now_ms() < deadline) {
		bool only_zombies = true;
		const struct op_tracee *tracee;
		for (tracee = process->tracees; tracee; tracee = tracee->hh.next)
			only_zombies &= tracee->zombie;
		enum op_wait_result result =
			op_waiter_next(process->waiter, only_zombies ? 0 : 20, NULL, &id, &status);
		if (result == OP_WAIT_EVENT) {
			op_waiter_route(process, id, status);
			struct op_tracee *standing = op_tracee_find(process, id);
			bool at_its_end = standing && standing->ending;
			lives |= standing && detach_one(process, standing) && !at_its_end;
		} else if (result == OP_WAIT_NO_TRACEE || only_zombies) {
			break;
		}
	}
	return lives;
}

struct op_error *op_live_detach(struct op_process *base)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "detach from");
	if (err)
		return err;
	struct op_tracee *tracee, *next;
	if (!process->exited) {
		op_live_ask_all_to_stop(process);
		// Births are let go with the others; uninterruptible sleep has to end before the
		// kernel lets go of a thread.
		process->collecting = true;
		int64_t deadline = op_waiter_now_ms() + DETACH_TIMEOUT_MS;
		bool deep;
		do {
			deep = false;
			op_live_collect_stops(process, DETACH_TIMEOUT_MS);
			op_forked_release_all(process);
			HASH_ITER(hh, process->tracees, tracee, next)
			{
				deep |= tracee->deep;
				tracee->deep = false;
			}
		} while (deep && op_waiter_now_ms() < deadline);
		process->collecting = false;
	}
	op_forked_release_all(process);
	op_live_forget_watches(process);
	pid_t stuck = 0, refused = 0;
	bool dying = false, let_go = false;
	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (process->exited)
			break;
		if (detach_one(process, tracee)) {
			let_go = true;
			continue;
		}
		dying = true;
		if (tracee->phase != OP_TRACEE_STOPPED && !tracee->zombie)
			stuck = tracee->id;
		else if (op_ptrace_stands(tracee->id))
			refused = tracee->id;
		tracee->phase = OP_TRACEE_RUNNING;
	}
	if (dying)
		let_go |= reap_dying(process);
	if (stuck && op_tracee_find(process, stuck))
		err = op_error_create(OP_ERROR_LIMIT,
				      "thread %d of process %d is in an uninterruptible sleep and "
				      "could not be let go; the system "
				      "lets it go when outpost ends",
				      stuck, process->pid);
	else if (refused && op_tracee_find(process, refused))
		err = op_error_create(OP_ERROR_SYSTEM,
				      "the system refuses to let thread %d of process %d go; it "
				      "lets it go when outpost ends",
				      refused, process->pid);
	// One that was at its end, as was told, has come to it.
	else if (!let_go && !process->exit_told)
		err = op_error_create(OP_ERROR_PROCESS_GONE,
				      "process %d was not let go: it ended while outpost still "
				      "had it",
				      process->pid);
	if (process->waiter->processes == process && !process->waiter_next) {
		// Children of forks whose event was never seen.
		while (process->waiter->orphan_count)
			op_ptrace(PTRACE_DETACH,
				  process->waiter->orphans[--process->waiter->orphan_count].id, 0,
				  0);
	}
	leave_waiter(process);
	op_live_note_watches(process, false);
	return err;
}

struct op_error *op_live_kill(struct op_process *base)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "end");
	if (err)
		return err;
	op_forked_release_all(process);
	process->killing = true;
	if (!process->exited && kill(process->pid, SIGKILL) && errno != ESRCH)
		return op_error_system(OP_ERROR_PERMISSION, errno, "cannot end process %d",
				       process->pid);
	struct op_tracee *tracee, *next;
	// A signal does not wake a thread that has stopped on its way out (PTRACE_EVENT_EXIT).
	HASH_ITER(hh, process->tracees, tracee, next)
	if (process->exit_told && tracee->phase == OP_TRACEE_STOPPED)
		op_tracee_resume(process, tracee);
	int64_t deadline = op_waiter_now_ms() + KILL_TIMEOUT_MS;
	while (!process->exited) {
		pid_t id;
		int status;
		enum op_wait_result result =
			op_waiter_next(process->waiter, 100, NULL, &id, &status);
		if (result == OP_WAIT_EVENT)
			op_waiter_route(process, id, status);
		else if (result == OP_WAIT_NO_TRACEE)
			process->exited = true;
		else if (op_waiter_now_ms() >= deadline)
			return op_error_create(OP_ERROR_LIMIT,
					       "process %d was sent SIGKILL and has not ended yet",
					       process->pid);
	}
	leave_waiter(process);
	return NULL;
}
