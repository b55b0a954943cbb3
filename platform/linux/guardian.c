// SPDX-License-Identifier: GPL-3.0-or-later
// The guardian: a small process that sleeps until outpost ends, however it ends; then every trap of
// the shared journal becomes the byte that is harmless there, and so do its copies.
// One byte is written, not the whole slot: a thread may be about to run the rest of it. Debug
// registers outlive their tracer too (ptrace_disable(), arch/x86/kernel/ptrace.c, leaves them), so
// they are cleared on every thread.
#include "platform/linux/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/compiler.h"
#include "platform/linux/guardian_journal.h"
#include "platform/linux/guardian_sweep.h"
#include "platform/linux/guardian_target.h"
#include "platform/linux/proc.h"
#include "platform/linux/request.h"

struct op_guardian {
	pid_t pid;
	int alive; // write end of the pipe
	struct op_journal *journal;
	struct op_journal_keeper keeper;
};

// False when another tracer has the thread, or it does not stop.
static bool clear_thread(pid_t thread)
{
	static const unsigned registers[] = {7, 6, 0, 1, 2, 3}; // control first
	int number, problem = op_guardian_seize(thread, &number);
	if (problem)
		return problem == ESRCH;
	for (size_t i = 0; i < OP_ARRAY_SIZE(registers); i++)
		op_ptrace(PTRACE_POKEUSER, thread,
			  offsetof(struct user, u_debugreg) + registers[i] * sizeof(long), 0);
	op_ptrace(PTRACE_DETACH, thread, 0, number);
	return true;
}

static bool was_cleared(const pid_t *cleared, size_t count, pid_t thread)
{
	for (size_t i = 0; i < count; i++)
		if (cleared[i] == thread)
			return true;
	return false;
}

// Threads that are born meanwhile have nothing set (copy_thread(), arch/x86/kernel/process.c), yet
// what their registers read as is cleared with the others'.
static void clear_watches(const struct op_guardian_target *target)
{
	enum { PASSES = 1000 };
	struct OP_ARRAY(pid_t) cleared = {0};
	bool left = true;
	for (int pass = 0; pass < PASSES && left; pass++) {
		_cleanup_free_ pid_t *threads = NULL;
		size_t count;
		left = false;
		if (pass)
			usleep(1000);
		if (!op_guardian_is_there(target) || op_proc_threads(target->pid, &threads, &count))
			break;
		for (size_t i = 0; i < count; i++) {
			if (was_cleared(cleared.data, cleared.count, threads[i]))
				continue;
			// One more pass finds those that were born during this one.
			left = true;
			if (clear_thread(threads[i]))
				(void)!op_array_push(&cleared, threads[i]);
		}
	}
	free(cleared.data);
}

// Memory of outpost's own: nothing of it is in a file, and the program does not map such memory
// without having written into it.
static bool is_fresh_code(const struct op_guardian_target *target, uint64_t address)
{
	_cleanup_(op_mappings_deinit) struct op_mappings mappings = {0};
	const struct op_mapping *mapping =
		op_guardian_mappings(target, &mappings)
			? op_mappings_find(&mappings, op_host_addr(address))
			: NULL;
	return mapping && !mapping->path[0] &&
	       op_mapping_is_own(mapping, OP_PROTECTION_READ | OP_PROTECTION_EXECUTE);
}

// Outpost died while a thread of the target was about to map memory for it: as soon as it is there
// it gets the label by which the next outpost knows it.
static void label_map(const struct op_guardian_target *target, struct op_journal *journal)
{
	enum { LOOKS = 500 };
	static const uint8_t zeros[OP_MAP_LABEL_MAX];
	uint64_t address = atomic_load(&journal->map);
	uint8_t now[OP_MAP_LABEL_MAX];
	for (int i = 0; address && i < LOOKS; i++) {
		if (!is_fresh_code(target, address)) {
			usleep(1000);
			continue;
		}
		if (op_guardian_read(target, address, now, journal->label_size) ==
			    journal->label_size &&
		    !memcmp(now, zeros, journal->label_size))
			for (size_t k = 0; k < journal->label_size; k++)
				op_guardian_write_byte(target, address + k, journal->label[k]);
		return;
	}
}

// False when one may still be there.
static bool disarm_kind(const struct op_guardian_target *target, const struct op_journal *journal,
			bool over_instructions)
{
	bool done = true;
	uint32_t used = atomic_load(&journal->used);
	for (uint32_t i = 0; i < used && i < OP_JOURNAL_ENTRIES; i++) {
		const struct op_journal_entry *entry = &journal->entries[i];
		uint64_t address = atomic_load(&entry->address);
		if (address && entry->trap.over_instruction == over_instructions)
			done &= op_guardian_disarm(target, &entry->trap, address);
	}
	return done;
}

// Memory that cannot be read may have been unmapped since, and then stays so; what fails for
// another reason goes well the next time.
static bool disarm_all(const struct op_guardian_target *target, const struct op_journal *journal)
{
	enum { PASSES = 4, PAUSE_US = 1000 };
	for (int pass = 1;; pass++) {
		// Threads wait at these; the others they pass.
		bool done = disarm_kind(target, journal, true);
		done &= disarm_kind(target, journal, false);
		if (done || pass == PASSES)
			return done;
		usleep(PAUSE_US);
	}
}

