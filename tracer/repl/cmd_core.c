// SPDX-License-Identifier: GPL-3.0-or-later
// core: open a core file.
#include <string.h>

#include "tracer/repl/repl.h"

/** Sort the words into the file and its options. */
static struct op_error *take_words(char *const *words, const char **ret_file,
				   struct op_core_open_options *ret)
{
	*ret_file = NULL;
	for (; *words; words++) {
		const char **place = strcmp(*words, "--exe") == 0       ? &ret->program
				     : strcmp(*words, "--sysroot") == 0 ? &ret->sysroot
									: NULL;
		if (place && !words[1])
			return op_error_create(OP_ERROR_SYNTAX, "a path is missing behind %s",
					       *words);
		if (place)
			*place = *++words;
		else if (*ret_file)
			return op_error_create(OP_ERROR_SYNTAX, "one core file at a time: %s",
					       *words);
		else
			*ret_file = *words;
	}
	return *ret_file ? NULL : op_error_create(OP_ERROR_SYNTAX, "which core file?");
}

static struct op_error *core_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_core_open_options options = {.size = sizeof(options)};
	const char *file;
	struct op_error *err = op_argument_words(call->rest, &words);
	if (!err)
		err = take_words(words, &file, &options);
	return err ? err : op_repl_open_core(repl, file, &options);
}

const struct op_command op_cmd_core = {
	.name = "core",
	.aliases = OP_ALIASES("core-file"),
	.group = OP_GROUP_PROCESS,
	.args = "FILE [--exe PATH] [--sysroot FOLDER]",
	.help = "Open a core file: the program as it was, stopped for good.\nThe kernel's, gcore's "
		"and systemd-coredump's are read, compressed or not. Files that were mapped and "
		"are not in it are looked for where they were, or below FOLDER; --exe says where "
		"the program is now. \"detach\" closes it.",
	.complete = OP_COMPLETE_FILES,
	.run = core_run,
};
