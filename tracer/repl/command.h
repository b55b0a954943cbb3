// SPDX-License-Identifier: GPL-3.0-or-later
// What a command is. Look-up, help, completion, the man page's section and the shell's completion
// all come from its row.
#ifndef OP_TRACER_REPL_COMMAND_H
#define OP_TRACER_REPL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct op_repl;

enum op_command_group {
	OP_GROUP_PROCESS,
	OP_GROUP_RUNNING,
	OP_GROUP_BREAKPOINTS,
	OP_GROUP_STACK,
	OP_GROUP_DATA,
	OP_GROUP_CODE,
	OP_GROUP_SUPPORT,
	OP_GROUP_COUNT,
};

enum {
	OP_COMMAND_NEEDS_TARGET = 1,  /**< a process or a file */
	OP_COMMAND_NEEDS_STOPPED = 2, /**< a process that is stopped */
	OP_COMMAND_NEEDS_FRAME = 4,   /**< ... with a guest frame selected */
	OP_COMMAND_REPEATS = 8,       /**< an empty line runs it again */
	OP_COMMAND_FORMAT = 16,       /**< takes /LETTERS right behind its name */
	OP_COMMAND_WAITS = 32,        /**< without a program, what it sets waits for one */
};

/** What the words after the command may be. */
enum op_completion {
	OP_COMPLETE_NONE,
	OP_COMPLETE_FUNCTIONS,
	OP_COMPLETE_FILES,
	OP_COMPLETE_COMMANDS,
	OP_COMPLETE_SETTINGS,
	OP_COMPLETE_LOCALS,
	OP_COMPLETE_BREAKPOINTS,
	OP_COMPLETE_THREADS,
	OP_COMPLETE_EVENTS,
};

/** One typed command. All borrowed for the time of the call. */
struct op_call {
	const struct op_command *command;
	const char *format; /**< what stands behind '/'; "" when nothing does */
	const char *rest;   /**< the arguments, without blanks around them; never NULL */
	bool repeated;      /**< by an empty line */
};

struct op_command {
	const char *name;
	const char *const *aliases; /**< NULL-terminated; NULL: none */
	enum op_command_group group;
	const char *args; /**< "[N]" */
	const char *help; /**< the first line is a sentence of its own; more may follow */
	unsigned flags;
	enum op_completion complete;
	/** Commands of two words: the second ones, NULL-terminated; run is not used then. */
	const struct op_command *const *subcommands;
	struct op_error *(*run)(struct op_repl *repl, const struct op_call *call);
};
#define OP_ALIASES(...) ((const char *const[]){__VA_ARGS__, NULL})

/** All commands, NULL-terminated, in the order in which help shows them. */
extern const struct op_command *const op_commands[];
extern const char *const op_command_group_names[OP_GROUP_COUNT];

/**
 * The command that @p name (of @p size bytes) means: its name, an alias, or the beginning of
 * exactly one name.
 * @param[in] where "" or "info ", for the error's sentence.
 * @return OP_ERROR_SYNTAX with the candidates when it is ambiguous or unknown.
 */
struct op_error *op_command_find(const struct op_command *const *commands, const char *where,
				 const char *name, size_t size, const struct op_command **ret);

/** A line taken apart. */
struct op_line {
	const struct op_command *parent; /**< of a command of two words; else NULL */
	const struct op_command *command;
	char *format; /**< owned, as the next two */
	char *rest;
	/** "info locals": the command as JSON shows it; what was typed when it is unknown */
	char *name;
};
void op_line_deinit(struct op_line *line);
#define _cleanup_line_ _cleanup_(op_line_deinit)
/**
 * Take @p text apart. The command is NULL for an empty line or a remark ('#'). On an error
 * ret->name may be set; deinit it in any case.
 */
struct op_error *op_line_parse(const char *text, struct op_line *ret);

// One to a line: lists that several people add to.
// clang-format off
#define OP_COMMAND_LIST(X) \
	X(attach) \
	X(detach) \
	X(run) \
	X(core) \
	X(generate_core_file) \
	X(generate_wasm_core) \
	X(kill) \
	X(continue) \
	X(step) \
	X(next) \
	X(stepi) \
	X(nexti) \
	X(finish) \
	X(until) \
	X(advance) \
	X(break) \
	X(tbreak) \
	X(rbreak) \
	X(count) \
	X(log) \
	X(trace) \
	X(catch) \
	X(tcatch) \
	X(watch) \
	X(rwatch) \
	X(awatch) \
	X(condition) \
	X(ignore) \
	X(commands) \
	X(delete) \
	X(clear) \
	X(enable) \
	X(disable) \
	X(save) \
	X(backtrace) \
	X(frame) \
	X(up) \
	X(down) \
	X(thread) \
	X(stack) \
	X(info) \
	X(instance) \
	X(print) \
	X(output) \
	X(printf) \
	X(display) \
	X(undisplay) \
	X(ptype) \
	X(whatis) \
	X(x) \
	X(find) \
	X(set) \
	X(show) \
	X(unset) \
	X(dump) \
	X(restore) \
	X(list) \
	X(directory) \
	X(disassemble) \
	X(help) \
	X(source) \
	X(echo) \
	X(history) \
	X(shell) \
	X(quit)
#define OP_INFO_LIST(X) \
	X(breakpoints) \
	X(counts) \
	X(watchpoints) \
	X(trace) \
	X(locals) \
	X(args) \
	X(stack) \
	X(frame) \
	X(threads) \
	X(suspended) \
	X(modules) \
	X(functions) \
	X(scope) \
	X(source) \
	X(sources) \
	X(line) \
	X(instructions) \
	X(memories) \
	X(stores) \
	X(instances) \
	X(imports) \
	X(exports) \
	X(globals) \
	X(types) \
	X(variables) \
	X(display) \
	X(tables) \
	X(tags) \
	X(stacks)
// clang-format on

#define OP_DECLARE_COMMAND(name) extern const struct op_command op_cmd_##name;
OP_COMMAND_LIST(OP_DECLARE_COMMAND)
#define OP_DECLARE_INFO(name) extern const struct op_command op_info_##name;
OP_INFO_LIST(OP_DECLARE_INFO)

#endif
