// SPDX-License-Identifier: GPL-3.0-or-later
// What a thread does at a trap after outpost's death: it goes back in front of it and tries again,
// until the guardian has put there what belongs there. A trap in a slot it just leaves behind: the
// rest of the slot is a NOP. Must not know why there are traps.
#include "platform/linux/handler.h"

#include <signal.h>
#include <string.h>

#include "base/compiler.h"
#include "platform/linux/process.h"

enum { PAGE = 4096 };

// At the beginning of the code page. A new version of what follows gets a new number.
static const uint8_t mark[16] = "outpost traps 1";
struct header {
	uint8_t mark[sizeof(mark)];
	uint64_t data;
	struct op_kernel_action theirs;
};

// How often threads are taken back, all together. Signal and return take about a microsecond: it
// lasts for a minute if the guardian dies as well, and ends then, as nobody will take the trap out.
enum { BUDGET = 1 << 26 };

// The program that is written behind the header. Its registers: rsi is the siginfo_t, rdx the
// ucontext_t (System V ABI, AMD64 supplement, 3.2.3); those that a function may change are given
// back by the return from the signal. si_code is at 8 and si_addr at 16 (<asm-generic/siginfo.h>),
// rip at 0xa8 (struct sigcontext, <asm/sigcontext.h>).
static const uint8_t program[] = {
	// Not a trap instruction's (a debug register's, a step's, one that was sent): nothing.
	0x81, 0x7e, 0x08, SI_KERNEL, 0, 0, 0, // 00 cmp dword [rsi+8], SI_KERNEL
	0x75, 0x4c,                           // 07 jne out
	0x48, 0x8b, 0x82, 0xa8, 0, 0, 0,      // 09 mov rax, [rdx+0xa8]
	// With an address, only for a thread that is still there: outpost died between this note
	// and moving the thread itself (rewind.c).
	0x48, 0x8b, 0x4e, 0x10, // 10 mov rcx, [rsi+16]
	0x48, 0x85, 0xc9,       // 14 test rcx, rcx
	0x74, 0x05,             // 17 je ours
	0x48, 0x39, 0xc1,       // 19 cmp rcx, rax
	0x75, 0x37,             // 1c jne out
	// The guardian was here: what belongs there is there.
	0x80, 0x78, 0xff, 0xcc, // 1e ours: cmp byte [rax-1], 0xcc
	0x75, 0x2a,             // 22 jne again
	// The rest of a slot, looked at where it cannot reach into the next page.
	0x89, 0xc1,                         // 24 mov ecx, eax
	0x81, 0xe1, 0xff, 0x0f, 0, 0,       // 26 and ecx, 0xfff
	0x81, 0xf9, 0xfc, 0x0f, 0, 0,       // 2c cmp ecx, 0xffc
	0x77, 0x08,                         // 32 ja count
	0x81, 0x38, 0x0f, 0x1f, 0x40, 0,    // 34 cmp dword [rax], 0x00401f0f
	0x74, 0x19,                         // 3a je out
	0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, // 3c count: mov rcx, BUDGET_PLACE
	0x83, 0x39, 0x00,                   // 46 cmp dword [rcx], 0
	0x7e, 0x0a,                         // 49 jle out
	0xf0, 0xff, 0x09,                   // 4b lock dec dword [rcx]
	0x48, 0xff, 0x8a, 0xa8, 0, 0, 0,    // 4e again: dec qword [rdx+0xa8]
	0xc3,                               // 55 out: ret
	// What debuggers know a signal's frame by, as in every C library.
	0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, // 56 mov rax, SYS_rt_sigreturn
	0x0f, 0x05,                      // 5d syscall
};
enum { BUDGET_PLACE = 0x3e, RESTORER = 0x56, PROGRAM = 64 };
_Static_assert(sizeof(struct header) <= PROGRAM, "the program stands behind the header");

uint64_t op_handler_entry(const struct op_handler *handler)
{
	return handler->code.value + PROGRAM;
}

uint64_t op_handler_restorer(const struct op_handler *handler)
{
	return handler->code.value + PROGRAM + RESTORER;
}

struct op_host_addr op_handler_budget(const struct op_handler *handler)
{
	return handler->data;
}

static bool is_page(const struct op_mappings *mappings, uint64_t address, unsigned protection)
{
	const struct op_mapping *mapping = op_mappings_find(mappings, op_host_addr(address));
	return mapping && mapping->anonymous && !mapping->shared && address % PAGE == 0 &&
	       mapping->protection == protection;
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
		const struct op_mapping *mapping = &mappings.data[i];
		struct header header;
		size_t done;
		if (!is_page(&mappings, mapping->start.value, code))
			continue;
		err = op_process_read_some(&process->base, mapping->start, &header, sizeof(header),
					   &done);
		if (err || done < sizeof(header) || memcmp(header.mark, mark, sizeof(mark)) ||
		    !is_page(&mappings, header.data, data))
			continue;
		*ret = (struct op_handler){mapping->start, op_host_addr(header.data)};
	}
	return err;
}

static struct op_error *map(struct op_live *process, struct op_handler *ret)
{
	*ret = (struct op_handler){0};
	struct op_error *err = op_process_map(&process->base, op_host_addr(0), UINT64_MAX, PAGE,
					      OP_PROTECTION_READ | OP_PROTECTION_WRITE, &ret->data);
	if (err)
		return err;
	err = op_process_map(&process->base, op_host_addr(0), UINT64_MAX, PAGE,
			     OP_PROTECTION_READ | OP_PROTECTION_EXECUTE, &ret->code);
	if (!err)
		return NULL;
	op_error_destroy(op_process_unmap(&process->base, ret->data, PAGE));
	return err;
}

static struct op_error *fill(struct op_live *process, const struct op_handler *handler)
{
	uint8_t page[PROGRAM + sizeof(program)] = {0};
	struct header header = {.data = handler->data.value};
	memcpy(header.mark, mark, sizeof(mark));
	memcpy(page, &header, sizeof(header));
	memcpy(page + PROGRAM, program, sizeof(program));
	memcpy(page + PROGRAM + BUDGET_PLACE, &handler->data.value, sizeof(handler->data.value));
	return op_process_write(&process->base, handler->code, page, sizeof(page));
}

struct op_error *op_handler_place(struct op_live *process, struct op_handler *ret)
{
	const uint32_t budget = BUDGET;
	struct op_error *err = find_left(process, ret);
	if (!err && !ret->code.value) {
		err = map(process, ret);
		if (!err)
			err = fill(process, ret);
	}
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

struct op_error *op_handler_remove(struct op_live *process, const struct op_handler *handler)
{
	if (!handler->code.value || op_live_someone_in(process, handler->code, PAGE))
		return NULL;
	struct op_error *err = op_process_unmap(&process->base, handler->code, PAGE);
	struct op_error *data_err = op_process_unmap(&process->base, handler->data, PAGE);
	if (!err)
		return data_err;
	op_error_destroy(data_err);
	return err;
}
