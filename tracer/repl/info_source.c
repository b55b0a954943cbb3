// SPDX-License-Identifier: GPL-3.0-or-later
// info source, info sources, info line: source files and the code that was made of them.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/repl/repl.h"
#include "tracer/report/source.h"

enum { INTERRUPT_EVERY = 1024 };

// info source ---------------------------------------------------------------------------------

static struct op_error *summarise_frame(struct op_repl *repl, const struct op_frame *frame)
{
	struct op_source_summary summary;
	struct op_error *err = op_session_source_summary(repl->session, frame->module_id,
							 frame->has_pc, frame->pc, &summary);
	if (!err)
		op_source_summary_report(&repl->out, &summary);
	return err;
}

static struct op_error *summarise_modules(struct op_repl *repl)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	if (!err && repl->out.json)
		op_json_begin_array(&repl->out.writer, "modules");
	for (size_t i = 0; !err && i < count; i++) {
		struct op_source_summary summary;
		err = op_session_source_summary(repl->session, modules[i].id, false, 0, &summary);
		if (err)
			break;
		if (repl->out.json)
			op_json_begin_object(&repl->out.writer, NULL);
		op_source_summary_report(&repl->out, &summary);
		if (repl->out.json)
			op_json_end_object(&repl->out.writer);
	}
	if (!err && repl->out.json)
		op_json_end_array(&repl->out.writer);
	return err;
}

static struct op_error *source_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = op_argument_none(call->rest, "info source");
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	if (err)
		return err;
	return frame && frame->kind == OP_FRAME_WASM ? summarise_frame(repl, frame)
						     : summarise_modules(repl);
}

// info sources --------------------------------------------------------------------------------

static struct op_error *sources_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_source_file *files;
	size_t count;
	struct op_error *err = op_session_source_files(
		repl->session, *call->rest ? call->rest : NULL, &files, &count);
	if (err)
		return err;
	struct op_json *json = &repl->out.writer;
	if (repl->out.json)
		op_json_begin_array(json, "files");
	else if (!count)
		op_output_printf(&repl->out, "No source file is known%s.\n",
				 *call->rest ? " that matches" : "; \"info source\" says why");
	for (size_t i = 0; !err && i < count; i++) {
		if (i % INTERRUPT_EVERY == INTERRUPT_EVERY - 1)
			err = op_repl_check_interrupt(repl);
		if (repl->out.json) {
			op_json_begin_object(json, NULL);
			op_json_string(json, "module", files[i].module);
			op_json_string(json, "file", files[i].file);
			op_json_end_object(json);
			continue;
		}
		if (!i || files[i].module_id != files[i - 1].module_id) {
			op_output_styled(&repl->out, OP_STYLE_NAME, "%s", files[i].module);
			op_output_printf(&repl->out, ":\n");
		}
		op_output_printf(&repl->out, "  %s\n", files[i].file);
		op_output_drain(&repl->out);
	}
	if (!err && repl->out.json)
		op_json_end_array(json);
	return err;
}

// info line -----------------------------------------------------------------------------------

static void report_ranges(struct op_repl *repl, const char *file, uint32_t line,
			  const struct op_source_range *ranges, size_t count)
{
	struct op_json *json = &repl->out.writer;
	if (repl->out.json) {
		op_json_string(json, "file", file);
		op_json_uint(json, "line", line);
		op_json_begin_array(json, "ranges");
	} else {
		op_output_printf(&repl->out, "%s:%" PRIu32 "%s\n", file, line,
				 count ? ":" : " has no code of its own");
	}
	for (size_t i = 0; i < count; i++)
		op_source_range_report(&repl->out, &ranges[i], false);
	if (repl->out.json)
		op_json_end_array(json);
}

static struct op_error *line_of_pc(struct op_repl *repl, uint32_t module_id, uint32_t pc)
{
	struct op_source_range range;
	bool found;
	struct op_error *err =
		op_session_source_range_at(repl->session, module_id, pc, &found, &range);
	if (!err && !found) {
		struct op_source_summary summary;
		err = op_session_source_summary(repl->session, module_id, false, 0, &summary);
		if (!err)
			err = op_error_create(OP_ERROR_UNSUPPORTED, "%s",
					      summary.missing ? summary.missing
							      : "the place belongs to no line of "
								"a source file");
	}
	if (!err)
		report_ranges(repl, range.file, range.line, &range, 1);
	return err;
}

static struct op_error *line_of_place(struct op_repl *repl, const char *spec)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_frame_source source = {.file = NULL};
	struct op_source_position position;
	struct op_error *err =
		frame ? op_session_frame_source(repl->session, frame, &source) : NULL;
	if (!err)
		err = op_session_source_position(repl->session, frame, spec,
						 repl->list.file ? repl->list.file : source.file,
						 &position);
	if (err)
		return err;
	if (position.has_pc)
		return line_of_pc(repl, position.module_id, position.pc);
	const struct op_source_range *ranges;
	size_t count;
	err = op_session_source_ranges(repl->session, position.file, position.line, &ranges,
				       &count);
	if (!err)
		report_ranges(repl, position.file, position.line, ranges, count);
	return err;
}

static struct op_error *line_run(struct op_repl *repl, const struct op_call *call)
{
	if (*call->rest)
		return line_of_place(repl, call->rest);
	const struct op_frame *frame;
	struct op_error *err = op_session_selected_frame(repl->session, &frame);
	if (!err && (frame->kind != OP_FRAME_WASM || !frame->has_pc))
		err = op_error_create(OP_ERROR_STATE,
				      "the selected frame's place in a module is not known");
	return err ? err : line_of_pc(repl, frame->module_id, frame->pc);
}

const struct op_command op_info_source = {
	.name = "source",
	.group = OP_GROUP_CODE,
	.args = "",
	.help = "Show the selected frame's source file, where it is on this machine, its "
		"compilation unit, and where the debug\n"
		"information was read from; without a frame, the latter for each module.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.run = source_run,
};

const struct op_command op_info_sources = {
	.name = "sources",
	.group = OP_GROUP_CODE,
	.args = "[PATTERN]",
	.help = "List the source files of the guest's modules; PATTERN is a shell pattern of whole "
		"paths.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.run = sources_run,
};

const struct op_command op_info_line = {
	.name = "line",
	.group = OP_GROUP_CODE,
	.args = "[PLACE]",
	.help = "Show the code of a source line (LINE, FILE:LINE), or the line of the code at a "
		"FUNCTION's beginning, an *OFFSET,\n"
		"or the selected frame's place.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = line_run,
};
