// SPDX-License-Identifier: GPL-3.0-or-later
// Writing a frozen process as an ELF core file: headers by libelf, then notes and memory, with
// holes where there is nothing.
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "platform/linux/frozen.h"

enum { CHUNK_PAGES = 256, CHUNK = CHUNK_PAGES * OP_FROZEN_PAGE };

/** A core file in the making. */
struct writing {
	struct op_frozen *frozen;
	const struct op_cancel *cancel;
	struct op_new_file file;
	struct op_core_layout layout;
	uint8_t *notes;
	size_t notes_size;
	uint64_t notes_offset, memory_offset;
	uint8_t *chunk;
	uint64_t to; /**< in the file, less the address: of the segment that is being written */
	struct op_core_written *report;
};

static void writing_deinit(struct writing *writing)
{
	op_new_file_deinit(&writing->file);
	op_core_layout_deinit(&writing->layout);
	free(writing->notes);
	free(writing->chunk);
}

static uint64_t held(const struct op_core_segment *segment)
{
	return segment->source == OP_CORE_NOTHING ? 0 : segment->end - segment->start;
}

static void endp(Elf **elf)
{
	elf_end(*elf);
}

static struct op_error *elf_failed(const struct writing *writing)
{
	return op_error_create(OP_ERROR_IO, "cannot write the headers of %s: %s",
			       writing->file.path, elf_errmsg(-1));
}

static uint64_t page_up(uint64_t size)
{
	return (size + OP_FROZEN_PAGE - 1) & -(uint64_t)OP_FROZEN_PAGE;
}

/** Behind the headers; the section header that counts very many of them included (elf_newphdr()).
 */
static void place(struct writing *writing)
{
	uint64_t size = sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr) +
			(writing->layout.segments.count + 1) * sizeof(Elf64_Phdr);

	writing->notes_offset = (size + 7) & ~(uint64_t)7;
	writing->memory_offset = page_up(writing->notes_offset + writing->notes_size);
}

static unsigned flags_of(unsigned protection)
{
	return (protection & OP_PROTECTION_READ ? PF_R : 0) |
	       (protection & OP_PROTECTION_WRITE ? PF_W : 0) |
	       (protection & OP_PROTECTION_EXECUTE ? PF_X : 0);
}

static bool fill_programs(const struct writing *writing, Elf *elf)
{
	uint64_t offset = writing->memory_offset;
	GElf_Phdr note = {
		.p_type = PT_NOTE,
		.p_offset = writing->notes_offset,
		.p_filesz = writing->notes_size,
		.p_align = 4,
	};

	if (!gelf_update_phdr(elf, 0, &note))
		return false;
	for (size_t i = 0; i < writing->layout.segments.count; i++) {
		const struct op_core_segment *segment = &writing->layout.segments.data[i];
		GElf_Phdr program = {
			.p_type = PT_LOAD,
			.p_flags = flags_of(segment->protection),
			.p_offset = offset,
			.p_vaddr = segment->start,
			.p_filesz = held(segment),
			.p_memsz = segment->end - segment->start,
			.p_align = OP_FROZEN_PAGE,
		};
		if (!gelf_update_phdr(elf, (int)i + 1, &program))
			return false;
		offset += program.p_filesz;
	}
	return true;
}

static struct op_error *write_headers(struct writing *writing)
{
	size_t count = writing->layout.segments.count + 1;
	GElf_Ehdr header;

	elf_version(EV_CURRENT);
	_cleanup_(endp) Elf *elf = elf_begin(writing->file.fd, ELF_C_WRITE, NULL);
	if (!elf || !gelf_newehdr(elf, ELFCLASS64) || !gelf_newphdr(elf, count) ||
	    !gelf_getehdr(elf, &header))
		return elf_failed(writing);
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_type = ET_CORE;
	header.e_machine = (GElf_Half)writing->frozen->machine;
	header.e_version = EV_CURRENT;
	header.e_phoff = sizeof(Elf64_Ehdr);
	if (count >= PN_XNUM)
		header.e_shoff = sizeof(Elf64_Ehdr) + count * sizeof(Elf64_Phdr);
	if (!gelf_update_ehdr(elf, &header))
		return elf_failed(writing);
	elf_flagelf(elf, ELF_C_SET, ELF_F_LAYOUT);
	if (!fill_programs(writing, elf) || elf_update(elf, ELF_C_WRITE) < 0)
		return elf_failed(writing);
	return NULL;
}

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zeros[OP_FROZEN_PAGE];

	return memcmp(page, zeros, OP_FROZEN_PAGE) == 0;
}

