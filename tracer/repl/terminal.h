// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal's own settings, which a line editor changes: put back also when outpost dies of a
// fault. Knows no session.
#ifndef OP_TRACER_REPL_TERMINAL_H
#define OP_TRACER_REPL_TERMINAL_H

/** Keep the settings of the terminal @p fd; from now on a fault of outpost's own (SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL, SIGABRT), or SIGQUIT, puts them back before it ends outpost as it would have. Does nothing
 * where @p fd is no terminal. */
void op_terminal_keep(int fd);

#endif
