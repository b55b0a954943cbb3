// SPDX-License-Identifier: GPL-3.0-or-later
// save breakpoints: the breakpoints as a file of commands, for source.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/repl/private_file.h"
#include "tracer/repl/repl.h"

/** The command that sets it; NULL: it counts or traces, and what of is not kept as it was typed. */
static const char *setting_command(const struct op_breakpoint *breakpoint)
{
	static const char *const watches[] = {
		[OP_BREAKPOINT_WATCH] = "watch",
		[OP_BREAKPOINT_READ] = "rwatch",
		[OP_BREAKPOINT_ACCESS] = "awatch",
	};
	if (breakpoint->caught)
		return breakpoint->temporary ? "tcatch" : "catch";
	if (breakpoint->action == OP_ACTION_WATCH)
		return "watch -software";
	if (breakpoint->kind != OP_BREAKPOINT_PLACE)
		return watches[breakpoint->kind];
	if (breakpoint->action == OP_ACTION_LOG)
		return "log";
	if (breakpoint->action != OP_ACTION_STOP)
		return NULL;
	return breakpoint->temporary ? "tbreak" : "break";
}

/** As op_argument_word() reads it. */
static void append_word(struct op_text *text, const char *word)
{
	for (; *word; word++) {
		if (strchr(" \t'\"\\", *word))
			op_text_append_char(text, '\\');
		op_text_append_char(text, *word);
	}
}

static void breakpoint_lines(struct op_text *text, const struct op_breakpoint *breakpoint)
{
	op_text_append(text, setting_command(breakpoint));
	if (breakpoint->pattern && *breakpoint->pattern) {
		op_text_append(text, " -in ");
		append_word(text, breakpoint->pattern);
	}
	op_text_printf(text, " %s", breakpoint->spec);
	if (breakpoint->condition)
		op_text_printf(text, " if %s", breakpoint->condition);
	if (breakpoint->format)
		op_text_printf(text, " %s", breakpoint->format);
	op_text_append(text, "\n");
	if (breakpoint->ignore_left)
		op_text_printf(text, "  ignore $bpnum %" PRIu64 "\n", breakpoint->ignore_left);
	if (breakpoint->stops_left)
		op_text_printf(text, "  enable count %" PRIu64 " $bpnum\n", breakpoint->stops_left);
	if (breakpoint->command_count) {
		op_text_append(text, "  commands\n");
		for (size_t i = 0; i < breakpoint->command_count; i++)
			op_text_printf(text, "    %s\n", breakpoint->commands[i]);
		op_text_append(text, "  end\n");
	}
	if (!breakpoint->enabled)
		op_text_append(text, "  disable $bpnum\n");
}

static struct op_error *write_file(const char *path, const char *data, size_t size)
{
	int fd = -1;
	struct op_error *err = op_private_file_open(path, false, &fd);
	if (err)
		return err;
	while (!err && size) {
		ssize_t count = write(fd, data, size);
		if (count < 0 && errno != EINTR)
			err = op_error_system(OP_ERROR_IO, errno, "cannot write %s", path);
		data += count > 0 ? count : 0;
		size -= count > 0 ? (size_t)count : 0;
	}
	if (close(fd) < 0 && !err)
		err = op_error_system(OP_ERROR_IO, errno, "cannot write %s", path);
	return err;
}

/**
 * Those that watch, or all others: they come last, since a file ends at the first command that
 * fails, and what is watched may not be there when it is read. @return how many.
 */
static size_t add_lines(struct op_text *text, const struct op_breakpoint *const *breakpoints,
			size_t count, bool watches)
{
	size_t added = 0;
	for (size_t i = 0; i < count; i++) {
		if ((breakpoints[i]->kind != OP_BREAKPOINT_PLACE) != watches ||
		    !setting_command(breakpoints[i]))
			continue;
		breakpoint_lines(text, breakpoints[i]);
		added++;
	}
	return added;
}

static struct op_error *save_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	// As in gdb the word may be shortened.
	if (!words[0] || strncmp("breakpoints", words[0], strlen(words[0])) != 0 || !words[1] ||
	    words[2])
		return op_error_create(OP_ERROR_SYNTAX, "\"save\" is: save breakpoints FILE");
	size_t count;
	const struct op_breakpoint *const *breakpoints =
		op_session_breakpoints(repl->session, &count);
	if (!count)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no breakpoint to save");
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	size_t saved = add_lines(&text, breakpoints, count, false);
	saved += add_lines(&text, breakpoints, count, true);
	if (!saved)
		return op_error_create(
			OP_ERROR_NOT_FOUND,
			"there is nothing to save: counters and traces are left out");
	if (text.failed)
		return op_error_no_memory();
	err = write_file(words[1], text.data, strlen(text.data));
	if (err)
		return err;
	if (repl->out.json) {
		op_json_string(&repl->out.writer, "file", words[1]);
		op_json_uint(&repl->out.writer, "count", saved);
	} else {
		op_output_printf(&repl->out, "Saved %zu breakpoint%s to %s%s.\n", saved,
				 saved == 1 ? "" : "s", words[1],
				 saved < count ? "; counters and traces are left out" : "");
	}
	return NULL;
}

const struct op_command op_cmd_save = {
	.name = "save",
	.group = OP_GROUP_BREAKPOINTS,
	.args = "breakpoints FILE",
	.help = "Write the breakpoints into a file, with conditions, counts and commands; "
		"\"source FILE\" sets them again.\n"
		"Catchpoints, log points and watchpoints as well (the latter behind the others); "
		"counters and traces not.\n"
		"Only you can read the file. One that stands there is replaced if it is yours.",
	.complete = OP_COMPLETE_FILES,
	.run = save_run,
};
