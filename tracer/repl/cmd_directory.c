// SPDX-License-Identifier: GPL-3.0-or-later
// directory and unset: where files are looked for, and that no more.
#include <string.h>

#include "tracer/repl/path_settings.h"

static struct op_error *directory_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	if (!*words && !op_repl_confirm(repl, "Forget all folders of the search path?"))
		return NULL;
	if (!*words)
		err = op_session_add_source_folder(repl->session, NULL);
	for (size_t i = 0; !err && words[i]; i++)
		err = op_session_add_source_folder(repl->session, words[i]);
	size_t count;
	const char *const *folders = op_session_source_folders(repl->session, &count);
	struct op_json *json = &repl->out.writer;
	if (!err && repl->out.json) {
		op_json_begin_array(json, "directories");
		for (size_t i = 0; i < count; i++)
			op_json_string(json, NULL, folders[i]);
		op_json_end_array(json);
	}
	return err;
}

static struct op_error *unset_run(struct op_repl *repl, const struct op_call *call)
{
	const char *rest;
	const struct op_path_setting *setting = op_path_setting_find(call->rest, &rest);
	if (!setting)
		return op_error_create(OP_ERROR_SYNTAX,
				       "what can be unset: directories, module-path, "
				       "substitute-path [FROM]");
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(rest, &words);
	if (!err)
		err = setting->unset(repl->session, words);
	if (!err && repl->out.json)
		op_json_string(&repl->out.writer, "unset", setting->name);
	return err;
}

const struct op_command op_cmd_directory = {
	.name = "directory",
	.group = OP_GROUP_CODE,
	.args = "[FOLDER...]",
	.help = "Look for source files in a folder, too: by their whole path below it, and by ever "
		"less of it; without one, forget\n"
		"all folders (\"show directories\").",
	.complete = OP_COMPLETE_FILES,
	.run = directory_run,
};

const struct op_command op_cmd_unset = {
	.name = "unset",
	.group = OP_GROUP_SUPPORT,
	.args = "directories | module-path | substitute-path [FROM]",
	.help = "Forget where files are: a setting that is a path, or one rule of substitute-path.",
	.run = unset_run,
};
