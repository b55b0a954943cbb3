// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting: hot breakpoints, fairness, interruption without a race, time limits, pending stops,
// other children left alone.
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

static int64_t milliseconds(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * 1000 + (to->tv_nsec - from->tv_nsec) / 1000000;
}

static void arm(struct op_process *process, const struct victim *victim)
{
	const struct op_arch *arch = op_process_arch(process);
	uint8_t slot[OP_SLOT_MAX];

	must(op_process_read(process, op_host_addr(victim->facts[0]), slot, arch->slot_size));
	ck_assert_mem_eq(slot, arch->slot_disabled, arch->slot_size);
	must(op_process_write(process, op_host_addr(victim->facts[0]), arch->slot_trap,
			      arch->slot_size));
}

/** All threads stopped: take the trap out and put those that stand in the slot behind it. */
static void disarm(struct op_process *process, const struct victim *victim)
{
	const struct op_arch *arch = op_process_arch(process);
	size_t count;
	const struct op_thread_info *threads = op_process_threads(process, &count);

	must(op_process_write(process, op_host_addr(victim->facts[0]), arch->slot_disabled,
			      arch->slot_size));
	for (size_t i = 0; i < count; i++) {
		struct op_registers registers;
		must(op_process_registers(process, threads[i].id, &registers));
		if (registers.value[arch->pc] != victim->facts[0] + 1)
			continue;
		registers.value[arch->pc] = victim->facts[0] + arch->slot_size;
		must(op_process_set_registers(process, threads[i].id, &registers));
		op_process_drop_pending(process, threads[i].id);
	}
}

