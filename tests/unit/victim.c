// SPDX-License-Identifier: GPL-3.0-or-later
// A program to be debugged by the platform tests: `victim MODE`. It says "ready ..." on stdout,
// obeys lines on stdin, counts what it can see of a debugger's doings, and says the counts at the
// end. Knows nothing of outpost.
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;
static atomic_bool stopping;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

/** One line from stdin; the end of input ends the program. A read that fails is a failure of the
 * debugger's. */
static void hear(char *line, size_t size)
{
	size_t used = 0;

	while (used + 1 < size) {
		char c;
		ssize_t got = read(0, &c, 1);
		if (got < 0)
			die("read");
		if (got == 0)
			exit(98);
		if (c == '\n')
			break;
		line[used++] = c;
	}
	line[used] = '\0';
}

static void wait_for_line(void)
{
	char line[64];

	hear(line, sizeof(line));
}

static pthread_t start(void *(*body)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, NULL))
		die("pthread_create");
	return thread;
}

/* idle: read a line, say so. */
static int mode_idle(void)
{
	puts("ready");
	wait_for_line();
	puts("heard");
	return 0;
}

/* threads: threads are born and die all the time. */
static atomic_long lives;

static void *short_life(void *unused)
{
	atomic_fetch_add(&lives, 1);
	return NULL;
}

static void *spawner(void *unused)
{
	while (!atomic_load(&stopping)) {
		pthread_t child = start(short_life);
		pthread_join(child, NULL);
	}
	return NULL;
}

static int mode_threads(void)
{
	pthread_t spawners[3];

	for (int i = 0; i < 3; i++)
		spawners[i] = start(spawner);
	puts("ready");
	wait_for_line();
	atomic_store(&stopping, true);
	for (int i = 0; i < 3; i++)
		pthread_join(spawners[i], NULL);
	printf("lives %ld\n", (long)lives);
	return 0;
}

/* crowd-small, crowd-large: threads that all wait for one word; says how many there are, and at the
 * end how many were woken.
 */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_long woken;

static void *waits_at_gate(void *unused)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	atomic_fetch_add(&woken, 1);
	return NULL;
}

static int crowd(long wanted)
{
	pthread_t *threads = calloc((size_t)wanted, sizeof(*threads));
	pthread_attr_t small;
	long count = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 32768);
	pthread_mutex_lock(&gate);
	while (threads && count < wanted &&
	       pthread_create(&threads[count], &small, waits_at_gate, NULL) == 0)
		count++;
	printf("ready %lx\n", (unsigned long)count);
	wait_for_line();
	pthread_mutex_unlock(&gate);
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("woken %lx\n", (unsigned long)woken);
	free(threads);
	return 0;
}

static int mode_crowd_small(void)
{
	return crowd(625);
}

static int mode_crowd_large(void)
{
	return crowd(10000);
}

/* sleep: sleeps and reads that must not see EINTR. */
static atomic_long interrupted, sleeps;

static void *sleeper(void *unused)
{
	while (!atomic_load(&stopping)) {
		const struct timespec nap = {0, 5000000};
		if (nanosleep(&nap, NULL))
			atomic_fetch_add(&interrupted, 1);
		atomic_fetch_add(&sleeps, 1);
	}
	return NULL;
}

static int mode_sleep(void)
{
	pthread_t thread = start(sleeper);

	puts("ready");
	wait_for_line();
	while (!atomic_load(&sleeps))
		sched_yield();
	atomic_store(&stopping, true);
	pthread_join(thread, NULL);
	printf("interrupted %ld\n", (long)interrupted);
	return 0;
}

/* signals: a timer, queued values, and SIGCHLD, all counted. */
static atomic_long queued_count, queued_sum, wrong, alarms, children;
static _Atomic pid_t queuer;

