// SPDX-License-Identifier: GPL-3.0-or-later
// frame, up and down: select a frame of the selected stack.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/repl.h"
#include "tracer/repl/suggest.h"

/** Whether a function is called that, by its whole name or without what stands in front of it. */
static bool is_called(const char *function, const char *name)
{
	size_t size = function ? strlen(function) : 0, wanted = strlen(name);
	if (size < wanted || strcmp(function + size - wanted, name) != 0)
		return false;
	return size == wanted ||
	       (size > wanted + 2 && !strncmp(function + size - wanted - 2, "::", 2));
}

static struct op_error *has_name(struct op_repl *repl, const struct op_frame *frame,
				 const char *name, bool *ret)
{
	struct op_frame_source source;
	*ret = frame->kind == OP_FRAME_WASM && is_called(frame->function, name);
	if (*ret || frame->kind != OP_FRAME_WASM)
		return NULL;
	struct op_error *err = op_session_frame_source(repl->session, frame, &source);
	*ret = !err && is_called(source.function, name);
	return err;
}

/** The innermost frame of a function. */
static struct op_error *level_of(struct op_repl *repl, const char *name, uint32_t *ret)
{
	const struct op_stack *stack;
	struct op_error *err = op_session_selected_stack(repl->session, 0, &stack);
	for (size_t i = 0; !err && i < stack->count; i++) {
		bool found;
		err = has_name(repl, &stack->frames[i], name, &found);
		*ret = stack->frames[i].level;
		if (!err && found)
			return NULL;
		err = err ?: op_repl_check_interrupt(repl);
	}
	return err
		       ?: op_error_create(OP_ERROR_NOT_FOUND,
					  "no frame of this stack is one of \"%s\"; \"backtrace\" "
					  "shows them",
					  name);
}

static struct op_error *select_frame(struct op_repl *repl, const char *text)
{
	uint32_t level = 0;
	uint64_t number = 0;
	const char *function = op_argument_option(text, "function");
	const char *rest = op_argument_option(text, "level") ?: text;
	struct op_error *err = op_suggest_for_argument("frame", text);
	if (!err && function && *function)
		err = level_of(repl, function, &level);
	else if (!err)
		err = op_argument_number(rest, "a frame's number", &number);
	if (!err && number > UINT32_MAX)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no frame %s", rest);
	return err ?: op_session_select_level(repl->session, function ? level : (uint32_t)number);
}

static struct op_error *frame_run(struct op_repl *repl, const struct op_call *call)
{
	if (*call->rest) {
		struct op_error *err = select_frame(repl, call->rest);
		if (err)
			return err;
		op_list_state_forget(&repl->list);
	}
	return op_repl_report_selected(repl);
}

/** The level of the innermost (of the outermost) guest frame. */
static struct op_error *end_level(struct op_repl *repl, bool outermost, uint32_t *ret)
{
	const struct op_stack *stack;
	struct op_error *err = op_session_selected_stack(repl->session, 0, &stack);
	if (err)
		return err;
	*ret = 0;
	for (size_t i = stack->count; outermost && i-- > 0;) {
		if (stack->frames[i].kind == OP_FRAME_WASM) {
			*ret = stack->frames[i].level;
			break;
		}
	}
	return NULL;
}

static struct op_error *move(struct op_repl *repl, const struct op_call *call, bool outwards)
{
	uint64_t count;
	uint32_t end;
	struct op_error *err = op_argument_number_or(call->rest, "a number of frames", 1, &count);
	if (!err)
		err = end_level(repl, outwards, &end);
	if (err)
		return err;
	uint32_t level = op_session_selected_level(repl->session);
	uint64_t room = outwards ? end - level : level;
	if (room == 0 && count)
		return op_error_create(OP_ERROR_NOT_FOUND, outwards
								   ? "this is the outermost frame"
								   : "this is the innermost frame");
	// Past the end means to the end, as in gdb.
	uint32_t distance = (uint32_t)(count < room ? count : room);
	err = op_session_select_level(repl->session,
				      outwards ? level + distance : level - distance);
	op_list_state_forget(&repl->list);
	return err ? err : op_repl_report_selected(repl);
}

static struct op_error *up_run(struct op_repl *repl, const struct op_call *call)
{
	return move(repl, call, true);
}

static struct op_error *down_run(struct op_repl *repl, const struct op_call *call)
{
	return move(repl, call, false);
}

const struct op_command op_cmd_frame = {
	.name = "frame",
	.aliases = OP_ALIASES("f"),
	.group = OP_GROUP_STACK,
	.args = "[[level] N | function NAME]",
	.help = "Select frame N of the selected stack, or the innermost one of a function, and "
		"show "
		"it; without one show the selected frame.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = frame_run,
};

const struct op_command op_cmd_up = {
	.name = "up",
	.group = OP_GROUP_STACK,
	.args = "[N]",
	.help = "Select the frame that called the selected one, or the Nth outwards.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = up_run,
};

const struct op_command op_cmd_down = {
	.name = "down",
	.aliases = OP_ALIASES("dow"),
	.group = OP_GROUP_STACK,
	.args = "[N]",
	.help = "Select the frame that the selected one called, or the Nth inwards.",
	.flags = OP_COMMAND_NEEDS_FRAME | OP_COMMAND_REPEATS,
	.run = down_run,
};
