// SPDX-License-Identifier: GPL-3.0-or-later
// A host program with signals of its own, as one with a sampling profiler has them: preloaded into Wasmtime. With PROFILED set SIGPROF
// comes in each millisecond of processor time, and its handler takes 0.4 ms. That of SIGUSR1 sleeps between two words. SIGRTMIN+2 is
// counted: how many came, and how many of them not from whom the first one came.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count, others, sender;

static void take_sample(int number)
{
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec < 400000);
}

static void take_time(int number)
{
	struct timespec left = {.tv_sec = 3};
	(void)!write(2, "handler begins\n", 15);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
	(void)!write(2, "handler ends\n", 13);
}

static void take_count(int number, siginfo_t *info, void *context)
{
	count++;
	if (!sender)
		sender = info->si_pid;
	others += info->si_pid != sender || info->si_code != SI_TKILL;
}

__attribute__((constructor)) static void begin(void)
{
	const struct itimerval each = {{0, 1000}, {0, 1000}};
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = take_time, .sa_flags = SA_RESTART | SA_ONSTACK}, NULL);
	sigaction(SIGRTMIN + 2, &(struct sigaction){.sa_sigaction = take_count, .sa_flags = SA_RESTART | SA_ONSTACK | SA_SIGINFO}, NULL);
	sigaction(SIGPROF, &(struct sigaction){.sa_handler = take_sample, .sa_flags = SA_RESTART | SA_ONSTACK}, NULL);
	if (getenv("PROFILED"))
		setitimer(ITIMER_PROF, &each, NULL);
}

__attribute__((destructor)) static void end(void)
{
	fprintf(stderr, "signals=%d others=%d\n", (int)count, (int)others);
}