static void on_queued(int number, siginfo_t *info, void *context)
{
	pid_t nobody = 0;

	// All come from one sender.
	atomic_compare_exchange_strong(&queuer, &nobody, info->si_pid);
	if (info->si_code != SI_QUEUE || info->si_pid != queuer)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&queued_count, 1);
	atomic_fetch_add(&queued_sum, info->si_value.sival_int);
}

static void on_alarm(int number, siginfo_t *info, void *context)
{
	if (info->si_code != SI_KERNEL)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&alarms, 1);
}

static void on_child(int number, siginfo_t *info, void *context)
{
	if (info->si_code != CLD_EXITED)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&children, 1);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(number, &action, NULL);
}

static void *child_maker(void *unused)
{
	while (!atomic_load(&stopping)) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		if (waitpid(child, NULL, 0) != child)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static int mode_signals(void)
{
	const struct itimerval every = {{0, 700}, {0, 700}}, never = {0};

	handle(SIGRTMIN + 1, on_queued);
	handle(SIGALRM, on_alarm);
	handle(SIGCHLD, on_child);
	pthread_t thread = start(child_maker);
	setitimer(ITIMER_REAL, &every, NULL);
	puts("ready");
	wait_for_line();
	while (!atomic_load(&alarms) || !atomic_load(&children))
		sched_yield();
	setitimer(ITIMER_REAL, &never, NULL);
	atomic_store(&stopping, true);
	pthread_join(thread, NULL);
	printf("queued %ld sum %ld wrong %ld\n", (long)queued_count, (long)queued_sum, (long)wrong);
	return 0;
}

/* exec: a thread that is not the leader runs another program. */
static void *runs_program(void *unused)
{
	execl(self, self, "idle", NULL);
	die("execl");
	return NULL;
}

static __attribute__((noreturn)) int mode_exec(void)
{
	start(sleeper);
	puts("ready");
	wait_for_line();
	start(runs_program);
	for (;;)
		pause();
}

/* zombie: the leader is dead, another thread goes on. */
static void *survivor(void *unused)
{
	char line[64];
	char state;

	// Until the leader is a zombie there is nothing to say.
	do {
		FILE *file = fopen("/proc/self/stat", "r");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			die("/proc/self/stat");
		fclose(file);
	} while (state != 'Z');
	puts("ready");
	hear(line, sizeof(line));
	exit(7);
}

static __attribute__((noreturn)) int mode_zombie(void)
{
	start(survivor);
	pthread_exit(NULL);
}

/* leader-exit: the leader goes when it is told, the other thread says so. */
static __attribute__((noreturn)) int mode_leader_exit(void)
{
	puts("ready");
	wait_for_line();
	start(survivor);
	pthread_exit(NULL);
}

/* fork, vfork: make a child at each line; its exit status is a byte that the debugger may change.
 */
static volatile unsigned char child_status = 5;

static void say_status(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	printf("child %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static int mode_fork(void)
{
	char line[64];

	printf("ready %" PRIxPTR "\n", (uintptr_t)&child_status);
	for (;;) {
		hear(line, sizeof(line));
		if (strcmp(line, "fork") == 0) {
			pid_t child = fork();
			if (child == 0)
				_exit(child_status);
			say_status(child);
		} else if (strcmp(line, "vfork") == 0) {
			pid_t child = vfork();
			if (child == 0)
				_exit(child_status);
			say_status(child);
		} else {
			printf("status %d\n", child_status);
			return 0;
		}
	}
}

/* vfork-slow: the child of vfork lives until it is told to end. */
static int mode_vfork_slow(void)
{
	puts("ready");
	pid_t child = vfork();
	if (child == 0) {
		char c;
		(void)!read(0, &c, 1);
		_exit(3);
	}
	say_status(child);
	return 0;
}

/* hot: threads run over a patch slot; says its address. */
extern const char victim_slot[];
static atomic_long passes;

static void pass_slot(void)
{
	__asm__ volatile(".globl victim_slot\nvictim_slot: .byte 0x0f, 0x1f, 0x44, 0, 0");
	atomic_fetch_add_explicit(&passes, 1, memory_order_relaxed);
}

static void *hot(void *unused)
{
	while (!atomic_load_explicit(&stopping, memory_order_relaxed))
		pass_slot();
	return NULL;
}

static int mode_hot(void)
{
	pthread_t other = start(hot), third = start(hot);

	printf("ready %" PRIxPTR " %" PRIxPTR "\n", (uintptr_t)victim_slot, (uintptr_t)&passes);
	wait_for_line();
	atomic_store(&stopping, true);
	pthread_join(other, NULL);
	pthread_join(third, NULL);
	puts("done");
	return 0;
}

/* instruction: threads count with one instruction, and beside it; says where it is, and at the end
 * how many it has lost. */
extern const char victim_instruction[];

static void *count_both(void *unused)
{
	uint64_t by_instruction = 0, beside = 0;

	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		__asm__ volatile(".globl victim_instruction\nvictim_instruction: incq %0"
				 : "+b"(by_instruction));
		beside++;
	}
	return (void *)(uintptr_t)(beside - by_instruction);
}

static int mode_instruction(void)
{
	pthread_t other = start(count_both), third = start(count_both);
	void *lost[2];

	printf("ready %" PRIxPTR "\n", (uintptr_t)victim_instruction);
	wait_for_line();
	atomic_store(&stopping, true);
	pthread_join(other, &lost[0]);
	pthread_join(third, &lost[1]);
	printf("lost %" PRIdPTR "\n", (intptr_t)lost[0] + (intptr_t)lost[1]);
	return 0;
}

/* watch: two threads count in a watched place; each line a thing is done to it. */
static volatile uint64_t watched[4] __attribute__((aligned(64)));
static atomic_int turns_wanted;

static void *counts(void *which)
{
	volatile uint64_t *own = &watched[(uintptr_t)which];
	while (!atomic_load(&stopping)) {
		if (atomic_load(&turns_wanted) <= 0)
			sched_yield();
		else if (atomic_fetch_sub(&turns_wanted, 1) > 0)
			(*own)++;
	}
	return NULL;
}

static void *writes_once(void *unused)
{
	watched[0] = 77;
	return NULL;
}

static int mode_watch(void)
{
	pthread_t threads[2];
	char line[64];

	for (uintptr_t i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, counts, (void *)i))
			die("pthread_create");
	printf("ready %" PRIxPTR "\n", (uintptr_t)watched);
	for (;;) {
		hear(line, sizeof(line));
		if (strcmp(line, "born") == 0) {
			pthread_join(start(writes_once), NULL);
		} else if (strcmp(line, "kernel") == 0) {
			FILE *file = fopen("/dev/zero", "r");
			if (!file || read(fileno(file), (void *)(uintptr_t)&watched[0], 8) != 8)
				die("/dev/zero");
			fclose(file);
		} else if (strcmp(line, "fork") == 0) {
			pid_t child = fork();
			if (child == 0) {
				watched[0] = 5;
				_exit(6);
			}
			say_status(child);
		} else if (strcmp(line, "read") == 0) {
			(void)watched[1];
		} else if (strcmp(line, "end") == 0) {
			break;
		} else {
			atomic_store(&turns_wanted, atoi(line));
		}
		puts("did");
	}
	while (atomic_load(&turns_wanted) > 0)
		sched_yield();
	atomic_store(&stopping, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("sum %" PRIu64 "\n", watched[0] + watched[1]);
	return 0;
}

/* map: maps executable memory in several ways, one at each line. */
static int mode_map(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	puts("ready");
	wait_for_line();
	void *plain = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("plain %d\n", plain != MAP_FAILED);
	wait_for_line();
	printf("protect %d\n", mprotect(plain, page, PROT_READ | PROT_EXEC));
	wait_for_line();
	// Fails: it must not be reported.
	errno = 0;
	printf("fails %d\n", mprotect((char *)plain + 1, page, PROT_EXEC));
	void *code = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("code %d\n", code != MAP_FAILED);
	wait_for_line();
	void *moved = mremap(code, page, 64 * page, MREMAP_MAYMOVE);
	printf("moved %d\n", moved != MAP_FAILED);
	wait_for_line();
	return 0;
}

/* memory: says where there are a constant, an unreadable page and a readable one before it. */
static const char constant[] = "a constant in read-only memory";

static int mode_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(two, 'x', page);
	if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE))
		die("mprotect");
	printf("ready %" PRIxPTR " %" PRIxPTR "\n", (uintptr_t)constant, (uintptr_t)two);
	wait_for_line();
	// Through a volatile pointer: the compiler knows what a constant holds.
	const char *volatile now = constant;
	printf("%s\n", now);
	return 0;
}

