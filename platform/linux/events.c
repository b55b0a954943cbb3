// SPDX-License-Identifier: GPL-3.0-or-later
// What a wait status means, and what is done about it before anybody hears of it. The rules are
// those of man 2 ptrace and of strace's doc/README-linux-ptrace. Must not wait (fork.c does, for a
// child that is known to stop) and not talk to the user.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"
#include "platform/linux/trap_mask.h"

/** A stop that means nothing to the user: on it goes, unless the user wants the thread to stand. */
static void settle(struct op_live *process, struct op_tracee *tracee)
{
	if (tracee->wants_run)
		op_tracee_resume(process, tracee);
}

static unsigned long event_message(const struct op_tracee *tracee)
{
	unsigned long message = 0;

	op_ptrace(PTRACE_GETEVENTMSG, tracee->id, 0, &message);
	return message;
}

/** A SIGTRAP-coloured event stop: interrupted by us, newborn, or job control. */
static void take_stop(struct op_live *process, struct op_tracee *tracee, int event, int number)
{
	// do_jobctl_trap(), kernel/signal.c: the number is the stop signal while the process is
	// group-stopped, else SIGTRAP.
	if (number != SIGTRAP) {
		tracee->stop = OP_TRACEE_GROUP;
		tracee->left_group = false;
	}
	if (tracee->calling && tracee->restart == PTRACE_CONT) {
		op_tracee_enqueue(process, tracee, OP_STOP_TRAP);
		return;
	}
	if (tracee->newborn) {
		tracee->newborn = false;
		if (!process->collecting) {
			op_tracee_enqueue(process, tracee, OP_STOP_THREAD_BORN);
			return;
		}
	}
	settle(process, tracee);
}

static void take_fork(struct op_live *process, struct op_tracee *tracee, int event, int number)
{
	pid_t child = (pid_t)event_message(tracee);

	if (child <= 0 || !op_forked_take(process, child)) {
		settle(process, tracee);
		return;
	}
	tracee->child = child;
	tracee->child_shares_memory =
		op_forked_shares_memory(process, child, event == PTRACE_EVENT_VFORK);
	op_tracee_enqueue(process, tracee, OP_STOP_FORK);
}

static void take_clone(struct op_live *process, struct op_tracee *tracee, int event, int number)
{
	pid_t id = (pid_t)event_message(tracee);
	struct op_proc_status status;

	// clone() without CLONE_THREAD and with another exit signal than SIGCHLD is a fork under
	// this name.
	if (id > 0 && op_proc_status(id, &status) == 0 && status.thread_group != process->pid) {
		take_fork(process, tracee, event, number);
		return;
	}
	// Its first stop is to come; known now, a stop of all threads waits for it as well.
	struct op_tracee *born = NULL;
	if (id > 0 && !op_tracee_find(process, id)) {
		born = op_tracee_add(process, id);
		if (born) {
			born->newborn = true;
			// It inherits the mask, or what its C library remembers of it.
			born->trap_unblocked = tracee->trap_unblocked;
		}
	}
	// Its stop was here first, when nobody could say whose it was.
	int first;
	if (born && op_waiter_claim_orphan(process->waiter, id, &first))
		op_live_take_event(process, id, first);
	settle(process, tracee);
}

/** All other threads are gone and say nothing about it; the thread that called exec has the
 * leader's number now. */
static void take_exec(struct op_live *process, struct op_tracee *tracee, int event, int number)
{
	struct op_tracee *other, *next;

	HASH_ITER(hh, process->tracees, other, next)
	{
		if (other == tracee)
			continue;
		op_tracee_dequeue(process, other);
		op_tracee_remove(process, other);
	}
	tracee->holds = tracee->held_raised = tracee->zombie = tracee->left_group = false;
	// Nothing is patched in the new program, which has the mask of the old one.
	op_trap_mask_restore(process);
	op_live_drop_shield(process);
	op_live_forget_watches(process);
	// A process that is killed just now has nothing left to load; its exit follows.
	op_error_destroy(op_live_load(process));
	op_error_destroy(op_live_open_memory(process));
	op_tracee_enqueue(process, tracee, OP_STOP_EXEC);
}

/**
 * PTRACE_EVENT_EXIT: a thread is on its way out, with its registers and the memory still there. Of
 * a process that ends it comes for every thread; told is that of the one that asked for it, or that
 * a signal kills first.
 */
