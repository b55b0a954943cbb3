// SPDX-License-Identifier: GPL-3.0-or-later
// The event loop: handing out stops, fairly, and bringing all threads to a stop. What a wait status
// means is in events.c.
//
// The hot path is one thread that hits a trap again and again: waitpid, PEEKUSER for the pc,
// PTRACE_CONT, nothing else. The kernel looks for events in the order of its list of tracees, so
// the same thread would win for ever; therefore what else is pending is collected without blocking
// every SWEEP_INTERVAL events, when another thread reported, and as long as such a sweep finds
// something (test_platform_wait.c: two_hot_threads_share).
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"
#include "platform/linux/signals.h"

#include <utlist.h>

enum {
	SWEEP_INTERVAL = 16,
	SWEEP_LIMIT = 256, // events in one sweep: threads that make system calls under watch never
			   // run dry
	STOP_ALL_TIMEOUT_MS = 10000,
	STATE_LOOK_MS = 20, // no event for so long: look at the threads' states
	STEP_TIMEOUT_MS = 1000,
	STEP_SIGNALS_MAX = 16, // in front of one instruction
	DEEP_SLEEP_LOOKS = 3,  // so often in uninterruptible sleep: it will stay there for a while
};

static void fill_signal(const struct op_tracee *tracee, struct op_stop *ret)
{
	siginfo_t info;

	ret->signal = tracee->signal;
	op_signal_name(ret->signal, ret->signal_name, sizeof(ret->signal_name));
	if (op_ptrace(PTRACE_GETSIGINFO, tracee->id, 0, &info))
		return;
	ret->signal_is_fault = op_signal_is_fault(&info);
	if (ret->signal_is_fault)
		ret->fault_address = op_host_addr((uint64_t)(uintptr_t)info.si_addr);
}

static void fill_exit(int status, struct op_stop *ret)
{
	ret->killed = WIFSIGNALED(status);
	if (!ret->killed) {
		ret->exit_status = WEXITSTATUS(status);
		return;
	}
	ret->signal = WTERMSIG(status);
	op_signal_name(ret->signal, ret->signal_name, sizeof(ret->signal_name));
}

static void fill_stop(const struct op_live *process, const struct op_tracee *tracee,
		      struct op_stop *ret)
{
	*ret = (struct op_stop){.kind = tracee->queued, .thread = tracee->id};
	switch (tracee->queued) {
	case OP_STOP_SIGNAL:
		fill_signal(tracee, ret);
		break;
	case OP_STOP_CODE_MAPPED:
		ret->mapped_address = op_host_addr(tracee->mapped_at);
		break;
	case OP_STOP_FORK:
		ret->child = tracee->child;
		ret->child_shares_memory = tracee->child_shares_memory;
		break;
	case OP_STOP_EXITING:
		fill_exit(tracee->exit_code, ret);
		break;
	case OP_STOP_PROCESS_EXIT:
		ret->thread = process->pid;
		fill_exit(tracee->exit_code, ret);
		break;
	default:
		break;
	}
}

static void hand_out(struct op_live *process, struct op_stop *ret)
{
	struct op_tracee *tracee = process->queue;

	fill_stop(process, tracee, ret);
	DL_DELETE(process->queue, tracee);
	tracee->queued = OP_STOP_NONE;
	if (ret->kind == OP_STOP_THREAD_EXIT)
		free(tracee);
	else if (ret->kind == OP_STOP_PROCESS_EXIT)
		op_tracee_remove(process, tracee);
}

/** Collect what else is pending in this thread's tracees, without blocking. */
static void sweep(struct op_live *process)
{
	unsigned found = 0;
	pid_t id;
	int status;

	while (found < SWEEP_LIMIT &&
	       op_waiter_next(process->waiter, 0, NULL, &id, &status) == OP_WAIT_EVENT) {
		op_waiter_route(process, id, status);
		found++;
	}
	process->sweep_found = found != 0;
}

/** The kernel has no tracee of ours any more and told nothing: the process is gone without a word.
 */
