// SPDX-License-Identifier: GPL-3.0-or-later
// Files of commands that may be read; see trusted_file.h. What was allowed is a file each in the
// state folder: its name is the digest of the path, in it stand the digest of the content, and the
// path for people.
#include "tracer/repl/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new_file.h"
#include "base/text.h"
#include "tracer/repl/private_folder.h"

enum { SIZE_MAX_OF_FILE = 1 << 20 };

static void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static struct op_error *check(const char *path, int fd, struct stat *status)
{
	if (fstat(fd, status))
		return op_error_system(OP_ERROR_IO, errno, "cannot look at %s", path);
	if (!S_ISREG(status->st_mode))
		return op_error_create(OP_ERROR_IO, "%s is no plain file", path);
	if (status->st_uid != geteuid())
		return op_error_create(OP_ERROR_PERMISSION,
				       "%s belongs to another user (%u): its commands would run as "
				       "you",
				       path, (unsigned)status->st_uid);
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return op_error_create(OP_ERROR_PERMISSION,
				       "others may write to %s, and its commands would run as you; "
				       "\"chmod go-w\" it",
				       path);
	if (status->st_size > SIZE_MAX_OF_FILE)
		return op_error_create(OP_ERROR_LIMIT,
				       "%s is longer than %d bytes: it is no file of commands",
				       path, SIZE_MAX_OF_FILE);
	return NULL;
}

struct op_error *op_trusted_file_read(const char *path, bool follow, char **ret, size_t *ret_size)
{
	*ret = NULL;
	*ret_size = 0;
	// O_NONBLOCK: a FIFO must not hold it up before it is seen to be one.
	_cleanup_(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
							 (follow ? 0 : O_NOFOLLOW));
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (fd < 0 && errno == ELOOP)
		return op_error_create(OP_ERROR_PERMISSION,
				       "%s is a symbolic link, which is not followed", path);
	if (fd < 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	struct stat status;
	struct op_error *err = check(path, fd, &status);
	if (err)
		return err;
	size_t size = (size_t)status.st_size, done = 0;
	char *text _cleanup_free_ = malloc(size + 1);
	if (!text)
		return op_error_no_memory();
	while (done < size) {
		ssize_t count = read(fd, text + done, size - done);
		if (count < 0 && errno != EINTR)
			return op_error_system(OP_ERROR_IO, errno, "cannot read %s", path);
		if (count == 0)
			break;
		done += count > 0 ? (size_t)count : 0;
	}
	text[done] = '\0';
	*ret_size = done;
	*ret = op_take(text);
	return NULL;
}

// Allowances ----------------------------------------------------------------------------------

enum { DIGEST_TEXT = BASE16_ENCODE_LENGTH(SHA256_DIGEST_SIZE) + 1 };

static void digest_of(const void *data, size_t size, char ret[DIGEST_TEXT])
{
	struct sha256_ctx context;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&context);
	sha256_update(&context, size, data);
	sha256_digest(&context, sizeof(digest), digest);
	base16_encode_update(ret, sizeof(digest), digest);
	ret[DIGEST_TEXT - 1] = '\0';
}

static struct op_error *record_path(const char *path, char **ret)
{
	char digest[DIGEST_TEXT];
	struct op_text name _cleanup_text_ = OP_TEXT_INIT;
	digest_of(path, strlen(path), digest);
	op_text_printf(&name, "allowed/%s", digest);
	return name.failed ? op_error_no_memory() : op_state_file(name.data, ret);
}

static void write_record(const char *path, const char *text, size_t size, struct op_text *ret)
{
	char digest[DIGEST_TEXT];
	digest_of(text, size, digest);
	op_text_printf(ret, "%s ", digest);
	op_text_append_escaped(ret, path, strlen(path));
	op_text_append_char(ret, '\n');
}

struct op_error *op_allowance_of(const char *path, const char *text, size_t size,
				 enum op_allowance *ret)
{
	char *file _cleanup_free_ = NULL, *record _cleanup_free_ = NULL;
	struct op_text wanted _cleanup_text_ = OP_TEXT_INIT;
	size_t record_size = 0;
	struct op_error *err = record_path(path, &file);
	if (!err)
		err = op_trusted_file_read(file, false, &record, &record_size);
	if (err)
		return err;
	write_record(path, text, size, &wanted);
	if (wanted.failed)
		return op_error_no_memory();
	bool same =
		record && record_size == wanted.size && !memcmp(record, wanted.data, record_size);
	*ret = same ? OP_ALLOWANCE_GIVEN : record ? OP_ALLOWANCE_CHANGED : OP_ALLOWANCE_NEVER;
	return NULL;
}

struct op_error *op_allowance_give(const char *path, const char *text, size_t size)
{
	char *file _cleanup_free_ = NULL;
	struct op_text record _cleanup_text_ = OP_TEXT_INIT;
	struct op_new_file written = {.fd = -1};
	struct op_error *err = record_path(path, &file);
	if (err)
		return err;
	write_record(path, text, size, &record);
	if (record.failed)
		return op_error_no_memory();
	err = op_new_file_begin(&written, file);
	if (!err)
		err = op_new_file_write(&written, 0, record.data, record.size);
	if (!err)
		err = op_new_file_finish(&written, record.size);
	op_new_file_deinit(&written);
	return err;
}

struct op_error *op_allowance_take_back(const char *path, bool *ret_given)
{
	char *file _cleanup_free_ = NULL;
	struct op_error *err = record_path(path, &file);
	if (err)
		return err;
	*ret_given = unlink(file) == 0;
	if (!*ret_given && errno != ENOENT)
		return op_error_system(OP_ERROR_IO, errno, "cannot remove %s", file);
	return NULL;
}
