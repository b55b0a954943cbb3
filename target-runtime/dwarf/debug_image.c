// SPDX-License-Identifier: GPL-3.0-or-later
// The debug sections as an ELF file in memory for libdw, and which parts of it are fetched when.
//
// libdw reads wherever an offset leads it, so what it may read has to be there before: all of the
// small sections from the start, of .debug_info the head of each unit, and a unit's entries when
// one of them is first asked for. Entries refer to other units only by the forms that
// op_abbreviations.foreign is about; then all units are fetched.
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/dwarf_private.h"

enum {
	// Of a unit, for its header and its first entry: some numbers and offsets of strings.
	HEAD_SIZE = 4096,
	// The last attribute of an entry may need so many bytes, if it is no string.
	ATTRIBUTE_SIZE_MAX = 16,
};

// The ELF file -------------------------------------------------------------------------------

/** The file: header, sections, names of sections, section headers. */
struct op_debug_image {
	struct op_lazy_bytes *bytes; // owned: the file
	struct op_debug_source origin;
	size_t at[OP_DEBUG_SECTION_COUNT]; // of each section in the file
	Elf32_Ehdr header;
	uint8_t *tail; // owned: what follows the sections
	size_t tail_at, tail_size;
};

// Copies what lies in the part [at, at + part_size) of the file. @return the bytes that do.
static size_t overlap(uint64_t offset, size_t size, size_t at, size_t part_size,
		      size_t *ret_in_part, size_t *ret_in_buffer)
{
	uint64_t start = offset > at ? offset : at;
	uint64_t end = offset + size < at + part_size ? offset + size : at + part_size;
	if (start >= end)
		return 0;
	*ret_in_part = (size_t)(start - at);
	*ret_in_buffer = (size_t)(start - offset);
	return (size_t)(end - start);
}

static struct op_error *fetch(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct op_debug_image *image = context;
	uint8_t *to = buffer;
	size_t from = 0, into = 0;
	size_t count = overlap(offset, size, 0, sizeof(image->header), &from, &into);
	if (count)
		memcpy(to + into, (const uint8_t *)&image->header + from, count);
	count = overlap(offset, size, image->tail_at, image->tail_size, &from, &into);
	if (count)
		memcpy(to + into, image->tail + from, count);
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < OP_DEBUG_SECTION_COUNT; i++) {
		const struct op_bytes *section = &image->origin.sections[i];
		count = overlap(offset, size, image->at[i], section->size, &from, &into);
		if (count)
			err = op_lazy_bytes_copy(image->origin.lazy, section->data + from,
						 to + into, count);
	}
	return err;
}

// Headers are written in the order of Elf32_Ehdr and Elf32_Shdr, which is also that of this
// machine.
static struct op_error *lay_out(struct op_debug_image *image, size_t *ret_size)
{
	size_t size = sizeof(Elf32_Ehdr), names = 1, count = 2; // the null section, .shstrtab
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++) {
		if (!image->origin.sections[i].size)
			continue;
		image->at[i] = size;
		size += image->origin.sections[i].size;
		names += strlen(op_debug_section_name(i)) + 1;
		count++;
	}
	static const char strings[] = ".shstrtab";
	names += sizeof(strings);
	size_t headers = (size + names + 7) & ~(size_t)7;
	*ret_size = headers + count * sizeof(Elf32_Shdr);
	if (*ret_size > UINT32_MAX)
		return op_error_create(
			OP_ERROR_LIMIT,
			"the debug sections have %zu bytes; more than 4 GiB cannot be "
			"read",
			*ret_size);
	image->tail_at = size;
	image->tail_size = *ret_size - size;
	image->tail = calloc(1, image->tail_size);
	if (!image->tail)
		return op_error_no_memory();
	image->header = (Elf32_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_NONE,
		.e_version = EV_CURRENT,
		.e_shoff = (Elf32_Off)headers,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = (Elf32_Half)count,
		.e_shstrndx = (Elf32_Half)(count - 1),
	};
	uint8_t *to = image->tail + (headers - size) + sizeof(Elf32_Shdr);
	size_t name = 1;
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++) {
		if (!image->origin.sections[i].size)
			continue;
		Elf32_Shdr shdr = {.sh_name = (Elf32_Word)name,
				   .sh_type = SHT_PROGBITS,
				   .sh_offset = (Elf32_Off)image->at[i],
				   .sh_size = (Elf32_Word)image->origin.sections[i].size,
				   .sh_addralign = 1};
		memcpy(to, &shdr, sizeof(shdr));
		to += sizeof(shdr);
		strcpy((char *)image->tail + name, op_debug_section_name(i));
		name += strlen(op_debug_section_name(i)) + 1;
	}
	strcpy((char *)image->tail + name, strings);
	Elf32_Shdr shdr = {.sh_name = (Elf32_Word)name,
			   .sh_type = SHT_STRTAB,
			   .sh_offset = (Elf32_Off)size,
			   .sh_size = (Elf32_Word)names,
			   .sh_addralign = 1};
	memcpy(to, &shdr, sizeof(shdr));
	return NULL;
}

