// SPDX-License-Identifier: GPL-3.0-or-later
// What /proc tells about processes and threads, as numbers. Knows no ptrace and keeps no state.
#ifndef OP_PLATFORM_LINUX_PROC_H
#define OP_PLATFORM_LINUX_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Chosen lines of /proc/PID/status and fields of /proc/PID/stat (man 5 proc). */
struct op_proc_status {
	pid_t thread_group;
	pid_t tracer; /**< 0: nobody traces it */
	char state;   /**< 'R', 'S', 'D', 'T', 't', 'Z', 'X', ...; 0: unknown */
	uid_t real_user;
	uid_t user;  /**< effective */
	gid_t group; /**< effective */
	uint64_t permitted_capabilities;
	uint64_t effective_capabilities;
	uint64_t caught_signals; /**< bit n - 1: signal n has a handler */
	uint64_t start_time;     /**< in clock ticks since boot: tells two owners of the same number
				    apart */
	bool kernel_thread;
};

/** @p id is a process's or a thread's number. @return 0 or an errno. */
int op_proc_status(pid_t id, struct op_proc_status *ret);
/** Where a field of the text of a stat file begins, from the state (3) on (man 5 proc_pid_stat: the
 * name before it may hold anything); NULL: there are not so many. Borrowed. */
const char *op_proc_stat_field(const char *text, unsigned field);
/** State letter of a thread alone, from one read; 0 when the thread is gone, '?' when it cannot be
 * read. */
char op_proc_thread_state(pid_t process, pid_t thread);
enum op_proc_life { OP_PROC_ALIVE, OP_PROC_DYING, OP_PROC_DEAD };
/** Of a thread: one that is killed is dying until it has done all that is left to do. */
enum op_proc_life op_proc_thread_life(pid_t process, pid_t thread);
/**
 * How long a thread has run on a CPU, in nanoseconds (schedstat; Documentation/scheduler/
 * sched-stats.rst). It may be short by a tick for a thread that runs. @return false when it is
 * gone or the kernel does not say.
 */
bool op_proc_thread_runtime(pid_t process, pid_t thread, uint64_t *ret_ns);
/** The name ("comm") of a process or thread, unescaped; "" when it is gone. */
void op_proc_name(pid_t id, char *ret, size_t size);
/** A whole file of /proc, NUL-terminated; free *ret. At most 256 MiB. @return 0 or an errno. */
int op_proc_read_file(const char *path, char **ret, size_t *ret_size);

/** The threads of a process, as the directory lists them now; free *ret. @return 0 or an errno. */
int op_proc_threads(pid_t process, pid_t **ret, size_t *ret_count);
/** The numbers of its open files; free *ret. @return 0 or an errno. */
int op_proc_descriptors(pid_t process, int **ret, size_t *ret_count);

#endif
