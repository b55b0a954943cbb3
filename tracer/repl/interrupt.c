// SPDX-License-Identifier: GPL-3.0-or-later
// Signal handling of the front end; see interrupt.h.
#include "tracer/repl/interrupt.h"

#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <unistd.h>

#include "tracer/outpost.h"

static struct op_session *volatile interrupted_session;
static volatile sig_atomic_t interrupt_seen;
static volatile sig_atomic_t ending_signal;

// A read that is under way in op_interrupt_read(), and how it is left.
static volatile sig_atomic_t reading;
static sigjmp_buf out_of_read;

static void on_signal(int number)
{
	int saved = errno;
	if (number == SIGINT)
		interrupt_seen = 1;
	else if (number != SIGPIPE)
		ending_signal = number;
	if (number != SIGPIPE && interrupted_session)
		op_session_interrupt(interrupted_session);
	errno = saved;
	if (reading && number != SIGPIPE) {
		reading = 0;
		siglongjmp(out_of_read, 1);
	}
}

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

void op_interrupt_install(struct op_session *session)
{
	interrupted_session = session;
	// No SA_RESTART: a wait has to return. A handler for SIGPIPE rather than SIG_IGN: execve()
	// would hand SIG_IGN on to a
	// launched program (man 7 signal), which must start with the defaults.
	struct sigaction action = {.sa_handler = on_signal};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < OP_ARRAY_SIZE(handled); i++)
		sigaction(handled[i], &action, NULL);
}

void op_interrupt_remove(void)
{
	interrupted_session = NULL;
}

bool op_interrupt_take(void)
{
	bool seen = interrupt_seen;
	interrupt_seen = 0;
	return seen;
}

int op_interrupt_ending(void)
{
	return ending_signal;
}

void op_interrupt_block(sigset_t *ret)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < OP_ARRAY_SIZE(handled); i++)
		sigaddset(&set, handled[i]);
	sigprocmask(SIG_BLOCK, &set, ret);
}

ssize_t op_interrupt_read(int fd, void *buffer, size_t size, const sigset_t *mask)
{
	sigset_t ignored;
	// Comes back here with the mask of now.
	if (sigsetjmp(out_of_read, 1)) {
		errno = EINTR;
		return -1;
	}
	reading = 1;
	sigprocmask(SIG_SETMASK, mask, NULL);
	ssize_t count = read(fd, buffer, size);
	reading = 0;
	op_interrupt_block(&ignored);
	return count;
}
