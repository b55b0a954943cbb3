// SPDX-License-Identifier: GPL-3.0-or-later
// The guardian: a small process that sleeps in read() on a pipe. The pipe closes when outpost ends,
// however it ends; then every trap of the shared journal becomes the byte that is harmless there.
// One byte is written, not the whole slot: a thread may be about to run the rest of it. Debug
// registers outlive their tracer too (ptrace_disable(), arch/x86/kernel/ptrace.c, leaves them), so
// they are cleared on every thread.
#include "platform/linux/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
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
#include "platform/linux/proc.h"
#include "platform/linux/request.h"

// Reserved, not used, until that many traps are in the code at once.
enum { JOURNAL_ENTRIES = 1 << 20 };

struct entry {
	_Atomic uint64_t address; // 0: free; written last
	uint8_t trap[OP_GUARDIAN_TRAP_MAX], before[OP_GUARDIAN_TRAP_MAX];
	uint8_t size, harmless;
};

struct journal {
	_Atomic uint32_t used; // entries below this may be taken
	_Atomic bool watches;  // threads may have debug registers set
	_Atomic uint64_t budget;
	_Atomic uint64_t map; // memory that is being mapped is here and has no label yet; 0: none
	uint8_t label[OP_MAP_LABEL_MAX];
	size_t label_size;
	struct entry entries[JOURNAL_ENTRIES];
};

struct op_guardian {
	pid_t pid;
	int alive; // write end of the pipe
	struct journal *journal;
	uint32_t *free_entries;
	size_t free_count, free_capacity;
};

// The number alone may belong to another process by the time that it is needed.
struct target {
	pid_t pid;
	uint64_t start_time;
	int memory_fd; // stays with the memory, whoever has the number
};

static bool is_there(const struct target *target)
{
	struct op_proc_status status;
	return !op_proc_status(target->pid, &status) && status.start_time == target->start_time;
}

// A thread that was seized comes to a stop: the signal that it stopped for, 0: none.
static bool await_stop(pid_t thread, int *ret_signal)
{
	// Thousands of threads are not waited for a millisecond each; one in uninterruptible sleep
	// must not keep the others from being cleared: about a second.
	enum { LOOKS = 1000, SHORT_LOOKS = 50, SHORT_US = 20, LONG_US = 1000 };
	int status;
	siginfo_t info;
	*ret_signal = 0;
	for (unsigned i = 0; i < LOOKS; i++) {
		pid_t got = waitpid(thread, &status, __WALL | WNOHANG);
		if (got < 0 || (got == thread && !WIFSTOPPED(status)))
			return false;
		if (got == thread) {
			bool own = WSTOPSIG(status) == SIGTRAP &&
				   op_ptrace(PTRACE_GETSIGINFO, thread, 0, &info) == 0 &&
				   info.si_code == TRAP_HWBKPT;
			if (status >> 16 == 0 && !own)
				*ret_signal = WSTOPSIG(status);
			return true;
		}
		usleep(i < SHORT_LOOKS ? SHORT_US : LONG_US);
	}
	return false;
}

// Since Linux 6.12 /proc/PID/mem may refuse to write to read-only pages for anyone but the tracer
// (proc_mem.force_override); outpost is dead, so the place is free.
static bool write_as_tracer_of(pid_t thread, uint64_t address, uint8_t byte)
{
	int number;
	if (ptrace(PTRACE_SEIZE, thread, 0, 0))
		return false;
	op_ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	if (!await_stop(thread, &number))
		return false;
	uint64_t aligned = address & ~(uint64_t)7;
	errno = 0;
	unsigned long word = (unsigned long)op_ptrace(PTRACE_PEEKTEXT, thread, aligned, 0);
	unsigned shift = (unsigned)(address - aligned) * 8;
	word = (word & ~(0xfful << shift)) | (unsigned long)byte << shift;
	bool done = !errno && op_ptrace(PTRACE_POKETEXT, thread, aligned, word) == 0;
	op_ptrace(PTRACE_DETACH, thread, 0, number);
	return done;
}