// All that outpost would have done.
static void clean(const struct op_guardian_target *target, struct op_journal *journal)
{
	bool done = disarm_all(target, journal);
	if (!atomic_load(&journal->dismissed))
		op_guardian_sweep(target, journal);
	// A trap that is left is the program's own: its threads are not kept at it. An outpost that
	// has come meanwhile has put its own budget there.
	if (done && op_guardian_is_alone(target))
		op_guardian_set_budget(target, atomic_load(&journal->budget), 0);
	if (atomic_load(&journal->watches))
		clear_watches(target);
	label_map(target, journal);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void close_all_but(int *kept, size_t count)
{
	qsort(kept, count, sizeof(*kept), by_number);
	unsigned first = STDERR_FILENO + 1;
	for (size_t i = 0; i < count; i++) {
		if (kept[i] < (int)first)
			continue;
		if (kept[i] > (int)first)
			syscall(SYS_close_range, first, (unsigned)kept[i] - 1, 0u);
		first = (unsigned)kept[i] + 1;
	}
	syscall(SYS_close_range, first, ~0u, 0u);
}

// What outpost is known to live by: a pipe, which closes, and its pidfd, which can be read when it
// has ended. A process that outpost has forked may keep the pipe open for longer; not every kernel
// has the other.
struct alive {
	int pipe, process;
};

static void await_end(const struct alive *alive)
{
	struct pollfd ends[] = {{.fd = alive->pipe, .events = POLLIN},
				{.fd = alive->process, .events = POLLIN}};
	while (poll(ends, OP_ARRAY_SIZE(ends), -1) < 0 && errno == EINTR)
		;
}

static void __attribute__((noreturn))
watch(struct op_guardian_target target, const struct alive *alive, struct op_journal *journal)
{
	struct op_proc_status status;
	// outpost has it stopped: it is the right one still.
	if (op_proc_status(target.pid, &status))
		_exit(1);
	target.start_time = status.start_time;
	// Ctrl-C and hang-ups at outpost's terminal are not meant for it.
	setsid();
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	prctl(PR_SET_NAME, "outpost-guard");
	// Whoever reads outpost's output must see its end when outpost ends.
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	int kept[] = {target.memory_fd, alive->pipe, alive->process};
	close_all_but(kept, OP_ARRAY_SIZE(kept));
	await_end(alive);
	clean(&target, journal);
	_exit(0);
}

static void guardian_destroy(struct op_guardian *guardian)
{
	if (!guardian)
		return;
	if (guardian->journal)
		atomic_store(&guardian->journal->dismissed, true);
	if (guardian->alive >= 0)
		close(guardian->alive);
	if (guardian->pid > 0)
		while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (guardian->journal)
		munmap(guardian->journal, sizeof(*guardian->journal));
	op_journal_keeper_deinit(&guardian->keeper);
	free(guardian);
}

static void guardian_destroyp(struct op_guardian **guardian)
{
	guardian_destroy(*guardian);
}

void op_guardian_stop(struct op_guardian *guardian)
{
	guardian_destroy(guardian);
}

struct op_error *op_guardian_start(pid_t target, int memory_fd, struct op_guardian **ret)
{
	_cleanup_(guardian_destroyp) struct op_guardian *guardian = calloc(1, sizeof(*guardian));
	if (!guardian)
		return op_error_no_memory();
	guardian->alive = -1;
	void *map = mmap(NULL, sizeof(*guardian->journal), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return op_error_system(OP_ERROR_SYSTEM, errno,
				       "cannot make the journal that protects process %d", target);
	guardian->journal = guardian->keeper.journal = map;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return op_error_system(OP_ERROR_SYSTEM, errno,
				       "cannot make the pipe to the guardian of process %d",
				       target);
	const struct op_guardian_target seen = {
		.pid = target, .memory_fd = memory_fd, .outpost = getpid()};
	const struct alive alive = {ends[0], (int)syscall(SYS_pidfd_open, getpid(), 0u)};
	pid_t pid = fork();
	if (pid == 0)
		watch(seen, &alive, guardian->journal);
	int problem = errno;
	close(ends[0]);
	if (alive.process >= 0)
		close(alive.process);
	guardian->alive = ends[1];
	if (pid < 0)
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot start the guardian of process %d", target);
	guardian->pid = pid;
	*ret = op_take(guardian);
	return NULL;
}

struct op_error *op_guardian_note(struct op_guardian *guardian, uint64_t address,
				  const struct op_guardian_trap *trap, uint32_t *ret_entry)
{
	return op_journal_note(&guardian->keeper, address, trap, ret_entry);
}

void op_guardian_note_watches(struct op_guardian *guardian, bool any)
{
	atomic_store(&guardian->journal->watches, any);
}

void op_guardian_note_budget(struct op_guardian *guardian, uint64_t address)
{
	atomic_store(&guardian->journal->budget, address);
}

void op_guardian_note_map(struct op_guardian *guardian, uint64_t address,
			  const struct op_map_label *label)
{
	struct op_journal *journal = guardian->journal;
	if (label) {
		memcpy(journal->label, label->bytes, label->size);
		journal->label_size = label->size;
	}
	atomic_store(&journal->map, address);
}

uint64_t op_guardian_forget(struct op_guardian *guardian, uint32_t entry)
{
	return op_journal_forget(&guardian->keeper, entry);
}
