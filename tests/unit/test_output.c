// SPDX-License-Identifier: GPL-3.0-or-later
// What outpost writes arrives whole, whatever signals come meanwhile.
#include "tests/unit/suite.h"
#include "tracer/report/output.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PIPE_SIZE = 4096, SIZE = 20 * PIPE_SIZE };

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	signals = signals + 1;
}

static int ending(void)
{
	return signals;
}

struct reader {
	pthread_t writer;
	int fd;
	bool only_signals; // it reads nothing
	size_t size;       // of what was read
	char bytes[SIZE + 1];
};

// Only when the writer waits for room: then a signal finds it in the call.
static void interrupt_when_full(struct reader *reader)
{
	int filled = 0;
	while (filled < PIPE_SIZE && ioctl(reader->fd, FIONREAD, &filled) == 0)
		usleep(1000);
	for (int before = signals, i = 0; i < 100 && signals < before + 3; i++) {
		pthread_kill(reader->writer, SIGUSR1);
		usleep(5000);
	}
}

static void *run_reader(void *context)
{
	struct reader *reader = context;
	interrupt_when_full(reader);
	for (ssize_t got = 1; !reader->only_signals && got > 0; reader->size += (size_t)got)
		got = read(reader->fd, reader->bytes + reader->size,
			   sizeof(reader->bytes) - reader->size);
	return NULL;
}

/** Write SIZE characters into a small pipe. @return whether all of them could be. */
static bool write_while_signals_come(op_ending_fn give_up, struct reader *reader)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct op_output out;
	pthread_t thread;
	int ends[2];
	signals = 0;
	sigaction(SIGUSR1, &action, NULL);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
	FILE *stream = fdopen(ends[1], "w"), *errors = tmpfile();
	ck_assert(stream && errors);
	op_output_init(&out, stream, errors);
	out.ending = give_up;
	*reader = (struct reader){
		.writer = pthread_self(), .fd = ends[0], .only_signals = give_up != NULL};
	ck_assert_int_eq(pthread_create(&thread, NULL, run_reader, reader), 0);
	for (int i = 0; i < SIZE / 10; i++)
		op_output_printf(&out, "%09d\n", i);
	op_output_flush(&out);
	bool broken = out.broken;
	op_output_deinit(&out);
	fclose(stream);
	pthread_join(thread, NULL);
	fclose(errors);
	close(ends[0]);
	return !broken;
}

START_TEST(nothing_is_lost_by_a_signal)
{
	static struct reader reader;
	ck_assert(write_while_signals_come(NULL, &reader));
	ck_assert_int_ge(signals, 3);
	ck_assert_uint_eq(reader.size, SIZE / 10 * 10);
	for (int i = 0; i < SIZE / 10; i++)
		ck_assert_int_eq(atoi(reader.bytes + 10 * i), i);
}
END_TEST

START_TEST(it_is_not_waited_for_at_the_end)
{
	static struct reader reader;
	ck_assert(!write_while_signals_come(ending, &reader));
	ck_assert_int_ge(signals, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *output = tcase_create("output");
	tcase_add_test(output, nothing_is_lost_by_a_signal);
	tcase_add_test(output, it_is_not_waited_for_at_the_end);
	suite_add_tcase(suite, output);
	return run_suite(suite);
}
