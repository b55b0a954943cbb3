// SPDX-License-Identifier: GPL-3.0-or-later
// System calls in the target: a stopped thread makes one, and gets its registers back.
#include "platform/linux/inject.h"

#include <inttypes.h>
#include <string.h>
#include <sys/syscall.h>

#include "arch/x86_64.h"
#include "base/compiler.h"
#include "platform/linux/detour.h"
#include "platform/linux/process.h"

static const uint8_t syscall_instruction[] = {0x0f, 0x05};

// Calls whose callers are prepared for a 0 that comes too early: a spurious wake-up, no event, a
// short sleep. restart_syscall is one of them after an interrupt (kernel/time/hrtimer.c,
// kernel/futex/waitwake.c, fs/select.c).
static bool may_return_zero(uint64_t number)
{
	static const long numbers[] = {SYS_futex,          SYS_epoll_wait, SYS_epoll_pwait,
				       SYS_poll,           SYS_ppoll,      SYS_clock_nanosleep,
				       SYS_nanosleep,      SYS_select,     SYS_pselect6,
				       SYS_restart_syscall};
	for (size_t i = 0; i < OP_ARRAY_SIZE(numbers); i++) {
		if ((uint64_t)numbers[i] == number)
			return true;
	}
	return false;
}

// Whether a thread stands behind the instruction of such a call, interrupted in it.
static bool waits_in_one(struct op_live *process, const struct op_registers *registers)
{
	uint8_t bytes[sizeof(syscall_instruction)];

	if (!may_return_zero(registers->value[OP_X86_64_ORIG_RAX]))
		return false;
	struct op_error *err = op_process_read(
		&process->base, op_host_addr(registers->value[OP_X86_64_RIP] - sizeof(bytes)),
		bytes, sizeof(bytes));
	bool same = !err && !memcmp(bytes, syscall_instruction, sizeof(bytes));
	op_error_destroy(err);
	return same;
}

// The vDSO falls back to real system calls, so it holds the instruction.
struct op_error *op_inject_instruction(struct op_live *process, uint64_t *ret)
{
	enum { SEARCH_MAX = 64 * 1024 };
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(&process->base, &mappings);
	_cleanup_free_ uint8_t *code = malloc(SEARCH_MAX);

	*ret = 0;
	if (!err && !code)
		return op_error_no_memory();
	for (size_t i = 0; !err && i < mappings.count; i++) {
		const struct op_mapping *mapping = &mappings.data[i];
		uint64_t size = mapping->end.value - mapping->start.value;
		size_t done;
		if (strcmp(mapping->path, "[vdso]"))
			continue;
		err = op_process_read_some(&process->base, mapping->start, code,
					   size < SEARCH_MAX ? size : SEARCH_MAX, &done);
		const uint8_t *found =
			err ? NULL
			    : memmem(code, done, syscall_instruction, sizeof(syscall_instruction));
		if (found)
			*ret = mapping->start.value + (uint64_t)(found - code);
	}
	return err;
}

// The first thread that can be used; @p waiting: only one that waits in a call that may return 0.
// @p instruction 0: that call's own.
static struct op_error *choose(struct op_live *process, bool waiting, uint64_t instruction,
			       struct op_inject_thread *ret)
{
	// The red zone (System V ABI, AMD64 supplement, 3.2.2) and some more.
	enum { BELOW_STACK = 512 };
	size_t count;
	const struct op_thread_info *threads = op_process_threads(&process->base, &count);

	for (size_t i = 0; i < count && !ret->id; i++) {
		struct op_registers registers;
		struct op_stop stop;
		// A stop that was not handed out: the thread must stay as it is.
		if (op_process_pending_stop(&process->base, threads[i].id, &stop))
			continue;
		struct op_error *err =
			op_process_registers(&process->base, threads[i].id, &registers);
		if (err && process->exited)
			return err;
		bool fit = !err && (!waiting || waits_in_one(process, &registers));
		op_error_destroy(err);
		if (!fit)
			continue;
		*ret = (struct op_inject_thread){
			.id = threads[i].id,
			.instruction = instruction
					       ?: registers.value[OP_X86_64_RIP] -
							  sizeof(syscall_instruction),
			.scratch = (registers.value[OP_X86_64_RSP] - BELOW_STACK) & ~(uint64_t)15,
		};
	}
	return NULL;
}

struct op_error *op_inject_choose(struct op_live *process, struct op_inject_thread *ret)
{
	uint64_t instruction;