/* large: a thread writes numbers into 1024 slots of a large memory, one after the other, and the
 * next number into all of them; "change" empties, replaces and opens up what lies behind. */
enum {
	SLOTS = 1024,
	SLOT = 64 << 10,
	EMPTIED = SLOTS * SLOT, /* what follows is 8 MiB of each */
	REPLACED = EMPTIED + (8 << 20),
	OPENED = REPLACED + (8 << 20),
	LARGE = OPENED + (8 << 20),
};

static void *write_slots(void *memory)
{
	for (uint64_t number = 1; !atomic_load_explicit(&stopping, memory_order_relaxed);
	     number++) {
		for (size_t i = 0; i < SLOTS; i++)
			*(volatile uint64_t *)((char *)memory + i * SLOT) = number;
	}
	return NULL;
}

static pthread_t start_writer(void *memory)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, write_slots, memory))
		die("pthread_create");
	return thread;
}

static int mode_large(void)
{
	const int both = PROT_READ | PROT_WRITE, own = MAP_PRIVATE | MAP_ANONYMOUS;
	char *memory = mmap(NULL, LARGE, PROT_NONE, own, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory, OPENED, both))
		die("mmap");
	memset(memory, 'a', OPENED);
	pthread_t writer = start_writer(memory);
	printf("ready %" PRIxPTR "\n", (uintptr_t)memory);
	wait_for_line();
	if (madvise(memory + EMPTIED, REPLACED - EMPTIED, MADV_DONTNEED) ||
	    mmap(memory + REPLACED, OPENED - REPLACED, both, own | MAP_FIXED, -1, 0) ==
		    MAP_FAILED ||
	    mprotect(memory + OPENED, LARGE - OPENED, both))
		die("change");
	memset(memory + REPLACED, 'b', OPENED - REPLACED);
	memset(memory + OPENED, 'c', LARGE - OPENED);
	puts("changed");
	wait_for_line();
	atomic_store(&stopping, true);
	pthread_join(writer, NULL);
	puts("done");
	return 0;
}

