// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a file that may be anything.
#include "tracer/local_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct op_error *read_all(int fd, const char *path, uint8_t *data, size_t size,
				 size_t *ret_done)
{
	*ret_done = 0;
	while (*ret_done < size) {
		ssize_t n = read(fd, data + *ret_done, size - *ret_done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return op_error_system(OP_ERROR_IO, errno, "cannot read %s", path);
		if (n == 0)
			break;
		*ret_done += (size_t)n;
	}
	return NULL;
}

static struct op_error *read_file(int fd, const char *path, size_t limit, struct op_bytes *ret)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return op_error_create(OP_ERROR_IO, "%s is not a regular file", path);
	if ((uint64_t)st.st_size > limit)
		return op_error_create(OP_ERROR_IO, "%s has %lld bytes; more than %zu are not read",
				       path, (long long)st.st_size, limit);
	uint8_t *data = malloc((size_t)st.st_size + 1);
	size_t size;
	if (!data)
		return op_error_no_memory();
	struct op_error *err = read_all(fd, path, data, (size_t)st.st_size, &size);
	if (err) {
		free(data);
		return err;
	}
	*ret = (struct op_bytes){.data = data, .size = size, .what = path};
	return NULL;
}

struct op_error *op_local_file_read(const char *path, size_t limit, struct op_bytes *ret)
{
	// A FIFO must not make outpost wait, a terminal not become its own.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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