	*ret = (struct op_inject_thread){0};
	struct op_error *err = op_detour_find(process, &instruction);
	bool detours = instruction != 0;
	if (!err)
		err = choose(process, true, instruction, ret);
	if (!err && !ret->id && !detours)
		err = op_inject_instruction(process, &instruction);
	if (!err && !ret->id && instruction)
		err = choose(process, false, instruction, ret);
	ret->detours = detours;
	// All of them may be dead, or on their way.
	if (!err && !ret->id &&
	    (process->exit_told || op_live_is_dying(&process->base) ||
	     op_live_has_died(&process->base)))
		return op_live_gone(process, "make a system call in");
	if (!err && !ret->id)
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "no thread of process %d can make a system call for outpost",
				      process->pid);
	return err;
}

// @param[out] ret_stop how the thread stopped. @param[out] ret_made the call was made.
static struct op_error *call_once(struct op_live *process, const struct op_inject_thread *thread,
				  long number, const uint64_t arguments[6], int64_t *ret,
				  struct op_stop *ret_stop, bool *ret_made)
{
	// System V ABI, AMD64 supplement, A.2.1.
	static const enum op_x86_64_register places[6] = {OP_X86_64_RDI, OP_X86_64_RSI,
							  OP_X86_64_RDX, OP_X86_64_R10,
							  OP_X86_64_R8,  OP_X86_64_R9};
	struct op_registers saved, after;
	*ret_made = false;
	struct op_error *err = op_process_registers(&process->base, thread->id, &saved);
	if (err)
		return err;
	struct op_registers call = saved;
	uint64_t behind = thread->instruction + sizeof(syscall_instruction);
	call.value[OP_X86_64_RIP] = thread->instruction;
	call.value[OP_X86_64_RAX] = (uint64_t)number;
	call.value[OP_X86_64_ORIG_RAX] = UINT64_MAX;
	for (unsigned i = 0; i < OP_ARRAY_SIZE(places); i++)
		call.value[places[i]] = arguments[i];
	if (thread->detours)
		err = op_detour_begin(process, thread->instruction, &saved, &call);
	if (!err)
		err = op_process_set_registers(&process->base, thread->id, &call);
	if (!err)
		err = op_live_step_call(process, thread->id, ret_stop);
	if (!err &&
	    (ret_stop->kind == OP_STOP_THREAD_EXIT || ret_stop->kind == OP_STOP_PROCESS_EXIT))
		return op_live_gone(process, "make a system call in");
	// Whatever went wrong, the thread gets its own registers back.
	if (!err)
		err = op_process_registers(&process->base, thread->id, &after);
	*ret_made = !err && after.value[OP_X86_64_RIP] == behind;
	if (*ret_made)
		*ret = (int64_t)after.value[OP_X86_64_RAX];
	struct op_error *restore_err = op_process_set_registers(&process->base, thread->id, &saved);
	if (thread->detours && !restore_err)
		restore_err = op_detour_end(process, thread->instruction);
	if (err)
		op_error_destroy(restore_err);
	return err ? err : restore_err;
}

// A signal came first, and the thread stands in its stop. Another one makes the call, and the stop
// is handed out later like any other; the only thread there is takes the signal after the call. One
// signal is kept for a thread, not two.
static struct op_error *give_way(struct op_live *process, struct op_inject_thread *thread)
{
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)thread->id);
	struct op_inject_thread other;
	if (!tracee)
		return op_live_gone(process, "make a system call in");
	op_tracee_enqueue(process, tracee, OP_STOP_SIGNAL);
	struct op_error *err = op_inject_choose(process, &other);
	if (!err) {
		*thread = other;
	} else if (err->code == OP_ERROR_UNSUPPORTED && !tracee->holds) {
		op_error_destroy(err);
		err = NULL;
		op_tracee_dequeue(process, tracee);
	}
	return err;
}

struct op_error *op_inject_call(struct op_live *process, const struct op_inject_thread *thread,
				long number, const uint64_t arguments[6], int64_t *ret)
{
	enum { ATTEMPTS = 32 };
	struct op_inject_thread caller = *thread;
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		struct op_stop stop;
		bool made;
		struct op_error *err =
			call_once(process, &caller, number, arguments, ret, &stop, &made);
		if (err || made)
			return err;
		if (stop.kind != OP_STOP_SIGNAL)
			break;
		err = give_way(process, &caller);
		if (err)
			return err;
	}
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "thread %" PRId64
			       " of process %d did not make a system call for outpost",
			       caller.id, process->pid);
}