// Through any thread: the leader may have exited.
static void write_as_tracer(const struct target *target, uint64_t address, uint8_t byte)
{
	_cleanup_free_ pid_t *threads = NULL;
	size_t count;
	bool done = !is_there(target) || op_proc_threads(target->pid, &threads, &count);
	for (size_t i = 0; !done && i < count; i++)
		done = write_as_tracer_of(threads[i], address, byte);
}

static void write_byte(const struct target *target, uint64_t address, uint8_t byte)
{
	if (pwrite(target->memory_fd, &byte, 1, (off_t)address) != 1)
		write_as_tracer(target, address, byte);
}

static void make_harmless(const struct target *target, struct entry *entry)
{
	uint64_t address = atomic_load(&entry->address);
	uint8_t now[OP_GUARDIAN_TRAP_MAX];
	if (!address || pread(target->memory_fd, now, entry->size, (off_t)address) != entry->size ||
	    now[0] != entry->trap[0])
		return;
	// While threads run, a trap's first byte is written before the others (code_write.c);
	// outpost may have died in between.
	size_t rest = entry->size - 1u;
	if (memcmp(now + 1, entry->trap + 1, rest)) {
		if (memcmp(now + 1, entry->before + 1, rest))
			return;
		for (size_t i = 1; i <= rest; i++)
			write_byte(target, address + i, entry->trap[i]);
	}
	write_byte(target, address, entry->harmless);
}

// False when another tracer has the thread, or it does not stop.
static bool clear_thread(pid_t thread)
{
	static const unsigned registers[] = {7, 6, 0, 1, 2, 3}; // control first
	int number;
	if (ptrace(PTRACE_SEIZE, thread, 0, 0))
		return errno == ESRCH;
	op_ptrace(PTRACE_INTERRUPT, thread, 0, 0);
	if (!await_stop(thread, &number))
		return false;
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
static void clear_watches(const struct target *target)
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
		if (!is_there(target) || op_proc_threads(target->pid, &threads, &count))
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
static bool is_fresh_code(const struct target *target, uint64_t address)
{
	char path[64], *maps;
	size_t size;
	bool found = false;
	snprintf(path, sizeof(path), "/proc/%d/maps", target->pid);
	if (!is_there(target) || op_proc_read_file(path, &maps, &size))
		return false;
	for (const char *line = maps; line && *line && !found;) {
		uint64_t start, end;
		int access = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %n", &start, &end, &access) == 2 &&
		    access && start <= address && address < end)
			found = !strncmp(line + access, "r-xp 00000000 00:00 0", 21);
		line = strchr(line, '\n');
		line += line != NULL;
	}
	free(maps);
	return found;
}

// Outpost died while a thread of the target was about to map memory for it: as soon as it is there
// it gets the label by which the next outpost knows it.
static void label_map(const struct target *target, struct journal *journal)
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
		if (pread(target->memory_fd, now, journal->label_size, (off_t)address) ==
			    (ssize_t)journal->label_size &&
		    !memcmp(now, zeros, journal->label_size))
			for (size_t k = 0; k < journal->label_size; k++)
				write_byte(target, address + k, journal->label[k]);
		return;
	}
}

