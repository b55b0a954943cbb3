// SPDX-License-Identifier: GPL-3.0-or-later
// Attaching and detaching: every kind of process, every refusal, and that the program cannot tell
// afterwards.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

enum { NOBODY = 65534 };

START_TEST(open_touches_nothing)
{
	struct victim victim;
	struct op_process *process;
	size_t size, count;

	victim_start(&victim, "idle");
	must(op_process_open(victim.pid, &process));
	ck_assert_int_eq(victim_tracer(victim.pid), 0);
	ck_assert_int_eq(op_process_id(process), victim.pid);
	const char *line = op_process_command_line(process, &size);
	ck_assert_str_eq(line + strlen(line) + 1, "idle");
	ck_assert_uint_eq(size, strlen(line) + 1 + sizeof("idle"));
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(threads[0].id, victim.pid);
	ck_assert_str_eq(threads[0].name, "victim");
	must_fail(op_process_stop_all(process), OP_ERROR_STATE, "not attached");
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "heard");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(attach_and_detach)
{
	struct victim victim;
	struct op_registers registers;
	size_t count;

	victim_start(&victim, "idle");
	struct op_process *process = must_attach(victim.pid);
	ck_assert_int_eq(victim_tracer(victim.pid), getpid());
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(threads[0].state, OP_THREAD_STOPPED);
	must(op_process_registers(process, victim.pid, &registers));
	must_fail(op_process_attach(process, NULL), OP_ERROR_STATE, "already");
	must(op_process_detach(process));
	ck_assert_int_eq(victim_tracer(victim.pid), 0);
	must_fail(op_process_registers(process, victim.pid, &registers), OP_ERROR_STATE,
		  "not attached");
	// The same object may attach again.
	must(op_process_attach(process, NULL));
	op_process_destroy(process);
	ck_assert_int_eq(victim_tracer(victim.pid), 0);
	victim_tell(&victim, "");
	victim_expect(&victim, "heard");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(threads_born_and_dying)
{
	struct victim victim;

	victim_start(&victim, "threads");
	for (int round = 0; round < 20; round++) {
		struct op_process *process = must_attach(victim.pid);
		size_t count;
		const struct op_thread_info *threads = op_process_threads(process, &count);
		ck_assert_uint_ge(count, 4);
		for (size_t i = 0; i < count; i++)
			ck_assert_int_eq(threads[i].state, OP_THREAD_STOPPED);
		must_run(process, 0);
		for (int stops = 0; stops < 50; stops++) {
			struct op_stop stop;
			must(op_process_wait(process, -1, &stop));
			ck_assert(stop.kind == OP_STOP_THREAD_BORN ||
				  stop.kind == OP_STOP_THREAD_EXIT);
			if (stop.kind == OP_STOP_THREAD_BORN)
				must_run(process, stop.thread);
		}
		must(op_process_detach(process));
		ck_assert_int_eq(victim_tracer(victim.pid), 0);
		op_process_destroy(process);
	}
	victim_tell(&victim, "");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(stopped_process_stays_stopped)
{
	struct victim victim;

	victim_start(&victim, "sleep");
	kill(victim.pid, SIGSTOP);
	victim_wait_state(victim.pid, 'T');
	for (int round = 0; round < 3; round++) {
		struct op_process *process = must_attach(victim.pid);
		struct op_registers registers;
		struct op_stop stop;
		must(op_process_registers(process, victim.pid, &registers));
		// Running it leaves it in its group stop.
		must_run(process, 0);
		must(op_process_wait(process, 30, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_NONE);
		must(op_process_stop_all(process));
		must(op_process_registers(process, victim.pid, &registers));
		if (round == 1)
			must_run(process, 0);
		must(op_process_detach(process));
		op_process_destroy(process);
		victim_wait_state(victim.pid, 'T');
		ck_assert_int_eq(victim_tracer(victim.pid), 0);
	}
	kill(victim.pid, SIGCONT);
	victim_tell(&victim, "");
	victim_expect(&victim, "interrupted 0");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(job_control_while_traced)
{
	struct victim victim;
	size_t count;

	victim_start(&victim, "hot");
	struct op_process *process = must_attach(victim.pid);
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 3);
	op_thread_id stepped = threads[1].id;
	must_run(process, 0);
	kill(victim.pid, SIGSTOP);
	struct op_stop stop = must_stop(process, OP_STOP_SIGNAL);
	ck_assert_str_eq(stop.signal_name, "SIGSTOP");
	must_run(process, stop.thread);
	must(op_process_wait(process, 30, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	// Steps for the debugger's own needs work all the same, and the thread goes back to its
	// stop.
	must(op_process_stop_all(process));
	for (int step = 0; step < 5; step++) {
		must(op_process_run(process, &(struct op_run_request){.thread = stepped,
								      .mode = OP_RUN_STEP,
								      .despite_job_stop = true}));
		stop = must_stop(process, OP_STOP_TRAP);
		ck_assert_int_eq(stop.thread, stepped);
	}
	must_run(process, 0);
	must(op_process_wait(process, 30, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	kill(victim.pid, SIGCONT);
	stop = must_stop(process, OP_STOP_SIGNAL);
	ck_assert_str_eq(stop.signal_name, "SIGCONT");
	victim_tell(&victim, "");
	must_run(process, stop.thread);
	// The others stand in the stops that SIGCONT gave them until they are waited for.
	run_until(process, OP_STOP_THREAD_EXIT);
	run_until(process, OP_STOP_THREAD_EXIT);
	stop = must_stop(process, OP_STOP_PROCESS_EXIT);
	victim_expect(&victim, "done");
	ck_assert(!stop.killed && stop.exit_status == 0);
	op_process_destroy(process);
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(system_calls_are_not_disturbed)
{
	struct victim victim;

	victim_start(&victim, "sleep");
	for (int round = 0; round < 50; round++) {
		struct op_process *process = must_attach(victim.pid);
		must_run(process, 0);
		must(op_process_stop_all(process));
		op_process_destroy(process);
	}
	victim_tell(&victim, "");
	victim_expect(&victim, "interrupted 0");
	victim_ends(&victim, 0);
}
END_TEST

/** Let it run for a number of stops, passing everything on. */
static void let_stop(struct op_process *process, int stops)
{
	must_run(process, 0);
	while (stops--) {
		struct op_stop stop;
		must(op_process_wait(process, -1, &stop));
		if (stop.kind == OP_STOP_FORK)
			must(op_process_release_child(process, stop.child));
		if (stop.kind != OP_STOP_THREAD_EXIT)
			must_run(process, stop.thread);
	}
}

START_TEST(no_signal_is_lost)
{
	struct victim victim;
	long sum = 0, count = 0;
	char line[128];

	victim_start(&victim, "signals");
	for (int round = 0; round < 20; round++) {
		struct op_process *process = must_attach(victim.pid);
		for (int i = 0; i < 25; i++) {
			union sigval value = {.sival_int = (int)++count};
			sum += count;
			ck_assert_int_eq(sigqueue(victim.pid, SIGRTMIN + 1, value), 0);
		}
		let_stop(process, 40);
		// Stops that are collected here and not handed out belong to the program again with
		// the detach.
		if (round & 1)
			must(op_process_stop_all(process));
		must(op_process_detach(process));
		op_process_destroy(process);
	}
	victim_tell(&victim, "");
	snprintf(line, sizeof(line), "queued %ld sum %ld wrong 0", count, sum);
	victim_expect(&victim, line);
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(held_signal_comes_later_unchanged)
{
	struct victim victim;

	victim_start(&victim, "signals");
	struct op_process *process = must_attach(victim.pid);
	ck_assert_int_eq(sigqueue(victim.pid, SIGRTMIN + 1, (union sigval){.sival_int = 77}), 0);
	must_run(process, 0);
	struct op_stop stop;
	do {
		must(op_process_wait(process, -1, &stop));
		if (stop.kind == OP_STOP_FORK)
			must(op_process_release_child(process, stop.child));
		if (stop.kind == OP_STOP_SIGNAL && stop.signal == SIGRTMIN + 1)
			break;
		must_run(process, stop.thread);
	} while (true);
	must(op_process_stop_all(process));
	must(op_process_run(process, &(struct op_run_request){.thread = stop.thread,
							      .mode = OP_RUN_STEP,
							      .hold_signal = true}));
	op_thread_id thread = stop.thread;
	do {
		must(op_process_wait(process, -1, &stop));
	} while (stop.thread != thread);
	must(op_process_detach(process));
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "queued 1 sum 77 wrong 0");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(exec_by_another_thread)
{
	struct victim victim;
	size_t count, size;

	victim_start(&victim, "exec");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	victim_tell(&victim, "");
	struct op_stop stop = run_until(process, OP_STOP_EXEC);
	ck_assert_int_eq(stop.thread, victim.pid);
	op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	const char *line = op_process_command_line(process, &size);
	ck_assert_str_eq(line + strlen(line) + 1, "idle");
	struct op_mappings mappings;
	must(op_process_mappings(process, &mappings));
	uint8_t magic[4];
	must(op_process_read(process, mappings.data[0].start, magic, 4));
	ck_assert_mem_eq(magic, "\177ELF", 4);
	op_mappings_deinit(&mappings);
	must(op_process_detach(process));
	op_process_destroy(process);
	victim_expect(&victim, "ready");
	victim_tell(&victim, "");
	victim_expect(&victim, "heard");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(zombie_leader)
{
	struct victim victim;
	size_t count;

	victim_start(&victim, "zombie");
	ck_assert_int_eq(victim_state(victim.pid), 'Z');
	struct op_process *process = must_attach(victim.pid);
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_ne(threads[0].id, victim.pid);
	struct op_mappings mappings;
	must(op_process_mappings(process, &mappings));
	ck_assert_uint_gt(mappings.count, 3);
	uint8_t magic[4];
	must(op_process_read(process, mappings.data[0].start, magic, 4));
	ck_assert_mem_eq(magic, "\177ELF", 4);
	must(op_process_write(process, mappings.data[0].start, magic, 4));
	op_mappings_deinit(&mappings);
	must_run(process, 0);
	victim_tell(&victim, "");
	struct op_stop stop = must_stop(process, OP_STOP_PROCESS_EXIT);
	ck_assert(!stop.killed);
	ck_assert_int_eq(stop.exit_status, 7);
	op_process_destroy(process);
	victim_ends(&victim, 7);
}
END_TEST

START_TEST(leader_dies_in_our_hands)
{
	struct victim victim;

	victim_start(&victim, "leader-exit");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	victim_tell(&victim, "");
	struct op_stop stop = must_stop(process, OP_STOP_THREAD_BORN);
	must_run(process, stop.thread);
	victim_expect(&victim, "ready");
	size_t count;
	must(op_process_stop_all(process));
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(threads[0].id, stop.thread);
	must_run(process, 0);
	victim_tell(&victim, "");
	run_until(process, OP_STOP_THREAD_EXIT);
	stop = must_stop(process, OP_STOP_PROCESS_EXIT);
	op_process_destroy(process);
	victim_ends(&victim, 7);
}
END_TEST

START_TEST(killed_at_any_moment)
{
	unsigned seed = 20251;

	for (int round = 0; round < 60; round++) {
		struct victim victim;
		struct op_process *process;
		struct op_error *err;

		victim_start(&victim, round & 1 ? "threads" : "hot");
		pid_t killer = fork();
		if (killer == 0) {
			struct timespec delay = {0, rand_r(&seed) % 3000000 + round * 40000};
			nanosleep(&delay, NULL);
			kill(victim.pid, SIGKILL);
			_exit(0);
		}
		rand_r(&seed);
		process = NULL;
		err = op_process_open(victim.pid, &process);
		if (!err)
			err = op_process_attach(process, NULL);
		while (!err) {
			struct op_stop stop;
			struct op_registers registers;
			size_t count;
			const struct op_thread_info *threads = op_process_threads(process, &count);
			op_thread_id first = count ? threads[0].id : 0;
			err = op_process_stop_all(process);
			if (!err && first) {
				struct op_error *other =
					op_process_registers(process, first, &registers);
				ck_assert(!other || other->code == OP_ERROR_PROCESS_GONE ||
					  other->code == OP_ERROR_NOT_FOUND ||
					  other->code == OP_ERROR_STATE);
				op_error_destroy(other);
			}
			if (!err)
				err = op_process_run(process, &(struct op_run_request){0});
			if (!err)
				err = op_process_wait(process, 1, &stop);
			if (!err && stop.kind == OP_STOP_PROCESS_EXIT) {
				ck_assert(stop.killed);
				ck_assert_str_eq(stop.signal_name, "SIGKILL");
				err = op_process_stop_all(process);
				break;
			}
		}
		if (err)
			must_fail(err, process ? err->code : OP_ERROR_NO_SUCH_PROCESS, "ended");
		op_process_destroy(process);
		ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
		victim_ends(&victim, -SIGKILL);
	}
}
END_TEST

START_TEST(kill_ends_it)
{
	struct victim victim;

	victim_start(&victim, "threads");
	struct op_process *process = must_attach(victim.pid);
	must(op_process_kill(process));
	op_process_destroy(process);
	victim_ends(&victim, -SIGKILL);
}
END_TEST

START_TEST(refuses_what_is_no_process)
{
	struct op_process *process;

	must_fail(op_process_open(0, &process), OP_ERROR_NO_SUCH_PROCESS, "not a process number");
	must_fail(op_process_open(-5, &process), OP_ERROR_NO_SUCH_PROCESS, "not a process number");
	must_fail(op_process_open(INT64_MAX, &process), OP_ERROR_NO_SUCH_PROCESS,
		  "not a process number");
	// A number that was free a moment ago.
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	siginfo_t info;
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	must_fail(op_process_open(child, &process), OP_ERROR_NO_SUCH_PROCESS, "has ended already");
	waitpid(child, NULL, 0);
	must_fail(op_process_open(child, &process), OP_ERROR_NO_SUCH_PROCESS, "no process");
	must_fail(op_process_open(getpid(), &process), OP_ERROR_UNSUPPORTED, "itself");
}
END_TEST

START_TEST(refuses_kernel_threads)
{
	struct op_process *process;

	// kthreadd; in a container the number can be anybody's.
	ck_assert_int_eq(access("/proc/2/exe", R_OK) ? errno : 0, ENOENT);
	must_fail(op_process_open(2, &process), OP_ERROR_UNSUPPORTED, "thread of the kernel");
}
END_TEST

START_TEST(refuses_a_thread)
{
	struct victim victim;
	struct op_process *process;
	size_t count;

	victim_start(&victim, "sleep");
	must(op_process_open(victim.pid, &process));
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 2);
	op_thread_id thread = threads[1].id;
	op_process_destroy(process);
	must_fail(op_process_open(thread, &process), OP_ERROR_NO_SUCH_PROCESS, "attach to");
	victim_end(&victim);
}
END_TEST

START_TEST(refuses_what_is_traced)
{
	struct victim victim;
	struct op_process *process, *late;
	int told[2];
	char c, expected[64];

	victim_start(&victim, "idle");
	must(op_process_open(victim.pid, &late));
	ck_assert_int_eq(pipe(told), 0);
	pid_t tracer = fork();
	if (tracer == 0) {
		if (ptrace(PTRACE_SEIZE, victim.pid, 0, 0))
			_exit(1);
		(void)!write(told[1], "x", 1);
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(told[0], &c, 1), 1);
	snprintf(expected, sizeof(expected), "traced by process %d (", tracer);
	must_fail(op_process_open(victim.pid, &process), OP_ERROR_ALREADY_TRACED, expected);
	must_fail(op_process_attach(late, NULL), OP_ERROR_ALREADY_TRACED, expected);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	must(op_process_attach(late, NULL));
	must_fail(op_process_open(victim.pid, &process), OP_ERROR_ALREADY_TRACED,
		  "by this outpost");
	op_process_destroy(late);
	victim_end(&victim);
}
END_TEST

/** Run @p body as nobody in a process of its own; what it asserts counts. */
static void as_nobody(void (*body)(pid_t target), pid_t target)
{
	int status;
	pid_t tester = fork();

	if (tester == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		body(target);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(tester, &status, 0), tester);
	ck_assert_int_eq(status, 0);
}

/** Without Check's reporting, which belongs to the parent. */
static void expect_refusal(pid_t target, const char *part)
{
	struct op_process *process;
	struct op_error *err = op_process_open(target, &process);

	if (!err || err->code != OP_ERROR_PERMISSION || !strstr(err->message, part)) {
		fprintf(stderr, "refusal: %s\n", err ? err->message : "none");
		_exit(2);
	}
	op_error_destroy(err);
}

static void other_users(pid_t target)
{
	expect_refusal(target, "it belongs to root and outpost runs as nobody");
}

static void own_undumpable(pid_t target)
{
	expect_refusal(target, "not dumpable");
}

START_TEST(refuses_other_users)
{
	struct victim victim;

	victim_start(&victim, "idle");
	as_nobody(other_users, victim.pid);
	victim_end(&victim);
}
END_TEST

START_TEST(refuses_undumpable)
{
	struct victim victim;

	victim_start_as(&victim, "undumpable", NOBODY);
	as_nobody(own_undumpable, victim.pid);
	// Root may all the same.
	struct op_process *process = must_attach(victim.pid);
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(needs_root)
{
	ck_assert_msg(getuid() == 0, "these tests change users: they must be run as root");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_attach");
	TCase *attach = tcase_create("attach");
	TCase *refuse = tcase_create("refuse");

	tcase_set_timeout(attach, 120);
	tcase_add_test(attach, open_touches_nothing);
	tcase_add_test(attach, attach_and_detach);
	tcase_add_test(attach, threads_born_and_dying);
	tcase_add_test(attach, stopped_process_stays_stopped);
	tcase_add_test(attach, job_control_while_traced);
	tcase_add_test(attach, system_calls_are_not_disturbed);
	tcase_add_test(attach, no_signal_is_lost);
	tcase_add_test(attach, held_signal_comes_later_unchanged);
	tcase_add_test(attach, exec_by_another_thread);
	tcase_add_test(attach, zombie_leader);
	tcase_add_test(attach, leader_dies_in_our_hands);
	tcase_add_test(attach, killed_at_any_moment);
	tcase_add_test(attach, kill_ends_it);
	suite_add_tcase(suite, attach);
	tcase_set_timeout(refuse, 30);
	tcase_add_test(refuse, refuses_what_is_no_process);
	tcase_add_test(refuse, refuses_kernel_threads);
	tcase_add_test(refuse, refuses_a_thread);
	tcase_add_test(refuse, refuses_what_is_traced);
	tcase_add_test(refuse, needs_root);
	tcase_add_test(refuse, refuses_other_users);
	tcase_add_test(refuse, refuses_undumpable);
	suite_add_tcase(suite, refuse);
	return run_suite(suite);
}
