// SPDX-License-Identifier: GPL-3.0-or-later
// break and tbreak: set a breakpoint.
#include <string.h>

#include "tracer/report/breakpoint.h"
#include "tracer/repl/repl.h"

void op_repl_report_set(struct op_repl *repl, const struct op_breakpoint *breakpoint)
{
	repl->first_set = repl->last_set = breakpoint->number;
	if (repl->out.json)
		op_breakpoint_json(&repl->out.writer, "breakpoint", breakpoint);
	else
		op_breakpoint_text(&repl->out, breakpoint);
}

/** Set it where it matches; else, if the settings allow, let it wait, and tell why it does. */
static struct op_error *set(struct op_repl *repl, const char *spec, bool temporary,
			    const struct op_breakpoint **ret)
{
	// As with gdb, it can be set before the program runs (again).
	bool waits = op_session_state(repl->session) != OP_SESSION_STOPPED &&
		     repl->settings.breakpoint_pending;
	struct op_error *err = op_session_break(repl->session, spec, temporary, waits, ret);
	if (!err || err->code != OP_ERROR_NOT_FOUND || !repl->settings.breakpoint_pending)
		return err;
	struct op_error *refusal = op_session_break(repl->session, spec, temporary, true, ret);
	// What its condition is refused for is an error either way, and said once.
	if (!refusal)
		op_output_notice(&repl->out, true, err->message);
	op_error_destroy(err);
	return refusal;
}

static struct op_error *break_at(struct op_repl *repl, const struct op_call *call, bool temporary)
{
	struct op_text here _cleanup_text_ = OP_TEXT_INIT;
	const char *spec = call->rest;
	// "break if EXPRESSION" is there too, as in gdb.
	if (!*spec || op_breakpoint_spec_condition(spec) == spec) {
		const struct op_frame *frame;
		struct op_error *err = op_session_selected_frame(repl->session, &frame);
		if (err)
			return err;
		if (!frame->has_pc)
			return op_error_create(
				OP_ERROR_STATE,
				"the offset of the selected frame is not known; name a place");
		op_text_printf(&here, "%s!*0x%x%s%s", frame->module, frame->pc, *spec ? " " : "",
			       spec);
		spec = here.data ? here.data : "";
	}
	const struct op_breakpoint *breakpoint;
	struct op_error *err = set(repl, spec, temporary, &breakpoint);
	if (err)
		return err;
	op_repl_report_set(repl, breakpoint);
	return NULL;
}

static struct op_error *break_run(struct op_repl *repl, const struct op_call *call)
{
	return break_at(repl, call, false);
}

static struct op_error *tbreak_run(struct op_repl *repl, const struct op_call *call)
{
	return break_at(repl, call, true);
}

#define PLACES                                                                                     \
	"A place is FILE:LINE, a LINE of the selected frame's file (or +N, -N from its line), "    \
	"the "                                                                                     \
	"name of a\n"                                                                              \
	"function (FILE:NAME in one file), function[N] or #N by index, or *OFFSET in the "         \
	"module's original bytes;\n"                                                               \
	"MODULE! in front of it chooses a module. All instances of templates and inlined bodies "  \
	"are meant. Without\n"                                                                     \
	"one: the selected frame's next instruction. What matches nothing waits for a module "     \
	"that it matches\n"                                                                        \
	"(\"set breakpoint pending off\": is refused).\n"                                          \
	"With \"if EXPRESSION\" it stops only where that is true."

const struct op_command op_cmd_break = {
	.name = "break",
	.aliases = OP_ALIASES("b", "br"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[[MODULE!]FILE:LINE | [MODULE!]FUNCTION | [MODULE!]*OFFSET] [if EXPRESSION]",
	.help = "Stop the program whenever it comes to a place.\n" PLACES,
	.flags = OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_WAITS,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = break_run,
};

const struct op_command op_cmd_tbreak = {
	.name = "tbreak",
	.aliases = OP_ALIASES("tb"),
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[[MODULE!]FILE:LINE | [MODULE!]FUNCTION | [MODULE!]*OFFSET] [if EXPRESSION]",
	.help = "Stop the program the next time it comes to a place, once.\n" PLACES,
	.flags = OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_WAITS,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = tbreak_run,
};
