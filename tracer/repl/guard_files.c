// SPDX-License-Identifier: GPL-3.0-or-later
#include "tracer/repl/guard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { SAME_NAME_MAX = 1000 };

static const char own_letters[] = "ptn%";
static const char time_letters[] = "YmdHMSFjyzZs";

struct op_error *op_guard_check_pattern(const char *option, const char *pattern)
{
	for (const char *c = strchr(pattern, '%'); c; c = strchr(c + 2, '%'))
		if (!c[1] || (!strchr(own_letters, c[1]) && !strchr(time_letters, c[1])))
			return op_error_create(
				OP_ERROR_SYNTAX,
				"%s %s: after %% may stand p (process), t (time), n (number), a "
				"letter of strftime(3) for a part of the time, or %%",
				option, pattern);
	const char *slash = strrchr(pattern, '/');
	char *folder = slash && slash > pattern ? strndup(pattern, (size_t)(slash - pattern))
						: strdup(slash ? "/" : ".");
	if (!folder)
		return op_error_no_memory();
	struct op_error *err = NULL;
	// What the name of a folder stands for is not known yet.
	if (!strchr(folder, '%') && access(folder, W_OK | X_OK))
		err = op_error_system(OP_ERROR_IO, errno,
				      "%s %s cannot be written: no file can be made in the folder "
				      "%s",
				      option, pattern, folder);
	free(folder);
	return err;
}

static void append_time(struct op_text *text, const char *format, time_t time)
{
	struct tm parts;
	char buffer[64];
	if (localtime_r(&time, &parts) && strftime(buffer, sizeof(buffer), format, &parts))
		op_text_append(text, buffer);
}

struct op_error *op_guard_expand(const char *pattern, const struct op_guard_name *name, char **ret)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	for (const char *c = pattern; *c; c++) {
		if (*c != '%' || !c[1]) {
			op_text_append_char(&text, *c);
			continue;
		}
		switch (*++c) {
		case 'p':
			op_text_printf(&text, "%" PRId64, name->pid);
			break;
		case 'n':
			op_text_printf(&text, "%" PRIu64, name->number);
			break;
		case 't':
			append_time(&text, "%Y%m%dT%H%M%S", name->time);
			break;
		case '%':
			op_text_append_char(&text, '%');
			break;
		default:
			append_time(&text, (const char[]){'%', *c, '\0'}, name->time);
		}
	}
	return op_text_steal(&text, ret);
}

static struct op_error *numbered(const char *path, int number, char **ret)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_append(&text, path);
	if (number)
		op_text_printf(&text, ".%d", number);
	return op_text_steal(&text, ret);
}

static struct op_error *no_name_left(const char *path)
{
	return op_error_create(OP_ERROR_IO,
			       "cannot make the file %s: it exists, and so do a thousand more with "
			       "a number behind that name; say %%n or %%t in it",
			       path);
}

struct op_error *op_guard_create(char **path, FILE **ret)
{
	for (int number = 0; number < SAME_NAME_MAX; number++) {
		char *name;
		struct op_error *err = numbered(*path, number, &name);
		if (err)
			return err;
		// O_EXCL follows no symbolic link either (man 2 open).
		int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
		if (stream) {
			free(*path);
			*path = name;
			*ret = stream;
			return NULL;
		}
		int problem = errno;
		if (fd >= 0)
			close(fd);
		free(name);
		if (problem != EEXIST)
			return op_error_system(OP_ERROR_IO, problem, "cannot make the file %s",
					       *path);
	}
	return no_name_left(*path);
}

struct op_error *op_guard_free_name(char **path)
{
	for (int number = 0; number < SAME_NAME_MAX; number++) {
		char *name;
		struct stat file;
		struct op_error *err = numbered(*path, number, &name);
		if (err)
			return err;
		if (lstat(name, &file) && errno == ENOENT) {
			free(*path);
			*path = name;
			return NULL;
		}
		free(name);
	}
	return no_name_left(*path);
}
