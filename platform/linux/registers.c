// SPDX-License-Identifier: GPL-3.0-or-later
// Registers of stopped threads, between the kernel's order and the instruction set's numbers, and
// why a trap happened. Must not know what the registers hold.
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "base/compiler.h"
#include "platform/linux/native.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"

static struct op_error *failed(struct op_live *process, struct op_tracee *tracee, const char *doing)
{
	int problem = errno;

	if (problem == ESRCH && !op_ptrace_stands(tracee->id))
		return op_tracee_dying(process, tracee, doing);
	return op_error_system(OP_ERROR_SYSTEM, problem, "cannot %s thread %d of process %d", doing,
			       tracee->id, process->pid);
}

static struct op_error *load_registers(struct op_live *process, struct op_tracee *tracee)
{
	struct iovec part = {&tracee->registers, sizeof(tracee->registers)};

	if (tracee->registers_known)
		return NULL;
	if (op_ptrace(PTRACE_GETREGSET, tracee->id, NT_PRSTATUS, &part))
		return failed(process, tracee, "read the registers of");
	if (tracee->rewound)
		tracee->registers.rip = tracee->pc;
	tracee->registers_known = tracee->pc_known = true;
	tracee->pc = tracee->registers.rip;
	return NULL;
}

struct op_error *op_live_registers(struct op_process *base, op_thread_id thread,
				   struct op_registers *ret)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee;
	struct op_error *err = op_tracee_stopped(process, thread, "read the registers of", &tracee);
	if (!err)
		err = load_registers(process, tracee);
	if (err)
		return err;
	op_native_registers(&tracee->registers, ret);
	return NULL;
}

struct op_error *op_live_pc(struct op_process *base, op_thread_id thread, struct op_host_addr *ret)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee;
	struct op_error *err = op_tracee_stopped(process, thread, "read the pc of", &tracee);
	if (err)
		return err;
	if (!tracee->pc_known) {
		errno = 0;
		long pc =
			op_ptrace(PTRACE_PEEKUSER, tracee->id, offsetof(struct user, regs.rip), 0);
		if (pc == -1 && errno)
			return failed(process, tracee, "read the pc of");
		tracee->pc = (uint64_t)pc;
		tracee->pc_known = true;
	}
	*ret = op_host_addr(tracee->pc);
	return NULL;
}

struct op_error *op_live_set_registers(struct op_process *base, op_thread_id thread,
				       const struct op_registers *registers)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee;
	struct op_error *err =
		op_tracee_stopped(process, thread, "write the registers of", &tracee);
	if (!err)
		err = load_registers(process, tracee);
	if (err)
		return err;
	struct user_regs_struct wanted = tracee->registers;
	op_native_set_registers(&wanted, registers);
	// A thread stopped in a system call that is to be restarted has orig_rax >= 0, and the
	// kernel moves its pc back by 2 when it resumes (arch_do_signal_or_restart(),
	// arch/x86/kernel/signal.c). A pc that is moved elsewhere must stay there; whoever puts the
	// saved registers back puts orig_rax back with them, and the call is restarted after all.
	if (wanted.rip != tracee->registers.rip && wanted.orig_rax == tracee->registers.orig_rax)
		wanted.orig_rax = (unsigned long long)-1;
	struct iovec part = {&wanted, sizeof(wanted)};
	if (op_ptrace(PTRACE_SETREGSET, tracee->id, NT_PRSTATUS, &part))
		return failed(process, tracee, "write the registers of");
	tracee->registers = wanted;
	tracee->pc = wanted.rip;
	tracee->rewound = false;
	return NULL;
}

struct op_error *op_live_vector_register(struct op_process *base, op_thread_id thread,
					 unsigned index, uint8_t ret[16])
{
	struct op_live *process = op_live(base);
	struct user_fpregs_struct vectors;
	struct iovec part = {&vectors, sizeof(vectors)};
	struct op_tracee *tracee;

	if (index >= sizeof(vectors.xmm_space) / 16)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no vector register %u", index);
	struct op_error *err =
		op_tracee_stopped(process, thread, "read the vector registers of", &tracee);
	if (err)
		return err;
	if (op_ptrace(PTRACE_GETREGSET, tracee->id, NT_PRFPREG, &part))
		return failed(process, tracee, "read the vector registers of");
	memcpy(ret, (const uint8_t *)vectors.xmm_space + (size_t)index * 16, 16);
	return NULL;
}

/** What the kernel writes into si_code for its own traps (arch/x86/kernel/traps.c,
 * kernel/signal.c). */
static enum op_trap_reason classify(const siginfo_t *info, bool stepping)
{
	// man 2 sigaction: SI_USER, SI_QUEUE, SI_TKILL, SI_TIMER and all others that somebody sent
	// are not above 0.
	if (info->si_code <= 0)
		return OP_TRAP_FOREIGN;
	switch (info->si_code) {
	case SI_KERNEL: // int3
		return OP_TRAP_BREAKPOINT;
	case TRAP_HWBKPT:
		return OP_TRAP_HARDWARE;
	case TRAP_BRKPT: // a step that ended at a system call, user_single_step_report(); otherwise
			 // a trap instruction
		return stepping ? OP_TRAP_STEP : OP_TRAP_BREAKPOINT;
	default: // TRAP_TRACE, and SIGTRAP itself for a step into a signal handler
		return OP_TRAP_STEP;
	}
}

struct op_error *op_live_trap_reason(struct op_process *base, op_thread_id thread,
				     enum op_trap_reason *ret)
{
	struct op_live *process = op_live(base);
	siginfo_t info;
	struct op_tracee *tracee;
	struct op_error *err = op_tracee_stopped(process, thread, "ask for the trap of", &tracee);
	if (err)
		return err;
	if (tracee->watch_hits || tracee->watch_stop) {
		*ret = OP_TRAP_HARDWARE;
		return NULL;
	}
	// It was killed behind its trap.
	if (tracee->ending)
		return op_tracee_dying(process, tracee, "ask for the trap of");
	if (tracee->stop != OP_TRACEE_TRAP)
		return op_error_create(OP_ERROR_STATE, "thread %" PRId64 " did not stop at a trap",
				       thread);
	if (op_ptrace(PTRACE_GETSIGINFO, tracee->id, 0, &info))
		return failed(process, tracee, "ask for the trap of");
	*ret = classify(&info, tracee->restart == PTRACE_SINGLESTEP);
	// A step into a watched place is both, and the kernel says only that it was a step.
	if (*ret == OP_TRAP_STEP) {
		op_tracee_note_step_hits(process, tracee);
		if (tracee->watch_hits)
			*ret = OP_TRAP_HARDWARE;
	}
	if (*ret == OP_TRAP_FOREIGN)
		tracee->deliver_trap = true;
	return NULL;
}