/* copies: says where code is and where its function adds 1 the first time; each line makes a copy
 * of the code, which is said, or calls the function in the newest one.
 */
enum { CODE_SIZE = 3 << 12, FUNCTION = 0x1100, FIRST_ADD = 3 };
static char *newest;

static char *map_code(size_t size)
{
	char *code =
		mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		die("mmap");
	return code;
}

/** A page behind it is not executable: neighbours of the same kind would become one mapping. */
static void publish(char *code, size_t size)
{
	if (mprotect(code, size + 4096, PROT_READ) || mprotect(code, size, PROT_READ | PROT_EXEC))
		die("mprotect");
}

/** A copy is made while a child lives: uninterruptible sleep, as in the midst of a page fault. */
static void copy_slowly(const char *from)
{
	char *copy = map_code(CODE_SIZE);

	memcpy(copy, from, CODE_SIZE);
	printf("at %" PRIxPTR "\n", (uintptr_t)copy);
	if (vfork() == 0) {
		char c;
		(void)!read(0, &c, 1);
		_exit(0);
	}
	publish(copy, CODE_SIZE);
	newest = copy;
	puts("published");
}

static void copy_at_once(const char *from, size_t size, size_t changed)
{
	newest = map_code(size);
	memcpy(newest, from, CODE_SIZE);
	newest[changed] ^= 1;
	publish(newest, size);
	printf("at %" PRIxPTR "\n", (uintptr_t)newest);
}

