// SPDX-License-Identifier: GPL-3.0-or-later
// source: run the commands in a file.
#include "tracer/repl/repl.h"

static struct op_error *source_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	if (!words[0] || words[1])
		return op_error_create(OP_ERROR_SYNTAX, "\"source\" needs one file");
	err = op_repl_source(repl, words[0]);
	if (!err && repl->out.json)
		op_json_string(&repl->out.writer, "file", words[0]);
	return err;
}

const struct op_command op_cmd_source = {
	.name = "source",
	.group = OP_GROUP_SUPPORT,
	.args = "FILE",
	.help = "Run the commands in a file, up to the first that fails.",
	.complete = OP_COMPLETE_FILES,
	.run = source_run,
};
