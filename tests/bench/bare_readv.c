// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The yardstick for reading memory: one process_vm_readv() over the whole range and nothing else.
 * Stands alone on purpose: it must know nothing of outpost.
 *
 *   bare_readv PID MAGIC SIZE ROUNDS   prints "SIZE SECONDS" of the median round
 *   bare_readv PID MAGIC               prints the address of the mapping that begins with MAGIC
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static uint64_t find_mapping(pid_t pid, const char *magic)
{
	char path[64], line[512], start_of[64];
	size_t length = strlen(magic);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	if (!maps)
		err(1, "cannot read %s", path);
	if (length >= sizeof(start_of))
		errx(2, "the magic is too long");
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end;
		char permissions[5];
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, permissions) != 3 ||
		    strcmp(permissions, "rw-p"))
			continue;
		struct iovec here = {start_of, length}, there = {(void *)(uintptr_t)start, length};
		if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)length ||
		    memcmp(start_of, magic, length))
			continue;
		fclose(maps);
		return start;
	}
	errx(1, "no mapping of process %d begins with \"%s\"", (int)pid, magic);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 5)
		errx(2, "usage: bare_readv PID MAGIC [SIZE ROUNDS]");
	pid_t pid = (pid_t)strtol(argv[1], NULL, 10);
	uint64_t base = find_mapping(pid, argv[2]);
	if (argc == 3) {
		printf("0x%" PRIx64 "\n", base);
		return 0;
	}
	size_t size = strtoul(argv[3], NULL, 10), rounds = strtoul(argv[4], NULL, 10);
	char *buffer = malloc(size);
	double *seconds = calloc(rounds, sizeof(*seconds));
	if (!buffer || !seconds || !rounds)
		errx(1, "no memory for %zu bytes and %zu rounds", size, rounds);
	// The buffer's own page faults are in no round.
	memset(buffer, 1, size);
	for (size_t i = 0; i < rounds; i++) {
		struct timespec from, to;
		clock_gettime(CLOCK_MONOTONIC, &from);
		for (size_t done = 0; done < size;) {
			struct iovec here = {buffer + done, size - done};
			struct iovec there = {(void *)(uintptr_t)(base + done), size - done};
			ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
			if (got <= 0)
				err(1, "cannot read process %d", (int)pid);
			done += (size_t)got;
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		seconds[i] = (double)(to.tv_sec - from.tv_sec) +
			     (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	}
	qsort(seconds, rounds, sizeof(*seconds), compare);
	printf("%zu %.9f\n", size, seconds[rounds / 2]);
	free(seconds);
	free(buffer);
	return 0;
}