/** Write the pages that hold something, as few times as that takes. */
static struct op_error *write_pages(struct writing *writing, const uint8_t *data, uint64_t addr,
				    size_t size)
{
	struct op_error *err = NULL;

	for (size_t at = 0; !err && at < size;) {
		size_t start = at;
		while (at < size && !is_zero(data + at))
			at += OP_FROZEN_PAGE;
		if (at > start) {
			err = op_new_file_write(&writing->file, addr + start + writing->to,
						data + start, at - start);
			writing->report->stored += at - start;
		}
		while (at < size && is_zero(data + at))
			at += OP_FROZEN_PAGE;
	}
	return err;
}

/** Write [start, end) of the memory. What cannot be read is counted, and zero in the file. */
static struct op_error *write_range(void *context, uint64_t start, uint64_t end)
{
	struct writing *writing = context;
	struct op_error *err = NULL;

	for (uint64_t at = start; !err && at < end;) {
		size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		if (op_cancelled(writing->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "no core file was written");
		size_t got = op_frozen_read(writing->frozen, at, writing->chunk, want) &
			     ~(size_t)(OP_FROZEN_PAGE - 1);
		err = write_pages(writing, writing->chunk, at, got);
		if (got < want) {
			writing->report->unread += OP_FROZEN_PAGE;
			got += OP_FROZEN_PAGE;
		}
		at += got;
	}
	return err;
}

static struct op_error *write_segment(struct writing *writing,
				      const struct op_core_segment *segment)
{
	const struct op_frozen_run *run;

	switch (segment->source) {
	case OP_CORE_RESIDENT:
		return op_frozen_each_run(writing->frozen, segment->start, segment->end, false, 0,
					  write_range, writing);
	case OP_CORE_ALL:
		return write_range(writing, segment->start, segment->end);
	case OP_CORE_RUN:
		run = &writing->frozen->runs.data[segment->run];
		return write_pages(writing, run->data, run->start, run->size);
	case OP_CORE_NOTHING:
		break;
	}
	return NULL;
}

static struct op_error *write_memory(struct writing *writing)
{
	uint64_t offset = writing->memory_offset;
	struct op_error *err = NULL;

	for (size_t i = 0; !err && i < writing->layout.segments.count; i++) {
		const struct op_core_segment *segment = &writing->layout.segments.data[i];
		writing->to = offset - segment->start;
		err = write_segment(writing, segment);
		offset += held(segment);
	}
	writing->report->size = offset;
	return err;
}

struct op_error *op_frozen_write_core(struct op_frozen *frozen, const char *path,
				      const struct op_cancel *cancel, struct op_core_written *ret)
{
	_cleanup_(writing_deinit) struct writing writing = {
		.frozen = frozen, .cancel = cancel, .file = {.fd = -1}, .report = ret};

	*ret = (struct op_core_written){.threads = frozen->threads.count,
					.missing = frozen->missing_threads,
					.omitted = frozen->omitted};
	// The process runs on; it writes at full speed again.
	if (frozen->copied)
		op_write_track_end(&frozen->copied->track);
	writing.chunk = malloc(CHUNK);
	if (!writing.chunk)
		return op_error_no_memory();
	struct op_error *err = op_new_file_begin(&writing.file, path);
	if (!err)
		err = op_core_layout_make(frozen, &writing.layout);
	if (!err)
		err = op_core_write_notes(frozen, &writing.notes, &writing.notes_size);
	if (err)
		return err;
	place(&writing);
	err = write_headers(&writing);
	if (!err)
		err = op_new_file_write(&writing.file, writing.notes_offset, writing.notes,
					writing.notes_size);
	ret->stored = writing.notes_size + writing.notes_offset;
	if (!err)
		err = write_memory(&writing);
	return err ? err : op_new_file_finish(&writing.file, ret->size);
}
