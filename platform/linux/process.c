// SPDX-License-Identifier: GPL-3.0-or-later
// A process as an object: opening, what can be known of it without stopping it, and its end. Must
// not attach.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/open.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"
#include "platform/linux/refuse.h"

struct op_error *op_live_gone(const struct op_live *process, const char *doing)
{
	return op_error_create(OP_ERROR_PROCESS_GONE, "cannot %s process %d: it has ended", doing,
			       process->pid);
}

struct op_error *op_live_require_attached(const struct op_live *process, const char *doing)
{
	if (process->attached)
		return NULL;
	return op_error_create(OP_ERROR_STATE,
			       "cannot %s process %d: outpost is not attached to it", doing,
			       process->pid);
}

pid_t op_live_any_thread(const struct op_live *process)
{
	_cleanup_free_ pid_t *ids = NULL;
	size_t count = 0;

	if (process->exited)
		return 0;
	if (op_proc_thread_life(process->pid, process->pid) != OP_PROC_DEAD)
		return process->pid;
	if (op_proc_threads(process->pid, &ids, &count))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (op_proc_thread_life(process->pid, ids[i]) != OP_PROC_DEAD)
			return ids[i];
	return 0;
}

struct op_error *op_live_load(struct op_live *process)
{
	char path[64];
	char *text;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", process->pid);
	int problem = op_proc_read_file(path, &text, &size);
	if (problem == ENOENT || problem == ESRCH)
		return op_live_gone(process, "read the command line of");
	if (problem)
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot read the command line of process %d", process->pid);
	free(process->base.command_line);
	process->base.command_line = text;
	process->base.command_line_size = size;
	return NULL;
}

struct op_error *op_live_open_memory(struct op_live *process)
{
	char path[64];
	pid_t thread = op_live_any_thread(process);

	if (!thread)
		return op_live_gone(process, "open");
	snprintf(path, sizeof(path), "/proc/%d/task/%d/mem", process->pid, thread);
	// The kernel checks here what it would check at an attach (mem_open(), fs/proc/base.c:
	// PTRACE_MODE_ATTACH), and the open file stays with the memory that the process has now.
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return op_refuse_explain(process->pid, "look into", errno);
	if (process->memory_fd >= 0)
		close(process->memory_fd);
	process->memory_fd = fd;
	process->no_vm_read = false;
	return NULL;
}

struct op_live *op_live_create(void)
{
	struct op_live *process = calloc(1, sizeof(*process));

	if (process) {
		process->base.operations = &op_live_operations;
		process->base.arch = op_arch_native();
		process->memory_fd = -1;
	}
	return process;
}

static void process_destroyp(struct op_live **process)
{
	if (*process)
		op_live_destroy(&(*process)->base);
}

struct op_error *op_live_open(int64_t pid, struct op_process **ret)
{
	struct op_proc_status status;
	struct op_error *err = op_refuse_early(pid, &status);
	if (!err)
		err = op_refuse_program((pid_t)pid);
	if (err)
		return err;
	_cleanup_(process_destroyp) struct op_live *process = op_live_create();
	if (!process)
		return op_error_no_memory();
	process->base.id = pid;
	process->pid = (pid_t)pid;
	process->watch_generation = 1;
	process->start_time = status.start_time;
	err = op_live_open_memory(process);
	if (!err)
		err = op_live_load(process);
	if (err) {
		// To the caller, a process that ended meanwhile was never there.
		if (err->code == OP_ERROR_PROCESS_GONE)
			err->code = OP_ERROR_NO_SUCH_PROCESS;
		return err;
	}
	*ret = &op_take(process)->base;
	return NULL;
}

void op_live_destroy(struct op_process *base)
{
	struct op_live *process = op_live(base);

	if (process->attached)
		op_error_destroy(op_process_detach(&process->base));
	op_live_drop_shield(process);
	op_tracee_remove_all(process);
	if (process->memory_fd >= 0)
		close(process->memory_fd);
	free(process->base.command_line);
	free(process->forked);
	free(process->left.ids);
	free(process->infos);
	free(process);
}

static bool lead_to_one(const char *path, const char *other)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

bool op_live_same_place(pid_t pid, const char *what)
{
	char theirs[64], ours[64];

	snprintf(theirs, sizeof(theirs), "/proc/%d/%s", pid, what);
	snprintf(ours, sizeof(ours), "/proc/self/%s", what);
	return lead_to_one(theirs, ours);
}

// The working directory by its name: another user's process, as the sandbox's, may not go through
// the link in /proc. False where the name leads to another place by now, or to none.
static bool append_working_directory(pid_t pid, struct op_text *text)
{
	char link[64], folder[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	ssize_t length = readlink(link, folder, sizeof(folder));
	if (length <= 0 || (size_t)length == sizeof(folder) || folder[0] != '/')
		return false;
	folder[length] = '\0';
	if (!lead_to_one(link, folder))
		return false;
	op_text_printf(text, "%s/", length > 1 ? folder : "");
	return true;
}

// The program's own file, deleted or replaced while it runs: its link in /proc still leads to it.
static bool is_deleted_program(pid_t pid, const char *path)
{
	char link[64], program[PATH_MAX];
	size_t size = strlen(path);

	if (!op_mapping_deleted_mark(path))
		return false;
	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	ssize_t length = readlink(link, program, sizeof(program));
	return length >= 0 && (size_t)length == size && memcmp(program, path, size) == 0;
}

struct op_error *op_live_resolve_path(const struct op_process *base, const char *path, char **ret)
{
	const struct op_live *process = op_live_const(base);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	bool here = op_live_same_place(process->pid, "root") &&
		    op_live_same_place(process->pid, "ns/mnt");

	if (is_deleted_program(process->pid, path))
		op_text_printf(&text, "/proc/%d/exe", process->pid);
	else if (here && (path[0] == '/' || append_working_directory(process->pid, &text)))
		op_text_append(&text, path);
	else if (path[0] == '/')
		op_text_printf(&text, "/proc/%d/root%s", process->pid, path);
	else
		op_text_printf(&text, "/proc/%d/cwd/%s", process->pid, path);
	return op_text_steal(&text, ret);
}
