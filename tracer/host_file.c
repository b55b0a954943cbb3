// SPDX-License-Identifier: GPL-3.0-or-later
// See host_file.h.
#include "tracer/host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

// Headers, and the build id as a rule, stand on a file's first page. Where the target does not hold
// that page nothing speaks against the file.
static bool begins_alike(struct op_session *session, const struct op_mapping *mapping, int fd)
{
	enum { PAGE = 4096 };
	uint8_t mapped[PAGE], file[PAGE];
	size_t done = 0;
	struct op_error *err = op_process_read_some(session->process, mapping->start, mapped,
						    sizeof(mapped), &done);
	op_error_destroy(err);
	ssize_t got = pread(fd, file, sizeof(file), 0);
	return got >= 0 && (size_t)got >= done && memcmp(mapped, file, done) == 0;
}

static bool is_there(struct op_session *session, const char *path, size_t size)
{
	char *name _cleanup_free_ = strndup(path, size), *resolved _cleanup_free_ = NULL;
	if (!name)
		return false;
	struct op_error *err _cleanup_error_ =
		op_process_resolve_path(session->process, name, &resolved);
	return !err && access(resolved, F_OK) == 0;
}

static struct op_error *missing(struct op_session *session, const char *path, const char *what)
{
	struct op_text shown _cleanup_text_ = OP_TEXT_INIT;
	size_t mark = op_mapping_deleted_mark(path), size = strlen(path) - mark;
	op_text_append_escaped(&shown, path, size);
	if (shown.failed)
		return op_error_no_memory();
	if (mark)
		what = is_there(session, path, size)
			       ? "was replaced by another one after the program mapped it"
			       : "was deleted after the program mapped it";
	return op_error_create(OP_ERROR_IO, "the file %s %s", shown.data, what);
}

struct op_error *op_host_file_open(struct op_session *session, const struct op_mapping *mapping,
				   char **ret_path, int *ret_fd)
{
	char *path _cleanup_free_ = NULL;
	struct op_error *err = op_process_resolve_path(session->process, mapping->path, &path);
	if (err)
		return err;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		struct op_text why _cleanup_text_ = OP_TEXT_INIT;
		op_text_printf(&why, "cannot be opened: %s", strerror(errno));
		return missing(session, mapping->path, why.data ? why.data : "cannot be opened");
	}
	struct stat status;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && begins_alike(session, mapping, fd)) {
		*ret_path = op_take(path);
		*ret_fd = fd;
		return NULL;
	}
	close(fd);
	return missing(session, mapping->path,
		       "was overwritten by another one after the program mapped it");
}
