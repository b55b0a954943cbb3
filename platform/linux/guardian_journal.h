// SPDX-License-Identifier: GPL-3.0-or-later
// The journal of the traps in a target's code: memory that outpost writes and that its guardian
// reads after outpost's death, which may come between any two writes.
#ifndef OP_PLATFORM_LINUX_GUARDIAN_JOURNAL_H
#define OP_PLATFORM_LINUX_GUARDIAN_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/linux/guardian_target.h"

struct op_journal_entry {
	_Atomic uint64_t address; /**< 0: free; written last */
	struct op_guardian_trap trap;
};

/** Reserved, not used, until that many traps are in the code at once. */
enum { OP_JOURNAL_ENTRIES = 1 << 20 };
/**
 * Traps over instructions that are not in the code any more; those that were longest ago give way
 * to others. A copy that the program has made of its code meanwhile has them still.
 */
enum { OP_JOURNAL_PAST = 1 << 16 };

struct op_journal {
	_Atomic uint32_t used; /**< entries below this may be taken */
	_Atomic uint32_t past_used;
	_Atomic bool dismissed; /**< outpost leaves by itself, and has looked after copies */
	_Atomic bool watches;   /**< threads may have debug registers set */
	_Atomic uint64_t budget;
	_Atomic uint64_t map; /**< memory that is being mapped is here and has no label yet; 0: none
			       */
	uint8_t label[OP_MAP_LABEL_MAX];
	size_t label_size;
	struct op_journal_entry entries[OP_JOURNAL_ENTRIES];
	struct op_journal_entry past[OP_JOURNAL_PAST];
};

/** What outpost knows of its journal beside what is in it. Zero is empty. */
struct op_journal_keeper {
	struct op_journal *journal; /**< borrowed */
	uint32_t *free_entries;
	size_t free_count, free_capacity;
	struct op_journal_past *past; /**< uthash by address, the longest ago first */
};
void op_journal_keeper_deinit(struct op_journal_keeper *keeper);

/** @return OP_ERROR_LIMIT when the journal is full. */
struct op_error *op_journal_note(struct op_journal_keeper *keeper, uint64_t address,
				 const struct op_guardian_trap *trap, uint32_t *ret_entry);
/** @return the address; 0 when there is no such entry. */
uint64_t op_journal_forget(struct op_journal_keeper *keeper, uint32_t entry);

#endif
