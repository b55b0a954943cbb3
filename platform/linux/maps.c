// SPDX-License-Identifier: GPL-3.0-or-later
// /proc/PID/maps as mappings (man 5 proc). Knows nothing of what is in them.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/array.h"
#include "base/text.h"
#include "platform/linux/maps.h"
#include "platform/linux/proc.h"
#include "platform/linux/process.h"

/** A hexadecimal or decimal number and the one character after it. */
static bool take_number(const char **at, int base, char after, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)**at))
		return false;
	errno = 0;
	*ret = strtoull(*at, &end, base);
	if (errno || *end != after)
		return false;
	*at = end + 1;
	return true;
}

/** The kernel writes a newline in a path as \012 (seq_file_path() with "\n"). Decoded in place. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		if (op_begins_with(from, "\\012")) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static bool parse_line(const char *line, struct op_mapping *ret)
{
	uint64_t start, end, offset, major_number, minor_number, inode;

	if (!take_number(&line, 16, '-', &start) || !take_number(&line, 16, ' ', &end) ||
	    strnlen(line, 5) < 5)
		return false;
	ret->protection = (line[0] == 'r' ? OP_PROTECTION_READ : 0) |
			  (line[1] == 'w' ? OP_PROTECTION_WRITE : 0) |
			  (line[2] == 'x' ? OP_PROTECTION_EXECUTE : 0);
	ret->shared = line[3] == 's';
	line += 5;
	if (!take_number(&line, 16, ' ', &offset) || !take_number(&line, 16, ':', &major_number) ||
	    !take_number(&line, 16, ' ', &minor_number))
		return false;
	char *rest;
	inode = strtoull(line, &rest, 10);
	while (*rest == ' ')
		rest++;
	ret->start = op_host_addr(start);
	ret->end = op_host_addr(end);
	ret->file_offset = offset;
	ret->anonymous = inode == 0 || op_begins_with(rest, "/memfd:");
	if (!ret->anonymous) {
		ret->device = makedev((unsigned)major_number, (unsigned)minor_number);
		ret->inode = inode;
	}
	ret->path = strdup(rest);
	if (ret->path)
		unescape(ret->path);
	return ret->path != NULL;
}

size_t op_mapping_deleted_mark(const char *path)
{
	static const char mark[] = " (deleted)";
	return op_ends_with(path, mark) ? strlen(mark) : 0;
}

int op_maps_read(const char *path, struct op_mappings *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	struct op_mappings mappings = {0};

	*ret = mappings;
	int problem = op_proc_read_file(path, &text, &size);
	if (problem)
		return problem;
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		struct op_mapping mapping = {0};
		if (!*line)
			continue;
		if (!parse_line(line, &mapping) || !op_array_push(&mappings, mapping)) {
			bool memory_short = mapping.path != NULL;
			free(mapping.path);
			op_mappings_deinit(&mappings);
			return memory_short ? ENOMEM : EBADMSG;
		}
	}
	*ret = mappings;
	return 0;
}

enum { TRIES = 3 };

struct op_error *op_live_mappings(struct op_process *base, struct op_mappings *ret)
{
	struct op_live *process = op_live(base);
	char path[64];

	*ret = (struct op_mappings){0};
	int problem = ESRCH;
	// That thread may have ended meanwhile, and others live.
	for (int i = 0; i < TRIES && (problem == ENOENT || problem == ESRCH); i++) {
		pid_t thread = op_live_any_thread(process);
		if (!thread)
			break;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", process->pid, thread);
		problem = op_maps_read(path, ret);
	}
	if (problem == ENOENT || problem == ESRCH)
		return op_live_gone(process, "read the mappings of");
	if (problem == ENOMEM)
		return op_error_no_memory();
	if (problem == EBADMSG)
		return op_error_create(OP_ERROR_FORMAT, "%s has a line that is no mapping", path);
	if (problem)
		return op_error_system(problem == EACCES || problem == EPERM ? OP_ERROR_PERMISSION
									     : OP_ERROR_SYSTEM,
				       problem, "cannot read the mappings of process %d",
				       process->pid);
	return NULL;
}
