// SPDX-License-Identifier: GPL-3.0-or-later
// What outposts that were killed while they wrote a core have left of a process: dead copies of it,
// which nobody has waited for. Looking for them takes a file of each thread, which is done while
// the process runs where it can be.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/compiler.h"
#include "platform/linux/detour.h"
#include "platform/linux/frozen.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"

static long long number(const char *text, unsigned field)
{
	return strtoll(op_proc_stat_field(text, field), NULL, 10);
}

/** Is it such a copy? It is dead, tells nobody of that, and has done nothing: it was killed without
 * having touched any memory, or has ended itself (detour.c) after the kernel has touched a page of
 * it (rseq_handle_notify_resume(), kernel/rseq.c). */
static bool is_left_copy(pid_t id)
{
	enum { STATE = 3, MINOR_FAULTS = 10, MAJOR_FAULTS = 12, EXIT_SIGNAL = 38, EXIT_CODE = 52 };
	char path[64];
	_cleanup_free_ char *text = NULL;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/stat", id);
	if (op_proc_read_file(path, &text, &size))
		return false;
	// Where there is the last one that is looked at, there are the others.
	if (!op_proc_stat_field(text, EXIT_CODE) || *op_proc_stat_field(text, STATE) != 'Z' ||
	    number(text, EXIT_SIGNAL) || number(text, MAJOR_FAULTS))
		return false;
	long long faults = number(text, MINOR_FAULTS), status = number(text, EXIT_CODE);
	return faults == 0 ? status == SIGKILL
			   : faults == 1 && status == OP_DETOUR_COPY_STATUS << 8;
}

/** Those among the children of one thread. Without memory for their numbers they are not seen. */
static void find_among(struct op_left_copies *left, pid_t process, pid_t thread)
{
	char path[64];
	_cleanup_free_ char *text = NULL;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", process, thread);
	if (op_proc_read_file(path, &text, &size))
		return;
	for (char *at = text, *end;; at = end) {
		pid_t id = (pid_t)strtol(at, &end, 10);
		if (end == at)
			return;
		if (is_left_copy(id) && op_array_reserve(&left->ids, &left->capacity,
							 left->count + 1, sizeof(*left->ids)))
			left->ids[left->count++] = id;
	}
}

void op_frozen_find_left(struct op_live *process)
{
	_cleanup_free_ pid_t *threads = NULL;
	size_t count = 0;

	process->left.looked = true;
	process->left.count = 0;
	if (!op_live_same_place(process->pid, "ns/pid") ||
	    op_proc_threads(process->pid, &threads, &count))
		return;
	for (size_t i = 0; i < count; i++)
		find_among(&process->left, process->pid, threads[i]);
}

struct op_error *op_frozen_reap_left(struct op_live *process)
{
	struct op_error *err = NULL;

	if (!process->left.looked)
		op_frozen_find_left(process);
	process->left.looked = false;
	if (process->left.count && op_frozen_why_confined(process->pid))
		return NULL;
	for (size_t i = 0; !err && i < process->left.count; i++)
		// Somebody else may have waited for it since, and its number be another's.
		if (is_left_copy(process->left.ids[i]))
			err = op_frozen_reap_copy(process, process->left.ids[i]);
	return err;
}