static struct op_error *vanished(struct op_live *process)
{
	process->exited = true;
	op_tracee_remove_all(process);
	return op_live_gone(process, "wait for");
}

/**
 * Whoever waits has seen all that there was to see of a thread at its end. One that was stopped
 * there by a stop of all goes on to it: what the waiter wanted of it may have failed because it is
 * dead, and an exec by another thread waits until it has gone.
 */
static void let_end(struct op_live *process)
{
	struct op_tracee *tracee, *next;

	process->ends_wait = false;
	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->phase != OP_TRACEE_STOPPED || !tracee->ending)
			continue;
		if (tracee->queued == OP_STOP_NONE)
			op_tracee_resume(process, tracee);
		else
			process->ends_wait = true;
	}
}

struct op_error *op_live_wait(struct op_process *base, int timeout_ms, struct op_stop *ret)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "wait for");
	if (err)
		return err;
	int64_t deadline = timeout_ms > 0 ? op_waiter_now_ms() + timeout_ms : 0;

	for (;;) {
		pid_t id;
		int status;

		// Before the queue: a hot breakpoint must not outrun Ctrl-C.
		if (atomic_load_explicit(&process->interrupted, memory_order_relaxed)) {
			atomic_store(&process->interrupted, 0);
			*ret = (struct op_stop){.kind = OP_STOP_INTERRUPTED};
			return NULL;
		}
		if (process->queue) {
			hand_out(process, ret);
			return NULL;
		}
		if (process->mapper_done) {
			process->mapper_done = false;
			*ret = (struct op_stop){.kind = OP_STOP_MAPPER_DONE};
			return NULL;
		}
		if (process->exited)
			return op_live_gone(process, "wait for");
		err = op_live_refused(process);
		if (err)
			return err;
		if (process->ends_wait)
			let_end(process);
		int left = timeout_ms;
		if (timeout_ms > 0) {
			int64_t rest = deadline - op_waiter_now_ms();
			left = rest > 0 ? (int)rest : 0;
		}
		switch (op_waiter_next(process->waiter, left, &process->interrupted, &id,
				       &status)) {
		case OP_WAIT_EVENT:
			op_waiter_route(process, id, status);
			if (process->sweep_found || id != process->last_event ||
			    process->events % SWEEP_INTERVAL == 0)
				sweep(process);
			process->last_event = id;
			break;
		case OP_WAIT_TIMEOUT:
			*ret = (struct op_stop){.kind = OP_STOP_NONE};
			return NULL;
		case OP_WAIT_FLAGGED:
			break;
		case OP_WAIT_NO_TRACEE:
			return vanished(process);
		}
	}
}

static struct op_error *run_alone(struct op_live *process, op_thread_id thread,
				  enum op_run_mode mode, struct op_stop *ret)
{
	*ret = (struct op_stop){.kind = OP_STOP_NONE, .thread = thread};
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);
	if (tracee && tracee->queued != OP_STOP_NONE)
		return NULL;
	struct op_error *err = op_process_run(
		&process->base,
		&(struct op_run_request){.thread = thread,
					 .mode = mode,
					 .watch_code_mapping = process->wants_code_mapping,
					 .hold_signal = true,
					 .despite_job_stop = true});
	int64_t deadline = op_waiter_now_ms() + STEP_TIMEOUT_MS;
	bool asked = false;

	while (!err) {
		pid_t id;
		int status;
		tracee = op_tracee_find(process, (pid_t)thread);
		if (process->exited || !tracee || tracee->zombie) {
			ret->kind = process->exited ? OP_STOP_PROCESS_EXIT : OP_STOP_THREAD_EXIT;
			return NULL;
		}
		if (tracee->queued != OP_STOP_NONE) {
			fill_stop(process, tracee, ret);
			op_tracee_dequeue(process, tracee);
			if (ret->kind == OP_STOP_TRAP)
				op_tracee_note_step_hits(process, tracee);
			if (tracee->watch_hits) {
				tracee->watch_stop = true;
				op_tracee_enqueue(process, tracee, OP_STOP_TRAP);
			}
			return NULL;
		}
		err = op_live_refused(process);
		if (err)
			break;
		// An instruction that enters the kernel may not come back by itself.
		if (asked && tracee->phase == OP_TRACEE_STOPPED)
			return NULL;
		int64_t rest = deadline - op_waiter_now_ms();
		enum op_wait_result result =
			op_waiter_next(process->waiter, rest > 0 ? (int)rest : STEP_TIMEOUT_MS,
				       NULL, &id, &status);
		if (result == OP_WAIT_EVENT)
			op_waiter_route(process, id, status);
		else if (result == OP_WAIT_NO_TRACEE)
			err = vanished(process);
		else if (asked)
			return NULL;
		else {
			asked = true;
			tracee->wants_run = false;
			op_ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
		}
	}
	return err;
}

