// SPDX-License-Identifier: GPL-3.0-or-later
// Freezing a process and writing it as a core file: what is in it is of that moment, whatever the
// program did meanwhile, and the program did not notice.
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new_file.h"
#include "tests/unit/suite.h"
#include "tests/unit/victim_control.h"

static char folder[] = "outpost-freeze-XXXXXX";
static char path[64];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/core", folder);
}

static void teardown(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct op_frozen *must_freeze(struct op_process *process, bool no_fork)
{
	const struct op_freeze_options options = {.no_fork = no_fork};
	struct op_frozen *frozen = NULL;
	must(op_process_freeze(process, &options, &frozen));
	return frozen;
}

/** How many children a process has, dead ones that nobody has waited for included. */
static size_t children(pid_t pid)
{
	char name[64], text[256] = "";
	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(name, "re");
	ck_assert_ptr_nonnull(file);
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	return size;
}

static uint64_t word_at(struct op_process *process, uint64_t addr)
{
	uint64_t value;
	must(op_process_read(process, op_host_addr(addr), &value, sizeof(value)));
	return value;
}

static void must_be_same_threads(struct op_process *core, const struct op_thread_info *threads,
				 const struct op_registers *registers, size_t count)
{
	size_t core_count;
	const struct op_thread_info *core_threads = op_process_threads(core, &core_count);
	ck_assert_uint_eq(core_count, count);
	for (size_t i = 0; i < count; i++) {
		struct op_registers there;
		ck_assert_int_eq(core_threads[i].id, threads[i].id);
		ck_assert_str_eq(core_threads[i].name, threads[i].name);
		must(op_process_registers(core, core_threads[i].id, &there));
		ck_assert_mem_eq(&there, &registers[i], sizeof(there));
	}
}

/** The program runs on between the moment and the writing. */
START_TEST(test_moment)
{
	enum { THREADS_MAX = 8 };
	struct victim victim;
	struct op_thread_info threads[THREADS_MAX];
	struct op_registers registers[THREADS_MAX];
	size_t count;
	victim_start(&victim, "hot");
	struct op_process *process = must_attach(victim.pid);
	const struct op_thread_info *infos = op_process_threads(process, &count);
	ck_assert_uint_le(count, THREADS_MAX);
	memcpy(threads, infos, count * sizeof(*infos));
	for (size_t i = 0; i < count; i++)
		must(op_process_registers(process, threads[i].id, &registers[i]));
	uint64_t passes = word_at(process, victim.facts[1]);
	struct op_frozen *frozen = must_freeze(process, false);
	ck_assert(op_frozen_is_copy(frozen, NULL));
	must(op_process_detach(process));
	while (word_at(process, victim.facts[1]) == passes)
		sched_yield();
	struct op_core_written written;
	must(op_frozen_write_core(frozen, path, NULL, &written));
	ck_assert_uint_eq(written.threads, count);
	ck_assert_uint_eq(written.unread, 0);
	must(op_process_attach(process, NULL));
	must(op_process_thaw(process, frozen));
	must(op_process_detach(process));
	ck_assert_uint_eq(children(victim.pid), 0);
	struct op_process *core;
	must(op_process_open_core(path, &(struct op_core_options){0}, &core));
	ck_assert_uint_eq(word_at(core, victim.facts[1]), passes);
	ck_assert_int_eq(op_process_id(core), victim.pid);
	must_be_same_threads(core, threads, registers, count);
	op_process_destroy(core);
	op_process_destroy(process);
	victim_tell(&victim, "end");
	victim_expect(&victim, "done");
	victim_ends(&victim, 0);
}
END_TEST

/** The same file with a copy and without. */
START_TEST(test_without_copy)
{
	struct victim victim;
	struct op_core_written written, other;
	const char *why;
	victim_start(&victim, "idle");
	struct op_process *process = must_attach(victim.pid);
	struct op_frozen *frozen = must_freeze(process, false);
	must(op_frozen_write_core(frozen, path, NULL, &written));
	must(op_process_thaw(process, frozen));
	frozen = must_freeze(process, true);
	ck_assert(!op_frozen_is_copy(frozen, &why));
	ck_assert_str_eq(why, "no copy of the process was wanted");
	must(op_frozen_write_core(frozen, path, NULL, &other));
	must(op_process_thaw(process, frozen));
	ck_assert_uint_eq(written.size, other.size);
	ck_assert_uint_eq(written.stored, other.stored);
	op_process_destroy(process);
	victim_tell(&victim, "end");
	victim_expect(&victim, "heard");
	victim_ends(&victim, 0);
}
END_TEST

/** System calls see no interruption. */
START_TEST(test_unnoticed)
{
	struct victim victim;
	victim_start(&victim, "sleep");
	for (int i = 0; i < 20; i++) {
		struct op_process *process = must_attach(victim.pid);
		struct op_frozen *frozen = must_freeze(process, false);
		ck_assert(op_frozen_is_copy(frozen, NULL));
		op_frozen_release(frozen);
		must(op_process_thaw(process, frozen));
		op_process_destroy(process);
		ck_assert_uint_eq(children(victim.pid), 0);
	}
	victim_tell(&victim, "end");
	victim_expect(&victim, "interrupted 0");
	victim_ends(&victim, 0);
}
END_TEST

// Of the victim "large".
enum { SLOTS = 1024, SLOT = 64 << 10, PART = 8 << 20, EMPTIED = SLOTS * SLOT };

/** All slots have the same number, or those behind one of them the number before. */
static void must_be_one_moment(struct op_process *core, uint64_t memory)
{
	uint64_t number = word_at(core, memory), before = number;
	for (size_t i = 1; i < SLOTS; i++) {
		uint64_t here = word_at(core, memory + i * SLOT);
		ck_assert_uint_le(here, before);
		ck_assert_uint_ge(here + 1, number);
		before = here;
	}
}

static void must_hold(struct op_process *core, uint64_t memory, size_t size, int byte)
{
	uint8_t *bytes = malloc(size), *wanted = malloc(size);
	ck_assert(bytes && wanted);
	memset(wanted, byte, size);
	must(op_process_read(core, op_host_addr(memory), bytes, size));
	ck_assert(memcmp(bytes, wanted, size) == 0);
	free(bytes);
	free(wanted);
}

/** Much memory, which is written to, emptied, replaced and opened up while it is copied. Where the
 * kernel does not note writes a fork must do as well. */
START_TEST(test_copied_while_it_runs)
{
	struct victim victim;
	struct op_core_written written;
	struct op_process *process, *core;
	victim_start(&victim, "large");
	uint64_t memory = victim.facts[0];
	must(op_process_open(victim.pid, &process));
	struct op_freeze_options options = {0};
	must(op_process_copy_running(process, NULL, &options.copied));
	bool copied = options.copied;
	ck_assert_int_eq(victim_tracer(victim.pid), 0);
	victim_tell(&victim, "change");
	victim_expect(&victim, "changed");
	must(op_process_attach(process, NULL));
	struct op_frozen *frozen;
	must(op_process_freeze(process, &options, &frozen));
	ck_assert(op_frozen_is_copy(frozen, NULL));
	ck_assert(copied == !op_frozen_is_child(frozen));
	uint64_t number = word_at(process, memory);
	must(op_process_detach(process));
	while (word_at(process, memory) == number)
		sched_yield();
	must(op_frozen_write_core(frozen, path, NULL, &written));
	ck_assert_uint_eq(written.unread, 0);
	must(op_process_attach(process, NULL));
	must(op_process_thaw(process, frozen));
	op_process_destroy(process);
	must(op_process_open_core(path, &(struct op_core_options){0}, &core));
	ck_assert_uint_eq(word_at(core, memory), number);
	must_be_one_moment(core, memory);
	must_hold(core, memory + SLOT / 2, SLOT / 2, 'a');
	must_hold(core, memory + EMPTIED, PART, 0);
	must_hold(core, memory + EMPTIED + PART, PART, 'b');
	must_hold(core, memory + EMPTIED + 2 * PART, PART, 'c');
	op_process_destroy(core);
	victim_tell(&victim, "end");
	victim_expect(&victim, "done");
	victim_ends(&victim, 0);
}
END_TEST

/** The program is killed while there is a copy of it: that can still be written. */
START_TEST(test_killed_meanwhile)
{
	struct victim victim;
	struct op_core_written written;
	victim_start(&victim, "idle");
	struct op_process *process = must_attach(victim.pid);
	struct op_frozen *frozen = must_freeze(process, false);
	must(op_process_detach(process));
	kill(victim.pid, SIGKILL);
	victim_ends(&victim, -SIGKILL);
	must(op_frozen_write_core(frozen, path, NULL, &written));
	must(op_process_thaw(NULL, frozen));
	op_process_destroy(process);
	struct op_process *core;
	must(op_process_open_core(path, &(struct op_core_options){0}, &core));
	ck_assert_int_eq(op_process_id(core), victim.pid);
	op_process_destroy(core);
}
END_TEST

/** All of a file or nothing, readable by its owner; what was there before stays until then. */
START_TEST(test_new_file)
{
	struct op_new_file file;
	struct stat status;
	char text[8] = "";
	FILE *old = fopen(path, "we");
	ck_assert_ptr_nonnull(old);
	fputs("old", old);
	fclose(old);
	must(op_new_file_begin(&file, path));
	must(op_new_file_write(&file, 4, "new", 3));
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_size, 3);
	op_new_file_deinit(&file);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_size, 3);
	must(op_new_file_begin(&file, path));
	must(op_new_file_write(&file, 4, "new", 3));
	must(op_new_file_finish(&file, 8));
	op_new_file_deinit(&file);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 0777, 0600);
	old = fopen(path, "re");
	ck_assert_uint_eq(fread(text, 1, sizeof(text), old), 8);
	fclose(old);
	ck_assert_mem_eq(text, "\0\0\0\0new\0", 8);
	must_fail(op_new_file_begin(&file, folder), OP_ERROR_IO, "no plain file");
	op_new_file_deinit(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform_freeze");
	TCase *tests = tcase_create("platform_freeze");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_moment);
	tcase_add_test(tests, test_without_copy);
	tcase_add_test(tests, test_unnoticed);
	tcase_add_test(tests, test_copied_while_it_runs);
	tcase_add_test(tests, test_killed_meanwhile);
	tcase_add_test(tests, test_new_file);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
