// SPDX-License-Identifier: GPL-3.0-or-later
// What a thread does at a trap after outpost's death: it goes back in front of it and tries again,
// until the guardian has put there what belongs there. A trap in a slot it just leaves behind: the
// rest of the slot is a NOP. Must not know why there are traps.
#include "platform/linux/handler.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"

enum { PAGE = 4096 };
_Static_assert((int)OP_HANDLER_BUDGET_OFFSET == (int)PAGE, "the data page begins with it");

// At the beginning of the code page; the data page is the next. A new version of what follows gets
// a new number.
static const uint8_t mark[16] = "outpost traps 3";
struct header {
	uint8_t mark[sizeof(mark)];
	struct op_kernel_action theirs;
};

// The program that is written behind the header. Its registers: rsi is the siginfo_t, rdx the
// ucontext_t (System V ABI, AMD64 supplement, 3.2.3); those that a function may change are given
// back by the return from the signal. si_code is at 8 and si_addr at 16 (<asm-generic/siginfo.h>),
// rip at 0xa8 (struct sigcontext, <asm/sigcontext.h>), the signals that were blocked at 0x128
// (struct ucontext, <asm-generic/ucontext.h>).
static const uint8_t program[] = {
	0x81, 0x7e, 0x08, SI_KERNEL, 0, 0, 0, // 00 cmp dword [rsi+8], SI_KERNEL
	0x75, 0x5c,                           // 07 jne sent
	0x48, 0x8b, 0x82, 0xa8, 0, 0, 0,      // 09 mov rax, [rdx+0xa8]
	// With an address, only for a thread that is still there: outpost died between this note
	// and moving the thread itself. 1: it is a trap of the program's (rewind.c).
	0x48, 0x8b, 0x4e, 0x10, // 10 mov rcx, [rsi+16]
	0x48, 0x85, 0xc9,       // 14 test rcx, rcx
	0x74, 0x0b,             // 17 je ours
	0x48, 0x83, 0xf9, 0x01, // 19 cmp rcx, 1
	0x74, 0x4e,             // 1d je own
	0x48, 0x39, 0xc1,       // 1f cmp rcx, rax
	0x75, 0x37,             // 22 jne out
	// The guardian was here: what belongs there is there.
	0x80, 0x78, 0xff, 0xcc, // 24 ours: cmp byte [rax-1], 0xcc
	0x75, 0x2a,             // 28 jne again
	// The rest of a slot, looked at where it cannot reach into the next page.
	0x89, 0xc1,                         // 2a mov ecx, eax
	0x81, 0xe1, 0xff, 0x0f, 0, 0,       // 2c and ecx, 0xfff
	0x81, 0xf9, 0xfc, 0x0f, 0, 0,       // 32 cmp ecx, 0xffc
	0x77, 0x08,                         // 38 ja count
	0x81, 0x38, 0x0f, 0x1f, 0x40, 0,    // 3a cmp dword [rax], 0x00401f0f
	0x74, 0x19,                         // 40 je out
	0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, // 42 count: mov rcx, BUDGET_PLACE
	0x83, 0x39, 0x00,                   // 4c cmp dword [rcx], 0
	// Nobody will take it out: it is not outpost's.
	0x7e, 0x1c,                      // 4f jle own
	0xf0, 0xff, 0x09,                // 51 lock dec dword [rcx]
	0x48, 0xff, 0x8a, 0xa8, 0, 0, 0, // 54 again: dec qword [rdx+0xa8]
	0xc3,                            // 5b out: ret
	// What debuggers know a signal's frame by, as in every C library.
	0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, // 5c mov rax, SYS_rt_sigreturn
	0x0f, 0x05,                      // 63 syscall
	// Not a trap instruction's. A debug register's or a step's: nothing.
	0x83, 0x7e, 0x08, 0x00, // 65 sent: cmp dword [rsi+8], 0
	0x7f, 0xf0,             // 69 jg out
	0xeb, 0x05,             // 6b jmp theirs
	// As the kernel has it for a trap instruction.
	0x48, 0x83, 0x66, 0x10, 0x00, // 6d own: and qword [rsi+16], 0
	// The program's own handler, where it has one, with the signals blocked that were: while
	// this one runs, all are.
	0x48, 0x83, 0x3d, 0x56, 0xff, 0xff, 0xff, 1, // 72 theirs: cmp qword [rip+THEIRS], SIG_IGN
	0x76, 0xdf,                                  // 7a jbe out
	0x57, 0x56, 0x52,                            // 7c push rdi; push rsi; push rdx
	0xbf, SIG_SETMASK, 0, 0, 0,                  // 7f mov edi, SIG_SETMASK
	0x48, 0x8d, 0xb2, 0x28, 0x01, 0, 0,          // 84 lea rsi, [rdx+0x128]
	0x31, 0xd2,                                  // 8b xor edx, edx
	0x41, 0xba, 8, 0, 0, 0,                      // 8d mov r10d, 8
	0xb8, 0x0e, 0, 0, 0,                         // 93 mov eax, SYS_rt_sigprocmask
	0x0f, 0x05,                                  // 98 syscall
	0x5a, 0x5e, 0x5f,                            // 9a pop rdx; pop rsi; pop rdi
	0xff, 0x25, 0x2d, 0xff, 0xff, 0xff,          // 9d jmp [rip+THEIRS]
};
enum { BUDGET_PLACE = 0x44, RESTORER = 0x5c, PROGRAM = 64 };
// The two that are relative to the instruction behind.
_Static_assert(PROGRAM + 0x7a - 0xaa == offsetof(struct header, theirs.handler), "THEIRS");
_Static_assert(PROGRAM + 0xa3 - 0xd3 == offsetof(struct header, theirs.handler), "THEIRS");
_Static_assert(sizeof(struct header) <= PROGRAM, "the program stands behind the header");

