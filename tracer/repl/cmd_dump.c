// SPDX-License-Identifier: GPL-3.0-or-later
// dump: linear memory into a file.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/repl/private_file.h"
#include "tracer/repl/repl.h"

enum { CHUNK = 1024 * 1024 };

static struct op_error *write_all(int fd, const char *path, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t count = write(fd, data, size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return op_error_system(OP_ERROR_IO, errno, "cannot write %s", path);
		data += count;
		size -= (size_t)count;
	}
	return NULL;
}

static struct op_error *copy(struct op_repl *repl, const struct op_frame *frame, uint32_t memory,
			     int fd, const char *path, uint64_t start, uint64_t end)
{
	uint8_t *buffer _cleanup_free_ = malloc(CHUNK);
	if (!buffer)
		return op_error_no_memory();
	struct op_error *err = NULL;
	for (uint64_t at = start; !err && at < end;) {
		size_t size = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		err = op_repl_check_interrupt(repl);
		if (!err)
			err = op_session_read_memory(repl->session, frame, memory, at, buffer,
						     size);
		if (!err)
			err = write_all(fd, path, buffer, size);
		at += size;
	}
	return err;
}

static struct op_error *dump_run(struct op_repl *repl, const struct op_call *call)
{
	char **words _cleanup_(op_argument_words_freep) = NULL;
	struct op_error *err = op_argument_words(call->rest, &words);
	if (err)
		return err;
	size_t count = 0;
	while (words[count])
		count++;
	// gdb's "dump binary memory" is the same: there is no other form.
	char **word = words;
	if (count && strcmp(*word, "binary") == 0) {
		word++;
		count--;
	}
	if (count != 4 || strcmp(*word, "memory") != 0)
		return op_error_create(OP_ERROR_SYNTAX, "\"dump\" is: dump memory FILE START END");
	const char *path = word[1];
	uint64_t start, end;
	uint32_t memory = 0;
	err = op_repl_address(repl, op_argument_memory(word[2], &memory), &start);
	if (!err)
		err = op_repl_address(repl, word[3], &end);
	if (!err && end < start)
		err = op_error_create(OP_ERROR_SYNTAX,
				      "the end 0x%" PRIx64 " lies before the start 0x%" PRIx64, end,
				      start);
	if (err)
		return err;
	const struct op_frame *frame = op_repl_frame_or_null(repl);
	uint8_t probe;
	// A range outside the memory must not cost the user a file.
	if (end > start)
		err = op_session_read_memory(repl->session, frame, memory, end - 1, &probe, 1);
	if (err)
		return err;
	int fd;
	err = op_private_file_open(path, true, &fd);
	if (err)
		return err;
	err = copy(repl, frame, memory, fd, path, start, end);
	if (close(fd) < 0 && !err)
		err = op_error_system(OP_ERROR_IO, errno, "cannot write %s", path);
	if (!err && repl->out.json) {
		op_json_string(&repl->out.writer, "file", path);
		op_json_uint(&repl->out.writer, "bytes", end - start);
	}
	return err;
}

const struct op_command op_cmd_dump = {
	.name = "dump",
	.group = OP_GROUP_DATA,
	.args = "memory FILE [memN:]START END",
	.help = "Write the bytes of linear memory from START up to END into a file; memN: chooses "
		"another memory than 0.",
	.flags = OP_COMMAND_NEEDS_STOPPED,
	.complete = OP_COMPLETE_FILES,
	.run = dump_run,
};
