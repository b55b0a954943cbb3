// SPDX-License-Identifier: GPL-3.0-or-later
// System calls made by a stopped thread of the target on outpost's behalf. Knows nothing of what
// they are for.
#ifndef OP_PLATFORM_LINUX_INJECT_H
#define OP_PLATFORM_LINUX_INJECT_H

#include "platform/platform.h"

struct op_live;

/** A thread that was chosen for a call, for op_inject_call(). */
struct op_inject_thread {
	op_thread_id id;
	uint64_t instruction; /**< the `syscall` that it will execute */
	bool detours;         /**< it finds back by itself: detour.c */
	uint64_t scratch;     /**< of its stack, below everything that is in use: OP_INJECT_SCRATCH
				 bytes */
};
enum { OP_INJECT_SCRATCH = 64 };

/**
 * Choose a stopped thread. It makes a detour (detour.h), so that it goes on as it was should
 * outpost die meanwhile. Where there is no room for that it is one that waits in a system call
 * which may return 0 at any time (futex, epoll, poll, sleep): should outpost die, it finds that its
 * own has returned 0, which its program expects. Where there is none either, another thread borrows
 * the vDSO's `syscall` instruction; in these few microseconds outpost's death would harm the
 * target.
 * @return OP_ERROR_UNSUPPORTED when there is no thread that can be used.
 */
struct op_error *op_inject_choose(struct op_live *process, struct op_inject_thread *ret);

/** A `syscall` instruction that any thread can execute; 0: there is none. */
struct op_error *op_inject_instruction(struct op_live *process, uint64_t *ret);

/**
 * Let the thread make one system call, and put it back as it was: its own call is restarted, its
 * signals wait. Where a signal comes first another thread makes it; the scratch memory stays that
 * of
 * @p thread.
 * @param[in] number of a call that returns 0 when it succeeds, or a value whose lower half is 0:
 * should outpost die meanwhile, it is taken for the result of the thread's own call.
 * @param[in] arguments six of them.
 * @param[out] ret what the kernel returned, -errno included.
 */
struct op_error *op_inject_call(struct op_live *process, const struct op_inject_thread *thread,
				long number, const uint64_t arguments[6], int64_t *ret);

#endif
