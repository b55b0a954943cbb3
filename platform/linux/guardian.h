// SPDX-License-Identifier: GPL-3.0-or-later
// The journal of traps in the target's code, and the process that makes them harmless when outpost
// dies.
#ifndef OP_PLATFORM_LINUX_GUARDIAN_H
#define OP_PLATFORM_LINUX_GUARDIAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "platform/platform.h"

struct op_guardian;

/** Start the guardian. @param[in] memory_fd the target's /proc/PID/mem, open for writing;
 * duplicated. */
struct op_error *op_guardian_start(pid_t target, int memory_fd, struct op_guardian **ret);
/** Tell it to go. What is still in the journal it makes harmless on its way, not in copies. NULL is
 * fine. */
void op_guardian_stop(struct op_guardian *guardian);
enum { OP_GUARDIAN_TRAP_MAX = 8 };
/** A trap: what it is, what was there before, and which byte makes the place harmless. */
struct op_guardian_trap {
	uint8_t trap[OP_GUARDIAN_TRAP_MAX], before[OP_GUARDIAN_TRAP_MAX];
	uint8_t size, harmless;
	bool over_instruction; /**< of the program's own: a thread that hits it cannot go on */
};
/**
 * Before a trap is written at @p address. The guardian makes the place harmless only where it finds
 * the whole trap, or its first byte and the others of what was there before: the memory may be used
 * for something else by then. It does so in copies that the program has made of the code, too.
 * @param[out] ret_entry for op_guardian_forget().
 */
struct op_error *op_guardian_note(struct op_guardian *guardian, uint64_t address,
				  const struct op_guardian_trap *trap, uint32_t *ret_entry);
/** Whether threads of the target may have debug registers set. */
void op_guardian_note_watches(struct op_guardian *guardian, bool any);
/** The word of the handler's budget, 0: none: it is cleared when the last trap is out. */
void op_guardian_note_budget(struct op_guardian *guardian, uint64_t address);
/**
 * Before the target maps memory of outpost's, that will be executable and not writable, at
 * @p address: what is to stand at its beginning. @p address 0, once it stands there.
 */
void op_guardian_note_map(struct op_guardian *guardian, uint64_t address,
			  const struct op_map_label *label);
/** After the original is back; copies may have it still. @return the address. */
uint64_t op_guardian_forget(struct op_guardian *guardian, uint32_t entry);

#endif
