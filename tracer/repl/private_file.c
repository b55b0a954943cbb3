// SPDX-License-Identifier: GPL-3.0-or-later
// Files for this user alone; see private_file.h.
#include "tracer/repl/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/outpost.h"

struct op_error *op_private_file_open(const char *path, bool devices, int *ret)
{
	struct op_error *err = op_sandbox_refuse("write files");
	if (err)
		return err;
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		      S_IRUSR | S_IWUSR);
	if (fd < 0 && errno == ELOOP)
		return op_error_create(OP_ERROR_IO,
				       "%s is a symbolic link, which is not followed; name the "
				       "file itself",
				       path);
	if (fd < 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot create %s", path);
	struct stat status;
	if (fstat(fd, &status) < 0)
		err = op_error_system(OP_ERROR_IO, errno, "cannot look at %s", path);
	else if (devices && S_ISCHR(status.st_mode))
		err = NULL; // nobody but root makes one
	else if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink != 1)
		err = op_error_create(OP_ERROR_IO,
				      "%s is not a plain file of your own: it is left as it is",
				      path);
	else if (fchmod(fd, S_IRUSR | S_IWUSR) < 0 || ftruncate(fd, 0) < 0)
		err = op_error_system(OP_ERROR_IO, errno, "cannot empty %s", path);
	if (err)
		close(fd);
	else
		*ret = fd;
	return err;
}
