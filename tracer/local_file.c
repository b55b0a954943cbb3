// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a file that may be anything.
#include "tracer/local_file.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input_file.h"
#include "base/lazy_bytes.h"
#include "base/read_at.h"

static struct op_error *check_file(int fd, const char *path, size_t limit, struct stat *ret)
{
	if (fstat(fd, ret) != 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot look at %s", path);
	if (!S_ISREG(ret->st_mode))
		return op_error_create(OP_ERROR_IO, "%s is not a regular file", path);
	if ((uint64_t)ret->st_size > limit)
		return op_error_create(OP_ERROR_IO, "%s has %lld bytes; more than %zu are not read",
				       path, (long long)ret->st_size, limit);
	return NULL;
}

static struct op_error *read_file(int fd, const char *path, size_t limit, struct op_bytes *ret)
{
	struct stat st;
	struct op_error *err = check_file(fd, path, limit, &st);
	if (err)
		return err;
	uint8_t *data = malloc((size_t)st.st_size + 1);
	if (!data)
		return op_error_no_memory();
	size_t size = op_read_at(fd, 0, data, (size_t)st.st_size);
	if (size < (size_t)st.st_size && errno) {
		free(data);
		return op_error_system(OP_ERROR_IO, errno, "cannot read %s", path);
	}
	*ret = (struct op_bytes){.data = data, .size = size, .what = path};
	return NULL;
}

struct op_error *op_local_file_read(const char *path, size_t limit, struct op_bytes *ret)
{
	int fd = op_input_file_open(path);
	if (fd < 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	struct op_error *err = read_file(fd, path, limit, ret);
	close(fd);
	return err;
}

void op_local_file_free(struct op_bytes *bytes)
{
	free((void *)bytes->data);
	*bytes = (struct op_bytes){0};
}

// In parts ------------------------------------------------------------------------------------

struct op_local_file {
	int fd;
	char *path;
	struct stat st; // as it was opened
	struct op_lazy_bytes *bytes;
};

static bool is_as_it_was(const struct op_local_file *file)
{
	struct stat st;
	return fstat(file->fd, &st) == 0 && st.st_size == file->st.st_size &&
	       st.st_mtim.tv_sec == file->st.st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static struct op_error *fetch(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct op_local_file *file = context;
	if (op_read_at(file->fd, offset, buffer, size) < size && errno)
		return op_error_system(OP_ERROR_IO, errno, "cannot read %s", file->path);
	// A part of one file and a part of another are nobody's debug information.
	if (!is_as_it_was(file))
		return op_error_create(
			OP_ERROR_IO, "%s has been changed since outpost has opened it", file->path);
	return NULL;
}

struct op_error *op_local_file_open(const char *path, size_t limit, struct op_local_file **ret)
{
	_cleanup_(op_local_file_closep) struct op_local_file *file = calloc(1, sizeof(*file));
	if (!file)
		return op_error_no_memory();
	file->fd = op_input_file_open(path);
	if (file->fd < 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	struct op_error *err = check_file(file->fd, path, limit, &file->st);
	if (!err && !file->st.st_size)
		err = op_error_create(OP_ERROR_FORMAT, "%s is empty", path);
	if (!err && !(file->path = strdup(path)))
		err = op_error_no_memory();
	if (!err)
		err = op_lazy_bytes_create((size_t)file->st.st_size, file->path, fetch, file,
					   &file->bytes);
	if (!err)
		*ret = op_take(file);
	return err;
}

void op_local_file_close(struct op_local_file *file)
{
	if (!file)
		return;
	op_lazy_bytes_destroy(file->bytes);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

struct op_lazy_bytes *op_local_file_bytes(const struct op_local_file *file)
{
	return file->bytes;
}
