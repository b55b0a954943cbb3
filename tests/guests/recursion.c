// SPDX-License-Identifier: GPL-3.0-or-later
// A call that comes to its own lines thousands of times, again and again until a line comes.
#include <poll.h>
#include <stdio.h>

enum { DEPTH = 18 };

static unsigned fib(unsigned n)
{
	if (n < 2)
		return n;
	unsigned first = fib(n - 1); // first
	unsigned second = fib(n - 2); // second
	return first + second; // sum
}

int main(void)
{
	unsigned rounds = 0, sum = 0;
	struct pollfd input = {.fd = 0, .events = POLLIN};
	puts("ready");
	fflush(stdout);
	do {
		sum += fib(DEPTH); // round
		rounds++; // behind
	} while (poll(&input, 1, 0) == 0);
	printf("done rounds=%u sum=%u\n", rounds, sum);
	return 0;
}
