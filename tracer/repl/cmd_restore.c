// SPDX-License-Identifier: GPL-3.0-or-later
// restore: a file into linear memory.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/repl/repl.h"

enum { CHUNK = 1024 * 1024 };

struct destination {
	const struct op_frame *frame;
	uint32_t memory;
	uint64_t address;
};

/** Everything must fit before the first byte is written: the last byte's place is asked for. */
static struct op_error *check_room(struct op_repl *repl, const struct destination *to,
				   uint64_t size)
{
	uint8_t last;
	if (!size)
		return NULL;
	if (size - 1 > UINT64_MAX - to->address)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "%" PRIu64 " bytes at 0x%" PRIx64
				       " end beyond every memory's end",
				       size, to->address);
	return op_session_read_memory(repl->session, to->frame, to->memory,
				      to->address + (size - 1), &last, 1);
}

static struct op_error *copy(struct op_repl *repl, const struct destination *to, int fd,
			     const char *path, uint64_t size)
{
	uint8_t *buffer _cleanup_free_ = malloc(CHUNK);
	if (!buffer)
		return op_error_no_memory();
	for (uint64_t done = 0; done < size;) {
		size_t wanted = size - done < CHUNK ? (size_t)(size - done) : CHUNK;
		ssize_t got = read(fd, buffer, wanted);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return op_error_system(OP_ERROR_IO, errno, "cannot read %s", path);
		if (got == 0)
			return op_error_create(OP_ERROR_IO, "%s became shorter while it was read",
					       path);
		struct op_error *err = op_repl_check_interrupt(repl);
		if (!err)
			err = op_session_write_memory(repl->session, to->frame, to->memory,
						      to->address + done, buffer, (size_t)got);
		if (err)
			return err;
		done += (uint64_t)got;
	}
	return NULL;
}

static struct op_error *restore_file(struct op_repl *repl, const struct destination *to,
				     const char *path, uint64_t *ret_size)
{
	// A FIFO must not stop outpost.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	struct stat st;
	struct op_error *err = NULL;
	if (fstat(fd, &st) < 0)
		err = op_error_system(OP_ERROR_IO, errno, "cannot look at %s", path);
	else if (!S_ISREG(st.st_mode))
		err = op_error_create(OP_ERROR_IO, "%s is not a regular file", path);
	if (!err)
		err = check_room(repl, to, (uint64_t)st.st_size);
	if (!err)
		err = copy(repl, to, fd, path, (uint64_t)st.st_size);
	if (!err)
		*ret_size = (uint64_t)st.st_size;
	close(fd);
	return err;
}

static struct op_error *restore_run(struct op_repl *repl, const struct op_call *call)
{
	const char *cursor = call->rest;
	char *path _cleanup_free_ = NULL;
	struct op_error *err = op_argument_word(&cursor, &path);
	if (err)
		return err;
	cursor += strspn(cursor, " \t");
	// gdb's word for the only form that there is.
	if (strncmp(cursor, "binary ", 7) == 0)
		cursor += 7 + strspn(cursor + 7, " \t");
	if (!path || !*cursor)
		return op_error_create(OP_ERROR_SYNTAX, "\"restore\" is: restore FILE ADDRESS");
	struct destination to = {0};
	cursor = op_argument_memory(cursor, &to.memory);
	err = op_repl_address(repl, cursor, &to.address);
	to.frame = op_repl_frame_or_null(repl);
	uint64_t size = 0;
	if (!err)
		err = restore_file(repl, &to, path, &size);
	if (err)
		return err;
	if (repl->out.json) {
		op_json_string(&repl->out.writer, "file", path);
		op_json_uint(&repl->out.writer, "bytes", size);
	} else {
		op_output_printf(&repl->out, "%" PRIu64 " bytes written at 0x%" PRIx64 ".\n", size,
				 to.address);
	}
	return NULL;
}

const struct op_command op_cmd_restore = {
	.name = "restore",
	.group = OP_GROUP_DATA,
	.args = "FILE [memN:]ADDRESS",
	.help = "Write a file's bytes into linear memory, from ADDRESS on; all of them must fit.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FILES,
	.run = restore_run,
};
