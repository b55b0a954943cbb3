// SPDX-License-Identifier: GPL-3.0-or-later
// What the ways to use outpost have in common; see mode.h.
#include "tracer/repl/mode.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "tracer/repl/interrupt.h"

const struct op_mode *const op_modes[] = {
	&op_mode_attach,      &op_mode_run,   &op_mode_core,
	&op_mode_gcore,       &op_mode_stack, &op_mode_inspect,
	&op_mode_trace_calls, &op_mode_guard, &op_mode_allow,
	&op_mode_deny,        NULL,
};

/** https://no-color.org: present and not empty. */
static bool colors_unwanted(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	return (no_color && *no_color) || !terminal || strcmp(terminal, "dumb") == 0;
}

bool op_mode_open(struct op_repl *repl, const struct op_options *options)
{
	struct op_error *err = op_repl_init(repl, stdout, stderr);
	repl->out.json = options->json;
	repl->quiet = options->quiet;
	repl->no_color = colors_unwanted() || !isatty(STDOUT_FILENO);
	repl->settings.color = options->color;
	repl->interactive =
		!options->json && !options->batch && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	op_repl_apply_settings(repl);
	if (err) {
		op_mode_fail(repl, options->mode->name, err);
		return false;
	}
	op_interrupt_install(repl->session);
	repl->out.ending = op_interrupt_ending;
	return true;
}

int op_mode_close(struct op_repl *repl, int status)
{
	op_output_flush(&repl->out);
	bool broken = repl->out.broken;
	op_interrupt_remove();
	op_repl_deinit(repl);
	int ending = op_interrupt_ending();
	// As a shell tells of a program that a signal ended.
	if (ending)
		return 128 + ending;
	return broken ? OP_EXIT_FAILED : status;
}

int op_mode_fail(struct op_repl *repl, const char *command, struct op_error *error)
{
	struct op_output_command outer;
	error = op_session_blame_death(repl->session, error);
	op_output_begin_command(&repl->out, &outer);
	op_output_end_command(&repl->out, &outer, command, error);
	op_output_error(&repl->out, error->message);
	op_error_destroy(error);
	return OP_EXIT_FAILED;
}

static bool run_startup_file(struct op_repl *repl, const char *path)
{
	struct op_error *err = op_repl_source(repl, path);
	// In JSON a command that failed has its document already; a file that cannot be read needs
	// one.
	if (err && (!repl->out.json || err->code == OP_ERROR_IO))
		op_mode_fail(repl, "source", err);
	else
		op_error_destroy(err);
	return !err;
}

/** The commands of -e: one that is several lines goes on in the next -e. */
struct startup_source {
	struct op_line_source source; // first: next() gets it
	const struct op_options *options;
	size_t next;
};

static char *startup_next(struct op_line_source *source)
{
	struct startup_source *lines = (struct startup_source *)source;
	const struct op_options *options = lines->options;
	if (lines->next >= options->command_count || options->commands[lines->next].is_file)
		return NULL;
	return strdup(options->commands[lines->next++].text);
}

bool op_mode_run_startup(struct op_repl *repl, const struct op_options *options)
{
	struct startup_source lines = {
		.source = {.next = startup_next, .outer = repl->lines},
		.options = options,
	};
	bool all_good = true;
	repl->lines = &lines.source;
	while (lines.next < options->command_count && !repl->quit && !op_interrupt_ending()) {
		const struct op_startup_command *command = &options->commands[lines.next++];
		bool good = command->is_file ? run_startup_file(repl, command->text)
					     : op_repl_execute(repl, command->text);
		all_good = all_good && good;
		if (!good && options->batch)
			break;
	}
	repl->lines = lines.source.outer;
	return all_good;
}

struct op_error *op_mode_leave(struct op_repl *repl)
{
	enum op_session_state state = op_session_state(repl->session);
	return state == OP_SESSION_STOPPED || state == OP_SESSION_RUNNING
		       ? op_session_detach(repl->session)
		       : NULL;
}

struct op_error *op_mode_need_modules(struct op_repl *repl, int64_t pid)
{
	const struct op_module *modules;
	size_t count;
	struct op_error *err = op_session_modules(repl->session, &modules, &count);
	if (!err && !count)
		err = op_error_create(OP_ERROR_NOT_WASMTIME,
				      "process %" PRId64
				      " holds no code compiled by Wasmtime: it is not a Wasmtime "
				      "process, or has not loaded a module yet",
				      pid);
	return err;
}
