// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The yardstick for breakpoint stops: what Linux alone can do. A trap in the first patch slot
 * of a guest's function, and then nothing but waitpid() and PTRACE_CONT. Stands alone on purpose:
 * it must know nothing of outpost, or it would share its mistakes.
 *
 *   bare_loop PID FUNCTION COUNT   prints "COUNT SECONDS"
 *   bare_loop PID FUNCTION         prints the address of that slot in every copy of the code,
 *                                  without stopping the process
 *
 * x86-64 only. The layout of the image and of its frame table: crates/environ/src/frame_table.rs of
 * Wasmtime 42 to 50.
 */
#ifndef __x86_64__
#error "the slot and its trap are written down for x86-64 only"
#endif
#include <dirent.h>
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COPIES = 8, MAX_THREADS = 256, PAGE = 4096, SLOT_SIZE = 5, WASMTIME_OSABI = 200 };

static int memory = -1;

static bool read_at(uint64_t address, void *buffer, size_t size)
{
	return pread(memory, buffer, size, (off_t)address) == (ssize_t)size;
}

static void write_at(uint64_t address, const void *buffer, size_t size)
{
	if (pwrite(memory, buffer, size, (off_t)address) != (ssize_t)size)
		err(1, "cannot write the code at 0x%" PRIx64, address);
}

static void *read_section(uint64_t base, const Elf64_Shdr *section)
{
	char *bytes = malloc(section->sh_size + 1);
	if (!bytes || !read_at(base + section->sh_offset, bytes, section->sh_size))
		errx(1, "cannot read a section of the image at 0x%" PRIx64, base);
	bytes[section->sh_size] = 0;
	return bytes;
}

// Symbols of guest functions are wasm[M]::function[F]::NAME.
static bool symbol_names(const char *symbol, const char *function)
{
	const char *name = strstr(symbol, "]::function[");
	name = name ? strstr(name + 3, "]::") : NULL;
	return name && strcmp(name + 3, function) == 0;
}

/** The slot with the lowest address in a function of the image at @p base; 0: there is none. */
static uint64_t find_slot(uint64_t base, const Elf64_Ehdr *header, const char *function)
{
	Elf64_Shdr *sections = malloc((size_t)header->e_shnum * sizeof(*sections));
	if (!sections ||
	    !read_at(base + header->e_shoff, sections, (size_t)header->e_shnum * sizeof(*sections)))
		errx(1, "cannot read the section headers of the image at 0x%" PRIx64, base);
	char *names = read_section(base, &sections[header->e_shstrndx]);
	const Elf64_Shdr *text = NULL, *frames = NULL, *symbols = NULL, *strings = NULL;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		const char *name = names + sections[i].sh_name;
		text = strcmp(name, ".text") ? text : &sections[i];
		frames = strcmp(name, ".wasmtime.frames") ? frames : &sections[i];
		symbols = strcmp(name, ".symtab") ? symbols : &sections[i];
		strings = strcmp(name, ".strtab") ? strings : &sections[i];
	}
	uint64_t found = 0;
	if (text && frames && symbols && strings) {
		Elf64_Sym *table = read_section(base, symbols);
		char *string = read_section(base, strings);
		const Elf64_Sym *symbol = NULL;
		for (size_t i = 0; i < symbols->sh_size / sizeof(*table); i++)
			if (symbol_names(string + table[i].st_name, function))
				symbol = &table[i];
		// Six counts, then arrays: a range and an offset per descriptor, a key and an index
		// per program point, a Wasm pc and a text offset per slot.
		uint32_t *words = read_section(base, frames);
		const uint32_t *slots = words + 6 + 3 * words[0] + 2 * words[1] + words[2];
		uint64_t lowest = UINT64_MAX;
		for (uint32_t i = 0; symbol && i < words[2]; i++)
			if (slots[i] - symbol->st_value < symbol->st_size && slots[i] < lowest)
				lowest = slots[i];
		found = lowest == UINT64_MAX ? 0 : base + text->sh_offset + lowest;
		free(words);
		free(string);
		free(table);
	}
	free(names);
	free(sections);
	return found;
}

static unsigned find_copies(pid_t pid, const char *function, uint64_t copies[MAX_COPIES])
{
	char path[64], line[512];
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	if (!maps)
		err(1, "cannot read %s", path);
	unsigned count = 0;
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end;
		char permissions[5];
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, permissions) != 3)
			continue;
		if (strcmp(permissions, "r--p") || end - start > (uint64_t)64 << 20)
			continue;
		// The kernel merges neighbours: an image may begin at any page of a line.
		for (uint64_t base = start; base < end && count < MAX_COPIES; base += PAGE) {
			Elf64_Ehdr header;
			if (!read_at(base, &header, sizeof(header)) ||
			    memcmp(header.e_ident, ELFMAG, SELFMAG))
				continue;
			if (header.e_ident[EI_OSABI] != WASMTIME_OSABI || header.e_type != ET_REL)
				continue;
			copies[count] = find_slot(base, &header, function);
			count += copies[count] != 0;
		}
	}
	fclose(maps);
	return count;
}

