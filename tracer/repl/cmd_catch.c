// SPDX-License-Identifier: GPL-3.0-or-later
// catch and tcatch: stop at events.
#include "tracer/repl/repl.h"

static struct op_error *catch_event(struct op_repl *repl, const struct op_call *call,
				    bool temporary)
{
	const struct op_breakpoint *breakpoint;
	struct op_error *err = op_session_catch(repl->session, call->rest, temporary, &breakpoint);
	if (err)
		return err;
	op_repl_report_set(repl, breakpoint);
	return NULL;
}

static struct op_error *catch_run(struct op_repl *repl, const struct op_call *call)
{
	return catch_event(repl, call, false);
}

static struct op_error *tcatch_run(struct op_repl *repl, const struct op_call *call)
{
	return catch_event(repl, call, true);
}

#define EVENTS                                                                                     \
	"trap [KIND]            a trap, with the guest's stack as it was; KIND is unreachable,\n"  \
	"                       out-of-bounds (also memory-, table-, array-out-of-bounds),\n"      \
	"                       divide-by-zero, integer-overflow, bad-conversion, "                \
	"stack-overflow,\n"                                                                        \
	"                       indirect-call-mismatch, uninitialized-element, null-reference,\n"  \
	"                       cast-failure, out-of-fuel, interrupt, ..., or what Wasmtime "      \
	"prints\n"                                                                                 \
	"throw                  an exception is thrown\n"                                          \
	"uncaught               ... that nothing up to the host catches\n"                         \
	"host [PATTERN...]      the guest calls the host, by the function's name\n"                \
	"host-error [PATTERN...] the host has failed in such a call\n"                             \
	"epoch                  the guest has come to its epoch deadline\n"                        \
	"memory.grow            the guest wants more memory\n"                                     \
	"load                   a module is loaded\n"                                              \
	"instantiate            an instance begins\n"                                              \
	"signal [NAME...]       a signal that is not the guest's trap\n"                           \
	"fork, exec, thread     the process does that\n"                                           \
	"exit                   it is about to end, with its memory still there\n"                 \
	"A catchpoint has a number among the breakpoints: condition, ignore, enable, delete as "   \
	"there."

const struct op_command op_cmd_catch = {
	.name = "catch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "EVENT [if EXPRESSION]",
	.help = "Stop the program at an event.\n" EVENTS,
	.complete = OP_COMPLETE_EVENTS,
	.run = catch_run,
};

const struct op_command op_cmd_tcatch = {
	.name = "tcatch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "EVENT [if EXPRESSION]",
	.help = "Stop the program at the next such event, once.\n" EVENTS,
	.complete = OP_COMPLETE_EVENTS,
	.run = tcatch_run,
};
