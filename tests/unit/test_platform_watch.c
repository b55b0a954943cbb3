// SPDX-License-Identifier: GPL-3.0-or-later
// Hardware watch slots: every hit, on every thread, once; nothing left behind by a detach, a fork
// or outpost's death. What is left is read with ptrace by the test itself.
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

static struct op_watch_slot word(const struct victim *victim, unsigned index,
				 enum op_watch_access access)
{
	return (struct op_watch_slot){
		.addr = op_host_addr(victim->facts[0] + 8 * index), .size = 8, .access = access};
}

static uint64_t value_of(struct op_process *process, const struct victim *victim, unsigned index)
{
	uint64_t value;
	must(op_process_read(process, op_host_addr(victim->facts[0] + 8 * index), &value, 8));
	return value;
}

/** The next stop is a hit of these slots. */
static op_thread_id must_hit(struct op_process *process, unsigned mask)
{
	enum op_trap_reason reason;
	unsigned hits;
	struct op_stop stop = run_until(process, OP_STOP_TRAP);

	must(op_process_trap_reason(process, stop.thread, &reason));
	ck_assert_int_eq(reason, OP_TRAP_HARDWARE);
	must(op_process_watch_hits(process, stop.thread, &hits));
	ck_assert_uint_eq(hits, mask);
	return stop.thread;
}

/** What the debug registers of a thread read as, seen by another tracer: 0 when nothing is set. */
static bool is_clean(pid_t thread)
{
	static const unsigned registers[] = {0, 1, 2, 3, 7};
	int status;
	bool clean = true;

	if (ptrace(PTRACE_SEIZE, thread, 0, 0))
		return false;
	ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	if (waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status))
		return false;
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		clean &= ptrace(PTRACE_PEEKUSER, thread,
				offsetof(struct user, u_debugreg) + registers[i] * sizeof(long),
				0) == 0;
	ptrace(PTRACE_DETACH, thread, 0, 0);
	return clean;
}

static bool all_clean(pid_t pid)
{
	char path[64];
	bool clean = true;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *directory = opendir(path);
	ck_assert_ptr_nonnull(directory);
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			clean &= is_clean(atoi(entry->d_name));
	closedir(directory);
	return clean;
}

