// SPDX-License-Identifier: GPL-3.0-or-later
// info globals: the globals of the instance with their values.
#include <inttypes.h>

#include "tracer/report/node.h"
#include "tracer/repl/repl.h"

static void global_text(struct op_output *out, const struct op_global_info *global,
			const struct op_value_node *node)
{
	if (global->name)
		op_output_styled(out, OP_STYLE_NAME, "%s", global->name);
	else
		op_output_styled(out, OP_STYLE_NAME, "$global%" PRIu32, global->index);
	op_output_printf(out, " = ");
	op_node_text(&out->text, node, &(struct op_value_format){0});
	op_output_styled(out, OP_STYLE_DIM, "  (%" PRIu32 ", %s%s%s)", global->index,
			 global->is_mutable ? "mut " : "", global->type,
			 global->imported ? ", imported" : "");
	op_output_printf(out, "\n");
}

static void global_json(struct op_json *json, const struct op_global_info *global,
			const struct op_value_node *node)
{
	op_json_begin_object(json, NULL);
	op_json_uint(json, "index", global->index);
	op_json_string(json, "name", global->name);
	op_json_string(json, "declared", global->type);
	op_json_bool(json, "mutable", global->is_mutable);
	op_json_bool(json, "imported", global->imported);
	op_typed_value_json(json, &global->value, false);
	op_node_json(json, "object", node);
	op_json_end_object(json);
}

static struct op_error *globals_run(struct op_repl *repl, const struct op_call *call)
{
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	const struct op_global_info *globals;
	size_t count;
	struct op_error *err = op_session_globals(
		repl->session, frame, *call->rest ? call->rest : NULL, &globals, &count);
	if (err)
		return err;
	struct op_expand_limits limits = op_repl_expand_limits(repl, OP_EXPAND_LINE);
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "globals");
	else if (!count)
		op_output_printf(&repl->out, *call->rest ? "No global has such a name.\n"
							 : "The instance has no global.\n");
	for (size_t i = 0; !err && i < count; i++) {
		struct op_result value = {.value = globals[i].value, .store = globals[i].store};
		const struct op_value_node *node;
		err = op_repl_check_interrupt(repl);
		if (!err)
			err = op_session_expand(repl->session, frame, &value, &limits, &node);
		if (err)
			break;
		if (repl->out.json)
			global_json(&repl->out.writer, &globals[i], node);
		else
			global_text(&repl->out, &globals[i], node);
		op_output_drain(&repl->out);
	}
	if (!err && repl->out.json)
		op_json_end_array(&repl->out.writer);
	return err;
}

const struct op_command op_info_globals = {
	.name = "globals",
	.group = OP_GROUP_DATA,
	.args = "[PATTERN]",
	.help = "Show the instance's globals; PATTERN is a shell pattern of names.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.run = globals_run,
};
