// SPDX-License-Identifier: GPL-3.0-or-later
// Files that are only read.
#include "base/input_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// For the life of the program.
static char *kept_path;
static int kept_fd = -1;

static int open_input(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

bool op_input_file_keep(const char *path)
{
	int fd = open_input(path);
	if (fd < 0)
		return false;
	if (kept_fd >= 0)
		close(kept_fd);
	free(kept_path);
	kept_fd = fd;
	kept_path = strdup(path);
	return kept_path != NULL;
}

int op_input_file_open(const char *path)
{
	if (kept_fd < 0 || !kept_path || strcmp(path, kept_path) != 0)
		return open_input(path);
	int fd = fcntl(kept_fd, F_DUPFD_CLOEXEC, 0);
	// A copy has the same place in the file.
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}
