// SPDX-License-Identifier: GPL-3.0-or-later
// The notes of a core file: threads, mapped files, and what is known of the process. Notes are
// skipped through in the file; only what is asked for is read.
#include <elf.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "base/compiler.h"
#include "base/reader.h"
#include "platform/linux/core.h"

// The kernel writes at most 4 MiB (MAX_FILE_NOTE_SIZE, fs/binfmt_elf.c); gdb has no limit.
enum { FILE_NOTE_MAX = 64 << 20 };
// gdb's own note: the description of the target (gdb/linux-tdep.c).
enum { NOTE_GDB_TDESC = 0xff000000 };

// Whose numbers a note's type is of.
enum owner {
	OWNER_SYSTEM, // "CORE" and "LINUX"
	OWNER_GDB,
	OWNER_OUTPOST,
	OWNER_UNKNOWN,
};

struct note {
	enum owner owner;
	uint32_t type;
	uint64_t offset, size;
};

static void take_name(const struct op_core *core, const struct note *note,
		      struct op_core_thread *thread)
{
	size_t size =
		note->size < sizeof(thread->name) ? (size_t)note->size : sizeof(thread->name) - 1;

	if (note->type == OP_CORE_NOTE_THREAD_NAME && thread &&
	    op_core_read_file(core, note->offset, thread->name, size))
		thread->name[size] = '\0';
}

static struct op_error *take_status(struct op_core *core, const struct note *note)
{
	struct elf_prstatus status;

	if (note->size < sizeof(status) ||
	    !op_core_read_file(core, note->offset, &status, sizeof(status)))
		return op_core_remark(core, "a thread's registers in the core file are cut off");
	struct op_core_thread thread = {
		.id = status.pr_pid,
		.signal = status.pr_cursig,
		.registers = note->offset + offsetof(struct elf_prstatus, pr_reg),
	};
	return op_array_push(&core->threads, thread) ? NULL : op_error_no_memory();
}

static void take_process(struct op_core *core, const struct note *note)
{
	struct elf_prpsinfo info;

	if (note->size < sizeof(info) ||
	    !op_core_read_file(core, note->offset, &info, sizeof(info)))
		return;
	core->base.id = info.pr_pid;
	memcpy(core->name, info.pr_fname, sizeof(core->name));
	core->name[sizeof(core->name) - 1] = '\0';
	memcpy(core->arguments, info.pr_psargs, sizeof(info.pr_psargs));
}

/**
 * NT_FILE: a count and a page size, {start, end, offset in pages} for each mapping, then the paths
 * (fill_files_note(), fs/binfmt_elf.c).
 */
static struct op_error *take_files(struct op_core *core, const struct note *note)
{
	if (note->size > FILE_NOTE_MAX)
		return op_core_remark(core, "the core file's list of mapped files is too long");
	_cleanup_free_ uint8_t *data = malloc(note->size ? note->size : 1);
	if (!data)
		return op_error_no_memory();
	if (!op_core_read_file(core, note->offset, data, note->size))
		return op_core_remark(core, "the core file's list of mapped files is cut off");
	const struct op_bytes bytes = {data, note->size, "the list of mapped files"};
	struct op_reader r = op_reader(&bytes);
	uint64_t count = 0, page = 0;
	_cleanup_error_ struct op_error *bad = op_reader_u64(&r, &count);
	if (!bad)
		bad = op_reader_u64(&r, &page);
	if (bad || count > op_reader_left(&r) / 24)
		return op_core_remark(core, "the core file's list of mapped files is damaged");
	const char *path = (const char *)r.pos + count * 24;
	uint64_t last = 0;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t start = op_load_u64_unchecked(r.pos + i * 24);
		uint64_t end = op_load_u64_unchecked(r.pos + i * 24 + 8);
		uint64_t offset = op_load_u64_unchecked(r.pos + i * 24 + 16);
		size_t length = strnlen(path, (size_t)((const char *)r.end - path));
		uint32_t file;

