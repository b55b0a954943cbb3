// SPDX-License-Identifier: GPL-3.0-or-later
// The notes of a core file that outpost writes: as the kernel orders them (fill_note_info(),
// fs/binfmt_elf.c), the thread that the core is about first.
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "base/compiler.h"
#include "base/text.h"
#include "platform/linux/core.h"
#include "platform/linux/frozen.h"

static void add_note(struct op_text *notes, const char *owner, uint32_t type, const void *data,
		     size_t size)
{
	static const char zeros[4] = "";
	Elf64_Nhdr header = {(uint32_t)strlen(owner) + 1, (uint32_t)size, type};

	op_text_append_n(notes, (const char *)&header, sizeof(header));
	op_text_append_n(notes, owner, header.n_namesz);
	op_text_append_n(notes, zeros, -header.n_namesz & 3);
	op_text_append_n(notes, data, size);
	op_text_append_n(notes, zeros, -size & 3);
}

/** Fields of /proc/PID/stat from the state on (man 5 proc). */
struct status {
	char state;
	int parent, group, session;
	long nice;
	unsigned long flags;
};

static struct status read_status(const struct op_frozen *frozen)
{
	struct status status = {.state = 'R'};
	const char *behind = frozen->status ? strrchr(frozen->status, ')') : NULL;

	if (behind)
		sscanf(behind + 1,
		       " %c %d %d %d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %ld",
		       &status.state, &status.parent, &status.group, &status.session, &status.flags,
		       &status.nice);
	return status;
}

static void add_status(struct op_text *notes, const struct status *status,
		       const struct op_frozen_thread *thread)
{
	struct elf_prstatus note;

	memset(&note, 0, sizeof(note));
	if (thread->has_signal) {
		note.pr_info.si_signo = thread->signal.si_signo;
		note.pr_info.si_code = thread->signal.si_code;
		note.pr_info.si_errno = thread->signal.si_errno;
		note.pr_cursig = (short)thread->signal.si_signo;
	}
	note.pr_pid = thread->id;
	note.pr_ppid = status->parent;
	note.pr_pgrp = status->group;
	note.pr_sid = status->session;
	note.pr_fpvalid = thread->has_vectors;
	_Static_assert(sizeof(note.pr_reg) == sizeof(thread->registers), "both are the kernel's");
	memcpy(&note.pr_reg, &thread->registers, sizeof(note.pr_reg));
	add_note(notes, "CORE", NT_PRSTATUS, &note, sizeof(note));
}

static void add_sets(struct op_text *notes, const struct op_frozen_thread *thread)
{
	if (thread->has_vectors)
		add_note(notes, "CORE", NT_PRFPREG, &thread->vectors, sizeof(thread->vectors));
	if (thread->state_size)
		add_note(notes, "LINUX", NT_X86_XSTATE, thread->state, thread->state_size);
	if (thread->has_signal)
		add_note(notes, "CORE", NT_SIGINFO, &thread->signal, sizeof(thread->signal));
	add_note(notes, OP_CORE_NOTE_OWNER, OP_CORE_NOTE_THREAD_NAME, thread->name,
		 strlen(thread->name));
}

static void add_process(struct op_text *notes, const struct op_frozen *frozen,
			const struct status *status)
{
	static const char states[] = "RSDTZW";
	struct elf_prpsinfo note;

	memset(&note, 0, sizeof(note));
	const char *state = strchr(states, status->state);
	note.pr_state = (char)(state && *state ? state - states : 0);
	note.pr_sname = status->state;
	note.pr_zomb = status->state == 'Z';
	note.pr_nice = (char)status->nice;
	note.pr_flag = status->flags;
	note.pr_uid = frozen->user;
	note.pr_gid = frozen->group;
	note.pr_pid = frozen->pid;
	note.pr_ppid = status->parent;
	note.pr_pgrp = status->group;
	note.pr_sid = status->session;
	const char *name = frozen->status ? strchr(frozen->status, '(') : NULL;
	const char *end = frozen->status ? strrchr(frozen->status, ')') : NULL;
	if (name && end > name) {
		size_t size = (size_t)(end - name - 1);
		memcpy(note.pr_fname, name + 1,
		       size < sizeof(note.pr_fname) ? size : sizeof(note.pr_fname) - 1);
	}
	for (size_t i = 0; i < frozen->command_line_size && i < sizeof(note.pr_psargs) - 1; i++) {
		char c = frozen->command_line[i];
		note.pr_psargs[i] = c ? c : i + 1 < frozen->command_line_size ? ' ' : '\0';
	}
	add_note(notes, "CORE", NT_PRPSINFO, &note, sizeof(note));
}

// A count, a page size, {start, end, offset in pages} of each, then the paths.
static void add_files(struct op_text *notes, const struct op_frozen *frozen)
{
	_cleanup_text_ struct op_text ranges = OP_TEXT_INIT, paths = OP_TEXT_INIT;
	uint64_t head[2] = {0, OP_FROZEN_PAGE};

	for (size_t i = 0; i < frozen->mappings.count; i++) {
		const struct op_mapping *mapping = &frozen->mappings.data[i];
		uint64_t range[3] = {mapping->start.value, mapping->end.value,
				     mapping->file_offset / OP_FROZEN_PAGE};
		if (mapping->path[0] != '/')
			continue;
		op_text_append_n(&ranges, (const char *)range, sizeof(range));
		op_text_append_n(&paths, mapping->path, strlen(mapping->path) + 1);
		head[0]++;
	}
	_cleanup_text_ struct op_text note = OP_TEXT_INIT;
	op_text_append_n(&note, (const char *)head, sizeof(head));
	op_text_append_n(&note, ranges.data ? ranges.data : "", ranges.size);
	op_text_append_n(&note, paths.data ? paths.data : "", paths.size);
	notes->failed |= ranges.failed || paths.failed || note.failed;
	add_note(notes, "CORE", NT_FILE, note.data ? note.data : "", note.size);
}

struct op_error *op_core_write_notes(const struct op_frozen *frozen, uint8_t **ret,
				     size_t *ret_size)
{
	_cleanup_text_ struct op_text notes = OP_TEXT_INIT;
	const struct status status = read_status(frozen);

	for (size_t i = 0; i < frozen->threads.count; i++) {
		add_status(&notes, &status, &frozen->threads.data[i]);
		if (i == 0) {
			add_process(&notes, frozen, &status);
			add_note(&notes, "CORE", NT_AUXV, frozen->auxiliary,
				 frozen->auxiliary_size);
			add_files(&notes, frozen);
		}
		add_sets(&notes, &frozen->threads.data[i]);
	}
	*ret_size = notes.size;
	char *data;
	struct op_error *err = op_text_steal(&notes, &data);
	if (!err)
		*ret = (uint8_t *)data;
	return err;
}
