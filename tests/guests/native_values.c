// SPDX-License-Identifier: GPL-3.0-or-later
// Variables that optimising compilers keep in registers and on the host's stack. "told" rows say what each call has
// (function, depth, name=value ...), and the same is needed behind the call of stop_here(), so it is kept until then.
#include <stdio.h>
#include <string.h>

enum { DEPTH = 5 };

struct item {
	int key;
	struct item *next;
	char name[8];
};

volatile int seed = 1;
static volatile unsigned sink;

__attribute__((noinline)) static void stop_here(const char *where)
{
	sink += strlen(where);
	fflush(stdout); // stopped
}

__attribute__((noinline)) static long long use(long long a, double b, const struct item *item)
{
	return a + (long long)b + item->key;
}

// Inlined: its variables are in the frame of its caller.
__attribute__((always_inline)) static inline int around(int base)
{
	int inner = base * 7 + seed;
	printf("told around 0 base=%d inner=%d\n", base, inner);
	stop_here("around");
	return inner * base;
}

__attribute__((noinline)) static long long descend(int depth, long long wide, double weight, struct item *item)
{
	int twice = depth * 2 + seed;
	float half = (float)weight / 2 + (float)seed;
	unsigned char letter = (unsigned char)('a' + depth * seed);
	struct item own = {depth * seed, item, "own"};
	printf("told descend %d depth=%d wide=%lld weight=%.9g item=%lu twice=%d half=%.9g letter=%d own=%d\n", depth, depth,
	       wide, weight, (unsigned long)item, twice, half, letter, own.key);
	long long result = 0;
	if (depth < DEPTH)
		result = descend(depth + 1, wide * 3 + 1, weight * 1.5, &own);
	else
		stop_here("descend");
	result += use(wide + twice + letter, weight + half, &own) + use(depth, weight, item);
	return result;
}

int main(void)
{
	struct item first = {seed, 0, "first"};
	int number = seed * 40;
	printf("told main 0 number=%d first=%d\n", number, first.key);
	long long sum = descend(0, 1000000000000LL * seed, 2.25 * seed, &first);
	int product = around(number + seed);
	printf("sum %lld product %d number %d\n", sum, product, number);
	return 0;
}
