// SPDX-License-Identifier: GPL-3.0-or-later
// The program's command line. Knows no session.
#ifndef OP_TRACER_REPL_OPTIONS_H
#define OP_TRACER_REPL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "tracer/repl/guard_options.h"
#include "tracer/repl/settings.h"

/** Whether what decodes gives up its rights: --sandbox, --no-sandbox, or neither. */
enum op_sandbox_choice { OP_SANDBOX_DEFAULT, OP_SANDBOX_ON, OP_SANDBOX_OFF };

enum op_exit_status { OP_EXIT_DONE = 0, OP_EXIT_FAILED = 1, OP_EXIT_USAGE = 2 };

/** -e or -x, in the order in which they were given. */
struct op_startup_command {
	const char *text; /**< borrowed from argv */
	bool is_file;
};

/** What the command line asked for. The strings are argv's. */
struct op_options {
	const struct op_mode *mode; /**< NULL with help, version or dump_commands */
	char **arguments; /**< what follows the mode's name, NULL-terminated; owned array */
	size_t argument_count;
	char *pid; /**< --pid: has become the first argument; NULL: not given */
	struct op_startup_command *commands; /**< owned array */
	size_t command_count;
	bool batch, json, quiet, no_init, help, version;
	bool no_locals, all, host, functions;
	bool counting;          /**< trace-calls: a table instead of lines */
	const char *call_limit; /**< trace-calls; NULL: none */
	const char *output;     /**< trace-calls: a file; NULL: none */
	const char *program;    /**< core, inspect: --exe; NULL: as the core file says */
	const char *sysroot;    /**< core, inspect: --sysroot; NULL: none */
	const char **modules;   /**< core: --module; owned array */
	size_t module_count;
	bool has_command; /**< the arguments came behind -- */
	bool guard;       /**< run: as outpost guard does */
	struct op_guard_words guard_words;
	struct op_guard_plan guard_plan; /**< what these mean */
	enum op_color_choice color;
	enum op_sandbox_choice sandbox;
	const char *dump_commands; /**< "man" or "bash"; NULL: not asked for */
};

/** One way to use outpost. */
struct op_mode {
	const char *name;
	const char *args;
	const char *help;
	unsigned arguments_min, arguments_max;
	bool takes_pid;  /**< its argument is the id of a process and nothing else */
	bool takes_core; /**< ... or a file: a core file */
	bool only_looks; /**< shows something and ends: runs in the sandbox by default, for root */
	/** everything behind the mode's name and its options is a command line */
	bool takes_command;
	/** @return an enum op_exit_status. */
	int (*run)(const struct op_options *options);
};
/** NULL-terminated. */
extern const struct op_mode *const op_modes[];

void op_options_deinit(struct op_options *options);
/** @return OP_ERROR_SYNTAX for what is a mistake in usage. Deinit the options in any case. */
struct op_error *op_options_parse(int argc, char **argv, struct op_options *ret);
/** The id of a process that @p text is; 0 when it is none. */
int64_t op_mode_pid(const char *text);
void op_options_help(FILE *stream);
/** The manual's section ("man", roff), or the words for the shell's completion ("bash"). */
struct op_error *op_options_dump_commands(FILE *stream, const char *form);

#endif
