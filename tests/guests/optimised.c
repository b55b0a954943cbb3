// SPDX-License-Identifier: GPL-3.0-or-later
// Frames whose variables are on the shadow stack: "told" rows say what each call has (function, depth, address, value),
// the same in every round. Then rounds until a line comes; the last one says how many and their sum. With the argument
// "end" there are none, with "forever" they have no end.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <poll.h>

enum { DEPTH = 6 };

static int telling = 1;
static volatile unsigned sink;

struct shape {
	int sides;
	double area;
	char name[8];
};

static void tell(const char *function, int depth, const void *mark, unsigned value)
{
	if (telling)
		printf("told %s %d %u %u\n", function, depth, (unsigned)(unsigned long)mark, value);
}

// A leaf: with a frame so small that it leaves the stack pointer alone.
static unsigned spin(unsigned rounds)
{
	unsigned mark = rounds * 3;
	for (unsigned i = 0; i < rounds; i++)
		sink += i ^ mark;
	return mark;
}

static unsigned early(int depth, unsigned limit)
{
	unsigned mark = 500 + (unsigned)depth;
	tell("early", depth, &mark, mark);
	if (mark > limit)
		return spin(9) + mark;
	sink += spin(7);
	return mark;
}

static unsigned descend(int depth)
{
	unsigned mark = 1000 + (unsigned)depth, sum;
	struct shape shape = {depth, depth * 0.5, "shape"};
	tell("descend", depth, &mark, mark);
	sum = spin(20) + early(depth, 503);
	if (depth < DEPTH)
		sum += descend(depth + 1);
	else
		sum += spin(30); // the bottom
	sum += spin(11);
	return sum + mark + (unsigned)shape.sides;
}

static int has_input(void)
{
	struct pollfd poll_in = {.fd = 0, .events = POLLIN};
	return poll(&poll_in, 1, 0) > 0;
}

int main(int argc, char **argv)
{
	unsigned mark = 77, rounds = 0, total = 0;
	int forever = argc > 1 && !strcmp(argv[1], "forever");
	tell("main", 0, &mark, mark);
	total = descend(0);
	printf("once %u\n", total);
	telling = 0;
	printf("ready\n");
	fflush(stdout);
	if (argc > 1 && !forever)
		return 0;
	for (total = 0; forever || rounds % 4096 || !has_input(); rounds++)
		total = descend(0);
	printf("done rounds=%u sum=%u\n", rounds, total);
	return 0;
}
