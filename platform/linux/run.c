// SPDX-License-Identifier: GPL-3.0-or-later
// Letting threads run: which ptrace request, and which signal goes with it. Must not wait.
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"
#include "platform/linux/rewind.h"

static bool in_signal_stop(const struct op_tracee *tracee)
{
	return tracee->stop == OP_TRACEE_SIGNAL || tracee->stop == OP_TRACEE_TRAP;
}

/** Take the signal out of its stop; its information is kept for the time when it is delivered. */
static void hold_signal(struct op_tracee *tracee)
{
	int number = tracee->signal ? tracee->signal : tracee->deliver_trap ? SIGTRAP : 0;

	if (number && !tracee->holds &&
	    op_ptrace(PTRACE_GETSIGINFO, tracee->id, 0, &tracee->held) == 0) {
		tracee->holds = true;
		tracee->held_raised = false;
		tracee->signal = 0;
		tracee->deliver_trap = false;
	}
}

/**
 * Deliver a held signal. Any signal-delivery-stop takes it with its own information
 * (ptrace_signal(), kernel/signal.c: the information is replaced only when the number differs from
 * it): true. Otherwise it is sent anew: with its information where the kernel lets anybody claim
 * that (man 2 rt_tgsigqueueinfo: codes below 0), else its stop gets the information (take_held(),
 * events.c).
 */
static bool unhold_signal(struct op_live *process, struct op_tracee *tracee)
{
	if (in_signal_stop(tracee) && !tracee->signal && !tracee->deliver_trap &&
	    op_ptrace(PTRACE_SETSIGINFO, tracee->id, 0, &tracee->held) == 0) {
		tracee->signal = tracee->held.si_signo;
		tracee->holds = false;
		return true;
	}
	if (syscall(SYS_rt_tgsigqueueinfo, process->pid, tracee->id, tracee->held.si_signo,
		    &tracee->held) == 0) {
		tracee->holds = false;
	} else if (syscall(SYS_tgkill, process->pid, tracee->id, tracee->held.si_signo) == 0) {
		tracee->held_raised = true;
	}
	return false;
}

void op_tracee_enqueue_held(struct op_live *process, struct op_tracee *tracee)
{
	bool here = tracee->holds && !tracee->held_raised ? unhold_signal(process, tracee)
							  : tracee->signal != 0;
	if (!here)
		return;
	tracee->stop = OP_TRACEE_SIGNAL;
	op_tracee_enqueue(process, tracee, OP_STOP_SIGNAL);
}

static int due_signal(const struct op_tracee *tracee)
{
	if (tracee->stop == OP_TRACEE_TRAP && tracee->deliver_trap)
		return SIGTRAP;
	return tracee->signal;
}

void op_tracee_resume(struct op_live *process, struct op_tracee *tracee)
{
	if (tracee->stop == OP_TRACEE_GROUP && !tracee->forced) {
		// PTRACE_CONT would end the job-control stop for this thread (man 2 ptrace,
		// "Group-stop").
		if (op_ptrace(PTRACE_LISTEN, tracee->id, 0, 0) == 0) {
			tracee->phase = OP_TRACEE_LISTENING;
			return;
		}
	}
	if (tracee->stop == OP_TRACEE_GROUP)
		tracee->left_group = true;
	if (tracee->left_group && !tracee->forced) {
		// Back to the others: it stops again at once, and is then listening.
		op_ptrace(PTRACE_INTERRUPT, tracee->id, 0, 0);
		tracee->left_group = false;
	}
	if (tracee->watch_generation != process->watch_generation)
		op_tracee_set_watch(process, tracee);
	if (due_signal(tracee) == SIGTRAP)
		op_rewind_pass(process, tracee);
	op_rewind_resume(tracee);
	int request = tracee->restart ? tracee->restart : PTRACE_CONT;
	if (op_ptrace(request, tracee->id, 0, due_signal(tracee)) && op_ptrace_stands(tracee->id)) {
		// Nothing will come from it: whoever waits must hear of that.
		process->refused = tracee->id;
		process->refused_why = errno;
		return;
	}
	// Also when it was killed meanwhile (ESRCH): it will report that.
	tracee->phase = OP_TRACEE_RUNNING;
	tracee->registers_known = tracee->pc_known = tracee->rewound = false;
}

struct op_error *op_live_refused(struct op_live *process)
{
	pid_t id = process->refused;

	process->refused = 0;
	if (!id)
		return NULL;
	return op_error_system(OP_ERROR_SYSTEM, process->refused_why,
			       "the system refuses to let thread %d of process %d run", id,
			       process->pid);
}

