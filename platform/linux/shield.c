// SPDX-License-Identifier: GPL-3.0-or-later
// What lets the target survive outpost's death while traps are in its code: a handler for SIGTRAP
// that does nothing, so that a stray trap is one instruction that does nothing, and the guardian,
// which takes the traps out. Without the handler a thread that hits a trap after the tracer's death
// dies (man 7 signal: SIGTRAP's default); without the guardian it would hit it for ever. The
// handler is a `ret` that stands in the vDSO anyway: nothing is mapped into the target.
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "platform/linux/guardian.h"
#include "platform/linux/inject.h"
#include "platform/linux/process.h"

static const uint8_t ret_instruction[] = {0xc3};

// What a signal handler returns to, in every C library: mov rax, 15 (rt_sigreturn); syscall. glibc
// and musl encode it differently.
static const struct {
	uint8_t code[9];
	size_t size;
} restorers[] = {
	{{0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05}, 9},
	{{0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05}, 7},
};

// The kernel's struct sigaction (arch/x86/include/uapi/asm/signal.h), which is not the C library's.
struct kernel_action {
	uint64_t handler, flags, restorer, mask;
};
_Static_assert(2 * sizeof(struct kernel_action) <= OP_INJECT_SCRATCH, "both fit");
enum { KERNEL_SA_RESTORER = 0x04000000 };

struct op_shield {
	struct op_guardian *guardian;
	struct kernel_action theirs;
	bool set;
};

enum { SEARCH_CHUNK = 1 << 20 };

// The place of some code in one mapping; 0: not there.
static struct op_error *find_in(struct op_process *process, const struct op_mapping *mapping,
				const uint8_t *code, size_t size, uint8_t *chunk, uint64_t *ret)
{
	*ret = 0;
	for (uint64_t at = mapping->start.value; at < mapping->end.value;) {
		uint64_t left = mapping->end.value - at;
		size_t want = left < SEARCH_CHUNK ? (size_t)left : SEARCH_CHUNK, done;
		struct op_error *err =
			op_process_read_some(process, op_host_addr(at), chunk, want, &done);
		if (err)
			return err;
		const uint8_t *found = memmem(chunk, done, code, size);
		if (found)
			*ret = at + (uint64_t)(found - chunk);
		if (found || done < want || want == left)
			return NULL;
		// The next chunk begins a little earlier: the code may lie across the border.
		at += want - (size - 1);
	}
	return NULL;
}

// The first place in executable mappings; those whose path holds @p hint first.
static struct op_error *find_code(struct op_process *process, const struct op_mappings *mappings,
				  const char *hint, const uint8_t *code, size_t size, uint64_t *ret)
{
	_cleanup_free_ uint8_t *chunk = malloc(SEARCH_CHUNK);
	if (!chunk)
		return op_error_no_memory();
	*ret = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < mappings->count && !*ret; i++) {
			const struct op_mapping *mapping = &mappings->data[i];
			bool hinted = strstr(mapping->path, hint) != NULL;
			// Anonymous code is the guest's, and goes with it.
			if (!(mapping->protection & OP_PROTECTION_EXECUTE) || !mapping->path[0] ||
			    hinted == (pass == 1))
				continue;
			struct op_error *err = find_in(process, mapping, code, size, chunk, ret);
			if (err)
				return err;
		}
	}
	return NULL;
}

static struct op_error *compose_action(struct op_process *process, struct kernel_action *ret)
{
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(process, &mappings);
	// On the alternate stack, where there is one: a fiber's own may be nearly used up.
	*ret = (struct kernel_action){.flags = SA_ONSTACK | SA_NODEFER | SA_RESTART |
					       KERNEL_SA_RESTORER};
	if (!err)
		err = find_code(process, &mappings, "[vdso]", ret_instruction,
				sizeof(ret_instruction), &ret->handler);
	for (size_t i = 0; !err && !ret->restorer && i < OP_ARRAY_SIZE(restorers); i++)
		err = find_code(process, &mappings, "libc", restorers[i].code, restorers[i].size,
				&ret->restorer);
	if (!err && (!ret->handler || !ret->restorer))
		err = op_error_create(OP_ERROR_UNSUPPORTED,
				      "process %d has no code that could serve as a signal handler",
				      process->pid);
	return err;
}

static struct op_error *set_action(struct op_process *process, const struct kernel_action *action,
				   struct kernel_action *ret_old)
{
	struct op_inject_thread thread;
	struct op_error *err = op_inject_choose(process, &thread);
	if (err)
		return err;
	struct op_host_addr place = op_host_addr(thread.scratch);
	struct op_host_addr old_place = op_host_addr_add(place, sizeof(*action));
	err = op_process_write(process, place, action, sizeof(*action));
	if (err)
		return err;
	const uint64_t arguments[6] = {SIGTRAP, place.value, ret_old ? old_place.value : 0,
				       sizeof(action->mask)};
	int64_t result;
	err = op_inject_call(process, &thread, SYS_rt_sigaction, arguments, &result);
	if (!err && result < 0)
		err = op_error_system(OP_ERROR_UNSUPPORTED, (int)-result,
				      "process %d refuses to set a signal handler", process->pid);
	return err || !ret_old ? err
			       : op_process_read(process, old_place, ret_old, sizeof(*ret_old));
}

struct op_error *op_process_shield(struct op_process *process)
{
	if (process->shield)
		return NULL;
	struct op_shield *shield = calloc(1, sizeof(*shield));
	if (!shield)
		return op_error_no_memory();
	process->shield = shield;
	struct kernel_action ours;
	struct op_error *err =
		op_guardian_start(process->pid, process->memory_fd, &shield->guardian);
	if (!err)
		err = compose_action(process, &ours);
	if (!err)
		err = set_action(process, &ours, &shield->theirs);
	shield->set = !err;
	return err;
}

struct op_error *op_process_unshield(struct op_process *process)
{
	struct op_shield *shield = process->shield;
	if (!shield)
		return NULL;
	struct op_error *err = shield->set ? set_action(process, &shield->theirs, NULL) : NULL;
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