// Before libdw opens the file: all but the sections that are asked for piece by piece. It looks at
// the end of strings.
static struct op_error *need_small_sections(const struct op_debug_source *source,
					    const struct op_debug_image *image)
{
	const uint8_t *file = op_lazy_bytes_all(image->bytes)->data;
	struct op_error *err = op_lazy_bytes_need(image->bytes, file, sizeof(image->header));
	if (!err)
		err = op_lazy_bytes_need(image->bytes, file + image->tail_at, image->tail_size);
	for (size_t i = 0; !err && i < OP_DEBUG_SECTION_COUNT; i++) {
		const struct op_bytes *section = &source->sections[i];
		switch (i) {
		case OP_DEBUG_INFO:
		case OP_DEBUG_LINE:
		case OP_DEBUG_LOC:
		case OP_DEBUG_LOCLISTS:
			break;
		case OP_DEBUG_STR:
			if (section->size)
				err = op_debug_need(source, i, section->size - 1, 1);
			break;
		default:
			err = op_debug_need(source, i, 0, section->size);
			break;
		}
	}
	return err;
}

struct op_error *op_debug_image_create(const struct op_debug_source *origin,
				       struct op_debug_image **ret_image,
				       struct op_debug_source *ret)
{
	struct op_debug_image *image = *ret_image = calloc(1, sizeof(*image));
	if (!image)
		return op_error_no_memory();
	image->origin = *origin;
	size_t size;
	struct op_error *err = lay_out(image, &size);
	if (!err)
		err = op_lazy_bytes_create(size, "debug sections", fetch, image, &image->bytes);
	if (err)
		return err;
	const struct op_bytes *file = op_lazy_bytes_all(image->bytes);
	*ret = *origin;
	ret->lazy = image->bytes;
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++)
		if (ret->sections[i].size)
			ret->sections[i].data = file->data + image->at[i];
	// Bytes that are there already are the caller's, who may not keep them.
	return origin->lazy ? need_small_sections(ret, image)
			    : op_lazy_bytes_need(image->bytes, file->data, file->size);
}

Elf *op_debug_image_elf(const struct op_debug_image *image)
{
	const struct op_bytes *file = op_lazy_bytes_all(image->bytes);
	elf_version(EV_CURRENT);
	return elf_memory((char *)file->data, file->size);
}

void op_debug_image_destroy(struct op_debug_image *image)
{
	if (!image)
		return;
	op_lazy_bytes_destroy(image->bytes);
	free(image->tail);
	free(image);
}

// What is needed when -------------------------------------------------------------------------

struct op_error *op_debug_need(const struct op_debug_source *source, enum op_debug_section section,
			       uint64_t offset, uint64_t size)
{
	const struct op_bytes *bytes = &source->sections[section];
	if (offset >= bytes->size)
		return NULL;
	uint64_t left = bytes->size - offset;
	return op_lazy_bytes_need(source->lazy, bytes->data + offset,
				  (size_t)(size < left ? size : left));
}

