// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of code. Wasmtime clones the engine's code for each store, byte by byte, with the traps
// that are in it at that moment (crates/wasmtime/src/runtime/code.rs, StoreCode; runtime/vm/
// mmap_vec.rs, deep_clone): the journal does not know these. The text of an image is a mapping of
// its own, for what is before and behind it is not executable (code_memory.rs, publish()), and a
// clone's is as large. So a copy of a journal's trap is the same trap at the same offset of another
// mapping of that size, with the same code around it.
//
// A clone is writable while it is filled, in a mapping that may have merged with its neighbours. It
// is not looked for there: passes go on until whoever may have been at one has ended it
// (guardian_settle.c). Nothing is known here of Wasmtime's images, and nothing is believed of the
// target: what is read is compared before a byte is written.
#include "platform/linux/guardian_sweep.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/compiler.h"
#include "platform/linux/guardian_settle.h"
#include "platform/linux/handler.h"
#include "platform/linux/waiter.h"

/** A trap of the journal's that lies in a mapping. */
struct known {
	uint64_t size, start; // the mapping's
	uint64_t offset;      // in it
	const struct op_guardian_trap *trap;
};

struct sweep {
	const struct op_guardian_target *target;
	struct known *known; // by size and offset
	size_t count, capacity;
	uint8_t *chunk;
	int64_t deadline;
	bool found; // in this pass
};

/** Those of one size: first <= i < end. */
struct class
{
	const struct known *first, *end;
};

enum {
	CHUNK = 64 << 10,
	WINDOW = 64,         // bytes on each side of a trap that are looked at,
	ENOUGH = 16,         // until so many of them are the same
	REFERENCES_MAX = 64, // places that one is compared with
};

static bool is_over(const struct sweep *sweep)
{
	return op_waiter_now_ms() >= sweep->deadline;
}

static bool is_code(const struct op_mapping *mapping)
{
	return mapping->path[0] != '/' &&
	       op_mapping_is_own(mapping, OP_PROTECTION_READ | OP_PROTECTION_EXECUTE);
}

