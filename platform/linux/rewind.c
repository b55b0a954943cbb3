// SPDX-License-Identifier: GPL-3.0-or-later
// Where a thread stands that has hit a trap over one of the program's own instructions. The
// processor leaves it behind the trap, in the middle of that instruction; were outpost to die while
// it looks at the stop, the thread would run on from there.
//
// The kernel forgets a stop's signal when the stop is reported (wait_task_stopped(), kernel/exit.c:
// `*p_code = 0` without WNOWAIT) and lets the thread of a dead tracer go on with what is left
// (ptrace_stop(), kernel/signal.c). So there is no moment after the report at which the handler
// would be asked, and the thread must be moved before it. Until the report the signal is there and
// would be delivered to the handler, which moves the thread too. Therefore, in this order, each
// step leaving a state in which outpost may die:
//   the stop is seen (WNOWAIT)   the handler takes the thread back
//   the pc is noted in si_addr   the handler takes it back if it is still there
//   the thread is moved          the handler sees that it is not there any more
//   the stop is reported         there is no signal any more
// test_survival.py: killed_over_instructions.
#include "platform/linux/rewind.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "base/compiler.h"
#include "platform/linux/request.h"

struct op_raw_trap {
	uint64_t address; // key
	unsigned count;
	UT_hash_handle hh;
};

enum { TRAP_SIZE = 1, PAGE = 4096 };

// A copy of the code that the program has made while there was a trap in it has that trap too, at
// an address that nobody has noted, but at the same place of a page.
struct op_raw_places {
	bool seen[PAGE];
};

static struct op_raw_trap *find(const struct op_live *process, uint64_t address)
{
	struct op_raw_trap *trap;
	HASH_FIND(hh, process->raw_traps, &address, sizeof(address), trap);
	return trap;
}

static bool may_be_copy(const struct op_live *process, uint64_t address)
{
	return process->raw_places && process->raw_places->seen[address % PAGE];
}

void op_rewind_add(struct op_live *process, uint64_t address)
{
	if (!process->raw_places)
		process->raw_places = calloc(1, sizeof(*process->raw_places));
	if (process->raw_places)
		process->raw_places->seen[address % PAGE] = true;
	struct op_raw_trap *trap = find(process, address);
	if (!trap) {
		trap = calloc(1, sizeof(*trap));
		if (!trap)
			return;
		trap->address = address;
		HASH_ADD(hh, process->raw_traps, address, sizeof(trap->address), trap);
		if (!trap->hh.tbl) {
			free(trap);
			return;
		}
	}
	trap->count++;
}

void op_rewind_remove(struct op_live *process, uint64_t address)
{
	struct op_raw_trap *trap = find(process, address);
	if (!trap || --trap->count)
		return;
	HASH_DEL(process->raw_traps, trap);
	free(trap);
}

void op_rewind_remove_all(struct op_live *process)
{
	struct op_raw_trap *trap, *next;
	HASH_ITER(hh, process->raw_traps, trap, next)
	{
		HASH_DEL(process->raw_traps, trap);
		free(trap);
	}
	free(op_take(process->raw_places));
}

bool op_rewind_is_needed(const struct op_waiter *waiter)
{
	const struct op_live *process = waiter->processes;
	while (process && !process->raw_traps && !process->raw_places)
		process = process->waiter_next;
	return process != NULL;
}

static bool poke_pc(pid_t id, uint64_t pc)
{
	return op_ptrace(PTRACE_POKEUSER, id, offsetof(struct user, regs.rip), pc) == 0;
}

void op_rewind_stopped(struct op_waiter *waiter, pid_t id)
{
	struct op_live *process = waiter->processes;
	struct op_tracee *tracee = NULL;
	siginfo_t info;
	while (process && !(tracee = op_tracee_find(process, id)))
		process = process->waiter_next;
	if (!tracee)
		return;
	errno = 0;
	uint64_t pc = (uint64_t)op_ptrace(PTRACE_PEEKUSER, id, offsetof(struct user, regs.rip), 0);
	if (errno)
		return;
	tracee->pc = pc;
	tracee->pc_early = true;
	bool noted = find(process, pc - TRAP_SIZE) != NULL;
	if ((!noted && !may_be_copy(process, pc - TRAP_SIZE)) ||
	    op_ptrace(PTRACE_GETSIGINFO, id, 0, &info) || info.si_code != SI_KERNEL)
		return;
	// A stop that could not be noted stays as it is.
	info.si_addr = (void *)(uintptr_t)pc;
	if (op_ptrace(PTRACE_SETSIGINFO, id, 0, &info) == 0)
		tracee->rewound = poke_pc(id, pc - TRAP_SIZE);
	tracee->rewound_guess = tracee->rewound && !noted;
}

void op_rewind_resume(struct op_tracee *tracee)
{
	// A slot's trap, or the program's own, that happened to be at such a place.
	if (tracee->rewound && tracee->rewound_guess && poke_pc(tracee->id, tracee->pc))
		tracee->rewound = tracee->rewound_guess = false;
}

void op_rewind_pass(struct op_live *process, struct op_tracee *tracee)
{
	siginfo_t info;
	if (tracee->rewound)
		poke_pc(tracee->id, tracee->pc);
	// The handler must not take it back: it would come again.
	if (!process->shield || op_ptrace(PTRACE_GETSIGINFO, tracee->id, 0, &info) ||
	    info.si_code != SI_KERNEL)
		return;
	info.si_addr = (void *)(uintptr_t)1;
	op_ptrace(PTRACE_SETSIGINFO, tracee->id, 0, &info);
}
