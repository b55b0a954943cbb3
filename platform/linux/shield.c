// SPDX-License-Identifier: GPL-3.0-or-later
// What lets the target survive outpost's death while traps are in its code: a handler for SIGTRAP
// that does nothing, so that a stray trap is one instruction that does nothing, and the guardian,
// which takes the traps out. Without the handler a thread that hits a trap after the tracer's death
// dies (man 7 signal: SIGTRAP's default); without the guardian it would hit it for ever.
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "arch/x86_64.h"
#include "base/compiler.h"
#include "platform/linux/guardian.h"
#include "platform/linux/inject.h"
#include "platform/linux/process.h"

enum {
	SHIELD_PAGE_SIZE = 4096,
	RESTORER_OFFSET = 16,
};

// The handler: ret. The restorer that a handler returns to: mov eax, 15 (rt_sigreturn); syscall.
static const uint8_t handler_code[] = {0xc3};
static const uint8_t restorer_code[] = {0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};

// The kernel's struct sigaction (arch/x86/include/uapi/asm/signal.h), which is not the C library's.
struct kernel_action {
	uint64_t handler, flags, restorer, mask;
};
enum { KERNEL_SA_RESTORER = 0x04000000 };

struct op_shield {
	struct op_guardian *guardian;
	struct op_host_addr page; // code, and behind it a page of data; 0: none
	struct kernel_action theirs;
	bool set;
};

static struct op_error *call(struct op_process *process, const char *doing, long number,
			     const uint64_t arguments[6], int64_t *ret)
{
	struct op_error *err = op_inject_call(process, number, arguments, ret);
	if (!err && *ret < 0 && *ret > -4096)
		err = op_error_system(OP_ERROR_UNSUPPORTED, (int)-*ret, "process %d refuses to %s",
				      process->pid, doing);
	return err;
}

static struct op_error *map_pages(struct op_process *process, struct op_shield *shield)
{
	const uint64_t map[6] = {0,
				 2 * SHIELD_PAGE_SIZE,
				 PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS,
				 UINT64_MAX,
				 0};
	int64_t address;
	struct op_error *err = call(process, "map a page", SYS_mmap, map, &address);
	if (err)
		return err;
	shield->page = op_host_addr((uint64_t)address);
	err = op_process_write(process, shield->page, handler_code, sizeof(handler_code));
	if (!err)
		err = op_process_write(process, op_host_addr_add(shield->page, RESTORER_OFFSET),
				       restorer_code, sizeof(restorer_code));
	const uint64_t protect[6] = {shield->page.value, SHIELD_PAGE_SIZE, PROT_READ | PROT_EXEC};
	int64_t result;
	return err ? err : call(process, "make a page executable", SYS_mprotect, protect, &result);
}

static struct op_error *set_action(struct op_process *process, const struct op_shield *shield,
				   const struct kernel_action *action,
				   struct kernel_action *ret_old)
{
	struct op_host_addr place = op_host_addr_add(shield->page, SHIELD_PAGE_SIZE);
	struct op_host_addr old_place = op_host_addr_add(place, sizeof(*action));
	struct op_error *err = op_process_write(process, place, action, sizeof(*action));
	if (err)
		return err;
	const uint64_t arguments[6] = {SIGTRAP, place.value, ret_old ? old_place.value : 0,
				       sizeof(action->mask)};
	int64_t result;
	err = call(process, "set a signal handler", SYS_rt_sigaction, arguments, &result);
	return err || !ret_old ? err
			       : op_process_read(process, old_place, ret_old, sizeof(*ret_old));
}

static bool thread_inside(struct op_process *process, const struct op_shield *shield)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_host_addr pc;
		struct op_error *err = op_process_pc(process, threads[i].id, &pc);
		bool inside = !err && pc.value - shield->page.value < SHIELD_PAGE_SIZE;
		op_error_destroy(err);
		if (inside)
			return true;
	}
	return false;
}

struct op_error *op_process_shield(struct op_process *process)
{
	if (process->shield)
		return NULL;
	struct op_shield *shield = calloc(1, sizeof(*shield));
	if (!shield)
		return op_error_no_memory();
	process->shield = shield;
	struct op_error *err =
		op_guardian_start(process->pid, process->memory_fd, &shield->guardian);
	if (!err)
		err = map_pages(process, shield);
	// On the alternate stack, where there is one: a fiber's own may be nearly used up.
	const struct kernel_action ours = {
		.handler = shield->page.value,
		.flags = SA_ONSTACK | SA_NODEFER | SA_RESTART | KERNEL_SA_RESTORER,
		.restorer = shield->page.value + RESTORER_OFFSET,
	};
	if (!err)
		err = set_action(process, shield, &ours, &shield->theirs);
	shield->set = !err;
	return err;
}

struct op_error *op_process_unshield(struct op_process *process)
{
	struct op_shield *shield = process->shield;
	if (!shield)
		return NULL;
	struct op_error *err = NULL;
	if (shield->set)
		err = set_action(process, shield, &shield->theirs, NULL);
	// A thread that is in the handler at this moment needs the page for one more instruction:
	// then it stays.
	if (!err && shield->page.value && !thread_inside(process, shield)) {
		const uint64_t unmap[6] = {shield->page.value, 2 * SHIELD_PAGE_SIZE};
		int64_t result;
		err = call(process, "unmap a page", SYS_munmap, unmap, &result);
	}
	op_process_drop_shield(process);
	return err;
}

void op_process_drop_shield(struct op_process *process)
{
	if (!process->shield)
		return;
	op_guardian_stop(process->shield->guardian);
	free(process->shield);
	process->shield = NULL;
}

struct op_error *op_process_plant(struct op_process *process, struct op_host_addr addr,
				  const void *trap, size_t size, uint8_t harmless,
				  uint32_t *ret_entry)
{
	struct op_guardian *guardian = process->shield ? process->shield->guardian : NULL;
	*ret_entry = UINT32_MAX;
	struct op_error *err =
		guardian ? op_guardian_note(guardian, addr.value, trap, size, harmless, ret_entry)
			 : NULL;
	if (!err)
		err = op_process_write(process, addr, trap, size);
	if (err && *ret_entry != UINT32_MAX)
		op_guardian_forget(guardian, *ret_entry);
	return err;
}

struct op_error *op_process_unplant(struct op_process *process, struct op_host_addr addr,
				    const void *original, size_t size, uint32_t entry)
{
	struct op_error *err = op_process_write(process, addr, original, size);
	op_process_forget_plant(process, entry);
	return err;
}

void op_process_forget_plant(struct op_process *process, uint32_t entry)
{
	if (process->shield && process->shield->guardian && entry != UINT32_MAX)
		op_guardian_forget(process->shield->guardian, entry);
}
