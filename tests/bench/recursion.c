// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a step over a recursion is measured on, from inside it: the inner calls come to the place that the step ends at. One that a debugger
 * which looks at each of them gets to the end of, and one that takes the program a while by itself. Stands alone on purpose: it must know nothing of outpost. Prints "ready" once and then works for ever.
 */
#include <stdio.h>

static volatile unsigned calls;

static unsigned fib(unsigned n)
{
	calls++;
	if (n < 2)
		return n;
	unsigned first = fib(n - 1); // the step
	return first + fib(n - 2);
}

int main(void)
{
	unsigned sum = 0;
	puts("ready");
	fflush(stdout);
	for (;;)
		sum += fib(10) + fib(27);
	return (int)sum;
}
