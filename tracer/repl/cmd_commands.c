// SPDX-License-Identifier: GPL-3.0-or-later
// commands: give breakpoints lines that are run when they have stopped the program.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/repl/breakpoint_numbers.h"

enum { LINES_MAX = 10000 };

struct lines {
	char **data;
	size_t count;
	size_t capacity;
};

static void lines_deinit(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->data[i]);
	free(lines->data);
}

static void trim(char *line)
{
	size_t blanks = 0, size = strlen(line);
	while (isspace((unsigned char)line[blanks]))
		blanks++;
	while (size > blanks && isspace((unsigned char)line[size - 1]))
		size--;
	memmove(line, line + blanks, size - blanks);
	line[size - blanks] = '\0';
}

static bool has_lines_of_its_own(const char *text)
{
	struct op_line line _cleanup_line_ = {0};
	struct op_error *err _cleanup_error_ = op_line_parse(text, &line);
	return !err && line.command == &op_cmd_commands;
}

/** Lines up to the "end" that belongs to the first one. */
static struct op_error *read_lines(struct op_repl *repl, struct lines *ret)
{
	unsigned depth = 1;
	for (;;) {
		char *line _cleanup_free_ = op_repl_next_line(repl);
		if (!line)
			return op_error_create(OP_ERROR_SYNTAX,
					       "the lines of \"commands\" need an \"end\"; nothing "
					       "was changed");
		trim(line);
		depth += has_lines_of_its_own(line);
		if (strcmp(line, "end") == 0 && --depth == 0)
			return NULL;
		if (!*line)
			continue;
		if (ret->count == LINES_MAX)
			return op_error_create(OP_ERROR_LIMIT,
					       "a breakpoint can have %d lines of commands",
					       LINES_MAX);
		if (!op_array_push(ret, line))
			return op_error_no_memory();
		line = NULL;
	}
}

/** Without numbers: what the last break, tbreak or rbreak has set. */
static struct op_error *last_ones(struct op_repl *repl, struct op_number_list *ret)
{
	if (!repl->last_set)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "no breakpoint was set yet: commands for which one?");
	char range[32];
	snprintf(range, sizeof(range), "%" PRIu32 "-%" PRIu32, repl->first_set, repl->last_set);
	return op_breakpoint_numbers(repl, range, ret);
}

static struct op_error *commands_run(struct op_repl *repl, const struct op_call *call)
{
	struct op_number_list numbers _cleanup_number_list_ = {0};
	struct lines lines _cleanup_(lines_deinit) = {0};
	struct op_error *err = *call->rest ? op_breakpoint_numbers(repl, call->rest, &numbers)
					   : last_ones(repl, &numbers);
	// As with gdb, what follows is then not this command's: lines would be waited for in vain
	// that belong to nothing.
	if (err)
		return err;
	if (repl->prompt_open && !repl->source_depth && !repl->due.running)
		op_output_printf(&repl->out, "One command per line; \"end\" ends them.\n");
	op_output_flush(&repl->out);
	err = read_lines(repl, &lines);
	for (size_t i = 0; !err && i < numbers.count; i++)
		err = op_session_breakpoint_commands(repl->session, numbers.data[i],
						     (const char *const *)lines.data, lines.count);
	if (!err)
		op_breakpoint_numbers_result(repl, &numbers);
	return err;
}

const struct op_command op_cmd_commands = {
	.name = "commands",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "[N | N-M]...",
	.help = "Give breakpoints commands that are run when they have stopped the program: the "
		"lines up to \"end\".\n"
		"Without a number: the breakpoints that were set last. Without lines they have "
		"none any more.\n"
		"A first line \"silent\" keeps the stop itself from being shown. What follows a "
		"command that lets the\n"
		"program run is not run. If there is no such breakpoint no lines are read: those\n"
		"that follow are commands of their own.",
	.complete = OP_COMPLETE_BREAKPOINTS,
	.run = commands_run,
};