static void __attribute__((noreturn))
watch(pid_t pid, int memory_fd, int pipe_fd, struct journal *journal)
{
	struct op_proc_status status;
	// outpost has it stopped: it is the right one still.
	if (op_proc_status(pid, &status))
		_exit(1);
	const struct target target = {pid, status.start_time, memory_fd};
	// Ctrl-C and hang-ups at outpost's terminal are not meant for it.
	setsid();
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	prctl(PR_SET_NAME, "outpost-guard");
	// Whoever reads outpost's output must see its end when outpost ends.
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	int low = memory_fd < pipe_fd ? memory_fd : pipe_fd,
	    high = memory_fd < pipe_fd ? pipe_fd : memory_fd;
	syscall(SYS_close_range, 3u, (unsigned)low - 1, 0u);
	syscall(SYS_close_range, (unsigned)low + 1, (unsigned)high - 1, 0u);
	syscall(SYS_close_range, (unsigned)high + 1, ~0u, 0u);
	char byte;
	while (read(pipe_fd, &byte, 1) < 0 && errno == EINTR)
		;
	uint32_t used = atomic_load(&journal->used);
	for (uint32_t i = 0; i < used && i < JOURNAL_ENTRIES; i++)
		make_harmless(&target, &journal->entries[i]);
	// A trap that is left is the program's own: its threads are not kept at it.
	const uint32_t none = 0;
	uint64_t budget = atomic_load(&journal->budget);
	if (budget)
		(void)!pwrite(memory_fd, &none, sizeof(none), (off_t)budget);
	if (atomic_load(&journal->watches))
		clear_watches(&target);
	label_map(&target, journal);
	_exit(0);
}

static void guardian_destroy(struct op_guardian *guardian)
{
	if (!guardian)
		return;
	if (guardian->alive >= 0)
		close(guardian->alive);
	if (guardian->pid > 0)
		while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (guardian->journal)
		munmap(guardian->journal, sizeof(*guardian->journal));
	free(guardian->free_entries);
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
	guardian->journal = map;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return op_error_system(OP_ERROR_SYSTEM, errno,
				       "cannot make the pipe to the guardian of process %d",
				       target);
	pid_t pid = fork();
	if (pid == 0)
		watch(target, memory_fd, ends[0], guardian->journal);
	int problem = errno;
	close(ends[0]);
	guardian->alive = ends[1];
	if (pid < 0)
		return op_error_system(OP_ERROR_SYSTEM, problem,
				       "cannot start the guardian of process %d", target);
	guardian->pid = pid;
	*ret = op_take(guardian);
	return NULL;
}

struct op_error *op_guardian_note(struct op_guardian *guardian, uint64_t address, const void *trap,
				  const void *before, size_t size, uint8_t harmless,
				  uint32_t *ret_entry)
{
	struct journal *journal = guardian->journal;
	uint32_t used = atomic_load_explicit(&journal->used, memory_order_relaxed);
	uint32_t entry =
		guardian->free_count ? guardian->free_entries[--guardian->free_count] : used;
	if (entry >= JOURNAL_ENTRIES)
		return op_error_create(OP_ERROR_LIMIT,
				       "more than %d breakpoints at once cannot be watched over",
				       JOURNAL_ENTRIES);
	memcpy(journal->entries[entry].trap, trap, size);
	memcpy(journal->entries[entry].before, before, size);
	journal->entries[entry].size = (uint8_t)size;
	journal->entries[entry].harmless = harmless;
	atomic_store_explicit(&journal->entries[entry].address, address, memory_order_release);
	if (entry == used)
		atomic_store_explicit(&journal->used, used + 1, memory_order_release);
	*ret_entry = entry;
	return NULL;
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
	struct journal *journal = guardian->journal;
	if (label) {
		memcpy(journal->label, label->bytes, label->size);
		journal->label_size = label->size;
	}
	atomic_store(&journal->map, address);
}

uint64_t op_guardian_forget(struct op_guardian *guardian, uint32_t entry)
{
	// A number that was never handed out, or twice: in the sandbox the other process's.
	if (entry >= atomic_load_explicit(&guardian->journal->used, memory_order_relaxed))
		return 0;
	uint64_t address = atomic_exchange(&guardian->journal->entries[entry].address, 0);
	if (!address)
		return 0;
	// Short of memory the entry is lost, which only costs its place.
	if (op_array_reserve(&guardian->free_entries, &guardian->free_capacity,
			     guardian->free_count + 1, sizeof(*guardian->free_entries)))
		guardian->free_entries[guardian->free_count++] = entry;
	return address;
}
