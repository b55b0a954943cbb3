// SPDX-License-Identifier: GPL-3.0-or-later
// The process that a guardian watches over, as the guardian sees it after outpost's death: no
// tracee any more, and perhaps not there any more. Shared by the guardian's files.
#ifndef OP_PLATFORM_LINUX_GUARDIAN_TARGET_H
#define OP_PLATFORM_LINUX_GUARDIAN_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "platform/linux/guardian.h"
#include "platform/platform.h"

/** The number alone may belong to another process by the time that it is needed. */
struct op_guardian_target {
	pid_t pid;
	uint64_t start_time;
	int memory_fd; /**< stays with the memory, whoever has the number */
	pid_t outpost; /**< that may still be on its way out as the tracer */
};

bool op_guardian_is_there(const struct op_guardian_target *target);
/** And has no tracer but the outpost that has died: nobody else's traps are in its code. */
bool op_guardian_is_alone(const struct op_guardian_target *target);
/** Its mappings, through whichever thread of it lives; deinit them. False when it is gone. */
bool op_guardian_mappings(const struct op_guardian_target *target, struct op_mappings *ret);
/** Read as much of it as there is. @return the number of bytes. */
size_t op_guardian_read(const struct op_guardian_target *target, uint64_t address, void *ret,
			size_t size);

/**
 * Become a thread's tracer, and wait until it stands; PTRACE_DETACH lets it go.
 * @param[out] ret_signal the one that it stopped for and that it has to get, 0: none.
 * @return 0 or an errno; ESRCH: it is gone, ETIMEDOUT: it does not stop.
 */
int op_guardian_seize(pid_t thread, int *ret_signal);
/** @return whether it stands there now. */
bool op_guardian_write_byte(const struct op_guardian_target *target, uint64_t address,
			    uint8_t byte);
/**
 * Make a trap harmless, if it is there: all of it, or its first byte and the others of what was
 * there before.
 * @return false when it may still be there: the memory cannot be read, or not be written.
 */
bool op_guardian_disarm(const struct op_guardian_target *target,
			const struct op_guardian_trap *trap, uint64_t address);
/** Set the handler's budget. The page is the target's: only while it is still the handler's. */
void op_guardian_set_budget(const struct op_guardian_target *target, uint64_t address,
			    uint32_t budget);

#endif
