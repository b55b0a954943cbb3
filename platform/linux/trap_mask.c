// SPDX-License-Identifier: GPL-3.0-or-later
// When a thread runs into a trap that it has blocked, the kernel unblocks SIGTRAP for it and sets
// the process's action back to the default, also while it is traced (force_sig_info_to_task(),
// kernel/signal.c): the program's handler is lost, and outpost's, without which the program would
// die with outpost. So SIGTRAP is unblocked beforehand. test_harm.py:
// threads_that_have_traps_blocked.
#include "platform/linux/trap_mask.h"

#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>

#include "platform/linux/process.h"
#include "platform/linux/request.h"

static uint64_t bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

// A C library that blocks everything for a moment blocks its own signals too, which a program
// cannot (nptl/internaltypes.h: SIGCANCEL 32, SIGSETXID 33). It does not call a guest meanwhile,
// and puts back what was there.
static bool is_passing(uint64_t mask)
{
	const uint64_t internal = bit(32) | bit(33);
	return (mask & internal) == internal;
}

static void open_thread(struct op_tracee *tracee)
{
	uint64_t mask;
	if (op_ptrace(PTRACE_GETSIGMASK, tracee->id, sizeof(mask), &mask) ||
	    !(mask & bit(SIGTRAP)) || is_passing(mask))
		return;
	mask &= ~bit(SIGTRAP);
	if (op_ptrace(PTRACE_SETSIGMASK, tracee->id, sizeof(mask), &mask) == 0)
		tracee->trap_unblocked = true;
}

static void restore_thread(struct op_tracee *tracee)
{
	uint64_t mask;
	tracee->trap_unblocked = false;
	if (op_ptrace(PTRACE_GETSIGMASK, tracee->id, sizeof(mask), &mask))
		return;
	mask |= bit(SIGTRAP);
	op_ptrace(PTRACE_SETSIGMASK, tracee->id, sizeof(mask), &mask);
}

void op_trap_mask_open(struct op_live *process)
{
	struct op_tracee *tracee, *next;
	HASH_ITER(hh, process->tracees, tracee, next)
	if (tracee->phase == OP_TRACEE_STOPPED)
		open_thread(tracee);
}

void op_trap_mask_restore(struct op_live *process)
{
	struct op_tracee *tracee, *next;
	HASH_ITER(hh, process->tracees, tracee, next)
	if (tracee->trap_unblocked && tracee->phase == OP_TRACEE_STOPPED)
		restore_thread(tracee);
}
