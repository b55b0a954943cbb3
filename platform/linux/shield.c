// SPDX-License-Identifier: GPL-3.0-or-later
// What lets the target survive outpost's death while traps are in its code: a handler for SIGTRAP,
// so that a thread at a stray trap waits there, and the guardian, which takes the traps out.
// Without the handler a thread that hits a trap after the tracer's death dies (man 7 signal:
// SIGTRAP's default); without the guardian it would hit it for ever. The handler is outpost's own
// code (handler.c); where the target maps no memory for it, it is a `ret` that stands in the vDSO
// anyway: then a stray trap does nothing, which is right in a slot, and loses the instruction under
// it elsewhere.
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "platform/linux/guardian.h"
#include "platform/linux/handler.h"
#include "platform/linux/inject.h"
#include "platform/linux/process.h"
#include "platform/linux/rewind.h"
#include "platform/linux/trap_mask.h"
#include "platform/linux/waiter.h"

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

_Static_assert(2 * sizeof(struct op_kernel_action) <= OP_INJECT_SCRATCH, "both fit");
_Static_assert((int)OP_SLOT_MAX <= (int)OP_GUARDIAN_TRAP_MAX, "every trap fits");
// On the alternate stack, where there is one: a fiber's own may be nearly used up. The handler
// reads its siginfo_t, which the kernel writes only with SA_SIGINFO.
enum { FLAGS = SA_ONSTACK | SA_NODEFER | SA_RESTART | SA_SIGINFO | OP_KERNEL_SA_RESTORER };

// No other handler runs while a thread is in ours: an outpost that comes later finds it there
// (op_handler_leave()). A debug register's hit must not be blocked, it would kill.
static const uint64_t blocked = ~(UINT64_C(1) << (SIGTRAP - 1));

struct op_shield {
	struct op_guardian *guardian;
	struct op_handler handler; /**< none: the vDSO's */
	struct op_kernel_action theirs, ours;
	int64_t looked_ms; // when the handler was seen to be ours
	bool set;
};

// Where outpost's own calls would take longer than the stops that they are made at.
enum { LOOK_EACH_MS = 1000 };

enum { SEARCH_CHUNK = 1 << 20 };

