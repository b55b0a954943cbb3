// SPDX-License-Identifier: GPL-3.0-or-later
// Signals that a person sends to outpost: Ctrl-C stops the target or the long command; SIGTERM and
// SIGHUP end the session in order, so that the
// target is let go as it was. The only global state of the front end, as signal handlers have no
// context.
#ifndef OP_TRACER_REPL_INTERRUPT_H
#define OP_TRACER_REPL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct op_session;

/**
 * Handle SIGINT, SIGTERM, SIGHUP for @p session from now on, and let writes to a closed pipe fail
 * instead of killing outpost.
 */
void op_interrupt_install(struct op_session *session);
/** Before the session is destroyed. */
void op_interrupt_remove(void);
/** True once after Ctrl-C. */
bool op_interrupt_take(void);
/** The signal that asked outpost to end; 0: none. */
int op_interrupt_ending(void);
/** Block the handled signals; *ret is the mask that was, for ppoll(). */
void op_interrupt_block(sigset_t *ret);
/**
 * read(), with those signals blocked before and behind it and @p mask meanwhile. A signal ends it
 * (-1, EINTR), also one that came before it began: what is to be read then may be gone.
 */
ssize_t op_interrupt_read(int fd, void *buffer, size_t size, const sigset_t *mask);

#endif