static void take_exiting(struct op_live *process, struct op_tracee *tracee, int event, int number)
{
	struct user_regs_struct registers;
	int status = (int)event_message(tracee);
	bool ends = WIFSIGNALED(status) || HASH_COUNT(process->tracees) == 1 ||
		    (op_ptrace(PTRACE_GETREGS, tracee->id, 0, &registers) == 0 &&
		     registers.orig_rax == SYS_exit_group);

	tracee->ending = process->ends_wait = true;
	if (process->killing) {
		op_tracee_resume(process, tracee);
	} else if (ends && !process->exit_told) {
		process->exit_told = true;
		tracee->exit_code = status;
		op_tracee_enqueue(process, tracee, OP_STOP_EXITING);
	} else {
		settle(process, tracee);
	}
}

/** Did the system call that just ended bring new executable memory? */
static bool mapped_code(struct op_live *process, struct op_tracee *tracee, int64_t result)
{
	struct user_regs_struct registers;

	tracee->mapped_at = (uint64_t)result;

	// rdi, rsi, rdx, r10, r8, r9 and orig_rax keep their values over a system call.
	if (op_ptrace(PTRACE_GETREGS, tracee->id, 0, &registers))
		return false;
	switch (registers.orig_rax) {
	case SYS_mprotect:
	case SYS_pkey_mprotect:
		tracee->mapped_at = registers.rdi;
		return registers.rdx & PROT_EXEC;
	case SYS_mmap:
		return registers.rdx & PROT_EXEC;
	case SYS_mremap: {
		// It carries the protection of what it moves.
		struct op_mappings mappings;
		struct op_error *err = op_process_mappings(&process->base, &mappings);
		if (err) {
			op_error_destroy(err);
			return false;
		}
		const struct op_mapping *moved =
			op_mappings_find(&mappings, op_host_addr((uint64_t)result));
		bool executable = moved && moved->protection & OP_PROTECTION_EXECUTE;
		op_mappings_deinit(&mappings);
		return executable;
	}
	default:
		return false;
	}
}

static void take_syscall(struct op_live *process, struct op_tracee *tracee)
{
	struct __ptrace_syscall_info info = {0};

	// The kernel says which of the two stops it is: counting them goes wrong when the watch
	// begins inside a call.
	if (op_ptrace(PTRACE_GET_SYSCALL_INFO, tracee->id, sizeof(info), &info) <= 0) {
		settle(process, tracee);
		return;
	}
	if (tracee->calling) {
		// Registers that say how a call is to be restarted are obeyed on the way out of an
		// interrupt only.
		if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
			op_ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
			tracee->restart = PTRACE_CONT;
		}
		op_tracee_resume(process, tracee);
		return;
	}
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (tracee->restart == PTRACE_SYSCALL && !info.exit.is_error &&
		    process->wants_code_mapping && mapped_code(process, tracee, info.exit.rval))
			op_tracee_enqueue(process, tracee, OP_STOP_CODE_MAPPED);
		else if (tracee->restart == PTRACE_SYSCALL && !info.exit.is_error &&
			 op_tracee_note_system_call(process, tracee, info.exit.rval))
			op_tracee_enqueue(process, tracee, OP_STOP_TRAP);
		else
			settle(process, tracee);
		return;
	}
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		op_tracee_note_call_entry(process, tracee, info.entry.nr);
	if (tracee->wants_run) {
		op_tracee_resume(process, tracee);
		return;
	}
	// It must not stand at the entry: registers written there would change the system call. The
	// stop took our interrupt away, so it gets another one and stops at the exit
	// (test_platform_code.c: stop_all_while_watching).
	op_ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
	op_tracee_resume(process, tracee);
}

/** The stop of a held signal that was sent again: give it its own information back. */
static bool take_held(struct op_live *process, struct op_tracee *tracee, int number)
{
	siginfo_t info;

	if (!tracee->held_raised || tracee->held.si_signo != number)
		return false;
	if (op_ptrace(PTRACE_GETSIGINFO, tracee->id, 0, &info) || info.si_pid != getpid())
		return false;
	op_ptrace(PTRACE_SETSIGINFO, tracee->id, 0, &tracee->held);
	tracee->holds = tracee->held_raised = false;
	tracee->stop = OP_TRACEE_SIGNAL;
	tracee->signal = number;
	settle(process, tracee);
	return true;
}

