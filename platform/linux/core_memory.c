// SPDX-License-Identifier: GPL-3.0-or-later
// Reading a core's memory: from the core file, else from the file that was mapped there, else zeros
// where the process never wrote, else not at all, with the reason. Keeps no copies.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/read_at.h"
#include "base/text.h"
#include "platform/linux/core.h"

/** Where the bytes of a stretch of memory come from. */
enum source {
	SOURCE_CORE,
	SOURCE_FILE,
	SOURCE_ZEROS,
	SOURCE_NOTHING,
};

/** The source of the byte at @p at in a piece, and up to where it is the same one. */
static enum source source_of(const struct op_core *core, const struct op_core_piece *piece,
			     uint64_t at, uint64_t *ret_end)
{
	*ret_end = piece->end;
	if (!piece->protection)
		return SOURCE_NOTHING;
	if (at - piece->start < piece->held) {
		*ret_end = piece->start + piece->held;
		return SOURCE_CORE;
	}
	if (piece->file != OP_CORE_NO_FILE)
		return SOURCE_FILE;
	// What the process could write and never did the kernel leaves out (vma_dump_size(),
	// fs/coredump.c), and so it does with what was marked by MADV_DONTDUMP.
	bool untouched =
		core->private_memory && !piece->held && piece->protection & OP_PROTECTION_WRITE;
	return untouched ? SOURCE_ZEROS : SOURCE_NOTHING;
}

/** As much as there is; short at the file's end. @param[out] ret_problem 0, or why the file could
 * not be read there. */
static size_t read_at(int fd, uint64_t offset, void *buffer, size_t size, int *ret_problem)
{
	size_t done = op_read_at(fd, offset, buffer, size);

	*ret_problem = done < size ? errno : 0;
	return done;
}

static size_t read_piece(struct op_core *core, const struct op_core_piece *piece, uint64_t at,
			 void *buffer, size_t size, int *ret_problem)
{
	uint64_t end;
	enum source source = source_of(core, piece, at, &end);

	if (size > end - at)
		size = (size_t)(end - at);
	switch (source) {
	case SOURCE_CORE:
		return read_at(core->fd, piece->offset + (at - piece->start), buffer, size,
			       ret_problem);
	case SOURCE_FILE:
		return op_core_open_file(core, piece->file)
			       ? read_at(core->files.data[piece->file].fd,
					 piece->file_offset + (at - piece->start), buffer, size,
					 ret_problem)
			       : 0;
	case SOURCE_ZEROS:
		memset(buffer, 0, size);
		return size;
	case SOURCE_NOTHING:
		break;
	}
	return 0;
}

/** The disk's, not the process's: what is there nobody can say. */
static struct op_error *read_failed(const struct op_core *core, const struct op_core_piece *piece,
				    uint64_t addr, int problem)
{
	uint64_t end;
	const char *path = source_of(core, piece, addr, &end) == SOURCE_FILE
				   ? core->files.data[piece->file].path
				   : NULL;
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;

	if (path)
		op_text_append_escaped(&name, path, strlen(path));
	return op_error_system(OP_ERROR_IO, problem,
			       "cannot read %s, where the memory at 0x%" PRIx64 " is",
			       name.data ? name.data : "the core file", addr);
}

struct op_error *op_core_read_some(struct op_process *process, struct op_host_addr addr,
				   void *buffer, size_t size, size_t *ret_done)
{
	struct op_core *core = op_core(process);
	size_t done = 0;

	*ret_done = 0;
	while (done < size && addr.value + done >= addr.value) {
		const struct op_core_piece *piece = op_core_find_piece(core, addr.value + done);
		int problem = 0;
		size_t got = piece ? read_piece(core, piece, addr.value + done,
						(uint8_t *)buffer + done, size - done, &problem)
				   : 0;
		if (problem)
			return read_failed(core, piece, addr.value + done + got, problem);
		if (!got)
			break;
		done += got;
	}
	*ret_done = done;
	return NULL;
}

/** Of a place in a mapped file. */
static struct op_error *file_unreadable(const struct op_core *core,
					const struct op_core_piece *piece, uint64_t addr)
{
	const struct op_core_file *file = &core->files.data[piece->file];
	_cleanup_text_ struct op_text path = OP_TEXT_INIT;

	op_text_append_escaped(&path, file->path, strlen(file->path));
	return op_error_create(OP_ERROR_UNREADABLE,
			       "the core file does not hold the memory at 0x%" PRIx64
			       ", where %s was mapped: %s",
			       addr, path.data ? path.data : "a file",
			       file->problem ? file->problem : "the file ends before that");
}

struct op_error *op_core_unreadable(struct op_process *process, struct op_host_addr addr)
{
	struct op_core *core = op_core(process);
	const struct op_core_piece *piece = op_core_find_piece(core, addr.value);
	uint64_t end;

	if (!piece)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "nothing was mapped at 0x%" PRIx64 " in the process",
				       addr.value);
	if (!piece->protection && piece->held)
		return op_error_create(
			OP_ERROR_UNREADABLE,
			"the core file has zeros for the memory at 0x%" PRIx64
			", as gdb writes them where the process itself had no access",
			addr.value);
	if (!piece->protection)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "the process itself had no access to its memory at "
				       "0x%" PRIx64,
				       addr.value);
	switch (source_of(core, piece, addr.value, &end)) {
	case SOURCE_CORE:
		return op_error_create(OP_ERROR_UNREADABLE,
				       "the core file is cut off: the memory at 0x%" PRIx64
				       " would be at byte %" PRIu64 " of its %" PRIu64,
				       addr.value, piece->offset + (addr.value - piece->start),
				       core->size);
	case SOURCE_FILE:
		return file_unreadable(core, piece, addr.value);
	case SOURCE_ZEROS:
	case SOURCE_NOTHING:
		break;
	}
	return op_error_create(OP_ERROR_UNREADABLE,
			       "the core file does not hold the memory at 0x%" PRIx64
			       ": it was left out when it was written (man 5 core, "
			       "coredump_filter)",
			       addr.value);
}
