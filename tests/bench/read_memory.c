// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * How fast liboutpost reads linear memory: what tests/bench/bare_readv.c does, through the public
 * interface. Knows outpost.h and nothing behind it.
 *
 *   read_memory PID SIZE ROUNDS   prints "SIZE SECONDS" of the median round; reads from address 0
 *                                 of memory 0 of a guest that is on a thread
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tracer/outpost.h"

static void check(struct op_error *error)
{
	if (error)
		errx(1, "%s", error->message);
}

static void find_guest(struct op_session *session)
{
	const struct op_thread_summary *threads;
	size_t count;
	check(op_session_threads(session, &threads, &count));
	for (size_t i = 0; i < count; i++)
		if (threads[i].in_guest) {
			check(op_session_select_thread(session, threads[i].id));
			return;
		}
	errx(1, "no thread of the process is in a guest");
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: read_memory PID SIZE ROUNDS");
	size_t size = strtoul(argv[2], NULL, 10), rounds = strtoul(argv[3], NULL, 10);
	char *buffer = malloc(size);
	double *seconds = calloc(rounds, sizeof(*seconds));
	if (!buffer || !seconds || !rounds)
		errx(1, "no memory for %zu bytes and %zu rounds", size, rounds);
	// The buffer's own page faults are in no round.
	memset(buffer, 1, size);

	const struct op_session_options options = {.size = sizeof(options)};
	struct op_session *session;
	check(op_session_create(&options, &session));
	check(op_session_attach(session, strtol(argv[1], NULL, 10), false));
	find_guest(session);
	const struct op_frame *frame;
	check(op_session_selected_frame(session, &frame));
	for (size_t i = 0; i < rounds; i++) {
		struct timespec from, to;
		clock_gettime(CLOCK_MONOTONIC, &from);
		check(op_session_read_memory(session, frame, 0, 0, buffer, size));
		clock_gettime(CLOCK_MONOTONIC, &to);
		seconds[i] = (double)(to.tv_sec - from.tv_sec) +
			     (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	}
	op_session_destroy(session);
	qsort(seconds, rounds, sizeof(*seconds), compare);
	printf("%zu %.9f\n", size, seconds[rounds / 2]);
	free(seconds);
	free(buffer);
	return 0;
}
