// SPDX-License-Identifier: GPL-3.0-or-later
// A thread that copies memory runs, waits for a page, or is not let run: it is never in the sleep
// that a system call does ('S'; fs/proc/array.c, task_state_array). So who is seen asleep has ended
// its copy, and so has who has run for longer than a copy takes. How busy the machine is does not
// matter to either.
#include "platform/linux/guardian_settle.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "platform/linux/proc.h"

bool op_settle_begin(const struct op_guardian_target *target, uint64_t enough_ns,
		     struct op_settling *ret)
{
	_cleanup_free_ pid_t *threads = NULL;
	size_t count;
	*ret = (struct op_settling){.enough_ns = enough_ns};
	if (op_proc_threads(target->pid, &threads, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct op_unsettled thread = {.thread = threads[i]};
		thread.runs = op_proc_thread_runtime(target->pid, threads[i], &thread.begun_ns);
		if (!op_array_push(&ret->threads, thread))
			return false;
	}
	return true;
}

static bool has_settled(const struct op_guardian_target *target, const struct op_settling *settling,
			const struct op_unsettled *thread)
{
	uint64_t now_ns;
	char state = op_proc_thread_state(target->pid, thread->thread);
	return !state || state == 'S' || state == 'Z' || state == 'X' ||
	       (thread->runs && op_proc_thread_runtime(target->pid, thread->thread, &now_ns) &&
		now_ns - thread->begun_ns >= settling->enough_ns);
}

bool op_settle_look(const struct op_guardian_target *target, struct op_settling *settling)
{
	size_t left = 0;
	for (size_t i = 0; i < settling->threads.count; i++)
		if (!has_settled(target, settling, &settling->threads.data[i]))
			settling->threads.data[left++] = settling->threads.data[i];
	settling->threads.count = left;
	return !left;
}
