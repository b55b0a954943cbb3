// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What gdb's conditions and dynamic prints are measured on: the loop of guests.called() as a native
 * program. Stands alone on purpose: it must know nothing of outpost, nor of WebAssembly.
 *
 *   native_loop COUNT   prints "ready"; then for ever COUNT calls of f and one of g
 */
#include <stdio.h>
#include <stdlib.h>

static volatile int calls_of_g;

static int f(int n)
{
	return n + 1;
}

static void g(void)
{
	calls_of_g++;
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	if (count <= 0) {
		fprintf(stderr, "usage: native_loop COUNT\n");
		return 2;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		for (int n = 0; n < count;)
			n = f(n);
		g();
	}
}
