// SPDX-License-Identifier: GPL-3.0-or-later
// Reading /proc: status, state, names and thread lists. Knows no ptrace and keeps no state.
#include "platform/linux/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/compiler.h"

enum {
	PROC_FILE_LIMIT = 256 << 20,
	// PF_EXITING, PF_SIGNALED and PF_KTHREAD, include/linux/sched.h; shown in /proc/PID/stat.
	PROC_EXITING_FLAG = 0x00000004,
	PROC_SIGNALED_FLAG = 0x00000400,
	PROC_KTHREAD_FLAG = 0x00200000,
};

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int op_proc_read_file(const char *path, char **ret, size_t *ret_size)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	_cleanup_free_ char *data = NULL;
	size_t size = 0, capacity = 0;

	for (;;) {
		if (size >= PROC_FILE_LIMIT)
			return EFBIG;
		// One byte more than is asked for: the terminator.
		if (!op_array_reserve(&data, &capacity, size + 4096 + 1, 1))
			return ENOMEM;
		ssize_t got = read(fd, data + size, capacity - size - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			break;
		size += (size_t)got;
	}
	data[size] = '\0';
	*ret_size = size;
	*ret = op_take(data);
	return 0;
}

/** A small file into the caller's buffer; the number of bytes or a negative errno. */
static ssize_t read_small(const char *path, char *buffer, size_t size)
{
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t got;
	do {
		got = read(fd, buffer, size - 1);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	buffer[got] = '\0';
	return got;
}

static const char *status_line(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			return line + length + 1;
	}
	return NULL;
}

static uint64_t status_number(const char *text, const char *key, int base)
{
	const char *value = status_line(text, key);

	return value ? strtoull(value, NULL, base) : 0;
}

/** Fields of /proc/PID/stat, counted as man 5 proc does; the name may hold anything, so from its
 * last ')' on. */
const char *op_proc_stat_field(const char *text, unsigned field)
{
	const char *at = strrchr(text, ')');

	for (unsigned i = 2; at && i < field; i++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

int op_proc_status(pid_t id, struct op_proc_status *ret)
{
	char path[64], stat[1024];
	_cleanup_free_ char *status = NULL;
	size_t size;

	*ret = (struct op_proc_status){0};
	snprintf(path, sizeof(path), "/proc/%d/status", id);
	int problem = op_proc_read_file(path, &status, &size);
	if (problem)
		return problem == ENOENT ? ESRCH : problem;
	ret->thread_group = (pid_t)status_number(status, "Tgid", 10);
	ret->tracer = (pid_t)status_number(status, "TracerPid", 10);
	ret->permitted_capabilities = status_number(status, "CapPrm", 16);
	ret->effective_capabilities = status_number(status, "CapEff", 16);
	ret->caught_signals = status_number(status, "SigCgt", 16);
	const char *users = status_line(status, "Uid");
	if (users) {
		char *end;
		ret->real_user = (uid_t)strtoul(users, &end, 10);
		ret->user = (uid_t)strtoul(end, NULL, 10);
	}
	const char *groups = status_line(status, "Gid");
	if (groups) {
		char *end;
		strtoul(groups, &end, 10);
		ret->group = (gid_t)strtoul(end, NULL, 10);
	}

	snprintf(path, sizeof(path), "/proc/%d/stat", id);
	ssize_t got = read_small(path, stat, sizeof(stat));
	if (got < 0)
		return got == -ENOENT ? ESRCH : (int)-got;
	const char *state = op_proc_stat_field(stat, 3);
	const char *flags = op_proc_stat_field(stat, 9);
	const char *start = op_proc_stat_field(stat, 22);
	ret->state = state ? *state : 0;
	ret->kernel_thread = flags && (strtoul(flags, NULL, 10) & PROC_KTHREAD_FLAG);
	ret->start_time = start ? strtoull(start, NULL, 10) : 0;
	// Neither is ever empty.
	return ret->thread_group && start ? 0 : EIO;
}

static ssize_t read_thread(pid_t process, pid_t thread, char *stat, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", process, thread);
	return read_small(path, stat, size);
}

char op_proc_thread_state(pid_t process, pid_t thread)
{
	char stat[1024];
	ssize_t got = read_thread(process, thread, stat, sizeof(stat));

	if (got == -ENOENT || got == -ESRCH)
		return 0;
	const char *state = got < 0 ? NULL : op_proc_stat_field(stat, 3);
	return state && *state ? *state : '?';
}

// Who kills a process gives each of its threads a SIGKILL of its own (complete_signal(),
// kernel/signal.c); a thread that has taken it is marked (get_signal()), also while it still stands
// at its end (PTRACE_EVENT_EXIT).
enum op_proc_life op_proc_thread_life(pid_t process, pid_t thread)
{
	enum { STATE = 3, FLAGS = 9, PENDING = 31 };
	char stat[1024];
	ssize_t got = read_thread(process, thread, stat, sizeof(stat));

	if (got == -ENOENT || got == -ESRCH)
		return OP_PROC_DEAD;
	if (got < 0)
		return OP_PROC_ALIVE;
	const char *state = op_proc_stat_field(stat, STATE),
		   *flags = op_proc_stat_field(stat, FLAGS),
		   *pending = op_proc_stat_field(stat, PENDING);
	if (state && (*state == 'Z' || *state == 'X'))
		return OP_PROC_DEAD;
	bool exiting = flags && strtoul(flags, NULL, 10) & (PROC_EXITING_FLAG | PROC_SIGNALED_FLAG);
	bool killed = pending && strtoul(pending, NULL, 10) >> (SIGKILL - 1) & 1;
	return exiting || killed ? OP_PROC_DYING : OP_PROC_ALIVE;
}

bool op_proc_thread_runtime(pid_t process, pid_t thread, uint64_t *ret_ns)
{
	char path[64], schedstat[128], *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", process, thread);
	if (read_small(path, schedstat, sizeof(schedstat)) <= 0)
		return false;
	*ret_ns = strtoull(schedstat, &end, 10);
	return end != schedstat;
}

void op_proc_name(pid_t id, char *ret, size_t size)
{
	char path[64];

	ret[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", id);
	ssize_t got = read_small(path, ret, size);
	if (got < 0)
		ret[0] = '\0';
	else if (got > 0 && ret[got - 1] == '\n')
		ret[got - 1] = '\0';
}

static void close_dirp(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/** The numbers that a folder of the process's has as names. */
static int list_numbers(pid_t process, const char *folder, int **ret, size_t *ret_count)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", process, folder);
	_cleanup_(close_dirp) DIR *directory = opendir(path);
	if (!directory)
		return errno == ENOENT ? ESRCH : errno;
	struct OP_ARRAY(int) list = {0};
	int problem = 0;

	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);
		if (!entry) {
			// A process that ends while it is listed gives ENOENT: what was seen until
			// then is the list. Otherwise it would be too short, and nobody knew.
			problem = errno == ENOENT || errno == ESRCH ? 0 : errno;
			break;
		}
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (!op_array_push(&list, (int)strtol(entry->d_name, NULL, 10))) {
			problem = ENOMEM;
			break;
		}
	}
	if (problem) {
		free(list.data);
		return problem;
	}
	*ret = list.data;
	*ret_count = list.count;
	return 0;
}

int op_proc_threads(pid_t process, pid_t **ret, size_t *ret_count)
{
	return list_numbers(process, "task", ret, ret_count);
}

int op_proc_descriptors(pid_t process, int **ret, size_t *ret_count)
{
	return list_numbers(process, "fd", ret, ret_count);
}
