// SPDX-License-Identifier: GPL-3.0-or-later
// The detour: a few instructions that stand, while they are needed, in the zeros behind some
// library's code: the rest of the last page of an executable mapping, which nothing executes. They
// make the system call and then take back from the stack every register that it used. So outpost
// may die at any moment: the thread goes on as if nothing had been. A copy of the thread, which the
// call may have made, ends there: it has no stack, and none of the program's code is for it. Must
// not know which call it is.
#include "platform/linux/detour.h"

#include <string.h>
#include <sys/syscall.h>

#include "arch/x86_64.h"
#include "base/compiler.h"
#include "platform/linux/process.h"

// The red zone (System V ABI, AMD64 supplement, 3.2.2): in use, and stepped over by the last
// instruction.
enum { RED_ZONE = 128 };

static const uint8_t code[] = {
	0x0f, 0x05,                // 00 syscall: changes rax, rcx and r11 (Intel SDM volume 2)
	0x48, 0x83, 0xfc, 0x10,    // 02 cmp rsp, OP_DETOUR_NO_STACK
	0x74, 0x11,                // 06 je copy
	0x58,                      // 08 pop rax
	0x59,                      // 09 pop rcx
	0x41, 0x5b,                // 0a pop r11
	0x5f,                      // 0c pop rdi
	0x5e,                      // 0d pop rsi
	0x5a,                      // 0e pop rdx
	0x41, 0x5a,                // 0f pop r10
	0x41, 0x58,                // 11 pop r8
	0x41, 0x59,                // 13 pop r9
	0x9d,                      // 15 popfq
	0xc2, 0x80, 0x00,          // 16 ret RED_ZONE: pc and stack pointer in one
	0xbf, 0x9d, 0,    0,    0, // 19 copy: mov edi, OP_DETOUR_COPY_STATUS
	0xb8, 0xe7, 0,    0,    0, // 1e mov eax, SYS_exit_group
	0x0f, 0x05,                // 23 syscall
};
_Static_assert(RED_ZONE == 0x80 && SYS_exit_group == 0xe7 && OP_DETOUR_NO_STACK == 0x10 &&
		       OP_DETOUR_COPY_STATUS == 0x9d,
	       "as they stand in the code");

static const enum op_x86_64_register popped[] = {
	OP_X86_64_RAX, OP_X86_64_RCX, OP_X86_64_R11, OP_X86_64_RDI,    OP_X86_64_RSI, OP_X86_64_RDX,
	OP_X86_64_R10, OP_X86_64_R8,  OP_X86_64_R9,  OP_X86_64_EFLAGS, OP_X86_64_RIP,
};

// At the end of the mapping; zeros, or the code of an outpost that was killed.
static bool is_free(const uint8_t *bytes)
{
	static const uint8_t zeros[sizeof(code)];
	return !memcmp(bytes, zeros, sizeof(code)) || !memcmp(bytes, code, sizeof(code));
}

struct op_error *op_detour_find(struct op_live *process, uint64_t *ret)
{
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(&process->base, &mappings);
	*ret = 0;
	for (size_t i = 0; !err && !*ret && i < mappings.count; i++) {
		const struct op_mapping *mapping = &mappings.data[i];
		uint64_t place = mapping->end.value - sizeof(code);
		uint8_t bytes[sizeof(code)];
		size_t done;
		// The guest's code is Wasmtime's, and goes with it; the vDSO cannot be written.
		if (!(mapping->protection & OP_PROTECTION_EXECUTE) || mapping->anonymous ||
		    mapping->shared || mapping->path[0] != '/' || strstr(mapping->path, ".cwasm"))
			continue;
		err = op_process_read_some(&process->base, op_host_addr(place), bytes,
					   sizeof(bytes), &done);
		if (!err && done == sizeof(bytes) && is_free(bytes))
			*ret = place;
	}
	return err;
}

// What the kernel does on the way out of a call that was interrupted (arch_do_signal_or_restart(),
// arch/x86/kernel/signal.c): the call is made again.
static void restart_call(struct op_registers *registers)
{
	enum { RESTART_SYS = -512, RESTART_NO_INTERRUPT = -513, RESTART_NO_HANDLER = -514 };
	enum { RESTART_BLOCK = -516, INSTRUCTION_SIZE = 2 };
	int64_t result = (int64_t)registers->value[OP_X86_64_RAX];
	if ((int64_t)registers->value[OP_X86_64_ORIG_RAX] < 0)
		return;
	if (result == RESTART_BLOCK)
		registers->value[OP_X86_64_RAX] = SYS_restart_syscall;
	else if (result == RESTART_SYS || result == RESTART_NO_INTERRUPT ||
		 result == RESTART_NO_HANDLER)
		registers->value[OP_X86_64_RAX] = registers->value[OP_X86_64_ORIG_RAX];
	else
		return;
	registers->value[OP_X86_64_RIP] -= INSTRUCTION_SIZE;
}

