// SPDX-License-Identifier: GPL-3.0-or-later
// A guest for tests of source files and lines (tests/e2e/test_source_files.py): the numbers of its
// lines stand in the test.
#include <stdio.h>

#include "source_lines.h"

static int square(int n)
{
	return n * n;
}

static int sum(int count)
{
	int total = 0;
	for (int i = 0; i < count; i++)
		total += square(i) + half(i);
	return total;
}

int main(void)
{
	char line[16];
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	printf("sum=%d\n", sum(10));
	return 0;
}
