// SPDX-License-Identifier: GPL-3.0-or-later
// The signal table. Knows no process.
#include "platform/linux/signals.h"

#include <stdio.h>

#include "base/compiler.h"

struct signal_row {
	const char *name;
	bool fault; // raised by the processor for an instruction, when the kernel is its sender
};

static const struct signal_row signal_rows[] = {
	[SIGHUP] = {"SIGHUP", false},   [SIGINT] = {"SIGINT", false},
	[SIGQUIT] = {"SIGQUIT", false}, [SIGILL] = {"SIGILL", true},
	[SIGTRAP] = {"SIGTRAP", false}, [SIGABRT] = {"SIGABRT", false},
	[SIGBUS] = {"SIGBUS", true},    [SIGFPE] = {"SIGFPE", true},
	[SIGKILL] = {"SIGKILL", false}, [SIGUSR1] = {"SIGUSR1", false},
	[SIGSEGV] = {"SIGSEGV", true},  [SIGUSR2] = {"SIGUSR2", false},
	[SIGPIPE] = {"SIGPIPE", false}, [SIGALRM] = {"SIGALRM", false},
	[SIGTERM] = {"SIGTERM", false}, [SIGSTKFLT] = {"SIGSTKFLT", false},
	[SIGCHLD] = {"SIGCHLD", false}, [SIGCONT] = {"SIGCONT", false},
	[SIGSTOP] = {"SIGSTOP", false}, [SIGTSTP] = {"SIGTSTP", false},
	[SIGTTIN] = {"SIGTTIN", false}, [SIGTTOU] = {"SIGTTOU", false},
	[SIGURG] = {"SIGURG", false},   [SIGXCPU] = {"SIGXCPU", false},
	[SIGXFSZ] = {"SIGXFSZ", false}, [SIGVTALRM] = {"SIGVTALRM", false},
	[SIGPROF] = {"SIGPROF", false}, [SIGWINCH] = {"SIGWINCH", false},
	[SIGIO] = {"SIGIO", false},     [SIGPWR] = {"SIGPWR", false},
	[SIGSYS] = {"SIGSYS", true},
};

void op_signal_name(int number, char *ret, size_t size)
{
	if (number > 0 && (size_t)number < OP_ARRAY_SIZE(signal_rows) && signal_rows[number].name)
		snprintf(ret, size, "%s", signal_rows[number].name);
	else if (number >= SIGRTMIN && number <= SIGRTMAX)
		snprintf(ret, size, number == SIGRTMIN ? "SIGRTMIN" : "SIGRTMIN+%d",
			 number - SIGRTMIN);
	else
		snprintf(ret, size, "signal %d", number);
}

bool op_signal_is_fault(const siginfo_t *info)
{
	// man 2 sigaction: codes above 0 come from the kernel.
	return info->si_signo > 0 && (size_t)info->si_signo < OP_ARRAY_SIZE(signal_rows) &&
	       signal_rows[info->si_signo].fault && info->si_code > 0;
}
