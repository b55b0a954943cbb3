// SPDX-License-Identifier: GPL-3.0-or-later
// info frame: everything that is known of the selected frame.
#include <inttypes.h>

#include "tracer/repl/repl.h"

/** What is known in the guest's language, or why nothing is. */
static void show_source(struct op_output *out, const struct op_frame *frame,
			const struct op_frame_source *source)
{
	if (source->file) {
		op_output_printf(out, "  source      %s:%" PRIu32, source->file, source->line);
		if (source->column)
			op_output_printf(out, ", column %" PRIu32, source->column);
		op_output_printf(out, "%s\n",
				 source->exact || frame->source_depth
					 ? ""
					 : " (the instruction is inside the line)");
	}
	if (source->language)
		op_output_printf(out, "  language    %s\n", source->language);
	if (source->missing)
		op_output_printf(out, "  source      not known: %s\n", source->missing);
	if (frame->source_inlined)
		op_output_printf(out, "  inlined     into frame %" PRIu32 "\n", frame->level + 1);
}

static void show_text(struct op_output *out, const struct op_frame *frame)
{
	op_output_printf(out, "  function    %s, index %" PRIu32 "\n  module      %s\n",
			 frame->function, frame->function_index, frame->module);
	if (frame->has_pc)
		op_output_printf(out,
				 "  offset      0x%" PRIx32 " in the module's original bytes\n",
				 frame->pc);
	else
		op_output_printf(out, "  offset      not known\n");
	if (frame->host_pc.value)
		op_output_printf(out, "  host pc     0x%" PRIx64 "\n  host frame  0x%" PRIx64 "\n",
				 frame->host_pc.value, frame->fp.value);
	else
		op_output_printf(out,
				 "  host pc     not known: a Wasm core dump has no host frames\n");
	if (frame->vmctx.value)
		op_output_printf(out, "  instance    vmctx 0x%" PRIx64 "\n", frame->vmctx.value);
	else
		op_output_printf(out, "  instance    not known\n");
	op_output_printf(out, "  activation  %" PRIu32 "%s\n", frame->activation,
			 frame->activation ? "" : " (the newest entry of the host into the guest)");
}

static struct op_error *frame_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info frame");
	const struct op_frame *frame;
	if (!err)
		err = op_session_selected_frame(repl->session, &frame);
	struct op_fetched_frame fetched _cleanup_fetched_ = {0};
	if (!err)
		err = op_repl_fetch_frame(repl, frame, op_repl_frame_parts(repl), &fetched);
	if (err)
		return err;
	if (!repl->out.json) {
		op_frame_text(&repl->out, &fetched.view);
		show_source(&repl->out, frame, &fetched.view.source);
		show_text(&repl->out, frame);
		return NULL;
	}
	struct op_json *json = &repl->out.writer;
	op_frame_json(json, "frame", &fetched.view);
	op_json_hex(json, "fp", frame->fp.value);
	if (frame->vmctx.value)
		op_json_hex(json, "vmctx", frame->vmctx.value);
	else
		op_json_null(json, "vmctx");
	op_json_uint(json, "activation", frame->activation);
	if (!fetched.view.source.body)
		op_json_string(json, "source_missing", fetched.view.source.missing);
	return NULL;
}

const struct op_command op_info_frame = {
	.name = "frame",
	.aliases = OP_ALIASES("f"),
	.group = OP_GROUP_STACK,
	.args = "",
	.help = "Show everything that is known of the selected frame.",
	.flags = OP_COMMAND_NEEDS_FRAME,
	.run = frame_run,
};
