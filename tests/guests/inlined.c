// SPDX-License-Identifier: GPL-3.0-or-later
// Bodies that are inlined into each other, whatever the optimisation: frames of their own. It waits
// for a line in the innermost one; the lines are told to the test by their remarks.
#include <stdio.h>

#define INLINE static inline __attribute__((always_inline))

struct shape {
	int width, height;
};

static volatile int sum;

__attribute__((noinline)) static int wait_for_a_line(const struct shape *shape, int depth)
{
	int c, count = 0;
	while ((c = getchar()) != '\n' && c != EOF) // at: wait
		count++;
	return count + shape->width + depth;
}

INLINE int innermost(const struct shape *shape, int depth)
{
	int area = shape->width * shape->height;
	sum += area + wait_for_a_line(shape, depth); // at: innermost
	return sum;
}

INLINE int middle(const struct shape *shape)
{
	int twice = innermost(shape, 2) * 2; // at: middle
	return twice;
}

__attribute__((noinline)) static int outer(const char *name, int rounds)
{
	struct shape shape = {rounds, 5};
	int total = 0;
	for (int i = 0; i < rounds; i++)
		total += middle(&shape); // at: outer
	return total + name[0];
}

__attribute__((noinline)) static int recurse(int depth)
{
	if (depth == 0)
		return outer("abc", 3); // at: bottom
	return recurse(depth - 1) + 1;  // at: recurse
}

int main(void)
{
	puts("ready");
	fflush(stdout);
	int result = recurse(3); // at: main
	printf("done rounds=3 sum=%d\n", result);
	return 0;
}
