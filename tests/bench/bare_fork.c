// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The yardstick for freezing a process: one fork() of a process with so much memory, every page of it written to, and nothing
 * else. Stands alone on purpose: it must know nothing of outpost.
 *
 *   bare_fork MIB   prints the milliseconds that the fork took
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "cannot map %zu bytes", size);
	for (size_t at = 0; at < size; at += 4096)
		memory[at] = 1;
	double start = now_ms();
	pid_t child = fork();
	double took = now_ms() - start;
	if (child == 0)
		_exit(0);
	if (child < 0)
		err(1, "cannot fork");
	waitpid(child, NULL, 0);
	printf("%.3f\n", took);
	return 0;
}