uint64_t op_handler_entry(const struct op_handler *handler)
{
	return handler->code.value + PROGRAM;
}

// What their handler returns to; 0: they have none.
static uint64_t restorer_of(const struct op_kernel_action *theirs)
{
	bool has_handler = theirs->handler > (uint64_t)(uintptr_t)SIG_IGN;

	return has_handler && theirs->flags & OP_KERNEL_SA_RESTORER ? theirs->restorer : 0;
}

// Theirs: a thread that is in their handler comes back after ours has gone.
uint64_t op_handler_restorer(const struct op_handler *handler,
			     const struct op_kernel_action *theirs)
{
	return restorer_of(theirs) ?: handler->code.value + PROGRAM + RESTORER;
}

struct op_host_addr op_handler_budget(const struct op_handler *handler)
{
	return handler->data;
}

static bool is_page(const struct op_mappings *mappings, struct op_host_addr page,
		    unsigned protection)
{
	const struct op_mapping *mapping = op_mappings_find(mappings, page);
	return mapping && op_mapping_is_own(mapping, protection);
}

bool op_handler_has_mark(const uint8_t *bytes, size_t size)
{
	return size >= sizeof(mark) && !memcmp(bytes, mark, sizeof(mark));
}

// The pages that an outpost has left; none when it has not.
static struct op_error *find_left(struct op_live *process, struct op_handler *ret)
{
	const unsigned code = OP_PROTECTION_READ | OP_PROTECTION_EXECUTE,
		       data = OP_PROTECTION_READ | OP_PROTECTION_WRITE;
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(&process->base, &mappings);
	*ret = (struct op_handler){0};
	for (size_t i = 0; !err && i < mappings.count && !ret->code.value; i++) {
		struct op_host_addr start = mappings.data[i].start,
				    next = op_host_addr_add(start, PAGE);
		uint8_t found[sizeof(mark)];
		size_t done;
		if (!is_page(&mappings, start, code) ||
		    // It may have died before it made it writable.
		    (!is_page(&mappings, next, data) && !is_page(&mappings, next, code)))
			continue;
		err = op_process_read_some(&process->base, start, found, sizeof(found), &done);
		if (!err && done == sizeof(found) && !memcmp(found, mark, sizeof(mark)))
			*ret = (struct op_handler){start, next};
	}
	return err;
}

