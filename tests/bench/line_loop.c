// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What steps by lines are measured on: a loop of LINES lines, of which one calls a function. For Wasm and as a native program.
 * Stands alone on purpose: it must know nothing of outpost. Prints "ready" once and then works for ever.
 */
#include <stdio.h>

static volatile unsigned turns;

static unsigned mix(unsigned value)
{
	value ^= value << 13;
	value ^= value >> 17;
	return value ^ value << 5;
}

static void work(void)
{
	unsigned value = 1, sum = 0;
	for (;;) {
		value = mix(value);
		sum += value & 255;
		if (sum > 100000)
			sum -= 100000;
		turns++; // the end of a turn
	}
}

int main(void)
{
	puts("ready");
	fflush(stdout);
	work();
	return 0;
}
