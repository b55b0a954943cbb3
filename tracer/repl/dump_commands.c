// SPDX-License-Identifier: GPL-3.0-or-later
// The commands' rows as the manual's section and as words for the shell. Part of options.h.
#include <string.h>

#include "tracer/repl/command.h"
#include "tracer/repl/options.h"

/**
 * Text for roff: a backslash, and a dot or quote at the beginning of a line, would be requests
 * (man 7 groff).
 */
static void roff_text(FILE *stream, const char *text)
{
	bool line_begins = true;
	for (; *text; text++) {
		if (line_begins && (*text == '.' || *text == '\'')) {
			fputs("\\&", stream);
			fputc(*text, stream);
		} else if (*text == '\\') {
			fputs("\\e", stream);
		} else if (*text == '-') {
			fputs("\\-", stream);
		} else {
			fputc(*text, stream);
		}
		line_begins = *text == '\n';
	}
	fputc('\n', stream);
}

static void man_command(FILE *stream, const char *prefix, const struct op_command *command)
{
	fprintf(stream, ".TP\n.B %s%s\n", prefix, command->name);
	if (command->args[0])
		fputs(".I ", stream);
	if (command->args[0])
		roff_text(stream, command->args);
	roff_text(stream, command->help);
	for (const char *const *alias = command->aliases; alias && *alias; alias++)
		fprintf(stream, "%s%s", alias == command->aliases ? "Short: " : ", ", *alias);
	if (command->aliases)
		fputs(".\n", stream);
}

static void man_group(FILE *stream, enum op_command_group group)
{
	fprintf(stream, ".SS %s\n", op_command_group_names[group]);
	for (const struct op_command *const *row = op_commands; *row; row++) {
		if (!(*row)->subcommands && (*row)->group == group)
			man_command(stream, "", *row);
	}
	for (const struct op_command *const *row = op_commands; *row; row++) {
		for (const struct op_command *const *sub = (*row)->subcommands; sub && *sub;
		     sub++) {
			if ((*sub)->group == group)
				man_command(stream, "info ", *sub);
		}
	}
}

static void dump_man(FILE *stream)
{
	for (unsigned group = 0; group < OP_GROUP_COUNT; group++)
		man_group(stream, group);
}

static void dump_bash(FILE *stream)
{
	for (const struct op_command *const *row = op_commands; *row; row++) {
		fprintf(stream, "%s\n", (*row)->name);
		for (const struct op_command *const *sub = (*row)->subcommands; sub && *sub; sub++)
			fprintf(stream, "%s %s\n", (*row)->name, (*sub)->name);
	}
}

struct op_error *op_options_dump_commands(FILE *stream, const char *form)
{
	static const struct {
		const char *form;
		void (*dump)(FILE *stream);
	} forms[] = {{"man", dump_man}, {"bash", dump_bash}};
	for (size_t i = 0; i < OP_ARRAY_SIZE(forms); i++) {
		if (strcmp(forms[i].form, form) == 0) {
			forms[i].dump(stream);
			return NULL;
		}
	}
	return op_error_create(OP_ERROR_SYNTAX, "--dump-commands can be man or bash, not %s", form);
}
