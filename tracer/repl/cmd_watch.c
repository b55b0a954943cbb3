// SPDX-License-Identifier: GPL-3.0-or-later
// watch, rwatch and awatch: stop where a place is written, read, or either.
#include <string.h>

#include "tracer/repl/repl.h"

// By hardware; where that does not fit a change can be found by code.
static struct op_error *set(struct op_repl *repl, const char *spec, enum op_breakpoint_kind kind,
			    const struct op_breakpoint **ret)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_error *err = op_session_watch(repl->session, frame, spec, kind, ret);
	if (!err || kind != OP_BREAKPOINT_WATCH ||
	    (err->code != OP_ERROR_UNSUPPORTED && err->code != OP_ERROR_LIMIT))
		return err;
	struct op_error *software_err =
		op_session_watch_software(repl->session, frame, spec, NULL, ret);
	if (software_err) {
		op_error_destroy(software_err);
		return err;
	}
	struct op_text why _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&why, "it is checked by code before each instruction: %s", err->message);
	op_error_destroy(err);
	op_output_notice(&repl->out, false, why.data ? why.data : "");
	return NULL;
}

static struct op_error *set_software(struct op_repl *repl, const char *rest,
				     const struct op_breakpoint **ret)
{
	char *pattern _cleanup_free_ = NULL;
	const char *in = op_argument_option(rest, "-in");
	if (in) {
		struct op_error *err = op_argument_word(&in, &pattern);
		if (err)
			return err;
		rest = in + strspn(in, " ");
	}
	return op_session_watch_software(repl->session, op_repl_frame_or_null(repl), rest, pattern,
					 ret);
}

static struct op_error *watch_for(struct op_repl *repl, const struct op_call *call,
				  enum op_breakpoint_kind kind)
{
	const struct op_breakpoint *watchpoint;
	const char *software =
		kind == OP_BREAKPOINT_WATCH ? op_argument_option(call->rest, "-software") : NULL;
	struct op_error *err = software ? set_software(repl, software, &watchpoint)
					: set(repl, call->rest, kind, &watchpoint);
	if (err)
		return err;
	op_repl_report_set(repl, watchpoint);
	return NULL;
}

static struct op_error *watch_run(struct op_repl *repl, const struct op_call *call)
{
	return watch_for(repl, call, OP_BREAKPOINT_WATCH);
}

static struct op_error *rwatch_run(struct op_repl *repl, const struct op_call *call)
{
	return watch_for(repl, call, OP_BREAKPOINT_READ);
}

static struct op_error *awatch_run(struct op_repl *repl, const struct op_call *call)
{
	return watch_for(repl, call, OP_BREAKPOINT_ACCESS);
}

#define PLACES                                                                                     \
	"The place is a variable or a part of one (node->value) of up to 16 bytes, "               \
	"$mem[ADDRESS:TYPE], $global.NAME,\n"                                                      \
	"or a field of an object; the debug registers of the CPU watch it on every thread, at no " \
	"cost until\n"                                                                             \
	"it is hit, and there are four of them. A variable of a frame is watched until that "      \
	"returns.\n"                                                                               \
	"With \"if CONDITION\" it stops only where that is true, in the frame that made the "      \
	"access."

const struct op_command op_cmd_watch = {
	.name = "watch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[-software [-in PATTERN]] EXPRESSION [if CONDITION]",
	.help = "Stop the program whenever the value of a place changes.\n" PLACES "\n"
		"Where they do not fit, and with -software, code checks the value before each "
		"instruction:\n"
		"of the frame's function for its locals, else of all functions, or of those whose "
		"names match.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = watch_run,
};

const struct op_command op_cmd_rwatch = {
	.name = "rwatch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "PLACE [if CONDITION]",
	.help = "Stop the program whenever a place is read.\n" PLACES,
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = rwatch_run,
};

const struct op_command op_cmd_awatch = {
	.name = "awatch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "PLACE [if CONDITION]",
	.help = "Stop the program whenever a place is read or written.\n" PLACES,
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = awatch_run,
};
