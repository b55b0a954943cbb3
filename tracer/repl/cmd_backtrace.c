// SPDX-License-Identifier: GPL-3.0-or-later
// backtrace: the frames of the selected stack.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/repl.h"

enum { INTERRUPT_EVERY = 1024 };

struct options {
	bool full;
	bool outermost;
	uint64_t count; /**< guest frames; 0: all */
};

static struct op_error *parse(struct op_repl *repl, const struct op_call *call, struct options *ret)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	*ret = (struct options){.count = repl->settings.backtrace_limit};
	for (char **word = words; !err && *word; word++) {
		if (strcmp(*word, "-full") == 0 || strcmp(*word, "full") == 0) {
			ret->full = true;
			continue;
		}
		ret->outermost = **word == '-';
		err = op_argument_number(*word + ret->outermost, "a number of frames", &ret->count);
	}
	return err;
}

static struct op_error *show_frame(struct op_repl *repl, const struct op_frame *frame,
				   const struct options *options)
{
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	unsigned parts = op_repl_frame_parts(repl) | (options->full ? OP_FETCH_LOCALS : 0);
	struct op_error *err = op_repl_fetch_frame(repl, frame, parts, &fetched);
	if (err)
		return err;
	if (repl->out.json) {
		op_frame_json(&repl->out.writer, NULL, &fetched.view);
		return NULL;
	}
	op_frame_text(&repl->out, &fetched.view);
	if (options->full && frame->kind == OP_FRAME_WASM)
		op_locals_text(&repl->out, &fetched.view.locals, "        ");
	op_output_drain(&repl->out);
	return NULL;
}

/** The part of the stack that is wanted: [*ret_first, *ret_end). */
static void choose_range(const struct op_stack *stack, const struct options *options,
			 size_t *ret_first, size_t *ret_end)
{
	*ret_first = 0;
	*ret_end = stack->count;
	if (!options->count)
		return;
	uint64_t left = options->count;
	if (options->outermost) {
		size_t i = stack->count;
		while (i > 0 && left)
			left -= stack->frames[--i].kind == OP_FRAME_WASM;
		*ret_first = i;
	} else {
		size_t i = 0;
		while (i < stack->count && left)
			left -= stack->frames[i++].kind == OP_FRAME_WASM;
		*ret_end = i;
	}
}

static struct op_error *backtrace_run(struct op_repl *repl, const struct op_call *call)
{
	struct options options;
	struct op_error *err = parse(repl, call, &options);
	if (err)
		return err;
	const struct op_stack *stack;
	err = op_session_selected_stack(repl->session, 0, &stack);
	if (err)
		return err;
	size_t first, end;
	choose_range(stack, &options, &first, &end);
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "frames");
	for (size_t i = first; !err && i < end; i++) {
		if (i % INTERRUPT_EVERY == INTERRUPT_EVERY - 1)
			err = op_repl_check_interrupt(repl);
		if (!err)
			err = show_frame(repl, &stack->frames[i], &options);
	}
	if (err)
		return err;
	if (repl->out.json) {
		op_json_end_array(&repl->out.writer);
		op_json_int(&repl->out.writer, "thread", stack->thread);
		op_json_bool(&repl->out.writer, "more", end < stack->count);
		op_json_string(&repl->out.writer, "incomplete", stack->incomplete);
	} else if (end < stack->count) {
		op_output_printf(&repl->out, "(More stack frames follow...)\n");
	} else if (stack->incomplete) {
		op_incomplete_text(&repl->out, stack->incomplete);
	}
	return NULL;
}

const struct op_command op_cmd_backtrace = {
	.name = "backtrace",
	.aliases = OP_ALIASES("bt", "where"),
	.group = OP_GROUP_STACK,
	.args = "[-full] [N | -N]",
	.help = "Show the frames of the selected stack, innermost first.\n"
		"N: the innermost N frames; -N: the outermost N. -full adds all locals. The host's "
		"frames are folded into a line.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = backtrace_run,
};
