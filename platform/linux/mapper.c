// SPDX-License-Identifier: GPL-3.0-or-later
// A thread that has mapped code: when does it turn to something else? Knows system calls by their
// numbers, not what the code is for.
#include <sys/syscall.h>

#include "base/compiler.h"
#include "platform/linux/process.h"

// Calls that any stretch of plain computing may make: allocations, locks, signals that come by.
static bool says_nothing(uint64_t number)
{
	static const long numbers[] = {
		SYS_mmap,        SYS_munmap,        SYS_mprotect,     SYS_pkey_mprotect,
		SYS_mremap,      SYS_madvise,       SYS_brk,          SYS_mincore,
		SYS_membarrier,  SYS_futex,         SYS_sched_yield,  SYS_rt_sigreturn,
		SYS_getrandom,   SYS_clock_gettime, SYS_gettimeofday, SYS_rt_sigprocmask,
		SYS_sigaltstack, SYS_getpid,        SYS_gettid,       SYS_restart_syscall,
		SYS_getcpu,
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(numbers); i++) {
		if ((uint64_t)numbers[i] == number)
			return true;
	}
	return false;
}

void op_tracee_note_call_entry(struct op_live *process, struct op_tracee *tracee, uint64_t number)
{
	if (!tracee->busy_mapper || says_nothing(number))
		return;
	tracee->busy_mapper = false;
	process->mapper_done = true;
	// It would be in its new code before anybody has looked.
	tracee->wants_run = false;
}

void op_live_watch_mapper(struct op_process *base, op_thread_id thread)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);

	if (tracee)
		tracee->busy_mapper = true;
}

bool op_live_mapper_is_busy(struct op_process *base, op_thread_id thread)
{
	struct op_live *process = op_live(base);
	const struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread);

	return tracee && tracee->busy_mapper;
}
