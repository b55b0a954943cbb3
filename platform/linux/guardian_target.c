// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and writing a process that nobody traces any more. Knows nothing of the journal.
#include "platform/linux/guardian_target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/handler.h"
#include "platform/linux/maps.h"
#include "platform/linux/operations.h"
#include "platform/linux/proc.h"
#include "platform/linux/request.h"

static bool look_at(const struct op_guardian_target *target, struct op_proc_status *ret)
{
	return !op_proc_status(target->pid, ret) && ret->start_time == target->start_time;
}

bool op_guardian_is_there(const struct op_guardian_target *target)
{
	struct op_proc_status status;
	return look_at(target, &status);
}

// The pipe closes before the kernel takes its threads from outpost (do_exit(), kernel/exit.c:
// exit_files(), then exit_notify()).
bool op_guardian_is_alone(const struct op_guardian_target *target)
{
	struct op_proc_status status, tracer;
	return look_at(target, &status) &&
	       (!status.tracer || op_proc_status(status.tracer, &tracer) ||
		tracer.thread_group == target->outpost);
}

bool op_guardian_mappings(const struct op_guardian_target *target, struct op_mappings *ret)
{
	_cleanup_free_ pid_t *threads = NULL;
	size_t count = 0;
	char path[64];

	*ret = (struct op_mappings){0};
	if (!op_guardian_is_there(target) || op_proc_threads(target->pid, &threads, &count))
		return false;
	// A leader that has exited has none.
	for (size_t i = 0; i < count && !ret->count; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", target->pid, threads[i]);
		if (op_maps_read(path, ret))
			*ret = (struct op_mappings){0};
	}
	return ret->count != 0;
}

size_t op_guardian_read(const struct op_guardian_target *target, uint64_t address, void *ret,
			size_t size)
{
	ssize_t got = pread(target->memory_fd, ret, size, (off_t)address);
	return got > 0 ? (size_t)got : 0;
}

// False when it does not come to a stop.
static bool await_stop(pid_t thread, int *ret_signal)
{
	// Thousands of threads are not waited for a millisecond each; one in uninterruptible sleep
	// must not keep the others from being cleared: about a second.
	enum { LOOKS = 1000, SHORT_LOOKS = 50, SHORT_US = 20, LONG_US = 1000 };
	int status;
	siginfo_t info;
	*ret_signal = 0;
	for (unsigned i = 0; i < LOOKS; i++) {
		pid_t got = waitpid(thread, &status, __WALL | WNOHANG);
		if (got < 0 || (got == thread && !WIFSTOPPED(status)))
			return false;
		if (got == thread) {
			bool own = WSTOPSIG(status) == SIGTRAP &&
				   op_ptrace(PTRACE_GETSIGINFO, thread, 0, &info) == 0 &&
				   info.si_code == TRAP_HWBKPT;
			if (status >> 16 == 0 && !own)
				*ret_signal = WSTOPSIG(status);
			return true;
		}
		usleep(i < SHORT_LOOKS ? SHORT_US : LONG_US);
	}
	return false;
}

int op_guardian_seize(pid_t thread, int *ret_signal)
{
	if (ptrace(PTRACE_SEIZE, thread, 0, 0))
		return errno;
	op_ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	return await_stop(thread, ret_signal) ? 0 : ETIMEDOUT;
}

static bool write_as_tracer_of(pid_t thread, uint64_t address, uint8_t byte)
{
	int number;
	if (op_guardian_seize(thread, &number))
		return false;
	uint64_t aligned = address & ~(uint64_t)7;
	errno = 0;
	unsigned long word = (unsigned long)op_ptrace(PTRACE_PEEKTEXT, thread, aligned, 0);
	unsigned shift = (unsigned)(address - aligned) * 8;
	word = (word & ~(0xfful << shift)) | (unsigned long)byte << shift;
	bool done = !errno && op_ptrace(PTRACE_POKETEXT, thread, aligned, word) == 0;
	op_ptrace(PTRACE_DETACH, thread, 0, number);
	return done;
}

// Since Linux 6.12 /proc/PID/mem may refuse to write to read-only pages for anyone but the tracer
// (proc_mem.force_override); outpost is dead, so the place is free. Through any thread: the leader
// may have exited.
static bool write_as_tracer(const struct op_guardian_target *target, uint64_t address, uint8_t byte)
{
	_cleanup_free_ pid_t *threads = NULL;
	size_t count = 0;
	bool done = false;
	if (!op_guardian_is_there(target) || op_proc_threads(target->pid, &threads, &count))
		return false;
	for (size_t i = 0; !done && i < count; i++)
		done = write_as_tracer_of(threads[i], address, byte);
	return done;
}

bool op_guardian_write_byte(const struct op_guardian_target *target, uint64_t address, uint8_t byte)
{
	return pwrite(target->memory_fd, &byte, 1, (off_t)address) == 1 ||
	       write_as_tracer(target, address, byte);
}

bool op_guardian_disarm(const struct op_guardian_target *target,
			const struct op_guardian_trap *trap, uint64_t address)
{
	uint8_t now[OP_GUARDIAN_TRAP_MAX];
	if (op_guardian_read(target, address, now, trap->size) != trap->size)
		return false;
	if (now[0] != trap->trap[0])
		return true;
	// While threads run, a trap's first byte is written before the others (code_write.c);
	// outpost may have died in between.
	size_t rest = trap->size - 1u;
	if (memcmp(now + 1, trap->trap + 1, rest)) {
		if (memcmp(now + 1, trap->before + 1, rest))
			return true;
		for (size_t i = 1; i <= rest; i++)
			if (!op_guardian_write_byte(target, address + i, trap->trap[i]))
				return false;
	}
	return op_guardian_write_byte(target, address, trap->harmless);
}

void op_guardian_set_budget(const struct op_guardian_target *target, uint64_t address,
			    uint32_t budget)
{
	uint8_t mark[64];
	size_t got = address ? op_guardian_read(target, address - OP_HANDLER_BUDGET_OFFSET, mark,
						sizeof(mark))
			     : 0;
	// A thread that is taken back meanwhile may make it one less: nobody counts so closely.
	if (op_handler_has_mark(mark, got))
		(void)!pwrite(target->memory_fd, &budget, sizeof(budget), (off_t)address);
}