/**
 * A step met no more than a signal from elsewhere, in front of the instruction: can that wait? One
 * can, and a second one of a number that the system queues once is that one (man 7 signal,
 * "Queueing and delivery semantics for standard signals").
 */
static bool lets_wait(struct op_tracee *tracee, const struct op_stop *stop)
{
	if (stop->kind != OP_STOP_SIGNAL || stop->signal_is_fault || !tracee ||
	    tracee->phase != OP_TRACEE_STOPPED || tracee->queued != OP_STOP_NONE)
		return false;
	if (!tracee->holds)
		return true;
	if (tracee->signal != tracee->held.si_signo || tracee->signal >= SIGRTMIN)
		return false;
	tracee->signal = 0;
	return true;
}

struct op_error *op_live_step(struct op_process *base, op_thread_id thread, struct op_stop *ret)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);
	bool waits = tracee && tracee->queued == OP_STOP_SIGNAL;
	if (waits)
		op_tracee_dequeue(process, tracee);
	struct op_error *err;
	for (int i = 0;; i++) {
		err = run_alone(process, thread, OP_RUN_STEP, ret);
		tracee = op_tracee_find(process, (pid_t)thread);
		if (err || i == STEP_SIGNALS_MAX || !lets_wait(tracee, ret))
			break;
		waits = true;
	}
	if (waits && tracee && tracee->phase == OP_TRACEE_STOPPED &&
	    tracee->queued == OP_STOP_NONE && ret->kind != OP_STOP_SIGNAL)
		op_tracee_enqueue_held(process, tracee);
	return err;
}

struct op_error *op_live_step_call(struct op_live *process, op_thread_id thread,
				   struct op_stop *ret)
{
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);
	if (tracee)
		tracee->calling = true;
	struct op_error *err = run_alone(process, thread, OP_RUN_CONTINUE, ret);
	tracee = op_tracee_find(process, (pid_t)thread);
	if (tracee)
		tracee->calling = false;
	return err;
}

void op_live_interrupt(struct op_process *base)
{
	struct op_live *process = op_live(base);
	atomic_store(&process->interrupted, 1);
	if (process->waiter)
		op_waiter_ring(process->waiter);
}

struct op_tracee *op_live_first_unstopped(struct op_live *process)
{
	struct op_tracee *tracee, *next;

	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->phase != OP_TRACEE_STOPPED && !tracee->zombie && !tracee->deep &&
		    tracee->queued == OP_STOP_NONE)
			return tracee;
	}
	return NULL;
}

void op_live_ask_all_to_stop(struct op_live *process)
{
	struct op_tracee *tracee, *next;

	HASH_ITER(hh, process->tracees, tracee, next)
	{
		tracee->wants_run = false;
		tracee->forced = false;
		if (tracee->phase != OP_TRACEE_STOPPED && !tracee->zombie && !tracee->deep &&
		    !tracee->newborn)
			op_ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
	}
}

/** Mark those that cannot stop: the dead, and the uninterruptible after they have been seen so
 * several times. */
static void look_at_states(struct op_live *process, unsigned looks)
{
	struct op_tracee *tracee, *next;

	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->phase == OP_TRACEE_STOPPED || tracee->zombie || tracee->deep)
			continue;
		switch (op_proc_thread_state(process->pid, tracee->id)) {
		case 0:
		case 'Z':
		case 'X':
			tracee->zombie = true;
			break;
		case 'D':
			tracee->deep = looks >= DEEP_SLEEP_LOOKS;
			break;
		default:
			break;
		}
	}
}