struct op_error *op_detour_begin(struct op_live *process, uint64_t place,
				 const struct op_registers *saved, struct op_registers *call)
{
	struct op_registers back = *saved;
	uint64_t stack[OP_ARRAY_SIZE(popped)];
	restart_call(&back);
	for (size_t i = 0; i < OP_ARRAY_SIZE(popped); i++)
		stack[i] = back.value[popped[i]];
	call->value[OP_X86_64_RSP] = saved->value[OP_X86_64_RSP] - RED_ZONE - sizeof(stack);
	struct op_error *err = op_process_write(
		&process->base, op_host_addr(call->value[OP_X86_64_RSP]), stack, sizeof(stack));
	return err ?: op_process_write(&process->base, op_host_addr(place), code, sizeof(code));
}

struct op_error *op_detour_end(struct op_live *process, uint64_t place)
{
	static const uint8_t zeros[sizeof(code)];
	// One may still be on its way back from a call for an outpost that was killed.
	if (op_live_someone_in(process, op_host_addr(place), sizeof(code)))
		return NULL;
	return op_process_write(&process->base, op_host_addr(place), zeros, sizeof(zeros));
}

// An outpost that was killed in one --------------------------------------------------------------

struct leaving {
	struct op_live *process;
	uint64_t place; // of the code; 0: there is none
	bool looked;
};

static struct op_error *find_left(struct leaving *leaving)
{
	uint8_t bytes[sizeof(code)];
	uint64_t place;
	struct op_error *err = op_detour_find(leaving->process, &place);
	if (!err && place)
		err = op_process_read(&leaving->process->base, op_host_addr(place), bytes,
				      sizeof(bytes));
	leaving->place = !err && place && !memcmp(bytes, code, sizeof(code)) ? place : 0;
	leaving->looked = !err;
	return err;
}

// How many registers the thread has taken back already; -1: it stands elsewhere.
static int taken_back(uint64_t offset)
{
	enum { AFTER_CALL = 0x02, JUMP = 0x06, POPS = 0x08, REX_B = 0x41 };
	if (offset == AFTER_CALL || offset == JUMP)
		return 0;
	for (size_t i = 0, at = POPS; i < OP_ARRAY_SIZE(popped); i++) {
		if (offset == at)
			return (int)i;
		at += code[at] == REX_B ? 2 : 1;
	}
	return -1;
}

// What is left of the code is done for the thread. It is not stepped: popf makes the kernel forget
// whose the trap flag is (enable_single_step(), arch/x86/kernel/step.c), which would stay.
static struct op_error *take_back(const struct leaving *leaving, op_thread_id thread)
{
	struct op_process *process = &leaving->process->base;
	struct op_registers registers;
	uint64_t stack[OP_ARRAY_SIZE(popped)];
	struct op_error *err = op_process_registers(process, thread, &registers);
	uint64_t top = registers.value[OP_X86_64_RSP];
	int taken = err ? -1 : taken_back(registers.value[OP_X86_64_RIP] - leaving->place);
	if (taken < 0)
		return err;
	size_t left = OP_ARRAY_SIZE(popped) - (size_t)taken;
	err = op_process_read(process, op_host_addr(top), stack, left * sizeof(*stack));
	if (err)
		return err;
	for (size_t i = 0; i < left; i++)
		registers.value[popped[(size_t)taken + i]] = stack[i];
	registers.value[OP_X86_64_RSP] = top + left * sizeof(*stack) + RED_ZONE;
	registers.value[OP_X86_64_ORIG_RAX] = UINT64_MAX;
	return op_process_set_registers(process, thread, &registers);
}

// A copy of the process would be this outpost's to take away: that call is left to the thread.
static struct op_error *make_call(const struct leaving *leaving, op_thread_id thread)
{
	struct op_registers registers;
	struct op_stop stop;
	struct op_error *err = op_process_registers(&leaving->process->base, thread, &registers);
	if (err || registers.value[OP_X86_64_RAX] == SYS_clone)
		return err;
	return op_live_step_call(leaving->process, thread, &stop);
}

static struct op_error *leave(void *context, op_thread_id thread)
{
	enum { PAGE = 4096 };
	struct leaving *leaving = context;
	struct op_host_addr pc;
	struct op_stop stop;
	struct op_error *err = op_process_pc(&leaving->process->base, thread, &pc);
	// The search is for the few that may need it; what has stopped a thread comes first.
	if (err || PAGE - pc.value % PAGE > sizeof(code) ||
	    op_process_pending_stop(&leaving->process->base, thread, &stop))
		return err;
	if (!leaving->looked)
		err = find_left(leaving);
	if (!err && leaving->place && pc.value == leaving->place)
		err = make_call(leaving, thread);
	return err || !leaving->place ? err : take_back(leaving, thread);
}

struct op_error *op_detour_leave(struct op_live *process)
{
	struct leaving leaving = {.process = process};
	struct op_error *err = op_process_each_thread(&process->base, leave, &leaving);
	if (!err || err->code != OP_ERROR_PROCESS_GONE)
		return err;
	// It is being killed: whoever waits for it is told so.
	op_error_destroy(err);
	return NULL;
}
