// SPDX-License-Identifier: GPL-3.0-or-later
// The program's command line; see options.h.
#include "tracer/repl/options.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "tracer/repl/arguments.h"

enum {
	OPTION_BATCH = 256,
	OPTION_JSON,
	OPTION_COLOR,
	OPTION_VERSION,
	OPTION_NO_LOCALS,
	OPTION_ALL,
	OPTION_HOST,
	OPTION_FUNCTIONS,
	OPTION_COUNT,
	OPTION_GUARD,
	OPTION_ON,
	OPTION_REPORT,
	OPTION_CORE,
	OPTION_WASM_CORE,
	OPTION_LIMIT,
	OPTION_ONCE,
	OPTION_KEEP,
	OPTION_EXE,
	OPTION_SYSROOT,
	OPTION_SANDBOX,
	OPTION_NO_SANDBOX,
	OPTION_MODULE,
	OPTION_ARGS,
	OPTION_DUMP_COMMANDS
};

static const struct {
	struct option option;
	const char *argument; /**< NULL: none */
	const char *help;     /**< NULL: not shown */
} table[] = {
	{{"batch", no_argument, NULL, OPTION_BATCH},
	 NULL,
	 "run the commands of -e and -x, then let the program go and end"},
	{{"command", required_argument, NULL, 'e'},
	 "COMMAND",
	 "run a command first (may be repeated)"},
	{{"source", required_argument, NULL, 'x'},
	 "FILE",
	 "run the commands in a file first (may be repeated)"},
	{{"no-init", no_argument, NULL, 'n'}, NULL, "read no outpostrc at the start"},
	{{"pid", required_argument, NULL, 'p'}, "N", "the process: -p N is attach N"},
	{{"args", no_argument, NULL, OPTION_ARGS}, NULL, "what follows is a program: as run --"},
	{{"json", no_argument, NULL, OPTION_JSON}, NULL, "write JSON Lines instead of text"},
	{{"quiet", no_argument, NULL, 'q'}, NULL, "say nothing that was not asked for"},
	{{"color", required_argument, NULL, OPTION_COLOR},
	 "WHEN",
	 "colours: auto, always or never"},
	{{"no-locals", no_argument, NULL, OPTION_NO_LOCALS},
	 NULL,
	 "stack: frames without their values"},
	{{"all", no_argument, NULL, OPTION_ALL}, NULL, "stack: threads without guest code too"},
	{{"host", no_argument, NULL, OPTION_HOST}, NULL, "stack: the host's frames too"},
	{{"functions", no_argument, NULL, OPTION_FUNCTIONS},
	 NULL,
	 "inspect: list the functions of each module"},
	{{"summary", no_argument, NULL, 'c'},
	 NULL,
	 "trace-calls: a table of calls and times at the end, instead of lines"},
	{{"count", required_argument, NULL, OPTION_COUNT},
	 "N",
	 "trace-calls: let the program go after N calls"},
	{{"output", required_argument, NULL, 'o'},
	 "FILE",
	 "trace-calls: write to a file (-e PATTERN: only calls of that name)"},
	{{"guard", no_argument, NULL, OPTION_GUARD},
	 NULL,
	 "run: as outpost guard does, from the program's start"},
	{{"on", required_argument, NULL, OPTION_ON},
	 "EVENTS",
	 "guard: of trap,throw-uncaught,signal,exit; all but exit if not said"},
	{{"report", required_argument, NULL, OPTION_REPORT},
	 "FILE",
	 "guard: where reports go; %p process, %t time, %n number"},
	{{"core", required_argument, NULL, OPTION_CORE},
	 "FILE",
	 "guard: write an ELF core file with each report"},
	{{"wasm-core", required_argument, NULL, OPTION_WASM_CORE},
	 "FILE",
	 "guard: write a Wasm core dump with each report"},
	{{"once", no_argument, NULL, OPTION_ONCE},
	 NULL,
	 "guard: let the program go after the first report (as if not said)"},
	{{"keep", no_argument, NULL, OPTION_KEEP}, NULL, "guard: go on after each report"},
	{{"limit", required_argument, NULL, OPTION_LIMIT},
	 "N",
	 "guard --keep: at most N reports in a minute; 0: any number"},
	{{"exe", required_argument, NULL, OPTION_EXE},
	 "PATH",
	 "core: the program that the core file is of, where it is now"},
	{{"sysroot", required_argument, NULL, OPTION_SYSROOT},
	 "FOLDER",
	 "core: a folder with the files of the machine where the program ran"},
	{{"sandbox", no_argument, NULL, OPTION_SANDBOX},
	 NULL,
	 "decode what the program holds in a process without rights"},
	{{"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
	 NULL,
	 "trace and decode in one process"},
	{{"module", required_argument, NULL, OPTION_MODULE},
	 "FILE",
	 "core, stack: a module of the guest that a Wasm core dump is of (may be repeated)"},
	{{"help", no_argument, NULL, 'h'}, NULL, "show this and end"},
	{{"version", no_argument, NULL, OPTION_VERSION}, NULL, "show the version and end"},
	{{"dump-commands", required_argument, NULL, OPTION_DUMP_COMMANDS}, "FORM", NULL},
	// gdb's names of what is above.
	{{"ex", required_argument, NULL, 'e'}, "COMMAND", NULL},
	{{"eval-command", required_argument, NULL, 'e'}, "COMMAND", NULL},
	{{"nx", no_argument, NULL, 'n'}, NULL, NULL},
	{{"silent", no_argument, NULL, 'q'}, NULL, NULL},
};

void op_options_deinit(struct op_options *options)
{
	free(options->arguments);
	free(options->commands);
	free(options->modules);
	*options = (struct op_options){0};
}

static struct op_error *usage_error(const char *what, const char *word)
{
	return op_error_create(OP_ERROR_SYNTAX, "%s%s; \"outpost --help\" tells how to use it",
			       what, word);
}

static struct op_error *add_command(struct op_options *options, size_t *capacity, const char *text,
				    bool is_file)
{
	if (!op_array_reserve(&options->commands, capacity, options->command_count + 1,
			      sizeof(*options->commands)))
		return op_error_no_memory();
	options->commands[options->command_count++] = (struct op_startup_command){text, is_file};
	return NULL;
}

static struct op_error *add_module(struct op_options *options, const char *path)
{
	// A command line is short: no room is kept.
	size_t capacity = options->module_count;
	if (!op_array_reserve(&options->modules, &capacity, options->module_count + 1,
			      sizeof(*options->modules)))
		return op_error_no_memory();
	options->modules[options->module_count++] = path;
	return NULL;
}

static struct op_error *set_color(struct op_options *options, const char *text)
{
	static const char *const choices[] = {
		[OP_COLOR_AUTO] = "auto", [OP_COLOR_ALWAYS] = "always", [OP_COLOR_NEVER] = "never"};
	for (unsigned i = 0; i < OP_ARRAY_SIZE(choices); i++) {
		if (strcmp(choices[i], text) == 0) {
			options->color = i;
			return NULL;
		}
	}
	return usage_error("--color can be auto, always or never, not ", text);
}

static struct op_error *find_mode(const char *name, const struct op_mode **ret)
{
	for (const struct op_mode *const *mode = op_modes; *mode; mode++) {
		if (strcmp((*mode)->name, name) == 0) {
			*ret = *mode;
			return NULL;
		}
	}
	if (op_mode_pid(name))
		return usage_error("what is to be done with a process is missing: outpost attach ",
				   name);
	if (access(name, F_OK) == 0)
		return usage_error("what is to be done with a file, core, inspect or run --, is "
				   "missing in front of ",
				   name);
	return usage_error("there is no ", name);
}

/** The program that run starts follows. */
static struct op_error *begin_program(struct op_options *options)
{
	const struct op_mode *run = NULL;
	struct op_error *err = find_mode("run", &run);
	if (err)
		return err;
	if (options->mode && options->mode != run)
		return usage_error("--args is an option of outpost run, not of outpost ",
				   options->mode->name);
	options->mode = run;
	options->has_command = true;
	return NULL;
}

/** @param[in] word what getopt has found the option in. */
static struct op_error *set_option(struct op_options *options, size_t *capacity, int option,
				   const char *word)
{
	static const struct {
		int option;
		size_t offset;
	} flags[] = {
		{OPTION_BATCH, offsetof(struct op_options, batch)},
		{OPTION_JSON, offsetof(struct op_options, json)},
		{'q', offsetof(struct op_options, quiet)},
		{'n', offsetof(struct op_options, no_init)},
		{'h', offsetof(struct op_options, help)},
		{OPTION_VERSION, offsetof(struct op_options, version)},
		{OPTION_NO_LOCALS, offsetof(struct op_options, no_locals)},
		{OPTION_ALL, offsetof(struct op_options, all)},
		{OPTION_HOST, offsetof(struct op_options, host)},
		{OPTION_FUNCTIONS, offsetof(struct op_options, functions)},
		{'c', offsetof(struct op_options, counting)},
		{OPTION_GUARD, offsetof(struct op_options, guard)},
		{OPTION_ONCE, offsetof(struct op_options, guard_words.once)},
		{OPTION_KEEP, offsetof(struct op_options, guard_words.keep)},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(flags); i++) {
		if (flags[i].option == option) {
			*(bool *)((char *)options + flags[i].offset) = true;
			return NULL;
		}
	}
	if (option == 'e' || option == 'x')
		return add_command(options, capacity, optarg, option == 'x');
	if (option == OPTION_COLOR)
		return set_color(options, optarg);
	if (option == OPTION_SANDBOX || option == OPTION_NO_SANDBOX) {
		options->sandbox = option == OPTION_SANDBOX ? OP_SANDBOX_ON : OP_SANDBOX_OFF;
		return NULL;
	}
	if (option == OPTION_MODULE)
		return add_module(options, optarg);
	if (option == OPTION_ARGS)
		return begin_program(options);
	if (option == 'p') {
		options->pid = optarg;
		return NULL;
	}
	const struct {
		int option;
		const char **place;
	} texts[] = {
		{OPTION_DUMP_COMMANDS, &options->dump_commands},
		{OPTION_COUNT, &options->call_limit},
		{'o', &options->output},
		{OPTION_ON, &options->guard_words.on},
		{OPTION_REPORT, &options->guard_words.report},
		{OPTION_CORE, &options->guard_words.core},
		{OPTION_WASM_CORE, &options->guard_words.wasm_core},
		{OPTION_LIMIT, &options->guard_words.limit},
		{OPTION_EXE, &options->program},
		{OPTION_SYSROOT, &options->sysroot},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(texts); i++) {
		if (texts[i].option == option) {
			*texts[i].place = optarg;
			return NULL;
		}
	}
	return usage_error(option == ':' ? "an argument is missing behind " : "there is no option ",
			   word);
}

int64_t op_mode_pid(const char *text)
{
	uint64_t pid = 0;
	struct op_error *err _cleanup_error_ = op_argument_number(text, "a process id", &pid);
	return err || pid > INT32_MAX ? 0 : (int64_t)pid;
}

static struct op_error *check_trace_calls(const struct op_options *options)
{
	uint64_t count;
	if (!options->has_command && options->argument_count > 1)
		return usage_error("a command line stands behind --: outpost trace-calls -- ",
				   options->arguments[0]);
	if (!options->has_command && !op_mode_pid(options->arguments[0]))
		return usage_error("this is not the id of a process: ", options->arguments[0]);
	for (size_t i = 0; i < options->command_count; i++)
		if (options->commands[i].is_file)
			return usage_error("outpost trace-calls runs no commands: -x ",
					   options->commands[i].text);
	return options->call_limit
		       ? op_argument_number(options->call_limit, "a count of calls", &count)
		       : NULL;
}

static struct op_error *check_guard(struct op_options *options)
{
	const struct op_guard_words *words = &options->guard_words;
	const char *name = options->mode->name;
	bool guards = !strcmp(name, "guard") || options->guard;
	if (options->guard && strcmp(name, "run") != 0)
		return usage_error("--guard is an option of outpost run, not of outpost ", name);
	if (guards && options->command_count)
		return usage_error("outpost guard runs no commands: ", options->commands[0].text);
	if (guards)
		return op_guard_plan_parse(words, &options->guard_plan);
	if (words->on || words->report || words->core || words->wasm_core || words->limit ||
	    words->once || words->keep)
		return usage_error("--on, --report, --core, --wasm-core, --once, --keep and "
				   "--limit are options of outpost guard and outpost run --guard, "
				   "not of outpost ",
				   name);
	return NULL;
}

/** --pid=N is the first word behind the mode's name; without one, attach is meant, as with gdb. */
static struct op_error *take_pid(struct op_options *options)
{
	struct op_error *err = options->mode ? NULL : find_mode("attach", &options->mode);
	if (err)
		return err;
	if (!options->mode->takes_pid)
		return usage_error("--pid is an option of outpost attach, stack, gcore and guard, "
				   "not of outpost ",
				   options->mode->name);
	memmove(options->arguments + 1, options->arguments,
		options->argument_count * sizeof(*options->arguments));
	options->arguments[0] = options->pid;
	options->argument_count++;
	return NULL;
}

static struct op_error *check(struct op_options *options)
{
	if (options->help || options->version || options->dump_commands)
		return NULL;
	struct op_error *err = options->pid ? take_pid(options) : NULL;
	if (err)
		return err;
	const struct op_mode *mode = options->mode;
	if (!mode && options->guard_words.core)
		return usage_error("what is to be done is missing: outpost core ",
				   options->guard_words.core);
	if (!mode)
		return usage_error("what is to be done is missing", "");
	if (options->argument_count < mode->arguments_min)
		return usage_error("an argument is missing: outpost ", mode->name);
	if (options->argument_count > mode->arguments_max)
		return usage_error("too much: ", options->arguments[mode->arguments_max]);
	if (mode->takes_pid && !op_mode_pid(options->arguments[0]) &&
	    !(mode->takes_core && access(options->arguments[0], F_OK) == 0))
		return usage_error(mode->takes_core
					   ? "this is neither the id of a process nor a file: "
					   : "this is not the id of a process: ",
				   options->arguments[0]);
	if ((options->no_locals || options->all || options->host) &&
	    strcmp(mode->name, "stack") != 0)
		return usage_error("--no-locals, --all and --host are options of outpost stack, "
				   "not of outpost ",
				   mode->name);
	if (options->functions && strcmp(mode->name, "inspect") != 0)
		return usage_error("--functions is an option of outpost inspect, not of outpost ",
				   mode->name);
	err = check_guard(options);
	if (err)
		return err;
	if ((options->program || options->sysroot) && strcmp(mode->name, "core") != 0 &&
	    strcmp(mode->name, "inspect") != 0 && strcmp(mode->name, "stack") != 0)
		return usage_error("--exe and --sysroot are options of outpost core, inspect and "
				   "stack, not of outpost ",
				   mode->name);
	if (options->module_count && strcmp(mode->name, "core") != 0 &&
	    strcmp(mode->name, "stack") != 0)
		return usage_error(
			"--module is an option of outpost core and stack, not of outpost ",
			mode->name);
	if (strcmp(mode->name, "trace-calls") == 0)
		return check_trace_calls(options);
	if (options->counting || options->call_limit || options->output)
		return usage_error("-c, -o and --count are options of outpost trace-calls, not of "
				   "outpost ",
				   mode->name);
	if (options->command_count && strcmp(mode->name, "stack") == 0)
		return usage_error("outpost stack runs no commands; outpost attach --batch does",
				   "");
	if (options->command_count && strcmp(mode->name, "gcore") == 0)
		return usage_error("outpost gcore runs no commands; outpost attach --batch does",
				   "");
	return NULL;
}

/** Whether a word is a long option behind one dash, which is how gdb's manual writes them: -batch.
 */
static bool has_one_dash(const char *word, const struct option *options)
{
	if (!word || word[0] != '-' || word[1] == '-')
		return false;
	size_t size = strcspn(++word, "=");
	for (; options->name; options++)
		if (strlen(options->name) == size && strncmp(options->name, word, size) == 0)
			return true;
	return false;
}

/**
 * The next option. Only whole names may stand behind one dash: an abbreviation might be letters
 * and their argument (-ebt).
 * @param[out] ret_word the word that it begins in, or goes on in (-nq).
 */
static int next_option(int argc, char **argv, const struct option *options, const char **ret_word)
{
	// '+': stop at the first word that is no option. The words in between are taken by hand,
	// so that what belongs to a launched program's command line stays whole.
	static const char letters[] = "+:e:x:qhnco:p:";
	*ret_word = argv[optind ? optind : 1];
	return has_one_dash(*ret_word, options)
		       ? getopt_long_only(argc, argv, letters, options, NULL)
		       : getopt_long(argc, argv, letters, options, NULL);
}

struct op_error *op_options_parse(int argc, char **argv, struct op_options *ret)
{
	*ret = (struct op_options){0};
	struct option options[OP_ARRAY_SIZE(table) + 1] = {0};
	for (size_t i = 0; i < OP_ARRAY_SIZE(table); i++)
		options[i] = table[i].option;
	ret->arguments = calloc((size_t)argc + 1, sizeof(*ret->arguments));
	if (!ret->arguments)
		return op_error_no_memory();
	size_t capacity = 0;
	struct op_error *err = NULL;
	bool rest = false; // only arguments from here on
	optind = 0;        // glibc: begin anew
	opterr = 0;
	while (!err) {
		int before = optind;
		const char *begins = NULL;
		int option = rest ? -1 : next_option(argc, argv, options, &begins);
		if (option != -1) {
			err = set_option(ret, &capacity, option, begins);
			rest = option == OPTION_ARGS;
			continue;
		}
		if (optind > before && before > 0 && strcmp(argv[optind - 1], "--") == 0) {
			rest = true;
			ret->has_command = ret->mode && !ret->argument_count;
		}
		if (optind >= argc)
			break;
		char *word = argv[optind++];
		if (!ret->mode) {
			err = find_mode(word, &ret->mode);
			continue;
		}
		ret->arguments[ret->argument_count++] = word;
		rest = rest || ret->mode->takes_command;
	}
	return err ? err : check(ret);
}

void op_options_help(FILE *stream)
{
	fputs("outpost debugs WebAssembly programs that run in Wasmtime, from outside and without "
	      "preparation.\n\n",
	      stream);
	for (const struct op_mode *const *mode = op_modes; *mode; mode++)
		fprintf(stream, "  outpost %-8s %-16s %s\n", (*mode)->name, (*mode)->args,
			(*mode)->help);
	fputs("\nOptions:\n", stream);
	for (size_t i = 0; i < OP_ARRAY_SIZE(table); i++) {
		char shown[40];
		if (!table[i].help)
			continue;
		int letter = table[i].option.val;
		snprintf(shown, sizeof(shown), "%c%c%s --%s%s%s", letter < 256 ? '-' : ' ',
			 letter < 256 ? letter : ' ', letter < 256 ? "," : " ",
			 table[i].option.name, table[i].argument ? "=" : "",
			 table[i].argument ? table[i].argument : "");
		fprintf(stream, "  %-24s %s\n", shown, table[i].help);
	}
	fputs("\nExit status: 0 done, 1 a command failed, 2 wrong usage. \"help\" at the prompt "
	      "lists the commands.\n",
	      stream);
}
