// SPDX-License-Identifier: GPL-3.0-or-later
// The conversation: lines in, commands run, documents and errors out; see repl.h.
#include "tracer/repl/repl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tracer/repl/breakpoint_commands.h"
#include "tracer/repl/interrupt.h"
#include "tracer/repl/prompt.h"
#include "tracer/report/breakpoint.h"

enum { SOURCE_DEPTH_MAX = 32 };

static void on_notice(void *context, enum op_notice_kind kind, const char *text)
{
	struct op_repl *repl = context;
	if (kind == OP_NOTICE_INFO && repl->quiet)
		return;
	op_output_notice(&repl->out, kind == OP_NOTICE_WARNING, text);
}

static void on_log(void *context, uint32_t number, const char *text)
{
	struct op_repl *repl = context;
	op_log_line(&repl->out, number, text);
}

struct op_error *op_repl_init(struct op_repl *repl, FILE *stream, FILE *errors)
{
	*repl = (struct op_repl){.no_color = true};
	op_output_init(&repl->out, stream, errors);
	op_settings_init(&repl->settings);
	struct op_session_options options = {.size = sizeof(options),
					     .notice = on_notice,
					     .notice_context = repl,
					     .log = on_log,
					     .log_context = repl};
	return op_session_create(&options, &repl->session);
}

void op_repl_deinit(struct op_repl *repl)
{
	op_session_destroy(repl->session);
	op_output_deinit(&repl->out);
	op_due_lines_drop(&repl->due);
	op_display_list_deinit(&repl->displays);
	op_argument_words_free(repl->argv);
	free(repl->last_line);
	free(repl->unread_source);
	op_list_state_forget(&repl->list);
	*repl = (struct op_repl){0};
}

void op_repl_apply_settings(struct op_repl *repl)
{
	unsigned color = repl->settings.color;
	repl->out.color = !repl->out.json &&
			  (color == OP_COLOR_ALWAYS || (color == OP_COLOR_AUTO && !repl->no_color));
	struct winsize size = {0};
	bool pages = repl->settings.pagination && repl->interactive &&
		     ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2;
	repl->out.page_rows = pages ? size.ws_row - 1U : 0;
	repl->out.page = op_prompt_page;
	repl->out.page_context = repl;
	if (repl->session) {
		op_session_set_scheduler_locking(
			repl->session, (enum op_scheduler_locking)repl->settings.scheduler_locking);
		op_session_set_debuginfod(repl->session, repl->settings.debuginfod);
		op_session_set_step_mode(repl->session, repl->settings.step_mode);
		op_session_set_inside(repl->session, !repl->settings.condition_evaluation);
	}
	if (repl->prompt_open)
		op_prompt_history_limit(repl->settings.history_size);
}

struct op_error *op_repl_check_interrupt(struct op_repl *repl)
{
	if (op_session_take_interrupt(repl->session))
		return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
	return NULL;
}

void op_repl_say(struct op_repl *repl, const char *text)
{
	if (repl->out.json)
		op_json_string(&repl->out.writer, "text", text);
	else
		op_output_printf(&repl->out, "%s", text);
}

bool op_repl_confirm(struct op_repl *repl, const char *question)
{
	if (!repl->interactive || !repl->settings.confirm)
		return true;
	op_output_flush(&repl->out);
	return op_prompt_ask(question);
}

/** An artifact that was opened as a file leaves the session without a process, but with modules. */
static bool has_modules(struct op_repl *repl)
{
	const struct op_module *modules;
	size_t count = 0;
	struct op_error *err _cleanup_error_ = op_session_modules(repl->session, &modules, &count);
	return !err && count;
}

/** There was a program; the sentence says how there is one again. It keeps its code through the
 * commands that run others: it is said once. */
static struct op_error *ended_error(const struct op_repl *repl)
{
	return op_error_create(OP_ERROR_PROCESS_GONE, "the program has ended; %s",
			       repl->argv ? "\"run\" starts it again"
					  : "\"attach PID\" or \"run COMMAND\" gives another one");
}

