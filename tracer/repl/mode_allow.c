// SPDX-License-Identifier: GPL-3.0-or-later
// outpost allow and outpost deny: whether the .outpostrc of a folder may be read.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tracer/repl/init_files.h"
#include "tracer/repl/mode.h"
#include "tracer/repl/trusted_file.h"

/** The file that a person means, by it or by its folder, without symbolic links in the folder's
 * path. */
static struct op_error *find(const char *name, char **ret)
{
	struct stat status;
	bool is_folder = stat(name, &status) == 0 && S_ISDIR(status.st_mode);
	const char *slash = strrchr(name, '/');
	char *parent _cleanup_free_ = is_folder ? strdup(name)
				      : slash   ? strndup(name, (size_t)(slash - name) + 1)
						: strdup(".");
	char *folder _cleanup_free_ = parent ? realpath(parent, NULL) : NULL;
	if (!parent)
		return op_error_no_memory();
	if (!folder)
		return op_error_system(OP_ERROR_IO, errno, "there is no folder %s", parent);
	const char *file = is_folder ? OP_INIT_FILE_OF_FOLDER : slash ? slash + 1 : name;
	if (strcmp(file, OP_INIT_FILE_OF_FOLDER) != 0)
		return op_error_create(OP_ERROR_SYNTAX,
				       "%s is neither a folder nor a file called %s: nothing else "
				       "is read without being named; -x FILE and \"source FILE\" "
				       "need no leave",
				       name, OP_INIT_FILE_OF_FOLDER);
	if (asprintf(ret, "%s/%s", folder, file) < 0) {
		*ret = NULL;
		return op_error_no_memory();
	}
	return NULL;
}

static struct op_error *allow(struct op_repl *repl, const char *path)
{
	char *text _cleanup_free_ = NULL;
	size_t size;
	struct op_error *err = op_trusted_file_read(path, false, &text, &size);
	if (!err && !text)
		err = op_error_create(OP_ERROR_NOT_FOUND, "there is no file %s", path);
	if (!err)
		err = op_allowance_give(path, text, size);
	if (!err)
		op_output_printf(
			&repl->out,
			"%s is read from now on, as it is now: after a change it has to be "
			"allowed anew.\n",
			path);
	return err;
}

static struct op_error *deny(struct op_repl *repl, const char *path)
{
	bool given;
	struct op_error *err = op_allowance_take_back(path, &given);
	if (!err)
		op_output_printf(&repl->out, "%s is %s read.\n", path, given ? "no longer" : "not");
	return err;
}

static int run(const struct op_options *options,
	       struct op_error *(*decide)(struct op_repl *repl, const char *path))
{
	struct op_repl repl;
	int status = OP_EXIT_FAILED;
	if (op_mode_open(&repl, options)) {
		char *path _cleanup_free_ = NULL;
		struct op_output_command outer;
		op_output_begin_command(&repl.out, &outer);
		struct op_error *err _cleanup_error_ =
			find(options->argument_count ? options->arguments[0] : ".", &path);
		if (!err)
			err = decide(&repl, path);
		if (!err && repl.out.json)
			op_json_string(&repl.out.writer, "file", path);
		if (repl.out.json)
			op_text_clear(&repl.out.text);
		op_output_end_command(&repl.out, &outer, options->mode->name, err);
		if (err)
			op_output_error(&repl.out, err->message);
		else
			status = OP_EXIT_DONE;
	}
	return op_mode_close(&repl, status);
}

static int allow_mode(const struct op_options *options)
{
	return run(options, allow);
}

static int deny_mode(const struct op_options *options)
{
	return run(options, deny);
}

const struct op_mode op_mode_allow = {
	.name = "allow",
	.args = "[FOLDER]",
	.help = "let the folder's .outpostrc be read, as it is now",
	.arguments_max = 1,
	.run = allow_mode,
};

const struct op_mode op_mode_deny = {
	.name = "deny",
	.args = "[FOLDER]",
	.help = "let it be read no longer",
	.arguments_max = 1,
	.run = deny_mode,
};
