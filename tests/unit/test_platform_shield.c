// SPDX-License-Identifier: GPL-3.0-or-later
// The target outlives its debugger: traps over instructions, its own traps and its own handler,
// calls that it was to make.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/x86_64.h"
#include "base/compiler.h"
#include "platform/linux/detour.h"
#include "platform/linux/process.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

enum { INSTRUCTION_SIZE = 3 };

/** Write a trap over the instruction, and do what it does each time; tell once that it is there. */
static __attribute__((noreturn)) void count_for_it(const struct victim *victim, int tell)
{
	struct op_process *process = must_attach(victim->pid);
	const struct op_arch *arch = op_process_arch(process);
	struct op_host_addr place = op_host_addr(victim->facts[0]);
	uint8_t original;
	uint32_t entry;
	must(op_process_shield(process));
	must(op_process_read(process, place, &original, 1));
	must(op_process_note_plant(process, place, arch->trap, arch->trap_size, original, &entry));
	must(op_process_write(process, place, arch->trap, arch->trap_size));
	must_run(process, 0);
	or_end(write(tell, "", 1) == 1);
	for (;;) {
		struct op_stop stop;
		struct op_registers registers;
		struct op_host_addr pc;
		or_end(!op_process_wait(process, -1, &stop) && stop.kind == OP_STOP_TRAP);
		or_end(!op_process_pc(process, stop.thread, &pc) &&
		       pc.value == place.value + arch->trap_pc_advance);
		or_end(!op_process_registers(process, stop.thread, &registers) &&
		       registers.value[arch->pc] == pc.value);
		registers.value[arch->pc] = place.value + INSTRUCTION_SIZE;
		registers.value[OP_X86_64_RBX]++;
		or_end(!op_process_set_registers(process, stop.thread, &registers) &&
		       !op_process_run(process, &(struct op_run_request){.thread = stop.thread}));
	}
}