/** What a command asks for before it runs; the sentence says what to do. */
static struct op_error *check_needs(struct op_repl *repl, const struct op_command *command)
{
	unsigned needs = command->flags & (OP_COMMAND_NEEDS_TARGET | OP_COMMAND_NEEDS_STOPPED |
					   OP_COMMAND_NEEDS_FRAME);
	if (!needs)
		return NULL;
	op_repl_notice_end(repl);
	enum op_session_state state = op_session_state(repl->session);
	if (command->flags & OP_COMMAND_WAITS &&
	    (state == OP_SESSION_EXITED || state == OP_SESSION_EMPTY))
		return NULL;
	if (state == OP_SESSION_EXITED)
		return ended_error(repl);
	if (state == OP_SESSION_EMPTY && needs == OP_COMMAND_NEEDS_TARGET && has_modules(repl))
		return NULL;
	if (state == OP_SESSION_EMPTY)
		return op_error_create(
			OP_ERROR_STATE,
			"there is no program; \"attach PID\" or \"run COMMAND\" gives one");
	if (!(needs & (OP_COMMAND_NEEDS_STOPPED | OP_COMMAND_NEEDS_FRAME)))
		return NULL;
	if (state != OP_SESSION_STOPPED)
		return op_error_create(OP_ERROR_STATE, "\"%s\" needs a program that is stopped",
				       command->name);
	if (!(needs & OP_COMMAND_NEEDS_FRAME))
		return NULL;
	const struct op_frame *frame;
	return op_session_selected_frame(repl->session, &frame);
}

/**
 * What an error means that came of a command without a program: that there is none, where it asked
 * for what only a program has. What is wrong with the command itself stays what it is.
 */
static struct op_error *blame_end(const struct op_repl *repl, struct op_error *err)
{
	if (!err || err->code != OP_ERROR_STATE)
		return err;
	op_error_destroy(err);
	return ended_error(repl);
}

struct op_error *op_repl_run_command(struct op_repl *repl, const char *name,
				     const struct op_call *call)
{
	bool ended = op_session_state(repl->session) == OP_SESSION_EXITED;
	struct op_output_command outer;
	op_output_begin_command(&repl->out, &outer);
	struct op_error *err = check_needs(repl, call->command);
	if (!err)
		err = call->command->run(repl, call);
	err = ended ? blame_end(repl, err) : op_session_blame_death(repl->session, err);
	op_output_end_command(&repl->out, &outer, name, err);
	return err;
}

struct op_error *op_repl_run_line(struct op_repl *repl, const char *text)
{
	struct op_line line _cleanup_line_ = {0};
	struct op_error *err = op_line_parse(text, &line);
	if (err) {
		// A line that names no command has its document too.
		struct op_output_command outer;
		op_output_begin_command(&repl->out, &outer);
		op_output_end_command(&repl->out, &outer, line.name ? line.name : "", err);
		return err;
	}
	if (!line.command)
		return NULL;
	struct op_call call = {.command = line.command,
			       .format = line.format,
			       .rest = line.rest,
			       .repeated = repl->repeating};
	// What is nested (source, thread apply) was not repeated itself.
	repl->repeating = false;
	err = op_repl_run_command(repl, line.name, &call);
	return err ?: op_due_lines_run(repl);
}

bool op_repl_execute(struct op_repl *repl, const char *line)
{
	struct op_error *err _cleanup_error_ = NULL;
	// An interrupt from before this line is not meant for it.
	op_session_take_interrupt(repl->session);
	op_interrupt_take();
	err = op_repl_run_line(repl, line);
	// One that came meanwhile has ended the command; the prompt has nothing to do with it.
	op_interrupt_take();
	if (err)
		op_output_error(&repl->out, err->message);
	if (repl->out.broken)
		repl->quit = true;
	return !err;
}