// In one piece, which has its mark from its first moment on.
static struct op_error *map(struct op_live *process, struct op_handler *ret)
{
	const struct op_map_label label = {mark, sizeof(mark)};
	struct op_error *err =
		op_process_map(&process->base, op_host_addr(0), UINT64_MAX, 2 * PAGE,
			       OP_PROTECTION_READ | OP_PROTECTION_EXECUTE, &label, &ret->code);
	if (!err)
		ret->data = op_host_addr_add(ret->code, PAGE);
	return err;
}

static struct op_error *fill(struct op_live *process, const struct op_handler *handler)
{
	uint8_t code[sizeof(program)];
	memcpy(code, program, sizeof(program));
	memcpy(code + BUDGET_PLACE, &handler->data.value, sizeof(handler->data.value));
	return op_process_write(&process->base, op_host_addr_add(handler->code, PROGRAM), code,
				sizeof(code));
}

struct op_error *op_handler_place(struct op_live *process, struct op_handler *ret)
{
	const uint32_t budget = OP_HANDLER_BUDGET;
	struct op_error *err = find_left(process, ret);
	if (!err && !ret->code.value)
		err = map(process, ret);
	// One that was left may have been left at any moment.
	if (!err)
		err = op_process_protect(&process->base, ret->data, PAGE,
					 OP_PROTECTION_READ | OP_PROTECTION_WRITE);
	if (!err)
		err = fill(process, ret);
	return err ?: op_process_write(&process->base, ret->data, &budget, sizeof(budget));
}

struct op_error *op_handler_keep_theirs(struct op_live *process, const struct op_handler *handler,
					const struct op_kernel_action *theirs)
{
	return op_process_write(&process->base,
				op_host_addr_add(handler->code, offsetof(struct header, theirs)),
				theirs, sizeof(*theirs));
}

struct op_error *op_handler_read_theirs(struct op_live *process, const struct op_handler *handler,
					struct op_kernel_action *ret)
{
	return op_process_read(&process->base,
			       op_host_addr_add(handler->code, offsetof(struct header, theirs)),
			       ret, sizeof(*ret));
}

// The thread's own registers come back with the last instruction, rt_sigreturn().
struct stepping {
	struct op_live *process;
	const struct op_handler *handler;
	uint64_t restorer; // restorer_of()
};

static bool is_in_handler(const struct stepping *stepping, uint64_t pc)
{
	return pc - stepping->handler->code.value < PAGE;
}

// Two instructions, in some encoding.
static bool is_in_restorer(const struct stepping *stepping, uint64_t pc)
{
	enum { SIZE = 9 };
	return stepping->restorer && pc - stepping->restorer < SIZE;
}

static struct op_error *step_out(void *context, op_thread_id thread)
{
	const struct stepping *stepping = context;
	struct op_live *process = stepping->process;
	enum { STEPS_MAX = 2 * sizeof(program) };
	for (size_t i = 0; i < STEPS_MAX; i++) {
		struct op_host_addr pc;
		struct op_stop stop;
		struct op_error *err = op_process_pc(&process->base, thread, &pc);
		bool inside = !err && (is_in_handler(stepping, pc.value) ||
				       (i && is_in_restorer(stepping, pc.value)));
		if (!inside || op_process_pending_stop(&process->base, thread, &stop))
			return err;
		err = op_process_step(&process->base, thread, &stop);
		if (err || stop.kind != OP_STOP_TRAP)
			return err;
	}
	return NULL;
}

struct op_error *op_handler_leave(struct op_live *process)
{
	struct op_proc_status status;
	struct op_handler handler;
	if (op_proc_status(op_live_any_thread(process), &status) ||
	    !(status.caught_signals >> (SIGTRAP - 1) & 1))
		return NULL;
	struct op_kernel_action theirs;
	struct op_error *err = find_left(process, &handler);
	if (!err && handler.code.value)
		err = op_handler_read_theirs(process, &handler, &theirs);
	if (err || !handler.code.value)
		return err;
	struct stepping stepping = {process, &handler, restorer_of(&theirs)};
	return op_process_each_thread(&process->base, step_out, &stepping);
}

struct op_error *op_handler_remove(struct op_live *process, const struct op_handler *handler)
{
	if (!handler->code.value || op_live_someone_in(process, handler->code, PAGE))
		return NULL;
	return op_process_unmap(&process->base, handler->code, 2 * PAGE);
}
