// SPDX-License-Identifier: GPL-3.0-or-later
// Pages for outpost in the target's address space. Knows nothing of what is put there.
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "platform/linux/inject.h"
#include "platform/linux/process.h"

enum { PAGE = 4096 };
// Below it the kernel may refuse (vm.mmap_min_addr), above it no user address lies with four levels
// of page tables.
static const uint64_t lowest = 1 << 20, highest = 0x7ffffffff000;

// The heap grows upwards, a stack downwards: so much is left to them.
static const uint64_t room_to_grow = 1 << 30;

static bool is_heap(const struct op_mapping *mapping)
{
	return !strcmp(mapping->path, "[heap]");
}

static bool is_stack(const struct op_mapping *mapping)
{
	return !strncmp(mapping->path, "[stack", strlen("[stack"));
}

/** A stretch of the address space without mappings. */
struct gap {
	uint64_t start, end;
};

static bool fits(const struct gap *gap, uint64_t address, uint64_t size)
{
	return address >= gap->start && address <= gap->end && gap->end - address >= size;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/** The place search: within [low, high), near. */
struct search {
	uint64_t near, low, high, size;
	uint64_t best;  /**< 0: none */
	uint64_t round; /**< one whose lower half is 0; 0: none */
};

// A thread that is left inside the injected call by outpost's death sees the call's result as that
// of its own; callers of futex, epoll and poll look at an int, and for them such an address is the
// 0 that they expect.
static void look_at_gap(struct search *search, struct gap gap)
{
	if (gap.start < search->low)
		gap.start = search->low;
	if (gap.end > search->high)
		gap.end = search->high;
	if (gap.end < gap.start || gap.end - gap.start < search->size)
		return;
	uint64_t round = (gap.start + UINT32_MAX) & ~(uint64_t)UINT32_MAX;
	if (!search->round && fits(&gap, round, search->size))
		search->round = round;
	uint64_t place = search->near;
	if (place < gap.start)
		place = gap.start;
	if (place > gap.end - search->size)
		place = gap.end - search->size;
	if (!search->best || distance(place, search->near) < distance(search->best, search->near))
		search->best = place;
}

static struct op_error *find_place(struct op_live *process, struct search *search)
{
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	struct op_error *err = op_process_mappings(&process->base, &mappings);
	if (err)
		return err;
	uint64_t end = lowest;
	for (size_t i = 0; i <= mappings.count; i++) {
		const struct op_mapping *next = i < mappings.count ? &mappings.data[i] : NULL;
		uint64_t start = next ? next->start.value : highest;
		if (next && is_stack(next))
			start -= start < room_to_grow ? start : room_to_grow;
		if (start > end && start <= highest)
			look_at_gap(search, (struct gap){end, start});
		if (!next)
			break;
		if (next->end.value > end)
			end = next->end.value;
		if (is_heap(next))
			end += room_to_grow;
	}
	return NULL;
}

int op_native_protection(unsigned protection)
{
	return (protection & OP_PROTECTION_READ ? PROT_READ : 0) |
	       (protection & OP_PROTECTION_WRITE ? PROT_WRITE : 0) |
	       (protection & OP_PROTECTION_EXECUTE ? PROT_EXEC : 0);
}

static struct op_error *call(struct op_live *process, long number, const uint64_t arguments[6],
			     int64_t *ret)
{
	struct op_inject_thread thread;
	struct op_error *err = op_inject_choose(process, &thread);
	return err ? err : op_inject_call(process, &thread, number, arguments, ret);
}

static struct op_error *map_at(struct op_live *process, uint64_t place, uint64_t size,
			       unsigned protection)
{
	const uint64_t arguments[6] = {place,
				       size,
				       (uint64_t)op_native_protection(protection),
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
				       UINT64_MAX,
				       0};
	int64_t result;
	struct op_error *err = call(process, SYS_mmap, arguments, &result);
	if (err)
		return err;
	if (result < 0 && result > -PAGE)
		return op_error_system(OP_ERROR_UNSUPPORTED, (int)-result,
				       "process %d does not map memory for outpost", process->pid);
	// A kernel before 4.17 takes the address as a hint only.
	if ((uint64_t)result == place)
		return NULL;
	err = op_live_unmap(&process->base, op_host_addr((uint64_t)result), size);
	return err ? err
		   : op_error_create(OP_ERROR_UNSUPPORTED,
				     "process %d maps memory elsewhere than it was asked to",
				     process->pid);
}

struct op_error *op_live_map(struct op_process *base, struct op_host_addr near, uint64_t reach,
			     uint64_t size, unsigned protection, const struct op_map_label *label,
			     struct op_host_addr *ret)
{
	struct op_live *process = op_live(base);
	struct op_error *err = op_live_require_attached(process, "map memory in");
	if (err)
		return err;
	struct search search = {
		.near = near.value & ~(uint64_t)(PAGE - 1),
		.low = near.value > reach ? (near.value - reach + PAGE - 1) & ~(uint64_t)(PAGE - 1)
					  : 0,
		.high = near.value < UINT64_MAX - reach ? near.value + reach : UINT64_MAX,
		.size = size,
	};
	err = find_place(process, &search);
	if (err)
		return err;
	uint64_t place = search.round ? search.round : search.best;
	if (!place)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "process %d has no room for %" PRIu64
				       " bytes near 0x%" PRIx64,
				       process->pid, size, near.value);
	*ret = op_host_addr(place);
	op_live_note_map(process, place, label);
	err = map_at(process, place, size, protection);
	if (!err)
		err = op_live_write(&process->base, *ret, label->bytes, label->size);
	op_live_note_map(process, 0, NULL);
	return err;
}

struct op_error *op_live_protect(struct op_process *base, struct op_host_addr addr, uint64_t size,
				 unsigned protection)
{
	struct op_live *process = op_live(base);
	const uint64_t arguments[6] = {addr.value, size, (uint64_t)op_native_protection(protection),
				       0,          0,    0};
	int64_t result;
	struct op_error *err = op_live_require_attached(process, "change memory of");
	if (!err)
		err = call(process, SYS_mprotect, arguments, &result);
	if (!err && result < 0)
		err = op_error_system(OP_ERROR_UNSUPPORTED, (int)-result,
				      "process %d does not change the protection of its memory "
				      "at 0x%" PRIx64 " for outpost",
				      process->pid, addr.value);
	return err;
}

struct op_error *op_live_unmap(struct op_process *base, struct op_host_addr addr, uint64_t size)
{
	struct op_live *process = op_live(base);
	const uint64_t arguments[6] = {addr.value, size, 0, 0, 0, 0};
	int64_t result;
	struct op_error *err = call(process, SYS_munmap, arguments, &result);
	if (!err && result < 0)
		err = op_error_system(OP_ERROR_SYSTEM, (int)-result,
				      "process %d does not give memory back", process->pid);
	return err;
}
