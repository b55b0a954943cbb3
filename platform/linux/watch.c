// SPDX-License-Identifier: GPL-3.0-or-later
// Hardware watch slots: the debug registers of x86. What a slot is set to belongs to the process;
// each thread gets it when it is next stopped and before it runs on, the newborn before their first
// instruction. What the kernel writes or reads on the program's behalf makes no debug exception
// that a tracer hears of (exc_debug_kernel(), arch/x86/kernel/traps.c), so slots that ask for it
// are compared with the buffers of system calls. Knows no guest.
//
// A new thread or child has no breakpoints of its own (copy_thread(), arch/x86/kernel/process.c,
// clears ptrace_bps), and exec drops them (flush_thread()).
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "base/compiler.h"
#include "platform/linux/guardian.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"

// Intel SDM, volume 3, 19.2.4: DR7.
enum {
	STATUS = 6,
	CONTROL = 7,
	ENABLE_SHIFT = 2, // L0, L1, ... are every other bit
	FIELD_SHIFT = 16, // R/W0 and LEN0, four bits for each slot
	FIELD_BITS = 4,
	ACCESS_WRITE = 1,
	ACCESS_READ_WRITE = 3,
	HITS_MASK = (1 << OP_WATCH_SLOTS) - 1,
	PARTS_MAX = 1024, // IOV_MAX (<linux/uio.h>)
};

static unsigned long place_of(unsigned reg)
{
	return offsetof(struct user, u_debugreg) + reg * sizeof(unsigned long);
}

/** 0 or an errno. */
static int poke(pid_t id, unsigned reg, uint64_t value)
{
	return op_ptrace(PTRACE_POKEUSER, id, place_of(reg), value) ? errno : 0;
}

static uint64_t peek(pid_t id, unsigned reg)
{
	errno = 0;
	long value = op_ptrace(PTRACE_PEEKUSER, id, place_of(reg), 0);
	return errno ? 0 : (uint64_t)value;
}

static uint64_t control_bits(unsigned slot, const struct op_watch_slot *watch)
{
	// LEN: 0, 1, 3 for 1, 2, 4 bytes; 2 for 8.
	uint64_t length = watch->size == 8 ? 2 : watch->size - 1;
	uint64_t access = watch->access == OP_WATCH_WRITE ? ACCESS_WRITE : ACCESS_READ_WRITE;
	return (uint64_t)1 << (slot * ENABLE_SHIFT) | (access | length << 2)
							      << (FIELD_SHIFT + slot * FIELD_BITS);
}

static uint64_t wanted_control(const struct op_live *process)
{
	uint64_t control = 0;
	for (unsigned i = 0; i < OP_WATCH_SLOTS; i++)
		if (process->watch_slots[i].size)
			control |= control_bits(i, &process->watch_slots[i]);
	return control;
}

int op_tracee_set_watch(struct op_live *process, struct op_tracee *tracee)
{
	uint64_t control = wanted_control(process);
	bool first = !tracee->watch_generation;

	tracee->watch_generation = process->watch_generation;
	// A debugger that died may have left some: the first look at each thread clears them.
	if (!control && !peek(tracee->id, CONTROL))
		return 0;
	// The addresses are checked against the control word that is in force.
	int problem = poke(tracee->id, CONTROL, 0);
	for (unsigned i = 0; i < OP_WATCH_SLOTS && !problem; i++) {
		uint64_t addr = process->watch_slots[i].addr.value;
		// Writing even a 0 would take one of the kernel's own slots for it.
		if (peek(tracee->id, i) != addr)
			problem = poke(tracee->id, i, addr);
	}
	if (first)
		poke(tracee->id, STATUS, 0);
	return problem || !control ? problem : poke(tracee->id, CONTROL, control);
}

bool op_live_has_watches(const struct op_live *process)
{
	for (unsigned i = 0; i < OP_WATCH_SLOTS; i++)
		if (process->watch_slots[i].size)
			return true;
	return false;
}