static void kill_at_some_moment(const struct victim *victim,
				void (*work)(const struct victim *victim, int tell), unsigned *seed)
{
	int ends[2], status;
	char byte;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t debugger = fork();
	if (debugger == 0)
		work(victim, ends[1]);
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	// At any moment: of it the outcome must not depend.
	struct timespec delay = {0, rand_r(seed) % 3000000};
	nanosleep(&delay, NULL);
	kill(debugger, SIGKILL);
	ck_assert_int_eq(waitpid(debugger, &status, 0), debugger);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(no_instruction_is_lost)
{
	struct victim victim;
	unsigned seed = 20252;

	victim_start(&victim, "instruction");
	const uint8_t original = victim_byte(victim.pid, victim.facts[0]);
	for (int round = 0; round < 100; round++) {
		kill_at_some_moment(&victim, count_for_it, &seed);
		while (victim_byte(victim.pid, victim.facts[0]) != original)
			ck_assert_int_ne(kill(victim.pid, 0), -1);
	}
	victim_tell(&victim, "");
	victim_expect(&victim, "lost 0");
	victim_ends(&victim, 0);
}
END_TEST

/** Prepare, and take it back, again and again; tell once that it has begun. */
static __attribute__((noreturn)) void prepare(const struct victim *victim, int tell)
{
	struct op_process *process = must_attach(victim->pid);
	or_end(write(tell, "", 1) == 1);
	for (;;) {
		or_end(!op_process_stop_all(process) && !op_process_shield(process));
		or_end(!op_process_unshield(process));
		or_end(!op_process_run(process, &(struct op_run_request){0}));
	}
}

START_TEST(killed_while_it_prepares)
{
	// With a thread that waits, and with threads that compute or read only.
	static const struct {
		const char *mode, *end;
	} victims[] = {{"sleep", "interrupted 0"}, {"instruction", "lost 0"}};

	for (size_t i = 0; i < OP_ARRAY_SIZE(victims); i++) {
		struct victim victim;
		unsigned seed = 20253;
		victim_start(&victim, victims[i].mode);
		for (int round = 0; round < 100; round++) {
			kill_at_some_moment(&victim, prepare, &seed);
		}
		victim_tell(&victim, "");
		victim_expect(&victim, victims[i].end);
		victim_ends(&victim, 0);
	}
}
END_TEST

/** A debugger has stepped every thread that computes, and dies when the program has its own
 * handlers again. */
static __attribute__((noreturn)) void step_and_die_without_the_shield(pid_t pid)
{
	size_t count;
	struct op_process *process = must_attach(pid);
	must(op_process_shield(process));
	const struct op_thread_info *threads = op_process_threads(process, &count);
	for (size_t i = 0; i < count; i++) {
		struct op_stop stop;
		if (threads[i].id == pid)
			continue;
		must(op_process_step(process, threads[i].id, &stop));
		or_end(stop.kind == OP_STOP_TRAP);
	}
	must(op_process_unshield(process));
	kill(getpid(), SIGKILL);
	_exit(1);
}

START_TEST(killed_behind_its_steps)
{
	struct victim victim;

	victim_start(&victim, "instruction");
	for (int round = 0; round < 20; round++) {
		int status;
		pid_t debugger = fork();
		if (debugger == 0)
			step_and_die_without_the_shield(victim.pid);
		ck_assert_int_eq(waitpid(debugger, &status, 0), debugger);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	victim_tell(&victim, "");
	victim_expect(&victim, "lost 0");
	victim_ends(&victim, 0);
}
END_TEST

/** A debugger with the shield up, but no trap, dies. */
static void shield_and_die(pid_t pid)
{
	int status;
	pid_t debugger = fork();
	if (debugger == 0) {
		struct op_process *process = must_attach(pid);
		must(op_process_shield(process));
		must_run(process, 0);
		kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(debugger, &status, 0), debugger);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_trap_of_its_own_reaches_its_handler)
{
	struct victim victim;

	// While there is a debugger.
	victim_start(&victim, "trap");
	struct op_process *process = must_attach(victim.pid);
	must(op_process_shield(process));
	must_run(process, 0);
	victim_tell(&victim, "");
	struct op_stop stop = run_until(process, OP_STOP_TRAP);
	must(op_process_run(process,
			    &(struct op_run_request){.thread = stop.thread, .deliver_trap = true}));
	victim_expect(&victim, "traps 1");
	must(op_process_stop_all(process));
	must(op_process_unshield(process));
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_ends(&victim, 0);

	// And afterwards: the guardian has left the handler no budget.
	victim_start(&victim, "trap");
	shield_and_die(victim.pid);
	victim_tell(&victim, "");
	victim_expect(&victim, "traps 1");
	victim_tell(&victim, "");
	victim_ends(&victim, 0);
}
END_TEST

static size_t mapping_count(struct op_process *process)
{
	struct op_mappings mappings;
	must(op_process_mappings(process, &mappings));
	size_t count = mappings.count;
	op_mappings_deinit(&mappings);
	return count;
}

START_TEST(its_own_handler_comes_back)
{
	struct victim victim;

	victim_start(&victim, "trap");
	victim_wait_state(victim.pid, 'S');
	struct op_process *process = must_attach(victim.pid);
	size_t before = mapping_count(process);
	op_process_destroy(process);
	for (int round = 0; round < 20; round++)
		shield_and_die(victim.pid);
	process = must_attach(victim.pid);
	ck_assert_uint_eq(mapping_count(process), before + 2);
	must(op_process_shield(process));
	ck_assert_uint_eq(mapping_count(process), before + 2);
	must(op_process_unshield(process));
	ck_assert_uint_eq(mapping_count(process), before);
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "traps 1");
	victim_tell(&victim, "");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(killed_when_it_is_prepared)
{
	for (int round = 0; round < 50; round++) {
		struct victim victim;
		victim_start(&victim, "threads");
		struct op_process *process = must_attach(victim.pid);
		kill(victim.pid, SIGKILL);
		struct op_error *err = op_process_shield(process);
		ck_assert_ptr_nonnull(err);
		ck_assert_msg(err->code == OP_ERROR_PROCESS_GONE, "round %d: %s", round,
			      err->message);
		op_error_destroy(err);
		op_process_destroy(process);
		victim_ends(&victim, -SIGKILL);
	}
}
END_TEST

/** Have the one thread give memory back, as outpost does that, and die before it has run. */
static __attribute__((noreturn)) void begin_to_unmap(const struct victim *victim)
{
	struct op_process *process = must_attach(victim->pid);
	struct op_live *live = op_live(process);
	struct op_registers saved;
	uint64_t place;
	must(op_detour_find(live, &place));
	or_end(place);
	must(op_process_registers(process, victim->pid, &saved));
	struct op_registers call = saved;
	call.value[OP_X86_64_RIP] = place;
	call.value[OP_X86_64_RAX] = SYS_munmap;
	call.value[OP_X86_64_ORIG_RAX] = UINT64_MAX;
	call.value[OP_X86_64_RDI] = victim->facts[1];
	call.value[OP_X86_64_RSI] = (uint64_t)sysconf(_SC_PAGESIZE);
	must(op_detour_begin(live, place, &saved, &call));
	must(op_process_set_registers(process, victim->pid, &call));
	// Whoever lets it go stops it, where it is.
	kill(victim->pid, SIGSTOP);
	kill(getpid(), SIGKILL);
	_exit(1);
}

// The next outpost finds nothing half done.
START_TEST(a_call_that_was_begun_is_made_first)
{
	struct victim victim;
	struct op_registers registers;
	char byte;
	size_t done;
	int status;

	victim_start(&victim, "memory");
	// In the call that it waits in, which is interrupted.
	victim_wait_state(victim.pid, 'S');
	pid_t debugger = fork();
	if (debugger == 0)
		begin_to_unmap(&victim);
	ck_assert_int_eq(waitpid(debugger, &status, 0), debugger);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	victim_wait_state(victim.pid, 'T');
	ck_assert_int_eq(victim_byte(victim.pid, victim.facts[1]), 'x');
	struct op_process *process = must_attach(victim.pid);
	must(op_process_read_some(process, op_host_addr(victim.facts[1]), &byte, 1, &done));
	ck_assert_uint_eq(done, 0);
	// It waits for a line again, or is about to.
	must(op_process_registers(process, victim.pid, &registers));
	ck_assert_uint_eq(registers.value[OP_X86_64_RAX], SYS_read);
	op_process_destroy(process);
	kill(victim.pid, SIGCONT);
	victim_tell(&victim, "");
	victim_expect(&victim, "a constant in read-only memory");
	victim_ends(&victim, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_shield");
	TCase *shield = tcase_create("shield");

	tcase_set_timeout(shield, 120);
	tcase_add_test(shield, no_instruction_is_lost);
	tcase_add_test(shield, killed_while_it_prepares);
	tcase_add_test(shield, killed_behind_its_steps);
	tcase_add_test(shield, a_trap_of_its_own_reaches_its_handler);
	tcase_add_test(shield, its_own_handler_comes_back);
	tcase_add_test(shield, killed_when_it_is_prepared);
	tcase_add_test(shield, a_call_that_was_begun_is_made_first);
	suite_add_tcase(suite, shield);
	return run_suite(suite);
}