static void run_one(struct op_live *process, struct op_tracee *tracee,
		    const struct op_run_request *request, int restart)
{
	if (tracee->queued != OP_STOP_NONE)
		return;
	tracee->restart = restart;
	tracee->wants_run = true;
	if (tracee->phase != OP_TRACEE_STOPPED)
		return;
	bool single = request->thread != 0;
	tracee->forced = single && request->despite_job_stop;
	if (single && request->deliver_trap)
		tracee->deliver_trap = true;
	if (single && request->discard_trap)
		tracee->deliver_trap = false;
	if (single && request->hold_signal)
		hold_signal(tracee);
	else if (tracee->holds && !tracee->held_raised)
		unhold_signal(process, tracee);
	op_tracee_resume(process, tracee);
}

struct op_error *op_live_run(struct op_process *base, const struct op_run_request *request)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "run");
	if (err)
		return err;
	bool stop_at_calls = request->watch_code_mapping || op_live_watches_system_calls(process);
	int restart = request->mode == OP_RUN_STEP ? PTRACE_SINGLESTEP
		      : stop_at_calls              ? PTRACE_SYSCALL
						   : PTRACE_CONT;
	process->wants_code_mapping = request->watch_code_mapping;
	process->runs++;
	if (request->thread) {
		struct op_tracee *tracee = op_tracee_find(process, (pid_t)request->thread);
		if (!tracee && process->exited)
			return op_live_gone(process, "run");
		if (!tracee)
			return op_error_create(
				OP_ERROR_NOT_FOUND,
				"cannot run thread %d: process %d has no such thread (any more)",
				(int)request->thread, process->pid);
		run_one(process, tracee, request, tracee->calling ? PTRACE_SYSCALL : restart);
		return NULL;
	}
	if (request->mode == OP_RUN_STEP)
		return op_error_create(OP_ERROR_STATE, "a single step needs a thread to take it");
	struct op_tracee *tracee, *next;
	HASH_ITER(hh, process->tracees, tracee, next)
	run_one(process, tracee, request, restart);
	return NULL;
}

/** Options of all tracees and of those to come, all threads stopped. */
static void set_options(struct op_live *process, long options)
{
	if (options == process->options)
		return;
	process->options = options;
	struct op_tracee *tracee, *next;
	// ESRCH: it was killed meanwhile. Threads that are born later inherit the options (man 2
	// ptrace, PTRACE_O_TRACECLONE).
	HASH_ITER(hh, process->tracees, tracee, next)
	op_ptrace(PTRACE_SETOPTIONS, tracee->id, 0, op_ptrace_options | options);
}

struct op_error *op_live_watch_exit(struct op_process *base, bool enabled)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "watch the end of");
	if (!err)
		set_options(process, enabled ? process->options | PTRACE_O_TRACEEXIT
					     : process->options & ~(long)PTRACE_O_TRACEEXIT);
	return err;
}

struct op_error *op_live_let_live(struct op_process *base)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "let go of");
	if (!err)
		set_options(process, process->options & ~(long)PTRACE_O_EXITKILL);
	return err;
}

/** A trap nobody has looked at: the program's own when someone sent it, or when its trap
 * instruction is still in the code. */
static bool trap_is_the_programs(struct op_live *process, struct op_tracee *tracee)
{
	enum op_trap_reason reason;
	struct op_host_addr pc;
	uint8_t code[OP_SLOT_MAX];
	const struct op_arch *arch = op_process_arch(&process->base);

	struct op_error *err = op_process_trap_reason(&process->base, tracee->id, &reason);
	if (!err && reason == OP_TRAP_FOREIGN)
		return true;
	if (!err && reason == OP_TRAP_BREAKPOINT)
		err = op_process_pc(&process->base, tracee->id, &pc);
	if (!err && reason == OP_TRAP_BREAKPOINT)
		err = op_process_read(&process->base,
				      op_host_addr(pc.value - arch->trap_pc_advance), code, 1);
	bool own = !err && reason == OP_TRAP_BREAKPOINT && code[0] == arch->trap[0];
	op_error_destroy(err);
	return own;
}

int op_tracee_parting_signal(struct op_live *process, struct op_tracee *tracee)
{
	if (tracee->holds && !tracee->held_raised)
		unhold_signal(process, tracee);
	// Handed out: whoever got it has decided. In the queue: nobody has.
	if (tracee->stop == OP_TRACEE_TRAP && tracee->queued == OP_STOP_TRAP && !tracee->signal)
		tracee->deliver_trap = trap_is_the_programs(process, tracee);
	return due_signal(tracee);
}