static bool add_known(struct sweep *sweep, const struct op_mappings *mappings,
		      const struct op_journal_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = atomic_load(&entries[i].address);
		const struct op_mapping *mapping =
			address ? op_mappings_find(mappings, op_host_addr(address)) : NULL;
		if (!mapping || !is_code(mapping))
			continue;
		if (!op_array_reserve(&sweep->known, &sweep->capacity, sweep->count + 1,
				      sizeof(*sweep->known)))
			return false;
		sweep->known[sweep->count++] = (struct known){
			mapping->end.value - mapping->start.value, mapping->start.value,
			address - mapping->start.value, &entries[i].trap};
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

// The first that is not in front of an offset of a mapping of that size.
static const struct known *lower_bound(const struct known *known, size_t count, uint64_t size,
				       uint64_t offset)
{
	const struct known wanted = {.size = size, .offset = offset};
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_place(&known[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return known + low;
}

static struct class class_of(const struct sweep *sweep, uint64_t size)
{
	return (struct class){lower_bound(sweep->known, sweep->count, size, 0),
			      lower_bound(sweep->known, sweep->count, size, UINT64_MAX)};
}

/** The bytes around a trap, and which of them may differ between copies. */
struct window {
	uint64_t start; // offset in the mapping
	size_t size;
	uint8_t here[2 * WINDOW], there[2 * WINDOW];
	bool masked[2 * WINDOW];
};

static void mask(struct window *window, uint64_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (offset + i >= window->start && offset + i - window->start < window->size)
			window->masked[offset + i - window->start] = true;
}

// Slots may be patched in the one and not in the other, by traps that were forgotten long ago.
static bool is_slot(const struct op_arch *arch, const uint8_t *bytes)
{
	if (!memcmp(bytes, arch->slot_disabled, arch->slot_size))
		return true;
	return (bytes[0] == arch->slot_trap[0] || bytes[0] == arch->slot_harmless) &&
	       !memcmp(bytes + 1, arch->slot_trap + 1, arch->slot_size - 1u);
}

static void mask_slots(struct window *window)
{
	const struct op_arch *arch = op_arch_native();
	for (size_t i = 0; i + arch->slot_size <= window->size; i++)
		if (is_slot(arch, window->here + i) && is_slot(arch, window->there + i))
			mask(window, window->start + i, arch->slot_size);
}

// From one place on into one direction; false when something else is there.
static bool compare(const struct window *window, size_t from, int step, size_t *same)
{
	size_t before = *same;
	for (size_t i = from; i < window->size && *same - before < ENOUGH; i += (size_t)step) {
		if (window->masked[i])
			continue;
		if (window->here[i] != window->there[i])
			return false;
		++*same;
	}
	return true;
}

// Whether the trap's place in its own mapping is what the same place in another mapping was before
// it got the trap. That is certain only where the guardian, or outpost, has put the original back.
static bool is_copy(const struct sweep *sweep, const struct class *class, const struct known *known,
		    uint64_t other)
{
	struct window window = {.start = known->offset > WINDOW ? known->offset - WINDOW : 0};
	uint64_t left = known->size - window.start;
	size_t at = (size_t)(known->offset - window.start), same = 0;
	window.size = left < sizeof(window.here) ? (size_t)left : sizeof(window.here);
	if (op_guardian_read(sweep->target, known->start + window.start, window.here,
			     window.size) != window.size ||
	    op_guardian_read(sweep->target, other + window.start, window.there, window.size) !=
		    window.size ||
	    window.here[at] != known->trap->harmless)
		return false;
	uint64_t first =
		window.start > OP_GUARDIAN_TRAP_MAX ? window.start - OP_GUARDIAN_TRAP_MAX : 0;
	const struct known *near =
		lower_bound(class->first, (size_t)(class->end - class->first), known->size, first);
	for (; near < class->end && near->offset < window.start + window.size; near++)
		mask(&window, near->offset, near->trap->size);
	mask_slots(&window);
	return compare(&window, at, 1, &same) && compare(&window, at, -1, &same) && same >= ENOUGH;
}

// There is a trap at the place of @p known in another mapping.
static void mend(struct sweep *sweep, const struct class *class, const struct known *known,
		 uint64_t other)
{
	uint64_t offset = known->offset;
	for (size_t i = 0; i < REFERENCES_MAX && known < class->end && known->offset == offset;
	     i++, known++) {
		if (known->start == other || !is_copy(sweep, class, known, other))
			continue;
		sweep->found = true;
		if (op_guardian_is_alone(sweep->target))
			op_guardian_disarm(sweep->target, known->trap, other + offset);
		return;
	}
}

// One read for the traps that lie close together.
static void sweep_mapping(struct sweep *sweep, const struct class *class, uint64_t start)
{
	for (const struct known *at = class->first; at < class->end && !is_over(sweep);) {
		const struct known *end = at + 1;
		uint64_t first = at->offset;
		while (end < class->end && end->offset - first < CHUNK)
			end++;
		size_t size = (size_t)(end[-1].offset - first + 1);
		size_t got = op_guardian_read(sweep->target, start + first, sweep->chunk, size);
		for (; at < end; at++) {
			bool again = at > class->first && at[-1].offset == at->offset;
			if (!again && at->offset - first < got &&
			    sweep->chunk[at->offset - first] == at->trap->trap[0] &&
			    !is_over(sweep))
				mend(sweep, class, at, start);
		}
	}
}

static void pass(struct sweep *sweep, const struct op_mappings *mappings)
{
	sweep->found = false;
	for (size_t i = 0; i < mappings->count && !is_over(sweep); i++) {
		const struct op_mapping *mapping = &mappings->data[i];
		if (!is_code(mapping))
			continue;
		struct class class = class_of(sweep, mapping->end.value - mapping->start.value);
		sweep_mapping(sweep, &class, mapping->start.value);
	}
}

// A page fault for each page, and a slow machine: ten times what is measured.
static uint64_t copying_ns(const struct sweep *sweep)
{
	enum { AT_LEAST_NS = 10000000, NS_EACH = 50 };
	uint64_t largest = sweep->count ? sweep->known[sweep->count - 1].size : 0;
	return AT_LEAST_NS + (largest < UINT32_MAX ? largest : UINT32_MAX) * NS_EACH;
}

// Until nobody can be at a copy any more and nothing is found, twice in a row. The threads that
// stand at traps meanwhile need the handler.
static void sweep_until_quiet(struct sweep *sweep, uint64_t budget)
{
	enum { QUIET = 2, FIRST_PAUSE_US = 500, LAST_PAUSE_US = 32000 };
	struct op_settling settling;
	useconds_t pause = FIRST_PAUSE_US;
	bool listed = op_settle_begin(sweep->target, copying_ns(sweep), &settling);
	for (int quiet = 0; quiet < QUIET && !is_over(sweep);) {
		_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
		bool settled = listed && op_settle_look(sweep->target, &settling);
		if (!op_guardian_mappings(sweep->target, &mappings))
			break;
		pass(sweep, &mappings);
		quiet = settled && !sweep->found ? quiet + 1 : 0;
		if (quiet == QUIET)
			break;
		op_guardian_set_budget(sweep->target, budget, OP_HANDLER_BUDGET);
		usleep(pause);
		pause = pause < LAST_PAUSE_US ? pause * 2 : pause;
	}
	free(settling.threads.data);
}

void op_guardian_sweep(const struct op_guardian_target *target, const struct op_journal *journal)
{
	struct sweep sweep = {.target = target, .deadline = op_waiter_now_ms() + OP_SWEEP_LIMIT_MS};
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	uint32_t used = atomic_load(&journal->used), past = atomic_load(&journal->past_used);
	if (!used && !past)
		return;
	sweep.chunk = malloc(CHUNK);
	// Short of memory what is known so far is looked for.
	if (sweep.chunk && op_guardian_mappings(target, &mappings) &&
	    add_known(&sweep, &mappings, journal->entries,
		      used < OP_JOURNAL_ENTRIES ? used : OP_JOURNAL_ENTRIES))
		add_known(&sweep, &mappings, journal->past,
			  past < OP_JOURNAL_PAST ? past : OP_JOURNAL_PAST);
	if (sweep.count) {
		qsort(sweep.known, sweep.count, sizeof(*sweep.known), by_place);
		sweep_until_quiet(&sweep, atomic_load(&journal->budget));
	}
	free(sweep.known);
	free(sweep.chunk);
}