/** Has the thread run into a trap that the kernel has not reported yet? */
static bool trap_is_pending(pid_t id)
{
	enum { CHUNK = 16 };
	siginfo_t infos[CHUNK];
	struct __ptrace_peeksiginfo_args args = {.nr = CHUNK};
	long count;

	do {
		count = op_ptrace(PTRACE_PEEKSIGINFO, id, &args, infos);
		for (long i = 0; i < count; i++) {
			if (infos[i].si_signo == SIGTRAP && infos[i].si_code > 0)
				return true;
		}
		args.off += CHUNK;
	} while (count == CHUNK);
	return false;
}

/**
 * An interrupt is answered before signals are looked at (get_signal(), kernel/signal.c:
 * do_jobctl_trap() comes before dequeue_synchronous_signal()), so a thread can stand behind a trap
 * instruction with its SIGTRAP still to come. Whoever took the trap out of the code now would have
 * the program killed by it (test_platform_wait.c: detach_from_a_hot_breakpoint). Such a thread is
 * let on: it stops for the signal without executing an instruction.
 * @return true when there was one.
 */
static bool bring_out_traps(struct op_live *process)
{
	bool found = false;
	struct op_tracee *tracee, *next;

	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->phase != OP_TRACEE_STOPPED || tracee->looked_for_trap ||
		    (tracee->stop != OP_TRACEE_QUIET && tracee->stop != OP_TRACEE_GROUP))
			continue;
		tracee->looked_for_trap = true;
		if (!trap_is_pending(tracee->id))
			continue;
		tracee->left_group |= tracee->stop == OP_TRACEE_GROUP;
		if (op_ptrace(PTRACE_CONT, tracee->id, 0, 0) && op_ptrace_stands(tracee->id))
			continue;
		tracee->phase = OP_TRACEE_RUNNING;
		found = true;
	}
	return found;
}

/** What each thread has to say already, when there are many of them. */
static void collect_each(struct op_live *process)
{
	enum { MANY = 64 };
	size_t count = 0;
	struct op_tracee *tracee, *next;
	if (HASH_COUNT(process->tracees) < MANY)
		return;
	// An event may take others out of the table.
	_cleanup_free_ pid_t *ids = calloc(HASH_COUNT(process->tracees), sizeof(*ids));
	HASH_ITER(hh, process->tracees, tracee, next)
	if (ids && tracee->phase != OP_TRACEE_STOPPED && !tracee->zombie)
		ids[count++] = tracee->id;
	for (size_t i = 0; i < count && !process->exited; i++) {
		int status;
		tracee = op_tracee_find(process, ids[i]);
		if (tracee && tracee->phase != OP_TRACEE_STOPPED &&
		    op_waiter_next_of(process->waiter, ids[i], &status))
			op_waiter_route(process, ids[i], status);
	}
}

bool op_live_collect_stops(struct op_live *process, int timeout_ms)
{
	collect_each(process);
	int64_t deadline = op_waiter_now_ms() + timeout_ms;
	unsigned looks = 0;

	while (!process->exited) {
		pid_t id;
		int status;
		enum op_wait_result result = op_waiter_next(process->waiter, 0, NULL, &id, &status);

		if (result == OP_WAIT_TIMEOUT) {
			if (!op_live_first_unstopped(process) && !bring_out_traps(process))
				break;
			result = op_waiter_next(process->waiter, STATE_LOOK_MS, NULL, &id, &status);
		}
		if (result == OP_WAIT_EVENT)
			op_waiter_route(process, id, status);
		else if (result == OP_WAIT_NO_TRACEE)
			break;
		else
			look_at_states(process, ++looks);
		if (result == OP_WAIT_TIMEOUT && op_waiter_now_ms() >= deadline)
			return !op_live_first_unstopped(process);
	}
	return true;
}