		// As the kernel lists them: ascending. So the work is bounded by what is listed.
		if (path + length == (const char *)r.end || start < last || start >= end ||
		    __builtin_mul_overflow(offset, page, &offset) || offset > INT64_MAX)
			return op_core_remark(core,
					      "the core file's list of mapped files is damaged");
		struct op_error *err = op_core_add_file(core, path, length, &file);
		if (!err)
			err = op_core_place_file(core, start, end, offset, file);
		if (err)
			return err;
		path += length + 1;
		last = end;
	}
	return NULL;
}

static struct op_error *take_note(struct op_core *core, const struct note *note)
{
	struct op_core_thread *thread =
		core->threads.count ? &core->threads.data[core->threads.count - 1] : NULL;

	if (note->owner == OWNER_GDB)
		core->by_gdb |= note->type == NOTE_GDB_TDESC;
	if (note->owner == OWNER_OUTPOST)
		take_name(core, note, thread);
	if (note->owner != OWNER_SYSTEM)
		return NULL;
	switch (note->type) {
	case NT_PRSTATUS:
		return take_status(core, note);
	case NT_FPREGSET:
		if (thread && note->size >= sizeof(struct user_fpregs_struct))
			thread->vectors = note->offset;
		return NULL;
	case NT_SIGINFO:
		if (thread && note->size >= sizeof(siginfo_t))
			thread->signal_info = note->offset;
		return NULL;
	case NT_PRPSINFO:
		take_process(core, note);
		return NULL;
	case NT_AUXV:
		core->auxv = note->offset;
		core->auxv_size = note->size;
		return NULL;
	case NT_FILE:
		return core->files.count ? NULL : take_files(core, note);
	default:
		return NULL;
	}
}

static uint64_t aligned(uint64_t size)
{
	return (size + 3) & ~(uint64_t)3;
}

static enum owner owner_of(const char name[8])
{
	static const struct {
		const char *name;
		enum owner owner;
	} owners[] = {
		{"CORE", OWNER_SYSTEM},
		{"LINUX", OWNER_SYSTEM},
		{"GDB", OWNER_GDB},
		{OP_CORE_NOTE_OWNER, OWNER_OUTPOST},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(owners); i++)
		if (memcmp(name, owners[i].name, strlen(owners[i].name) + 1) == 0)
			return owners[i].owner;
	return OWNER_UNKNOWN;
}

/** The note at @p at; false when it does not end before @p end. */
static bool read_note(const struct op_core *core, uint64_t at, uint64_t end, struct note *ret,
		      uint64_t *ret_next)
{
	Elf64_Nhdr header;
	char name[8] = "";

	if (end - at < sizeof(header) || !op_core_read_file(core, at, &header, sizeof(header)))
		return false;
	at += sizeof(header);
	if (aligned(header.n_namesz) > end - at ||
	    header.n_descsz > end - at - aligned(header.n_namesz))
		return false;
	if (!op_core_read_file(core, at, name,
			       header.n_namesz < sizeof(name) ? header.n_namesz : sizeof(name)))
		return false;
	*ret = (struct note){
		.owner = owner_of(name),
		.type = header.n_type,
		.offset = at + aligned(header.n_namesz),
		.size = header.n_descsz,
	};
	*ret_next = ret->offset + aligned(header.n_descsz);
	return true;
}

struct op_error *op_core_read_notes(struct op_core *core, const struct op_core_ranges *notes)
{
	uint64_t read = 0;

	for (size_t i = 0; i < notes->count; i++) {
		uint64_t at = notes->data[i].offset, end;

		if (__builtin_add_overflow(at, notes->data[i].size, &end) || end > core->size) {
			struct op_error *err = op_core_remark(
				core, "notes of the core file (threads, registers, mapped files) "
				      "lie behind its end: it is cut off");
			if (err)
				return err;
			end = core->size;
			core->info.incomplete = true;
		}
		// Headers that claim the same notes again and again are not believed.
		if (at < end && (read += end - at) > core->size)
			return op_core_remark(core, "the core file has more notes than bytes; not "
						    "all of them were read");
		while (at < end) {
			struct note note;
			uint64_t next;

			if (!read_note(core, at, end, &note, &next))
				break;
			struct op_error *err = take_note(core, &note);
			if (err)
				return err;
			at = next;
		}
	}
	return NULL;
}
