// A guest for the tests of the line table: inlined code, a dead function, a header's code.
#include "lines.h"

__attribute__((noinline)) int
add(int a, int b)
{
	int sum = a + b;

	return sum;
}

static inline __attribute__((always_inline)) int twice(int x)
{
	int y = x * 2;
	return y + x_offset(x);
}

int dead(int x)
{
	return x - 1;
}

int loop(int n)
{
	int total = 0;
	for (int i = 0; i < n; i++) {
		total += twice(i);
		// a comment
		total = add(total, i);
	}
	return total + twice(n);
}

__attribute__((export_name("run"))) int run(int n) { return loop(n) + add(n, 1); }
