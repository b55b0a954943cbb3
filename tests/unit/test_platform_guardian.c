// SPDX-License-Identifier: GPL-3.0-or-later
// Copies that a program makes of its own code while traps are in it: the guardian finds them.
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

enum { TRAP = 0xcc };

/** A debugger in a process of its own, which has planted a trap. */
struct debugger {
	pid_t pid, guardian;
	int commands, answers;
};

enum command {
	TAKE_OUT,        // the trap
	LEAVE_A_PROCESS, // that has all that is open here, until the test lets go of it
};

static uint8_t plant(struct op_process *process, struct op_host_addr place, uint32_t *ret_entry)
{
	const struct op_arch *arch = op_process_arch(process);
	uint8_t original;
	must(op_process_shield(process));
	must(op_process_read(process, place, &original, 1));
	must(op_process_note_plant(process, place, arch->trap, arch->trap_size, original,
				   ret_entry));
	must(op_process_write(process, place, arch->trap, arch->trap_size));
	return original;
}

static void take_out(struct op_process *process, struct op_host_addr place, uint8_t original,
		     uint32_t entry)
{
	must(op_process_stop_all(process));
	must(op_process_write(process, place, &original, 1));
	op_process_forget_plant(process, entry);
	must_run(process, 0);
}

static void leave_a_process(int commands)
{
	char byte;
	if (fork())
		return;
	while (read(commands, &byte, 1) > 0)
		;
	_exit(0);
}

/** Lets the victim run, and obeys; each command is answered when it is done, and the beginning. */
static __attribute__((noreturn)) void debug(const struct victim *victim, int commands, int answers)
{
	struct op_process *process = must_attach(victim->pid);
	struct op_host_addr place = op_host_addr(victim->facts[1]);
	uint32_t entry;
	uint8_t original = plant(process, place, &entry), command;
	must_run(process, 0);
	or_end(write(answers, "", 1) == 1);
	for (;;) {
		struct pollfd asked = {.fd = commands, .events = POLLIN};
		struct op_stop stop;
		must(op_process_wait(process, 5, &stop));
		if (stop.kind != OP_STOP_NONE)
			must_run(process, stop.thread);
		if (poll(&asked, 1, 0) != 1)
			continue;
		or_end(read(commands, &command, 1) == 1);
		if (command == TAKE_OUT)
			take_out(process, place, original, entry);
		else
			leave_a_process(commands);
		or_end(write(answers, "", 1) == 1);
	}
}

static pid_t only_child(pid_t pid)
{
	char path[64];
	int child;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &child), 1);
	fclose(file);
	return child;
}

static void await_answer(const struct debugger *debugger)
{
	char answer;
	ck_assert_int_eq(read(debugger->answers, &answer, 1), 1);
}

static void start_debugger(const struct victim *victim, struct debugger *ret)
{
	int commands[2], answers[2];
	// What it leaves behind is a child of ours then, and its end can be waited for.
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(pipe(commands), 0);
	ck_assert_int_eq(pipe(answers), 0);
	ret->pid = fork();
	if (ret->pid == 0) {
		close(commands[1]);
		debug(victim, commands[0], answers[1]);
	}
	close(commands[0]);
	close(answers[1]);
	ret->commands = commands[1];
	ret->answers = answers[0];
	await_answer(ret);
	ret->guardian = only_child(ret->pid);
}

/** A victim with a debugger that has a trap in it. @return what was in the trap's place. */
static uint8_t begin(struct victim *victim, struct debugger *ret)
{
	victim_start(victim, "copies");
	const uint8_t original = victim_byte(victim->pid, victim->facts[1]);
	start_debugger(victim, ret);
	return original;
}

static void tell_debugger(const struct debugger *debugger, enum command command)
{
	uint8_t byte = (uint8_t)command;
	ck_assert_int_eq(write(debugger->commands, &byte, 1), 1);
	await_answer(debugger);
}