static unsigned list_threads(pid_t pid, pid_t threads[MAX_THREADS])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		err(1, "cannot list %s", path);
	unsigned count = 0;
	for (struct dirent *entry; count < MAX_THREADS && (entry = readdir(tasks));)
		if (entry->d_name[0] != '.')
			threads[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
	closedir(tasks);
	return count;
}

static void wait_for(pid_t thread, int *status)
{
	if (waitpid(thread, status, __WALL) != thread || !WIFSTOPPED(*status))
		errx(1, "thread %d did not stop", (int)thread);
}

static bool is_breakpoint(int status)
{
	return status >> 8 == SIGTRAP;
}

static double run(unsigned long count)
{
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned long stops = 0; stops < count;) {
		int status;
		pid_t thread = waitpid(-1, &status, __WALL);
		if (thread < 0 || !WIFSTOPPED(status))
			errx(1, "the process ended");
		bool hit = is_breakpoint(status);
		stops += hit;
		// The last one stays stopped, so that what is counted is whole rounds.
		long signal = hit || status >> 16 ? 0 : WSTOPSIG(status);
		if (stops < count)
			ptrace(PTRACE_CONT, thread, 0L, signal);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void attach(const pid_t *threads, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int status;
		if (ptrace(PTRACE_SEIZE, threads[i], 0L, 0L) ||
		    ptrace(PTRACE_INTERRUPT, threads[i], 0L, 0L))
			err(1, "cannot attach to thread %d", (int)threads[i]);
		wait_for(threads[i], &status);
	}
}

/** Take a thread that may stand behind the trap to the end of its slot. */
static void leave_slot(pid_t thread, const uint64_t *copies, unsigned copy_count)
{
	struct user_regs_struct registers;
	// Fails for a thread that runs; the one of the last breakpoint is stopped.
	if (ptrace(PTRACE_GETREGS, thread, 0L, &registers)) {
		int status;
		ptrace(PTRACE_INTERRUPT, thread, 0L, 0L);
		wait_for(thread, &status);
		if (ptrace(PTRACE_GETREGS, thread, 0L, &registers))
			err(1, "cannot read the registers of thread %d", (int)thread);
	}
	for (unsigned i = 0; i < copy_count; i++)
		if (registers.rip == copies[i] + 1) {
			registers.rip += SLOT_SIZE - 1;
			ptrace(PTRACE_SETREGS, thread, 0L, &registers);
		}
}

static double measure(pid_t pid, const uint64_t *copies, unsigned copy_count, unsigned long count)
{
	// int3 and a NOP of four bytes: a thread that goes on after the trap needs no help.
	static const uint8_t trap[SLOT_SIZE] = {0xcc, 0x0f, 0x1f, 0x40, 0x00};
	static const uint8_t slot[SLOT_SIZE] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	pid_t threads[MAX_THREADS];
	unsigned thread_count = list_threads(pid, threads);
	attach(threads, thread_count);
	for (unsigned i = 0; i < copy_count; i++)
		write_at(copies[i], trap, sizeof(trap));
	for (unsigned i = 0; i < thread_count; i++)
		ptrace(PTRACE_CONT, threads[i], 0L, 0L);

	double seconds = run(count);

	for (unsigned i = 0; i < thread_count; i++)
		leave_slot(threads[i], copies, copy_count);
	for (unsigned i = 0; i < copy_count; i++)
		write_at(copies[i], slot, sizeof(slot));
	for (unsigned i = 0; i < thread_count; i++)
		ptrace(PTRACE_DETACH, threads[i], 0L, 0L);
	return seconds;
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4)
		errx(2, "usage: bare_loop PID FUNCTION [COUNT]");
	pid_t pid = (pid_t)strtol(argv[1], NULL, 10);
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory < 0)
		err(1, "cannot open %s", path);
	uint64_t copies[MAX_COPIES];
	unsigned copy_count = find_copies(pid, argv[2], copies);
	if (!copy_count)
		errx(1, "no slot in a function %s of process %d", argv[2], (int)pid);
	if (argc == 3) {
		for (unsigned i = 0; i < copy_count; i++)
			printf("0x%" PRIx64 "\n", copies[i]);
		return 0;
	}
	unsigned long count = strtoul(argv[3], NULL, 10);
	printf("%lu %.9f\n", count, measure(pid, copies, copy_count, count));
	return 0;
}
