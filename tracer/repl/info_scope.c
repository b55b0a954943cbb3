// SPDX-License-Identifier: GPL-3.0-or-later
// info scope: which variables can be seen at a place, whether the program is there or not.
#include <inttypes.h>

#include "tracer/repl/repl.h"

/** A place in a module's code. */
struct code_place {
	uint32_t module_id, pc;
};

static struct op_error *place_of_line(struct op_repl *repl,
				      const struct op_source_position *position,
				      struct code_place *ret)
{
	const struct op_source_range *ranges;
	size_t count;
	struct op_error *err = op_session_source_ranges(repl->session, position->file,
							position->line, &ranges, &count);
	if (!err && !count)
		err = op_error_create(OP_ERROR_NOT_FOUND,
				      "line %" PRIu32 " of %s has no code of its own: no variables "
				      "are known there",
				      position->line, position->file);
	if (err)
		return err;
	*ret = (struct code_place){ranges[0].module_id, ranges[0].pc};
	return NULL;
}

static struct op_error *find_place(struct op_repl *repl, const char *spec, struct code_place *ret)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	struct op_frame_view view = {0};
	struct op_source_position position;
	struct op_error *err = frame ? op_repl_fetch_source(repl, frame, &view) : NULL;
	if (!err && !*spec) {
		if (!frame || frame->kind != OP_FRAME_WASM || !frame->has_pc)
			return op_error_create(OP_ERROR_STATE,
					       "no frame is selected: say a place, as for break");
		*ret = (struct code_place){frame->module_id, frame->pc};
		return NULL;
	}
	if (!err)
		err = op_session_source_position(repl->session, frame, spec, view.source.file,
						 &position);
	if (err || !position.has_pc)
		return err ? err : place_of_line(repl, &position, ret);
	*ret = (struct code_place){position.module_id, position.pc};
	return NULL;
}

static void variable_text(struct op_output *out, const struct op_scope_variable *variable)
{
	op_output_printf(out, "  %s: %s of ", variable->declaration, variable->kind);
	op_output_styled(out, OP_STYLE_FUNCTION, "%s", variable->function);
	if (variable->file)
		op_output_printf(out, ", %s:%" PRIu32, variable->file, variable->line);
	op_output_printf(out, "%s\n",
			 variable->shadowed ? " (a variable of an inner block has its name)" : "");
	op_output_drain(out);
}

static void variable_json(struct op_json *json, const struct op_scope_variable *variable)
{
	op_json_begin_object(json, NULL);
	op_json_string(json, "name", variable->name);
	op_json_string(json, "declaration", variable->declaration);
	op_json_string(json, "kind", variable->kind);
	op_json_string(json, "function", variable->function);
	op_json_string(json, "file", variable->file);
	op_json_uint(json, "line", variable->line);
	op_json_uint(json, "block", variable->depth);
	op_json_bool(json, "shadowed", variable->shadowed);
	op_json_end_object(json);
}

static struct op_error *scope_run(struct op_repl *repl, const struct op_call *call)
{
	struct code_place place = {0};
	const struct op_scope_variable *variables;
	size_t count;
	struct op_error *err = find_place(repl, call->rest, &place);
	if (!err)
		err = op_session_source_scope(repl->session, place.module_id, place.pc, &variables,
					      &count);
	if (err)
		return err;
	const struct op_module *module = op_repl_module(repl, place.module_id);
	const char *name = module ? module->name : "?";
	struct op_json *json = &repl->out.writer;
	if (repl->out.json) {
		op_json_string(json, "module", name);
		op_json_uint(json, "pc", place.pc);
		op_json_begin_array(json, "variables");
	} else {
		op_output_printf(&repl->out, "%s at %s!",
				 count ? "Variables" : "No variables can be seen", name);
		op_output_styled(&repl->out, OP_STYLE_ADDRESS, "0x%" PRIx32, place.pc);
		op_output_printf(&repl->out, "%s\n", count ? ", the innermost first:" : ".");
	}
	for (size_t i = 0; i < count; i++) {
		if (repl->out.json)
			variable_json(json, &variables[i]);
		else
			variable_text(&repl->out, &variables[i]);
	}
	if (repl->out.json)
		op_json_end_array(json);
	return NULL;
}

const struct op_command op_info_scope = {
	.name = "scope",
	.group = OP_GROUP_DATA,
	.args = "[PLACE]",
	.help = "List the variables of the guest's language that can be seen at a place (as for "
		"list): parameters,\n"
		"locals and statics of the function and of the bodies inlined into each other "
		"there. Without a place:\n"
		"where the selected frame is.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.complete = OP_COMPLETE_FUNCTIONS,
	.run = scope_run,
};