bool op_live_watches_system_calls(const struct op_live *process)
{
	for (unsigned i = 0; i < OP_WATCH_SLOTS; i++)
		if (process->watch_slots[i].size && process->watch_slots[i].system_calls)
			return true;
	return false;
}

void op_live_forget_watches(struct op_live *process)
{
	for (unsigned i = 0; i < OP_WATCH_SLOTS; i++)
		process->watch_slots[i] = (struct op_watch_slot){0};
	process->watch_generation++;
}

unsigned op_live_watch_slot_count(const struct op_process *base)
{
	return OP_WATCH_SLOTS;
}

static struct op_error *check_slot(unsigned slot, const struct op_watch_slot *watch)
{
	if (slot >= OP_WATCH_SLOTS)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no watch slot %u", slot);
	bool size_fits = watch && (watch->size == 1 || watch->size == 2 || watch->size == 4 ||
				   watch->size == 8);
	if (watch && (!size_fits || watch->addr.value % watch->size))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "a watch slot cannot cover %u bytes at 0x%" PRIx64,
				       watch->size, watch->addr.value);
	return NULL;
}

struct op_error *op_live_set_watch_slot(struct op_process *base, unsigned slot,
					const struct op_watch_slot *watch)
{
	struct op_live *process = op_live(base);
	struct op_error *err = check_slot(slot, watch);
	if (!err)
		err = op_live_require_attached(process, "watch the memory of");
	if (err)
		return err;
	struct op_watch_slot before = process->watch_slots[slot];
	process->watch_slots[slot] = watch ? *watch : (struct op_watch_slot){0};
	process->watch_generation++;
	// Before any thread has one, so that no moment of outpost's death leaves it.
	op_live_note_watches(process, true);
	struct op_tracee *tracee, *next;
	bool refused = false;
	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->phase != OP_TRACEE_STOPPED || tracee->queued == OP_STOP_PROCESS_EXIT)
			continue;
		int problem = op_tracee_set_watch(process, tracee);
		// ESRCH: it is being killed.
		refused |= problem && problem != ESRCH;
		// A hit of what the slot was set to before means nothing any more.
		poke(tracee->id, STATUS, peek(tracee->id, STATUS) & ~((uint64_t)1 << slot));
		tracee->watch_hits &= ~(1u << slot);
	}
	if (refused) {
		process->watch_slots[slot] = before;
		process->watch_generation++;
		err = op_error_create(
			OP_ERROR_UNSUPPORTED,
			"the system refuses to watch %u bytes at 0x%" PRIx64 " of process %d",
			watch ? watch->size : 0, watch ? watch->addr.value : 0, process->pid);
	}
	op_live_note_watches(process, op_live_has_watches(process));
	return err;
}

void op_tracee_note_step_hits(struct op_live *process, struct op_tracee *tracee)
{
	if (!op_live_has_watches(process))
		return;
	tracee->watch_hits |= (unsigned)peek(tracee->id, STATUS) & HITS_MASK;
	poke(tracee->id, STATUS, 0);
}

struct op_error *op_live_watch_hits(struct op_process *base, op_thread_id thread,
				    unsigned *ret_mask)
{
	struct op_live *process = op_live(base);
	struct op_tracee *tracee;
	struct op_error *err =
		op_tracee_stopped(process, thread, "ask for the watch slots of", &tracee);
	if (err)
		return err;
	op_tracee_note_step_hits(process, tracee);
	*ret_mask = tracee->watch_hits;
	tracee->watch_hits = 0;
	return NULL;
}

// Buffers of system calls ---------------------------------------------------------------------

/** Where the kernel finds the buffer: an address and the result's length, or a vector of parts. */
enum buffer_kind { BUFFER_PLAIN, BUFFER_VECTOR, BUFFER_MESSAGE };

