// SPDX-License-Identifier: GPL-3.0-or-later
// frame, up and down: select a frame of the selected stack.
#include <inttypes.h>

#include "tracer/repl/repl.h"

static struct op_error *frame_run(struct op_repl *repl, const struct op_call *call)
{
	if (*call->rest) {
		uint64_t level;
		struct op_error *err = op_argument_number(call->rest, "a frame's number", &level);
		if (!err && level > UINT32_MAX)
			err = op_error_create(OP_ERROR_NOT_FOUND, "there is no frame %s",
					      call->rest);
		if (!err)
			err = op_session_select_level(repl->session, (uint32_t)level);
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
	.args = "[N]",
	.help = "Select frame N of the selected stack and show it; without N show the selected "
		"frame.",
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
