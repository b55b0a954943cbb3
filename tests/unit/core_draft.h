// SPDX-License-Identifier: GPL-3.0-or-later
// Core files made by hand: each part as a test wants it, right or wrong. Shared by the unit tests
// of core files and by what makes the fuzz harness's corpus.
#ifndef OP_TESTS_UNIT_CORE_DRAFT_H
#define OP_TESTS_UNIT_CORE_DRAFT_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { DRAFT_SEGMENTS = 16, DRAFT_NOTES = 16384, DRAFT_FILES = 8, DRAFT_BASE = 4096 };

/** A mapping of NT_FILE. */
struct draft_file {
	uint64_t start, end, page;
	const char *path;
};

struct draft_segment {
	Elf64_Phdr header; /**< p_offset is filled in unless it is set */
	const void *bytes; /**< p_filesz of them; NULL: zeros */
};

/** Zero-initialise, then core_draft_init(). */
struct core_draft {
	Elf64_Ehdr header; /**< e_phnum is filled in unless it is set */
	struct draft_segment segments[DRAFT_SEGMENTS];
	size_t segment_count;
	uint8_t notes[DRAFT_NOTES];
	size_t notes_size;
};

/** A header of a core of this machine, and nothing else. */
void core_draft_init(struct core_draft *draft);
void core_draft_note(struct core_draft *draft, const char *owner, uint32_t type, const void *data,
		     size_t size);
/** NT_PRSTATUS; general registers are the numbers 0x1000, 0x1001, ... but for these two. */
void core_draft_thread(struct core_draft *draft, pid_t id, int signal, uint64_t pc, uint64_t sp);
/** NT_PRPSINFO */
void core_draft_process(struct core_draft *draft, pid_t id, const char *name,
			const char *arguments);
/** NT_FILE */
void core_draft_files(struct core_draft *draft, const struct draft_file *files, size_t count);
/** A PT_LOAD; @p flags as "rw-". @return its header, to be spoilt. */
Elf64_Phdr *core_draft_memory(struct core_draft *draft, uint64_t start, uint64_t size,
			      uint64_t held, const char *flags, const void *bytes);
/** The file: headers, notes, memory. @param[out] ret free() it. */
size_t core_draft_bytes(const struct core_draft *draft, uint8_t **ret);

#endif