START_TEST(two_hot_threads_share)
{
	struct victim victim;
	struct {
		op_thread_id thread;
		unsigned hits;
	} seen[2] = {0};

	victim_start(&victim, "hot");
	struct op_process *process = must_attach(victim.pid);
	arm(process, &victim);
	must_run(process, 0);
	// Alone on a CPU, one thread may hit thousands of times before the other gets a turn.
	for (int i = 0; i < 4000 || (seen[1].hits <= 100 && i < 400000); i++) {
		struct op_stop stop = must_stop(process, OP_STOP_TRAP);
		struct op_host_addr pc;
		must(op_process_pc(process, stop.thread, &pc));
		ck_assert_uint_eq(pc.value, victim.facts[0] + 1);
		int which = seen[0].thread == stop.thread || !seen[0].thread ? 0 : 1;
		seen[which].thread = stop.thread;
		seen[which].hits++;
		must_run(process, stop.thread);
	}
	ck_assert_uint_gt(seen[0].hits, 100);
	ck_assert_uint_gt(seen[1].hits, 100);
	must(op_process_stop_all(process));
	disarm(process, &victim);
	must(op_process_detach(process));
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "done");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(detach_from_a_hot_breakpoint)
{
	struct victim victim;

	victim_start(&victim, "hot");
	for (int round = 0; round < 50; round++) {
		struct op_process *process = must_attach(victim.pid);
		arm(process, &victim);
		must_run(process, 0);
		for (int i = 0; i < 20; i++)
			must_run(process, must_stop(process, OP_STOP_TRAP).thread);
		must(op_process_stop_all(process));
		disarm(process, &victim);
		op_process_destroy(process);
	}
	victim_tell(&victim, "");
	victim_expect(&victim, "done");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(pending_stops_are_kept)
{
	struct victim victim;
	struct op_stop stop, pending;
	size_t count;

	victim_start(&victim, "hot");
	struct op_process *process = must_attach(victim.pid);
	op_thread_id hot[2];
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 3);
	hot[0] = threads[1].id;
	hot[1] = threads[2].id;
	arm(process, &victim);
	must_run(process, 0);
	must_stop(process, OP_STOP_TRAP);
	// The other hot thread comes to the slot as well; bring it to its stop without waiting for
	// it by name.
	do {
		must(op_process_stop_all(process));
		bool first = op_process_pending_stop(process, hot[0], &pending);
		if (first || op_process_pending_stop(process, hot[1], &pending))
			break;
		for (int i = 0; i < 2; i++)
			must_run(process, hot[i]);
		sched_yield();
	} while (true);
	ck_assert_int_eq(pending.kind, OP_STOP_TRAP);
	op_thread_id kept = pending.thread;
	// It is not resumed before it has been handed out.
	must_run(process, kept);
	must_run(process, 0);
	ck_assert(op_process_pending_stop(process, kept, &pending));
	do {
		must(op_process_wait(process, -1, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_TRAP);
	} while (stop.thread != kept);
	ck_assert(!op_process_pending_stop(process, kept, &pending));
	must(op_process_kill(process));
	op_process_destroy(process);
	victim_ends(&victim, -SIGKILL);
}
END_TEST

START_TEST(trap_reasons)
{
	struct victim victim;
	enum op_trap_reason reason;

	victim_start(&victim, "trap");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	kill(victim.pid, SIGTRAP);
	struct op_stop stop = must_stop(process, OP_STOP_TRAP);
	must(op_process_trap_reason(process, stop.thread, &reason));
	ck_assert_int_eq(reason, OP_TRAP_FOREIGN);
	// Delivered, as its reason is known; the step ends in the handler.
	must(op_process_run(process,
			    &(struct op_run_request){.thread = stop.thread, .mode = OP_RUN_STEP}));
	stop = must_stop(process, OP_STOP_TRAP);
	must(op_process_trap_reason(process, stop.thread, &reason));
	ck_assert_int_eq(reason, OP_TRAP_STEP);
	must_run(process, 0);
	kill(victim.pid, SIGTRAP);
	stop = must_stop(process, OP_STOP_TRAP);
	must(op_process_trap_reason(process, stop.thread, &reason));
	must(op_process_run(process,
			    &(struct op_run_request){.thread = stop.thread, .discard_trap = true}));
	victim_tell(&victim, "");
	stop = must_stop(process, OP_STOP_TRAP);
	must(op_process_trap_reason(process, stop.thread, &reason));
	ck_assert_int_eq(reason, OP_TRAP_BREAKPOINT);
	// The program's own trap instruction.
	must(op_process_run(process,
			    &(struct op_run_request){.thread = stop.thread, .deliver_trap = true}));
	victim_expect(&victim, "traps 2");
	must(op_process_stop_all(process));
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(own_trap_survives_detach)
{
	struct victim victim;
	struct op_stop pending;

	victim_start(&victim, "trap");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	victim_tell(&victim, "");
	do {
		must(op_process_stop_all(process));
		if (op_process_pending_stop(process, victim.pid, &pending))
			break;
		must_run(process, 0);
	} while (true);
	ck_assert_int_eq(pending.kind, OP_STOP_TRAP);
	op_process_destroy(process);
	victim_expect(&victim, "traps 1");
	victim_tell(&victim, "");
	victim_ends(&victim, 0);
}
END_TEST

// With op_process_watch_exit() the threads of a killed process stop at their ends. Those that were
// stopped there for somebody who then found that all are dead go on when the next stop is waited
// for.
START_TEST(killed_while_all_stand)
{
	struct victim victim;
	struct op_stop stop;
	enum op_trap_reason reason;
	size_t count;
	bool told = false;

	victim_start(&victim, "threads");
	struct op_process *process = must_attach(victim.pid);
	must(op_process_watch_exit(process, true));
	must_run(process, 0);
	must(op_process_stop_all(process));
	ck_assert(!op_process_is_dying(process));
	ck_assert(!op_process_has_died(process));
	kill(victim.pid, SIGKILL);
	ck_assert(op_process_has_died(process));
	while (!op_process_is_dying(process))
		usleep(1000);
	must(op_process_stop_all(process));
	ck_assert(op_process_has_died(process));
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_gt(count, 1);
	for (size_t i = 0; i < count; i++) {
		struct op_error *err = op_process_trap_reason(process, threads[i].id, &reason);
		ck_assert_ptr_nonnull(err);
		op_error_destroy(err);
	}
	do {
		must(op_process_wait(process, -1, &stop));
		told |= stop.kind == OP_STOP_EXITING;
	} while (stop.kind != OP_STOP_PROCESS_EXIT);
	ck_assert(told);
	ck_assert(stop.killed);
	ck_assert_str_eq(stop.signal_name, "SIGKILL");
	ck_assert(op_process_is_dying(process));
	must(op_process_detach(process));
	op_process_destroy(process);
}
END_TEST

// Threads of a killed process that come to their ends only while they are being let go: those stops
// have to be let go of too, or the process stays until a time limit.
START_TEST(detach_while_killed)
{
	for (int round = 0; round < 10; round++) {
		struct victim victim;
		struct timespec before, after;

		victim_start(&victim, "threads");
		struct op_process *process = must_attach(victim.pid);
		must(op_process_watch_exit(process, true));
		clock_gettime(CLOCK_MONOTONIC, &before);
		kill(victim.pid, SIGKILL);
		struct op_error *err = op_process_detach(process);
		clock_gettime(CLOCK_MONOTONIC, &after);
		ck_assert(!err || err->code == OP_ERROR_PROCESS_GONE);
		op_error_destroy(err);
		ck_assert_int_lt(milliseconds(&before, &after), 1500);
		op_process_destroy(process);
		victim_ends(&victim, -SIGKILL);
	}
}
END_TEST

START_TEST(signals_wait_for_a_step)
{
	struct victim victim;

	victim_start(&victim, "hot");
	struct op_process *process = must_attach(victim.pid);
	arm(process, &victim);
	must_run(process, 0);
	op_thread_id thread = must_stop(process, OP_STOP_TRAP).thread;
	must(op_process_stop_all(process));
	disarm(process, &victim);
	struct op_stop stop;
	// One that comes with the step waits for its end; the next ones are that one.
	for (int i = 0; i < 3; i++) {
		struct op_host_addr before, after;
		ck_assert_int_eq(syscall(SYS_tgkill, victim.pid, (pid_t)thread, SIGWINCH), 0);
		must(op_process_pc(process, thread, &before));
		must(op_process_step(process, thread, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_TRAP);
		must(op_process_pc(process, thread, &after));
		ck_assert_uint_ne(after.value, before.value);
		ck_assert(op_process_pending_stop(process, thread, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_SIGNAL);
		ck_assert_str_eq(stop.signal_name, "SIGWINCH");
	}
	stop = must_stop(process, OP_STOP_SIGNAL);
	ck_assert_int_eq(stop.thread, thread);
	ck_assert_str_eq(stop.signal_name, "SIGWINCH");
	must(op_process_wait(process, 50, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	must(op_process_detach(process));
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "done");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(faults_pass_through)
{
	struct victim victim;

	victim_start(&victim, "fault");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	victim_tell(&victim, "");
	struct op_stop stop = must_stop(process, OP_STOP_SIGNAL);
	ck_assert_str_eq(stop.signal_name, "SIGSEGV");
	ck_assert(stop.signal_is_fault);
	ck_assert_uint_eq(stop.fault_address.value, 16);
	must_run(process, 0);
	stop = must_stop(process, OP_STOP_PROCESS_EXIT);
	ck_assert_int_eq(stop.exit_status, 42);
	op_process_destroy(process);
	victim_ends(&victim, 42);
}
END_TEST

START_TEST(time_limits)
{
	struct victim victim;
	struct op_stop stop;
	struct timespec before, after;

	victim_start(&victim, "idle");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	must(op_process_wait(process, 0, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	clock_gettime(CLOCK_MONOTONIC, &before);
	must(op_process_wait(process, 50, &stop));
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	int64_t took = milliseconds(&before, &after);
	ck_assert_int_ge(took, 49);
	ck_assert_int_le(took, 2000);
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

static struct op_process *interrupt_target;
static atomic_bool interrupt_stop;
static atomic_int interrupts_wanted;

static void *interrupter(void *unused)
{
	int done = 0;

	while (!atomic_load(&interrupt_stop)) {
		if (done == atomic_load(&interrupts_wanted))
			continue;
		done++;
		// At odd times after the order, to meet every moment of the wait.
		for (volatile int i = 0; i < (done * 37) % 3000; i++)
			;
		op_process_interrupt(interrupt_target);
	}
	return NULL;
}

START_TEST(interrupt_from_another_thread)
{
	struct victim victim;
	struct op_stop stop;
	pthread_t thread;

	victim_start(&victim, "idle");
	interrupt_target = must_attach(victim.pid);
	must_run(interrupt_target, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, interrupter, NULL), 0);
	for (int i = 0; i < 20000; i++) {
		atomic_fetch_add(&interrupts_wanted, 1);
		must(op_process_wait(interrupt_target, i & 1 ? -1 : 20000, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_INTERRUPTED);
		ck_assert_int_eq(stop.thread, 0);
	}
	// None is left over.
	must(op_process_wait(interrupt_target, 10, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	atomic_store(&interrupt_stop, true);
	pthread_join(thread, NULL);
	op_process_destroy(interrupt_target);
	victim_end(&victim);
}
END_TEST

static void on_alarm(int number)
{
	op_process_interrupt(interrupt_target);
}

START_TEST(interrupt_from_a_signal_handler)
{
	struct victim victim;
	struct op_stop stop;

	victim_start(&victim, "hot");
	interrupt_target = must_attach(victim.pid);
	must_run(interrupt_target, 0);
	// With SA_RESTART: the handler alone would not end the wait.
	ck_assert_int_eq(
		sigaction(SIGALRM,
			  &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_RESTART},
			  NULL),
		0);
	for (int i = 0; i < 200; i++) {
		setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 1 + i * 5}}, NULL);
		must(op_process_wait(interrupt_target, -1, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_INTERRUPTED);
	}
	// A hot breakpoint does not outrun it.
	must(op_process_stop_all(interrupt_target));
	arm(interrupt_target, &victim);
	must_run(interrupt_target, 0);
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 20000}}, NULL);
	do {
		must(op_process_wait(interrupt_target, -1, &stop));
		if (stop.kind == OP_STOP_TRAP)
			must_run(interrupt_target, stop.thread);
	} while (stop.kind == OP_STOP_TRAP);
	ck_assert_int_eq(stop.kind, OP_STOP_INTERRUPTED);
	must(op_process_kill(interrupt_target));
	op_process_destroy(interrupt_target);
	victim_ends(&victim, -SIGKILL);
}
END_TEST

START_TEST(other_children_are_left_alone)
{
	struct victim victim;
	struct op_stop stop;
	int status;

	victim_start(&victim, "idle");
	pid_t child = fork();
	if (child == 0)
		_exit(17);
	siginfo_t info;
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	must(op_process_wait(process, 20, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	op_process_destroy(process);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 17);
	victim_end(&victim);
}
END_TEST

START_TEST(two_processes_in_one_thread)
{
	struct victim one, two;
	struct op_stop stop;

	victim_start(&one, "threads");
	victim_start(&two, "hot");
	struct op_process *first = must_attach(one.pid), *second = must_attach(two.pid);
	arm(second, &two);
	must_run(first, 0);
	must_run(second, 0);
	for (int i = 0; i < 200; i++) {
		must(op_process_wait(first, -1, &stop));
		ck_assert(stop.kind == OP_STOP_THREAD_BORN || stop.kind == OP_STOP_THREAD_EXIT);
		if (stop.kind == OP_STOP_THREAD_BORN)
			must_run(first, stop.thread);
		must_run(second, must_stop(second, OP_STOP_TRAP).thread);
	}
	must(op_process_stop_all(second));
	disarm(second, &two);
	op_process_destroy(second);
	op_process_destroy(first);
	victim_tell(&one, "");
	victim_tell(&two, "");
	victim_expect(&two, "done");
	victim_ends(&one, 0);
	victim_ends(&two, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_wait");
	TCase *wait = tcase_create("wait");

	tcase_set_timeout(wait, 120);
	tcase_add_test(wait, two_hot_threads_share);
	tcase_add_test(wait, detach_from_a_hot_breakpoint);
	tcase_add_test(wait, pending_stops_are_kept);
	tcase_add_test(wait, trap_reasons);
	tcase_add_test(wait, own_trap_survives_detach);
	tcase_add_test(wait, killed_while_all_stand);
	tcase_add_test(wait, detach_while_killed);
	tcase_add_test(wait, signals_wait_for_a_step);
	tcase_add_test(wait, faults_pass_through);
	tcase_add_test(wait, time_limits);
	tcase_add_test(wait, interrupt_from_another_thread);
	tcase_add_test(wait, interrupt_from_a_signal_handler);
	tcase_add_test(wait, other_children_are_left_alone);
	tcase_add_test(wait, two_processes_in_one_thread);
	suite_add_tcase(suite, wait);
	return run_suite(suite);
}