START_TEST(every_write_of_two_threads_is_seen)
{
	enum { TURNS = 600 };
	struct victim victim;
	uint64_t hits[2] = {0};

	victim_start(&victim, "watch");
	struct op_process *process = must_attach(victim.pid);
	ck_assert_uint_eq(op_process_watch_slot_count(process), 4);
	struct op_watch_slot slots[2] = {word(&victim, 0, OP_WATCH_WRITE),
					 word(&victim, 1, OP_WATCH_WRITE)};
	must(op_process_set_watch_slot(process, 2, &slots[0]));
	must(op_process_set_watch_slot(process, 0, &slots[1]));
	must_run(process, 0);
	victim_tell(&victim, "600");
	while (hits[0] + hits[1] < TURNS) {
		struct op_stop stop = run_until(process, OP_STOP_TRAP);
		unsigned mask;
		must(op_process_watch_hits(process, stop.thread, &mask));
		ck_assert(mask == 4 || mask == 1);
		unsigned which = mask == 4 ? 0 : 1;
		hits[which]++;
		// The access is done when it is told of.
		ck_assert_uint_eq(value_of(process, &victim, which), hits[which]);
		must_run(process, stop.thread);
	}
	must(op_process_detach(process));
	op_process_destroy(process);
	ck_assert(all_clean(victim.pid));
	victim_expect(&victim, "did");
	victim_tell(&victim, "end");
	victim_expect(&victim, "sum 600");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(a_thread_born_later_has_them_too)
{
	struct victim victim;
	size_t before;

	victim_start(&victim, "watch");
	struct op_process *process = must_attach(victim.pid);
	struct op_watch_slot slot = word(&victim, 0, OP_WATCH_WRITE);
	must(op_process_set_watch_slot(process, 3, &slot));
	op_process_threads(process, &before);
	must_run(process, 0);
	victim_tell(&victim, "born");
	op_thread_id thread = must_hit(process, 8);
	size_t now;
	const struct op_thread_info *threads = op_process_threads(process, &now);
	ck_assert_uint_eq(now, before + 1);
	ck_assert(threads[now - 1].id == thread);
	ck_assert_uint_eq(value_of(process, &victim, 0), 77);
	must(op_process_set_watch_slot(process, 3, NULL));
	must_run(process, 0);
	run_until(process, OP_STOP_THREAD_EXIT);
	must(op_process_stop_all(process));
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(reads_and_the_systems_own_accesses)
{
	struct victim victim;

	victim_start(&victim, "watch");
	struct op_process *process = must_attach(victim.pid);
	struct op_watch_slot slots[2] = {word(&victim, 0, OP_WATCH_WRITE),
					 word(&victim, 1, OP_WATCH_READ_WRITE)};
	slots[0].system_calls = true;
	for (unsigned i = 0; i < 2; i++)
		must(op_process_set_watch_slot(process, i, &slots[i]));
	must_run(process, 0);
	victim_tell(&victim, "read");
	must_run(process, must_hit(process, 2));
	victim_tell(&victim, "kernel");
	must_hit(process, 1);
	must(op_process_stop_all(process));
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(a_forked_child_has_none)
{
	struct victim victim;

	victim_start(&victim, "watch");
	struct op_process *process = must_attach(victim.pid);
	struct op_watch_slot slot = word(&victim, 0, OP_WATCH_WRITE);
	must(op_process_set_watch_slot(process, 0, &slot));
	must_run(process, 0);
	victim_tell(&victim, "fork");
	struct op_stop stop = run_until(process, OP_STOP_FORK);
	must(op_process_release_child(process, stop.child));
	must_run(process, 0);
	// A SIGTRAP that nobody handles would have ended it.
	struct op_stop next;
	do {
		must(op_process_wait(process, 0, &next));
		if (next.kind != OP_STOP_NONE)
			must_run(process, next.thread);
	} while (next.kind != OP_STOP_SIGNAL);
	victim_expect(&victim, "child 6");
	must(op_process_stop_all(process));
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(a_hit_during_a_step_is_a_stop_of_its_own)
{
	struct victim victim;
	struct op_stop stop;
	unsigned steps = 0, hits = 0;

	victim_start(&victim, "watch");
	struct op_process *process = must_attach(victim.pid);
	struct op_watch_slot slot = word(&victim, 0, OP_WATCH_WRITE);
	must(op_process_set_watch_slot(process, 1, &slot));
	must_run(process, 0);
	// More than the other thread can do meanwhile, however busy the machine is.
	victim_tell(&victim, "2000000000");
	op_thread_id thread = must_hit(process, 2);
	uint64_t before = value_of(process, &victim, 0);
	must(op_process_stop_all(process));
	while (!op_process_pending_stop(process, thread, &stop) && steps++ < 1000)
		must(op_process_step(process, thread, &stop));
	ck_assert(op_process_pending_stop(process, thread, &stop));
	ck_assert_uint_eq(value_of(process, &victim, 0), before + 1);
	// Not moved while its hit was not heard of.
	must(op_process_step(process, thread, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	do {
		stop = must_stop(process, OP_STOP_TRAP);
	} while (stop.thread != thread);
	must(op_process_watch_hits(process, thread, &hits));
	ck_assert_uint_eq(hits, 2);
	op_process_destroy(process);
	ck_assert(all_clean(victim.pid));
	victim_end(&victim);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	struct victim victim;

	victim_start(&victim, "watch");
	struct op_process *process = must_attach(victim.pid);
	struct op_watch_slot slot = word(&victim, 0, OP_WATCH_WRITE);
	slot.addr.value += 4;
	must_fail(op_process_set_watch_slot(process, 0, &slot), OP_ERROR_UNSUPPORTED, "8 bytes");
	slot = (struct op_watch_slot){.addr = op_host_addr(UINT64_C(0xffff800000000000)),
				      .size = 8};
	must_fail(op_process_set_watch_slot(process, 0, &slot), OP_ERROR_UNSUPPORTED, "refuses");
	slot = word(&victim, 0, OP_WATCH_WRITE);
	must_fail(op_process_set_watch_slot(process, 4, &slot), OP_ERROR_NOT_FOUND, "slot 4");
	op_process_destroy(process);
	ck_assert(all_clean(victim.pid));
	victim_end(&victim);
}
END_TEST

/** A debugger that dies: hits in both threads all the time. */
static __attribute__((noreturn)) void die_while_it_hits(struct victim *victim)
{
	struct op_process *process = must_attach(victim->pid);
	must(op_process_shield(process));
	for (unsigned i = 0; i < 2; i++) {
		struct op_watch_slot slot = word(victim, i, OP_WATCH_WRITE);
		must(op_process_set_watch_slot(process, i, &slot));
	}
	must_run(process, 0);
	// Only now: what is counted before is over when the machine is busy.
	victim_tell(victim, "3000000");
	for (int i = 0; i < 200; i++)
		must_run(process, run_until(process, OP_STOP_TRAP).thread);
	kill(getpid(), SIGKILL);
	_exit(1);
}

START_TEST(the_death_of_the_tracer_leaves_nothing)
{
	struct victim victim;

	victim_start(&victim, "watch");
	pid_t debugger = fork();
	if (debugger == 0)
		die_while_it_hits(&victim);
	int status;
	ck_assert_int_eq(waitpid(debugger, &status, 0), debugger);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	// The guardian is at work; it has the threads while it is.
	while (!all_clean(victim.pid))
		ck_assert_int_ne(kill(victim.pid, 0), -1);
	victim_expect(&victim, "did");
	victim_tell(&victim, "end");
	victim_expect(&victim, "sum 3000000");
	victim_ends(&victim, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_watch");
	TCase *watch = tcase_create("watch");

	tcase_set_timeout(watch, 120);
	tcase_add_test(watch, every_write_of_two_threads_is_seen);
	tcase_add_test(watch, a_thread_born_later_has_them_too);
	tcase_add_test(watch, reads_and_the_systems_own_accesses);
	tcase_add_test(watch, a_forked_child_has_none);
	tcase_add_test(watch, a_hit_during_a_step_is_a_stop_of_its_own);
	tcase_add_test(watch, what_cannot_be_is_refused);
	tcase_add_test(watch, the_death_of_the_tracer_leaves_nothing);
	suite_add_tcase(suite, watch);
	return run_suite(suite);
}
