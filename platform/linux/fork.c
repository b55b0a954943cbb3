// SPDX-License-Identifier: GPL-3.0-or-later
// Forked children: they come to us stopped, with a copy of the memory and of what was patched in
// it, and are let go. Must not trace them any further.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "platform/linux/inject.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"

static void let_go(pid_t child)
{
	int status;

	// It inherits what its debug registers read as, though nothing is watched in it.
	op_ptrace(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[7]), 0);
	// A child that was killed refuses; reaping it here hands it on to its real parent.
	if (op_ptrace(PTRACE_DETACH, child, 0, 0) && errno == ESRCH)
		waitpid(child, &status, __WALL | WNOHANG);
}

bool op_forked_take(struct op_live *process, pid_t child)
{
	int status;

	// It was woken before its parent's event and stops before its first instruction, or it has
	// been killed: no long wait.
	if (!op_waiter_claim_orphan(process->waiter, child, &status)) {
		pid_t got;
		do {
			got = waitpid(child, &status, __WALL);
		} while (got < 0 && errno == EINTR);
		if (got < 0)
			return false;
	}
	if (!WIFSTOPPED(status))
		return false;
	if (!op_array_reserve(&process->forked, &process->forked_capacity,
			      process->forked_count + 1, sizeof(*process->forked))) {
		let_go(child);
		return false;
	}
	process->forked[process->forked_count++] = (struct op_forked){.id = child};
	return true;
}

static struct op_forked *find_forked(const struct op_live *process, int64_t child)
{
	for (size_t i = 0; i < process->forked_count; i++) {
		if (process->forked[i].id == child)
			return &process->forked[i];
	}
	return NULL;
}

bool op_forked_shares_memory(const struct op_live *process, pid_t child, bool vfork)
{
	// kcmp() is a matter of the kernel's configuration; without it the kind of the event tells,
	// short of odd clone() calls.
	long difference = syscall(SYS_kcmp, process->pid, child, KCMP_VM, 0, 0);
	bool shares = difference < 0 ? vfork : difference == 0;
	struct op_forked *forked = find_forked(process, child);

	if (forked)
		forked->shares_memory = shares;
	return shares;
}

static struct op_error *no_such_child(const struct op_live *process, int64_t child)
{
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "%" PRId64 " is no child of process %d that outpost holds", child,
			       process->pid);
}

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct op_error *op_live_write_child(struct op_process *base, int64_t child,
				     struct op_host_addr addr, const void *buffer, size_t size)
{
	struct op_live *process = op_live(base);
	const struct op_forked *forked = find_forked(process, child);

	if (!forked)
		return no_such_child(process, child);
	if (forked->shares_memory)
		return NULL;
	char path[64];
	size_t done = 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", forked->id);
	_cleanup_(close_fdp) int fd = open(path, O_RDWR | O_CLOEXEC);
	while (fd >= 0 && done < size) {
		ssize_t put = pwrite(fd, (const uint8_t *)buffer + done, size - done,
				     (off_t)(addr.value + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	if (done < size) {
		size_t poked;
		op_live_write_by_ptrace(forked->id, addr.value + done,
					(const uint8_t *)buffer + done, size - done, &poked);
		done += poked;
	}
	if (done == size)
		return NULL;
	if (kill(forked->id, 0) && errno == ESRCH)
		return op_error_create(OP_ERROR_PROCESS_GONE, "child %d of process %d has ended",
				       forked->id, process->pid);
	return op_error_create(OP_ERROR_UNREADABLE,
			       "cannot write %zu bytes at 0x%" PRIx64 " in child %d of process %d",
			       size - done, addr.value + done, forked->id, process->pid);
}

/** One instruction of the child; signals that come meanwhile are sent again. */
static bool step_child(pid_t child)
{
	enum { SIGNALS_MAX = 64 };

	for (int i = 0; i < SIGNALS_MAX; i++) {
		int status;
		pid_t got;
		if (op_ptrace(PTRACE_SINGLESTEP, child, 0, 0))
			return false;
		do {
			got = waitpid(child, &status, __WALL);
		} while (got < 0 && errno == EINTR);
		if (got < 0 || !WIFSTOPPED(status))
			return false;
		if (status >> 8 == SIGTRAP)
			return true;
		// Of the event stops, which have SIGTRAP or a stop signal in these bits, none is
		// lost.
		if (status >> 16 == 0)
			kill(child, WSTOPSIG(status));
	}
	return false;
}

struct op_error *op_live_protect_child(struct op_process *base, int64_t child,
				       struct op_host_addr addr, uint64_t size, unsigned protection)
{
	struct op_live *process = op_live(base);
	const struct op_forked *forked = find_forked(process, child);
	struct user_regs_struct saved, registers;
	uint64_t instruction;

	if (!forked)
		return no_such_child(process, child);
	if (forked->shares_memory)
		return NULL;
	struct op_error *err = op_inject_instruction(process, &instruction);
	if (err)
		return err;
	bool made = instruction && op_ptrace(PTRACE_GETREGS, forked->id, 0, &saved) == 0;
	if (made) {
		registers = saved;
		registers.rip = instruction;
		registers.rax = SYS_mprotect;
		registers.orig_rax = UINT64_MAX;
		registers.rdi = addr.value;
		registers.rsi = size;
		registers.rdx = (uint64_t)op_native_protection(protection);
		made = op_ptrace(PTRACE_SETREGS, forked->id, 0, &registers) == 0 &&
		       step_child(forked->id) &&
		       op_ptrace(PTRACE_GETREGS, forked->id, 0, &registers) == 0 &&
		       registers.rax == 0 && op_ptrace(PTRACE_SETREGS, forked->id, 0, &saved) == 0;
	}
	if (made)
		return NULL;
	if (kill(forked->id, 0) && errno == ESRCH)
		return op_error_create(OP_ERROR_PROCESS_GONE, "child %d of process %d has ended",
				       forked->id, process->pid);
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "cannot make the code at 0x%" PRIx64
			       " executable again in child %d of process %d",
			       addr.value, forked->id, process->pid);
}

struct op_error *op_live_release_child(struct op_process *base, int64_t child)
{
	struct op_live *process = op_live(base);
	struct op_forked *forked = find_forked(process, child);

	if (!forked)
		return no_such_child(process, child);
	op_live_unshield_child(process, child);
	let_go(forked->id);
	*forked = process->forked[--process->forked_count];
	return NULL;
}

void op_forked_release_all(struct op_live *process)
{
	while (process->forked_count)
		let_go(process->forked[--process->forked_count].id);
}
