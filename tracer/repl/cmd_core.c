// SPDX-License-Identifier: GPL-3.0-or-later
// core: open a core file.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/repl/repl.h"

/** What the words of the command say. */
struct core_words {
	const char *file;
	struct op_core_open_options options;
	struct OP_ARRAY(const char *) modules;
};

static void core_words_deinit(struct core_words *words)
{
	free(words->modules.data);
}

/** The option in front of @p value. @return false: it is none. */
static bool take_option(const char *name, const char *value, struct core_words *ret)
{
	if (strcmp(name, "--exe") == 0)
		ret->options.program = value;
	else if (strcmp(name, "--sysroot") == 0)
		ret->options.sysroot = value;
	else
		return strcmp(name, "--module") == 0 && op_array_push(&ret->modules, value);
	return true;
}

static bool is_option(const char *word)
{
	return strcmp(word, "--exe") == 0 || strcmp(word, "--sysroot") == 0 ||
	       strcmp(word, "--module") == 0;
}

/** Sort the words into the file and its options. */
static struct op_error *take_words(char *const *words, struct core_words *ret)
{
	for (; *words; words++) {
		if (is_option(*words) && !words[1])
			return op_error_create(OP_ERROR_SYNTAX, "a path is missing behind %s",
					       *words);
		if (is_option(*words)) {
			if (!take_option(words[0], words[1], ret))
				return op_error_no_memory();
			words++;
		} else if (ret->file) {
			return op_error_create(OP_ERROR_SYNTAX, "one core file at a time: %s",
					       *words);
		} else {
			ret->file = *words;
		}
	}
	ret->options.modules = ret->modules.data;
	ret->options.module_count = ret->modules.count;
	return ret->file ? NULL : op_error_create(OP_ERROR_SYNTAX, "which core file?");
}

static struct op_error *core_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	_cleanup_(core_words_deinit) struct core_words core = {
		.options = {.size = sizeof(core.options)}};
	struct op_error *err = op_argument_words(call->rest, &words);
	if (!err)
		err = take_words(words, &core);
	return err ? err : op_repl_open_core(repl, core.file, &core.options);
}

const struct op_command op_cmd_core = {
	.name = "core",
	.aliases = OP_ALIASES("core-file"),
	.group = OP_GROUP_PROCESS,
	.args = "FILE [--exe PATH] [--sysroot FOLDER] [--module FILE]...",
	.help = "Open a core file: the program as it was, stopped for good.\nThe kernel's, gcore's "
		"and systemd-coredump's are read, compressed or not. Files that were mapped and "
		"are not in it are looked for where they were, or below FOLDER; --exe says where "
		"the program is now. Of a Wasm core dump, --module gives the guest's own files: "
		"names, "
		"code and sources come from there. \"detach\" closes it.",
	.complete = OP_COMPLETE_FILES,
	.run = core_run,
};