// The place of some code in one mapping; 0: not there.
static struct op_error *find_in(struct op_live *process, const struct op_mapping *mapping,
				const uint8_t *code, size_t size, uint8_t *chunk, uint64_t *ret)
{
	*ret = 0;
	for (uint64_t at = mapping->start.value; at < mapping->end.value;) {
		uint64_t left = mapping->end.value - at;
		size_t want = left < SEARCH_CHUNK ? (size_t)left : SEARCH_CHUNK, done;
		struct op_error *err =
			op_process_read_some(&process->base, op_host_addr(at), chunk, want, &done);
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
static struct op_error *find_code(struct op_live *process, const struct op_mappings *mappings,
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

static struct op_error *compose_plain(struct op_live *process, struct op_kernel_action *ret)
{
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(&process->base, &mappings);
	*ret = (struct op_kernel_action){.flags = FLAGS, .mask = blocked};
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

// @p action NULL: only ask.
static struct op_error *call_sigaction(struct op_live *process,
				       const struct op_kernel_action *action,
				       struct op_kernel_action *ret_old)
{
	struct op_inject_thread thread;
	struct op_error *err = op_inject_choose(process, &thread);
	if (err)
		return err;
	struct op_host_addr place = op_host_addr(thread.scratch);
	struct op_host_addr old_place = op_host_addr_add(place, sizeof(*action));
	if (action)
		err = op_process_write(&process->base, place, action, sizeof(*action));
	if (err)
		return err;
	const uint64_t arguments[6] = {SIGTRAP, action ? place.value : 0,
				       ret_old ? old_place.value : 0, sizeof(action->mask)};
	int64_t result;
	err = op_inject_call(process, &thread, SYS_rt_sigaction, arguments, &result);
	if (!err && result < 0)
		err = op_error_system(OP_ERROR_UNSUPPORTED, (int)-result,
				      "process %d refuses to set a signal handler", process->pid);
	return err || !ret_old
		       ? err
		       : op_process_read(&process->base, old_place, ret_old, sizeof(*ret_old));
}

// The action to set, and the program's own. Of an outpost that was killed its handler is still
// there: that is not the program's.
static struct op_error *compose(struct op_live *process, struct op_shield *shield,
				struct op_kernel_action *ret)
{
	struct op_error *err = op_handler_place(process, &shield->handler);
	bool plain = err && err->code == OP_ERROR_UNSUPPORTED;
	if (plain) {
		op_error_destroy(err);
		err = compose_plain(process, ret);
	} else if (!err) {
		*ret = (struct op_kernel_action){
			.handler = op_handler_entry(&shield->handler),
			.flags = FLAGS,
			.mask = blocked,
		};
	}
	if (!err)
		err = call_sigaction(process, NULL, &shield->theirs);
	bool left = !err && shield->theirs.handler == ret->handler;
	if (plain && left)
		shield->theirs = (struct op_kernel_action){0};
	if (err || plain)
		return err;
	err = left ? op_handler_read_theirs(process, &shield->handler, &shield->theirs)
		   : op_handler_keep_theirs(process, &shield->handler, &shield->theirs);
	ret->restorer = op_handler_restorer(&shield->handler, &shield->theirs);
	return err;
}

// Whether the program has set a handler of its own over ours; it is in shield->theirs then. The
// default is the kernel's doing, for a thread that has blocked its traps since the last look
// (trap_mask.c): a program that sets it itself is rarer.
static struct op_error *look_at_handler(struct op_live *process, struct op_shield *shield,
					bool *ret_ours, bool *ret_theirs)
{
	struct op_kernel_action now;
	struct op_error *err = call_sigaction(process, NULL, &now);
	if (err)
		return err;
	*ret_ours = now.handler == shield->ours.handler;
	*ret_theirs = !*ret_ours && now.handler != (uint64_t)(uintptr_t)SIG_DFL;
	if (*ret_theirs)
		shield->theirs = now;
	return NULL;
}

static struct op_error *put_back(struct op_live *process, struct op_shield *shield)
{
	bool ours, theirs;
	struct op_error *err = look_at_handler(process, shield, &ours, &theirs);
	return err || theirs ? err : call_sigaction(process, &shield->theirs, NULL);
}

static struct op_error *renew(struct op_live *process, struct op_shield *shield)
{
	bool ours, theirs;
	struct op_error *err = look_at_handler(process, shield, &ours, &theirs);
	if (err || ours)
		return err;
	if (theirs && shield->handler.code.value) {
		err = op_handler_keep_theirs(process, &shield->handler, &shield->theirs);
		shield->ours.restorer = op_handler_restorer(&shield->handler, &shield->theirs);
	}
	return err ?: call_sigaction(process, &shield->ours, NULL);
}

static struct op_error *look_again(struct op_live *process, struct op_shield *shield)
{
	int64_t now = op_waiter_now_ms();
	if (!shield->set || now - shield->looked_ms < LOOK_EACH_MS ||
	    op_live_first_unstopped(process))
		return NULL;
	shield->looked_ms = now;
	op_trap_mask_open(process);
	return renew(process, shield);
}

struct op_error *op_live_shield(struct op_process *base)
{
	struct op_live *process = op_live(base);
	if (process->shield)
		return look_again(process, process->shield);
	struct op_shield *shield = calloc(1, sizeof(*shield));
	if (!shield)
		return op_error_no_memory();
	process->shield = shield;
	struct op_error *err =
		op_guardian_start(process->pid, process->memory_fd, &shield->guardian);
	if (!err)
		err = compose(process, shield, &shield->ours);
	if (!err && shield->handler.code.value)
		op_guardian_note_budget(shield->guardian,
					op_handler_budget(&shield->handler).value);
	if (!err)
		err = call_sigaction(process, &shield->ours, NULL);
	shield->set = !err;
	shield->looked_ms = op_waiter_now_ms();
	op_trap_mask_open(process);
	op_live_note_watches(process, op_live_has_watches(process));
	return err;
}

void op_live_note_watches(struct op_live *process, bool any)
{
	if (process->shield && process->shield->guardian)
		op_guardian_note_watches(process->shield->guardian, any);
}

void op_live_note_map(struct op_live *process, uint64_t address, const struct op_map_label *label)
{
	if (process->shield && process->shield->guardian)
		op_guardian_note_map(process->shield->guardian, address, label);
}

struct op_error *op_live_unshield(struct op_process *base)
{
	struct op_live *process = op_live(base);
	struct op_shield *shield = process->shield;
	if (!shield)
		return NULL;
	op_live_leave_trap_stops(process);
	struct op_error *err = shield->set ? put_back(process, shield) : NULL;
	op_trap_mask_restore(process);
	struct op_handler handler = shield->handler;
	// It writes to the pages at its end.
	op_live_drop_shield(process);
	return err ?: op_handler_remove(process, &handler);
}

void op_live_unshield_child(struct op_live *process, int64_t child)
{
	const uint32_t none = 0;
	// The child may be gone.
	if (process->shield && process->shield->handler.code.value)
		op_error_destroy(op_process_write_child(
			&process->base, child, op_handler_budget(&process->shield->handler), &none,
			sizeof(none)));
}

void op_live_drop_shield(struct op_live *process)
{
	if (!process->shield)
		return;
	op_guardian_stop(process->shield->guardian);
	free(process->shield);
	process->shield = NULL;
	op_rewind_remove_all(process);
}

struct op_error *op_live_note_plant(struct op_process *base, struct op_host_addr addr,
				    const void *bytes, size_t size, uint8_t harmless,
				    uint32_t *ret_entry)
{
	struct op_live *process = op_live(base);
	const struct op_arch *arch = op_process_arch(&process->base);
	struct op_guardian *guardian = process->shield ? process->shield->guardian : NULL;
	struct op_guardian_trap trap = {.size = (uint8_t)size, .harmless = harmless};
	*ret_entry = UINT32_MAX;
	if (!guardian)
		return NULL;
	memcpy(trap.trap, bytes, size);
	memcpy(trap.before, size == arch->slot_size ? arch->slot_disabled : bytes, size);
	// Behind the others a thread can go on.
	trap.over_instruction = size == arch->trap_size && harmless != arch->slot_harmless &&
				!memcmp(bytes, arch->trap, size);
	struct op_error *err = op_guardian_note(guardian, addr.value, &trap, ret_entry);
	if (!err && trap.over_instruction)
		op_rewind_add(process, addr.value);
	return err;
}

void op_live_forget_plant(struct op_process *base, uint32_t entry)
{
	struct op_live *process = op_live(base);
	if (process->shield && process->shield->guardian && entry != UINT32_MAX)
		op_rewind_remove(process, op_guardian_forget(process->shield->guardian, entry));
}
