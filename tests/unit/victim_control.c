// SPDX-License-Identifier: GPL-3.0-or-later
// The tests' side of the victim program.
#include "tests/unit/victim_control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(uid_t user)
{
	if (user &&
	    (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user)))
		_exit(97);
}

/** What the victim's process does until it is the victim. */
static void __attribute__((noreturn))
run_victim(const char *mode, uid_t user, const int in[2], const int out[2])
{
	pid_t keeper = getppid();

	dup2(in[0], 0);
	dup2(out[1], 1);
	closefrom(3);
	become(user);
	// A test that fails leaves nothing behind.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(96);
	execl(OP_VICTIM, OP_VICTIM, mode, NULL);
	_exit(95);
}

/** The victim's parent: passes its end on to us. */
static void __attribute__((noreturn))
keep(const char *mode, uid_t user, const int in[2], const int out[2], int number)
{
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t pid = fork();
	if (pid == 0)
		run_victim(mode, user, in, out);
	(void)!write(number, &pid, sizeof(pid));
	closefrom(3);
	if (waitpid(pid, &status, 0) != pid)
		_exit(94);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void victim_start_as(struct victim *victim, const char *mode, uid_t user)
{
	int in[2], out[2], number[2];

	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_eq(pipe(number), 0);
	victim->keeper = fork();
	if (victim->keeper == 0)
		keep(mode, user, in, out, number[1]);
	ck_assert_int_gt(victim->keeper, 0);
	ck_assert_int_eq(read(number[0], &victim->pid, sizeof(victim->pid)), sizeof(victim->pid));
	close(number[0]);
	close(number[1]);
	close(in[0]);
	close(out[1]);
	victim->to = fdopen(in[1], "w");
	victim->from = fdopen(out[0], "r");
	char line[256];
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), victim->from));
	ck_assert_int_eq(strncmp(line, "ready", 5), 0);
	victim->facts[0] = victim->facts[1] = 0;
	sscanf(line, "ready %" SCNx64 " %" SCNx64, &victim->facts[0], &victim->facts[1]);
}

void victim_start(struct victim *victim, const char *mode)
{
	victim_start_as(victim, mode, 0);
}

void victim_tell(struct victim *victim, const char *line)
{
	fprintf(victim->to, "%s\n", line);
	fflush(victim->to);
}

void victim_expect(struct victim *victim, const char *line)
{
	char got[256];

	ck_assert_ptr_nonnull(fgets(got, sizeof(got), victim->from));
	got[strcspn(got, "\n")] = '\0';
	ck_assert_str_eq(got, line);
}

static void close_pipes(struct victim *victim)
{
	fclose(victim->to);
	fclose(victim->from);
}

void victim_ends(struct victim *victim, int status)
{
	int got;

	ck_assert_int_eq(waitpid(victim->keeper, &got, 0), victim->keeper);
	ck_assert(WIFEXITED(got));
	ck_assert_int_eq(WEXITSTATUS(got), status < 0 ? 128 - status : status);
	close_pipes(victim);
}

void victim_end(struct victim *victim)
{
	kill(victim->pid, SIGKILL);
	victim_ends(victim, -SIGKILL);
}

static void read_status(pid_t pid, const char *format, void *ret)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, format, ret) != 1)
		;
	fclose(file);
}

char victim_state(pid_t pid)
{
	char state = 0;

	read_status(pid, "State: %c", &state);
	return state;
}

pid_t victim_tracer(pid_t pid)
{
	int tracer = -1;

	read_status(pid, "TracerPid: %d", &tracer);
	return tracer;
}

void victim_wait_state(pid_t pid, char state)
{
	while (victim_state(pid) != state)
		sched_yield();
}

void must(struct op_error *err)
{
	if (err)
		ck_abort_msg("%s: %s", op_error_code_name(err->code), err->message);
}

void must_fail(struct op_error *err, enum op_error_code code, const char *part)
{
	ck_assert_ptr_nonnull(err);
	ck_assert_msg(err->code == code && strstr(err->message, part), "%s: %s",
		      op_error_code_name(err->code), err->message);
	op_error_destroy(err);
}

struct op_process *must_attach(pid_t pid)
{
	struct op_process *process;

	must(op_process_open(pid, &process));
	must(op_process_attach(process, NULL));
	return process;
}

struct op_stop must_stop(struct op_process *process, enum op_stop_kind kind)
{
	struct op_stop stop;

	must(op_process_wait(process, -1, &stop));
	ck_assert_msg(stop.kind == kind, "stop of kind %d (%s, thread %d) instead of %d",
		      (int)stop.kind, stop.signal_name, (int)stop.thread, (int)kind);
	return stop;
}

void must_run(struct op_process *process, op_thread_id thread)
{
	must(op_process_run(process, &(struct op_run_request){.thread = thread}));
}

struct op_stop run_until(struct op_process *process, enum op_stop_kind kind)
{
	for (;;) {
		struct op_stop stop;
		must(op_process_wait(process, -1, &stop));
		if (stop.kind == kind)
			return stop;
		ck_assert_int_ne(stop.kind, OP_STOP_PROCESS_EXIT);
		if (stop.kind == OP_STOP_FORK)
			must(op_process_release_child(process, stop.child));
		if (stop.kind != OP_STOP_THREAD_EXIT)
			must_run(process, stop.thread);
	}
}

uint8_t victim_byte(pid_t pid, uint64_t address)
{
	char path[64];
	uint8_t byte;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	int memory = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(memory, 0);
	ck_assert_int_eq(pread(memory, &byte, 1, (off_t)address), 1);
	close(memory);
	return byte;
}

void or_end(bool fine)
{
	if (!fine)
		_exit(1);
}
