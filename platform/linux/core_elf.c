// SPDX-License-Identifier: GPL-3.0-or-later
// The headers of a core file: what it is of, which memory it holds, where its notes are. Must not
// look into the notes.
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "platform/linux/core.h"

// Headers are read a page's worth at a time.
enum { HEADERS_AT_ONCE = 64 };

static struct op_error *no_core(const struct op_core *core, const char *why)
{
	return op_error_create(OP_ERROR_FORMAT, "%s is no core file: %s", core->path, why);
}

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{EM_386, "32-bit x86"},     {EM_X86_64, "x86_64"}, {EM_ARM, "32-bit ARM"},
		{EM_AARCH64, "aarch64"},    {EM_RISCV, "RISC-V"},  {EM_S390, "s390x"},
		{EM_PPC64, "64-bit Power"},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "an unknown machine";
}

static struct op_error *packed(const struct op_core *core, const char *how)
{
	char why[128];

	snprintf(why, sizeof(why),
		 "it is packed by %s: unpack it first (what zstd, lz4 and xz packed is opened as "
		 "it is)",
		 how);
	return no_core(core, why);
}

/** Is the header one of a core of a machine that outpost can debug here? */
static struct op_error *check_header(const struct op_core *core, const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, "\x1f\x8b", 2) == 0)
		return packed(core, "gzip");
	if (memcmp(header->e_ident, "BZh", 3) == 0)
		return packed(core, "bzip2");
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return no_core(core, "it does not begin like an ELF file");
	if (header->e_type != ET_CORE)
		return no_core(core, header->e_type == ET_EXEC || header->e_type == ET_DYN
					     ? "it is a program or a library"
					     : "it is another kind of ELF file");
	const struct op_arch *arch = op_arch_native();
	bool fits = header->e_ident[EI_CLASS] == ELFCLASS64 &&
		    header->e_ident[EI_DATA] == ELFDATA2LSB && arch &&
		    header->e_machine == arch->elf_machine;
	if (!fits)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s is a core of a process on %s (ELF machine %u, %s), and this outpost "
			"debugs %s: open it with an outpost built for that machine",
			core->path, machine_name(header->e_machine), header->e_machine,
			header->e_ident[EI_CLASS] == ELFCLASS64 ? "64 bits" : "32 bits",
			arch ? arch->name : "no machine like this one");
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return op_error_create(OP_ERROR_FORMAT,
				       "the core file %s is damaged: its program headers have %u "
				       "bytes each, not %zu",
				       core->path, header->e_phentsize, sizeof(Elf64_Phdr));
	return NULL;
}

/** More headers than the field can say are counted in the first section header (man 5 elf, e_phnum;
 * fill_extnum_info() in fs/binfmt_elf.c). */
static struct op_error *header_count(const struct op_core *core, const Elf64_Ehdr *header,
				     uint64_t *ret)
{
	Elf64_Shdr section;

	*ret = header->e_phnum;
	if (header->e_phnum != PN_XNUM)
		return NULL;
	if (!op_core_read_file(core, header->e_shoff, &section, sizeof(section)))
		return op_error_create(OP_ERROR_FORMAT,
				       "the core file %s is damaged: the count of its program "
				       "headers lies outside of it, at byte %" PRIu64,
				       core->path, header->e_shoff);
	*ret = section.sh_info;
	return NULL;
}

static unsigned protection_of(const Elf64_Phdr *program)
{
	return (program->p_flags & PF_R ? OP_PROTECTION_READ : 0) |
	       (program->p_flags & PF_W ? OP_PROTECTION_WRITE : 0) |
	       (program->p_flags & PF_X ? OP_PROTECTION_EXECUTE : 0);
}

static struct op_error *take_header(struct op_core *core, const Elf64_Phdr *program,
				    uint64_t number, struct op_core_ranges *notes)
{
	uint64_t ignored;

	if (program->p_type == PT_NOTE) {
		struct op_core_range range = {program->p_offset, program->p_filesz};
		return op_array_push(notes, range) ? NULL : op_error_no_memory();
	}
	if (program->p_type != PT_LOAD || !program->p_memsz)
		return NULL;
	if (__builtin_add_overflow(program->p_vaddr, program->p_memsz, &ignored) ||
	    __builtin_add_overflow(program->p_offset, program->p_filesz, &ignored) ||
	    program->p_filesz > program->p_memsz)
		return op_core_remark(core,
				      "the core file's program header %" PRIu64
				      " makes no sense and is left out (%" PRIu64
				      " bytes in the file for %" PRIu64 " at 0x%" PRIx64 ")",
				      number, program->p_filesz, program->p_memsz,
				      program->p_vaddr);
	struct op_core_piece piece = {
		.start = program->p_vaddr,
		.end = program->p_vaddr + program->p_memsz,
		.held = program->p_filesz,
		.offset = program->p_offset,
		.protection = protection_of(program),
		.file = OP_CORE_NO_FILE,
	};
	return op_array_push(&core->pieces, piece) ? NULL : op_error_no_memory();
}

struct op_error *op_core_read_headers(struct op_core *core, struct op_core_ranges *ret_notes)
{
	Elf64_Ehdr header;
	uint64_t count;

	if (core->size == 0)
		return no_core(core, "it is empty (was there room on the disk, and does the limit "
				     "\"ulimit -c\" allow a core?)");
	if (!op_core_read_file(core, 0, &header, sizeof(header)))
		return no_core(core, "it is too short");
	struct op_error *err = check_header(core, &header);
	if (!err)
		err = header_count(core, &header, &count);
	if (err)
		return err;
	// Compared with the file before anything is taken in.
	uint64_t room = header.e_phoff < core->size ? core->size - header.e_phoff : 0;
	if (!count || count > room / sizeof(Elf64_Phdr))
		return op_error_create(OP_ERROR_FORMAT,
				       "the core file %s is damaged or cut off: its %" PRIu64
				       " program headers at byte %" PRIu64
				       " do not fit into its %" PRIu64 " bytes",
				       core->path, count, (uint64_t)header.e_phoff, core->size);
	for (uint64_t first = 0; first < count; first += HEADERS_AT_ONCE) {
		Elf64_Phdr programs[HEADERS_AT_ONCE];
		uint64_t some = count - first < HEADERS_AT_ONCE ? count - first : HEADERS_AT_ONCE;

		if (!op_core_read_file(core, header.e_phoff + first * sizeof(Elf64_Phdr), programs,
				       (size_t)some * sizeof(Elf64_Phdr)))
			return op_error_create(OP_ERROR_IO, "cannot read the program headers of %s",
					       core->path);
		for (uint64_t i = 0; i < some; i++) {
			err = take_header(core, &programs[i], first + i, ret_notes);
			if (err)
				return err;
		}
	}
	return NULL;
}
