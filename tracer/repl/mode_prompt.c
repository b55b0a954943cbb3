// SPDX-License-Identifier: GPL-3.0-or-later
// outpost attach, outpost run and outpost core: a process, commands, the prompt.
#include <stdio.h>
#include <string.h>

#include "tracer/repl/init_files.h"
#include "tracer/repl/interrupt.h"
#include "tracer/repl/mode.h"
#include "tracer/repl/mode_guard.h"
#include "tracer/repl/prompt.h"
#include "tracer/repl/wasm_core.h"

/** More lines of a command that is several. */
struct terminal_source {
	struct op_line_source source; // first: next() gets it
	struct op_repl *repl;
};

static char *terminal_next(struct op_line_source *source)
{
	return op_prompt_read(((struct terminal_source *)source)->repl, OP_PROMPT_MORE);
}

/** Lines from the terminal until quit or Ctrl-D. */
static void converse(struct op_repl *repl)
{
	struct terminal_source lines = {
		.source = {.next = terminal_next, .outer = repl->lines},
		.repl = repl,
	};
	repl->lines = &lines.source;
	op_prompt_open(repl);
	while (!repl->quit && !op_interrupt_ending()) {
		char *line _cleanup_free_ = op_prompt_read(repl, OP_PROMPT_COMMAND);
		if (!line)
			break;
		struct op_line parsed _cleanup_line_ = {0};
		struct op_error *err = op_line_parse(line, &parsed);
		bool empty = !err && !parsed.command && !line[strspn(line, " \t")];
		if (!empty) {
			bool repeats = !err && parsed.command &&
				       parsed.command->flags & OP_COMMAND_REPEATS;
			free(repl->last_line);
			repl->last_line = repeats ? strdup(line) : NULL;
		}
		op_error_destroy(err);
		if (!empty) {
			op_repl_execute(repl, line);
		} else if (repl->last_line) {
			repl->repeating = true;
			op_repl_execute(repl, repl->last_line);
			repl->repeating = false;
		}
	}
	op_prompt_close(repl);
	repl->lines = lines.source.outer;
}

/** A program that reads documents gets those that it asked for. */
static bool reads_init_files(const struct op_options *options)
{
	return !options->no_init && !options->json;
}

/** What comes after the process is there. @return the exit status. */
static int go_on(struct op_repl *repl, const struct op_options *options)
{
	if (reads_init_files(options))
		op_init_files_run_folder(repl);
	bool good = op_mode_run_startup(repl, options);
	if (!options->batch && !repl->quit && !op_interrupt_ending()) {
		if (repl->interactive) {
			converse(repl);
			good = true;
		} else {
			good = op_repl_read_stream(repl, stdin) && good;
		}
	}
	struct op_error *err = op_repl_leave(repl);
	if (err) {
		// That it is gone a command has said already when it failed for that.
		if (good || err->code != OP_ERROR_PROCESS_GONE)
			op_output_error(&repl->out, err->message);
		op_error_destroy(err);
		good = false;
	}
	return good ? OP_EXIT_DONE : OP_EXIT_FAILED;
}

/** What comes before it is there. */
static void begin(struct op_repl *repl, const struct op_options *options)
{
	if (repl->interactive && !repl->quiet)
		op_output_printf(&repl->out, "outpost %s. \"help\" lists the commands.\n",
				 op_version());
	if (reads_init_files(options))
		op_init_files_run_own(repl);
}

static int attach_mode(const struct op_options *options)
{
	struct op_repl repl;
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		begin(&repl, options);
		struct op_call call = {
			.command = &op_cmd_attach, .format = "", .rest = options->arguments[0]};
		struct op_error *err = op_repl_run_command(&repl, "attach", &call);
		if (err) {
			op_output_error(&repl.out, err->message);
			op_error_destroy(err);
		} else {
			status = go_on(&repl, options);
		}
	}
	return op_mode_close(&repl, status);
}

/** Without anything else to do, all that is in a Wasm core dump is shown. */
static bool shows_all(const struct op_repl *repl, const struct op_options *options)
{
	return !options->command_count && !options->module_count && !repl->interactive &&
	       op_is_wasm_core(options->arguments[0]);
}

static int core_mode(const struct op_options *options)
{
	struct op_repl repl;
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		begin(&repl, options);
		struct op_core_open_options places = {
			.size = sizeof(places),
			.program = options->program,
			.sysroot = options->sysroot,
			.modules = options->modules,
			.module_count = options->module_count,
		};
		struct op_output_command outer;
		op_output_begin_command(&repl.out, &outer);
		const char *file = options->arguments[0];
		bool all = shows_all(&repl, options);
		struct op_error *err = all ? op_wasm_core_show(&repl.out, file)
					   : op_repl_open_core(&repl, file, &places);
		op_output_end_command(&repl.out, &outer, "core", err);
		if (err) {
			op_output_error(&repl.out, err->message);
			op_error_destroy(err);
		} else {
			status = all ? OP_EXIT_DONE : go_on(&repl, options);
		}
	}
	return op_mode_close(&repl, status);
}

/** The command line outlives the options only as a copy: run without arguments uses it again. */
static struct op_error *copy_arguments(const struct op_options *options, char ***ret)
{
	char **words _cleanup_(op_argument_words_freep) =
		calloc(options->argument_count + 1, sizeof(*words));
	for (size_t i = 0; words && i < options->argument_count; i++) {
		words[i] = strdup(options->arguments[i]);
		if (!words[i])
			return op_error_no_memory();
	}
	if (!words)
		return op_error_no_memory();
	*ret = op_take(words);
	return NULL;
}

static int run_mode(const struct op_options *options)
{
	if (options->guard)
		return op_guard_run(options);
	struct op_repl repl;
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		begin(&repl, options);
		struct op_call call = {.command = &op_cmd_run, .format = "", .rest = ""};
		struct op_error *err = copy_arguments(options, &repl.argv);
		if (!err)
			err = op_repl_run_command(&repl, "run", &call);
		if (err) {
			op_output_error(&repl.out, err->message);
			op_error_destroy(err);
		} else {
			status = go_on(&repl, options);
		}
	}
	return op_mode_close(&repl, status);
}

const struct op_mode op_mode_attach = {
	.name = "attach",
	.args = "PID",
	.help = "take hold of a running process and open the prompt",
	.arguments_min = 1,
	.arguments_max = 1,
	.takes_pid = true,
	.run = attach_mode,
};

const struct op_mode op_mode_core = {
	.name = "core",
	.args = "FILE",
	.help = "open a core file and the prompt",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = core_mode,
};

const struct op_mode op_mode_run = {
	.name = "run",
	.args = "[--] COMMAND...",
	.help = "start a program, stopped at its guest's first instruction",
	.arguments_min = 1,
	.arguments_max = -1U,
	.takes_command = true,
	.run = run_mode,
};