static int mode_copies(void)
{
	static const uint8_t function[] = {0x48, 0x89, 0xf8, // mov rax, rdi
					   0x48, 0xff, 0xc0, // inc rax
					   0x48, 0xff, 0xc0, 0xc3};
	char line[64], *code = map_code(CODE_SIZE);

	for (size_t i = 0; i < CODE_SIZE; i++)
		code[i] = (char)(i * 7);
	memcpy(code + FUNCTION, function, sizeof(function));
	publish(code, CODE_SIZE);
	printf("ready %" PRIxPTR " %" PRIxPTR "\n", (uintptr_t)code,
	       (uintptr_t)(code + FUNCTION + FIRST_ADD));
	for (;;) {
		hear(line, sizeof(line));
		if (strcmp(line, "copy") == 0)
			copy_at_once(code, CODE_SIZE, 0);
		else if (strcmp(line, "alike") == 0)
			copy_at_once(code, CODE_SIZE, FUNCTION + FIRST_ADD - 5);
		else if (strcmp(line, "larger") == 0)
			copy_at_once(code, CODE_SIZE + 4096, 0);
		else if (strcmp(line, "slowly") == 0)
			copy_slowly(code);
		else if (strcmp(line, "call") == 0)
			printf("is %ld\n", ((long (*)(long))(void *)(newest + FUNCTION))(5));
		else
			return 0;
	}
}

/* trap: handles SIGTRAP itself, both sent and by an int3 of its own. */
static atomic_int traps;

static void on_trap(int number)
{
	atomic_fetch_add(&traps, 1);
}

static int mode_trap(void)
{
	signal(SIGTRAP, on_trap);
	puts("ready");
	wait_for_line();
	__asm__ volatile("int3");
	printf("traps %d\n", (int)traps);
	wait_for_line();
	return 0;
}

/* fault: a read of address 16; the handler ends the program. */
static void on_fault(int number, siginfo_t *info, void *context)
{
	_exit(info->si_addr == (void *)16 && info->si_code == SEGV_MAPERR ? 42 : 43);
}

static int mode_fault(void)
{
	handle(SIGSEGV, on_fault);
	puts("ready");
	wait_for_line();
	// Through a variable: the compiler knows that nothing lies there.
	volatile int *volatile nowhere = (volatile int *)16;
	return *nowhere;
}

/* undumpable: forbids its being debugged. */
static int mode_undumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	return mode_idle();
}

struct mode {
	const char *name;
	int (*run)(void);
};

static const struct mode modes[] = {
	{"idle", mode_idle},
	{"threads", mode_threads},
	{"crowd-small", mode_crowd_small},
	{"crowd-large", mode_crowd_large},
	{"sleep", mode_sleep},
	{"signals", mode_signals},
	{"exec", mode_exec},
	{"zombie", mode_zombie},
	{"fork", mode_fork},
	{"vfork-slow", mode_vfork_slow},
	{"hot", mode_hot},
	{"instruction", mode_instruction},
	{"watch", mode_watch},
	{"map", mode_map},
	{"memory", mode_memory},
	{"large", mode_large},
	{"copies", mode_copies},
	{"trap", mode_trap},
	{"fault", mode_fault},
	{"undumpable", mode_undumpable},
	{"leader-exit", mode_leader_exit},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	self = "/proc/self/exe";
	for (size_t i = 0; argc == 2 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run();
	}
	fprintf(stderr, "usage: victim MODE\n");
	return 2;
}
