// SPDX-License-Identifier: GPL-3.0-or-later
// help: what the commands are and do, from their rows.
#include <string.h>

#include "tracer/repl/repl.h"

/** The first line of a help text. */
static int first_line(const char *help)
{
	return (int)strcspn(help, "\n");
}

static void row_text(struct op_output *out, const char *prefix, const struct op_command *command)
{
	struct op_text name _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&name, "%s%s", prefix, command->name);
	op_output_printf(out, "  ");
	op_output_styled(out, OP_STYLE_NAME, "%-18s", name.data ? name.data : "");
	op_output_printf(out, " %.*s\n", first_line(command->help), command->help);
}

static void whole_text(struct op_output *out, const char *prefix, const struct op_command *command)
{
	op_output_styled(out, OP_STYLE_NAME, "%s%s", prefix, command->name);
	op_output_printf(out, " %s\n", command->args);
	for (const char *const *alias = command->aliases; alias && *alias; alias++)
		op_output_printf(out, "%s%s", alias == command->aliases ? "Short: " : ", ", *alias);
	if (command->aliases)
		op_output_printf(out, "\n");
	op_output_printf(out, "%s\n", command->help);
}

static void command_json(struct op_json *json, const char *prefix, const struct op_command *command)
{
	struct op_text name _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&name, "%s%s", prefix, command->name);
	op_json_begin_object(json, NULL);
	op_json_string(json, "name", name.data);
	op_json_begin_array(json, "aliases");
	for (const char *const *alias = command->aliases; alias && *alias; alias++)
		op_json_string(json, NULL, *alias);
	op_json_end_array(json);
	op_json_string(json, "group", op_command_group_names[command->group]);
	op_json_string(json, "arguments", command->args);
	op_json_string(json, "help", command->help);
	op_json_end_object(json);
}

static void show_row(struct op_repl *repl, const char *prefix, const struct op_command *command)
{
	if (repl->out.json)
		command_json(&repl->out.writer, prefix, command);
	else
		row_text(&repl->out, prefix, command);
}

static void show_subcommands(struct op_repl *repl, const struct op_command *parent)
{
	struct op_text prefix _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&prefix, "%s ", parent->name);
	for (const struct op_command *const *row = parent->subcommands; row && *row; row++)
		show_row(repl, prefix.data ? prefix.data : "", *row);
}

static void show_group(struct op_repl *repl, enum op_command_group group)
{
	if (!repl->out.json)
		op_output_styled(&repl->out, OP_STYLE_EVENT, "%s:", op_command_group_names[group]);
	if (!repl->out.json)
		op_output_printf(&repl->out, "\n");
	for (const struct op_command *const *row = op_commands; *row; row++) {
		if ((*row)->group == group)
			show_row(repl, "", *row);
	}
}

static struct op_error *show_command(struct op_repl *repl, const char *text)
{
	const struct op_command *command;
	const char *prefix = "";
	size_t size = strcspn(text, " \t");
	struct op_error *err = op_command_find(op_commands, "", text, size, &command);
	if (err)
		return err;
	struct op_text words _cleanup_text_ = OP_TEXT_INIT;
	const char *second = text + size + strspn(text + size, " \t");
	if (command->subcommands && *second) {
		op_text_printf(&words, "%s ", command->name);
		prefix = words.data ? words.data : "";
		err = op_command_find(command->subcommands, prefix, second, strlen(second),
				      &command);
		if (err)
			return err;
	}
	if (repl->out.json)
		command_json(&repl->out.writer, prefix, command);
	else
		whole_text(&repl->out, prefix, command);
	show_subcommands(repl, command);
	return NULL;
}

static struct op_error *help_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_error *err = NULL;
	bool found = false;
	if (repl->out.json)
		op_json_begin_array(&repl->out.writer, "commands");
	for (unsigned group = 0; group < OP_GROUP_COUNT; group++) {
		if (*call->rest && strcmp(call->rest, op_command_group_names[group]) != 0)
			continue;
		show_group(repl, group);
		found = true;
	}
	if (!found)
		err = show_command(repl, call->rest);
	if (err)
		return err;
	if (repl->out.json)
		op_json_end_array(&repl->out.writer);
	else if (!*call->rest)
		op_output_printf(&repl->out, "\"help COMMAND\" tells more. A command can be "
					     "shortened as long as it stays unique.\n");
	return NULL;
}

const struct op_command op_cmd_help = {
	.name = "help",
	.aliases = OP_ALIASES("h"),
	.group = OP_GROUP_SUPPORT,
	.args = "[COMMAND | GROUP]",
	.help = "Tell what commands there are, or what one of them does.",
	.complete = OP_COMPLETE_COMMANDS,
	.run = help_run,
};
