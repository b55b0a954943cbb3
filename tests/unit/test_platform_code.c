// SPDX-License-Identifier: GPL-3.0-or-later
// Memory, mappings, registers, launching, forks and the watch for new code.
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch/x86_64.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

START_TEST(reads_to_the_border)
{
	struct victim victim;
	struct op_process *process;
	char buffer[8192], text[31];
	size_t done, page = (size_t)sysconf(_SC_PAGESIZE);

	victim_start(&victim, "memory");
	must(op_process_open(victim.pid, &process));
	must(op_process_read(process, op_host_addr(victim.facts[0]), text, sizeof(text)));
	ck_assert_str_eq(text, "a constant in read-only memory");
	must(op_process_read_some(process, op_host_addr(victim.facts[1] + 100), buffer,
				  sizeof(buffer), &done));
	ck_assert_uint_eq(done, page - 100);
	ck_assert_int_eq(buffer[done - 1], 'x');
	must(op_process_read_some(process, op_host_addr(victim.facts[1] + page), buffer, 1, &done));
	ck_assert_uint_eq(done, 0);
	must(op_process_read_some(process, op_host_addr(UINT64_MAX - 4), buffer, 100, &done));
	ck_assert_uint_eq(done, 0);
	char border[32];
	snprintf(border, sizeof(border), "0x%" PRIx64 " ", victim.facts[1] + page);
	must_fail(op_process_read(process, op_host_addr(victim.facts[1]), buffer, sizeof(buffer)),
		  OP_ERROR_UNREADABLE, border);
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(reads_many)
{
	enum { COUNT = 3000 };
	static struct op_read_request requests[COUNT];
	static uint8_t bytes[COUNT];
	struct victim victim;
	struct op_process *process;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	victim_start(&victim, "memory");
	must(op_process_open(victim.pid, &process));
	for (size_t i = 0; i < COUNT; i++) {
		// Each seventh cannot be read.
		uint64_t place = i % 7 == 3 ? victim.facts[1] + page : victim.facts[1] + i % page;
		requests[i] = (struct op_read_request){op_host_addr(place), &bytes[i], 1, i % 2};
	}
	must(op_process_read_many(process, requests, COUNT));
	for (size_t i = 0; i < COUNT; i++) {
		ck_assert_int_eq(requests[i].done, i % 7 != 3);
		ck_assert(i % 7 == 3 || bytes[i] == 'x');
	}
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(writes_through_protection)
{
	struct victim victim;

	victim_start(&victim, "memory");
	struct op_process *process = must_attach(victim.pid);
	must(op_process_write(process, op_host_addr(victim.facts[0] + 2), "CONSTANT", 8));
	must_fail(op_process_write(process, op_host_addr(8), "x", 1), OP_ERROR_UNREADABLE, "0x8 ");
	must_fail(op_process_write(process, op_host_addr(UINT64_MAX), "x", 1), OP_ERROR_UNREADABLE,
		  "written");
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "a CONSTANT in read-only memory");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(mappings_are_those_of_proc)
{
	struct victim victim;
	struct op_process *process;
	struct op_mappings mappings;
	struct stat program;
	bool found = false, stack = false;

	victim_start(&victim, "memory");
	must(op_process_open(victim.pid, &process));
	must(op_process_mappings(process, &mappings));
	ck_assert_int_eq(stat(OP_VICTIM, &program), 0);
	for (size_t i = 0; i < mappings.count; i++) {
		const struct op_mapping *mapping = &mappings.data[i];
		ck_assert(i == 0 || mapping->start.value >= mappings.data[i - 1].end.value);
		stack |= strcmp(mapping->path, "[stack]") == 0 && mapping->anonymous;
		if (mapping->inode != program.st_ino || mapping->file_offset)
			continue;
		ck_assert(!mapping->anonymous && !mapping->shared);
		ck_assert_uint_eq(mapping->device, program.st_dev);
		ck_assert_uint_eq(mapping->protection, OP_PROTECTION_READ);
		found = true;
	}
	ck_assert(found && stack);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const struct op_mapping *none =
		op_mappings_find(&mappings, op_host_addr(victim.facts[1] + page));
	ck_assert_ptr_nonnull(none);
	ck_assert_uint_eq(none->protection, 0);
	ck_assert_ptr_null(op_mappings_find(&mappings, op_host_addr(8)));
	ck_assert_ptr_null(op_mappings_find(&mappings, op_host_addr(UINT64_MAX)));
	op_mappings_deinit(&mappings);
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(paths_of_the_target)
{
	struct victim victim;
	struct op_process *process;
	char *path, folder[PATH_MAX], expected[PATH_MAX + 16];

	victim_start(&victim, "idle");
	must(op_process_open(victim.pid, &process));
	must(op_process_resolve_path(process, "/etc/passwd", &path));
	ck_assert_str_eq(path, "/etc/passwd");
	free(path);
	must(op_process_resolve_path(process, "app.cwasm", &path));
	// Its folder is ours, by its name: through /proc/PID/cwd the sandbox may not go.
	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	snprintf(expected, sizeof(expected), "%s/app.cwasm", folder);
	ck_assert_str_eq(path, expected);
	free(path);
	op_process_destroy(process);
	victim_end(&victim);
}
END_TEST

START_TEST(registers_can_be_moved_and_put_back)
{
	struct victim victim;
	struct op_registers saved, moved, now;
	struct op_host_addr pc;
	uint8_t vector[16];

	victim_start(&victim, "idle");
	// Past its "ready" and in its read.
	victim_wait_state(victim.pid, 'S');
	struct op_process *process = must_attach(victim.pid);
	const struct op_arch *arch = op_process_arch(process);
	must(op_process_registers(process, victim.pid, &saved));
	must(op_process_pc(process, victim.pid, &pc));
	ck_assert_uint_eq(pc.value, saved.value[arch->pc]);
	// It waits in read(), which is to be restarted: number 0.
	ck_assert_uint_eq(saved.value[OP_X86_64_ORIG_RAX], 0);
	must(op_process_vector_register(process, victim.pid, 15, vector));
	must_fail(op_process_vector_register(process, victim.pid, 16, vector), OP_ERROR_NOT_FOUND,
		  "16");

	// Run a nop elsewhere, as an injected call does: it starts exactly there, not two bytes
	// before.
	uint8_t old[5], code[5] = {0x90, 0x90, 0x90, 0xcc, 0x90};
	uint64_t place = saved.value[arch->pc] & ~(uint64_t)15;
	must(op_process_read(process, op_host_addr(place), old, sizeof(old)));
	must(op_process_write(process, op_host_addr(place), code, sizeof(code)));
	moved = saved;
	moved.value[arch->pc] = place + 2;
	must(op_process_set_registers(process, victim.pid, &moved));
	must_run(process, victim.pid);
	must_stop(process, OP_STOP_TRAP);
	must(op_process_pc(process, victim.pid, &pc));
	ck_assert_uint_eq(pc.value, place + 4);
	must(op_process_write(process, op_host_addr(place), old, sizeof(old)));
	must(op_process_set_registers(process, victim.pid, &saved));
	must(op_process_registers(process, victim.pid, &now));
	ck_assert_mem_eq(&now, &saved, sizeof(now));
	op_process_destroy(process);
	// The read goes on as if nothing had been.
	victim_tell(&victim, "");
	victim_expect(&victim, "heard");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(launches)
{
	const char *argv[] = {OP_VICTIM, "idle", NULL};
	struct op_process *process;
	struct op_stop stop;
	size_t size, count;
	int in[2];

	ck_assert_int_eq(pipe(in), 0);
	dup2(in[0], 0);
	must(op_process_launch(&(struct op_launch_options){.argv = argv, .disable_aslr = true},
			       &process));
	const char *line = op_process_command_line(process, &size);
	ck_assert_str_eq(line, OP_VICTIM);
	const struct op_thread_info *threads = op_process_threads(process, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(threads[0].id, op_process_id(process));
	ck_assert_int_eq(threads[0].state, OP_THREAD_STOPPED);
	must_run(process, 0);
	ck_assert_int_eq(write(in[1], "\n", 1), 1);
	stop = must_stop(process, OP_STOP_PROCESS_EXIT);
	ck_assert(!stop.killed);
	ck_assert_int_eq(stop.exit_status, 0);
	must_fail(op_process_wait(process, -1, &stop), OP_ERROR_PROCESS_GONE, "ended");
	op_process_destroy(process);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}
END_TEST

START_TEST(launch_and_detach)
{
	const char *argv[] = {"sh", "-c", "exit 9", NULL};
	struct op_process *process;
	int status;

	must(op_process_launch(&(struct op_launch_options){.argv = argv}, &process));
	pid_t pid = (pid_t)op_process_id(process);
	op_process_destroy(process);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 9);
}
END_TEST

START_TEST(launched_dies_with_its_debugger)
{
	int tell[2];
	pid_t target;

	ck_assert_int_eq(pipe(tell), 0);
	pid_t debugger = fork();
	if (debugger == 0) {
		const char *argv[] = {"sleep", "1000", NULL};
		struct op_process *process;
		must(op_process_launch(&(struct op_launch_options){.argv = argv}, &process));
		must_run(process, 0);
		target = (pid_t)op_process_id(process);
		(void)!write(tell[1], &target, sizeof(target));
		pause();
	}
	ck_assert_int_eq(read(tell[0], &target, sizeof(target)), sizeof(target));
	kill(debugger, SIGKILL);
	waitpid(debugger, NULL, 0);
	// Dead; whoever inherited it may not have reaped it.
	char path[64], state;
	do {
		state = 'X';
		snprintf(path, sizeof(path), "/proc/%d/stat", target);
		FILE *file = fopen(path, "r");
		if (file) {
			(void)!fscanf(file, "%*d (%*[^)]) %c", &state);
			fclose(file);
		}
	} while (state != 'X' && state != 'Z');
}
END_TEST

START_TEST(launch_fails)
{
	const char *missing[] = {"/no/such/program", NULL}, *directory[] = {"/", NULL},
		   *none[] = {NULL};
	struct op_process *process;

	must_fail(op_process_launch(&(struct op_launch_options){.argv = missing}, &process),
		  OP_ERROR_NOT_FOUND, "/no/such/program");
	must_fail(op_process_launch(&(struct op_launch_options){.argv = directory}, &process),
		  OP_ERROR_PERMISSION, "cannot start /");
	must_fail(op_process_launch(&(struct op_launch_options){.argv = none}, &process),
		  OP_ERROR_SYNTAX, "no program");
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}
END_TEST

START_TEST(forked_children)
{
	struct victim victim;

	victim_start(&victim, "fork");
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	victim_tell(&victim, "fork");
	struct op_stop stop = must_stop(process, OP_STOP_FORK);
	ck_assert(!stop.child_shares_memory);
	ck_assert_int_eq(victim_tracer((pid_t)stop.child), getpid());
	must(op_process_write_child(process, stop.child, op_host_addr(victim.facts[0]), "\011", 1));
	must(op_process_release_child(process, stop.child));
	must_fail(op_process_release_child(process, stop.child), OP_ERROR_NOT_FOUND, "no child");
	must_run(process, 0);
	stop = run_until(process, OP_STOP_SIGNAL);
	ck_assert_str_eq(stop.signal_name, "SIGCHLD");
	must_run(process, 0);
	victim_expect(&victim, "child 9");
	victim_tell(&victim, "vfork");
	stop = must_stop(process, OP_STOP_FORK);
	ck_assert(stop.child_shares_memory);
	must(op_process_write_child(process, stop.child, op_host_addr(victim.facts[0]), "\011", 1));
	must_run(process, 0);
	must(op_process_release_child(process, stop.child));
	stop = run_until(process, OP_STOP_SIGNAL);
	must_run(process, 0);
	victim_expect(&victim, "child 5");
	// A child that nobody released is released by the detach.
	victim_tell(&victim, "fork");
	must_stop(process, OP_STOP_FORK);
	op_process_destroy(process);
	victim_expect(&victim, "child 5");
	victim_tell(&victim, "end");
	victim_expect(&victim, "status 5");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(vfork_parent_can_be_met)
{
	struct victim victim;
	struct op_stop stop;

	victim_start(&victim, "vfork-slow");
	victim_wait_state(victim.pid, 'D');
	// It cannot stop, and cannot run either; the attach neither hangs nor fails.
	struct op_process *process = must_attach(victim.pid);
	must_run(process, 0);
	must(op_process_stop_all(process));
	must_run(process, 0);
	victim_tell(&victim, "");
	stop = must_stop(process, OP_STOP_SIGNAL);
	ck_assert_str_eq(stop.signal_name, "SIGCHLD");
	must(op_process_detach(process));
	op_process_destroy(process);
	victim_expect(&victim, "child 3");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(new_code_is_reported)
{
	struct victim victim;
	const struct op_run_request watch = {.watch_code_mapping = true};
	struct op_stop stop;
	static const char *const said[] = {"protect 0", "fails -1", "code 1", "moved 1"};

	victim_start(&victim, "map");
	struct op_process *process = must_attach(victim.pid);
	must(op_process_run(process, &watch));
	victim_tell(&victim, "");
	// Plain memory is no news: the first report is that of mprotect.
	for (int i = 0; i < 3; i++) {
		victim_tell(&victim, "");
		stop = must_stop(process, OP_STOP_CODE_MAPPED);
		ck_assert_int_eq(stop.thread, victim.pid);
		must(op_process_run(process, &watch));
	}
	must(op_process_wait(process, 20, &stop));
	ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	op_process_destroy(process);
	victim_expect(&victim, "plain 1");
	for (int i = 0; i < 4; i++)
		victim_expect(&victim, said[i]);
	victim_tell(&victim, "");
	victim_ends(&victim, 0);
}
END_TEST

static unsigned protection_at(struct op_process *process, struct op_host_addr addr)
{
	struct op_mappings mappings;

	must(op_process_mappings(process, &mappings));
	const struct op_mapping *mapping = op_mappings_find(&mappings, addr);
	unsigned protection = mapping ? mapping->protection : 0;
	op_mappings_deinit(&mappings);
	return protection;
}

static enum op_thread_state state_of(struct op_process *process, op_thread_id thread)
{
	size_t count;
	const struct op_thread_info *threads = op_process_threads(process, &count);
	for (size_t i = 0; i < count; i++)
		if (threads[i].id == thread)
			return threads[i].state;
	ck_abort_msg("thread %d is not there", (int)thread);
}

START_TEST(mapper_is_watched_and_its_code_held)
{
	enum { PAGE = 4096 };
	const unsigned code = OP_PROTECTION_READ | OP_PROTECTION_EXECUTE;
	const struct op_run_request watch = {.watch_code_mapping = true};
	struct victim victim;

	victim_start(&victim, "map");
	struct op_process *process = must_attach(victim.pid);
	must(op_process_run(process, &watch));
	victim_tell(&victim, "");
	victim_tell(&victim, "");
	struct op_stop stop = must_stop(process, OP_STOP_CODE_MAPPED);
	ck_assert_uint_eq(protection_at(process, stop.mapped_address), code);
	must(op_process_protect(process, stop.mapped_address, PAGE, OP_PROTECTION_READ));
	ck_assert_uint_eq(protection_at(process, stop.mapped_address), OP_PROTECTION_READ);
	must(op_process_protect(process, stop.mapped_address, PAGE, code));
	ck_assert_uint_eq(protection_at(process, stop.mapped_address), code);
	// It says on its standard output what mprotect() has returned: that is something else.
	ck_assert(!op_process_mapper_is_busy(process, stop.thread));
	op_process_watch_mapper(process, stop.thread);
	ck_assert(op_process_mapper_is_busy(process, stop.thread));
	op_thread_id mapper = stop.thread;
	must(op_process_run(process, &watch));
	stop = must_stop(process, OP_STOP_MAPPER_DONE);
	ck_assert_int_eq(stop.thread, 0);
	ck_assert(!op_process_mapper_is_busy(process, mapper));
	// Alone it would go on to read its next line.
	while (state_of(process, mapper) != OP_THREAD_STOPPED) {
		must(op_process_wait(process, 20, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_NONE);
	}
	must(op_process_run(process, &watch));
	ck_assert_int_eq(state_of(process, mapper), OP_THREAD_RUNNING);
	victim_expect(&victim, "plain 1");
	victim_expect(&victim, "protect 0");
	op_process_destroy(process);
	for (int i = 0; i < 3; i++)
		victim_tell(&victim, "");
	victim_expect(&victim, "fails -1");
	victim_expect(&victim, "code 1");
	victim_expect(&victim, "moved 1");
	victim_ends(&victim, 0);
}
END_TEST

START_TEST(stop_all_while_watching)
{
	struct victim victim;

	victim_start(&victim, "sleep");
	struct op_process *process = must_attach(victim.pid);
	for (int round = 0; round < 300; round++) {
		struct op_stop stop;
		size_t count;
		must(op_process_run(
			process, &(struct op_run_request){.watch_code_mapping = round % 3 != 0}));
		must(op_process_wait(process, round % 5, &stop));
		ck_assert_int_eq(stop.kind, OP_STOP_NONE);
		must(op_process_stop_all(process));
		const struct op_thread_info *threads = op_process_threads(process, &count);
		ck_assert_uint_eq(count, 2);
		for (size_t i = 0; i < count; i++) {
			struct op_registers registers;
			must(op_process_registers(process, threads[i].id, &registers));
			must(op_process_set_registers(process, threads[i].id, &registers));
		}
	}
	op_process_destroy(process);
	victim_tell(&victim, "");
	victim_expect(&victim, "interrupted 0");
	victim_ends(&victim, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_code");
	TCase *code = tcase_create("code");

	tcase_set_timeout(code, 60);
	tcase_add_test(code, reads_to_the_border);
	tcase_add_test(code, reads_many);
	tcase_add_test(code, writes_through_protection);
	tcase_add_test(code, mappings_are_those_of_proc);
	tcase_add_test(code, paths_of_the_target);
	tcase_add_test(code, registers_can_be_moved_and_put_back);
	tcase_add_test(code, launches);
	tcase_add_test(code, launch_and_detach);
	tcase_add_test(code, launched_dies_with_its_debugger);
	tcase_add_test(code, launch_fails);
	tcase_add_test(code, forked_children);
	tcase_add_test(code, vfork_parent_can_be_met);
	tcase_add_test(code, new_code_is_reported);
	tcase_add_test(code, mapper_is_watched_and_its_code_held);
	tcase_add_test(code, stop_all_while_watching);
	suite_add_tcase(suite, code);
	return run_suite(suite);
}
