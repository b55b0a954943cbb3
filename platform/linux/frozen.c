// SPDX-License-Identifier: GPL-3.0-or-later
// Freezing a process: what must be taken while it stands still. Its threads' registers, its
// mappings, the memory that it shares with others; its own memory as a copy, where it makes one.
#include "platform/linux/frozen.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/compiler.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/request.h"

// Shared memory beyond this is left out: copying it would keep the process waiting.
static const uint64_t shared_max = UINT64_C(1) << 30;

static bool take_set(pid_t id, int type, void *buffer, size_t size, size_t *ret_size)
{
	struct iovec part = {buffer, size};

	if (op_ptrace(PTRACE_GETREGSET, id, type, &part))
		return false;
	*ret_size = part.iov_len;
	return true;
}

/** The registers of one thread; false when it is dying. */
static bool take_registers(struct op_live *process, struct op_tracee *tracee,
			   struct op_frozen_thread *ret)
{
	struct op_registers registers;
	size_t size;
	// It also knows of threads that the kernel has elsewhere than they are told to be.
	struct op_error *err = op_live_registers(&process->base, tracee->id, &registers);

	if (err) {
		op_error_destroy(err);
		return false;
	}
	ret->id = tracee->id;
	ret->registers = tracee->registers;
	ret->has_vectors =
		take_set(tracee->id, NT_PRFPREG, &ret->vectors, sizeof(ret->vectors), &size);
	if (tracee->stop == OP_TRACEE_SIGNAL && tracee->signal)
		ret->has_signal = op_ptrace(PTRACE_GETSIGINFO, tracee->id, 0, &ret->signal) == 0;
	ret->state = malloc(OP_FROZEN_STATE_MAX);
	if (!ret->state ||
	    !take_set(tracee->id, NT_X86_XSTATE, ret->state, OP_FROZEN_STATE_MAX, &ret->state_size))
		ret->state_size = 0;
	return true;
}

static struct op_error *take_threads(struct op_live *process, op_thread_id first,
				     struct op_frozen *frozen)
{
	size_t count;
	const struct op_thread_info *infos = op_process_threads(&process->base, &count);

	for (size_t i = 0; i < count; i++) {
		struct op_frozen_thread thread = {0};
		struct op_tracee *tracee = op_tracee_find(process, (pid_t)infos[i].id);
		if (!tracee || !take_registers(process, tracee, &thread)) {
			frozen->missing_threads++;
			continue;
		}
		memcpy(thread.name, infos[i].name, sizeof(thread.name));
		if (!op_array_push(&frozen->threads, thread)) {
			free(thread.state);
			return op_error_no_memory();
		}
		struct op_frozen_thread *data = frozen->threads.data;
		size_t last = frozen->threads.count - 1;
		if (first ? thread.id != first : thread.id != process->pid)
			continue;
		data[last] = data[0];
		data[0] = thread;
	}
	if (frozen->threads.count)
		return NULL;
	return op_error_create(OP_ERROR_PROCESS_GONE,
			       "no thread of process %d could be asked for its registers",
			       process->pid);
}

static struct op_error *take_file(const struct op_frozen *frozen, const char *name, char **ret,
				  size_t *ret_size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", frozen->pid, name);
	int problem = op_proc_read_file(path, ret, ret_size);
	return problem ? op_error_system(OP_ERROR_SYSTEM, problem, "cannot read %s", path) : NULL;
}

static struct op_error *take_process(struct op_live *process, struct op_frozen *frozen)
{
	char path[64];
	struct stat owner;
	size_t size;
	struct op_error *err =
		take_file(frozen, "auxv", &frozen->auxiliary, &frozen->auxiliary_size);

	if (!err)
		err = take_file(frozen, "stat", &frozen->status, &size);
	if (!err)
		err = take_file(frozen, "cmdline", &frozen->command_line,
				&frozen->command_line_size);
	if (!err)
		err = op_process_mappings(&process->base, &frozen->mappings);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%d", frozen->pid);
	if (stat(path, &owner))
		return op_error_system(OP_ERROR_SYSTEM, errno, "cannot see whose process %d is",
				       frozen->pid);
	frozen->user = owner.st_uid;
	frozen->group = owner.st_gid;
	return NULL;
}

static struct op_error *copy_run(void *context, uint64_t start, uint64_t end)
{
	struct op_frozen *frozen = context;
	struct op_frozen_run run = {.start = start, .size = end - start};

