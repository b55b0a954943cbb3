// SPDX-License-Identifier: GPL-3.0-or-later
// info types and info variables: what the modules' debug information names.
#include <inttypes.h>
#include <string.h>

#include "tracer/repl/repl.h"

static bool same_file(const struct op_source_name *a, const struct op_source_name *b)
{
	if (a->module_id != b->module_id || !a->file != !b->file)
		return false;
	return !a->file || strcmp(a->file, b->file) == 0;
}

// One heading for each file: "File main.c (app):".
static void list_text(struct op_output *out, const struct op_source_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct op_source_name *name = &names[i];
		if (!i || !same_file(name, &names[i - 1])) {
			op_output_printf(out, "%s", i ? "\n" : "");
			op_output_styled(out, OP_STYLE_DIM, "%s%s (%s):",
					 name->file ? "File " : "Without a place in a file",
					 name->file ?: "", name->module);
			op_output_printf(out, "\n");
		}
		if (name->line)
			op_output_printf(out, "%-7" PRIu32 " ", name->line);
		else
			op_output_printf(out, "        ");
		op_output_printf(out, "%s;\n", name->declaration);
		op_output_drain(out);
	}
}

static void list_json(struct op_json *json, const char *key, const struct op_source_name *names,
		      size_t count)
{
	op_json_begin_array(json, key);
	for (size_t i = 0; i < count; i++) {
		op_json_begin_object(json, NULL);
		op_json_string(json, "module", names[i].module);
		op_json_string(json, "name", names[i].name);
		op_json_string(json, "declaration", names[i].declaration);
		op_json_string(json, "file", names[i].file);
		op_json_uint(json, "line", names[i].line);
		op_json_end_object(json);
	}
	op_json_end_array(json);
}

static struct op_error *list(struct op_repl *repl, const struct op_call *call,
			     enum op_source_listing which, const char *what)
{
	const struct op_source_name *names;
	size_t count;
	struct op_error *err = op_session_source_names(
		repl->session, which, *call->rest ? call->rest : NULL, &names, &count);
	if (err)
		return err;
	if (repl->out.json) {
		list_json(&repl->out.writer, what, names, count);
	} else if (count) {
		list_text(&repl->out, names, count);
	} else {
		op_output_printf(&repl->out, "The debug information names no %s%s", what,
				 *call->rest ? " like that" : "");
		op_repl_end_unmatched(repl, call->rest);
	}
	return NULL;
}

static struct op_error *types_run(struct op_repl *repl, const struct op_call *call)
{
	return list(repl, call, OP_SOURCE_TYPES, "types");
}

static struct op_error *variables_run(struct op_repl *repl, const struct op_call *call)
{
	return list(repl, call, OP_SOURCE_GLOBALS, "variables");
}

const struct op_command op_info_types = {
	.name = "types",
	.group = OP_GROUP_DATA,
	.args = "[PATTERN]",
	.help = "List the types of the guest's language; PATTERN is a shell pattern of names.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.run = types_run,
};

const struct op_command op_info_variables = {
	.name = "variables",
	.aliases = OP_ALIASES("va"),
	.group = OP_GROUP_DATA,
	.args = "[PATTERN]",
	.help = "List the variables of the guest's language that are outside of functions, or "
		"static;\nPATTERN is a shell pattern of names.",
	.flags = OP_COMMAND_NEEDS_TARGET,
	.run = variables_run,
};
