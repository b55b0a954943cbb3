// SPDX-License-Identifier: GPL-3.0-or-later
// Core files made by hand; see core_draft.h.
#include "tests/unit/core_draft.h"

#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

static void fail_unless(int good)
{
	if (!good)
		abort();
}

void core_draft_init(struct core_draft *draft)
{
	*draft = (struct core_draft){
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					    ELFDATA2LSB, EV_CURRENT},
				.e_type = ET_CORE,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_phoff = sizeof(Elf64_Ehdr),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
			},
	};
}

static void add_bytes(struct core_draft *draft, const void *data, size_t size)
{
	fail_unless(draft->notes_size + size + 4 <= DRAFT_NOTES);
	if (size)
		memcpy(draft->notes + draft->notes_size, data, size);
	draft->notes_size = (draft->notes_size + size + 3) & ~(size_t)3;
}

void core_draft_note(struct core_draft *draft, const char *owner, uint32_t type, const void *data,
		     size_t size)
{
	Elf64_Nhdr header = {(Elf64_Word)strlen(owner) + 1, (Elf64_Word)size, type};

	add_bytes(draft, &header, sizeof(header));
	add_bytes(draft, owner, strlen(owner) + 1);
	add_bytes(draft, data, size);
}

void core_draft_thread(struct core_draft *draft, pid_t id, int signal, uint64_t pc, uint64_t sp)
{
	struct elf_prstatus status = {.pr_pid = id, .pr_cursig = (short)signal};
	struct user_regs_struct registers;

	for (size_t i = 0; i < sizeof(registers) / 8; i++)
		((uint64_t *)&registers)[i] = 0x1000 + i;
	registers.rip = pc;
	registers.rsp = sp;
	memcpy(&status.pr_reg, &registers, sizeof(registers));
	core_draft_note(draft, "CORE", NT_PRSTATUS, &status, sizeof(status));
}

void core_draft_process(struct core_draft *draft, pid_t id, const char *name, const char *arguments)
{
	struct elf_prpsinfo info = {.pr_pid = id};

	strncpy(info.pr_fname, name, sizeof(info.pr_fname) - 1);
	strncpy(info.pr_psargs, arguments, sizeof(info.pr_psargs) - 1);
	core_draft_note(draft, "CORE", NT_PRPSINFO, &info, sizeof(info));
}

void core_draft_files(struct core_draft *draft, const struct draft_file *files, size_t count)
{
	uint8_t bytes[4096];
	size_t size = 0;
	uint64_t words[2] = {count, 4096};

	memcpy(bytes, words, sizeof(words));
	size += sizeof(words);
	for (size_t i = 0; i < count; i++, size += 24)
		memcpy(bytes + size, &files[i].start, 24);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(files[i].path) + 1;
		fail_unless(size + length <= sizeof(bytes));
		memcpy(bytes + size, files[i].path, length);
		size += length;
	}
	core_draft_note(draft, "CORE", NT_FILE, bytes, size);
}

Elf64_Phdr *core_draft_memory(struct core_draft *draft, uint64_t start, uint64_t size,
			      uint64_t held, const char *flags, const void *bytes)
{
	fail_unless(draft->segment_count < DRAFT_SEGMENTS);
	struct draft_segment *segment = &draft->segments[draft->segment_count++];

	segment->header = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_vaddr = start,
		.p_memsz = size,
		.p_filesz = held,
		.p_flags = (flags[0] == 'r' ? PF_R : 0U) | (flags[1] == 'w' ? PF_W : 0U) |
			   (flags[2] == 'x' ? PF_X : 0U),
		.p_align = 4096,
	};
	segment->bytes = bytes;
	return &segment->header;
}

size_t core_draft_bytes(const struct core_draft *draft, uint8_t **ret)
{
	size_t size = DRAFT_BASE + draft->notes_size;
	Elf64_Ehdr header = draft->header;
	Elf64_Phdr programs[DRAFT_SEGMENTS + 1];

	programs[0] = (Elf64_Phdr){.p_type = PT_NOTE,
				   .p_offset = DRAFT_BASE,
				   .p_filesz = draft->notes_size,
				   .p_align = 4};
	for (size_t i = 0; i < draft->segment_count; i++) {
		programs[i + 1] = draft->segments[i].header;
		if (!programs[i + 1].p_offset) {
			programs[i + 1].p_offset = size;
			size += programs[i + 1].p_filesz;
		}
	}
	if (!header.e_phnum)
		header.e_phnum = (Elf64_Half)(draft->segment_count + 1);
	uint8_t *bytes = calloc(1, size);
	fail_unless(bytes != NULL);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), programs, (draft->segment_count + 1) * sizeof(*programs));
	memcpy(bytes + DRAFT_BASE, draft->notes, draft->notes_size);
	for (size_t i = 0; i < draft->segment_count; i++)
		if (draft->segments[i].bytes && !draft->segments[i].header.p_offset)
			memcpy(bytes + programs[i + 1].p_offset, draft->segments[i].bytes,
			       programs[i + 1].p_filesz);
	*ret = bytes;
	return size;
}
