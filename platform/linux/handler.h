// SPDX-License-Identifier: GPL-3.0-or-later
// The code that handles SIGTRAP in a target whose tracer died, and the pages it stands in. Knows
// nothing of how a handler is set.
#ifndef OP_PLATFORM_LINUX_HANDLER_H
#define OP_PLATFORM_LINUX_HANDLER_H

#include <stdint.h>

#include "platform/platform.h"

struct op_live;

/** The kernel's struct sigaction (arch/x86/include/uapi/asm/signal.h), which is not the C
 * library's. */
struct op_kernel_action {
	uint64_t handler, flags, restorer, mask;
};
enum { OP_KERNEL_SA_RESTORER = 0x04000000 };

/**
 * How often threads are taken back, all together. Signal and return take about a microsecond: it
 * lasts for a minute if the guardian dies as well, and ends then, as nobody will take the trap out.
 */
enum { OP_HANDLER_BUDGET = 1 << 26 };
/** The word of the budget is this far behind the beginning of the code. */
enum { OP_HANDLER_BUDGET_OFFSET = 4096 };

/** Two pages of the target's. */
struct op_handler {
	struct op_host_addr code; /**< 0: none */
	struct op_host_addr data;
};

/**
 * Find the handler that an outpost has left behind when it was killed, or put one into the target;
 * all threads are stopped. It has its full budget afterwards.
 * @return OP_ERROR_UNSUPPORTED when the target does not map memory.
 */
struct op_error *op_handler_place(struct op_live *process, struct op_handler *ret);
/**
 * At attach: threads that are in the handler of an outpost that was killed go on to where they were
 * trapped. There they can be seen: in code that is about to be changed, or taken away.
 */
struct op_error *op_handler_leave(struct op_live *process);
/** Where the code begins, and what it returns to. A trap of the program's own, and one that was
 * sent, go on to their handler where there is one. */
uint64_t op_handler_entry(const struct op_handler *handler);
uint64_t op_handler_restorer(const struct op_handler *handler,
			     const struct op_kernel_action *theirs);
/** The word of the budget: with 0 in it the handler takes no thread back any more. */
struct op_host_addr op_handler_budget(const struct op_handler *handler);
/** What the program's own action is, for the code, and for an outpost that comes after this one's
 * death. */
struct op_error *op_handler_keep_theirs(struct op_live *process, const struct op_handler *handler,
					const struct op_kernel_action *theirs);
struct op_error *op_handler_read_theirs(struct op_live *process, const struct op_handler *handler,
					struct op_kernel_action *ret);
/** Give the pages back, unless a thread stands in them: it goes on through what is left. The
 * handler is not set any more, all threads are stopped. */
struct op_error *op_handler_remove(struct op_live *process, const struct op_handler *handler);

#endif
