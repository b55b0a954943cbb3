// SPDX-License-Identifier: GPL-3.0-or-later
// A small C program for the demonstration and the tests: a recursion, an array, a loop that sleeps
// between its turns, progress on standard output, and a checksum at the end that tells whether
// anything disturbed it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CELLS 16

static uint32_t cells[CELLS];

__attribute__((noinline)) static uint32_t depth_sum(uint32_t depth)
{
	if (depth == 0)
		return 1;
	return depth + depth_sum(depth - 1);
}

__attribute__((noinline)) static uint32_t take_turn(uint32_t turn)
{
	uint32_t cell = turn % CELLS;
	uint32_t sum = depth_sum(turn % 7);
	cells[cell] += sum * turn;
	return cells[cell];
}

int main(int argc, char **argv)
{
	uint32_t turns = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100;
	uint32_t checksum = 0;

	for (uint32_t turn = 0; turn < turns; turn++) {
		checksum = checksum * 31 + take_turn(turn);
		printf("turn %u\n", (unsigned)turn);
		fflush(stdout);
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	printf("done turns=%u checksum=%u\n", (unsigned)turns, (unsigned)checksum);
	return 0;
}
