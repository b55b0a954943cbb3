// SPDX-License-Identifier: GPL-3.0-or-later
// System calls in the target: a stopped thread is pointed at a `syscall` instruction that the
// process has anyway, takes one step, and gets its registers back.
#include "platform/linux/inject.h"

#include <inttypes.h>
#include <string.h>

#include "arch/x86_64.h"
#include "base/compiler.h"
#include "platform/linux/process.h"

static const uint8_t syscall_instruction[] = {0x0f, 0x05};

// The vDSO falls back to real system calls, so it holds the instruction; every process has it
// mapped unless it was started without.
static struct op_error *find_instruction(struct op_process *process, struct op_host_addr *ret)
{
	enum { SEARCH_MAX = 64 * 1024 };
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(process, &mappings);
	if (err)
		return err;
	_cleanup_free_ uint8_t *code = malloc(SEARCH_MAX);
	if (!code)
		return op_error_no_memory();
	for (size_t i = 0; i < mappings.count; i++) {
		const struct op_mapping *mapping = &mappings.data[i];
		if (strcmp(mapping->path, "[vdso]"))
			continue;
		uint64_t size = mapping->end.value - mapping->start.value;
		size_t done;
		err = op_process_read_some(process, mapping->start, code,
					   size < SEARCH_MAX ? size : SEARCH_MAX, &done);
		if (err)
			return err;
		const uint8_t *found =
			memmem(code, done, syscall_instruction, sizeof(syscall_instruction));
		if (found) {
			*ret = op_host_addr_add(mapping->start, (uint64_t)(found - code));
			return NULL;
		}
	}
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "process %d has no vDSO through which a system call could be made",
			       process->pid);
}

// One thread's try; *ret_done false: this thread cannot be used now.
static struct op_error *call_on_thread(struct op_process *process, op_thread_id thread,
				       struct op_host_addr instruction, long number,
				       const uint64_t arguments[6], int64_t *ret, bool *ret_done)
{
	// System call arguments: System V ABI, AMD64 supplement, A.2.1.
	static const enum op_x86_64_register places[6] = {OP_X86_64_RDI, OP_X86_64_RSI,
							  OP_X86_64_RDX, OP_X86_64_R10,
							  OP_X86_64_R8,  OP_X86_64_R9};
	struct op_registers saved;
	struct op_stop stop;
	*ret_done = false;
	// Its stop was not handed out: it must stay as it is.
	if (op_process_pending_stop(process, thread, &stop))
		return NULL;
	struct op_error *err = op_process_registers(process, thread, &saved);
	if (err)
		return err;
	struct op_registers call = saved;
	call.value[OP_X86_64_RIP] = instruction.value;
	call.value[OP_X86_64_RAX] = (uint64_t)number;
	call.value[OP_X86_64_ORIG_RAX] = UINT64_MAX;
	for (unsigned i = 0; i < OP_ARRAY_SIZE(places); i++)
		call.value[places[i]] = arguments[i];
	err = op_process_set_registers(process, thread, &call);
	if (!err)
		err = op_process_step(process, thread, &stop);
	if (err || stop.kind == OP_STOP_THREAD_EXIT || stop.kind == OP_STOP_PROCESS_EXIT)
		return err;
	struct op_registers after;
	err = op_process_registers(process, thread, &after);
	bool made = !err &&
		    after.value[OP_X86_64_RIP] == instruction.value + sizeof(syscall_instruction);
	if (made)
		*ret = (int64_t)after.value[OP_X86_64_RAX];
	struct op_error *restore_error = op_process_set_registers(process, thread, &saved);
	*ret_done = made;
	if (err)
		op_error_destroy(restore_error);
	return err ? err : restore_error;
}

struct op_error *op_inject_call(struct op_process *process, long number,
				const uint64_t arguments[6], int64_t *ret)
{
	struct op_host_addr instruction;
	struct op_error *err = find_instruction(process, &instruction);
	if (err)
		return err;
	size_t count;
	const struct op_thread_info *threads = op_process_threads(process, &count);
	_cleanup_free_ op_thread_id *ids = reallocarray(NULL, count ? count : 1, sizeof(*ids));
	if (!ids)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		ids[i] = threads[i].id;
	for (size_t i = 0; i < count; i++) {
		bool done;
		err = call_on_thread(process, ids[i], instruction, number, arguments, ret, &done);
		if (err || done)
			return err;
	}
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "no thread of process %d is in a state to make a system call",
			       process->pid);
}
