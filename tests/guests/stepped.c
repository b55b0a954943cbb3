// SPDX-License-Identifier: GPL-3.0-or-later
// What steps by source lines meet: loops, calls, inlined bodies, recursion, calls through tables,
// statements over several lines, functions without debug information, a trap. The tests know these
// lines by the words in the comments behind them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEVER __attribute__((noinline))
#define ALWAYS inline __attribute__((always_inline))

extern int without_lines(int (*)(int), int);

static volatile int sink;

static ALWAYS int twice(int n)
{
	int doubled = n + n; // twice: first
	sink = doubled;      // twice: second
	return doubled;      // twice: last
}

static ALWAYS int fourfold(int n)
{
	int once = twice(n); // fourfold: first
	sink = once;         // fourfold: between
	return twice(once);  // fourfold: last
}

NEVER int leaf(int n)
{
	sink = n;     // leaf: first
	return n + 1; // leaf: last
}

NEVER int recursive(int n)
{
	if (n == 0)         // recursive: first
		return leaf(0); // recursive: end
	int below = recursive(n - 1); // recursive: call
	return below + n;   // recursive: last
}

NEVER int several(int a, int b)
{
	int sum = leaf(a) + // several: statement
		  leaf(b) + // several: second call
		  leaf(a + b);
	return sum; // several: last
}

NEVER int loop(int turns)
{
	int sum = 0; // loop: first
	for (int i = 0; i < turns; i++) { // loop: head
		if (i % 3 == 0) // loop: test
			sum += i; // loop: then
		else
			sum -= leaf(i); // loop: else
	}
	return sum; // loop: last
}

NEVER int inlined(int n)
{
	int first = n + 1;          // inlined: first
	int second = fourfold(first); // inlined: call
	sink = second;              // inlined: behind
	return second;              // inlined: last
}

NEVER int pointers(int (*function)(int), int n)
{
	int got = function(n); // pointers: call
	return got;            // pointers: last
}

NEVER int oneline(int n) { int a = n * 3; sink = a; return a; } // oneline

NEVER int callback(int n)
{
	return leaf(n); // callback
}

NEVER int through(int n)
{
	int got = without_lines(callback, n); // through: call
	return got;                           // through: last
}

NEVER int traps(int n)
{
	int divisor = n - n;  // traps: first
	return 100 / divisor; // traps: here
}

int main(int argc, char **argv)
{
	(void)argv;
	int total = leaf(argc);      // main: leaf
	total += recursive(3);       // main: recursive
	total += several(1, 2);      // main: several
	total += loop(7);            // main: loop
	total += inlined(2);         // main: inlined
	total += pointers(leaf, 5);  // main: pointers
	total += oneline(2);         // main: oneline
	total += through(4);         // main: through
	printf("done rounds=1 sum=%d\n", total); // main: printf
	fflush(stdout);              // main: flush
	if (argc > 1)                // main: if
		total += traps(total); // main: traps
	return total == 12345;       // main: last
}
