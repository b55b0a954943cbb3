// SPDX-License-Identifier: GPL-3.0-or-later
// Thousands of threads; and one number that many processes have had.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/proc.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

// Threads ---------------------------------------------------------------------------------------

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** The shortest time that attach and detach take together; the program sees nothing of it. */
static double time_of(const char *mode, size_t *ret_threads)
{
	struct victim victim;
	double best = 1e9;
	char line[64];

	victim_start(&victim, mode);
	for (int round = 0; round < 3; round++) {
		size_t count;
		double start = seconds();
		struct op_process *process = must_attach(victim.pid);
		double attached = seconds();
		const struct op_thread_info *threads = op_process_threads(process, &count);
		ck_assert_uint_eq(count, victim.facts[0] + 1);
		for (size_t i = 0; i < count; i++)
			ck_assert_int_eq(threads[i].state, OP_THREAD_STOPPED);
		double looked = seconds();
		must(op_process_detach(process));
		double took = attached - start + seconds() - looked;
		op_process_destroy(process);
		ck_assert_int_eq(victim_tracer(victim.pid), 0);
		best = took < best ? took : best;
	}
	*ret_threads = victim.facts[0];
	victim_tell(&victim, "");
	snprintf(line, sizeof(line), "woken %lx", (unsigned long)victim.facts[0]);
	victim_expect(&victim, line);
	victim_ends(&victim, 0);
	return best;
}

START_TEST(ten_thousand_threads)
{
	size_t few, many;
	double short_time = time_of("crowd-small", &few), long_time = time_of("crowd-large", &many);

	printf("attach and detach: %zu threads %.3f s, %zu threads %.3f s\n", few, short_time, many,
	       long_time);
	ck_assert_uint_ge(many, few);
	// Linear, with room for a busy machine: each with each would be (many / few) times this.
	ck_assert_double_lt(long_time, 4 * short_time * (double)many / (double)few);
}
END_TEST

// Numbers ---------------------------------------------------------------------------------------

static pid_t sleeper(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static uint64_t start_time(pid_t pid)
{
	struct op_proc_status status;
	return op_proc_status(pid, &status) ? 0 : status.start_time;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/** Another process of this number, which has begun at another time. */
static bool reuse(pid_t number, uint64_t start)
{
	for (;;) {
		char text[16];
		int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
		int size = snprintf(text, sizeof(text), "%d", number - 1);
		if (fd < 0 || write(fd, text, (size_t)size) != size)
			return false;
		close(fd);
		if (sleeper() != number)
			return false;
		if (start_time(number) != start)
			return true;
		end(number);
	}
}

/** In a namespace of its own, where nobody else takes numbers. What goes wrong is the status. */
static int number_is_reused(void)
{
	struct op_process *process;
	pid_t pid = sleeper();
	uint64_t start = start_time(pid);
	struct op_error *err = op_process_open(pid, &process);
	if (err)
		return 2;
	end(pid);
	if (!reuse(pid, start))
		return 3;
	err = op_process_attach(process, NULL);
	if (!err || err->code != OP_ERROR_NO_SUCH_PROCESS ||
	    !strstr(err->message, "belongs to another"))
		return 4;
	op_error_destroy(err);
	op_process_destroy(process);
	// The other one was not touched.
	if (victim_tracer(pid) != 0 || kill(pid, 0))
		return 5;
	end(pid);
	return 0;
}

START_TEST(a_number_that_belongs_to_another_process_now)
{
	int status;
	pid_t outer = fork();

	if (outer == 0) {
		if (unshare(CLONE_NEWPID | CLONE_NEWNS))
			_exit(10);
		pid_t inner = fork();
		if (inner == 0) {
			if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
			    mount("proc", "/proc", "proc", 0, NULL))
				_exit(11);
			_exit(number_is_reused());
		}
		waitpid(inner, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 12);
	}
	ck_assert_int_eq(waitpid(outer, &status, 0), outer);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_many");
	TCase *many = tcase_create("many");

	tcase_set_timeout(many, 240);
	tcase_add_test(many, ten_thousand_threads);
	tcase_add_test(many, a_number_that_belongs_to_another_process_now);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}