const char *op_debug_text(const struct op_debug_source *source, enum op_debug_section section,
			  uint64_t offset, size_t limit)
{
	const struct op_bytes *bytes = &source->sections[section];
	if (offset >= bytes->size)
		return NULL;
	const char *text = (const char *)bytes->data + offset;
	size_t left = bytes->size - (size_t)offset;
	left = left < limit ? left : limit;
	for (size_t done = 0, size = 64; done < left; done += size, size *= 2) {
		size = size < left - done ? size : left - done;
		struct op_error *err = op_debug_need(source, section, offset + done, size);
		if (err) {
			op_error_destroy(err);
			return NULL;
		}
		if (memchr(text + done, 0, size))
			return text;
	}
	return NULL;
}

const char *op_debug_string(const struct op_debug_info *info, Dwarf_Attribute *attribute)
{
	const char *text = dwarf_formstring(attribute);
	const struct op_bytes *strings = &info->source.sections[OP_DEBUG_STR];
	const uint8_t *at = (const uint8_t *)text;
	// libdw has only looked where the string begins.
	bool inside =
		text && strings->data && at >= strings->data && at < strings->data + strings->size;
	return inside ? op_debug_text(&info->source, OP_DEBUG_STR, (uint64_t)(at - strings->data),
				      OP_DWARF_TEXT_MAX)
		      : text;
}

struct op_error *op_debug_unit_need_head(struct op_debug_info *info, uint64_t offset,
					 uint64_t length)
{
	return op_debug_need(&info->source, OP_DEBUG_INFO, offset,
			     length < HEAD_SIZE ? length : HEAD_SIZE);
}

struct inside {
	const struct op_debug_info *info;
	const uint8_t *end; // of what is known to be there
	bool is;
};

static int check_attribute(Dwarf_Attribute *attribute, void *context)
{
	struct inside *inside = context;
	inside->is = inside->end - attribute->valp >= ATTRIBUTE_SIZE_MAX;
	if (inside->is && dwarf_whatform(attribute) == DW_FORM_string)
		inside->is = memchr(attribute->valp, 0, (size_t)(inside->end - attribute->valp));
	return inside->is ? DWARF_CB_OK : DWARF_CB_ABORT;
}

struct op_error *op_debug_unit_need_entry(struct op_debug_info *info, Dwarf_Die *die,
					  uint64_t offset, uint64_t end)
{
	const uint8_t *unit = info->source.sections[OP_DEBUG_INFO].data + offset;
	if (end - offset <= HEAD_SIZE)
		return NULL;
	struct inside inside = {.info = info, .end = unit + HEAD_SIZE, .is = true};
	dwarf_getattrs(die, check_attribute, &inside, 0);
	return inside.is ? NULL : op_debug_need(&info->source, OP_DEBUG_INFO, offset, end - offset);
}

static struct op_error *need_unit(struct op_debug_info *info, size_t unit, bool *ret_foreign)
{
	struct op_entries entries;
	struct op_error *err = op_entries_open(info, unit, &info->abbreviations, &entries);
	*ret_foreign = err ? true : info->abbreviations.foreign;
	// What is wrong with its abbreviations libdw finds, too.
	if (err && err->code == OP_ERROR_FORMAT) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

struct op_error *op_debug_need_entries(struct op_debug_info *info, struct op_die die)
{
	if (info->entries_known)
		return NULL;
	const struct op_debug_unit *unit = op_debug_unit_of(info, die);
	bool everything = !unit || die.offset >= unit->end;
	struct op_error *err = NULL;
	if (!everything && unit->entries_known)
		return NULL;
	if (!everything)
		err = need_unit(info, (size_t)(unit - info->units.data), &everything);
	if (!err && everything) {
		err = op_debug_need(&info->source, OP_DEBUG_INFO, 0, UINT64_MAX);
		info->entries_known = !err;
	} else if (!err) {
		info->units.data[unit - info->units.data].entries_known = true;
	}
	return err;
}
