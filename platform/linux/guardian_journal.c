// SPDX-License-Identifier: GPL-3.0-or-later
// Outpost's side of the journal. Knows nothing of who reads it.
#include "platform/linux/guardian_journal.h"

#include <stdlib.h>

// Memory that is short must not end the program: who adds looks whether the element has a table.
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/array.h"

struct op_journal_past {
	uint64_t address; // key
	uint32_t place;   // in the journal
	UT_hash_handle hh;
};

void op_journal_keeper_deinit(struct op_journal_keeper *keeper)
{
	struct op_journal_past *past, *next;
	HASH_ITER(hh, keeper->past, past, next)
	{
		HASH_DEL(keeper->past, past);
		free(past);
	}
	free(keeper->free_entries);
	*keeper = (struct op_journal_keeper){0};
}

static void write_entry(struct op_journal_entry *entry, uint64_t address,
			const struct op_guardian_trap *trap)
{
	atomic_store(&entry->address, 0);
	entry->trap = *trap;
	atomic_store_explicit(&entry->address, address, memory_order_release);
}

struct op_error *op_journal_note(struct op_journal_keeper *keeper, uint64_t address,
				 const struct op_guardian_trap *trap, uint32_t *ret_entry)
{
	struct op_journal *journal = keeper->journal;
	uint32_t used = atomic_load_explicit(&journal->used, memory_order_relaxed);
	uint32_t entry = keeper->free_count ? keeper->free_entries[--keeper->free_count] : used;
	if (entry >= OP_JOURNAL_ENTRIES)
		return op_error_create(OP_ERROR_LIMIT,
				       "more than %d breakpoints at once cannot be watched over",
				       OP_JOURNAL_ENTRIES);
	write_entry(&journal->entries[entry], address, trap);
	if (entry == used)
		atomic_store_explicit(&journal->used, used + 1, memory_order_release);
	*ret_entry = entry;
	return NULL;
}

// The one of this address, or a new one, or the one that was longest ago; NULL short of memory.
static struct op_journal_past *take_past(struct op_journal_keeper *keeper, uint64_t address)
{
	struct op_journal_past *past;
	uint32_t used = atomic_load_explicit(&keeper->journal->past_used, memory_order_relaxed);
	HASH_FIND(hh, keeper->past, &address, sizeof(address), past);
	if (!past && used == OP_JOURNAL_PAST)
		past = keeper->past;
	if (past) {
		HASH_DEL(keeper->past, past);
		return past;
	}
	past = used < OP_JOURNAL_PAST ? malloc(sizeof(*past)) : NULL;
	if (past)
		past->place = used;
	return past;
}

// Short of memory it is forgotten altogether, which only matters to copies.
static void note_past(struct op_journal_keeper *keeper, uint64_t address,
		      const struct op_guardian_trap *trap)
{
	struct op_journal *journal = keeper->journal;
	struct op_journal_past *past = take_past(keeper, address);
	if (!past)
		return;
	past->address = address;
	HASH_ADD(hh, keeper->past, address, sizeof(past->address), past);
	write_entry(&journal->past[past->place], address, trap);
	if (past->place == atomic_load_explicit(&journal->past_used, memory_order_relaxed))
		atomic_store_explicit(&journal->past_used, past->place + 1, memory_order_release);
	if (!past->hh.tbl)
		free(past);
}

uint64_t op_journal_forget(struct op_journal_keeper *keeper, uint32_t number)
{
	// A number that was never handed out, or twice: in the sandbox the other process's.
	if (number >= atomic_load_explicit(&keeper->journal->used, memory_order_relaxed))
		return 0;
	struct op_journal_entry *entry = &keeper->journal->entries[number];
	uint64_t address = atomic_load(&entry->address);
	if (!address)
		return 0;
	if (entry->trap.over_instruction)
		note_past(keeper, address, &entry->trap);
	atomic_store(&entry->address, 0);
	// Short of memory the entry is lost, which only costs its place.
	if (op_array_reserve(&keeper->free_entries, &keeper->free_capacity, keeper->free_count + 1,
			     sizeof(*keeper->free_entries)))
		keeper->free_entries[keeper->free_count++] = number;
	return address;
}
