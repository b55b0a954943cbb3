// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of this user's; see private_folder.h.
#include "tracer/repl/private_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static struct op_error *find(const char *variable, const char *below_home, const char *name,
			     char **ret)
{
	const char *folder = getenv(variable), *home = getenv("HOME");
	struct op_text path _cleanup_text_ = OP_TEXT_INIT;
	// Relative paths are to be ignored, says the specification.
	if (folder && folder[0] == '/')
		op_text_printf(&path, "%s/outpost/%s", folder, name);
	else if (home && home[0] == '/')
		op_text_printf(&path, "%s/%s/outpost/%s", home, below_home, name);
	else
		return op_error_create(OP_ERROR_IO,
				       "there is no home folder: neither HOME nor %s says where "
				       "one is",
				       variable);
	return op_text_steal(&path, ret);
}

static struct op_error *make_parents(char *path)
{
	struct op_error *err = NULL;
	for (char *slash = strchr(path + 1, '/'); !err && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, S_IRWXU) && errno != EEXIST)
			err = op_error_system(OP_ERROR_IO, errno, "cannot make the folder %s",
					      path);
		*slash = '/';
	}
	return err;
}

/** The folder that is outpost's own is nobody else's: what others could put into it is not
 * believed. */
static struct op_error *check_own(const char *path, size_t size)
{
	struct stat status;
	char *folder _cleanup_free_ = strndup(path, size);
	if (!folder)
		return op_error_no_memory();
	if (lstat(folder, &status))
		return op_error_system(OP_ERROR_IO, errno, "cannot look at the folder %s", folder);
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid())
		return op_error_create(OP_ERROR_PERMISSION,
				       "%s is no folder of yours: nothing is kept in it", folder);
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) && chmod(folder, S_IRWXU))
		return op_error_system(OP_ERROR_IO, errno, "cannot close the folder %s to others",
				       folder);
	return NULL;
}

struct op_error *op_state_file(const char *name, char **ret)
{
	char *path _cleanup_free_ = NULL;
	struct op_error *err = find("XDG_STATE_HOME", ".local/state", name, &path);
	if (!err)
		err = make_parents(path);
	if (!err)
		err = check_own(path, strlen(path) - strlen(name) - 1);
	if (!err)
		*ret = op_take(path);
	return err;
}

struct op_error *op_config_file(const char *name, char **ret)
{
	return find("XDG_CONFIG_HOME", ".config", name, ret);
}
