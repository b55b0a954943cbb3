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
/** Tell it to go. What is still in the journal it makes harmless on its way. NULL is fine. */
void op_guardian_stop(struct op_guardian *guardian);
/**
 * Before a trap is written: where, what, and which byte makes the place harmless. The guardian
 * writes it only where it finds the whole trap, or its first byte and the others of @p before: the
 * memory may be used for something else by then.
 * @param[in] size of the trap, at most OP_GUARDIAN_TRAP_MAX. @param[out] ret_entry for
 * op_guardian_forget().
 */
struct op_error *op_guardian_note(struct op_guardian *guardian, uint64_t address, const void *trap,
				  const void *before, size_t size, uint8_t harmless,
				  uint32_t *ret_entry);
enum { OP_GUARDIAN_TRAP_MAX = 8 };
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
/** After the original is back. @return the address. */
uint64_t op_guardian_forget(struct op_guardian *guardian, uint32_t entry);

#endif