struct op_error *op_live_stop_all(struct op_process *base)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "stop");
	if (err || process->exited)
		return err;
	op_live_ask_all_to_stop(process);
	if (op_live_collect_stops(process, STOP_ALL_TIMEOUT_MS))
		return NULL;
	const struct op_tracee *tracee = op_live_first_unstopped(process);
	return op_error_create(OP_ERROR_LIMIT,
			       "thread %d of process %d did not stop within %d seconds (its state "
			       "is '%c'); is it in a frozen "
			       "control group?",
			       tracee->id, process->pid, STOP_ALL_TIMEOUT_MS / 1000,
			       op_proc_thread_state(process->pid, tracee->id));
}

void op_live_leave_trap_stops(struct op_live *process)
{
	struct op_tracee *tracee, *next;

	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->phase != OP_TRACEE_STOPPED || tracee->stop != OP_TRACEE_TRAP)
			continue;
		int number = op_tracee_parting_signal(process, tracee);
		if (number == SIGTRAP)
			continue;
		op_tracee_dequeue(process, tracee);
		tracee->wants_run = false;
		// The second stop comes before any instruction (get_signal(), kernel/signal.c).
		op_ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
		if (op_ptrace(PTRACE_CONT, tracee->id, 0, number) && op_ptrace_stands(tracee->id))
			continue;
		tracee->signal = 0;
		tracee->phase = OP_TRACEE_RUNNING;
		tracee->registers_known = tracee->pc_known = tracee->rewound = false;
	}
	op_live_collect_stops(process, STOP_ALL_TIMEOUT_MS);
}

bool op_live_pending_stop(struct op_process *base, op_thread_id thread, struct op_stop *ret)
{
	struct op_live *process = op_live(base);
	const struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);

	if (!tracee || tracee->queued == OP_STOP_NONE)
		return false;
	fill_stop(process, tracee, ret);
	return true;
}

bool op_live_is_dying(struct op_process *base)
{
	struct op_live *process = op_live(base);
	const struct op_tracee *tracee;
	pid_t id;
	int status;

	while (process->waiter && !process->exited &&
	       op_waiter_next(process->waiter, 0, NULL, &id, &status) == OP_WAIT_EVENT)
		op_waiter_route(process, id, status);
	DL_FOREACH(process->queue, tracee)
	{
		if (tracee->queued == OP_STOP_PROCESS_EXIT || tracee->queued == OP_STOP_EXITING)
			return true;
	}
	return process->exited;
}

// All threads are marked at once by who kills a process, or ends it from inside
// (zap_other_threads(), kernel/signal.c): where two live, it does. One may be between two marks.
bool op_live_has_died(const struct op_process *process)
{
	enum { LOOKS = 200 };

	for (int i = 0; i < LOOKS; i++) {
		_cleanup_free_ pid_t *threads = NULL;
		size_t count, alive = 0;
		int problem = op_proc_threads((pid_t)process->id, &threads, &count);
		if (problem)
			return problem == ENOENT || problem == ESRCH;
		for (size_t k = 0; k < count && alive < 2; k++)
			alive += op_proc_thread_life((pid_t)process->id, threads[k]) ==
				 OP_PROC_ALIVE;
		if (!alive)
			return true;
		if (alive == count || alive > 1)
			return false;
		usleep(1000);
	}
	return false;
}

void op_live_drop_pending(struct op_process *base, op_thread_id thread)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);

	// The signal of a withdrawn signal stop is still delivered at the next run. Births, forks
	// and ends must be heard of.
	if (tracee && (tracee->queued == OP_STOP_TRAP || tracee->queued == OP_STOP_SIGNAL))
		op_tracee_dequeue(process, tracee);
}

void op_live_discard_signal(struct op_process *base, op_thread_id thread)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);

	if (!tracee)
		return;
	tracee->signal = 0;
	if (tracee->queued == OP_STOP_SIGNAL)
		op_tracee_dequeue(process, tracee);
}

void op_live_clear_interrupt(struct op_process *base)
{
	struct op_live *process = op_live(base);
	atomic_store(&process->interrupted, 0);
}
