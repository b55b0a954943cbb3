// SPDX-License-Identifier: GPL-3.0-or-later
// The part of stepped.c that is compiled without debug information.
int without_lines(int (*function)(int), int n)
{
	int got = function(n);
	return got * 2;
}
