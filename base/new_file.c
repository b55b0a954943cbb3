// SPDX-License-Identifier: GPL-3.0-or-later
// Files that appear whole.
#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"

enum { NAME_TRIES = 100 };

static struct op_error *cannot_write(const struct op_new_file *file, int problem)
{
	return op_error_system(OP_ERROR_IO, problem, "cannot write %s", file->path);
}

// A rename would put a plain file in place of a device or a folder's link.
static struct op_error *check_place(const struct op_new_file *file)
{
	struct stat there;

	if (lstat(file->path, &there))
		return errno == ENOENT ? NULL : cannot_write(file, errno);
	if (S_ISREG(there.st_mode))
		return NULL;
	return op_error_create(OP_ERROR_IO,
			       "cannot write %s: there is something that is no plain file; give "
			       "another name",
			       file->path);
}

// Nobody knows it before, to put something there.
static struct op_error *choose_name(struct op_new_file *file, int attempt)
{
	uint64_t number = 0;

	free(file->temporary);
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint64_t)getpid() << 32 | (unsigned)attempt;
	if (asprintf(&file->temporary, "%s.%016" PRIx64, file->path, number) < 0) {
		file->temporary = NULL;
		return op_error_no_memory();
	}
	return NULL;
}

// Gives the file a name that nobody has; @p make returns whether it could. @return the reason why
// not.
static struct op_error *name_temporary(struct op_new_file *file,
				       bool make(struct op_new_file *file))
{
	struct op_error *err = NULL;
	bool made = false;

	for (int i = 0; !err && !made && i < NAME_TRIES; i++) {
		err = choose_name(file, i);
		made = !err && make(file);
		if (!err && !made && errno != EEXIST)
			err = cannot_write(file, errno);
	}
	if (!err && !made)
		err = cannot_write(file, EEXIST);
	if (err) {
		free(file->temporary);
		file->temporary = NULL;
	}
	return err;
}

static bool create(struct op_new_file *file)
{
	file->fd = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file->fd >= 0;
}

static bool link_here(struct op_new_file *file)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW) == 0;
}

// A file without a name, of which nothing is left if outpost is killed. Not every file system has
// them.
static int open_nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	return folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
}

struct op_error *op_new_file_begin(struct op_new_file *file, const char *path)
{
	*file = (struct op_new_file){.path = strdup(path), .fd = -1};
	if (!file->path)
		return op_error_no_memory();
	struct op_error *err = check_place(file);
	if (!err)
		file->fd = open_nameless(path);
	return err || file->fd >= 0 ? err : name_temporary(file, create);
}

struct op_error *op_new_file_write(struct op_new_file *file, uint64_t offset, const void *data,
				   size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = pwrite(file->fd, (const uint8_t *)data + done, size - done,
				     (off_t)(offset + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return cannot_write(file, put < 0 ? errno : ENOSPC);
		done += (size_t)put;
	}
	return NULL;
}

struct op_error *op_new_file_finish(struct op_new_file *file, uint64_t size)
{
	if (ftruncate(file->fd, (off_t)size))
		return cannot_write(file, errno);
	struct op_error *err = file->temporary ? NULL : name_temporary(file, link_here);
	if (err)
		return err;
	int fd = file->fd;
	file->fd = -1;
	// What a network file system could not store is told here.
	if (close(fd) || rename(file->temporary, file->path))
		return cannot_write(file, errno);
	free(file->temporary);
	file->temporary = NULL;
	return NULL;
}

void op_new_file_deinit(struct op_new_file *file)
{
	if (file->path && file->fd >= 0)
		close(file->fd);
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	free(file->path);
	*file = (struct op_new_file){.fd = -1};
}