static void kill_debugger(const struct debugger *debugger)
{
	int status;
	kill(debugger->pid, SIGKILL);
	ck_assert_int_eq(waitpid(debugger->pid, &status, 0), debugger->pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/** Its guardian goes when its work is done. */
static void debugger_ends(const struct debugger *debugger)
{
	int status;
	ck_assert_int_eq(waitpid(debugger->guardian, &status, 0), debugger->guardian);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(debugger->commands);
	close(debugger->answers);
}

/** Have the victim make a copy. @return where the trap's place is in it. */
static uint64_t copied(struct victim *victim, const char *how)
{
	uint64_t address;
	victim_tell(victim, how);
	ck_assert_int_eq(fscanf(victim->from, "at %" SCNx64 "%*c", &address), 1);
	return address + (victim->facts[1] - victim->facts[0]);
}

static void ends(struct victim *victim)
{
	victim_tell(victim, "");
	victim_ends(victim, 0);
}

START_TEST(copies_are_mended)
{
	struct victim victim;
	struct debugger debugger;
	const uint8_t original = begin(&victim, &debugger);

	uint64_t alike = copied(&victim, "alike"), larger = copied(&victim, "larger");
	uint64_t first = copied(&victim, "copy"), second = copied(&victim, "copy");
	ck_assert_uint_eq(victim_byte(victim.pid, first), TRAP);
	kill_debugger(&debugger);
	// It waits in the handler until the instruction is there.
	victim_tell(&victim, "call");
	victim_expect(&victim, "is 7");
	debugger_ends(&debugger);
	ck_assert_uint_eq(victim_byte(victim.pid, victim.facts[1]), original);
	ck_assert_uint_eq(victim_byte(victim.pid, first), original);
	ck_assert_uint_eq(victim_byte(victim.pid, second), original);
	// Other code, and a mapping of another size.
	ck_assert_uint_eq(victim_byte(victim.pid, alike), TRAP);
	ck_assert_uint_eq(victim_byte(victim.pid, larger), TRAP);
	ends(&victim);
}
END_TEST

START_TEST(copies_of_what_was_taken_out_are_mended)
{
	struct victim victim;
	struct debugger debugger;
	const uint8_t original = begin(&victim, &debugger);

	uint64_t copy = copied(&victim, "copy");
	tell_debugger(&debugger, TAKE_OUT);
	ck_assert_uint_eq(victim_byte(victim.pid, victim.facts[1]), original);
	ck_assert_uint_eq(victim_byte(victim.pid, copy), TRAP);
	kill_debugger(&debugger);
	debugger_ends(&debugger);
	ck_assert_uint_eq(victim_byte(victim.pid, copy), original);
	ends(&victim);
}
END_TEST

START_TEST(a_copy_in_the_making_is_waited_for)
{
	struct victim victim;
	struct debugger debugger;
	const uint8_t original = begin(&victim, &debugger);

	uint64_t copy = copied(&victim, "slowly");
	kill_debugger(&debugger);
	while (victim_byte(victim.pid, victim.facts[1]) != original)
		sched_yield();
	ck_assert_uint_eq(victim_byte(victim.pid, copy), TRAP);
	victim_tell(&victim, "");
	victim_expect(&victim, "published");
	victim_tell(&victim, "call");
	victim_expect(&victim, "is 7");
	debugger_ends(&debugger);
	ck_assert_uint_eq(victim_byte(victim.pid, copy), original);
	ends(&victim);
}
END_TEST

START_TEST(a_child_does_not_keep_the_guardian_waiting)
{
	struct victim victim;
	struct debugger debugger;
	const uint8_t original = begin(&victim, &debugger);

	tell_debugger(&debugger, LEAVE_A_PROCESS);
	kill_debugger(&debugger);
	debugger_ends(&debugger);
	ck_assert_uint_eq(victim_byte(victim.pid, victim.facts[1]), original);
	ends(&victim);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_guardian");
	TCase *copies = tcase_create("copies");

	tcase_set_timeout(copies, 120);
	tcase_add_test(copies, copies_are_mended);
	tcase_add_test(copies, copies_of_what_was_taken_out_are_mended);
	tcase_add_test(copies, a_copy_in_the_making_is_waited_for);
	tcase_add_test(copies, a_child_does_not_keep_the_guardian_waiting);
	suite_add_tcase(suite, copies);
	return run_suite(suite);
}
