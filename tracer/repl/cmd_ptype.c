// SPDX-License-Identifier: GPL-3.0-or-later
// ptype and whatis: types of the guest's language, of expressions or by name.
#include "tracer/repl/repl.h"

static struct op_error *show_type(struct op_repl *repl, const struct op_call *call, bool definition)
{
	const char *type;
	if (!*call->rest)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" needs an expression or a type",
				       call->command->name);
	struct op_error *err = op_session_source_type(repl->session, op_repl_frame_or_null(repl),
						      call->rest, definition, &type);
	if (err)
		return err;
	if (repl->out.json)
		op_json_string(&repl->out.writer, "type", type);
	else
		op_output_printf(&repl->out, "type = %s\n", type);
	return NULL;
}

static struct op_error *ptype_run(struct op_repl *repl, const struct op_call *call)
{
	return show_type(repl, call, true);
}

static struct op_error *whatis_run(struct op_repl *repl, const struct op_call *call)
{
	return show_type(repl, call, false);
}

const struct op_command op_cmd_ptype = {
	.name = "ptype",
	.aliases = OP_ALIASES("pt"),
	.group = OP_GROUP_DATA,
	.args = "EXPRESSION | TYPE",
	.help = "Show the definition of a type, with its members; of an expression's type, which "
		"is "
		"not evaluated.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = ptype_run,
};

const struct op_command op_cmd_whatis = {
	.name = "whatis",
	.group = OP_GROUP_DATA,
	.args = "EXPRESSION | TYPE",
	.help = "Show the name of an expression's type, without evaluating it.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_LOCALS,
	.run = whatis_run,
};