static void take_signal(struct op_live *process, struct op_tracee *tracee, int event, int number)
{
	if (number == (SIGTRAP | 0x80)) {
		take_syscall(process, tracee);
		return;
	}
	if (take_held(process, tracee, number))
		return;
	if (number == SIGTRAP) {
		tracee->stop = OP_TRACEE_TRAP;
		op_tracee_enqueue(process, tracee, OP_STOP_TRAP);
		return;
	}
	tracee->stop = OP_TRACEE_SIGNAL;
	tracee->signal = number;
	op_tracee_enqueue(process, tracee, OP_STOP_SIGNAL);
}

typedef void event_handler(struct op_live *process, struct op_tracee *tracee, int event,
			   int number);

static event_handler *const event_handlers[] = {
	[0] = take_signal,
	[PTRACE_EVENT_FORK] = take_fork,
	[PTRACE_EVENT_VFORK] = take_fork,
	[PTRACE_EVENT_CLONE] = take_clone,
	[PTRACE_EVENT_EXEC] = take_exec,
	[PTRACE_EVENT_EXIT] = take_exiting,
	[PTRACE_EVENT_STOP] = take_stop,
};

static void take_exit(struct op_live *process, struct op_tracee *tracee, int status)
{
	tracee->phase = OP_TRACEE_RUNNING;
	tracee->exit_code = status;
	// The leader's death is reported after all others (delay_group_leader(), kernel/exit.c). A
	// leader that was dead at the attach is not ours, and the last thread stands for the
	// process.
	if (tracee->id == process->pid || HASH_COUNT(process->tracees) == 1) {
		struct op_tracee *other, *next;
		HASH_ITER(hh, process->tracees, other, next)
		{
			if (other == tracee)
				continue;
			op_tracee_dequeue(process, other);
			op_tracee_remove(process, other);
		}
		process->exited = true;
		op_tracee_enqueue(process, tracee, OP_STOP_PROCESS_EXIT);
		return;
	}
	if (tracee->newborn || process->collecting)
		op_tracee_dequeue(process, tracee);
	else
		op_tracee_enqueue(process, tracee, OP_STOP_THREAD_EXIT);
	op_tracee_remove(process, tracee);
}

void op_live_take_event(struct op_live *process, pid_t id, int status)
{
	struct op_tracee *tracee = op_tracee_find(process, id);

	if (!tracee)
		return;
	process->events++;
	if (!WIFSTOPPED(status)) {
		take_exit(process, tracee, status);
		return;
	}
	unsigned event = (unsigned)status >> 16;
	tracee->phase = OP_TRACEE_STOPPED;
	tracee->stop = OP_TRACEE_QUIET;
	tracee->signal = 0;
	tracee->deliver_trap = false;
	tracee->deep = false;
	tracee->looked_for_trap = false;
	tracee->ending = false;
	tracee->registers_known = false;
	tracee->pc_known = tracee->pc_early;
	tracee->pc_early = false;
	tracee->watch_hits = 0;
	tracee->watch_stop = false;
	if (event < OP_ARRAY_SIZE(event_handlers) && event_handlers[event])
		event_handlers[event](process, tracee, (int)event, WSTOPSIG(status));
	else
		settle(process, tracee);
}

/** Which of this thread's processes a new task belongs to, by its thread group. */
static struct op_live *owner_of(struct op_waiter *waiter, pid_t id)
{
	struct op_proc_status status;

	if (op_proc_status(id, &status))
		return NULL;
	for (struct op_live *process = waiter->processes; process; process = process->waiter_next) {
		if (process->pid == status.thread_group)
			return process;
	}
	return NULL;
}

void op_waiter_route(struct op_live *process, pid_t id, int status)
{
	struct op_live *owner = op_tracee_find(process, id) ? process : NULL;

	for (struct op_live *other = process->waiter->processes; !owner && other;
	     other = other->waiter_next) {
		if (op_tracee_find(other, id))
			owner = other;
	}
	if (!owner && WIFSTOPPED(status)) {
		owner = owner_of(process->waiter, id);
		struct op_tracee *born = owner ? op_tracee_add(owner, id) : NULL;
		if (born)
			born->newborn = status >> 16 == PTRACE_EVENT_STOP;
		// A forked child ahead of its parent's event; where it cannot be remembered it is
		// let go.
		else if (!op_waiter_keep_orphan(process->waiter, id, status))
			op_ptrace(PTRACE_DETACH, id, 0, 0);
	}
	if (!WIFSTOPPED(status)) {
		int unclaimed;
		(void)op_waiter_claim_orphan(process->waiter, id, &unclaimed);
	}
	if (owner)
		op_live_take_event(owner, id, status);
}
