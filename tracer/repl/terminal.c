// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal after a fault; see terminal.h. readline's own functions may be called by no signal
// handler: the settings are kept and set by system calls (man 7 signal-safety has tcsetattr() and
// write()).
#include "tracer/repl/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/compiler.h"

static struct termios kept;
static int terminal = -1;

static void on_fault(int number)
{
	// readline asks for pasted text to be marked; nobody else expects the marks.
	static const char no_marks[] = "\033[?2004l\r";
	// From the background the terminal's driver would stop outpost for it.
	signal(SIGTTOU, SIG_IGN);
	tcsetattr(terminal, TCSANOW, &kept);
	ssize_t done = write(terminal, no_marks, strlen(no_marks));
	(void)done;
	// SA_RESETHAND: what the fault does by default. A fault that was sent does not come again
	// by itself.
	raise(number);
}

void op_terminal_keep(int fd)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
	// A stack of its own: there may be none left.
	static char stack[1 << 16];
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_RESETHAND | SA_ONSTACK};
	if (tcgetattr(fd, &kept))
		return;
	terminal = fd;
	sigaltstack(&other, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < OP_ARRAY_SIZE(faults); i++) {
		struct sigaction was;
		// A sanitizer has its own.
		if (!sigaction(faults[i], NULL, &was) && was.sa_handler == SIG_DFL)
			sigaction(faults[i], &action, NULL);
	}
}
