// SPDX-License-Identifier: GPL-3.0-or-later
// ptype and whatis: types of the guest's language, of expressions or by name.
#include <string.h>

#include "tracer/repl/repl.h"

static struct op_error *show_type(struct op_repl *repl, const struct op_call *call,
				  enum op_source_type_form form)
{
	const char *type;
	if (!*call->rest)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" needs an expression or a type",
				       call->command->name);
	struct op_error *err = op_session_source_type(repl->session, op_repl_frame_or_null(repl),
						      call->rest, form, &type);
	if (err)
		return err;
	bool has_columns = form == OP_SOURCE_TYPE_LAYOUT && strchr(type, '\n');
	if (repl->out.json)
		op_json_string(&repl->out.writer, "type", type);
	else
		op_output_printf(&repl->out, "%stype = %s\n",
				 has_columns ? OP_SOURCE_TYPE_LAYOUT_HEAD : "", type);
	return NULL;
}

static struct op_error *ptype_run(struct op_repl *repl, const struct op_call *call)
{
	if (*call->format && strcmp(call->format, "o") != 0)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s/%s\": the only form is /o, with the members' offsets",
				       call->command->name, call->format);
	return show_type(repl, call,
			 *call->format ? OP_SOURCE_TYPE_LAYOUT : OP_SOURCE_TYPE_DEFINITION);
}

static struct op_error *whatis_run(struct op_repl *repl, const struct op_call *call)
{
	return show_type(repl, call, OP_SOURCE_TYPE_NAME);
}

const struct op_command op_cmd_ptype = {
	.name = "ptype",
	.aliases = OP_ALIASES("pt"),
	.group = OP_GROUP_DATA,
	.args = "[/o] EXPRESSION | TYPE",
	.help = "Show the definition of a type, with its members; of an expression's type, which "
		"is "
		"not evaluated.\n"
		"With /o, each member's offset and size in bytes stand before it, and holes are "
		"shown.",
	.flags = OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_FORMAT,
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
