// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of breakpoints; see breakpoint_commands.h. How they are typed is cmd_commands.c's.
#include "tracer/repl/breakpoint_commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/repl/interrupt.h"

static void drop_lines(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

void op_due_lines_drop(struct op_due_lines *due)
{
	drop_lines(due->data, due->count);
	due->data = NULL;
	due->count = due->capacity = 0;
}

static const struct op_breakpoint *find(struct op_repl *repl, uint32_t number)
{
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	for (size_t i = 0; i < count; i++) {
		if (breakpoints[i]->number == number)
			return breakpoints[i];
	}
	return NULL;
}

struct op_error *op_due_lines_add(struct op_repl *repl, const struct op_event *event,
				  bool *ret_silent)
{
	struct op_due_lines *due = &repl->due;
	op_due_lines_drop(due);
	*ret_silent = event->breakpoint_count != 0;
	for (size_t i = 0; i < event->breakpoint_count; i++) {
		const struct op_breakpoint *breakpoint = find(repl, event->breakpoints[i]);
		size_t count = breakpoint ? breakpoint->command_count : 0;
		bool silent = count && strcmp(breakpoint->commands[0], "silent") == 0;
		*ret_silent &= silent;
		for (size_t k = silent; k < count; k++) {
			char *line = strdup(breakpoint->commands[k]);
			if (line && op_array_push(due, line))
				continue;
			free(line);
			return op_error_no_memory();
		}
	}
	return NULL;
}

/** The lines of one stop, for themselves and for a command among them that is several lines. */
struct due_source {
	struct op_line_source source; // first: next() gets it
	char **lines;
	size_t count, next;
};

static char *due_next(struct op_line_source *source)
{
	struct due_source *lines = (struct due_source *)source;
	return lines->next < lines->count ? strdup(lines->lines[lines->next++]) : NULL;
}

static struct op_error *run_lines(struct op_repl *repl, struct due_source *lines)
{
	struct op_error *err = NULL;
	uint64_t resumes = repl->resumes;
	repl->lines = &lines->source;
	while (!err && lines->next < lines->count && repl->resumes == resumes && !repl->quit) {
		// Lines that go on and on must end at Ctrl-C even if it comes while none runs.
		if (op_interrupt_take() || op_session_take_interrupt(repl->session))
			err = op_error_create(OP_ERROR_INTERRUPTED,
					      "interrupted; the breakpoint's other commands are "
					      "not run");
		if (!err)
			err = op_repl_run_line(repl, lines->lines[lines->next++]);
	}
	repl->lines = lines->source.outer;
	return err;
}

struct op_error *op_due_lines_run(struct op_repl *repl)
{
	struct op_due_lines *due = &repl->due;
	if (due->running)
		return NULL;
	struct op_error *err = NULL;
	due->running = true;
	while (!err && due->count && !repl->quit && !op_interrupt_ending()) {
		struct due_source lines = {
			.source = {.next = due_next, .outer = repl->lines},
			.lines = op_take(due->data),
			.count = due->count,
		};
		due->count = due->capacity = 0;
		err = run_lines(repl, &lines);
		drop_lines(lines.lines, lines.count);
	}
	op_due_lines_drop(due);
	due->running = false;
	return err;
}