static const struct {
	long number;
	bool writes; /**< into the program's memory */
	enum buffer_kind kind;
	bool first; /**< the buffer is the first argument, not the second */
} calls_with_buffers[] = {
	{SYS_read, true, BUFFER_PLAIN, false},       {SYS_pread64, true, BUFFER_PLAIN, false},
	{SYS_recvfrom, true, BUFFER_PLAIN, false},   {SYS_getrandom, true, BUFFER_PLAIN, true},
	{SYS_readlink, true, BUFFER_PLAIN, false},   {SYS_getdents64, true, BUFFER_PLAIN, false},
	{SYS_readv, true, BUFFER_VECTOR, false},     {SYS_preadv, true, BUFFER_VECTOR, false},
	{SYS_preadv2, true, BUFFER_VECTOR, false},   {SYS_recvmsg, true, BUFFER_MESSAGE, false},
	{SYS_write, false, BUFFER_PLAIN, false},     {SYS_pwrite64, false, BUFFER_PLAIN, false},
	{SYS_sendto, false, BUFFER_PLAIN, false},    {SYS_writev, false, BUFFER_VECTOR, false},
	{SYS_pwritev, false, BUFFER_VECTOR, false},  {SYS_pwritev2, false, BUFFER_VECTOR, false},
	{SYS_sendmsg, false, BUFFER_MESSAGE, false},
};

static unsigned hits_of_range(const struct op_live *process, bool writes, uint64_t start,
			      uint64_t size)
{
	unsigned hits = 0;
	for (unsigned i = 0; i < OP_WATCH_SLOTS; i++) {
		const struct op_watch_slot *slot = &process->watch_slots[i];
		if (!slot->size || !slot->system_calls ||
		    (!writes && slot->access == OP_WATCH_WRITE))
			continue;
		if (start < slot->addr.value + slot->size && slot->addr.value - start < size)
			hits |= 1u << i;
		else if (start > slot->addr.value && start - slot->addr.value < slot->size && size)
			hits |= 1u << i;
	}
	return hits;
}

static unsigned hits_of_parts(struct op_live *process, bool writes, uint64_t vector, uint64_t count,
			      uint64_t done)
{
	unsigned hits = 0;
	for (uint64_t i = 0; i < count && i < PARTS_MAX && done; i++) {
		struct iovec part;
		struct op_error *err =
			op_process_read(&process->base, op_host_addr(vector + i * sizeof(part)),
					&part, sizeof(part));
		if (err) {
			op_error_destroy(err);
			break;
		}
		uint64_t size = part.iov_len < done ? part.iov_len : done;
		hits |= hits_of_range(process, writes, (uint64_t)(uintptr_t)part.iov_base, size);
		done -= size;
	}
	return hits;
}

static unsigned hits_of_message(struct op_live *process, bool writes, uint64_t address,
				uint64_t done)
{
	struct msghdr message;
	struct op_error *err =
		op_process_read(&process->base, op_host_addr(address), &message, sizeof(message));
	if (err) {
		op_error_destroy(err);
		return 0;
	}
	return hits_of_parts(process, writes, (uint64_t)(uintptr_t)message.msg_iov,
			     message.msg_iovlen, done);
}

bool op_tracee_note_system_call(struct op_live *process, struct op_tracee *tracee, int64_t result)
{
	struct user_regs_struct registers;

	if (result <= 0 || !op_live_watches_system_calls(process) ||
	    op_ptrace(PTRACE_GETREGS, tracee->id, 0, &registers))
		return false;
	for (size_t i = 0; i < OP_ARRAY_SIZE(calls_with_buffers); i++) {
		if ((unsigned long)calls_with_buffers[i].number != registers.orig_rax)
			continue;
		bool writes = calls_with_buffers[i].writes;
		uint64_t buffer = calls_with_buffers[i].first ? registers.rdi : registers.rsi;
		uint64_t done = (uint64_t)result;
		switch (calls_with_buffers[i].kind) {
		case BUFFER_PLAIN:
			tracee->watch_hits |= hits_of_range(process, writes, buffer, done);
			break;
		case BUFFER_VECTOR:
			tracee->watch_hits |=
				hits_of_parts(process, writes, buffer, registers.rdx, done);
			break;
		case BUFFER_MESSAGE:
			tracee->watch_hits |= hits_of_message(process, writes, buffer, done);
			break;
		}
	}
	tracee->watch_stop = tracee->watch_hits != 0;
	return tracee->watch_stop;
}
