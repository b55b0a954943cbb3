// SPDX-License-Identifier: GPL-3.0-or-later
// Files of commands at the start; see init_files.h. The one of a folder comes with what others have
// written, a repository, an archive: it is read only after somebody has looked at it and said so
// (`outpost allow`), and again after each change.
#include "tracer/repl/init_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/repl/private_folder.h"
#include "tracer/repl/trusted_file.h"

static void tell(struct op_repl *repl, struct op_error *err)
{
	if (err)
		op_output_notice(&repl->out, true, err->message);
	op_error_destroy(err);
}

static void run(struct op_repl *repl, const char *path, char *text, size_t size)
{
	FILE *stream = size ? fmemopen(text, size, "r") : NULL;
	if (!stream)
		return;
	struct op_error *err _cleanup_error_ = op_repl_source_stream(repl, stream, path);
	fclose(stream);
	if (err)
		op_output_error(&repl->out, err->message);
}

void op_init_files_run_own(struct op_repl *repl)
{
	char *path _cleanup_free_ = NULL, *text _cleanup_free_ = NULL;
	size_t size;
	struct op_error *err = op_config_file("outpostrc", &path);
	if (err) {
		// Without a home there is no such file.
		op_error_destroy(err);
		return;
	}
	err = op_error_at(op_trusted_file_read(path, true, &text, &size), "it is not read");
	if (!err && text)
		run(repl, path, text, size);
	tell(repl, err);
}

static struct op_error *not_allowed(const char *path, enum op_allowance allowance)
{
	return op_error_create(OP_ERROR_PERMISSION,
			       "%s is not read: %s. If its commands may run as you, say: outpost "
			       "allow %s",
			       path,
			       allowance == OP_ALLOWANCE_CHANGED
				       ? "it is another one than was allowed"
				       : "nobody has allowed it",
			       path);
}

void op_init_files_run_folder(struct op_repl *repl)
{
	char *folder _cleanup_free_ = getcwd(NULL, 0);
	char *path _cleanup_free_ = NULL, *text _cleanup_free_ = NULL;
	size_t size;
	enum op_allowance allowance;
	// A folder that is gone has no files.
	if (!folder)
		return;
	if (asprintf(&path, "%s/%s", folder, OP_INIT_FILE_OF_FOLDER) < 0) {
		path = NULL;
		return tell(repl, op_error_no_memory());
	}
	struct op_error *err =
		op_error_at(op_trusted_file_read(path, false, &text, &size), "it is not read");
	if (err || !text)
		return tell(repl, err);
	err = op_allowance_of(path, text, size, &allowance);
	if (!err && allowance != OP_ALLOWANCE_GIVEN)
		err = not_allowed(path, allowance);
	if (!err)
		run(repl, path, text, size);
	tell(repl, err);
}
