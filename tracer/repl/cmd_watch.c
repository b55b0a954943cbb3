// SPDX-License-Identifier: GPL-3.0-or-later
// watch, rwatch and awatch: stop where a place is written, read, or either.
#include <inttypes.h>
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

// gdb's -l: the place that the expression is now, whatever becomes of the frame.
static struct op_error *set_location(struct op_repl *repl, const char *rest,
				     enum op_breakpoint_kind kind, const struct op_breakpoint **ret)
{
	struct op_text address _cleanup_text_ = OP_TEXT_INIT, spec _cleanup_text_ = OP_TEXT_INIT;
	const char *condition = op_breakpoint_spec_condition(rest);
	size_t size = condition ? (size_t)(condition - rest) : strlen(rest);
	struct op_result place;
	op_text_printf(&address, "&(%.*s)", (int)size, rest);
	if (address.failed)
		return op_error_no_memory();
	struct op_error *err = op_repl_evaluate_once(repl, address.data, &place);
	if (err)
		return err;
	if (!place.guest_type)
		return set(repl, rest, kind, ret);
	op_text_printf(&spec, "*(%s) 0x%" PRIx64 " %s", place.guest_type,
		       op_value_bits(&place.value), condition ?: "");
	return spec.failed ? op_error_no_memory() : set(repl, spec.data, kind, ret);
}

static struct op_error *watch_for(struct op_repl *repl, const struct op_call *call,
				  enum op_breakpoint_kind kind)
{
	const struct op_breakpoint *watchpoint;
	const char *software =
		kind == OP_BREAKPOINT_WATCH ? op_argument_option(call->rest, "-software") : NULL;
	const char *location =
		op_argument_option(call->rest, "-l") ?: op_argument_option(call->rest, "-location");
	struct op_error *err = software   ? set_software(repl, software, &watchpoint)
			       : location ? set_location(repl, location, kind, &watchpoint)
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
	"returns,\n"                                                                               \
	"with -l for good: it is the place in memory then.\n"                                      \
	"With \"if CONDITION\" it stops only where that is true, in the frame that made the "      \
	"access."

const struct op_command op_cmd_watch = {
	.name = "watch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[-l | -software [-in PATTERN]] EXPRESSION [if CONDITION]",
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
	.args = "[-l] PLACE [if CONDITION]",
	.help = "Stop the program whenever a place is read.\n" PLACES,
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = rwatch_run,
};

const struct op_command op_cmd_awatch = {
	.name = "awatch",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[-l] PLACE [if CONDITION]",
	.help = "Stop the program whenever a place is read or written.\n" PLACES,
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = awatch_run,
};
