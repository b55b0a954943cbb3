// SPDX-License-Identifier: GPL-3.0-or-later
// LLVM gives the Wasm local of a parameter to a variable that begins where the parameter is needed no more, and goes on
// saying that the parameter is there.
#include <stdio.h>

struct node {
	int key;
	double weight;
	const char *name;
	struct node *next;
};

static volatile int total;

__attribute__((noinline)) static int show(struct node *n, int depth)
{
	int local = n->key * 3;
	char text[16];
	snprintf(text, sizeof(text), "%d:%s", depth, n->name);
	printf("told n=%p depth=%d local=%d\n", (void *)n, depth, local); // here
	fflush(stdout);
	total += local;
	return local + depth;
}

int main(int argc, char **argv)
{
	struct node nodes[] = {{argc + 2, .5, argv[0], 0}, {argc + 1, 1.5, argv[0], 0}};
	int sum = show(&nodes[0], 0);
	printf("sum %d\n", sum + show(&nodes[1], sum));
	return 0;
}
