// SPDX-License-Identifier: GPL-3.0-or-later
// backtrace: the frames of the selected stack.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/host_stretch.h"
#include "tracer/repl/repl.h"
#include "tracer/report/source_value.h"

enum { INTERRUPT_EVERY = 1024 };

struct options {
	bool full;
	bool host;
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
		if (strcmp(*word, "-host") == 0) {
			ret->host = true;
			continue;
		}
		ret->outermost = **word == '-';
		err = op_argument_number(*word + ret->outermost, "a number of frames", &ret->count);
	}
	return err;
}

static const char indent[] = "        ";

/** -full in text: the locals of the body, Wasm's where nothing is known of it. */
static struct op_error *show_locals(struct op_repl *repl, const struct op_frame *frame)
{
	struct op_source_limits limits = op_repl_source_limits(repl, 0);
	const struct op_source_node *locals;
	size_t count;
	const char *missing;
	struct op_error *err = op_session_source_variables(repl->session, frame, OP_SOURCE_LOCALS,
							   &limits, &locals, &count, &missing);
	if (err)
		return err;
	if (!missing) {
		struct op_source_style style = {.pretty = repl->settings.print_pretty,
						.typed = true};
		if (!count)
			op_output_printf(&repl->out, "%sNo locals.\n", indent);
		op_source_variables_text(&repl->out, locals, count, &style, indent);
		return NULL;
	}
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	err = op_repl_fetch_frame(repl, frame, OP_FETCH_LOCALS, &fetched);
	if (!err)
		op_locals_text(&repl->out, &fetched.view.locals, indent);
	return err;
}

static struct op_error *show_frame(struct op_repl *repl, const struct op_frame *frame,
				   const struct options *options)
{
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	struct op_error *err =
		op_repl_fetch_frame(repl, frame, op_repl_frame_parts(repl), &fetched);
	if (err)
		return err;
	if (repl->out.json) {
		op_frame_json(&repl->out.writer, NULL, &fetched.view);
		return NULL;
	}
	op_frame_text(&repl->out, &fetched.view);
	if (options->full && frame->kind == OP_FRAME_WASM)
		err = show_locals(repl, frame);
	op_output_drain(&repl->out);
	return err;
}

/** -host: the stretch at @p at of the stack, as its own entry. */
static struct op_error *show_stretch(struct op_repl *repl, const struct op_stack *stack, size_t at)
{
	struct op_host_stretch_view view;
	struct op_error *err = op_session_host_stretch(repl->session, stack, at, &view.places,
						       &view.count, &view.incomplete);
	return err
		       ?: op_repl_show_host_entry(
				  repl, repl->out.json ? &repl->out.writer : NULL,
				  at < stack->count ? stack->frames[at].function : NULL, &view);
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
		if (!err && options.host && stack->frames[i].kind == OP_FRAME_HOST)
			err = show_stretch(repl, stack, i);
		else if (!err)
			err = show_frame(repl, &stack->frames[i], &options);
	}
	if (!err && options.host && end == stack->count && !stack->incomplete)
		err = show_stretch(repl, stack, end);
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
	.args = "[-full] [-host] [N | -N]",
	.help = "Show the frames of the selected stack, innermost first: function, arguments, file "
		"and "
		"line, behind\n"
		"the offset in the module where the line does not begin. Bodies that the guest's "
		"compiler inlined are\n"
		"frames of their own. N: the innermost N frames; -N: the outermost N. -full adds "
		"all "
		"locals. The host's\n"
		"frames are folded into a line; -host unfolds them, and adds those that lead to "
		"the guest.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = backtrace_run,
};
