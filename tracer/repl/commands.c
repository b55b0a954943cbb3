// SPDX-License-Identifier: GPL-3.0-or-later
// The table of all commands, and how a typed line finds its row. Knows no session and runs nothing.
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "tracer/repl/command.h"
#include "tracer/repl/suggest.h"

#define ROW(name) &op_cmd_##name,
const struct op_command *const op_commands[] = {OP_COMMAND_LIST(ROW) NULL};

const char *const op_command_group_names[OP_GROUP_COUNT] = {
	[OP_GROUP_PROCESS] = "process",
	[OP_GROUP_RUNNING] = "running",
	[OP_GROUP_BREAKPOINTS] = "breakpoints",
	[OP_GROUP_STACK] = "stack",
	[OP_GROUP_DATA] = "data",
	[OP_GROUP_CODE] = "code",
	[OP_GROUP_SUPPORT] = "support",
};

/** 2: the word is a name or an alias; 1: the beginning of one; 0: neither. */
static int match(const struct op_command *command, const char *word, size_t size)
{
	int best = 0;
	if (!strncmp(command->name, word, size))
		best = command->name[size] ? 1 : 2;
	for (const char *const *alias = command->aliases; alias && *alias; alias++) {
		if (!strncmp(*alias, word, size) && best < 2)
			best = (*alias)[size] ? 1 : 2;
	}
	return best;
}

static struct op_error *no_command(const struct op_command *const *commands, const char *where,
				   const char *word, size_t size)
{
	struct op_suggestion close = {0};
	struct op_text typed _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&typed, "%s%.*s", where, (int)size, word);
	if (typed.failed)
		return op_error_no_memory();
	// The beginning of one word is rather a slip.
	const char *instead = op_suggest_instead(typed.data)
				      ?: *where ? op_suggest_for_beginning(typed.data)
						: NULL;
	if (instead)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" is not a command here: %s",
				       typed.data, instead);
	for (const struct op_command *const *row = commands; *row; row++) {
		op_suggest(&close, word, size, (*row)->name);
		for (const char *const *alias = (*row)->aliases; alias && *alias; alias++)
			op_suggest(&close, word, size, *alias);
	}
	if (close.name)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\" is not a command; did you mean \"%s%s\"?",
				       typed.data, where, close.name);
	return op_error_create(OP_ERROR_SYNTAX,
			       "\"%s\" is not a command; \"help\" lists the commands", typed.data);
}

struct op_error *op_command_find(const struct op_command *const *commands, const char *where,
				 const char *name, size_t size, const struct op_command **ret)
{
	const struct op_command *found = NULL;
	unsigned candidates = 0;
	struct op_text names _cleanup_text_ = OP_TEXT_INIT;
	for (const struct op_command *const *row = commands; *row; row++) {
		int quality = match(*row, name, size);
		if (quality == 2) {
			*ret = *row;
			return NULL;
		}
		if (quality == 1) {
			op_text_printf(&names, "%s%s", candidates ? ", " : "", (*row)->name);
			candidates++;
			found = *row;
		}
	}
	if (candidates == 1) {
		*ret = found;
		return NULL;
	}
	if (candidates)
		return op_error_create(OP_ERROR_SYNTAX, "\"%s%.*s\" is ambiguous: %s", where,
				       (int)size, name, names.data ? names.data : "");
	return no_command(commands, where, name, size);
}

void op_line_deinit(struct op_line *line)
{
	free(line->format);
	free(line->rest);
	free(line->name);
	*line = (struct op_line){0};
}

static const char *skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static size_t word_length(const char *text)
{
	size_t length = 0;
	while (isalnum((unsigned char)text[length]) || text[length] == '_' || text[length] == '-')
		length++;
	return length;
}

static struct op_error *copy_trimmed(const char *text, char **ret)
{
	text = skip_blanks(text);
	size_t size = strlen(text);
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	*ret = strndup(text, size);
	return *ret ? NULL : op_error_no_memory();
}

static struct op_error *set_name(struct op_line *line, const char *first, size_t first_size,
				 const char *second, size_t second_size)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_append_n(&text, first, first_size);
	if (second_size) {
		op_text_append_char(&text, ' ');
		op_text_append_n(&text, second, second_size);
	}
	free(op_take(line->name));
	return op_text_steal(&text, &line->name);
}

/** Take the second word of a command such as info off @p *text. */
static struct op_error *parse_subcommand(struct op_line *line, const char **text)
{
	const struct op_command *parent = line->command;
	const char *word = skip_blanks(*text);
	size_t size = word_length(word);
	struct op_error *err = set_name(line, parent->name, strlen(parent->name), word, size);
	if (err)
		return err;
	struct op_text where _cleanup_text_ = OP_TEXT_INIT;
	op_text_printf(&where, "%s ", parent->name);
	if (!size)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\" needs a second word; \"help %s\" lists them",
				       parent->name, parent->name);
	err = op_command_find(parent->subcommands, where.data ? where.data : "", word, size,
			      &line->command);
	if (err)
		return err;
	line->parent = parent;
	*text = word + size;
	return set_name(line, parent->name, strlen(parent->name), line->command->name,
			strlen(line->command->name));
}

struct op_error *op_line_parse(const char *text, struct op_line *ret)
{
	*ret = (struct op_line){0};
	text = skip_blanks(text);
	if (!*text || *text == '#')
		return NULL;
	size_t size = word_length(text);
	if (*text == '!')
		size = 1;
	struct op_error *err = set_name(ret, text, size ? size : strcspn(text, " \t\n"), NULL, 0);
	if (err)
		return err;
	err = op_command_find(op_commands, "", text, size ? size : strlen(ret->name),
			      &ret->command);
	if (err)
		return err;
	err = set_name(ret, ret->command->name, strlen(ret->command->name), NULL, 0);
	if (err)
		return err;
	text += size;
	if (ret->command->subcommands)
		err = parse_subcommand(ret, &text);
	if (err)
		return err;
	size_t format_size = 0;
	bool takes_format = ret->command->flags & OP_COMMAND_FORMAT;
	if (*text == '/' && !takes_format && text[-1] != '!')
		return op_error_create(OP_ERROR_SYNTAX, "\"%s\" takes no /FORMAT", ret->name);
	// As in gdb, blanks may stand in front: disassemble /n fib.
	const char *slash = skip_blanks(text);
	if (takes_format && *slash == '/') {
		text = slash + 1;
		format_size = strcspn(text, " \t\n");
	}
	ret->format = strndup(text, format_size);
	if (!ret->format)
		return op_error_no_memory();
	return copy_trimmed(text + format_size, &ret->rest);
}