static void chomp(char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
}

char *op_repl_next_line(struct op_repl *repl)
{
	return repl->lines ? repl->lines->next(repl->lines) : NULL;
}

/** The lines of a file or of a stream. */
struct stream_source {
	struct op_line_source source; // first: next() gets it
	FILE *stream;
	unsigned number;      // of the line that was read last
	struct op_repl *repl; // of commands that somebody gives while they are read; else NULL
};

const struct timespec op_repl_look_interval = {.tv_nsec = 250000000};

/** Wait for something to read, and tell meanwhile when a stopped program is killed. False: a signal
 * came (errno is EINTR). */
static bool await_input(struct op_repl *repl, int fd)
{
	sigset_t mask;
	op_interrupt_block(&mask);
	int ready = 0;
	while (!ready && !op_interrupt_ending()) {
		struct pollfd input = {.fd = fd, .events = POLLIN};
		bool stopped = op_session_state(repl->session) == OP_SESSION_STOPPED;
		ready = ppoll(&input, 1, stopped ? &op_repl_look_interval : NULL, &mask);
		if (!ready)
			op_repl_notice_end(repl);
	}
	int problem = errno;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	errno = problem;
	return ready > 0;
}

static char *stream_next(struct op_line_source *source)
{
	struct stream_source *lines = (struct stream_source *)source;
	char *line = NULL;
	size_t capacity = 0;
	if (lines->repl && !await_input(lines->repl, fileno(lines->stream)))
		return NULL;
	if (getline(&line, &capacity, lines->stream) < 0) {
		free(line);
		return NULL;
	}
	chomp(line);
	lines->number++;
	return line;
}

struct op_error *op_repl_source_stream(struct op_repl *repl, FILE *stream, const char *path)
{
	struct stream_source lines = {
		.source = {.next = stream_next, .outer = repl->lines},
		.stream = stream,
	};
	struct op_error *err = NULL;
	repl->source_depth++;
	repl->lines = &lines.source;
	while (!err && !repl->quit && !op_interrupt_ending()) {
		char *line _cleanup_free_ = stream_next(&lines.source);
		if (!line)
			break;
		unsigned number = lines.number;
		err = op_error_at(op_repl_run_line(repl, line), "%s:%u", path, number);
	}
	repl->lines = lines.source.outer;
	repl->source_depth--;
	if (!err && ferror(stream))
		err = op_error_system(OP_ERROR_IO, errno, "cannot read the command file %s", path);
	return err;
}

struct op_error *op_repl_source(struct op_repl *repl, const char *path)
{
	if (repl->source_depth >= SOURCE_DEPTH_MAX)
		return op_error_create(OP_ERROR_LIMIT,
				       "%s: command files are nested more than %d deep", path,
				       SOURCE_DEPTH_MAX);
	FILE *file = fopen(path, "re");
	if (!file)
		return op_error_system(OP_ERROR_IO, errno, "cannot open the command file %s", path);
	struct op_error *err = op_repl_source_stream(repl, file, path);
	fclose(file);
	return err;
}

bool op_repl_read_stream(struct op_repl *repl, FILE *stream)
{
	struct stream_source lines = {
		.source = {.next = stream_next, .outer = repl->lines},
		.stream = stream,
		.repl = repl,
	};
	bool all_good = true;
	// What is to be read is all in the system's hands, where it can be waited for.
	setvbuf(stream, NULL, _IONBF, 0);
	repl->lines = &lines.source;
	while (!repl->quit && !op_interrupt_ending()) {
		errno = 0;
		char *line _cleanup_free_ = stream_next(&lines.source);
		if (!line) {
			if (errno != EINTR || op_interrupt_ending())
				break;
			clearerr(stream); // Ctrl-C with nothing running
			continue;
		}
		if (!op_repl_execute(repl, line))
			all_good = false;
	}
	repl->lines = lines.source.outer;
	return all_good;
}
