// SPDX-License-Identifier: GPL-3.0-or-later
// The table of traced threads and the queue of their stops. Knows no wait status and makes no
// ptrace request.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"

#include <utlist.h>

struct op_tracee *op_tracee_find(struct op_live *process, pid_t id)
{
	struct op_tracee *tracee = process->last;

	// A hot breakpoint is hit by the same thread again and again.
	if (tracee && tracee->id == id)
		return tracee;
	HASH_FIND_INT(process->tracees, &id, tracee);
	if (tracee)
		process->last = tracee;
	return tracee;
}

struct op_tracee *op_tracee_add(struct op_live *process, pid_t id)
{
	struct op_tracee *tracee = calloc(1, sizeof(*tracee));

	if (!tracee)
		return NULL;
	tracee->id = id;
	tracee->phase = OP_TRACEE_RUNNING;
	tracee->name_run = process->runs - 1;
	HASH_ADD_INT(process->tracees, id, tracee);
	if (!tracee->hh.tbl) {
		free(tracee);
		return NULL;
	}
	return tracee;
}

void op_tracee_remove(struct op_live *process, struct op_tracee *tracee)
{
	HASH_DEL(process->tracees, tracee);
	if (process->last == tracee)
		process->last = NULL;
	if (tracee->queued == OP_STOP_NONE)
		free(tracee);
}

void op_tracee_remove_all(struct op_live *process)
{
	struct op_tracee *tracee, *next;

	// Exits wait in the queue for their tracee after it has left the table.
	DL_FOREACH_SAFE(process->queue, tracee, next)
	{
		bool in_table = tracee->queued != OP_STOP_THREAD_EXIT;
		DL_DELETE(process->queue, tracee);
		tracee->queued = OP_STOP_NONE;
		if (!in_table)
			free(tracee);
	}
	HASH_ITER(hh, process->tracees, tracee, next)
	op_tracee_remove(process, tracee);
}

void op_tracee_enqueue(struct op_live *process, struct op_tracee *tracee, enum op_stop_kind kind)
{
	// A thread that is killed in a stop not yet handed out has only its exit left to tell.
	if (tracee->queued == OP_STOP_NONE)
		DL_APPEND(process->queue, tracee);
	tracee->queued = kind;
	tracee->wants_run = false;
}

void op_tracee_dequeue(struct op_live *process, struct op_tracee *tracee)
{
	if (tracee->queued == OP_STOP_NONE)
		return;
	DL_DELETE(process->queue, tracee);
	tracee->queued = OP_STOP_NONE;
}

struct op_error *op_tracee_stopped(struct op_live *process, op_thread_id id, const char *doing,
				   struct op_tracee **ret)
{
	struct op_error *err = op_live_require_attached(process, doing);
	if (err)
		return err;
	struct op_tracee *tracee = op_tracee_find(process, (pid_t)id);
	if (!tracee)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "cannot %s thread %" PRId64
				       ": process %d has no such thread (any more)",
				       doing, id, process->pid);
	if (tracee->phase != OP_TRACEE_STOPPED)
		return op_error_create(OP_ERROR_STATE,
				       "cannot %s thread %" PRId64 " while it runs; stop it first",
				       doing, id);
	*ret = tracee;
	return NULL;
}

struct op_error *op_tracee_dying(struct op_live *process, struct op_tracee *tracee,
				 const char *doing)
{
	// At its end it stands, has reported that, and reports no more before it is let on.
	if (!tracee->ending)
		tracee->phase = OP_TRACEE_RUNNING;
	return op_error_create(OP_ERROR_PROCESS_GONE,
			       "cannot %s thread %d of process %d: it was killed while outpost "
			       "held it; wait for what it reports",
			       doing, tracee->id, process->pid);
}

static int compare_infos(const void *left, const void *right)
{
	const struct op_thread_info *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/** An opened process that is not attached: what the directory says. */
static size_t list_untraced(struct op_live *process)
{
	_cleanup_free_ pid_t *ids = NULL;
	size_t count = 0;

	if (op_proc_threads(process->pid, &ids, &count) ||
	    !op_array_reserve(&process->infos, &process->info_capacity, count,
			      sizeof(*process->infos)))
		return 0;
	for (size_t i = 0; i < count; i++) {
		process->infos[i] =
			(struct op_thread_info){.id = ids[i], .state = OP_THREAD_RUNNING};
		op_proc_name(ids[i], process->infos[i].name, sizeof(process->infos[i].name));
	}
	return count;
}

static size_t list_traced(struct op_live *process)
{
	size_t count = 0;
	struct op_tracee *tracee, *next;

	if (!op_array_reserve(&process->infos, &process->info_capacity,
			      HASH_COUNT(process->tracees), sizeof(*process->infos)))
		return 0;
	HASH_ITER(hh, process->tracees, tracee, next)
	{
		if (tracee->zombie || tracee->queued == OP_STOP_PROCESS_EXIT)
			continue;
		if (tracee->name_run != process->runs) {
			op_proc_name(tracee->id, tracee->name, sizeof(tracee->name));
			tracee->name_run = process->runs;
		}
		struct op_thread_info *info = &process->infos[count++];
		*info = (struct op_thread_info){
			.id = tracee->id,
			.state = tracee->phase == OP_TRACEE_STOPPED ? OP_THREAD_STOPPED
								    : OP_THREAD_RUNNING,
		};
		memcpy(info->name, tracee->name, sizeof(info->name));
	}
	return count;
}

const struct op_thread_info *op_live_threads(struct op_process *base, size_t *ret_count)
{
	struct op_live *process = op_live(base);
	*ret_count = process->attached ? list_traced(process) : list_untraced(process);
	if (*ret_count)
		qsort(process->infos, *ret_count, sizeof(*process->infos), compare_infos);
	return process->infos;
}

bool op_live_someone_in(struct op_live *process, struct op_host_addr start, uint64_t size)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(&process->base, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_host_addr pc = {0};
		struct op_error *err = op_process_pc(&process->base, threads[i].id, &pc);
		// Of one that is dying no more is to be feared; where another is nobody knows.
		bool inside =
			err ? err->code != OP_ERROR_PROCESS_GONE : pc.value - start.value < size;
		op_error_destroy(err);
		if (inside)
			return true;
	}
	return false;
}