	if (run.size > shared_max - frozen->shared) {
		frozen->omitted += run.size;
		return NULL;
	}
	run.data = malloc(run.size);
	if (!run.data)
		return op_error_no_memory();
	run.size = op_frozen_read(frozen, start, run.data, run.size) & -(uint64_t)OP_FROZEN_PAGE;
	frozen->shared += run.size;
	if (run.size && op_array_push(&frozen->runs, run))
		return NULL;
	free(run.data);
	return run.size ? op_error_no_memory() : NULL;
}

static struct op_error *copy_shared(struct op_frozen *frozen)
{
	struct op_error *err = NULL;

	for (size_t i = 0; !err && i < frozen->mappings.count; i++) {
		const struct op_mapping *mapping = &frozen->mappings.data[i];
		if (op_core_kind_of(mapping) == OP_CORE_SHARED)
			err = op_frozen_each_run(frozen, mapping->start.value, mapping->end.value,
						 false, 0, copy_run, frozen);
	}
	return err;
}

/** Of what was copied before (taken), else by a fork. */
static struct op_error *make_copy(struct op_live *process, struct op_frozen *frozen,
				  struct op_copied *copied)
{
	bool complete = false;
	struct op_error *err = copied ? op_copied_complete(copied, frozen, &complete) : NULL;

	if (complete)
		frozen->copied = copied;
	else
		op_copied_destroy(copied);
	return err || complete ? err : op_frozen_make_copy(process, frozen);
}

struct op_error *op_live_freeze(struct op_process *base, const struct op_freeze_options *options,
				struct op_frozen **ret)
{
	struct op_live *process = op_live(base);
	_cleanup_(op_copied_destroyp) struct op_copied *copied = options->copied;
	struct op_error *err = op_live_require_attached(process, "write a core file of");

	if (err)
		return err;
	struct op_frozen *frozen = calloc(1, sizeof(*frozen));
	if (!frozen)
		return op_error_no_memory();
	frozen->pid = process->pid;
	frozen->machine = process->base.arch->elf_machine;
	frozen->memory_fd = frozen->pages_fd = -1;
	err = take_threads(process, options->first, frozen);
	if (!err)
		err = take_process(process, frozen);
	// A leader that has ended has no memory, its threads have.
	if (!err)
		err = op_frozen_open_memory(frozen, op_live_any_thread(process));
	if (!err)
		err = copy_shared(frozen);
	if (!err && !options->no_fork)
		err = op_frozen_reap_left(process);
	if (!err && !options->no_fork)
		err = make_copy(process, frozen, op_take(copied));
	else if (!err)
		frozen->why = strdup("no copy of the process was wanted");
	if (err) {
		op_error_destroy(op_process_thaw(base, frozen));
		return err;
	}
	*ret = frozen;
	return NULL;
}

bool op_frozen_is_copy(const struct op_frozen *frozen, const char **ret_why)
{
	if (ret_why)
		*ret_why = frozen->why;
	return frozen->copy != 0 || frozen->copied;
}

bool op_frozen_is_child(const struct op_frozen *frozen)
{
	return frozen->copy != 0;
}

void op_frozen_release(struct op_frozen *frozen)
{
	// The memory goes with the last descriptor of it.
	if (frozen->memory_fd >= 0)
		close(frozen->memory_fd);
	if (frozen->pages_fd >= 0)
		close(frozen->pages_fd);
	frozen->memory_fd = frozen->pages_fd = -1;
	op_copied_destroy(op_take(frozen->copied));
	// Its end is waited for where its tracer is.
	if (frozen->copy)
		kill(frozen->copy, SIGKILL);
}

struct op_error *op_process_thaw(struct op_process *process, struct op_frozen *frozen)
{
	if (!frozen)
		return NULL;
	op_frozen_release(frozen);
	struct op_error *err = op_frozen_end_copy(process ? op_live(process) : NULL, frozen);
	for (size_t i = 0; i < frozen->threads.count; i++)
		free(frozen->threads.data[i].state);
	for (size_t i = 0; i < frozen->runs.count; i++)
		free(frozen->runs.data[i].data);
	free(frozen->threads.data);
	free(frozen->runs.data);
	op_mappings_deinit(&frozen->mappings);
	free(frozen->why);
	free(frozen->command_line);
	free(frozen->status);
	free(frozen->auxiliary);
	free(frozen);
	return err;
}
