// SPDX-License-Identifier: GPL-3.0-or-later
// The ELF container of an artifact. Knows nothing of what its sections hold.
#include "target-runtime/elf_image.h"

#include <elf.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// crates/environ/src/obj.rs: ELFOSABI_WASMTIME, EF_WASMTIME_*.
enum {
	OSABI_WASMTIME = 200,
	FLAG_MODULE = 1 << 0,
	FLAG_COMPONENT = 1 << 1,
	FLAG_PULLEY32 = 1 << 2,
	FLAG_PULLEY64 = 1 << 3,
};

// Real images have about 30 sections at most; their names are a few hundred bytes.
enum { SECTIONS_MAX = 512, NAMES_SIZE_MAX = 65536 };

uint32_t op_elf_u32(const struct op_elf_header *header, const uint8_t *bytes)
{
	uint32_t value = op_load_u32_unchecked(bytes);
	return header->big_endian ? __builtin_bswap32(value) : value;
}

uint64_t op_elf_u64(const struct op_elf_header *header, const uint8_t *bytes)
{
	uint64_t value = op_load_u64_unchecked(bytes);
	return header->big_endian ? __builtin_bswap64(value) : value;
}

static uint16_t elf_u16(const struct op_elf_header *header, const uint8_t *bytes)
{
	return header->big_endian ? (uint16_t)(bytes[0] << 8 | bytes[1])
				  : (uint16_t)(bytes[1] << 8 | bytes[0]);
}

bool op_elf_header_parse(const uint8_t *bytes, uint64_t limit, struct op_elf_header *ret)
{
	if (memcmp(bytes, ELFMAG, SELFMAG) != 0 || bytes[EI_CLASS] != ELFCLASS64 ||
	    bytes[EI_OSABI] != OSABI_WASMTIME ||
	    (bytes[EI_DATA] != ELFDATA2LSB && bytes[EI_DATA] != ELFDATA2MSB))
		return false;
	struct op_elf_header h = {.big_endian = bytes[EI_DATA] == ELFDATA2MSB};
	// Copies made for GDB's JIT interface are ET_DYN with a program header; they are not
	// executed.
	if (elf_u16(&h, bytes + offsetof(Elf64_Ehdr, e_type)) != ET_REL ||
	    elf_u16(&h, bytes + offsetof(Elf64_Ehdr, e_phnum)) != 0 ||
	    elf_u16(&h, bytes + offsetof(Elf64_Ehdr, e_shentsize)) != OP_ELF_SECTION_SIZE)
		return false;
	uint32_t flags = op_elf_u32(&h, bytes + offsetof(Elf64_Ehdr, e_flags));
	uint32_t kind = flags & (FLAG_MODULE | FLAG_COMPONENT);
	if (kind != FLAG_MODULE && kind != FLAG_COMPONENT)
		return false;
	h.is_component = kind == FLAG_COMPONENT;
	h.is_pulley = flags & (FLAG_PULLEY32 | FLAG_PULLEY64);
	h.machine = elf_u16(&h, bytes + offsetof(Elf64_Ehdr, e_machine));
	h.section_table = op_elf_u64(&h, bytes + offsetof(Elf64_Ehdr, e_shoff));
	h.section_count = elf_u16(&h, bytes + offsetof(Elf64_Ehdr, e_shnum));
	h.name_section = elf_u16(&h, bytes + offsetof(Elf64_Ehdr, e_shstrndx));
	if (h.section_count == 0 || h.section_count > SECTIONS_MAX ||
	    h.name_section >= h.section_count || h.section_table < OP_ELF_HEADER_SIZE ||
	    h.section_table > limit)
		return false;
	uint64_t table_size = (uint64_t)h.section_count * OP_ELF_SECTION_SIZE;
	if (table_size > limit - h.section_table)
		return false;
	h.size = h.section_table + table_size;
	*ret = h;
	return true;
}

struct op_elf_symbol op_elf_symbol_parse(const struct op_elf_header *header, const uint8_t *bytes)
{
	return (struct op_elf_symbol){
		.name = op_elf_u32(header, bytes + offsetof(Elf64_Sym, st_name)),
		.type = ELF64_ST_TYPE(bytes[offsetof(Elf64_Sym, st_info)]),
		.value = op_elf_u64(header, bytes + offsetof(Elf64_Sym, st_value)),
		.size = op_elf_u64(header, bytes + offsetof(Elf64_Sym, st_size)),
	};
}

void op_elf_image_deinit(struct op_elf_image *image)
{
	free(image->raw);
	free(image->names);
	free(image->sections);
	*image = (struct op_elf_image){0};
}

const struct op_elf_section *op_elf_image_find(const struct op_elf_image *image, const char *name)
{
	for (size_t i = 0; i < image->section_count; i++) {
		if (strcmp(image->sections[i].name, name) == 0)
			return &image->sections[i];
	}
	return NULL;
}

/** Where section @p index says it is; its place is checked against the image's size. */
static struct op_error *section_place(const struct op_elf_image *image, unsigned index,
				      struct op_elf_section *ret)
{
	const uint8_t *entry =
		image->raw + OP_ELF_HEADER_SIZE + (size_t)index * OP_ELF_SECTION_SIZE;
	ret->offset = op_elf_u64(&image->header, entry + offsetof(Elf64_Shdr, sh_offset));
	ret->size = op_elf_u64(&image->header, entry + offsetof(Elf64_Shdr, sh_size));
	if (ret->offset > image->header.size || ret->size > image->header.size - ret->offset)
		return op_error_create(OP_ERROR_FORMAT, "section %u is not inside the image",
				       index);
	return NULL;
}

static struct op_error *read_names(const struct op_memory *memory, struct op_host_addr base,
				   struct op_elf_image *image, size_t *ret_size)
{
	struct op_elf_section place;
	struct op_error *err = section_place(image, image->header.name_section, &place);
	if (err)
		return err;
	if (place.size > NAMES_SIZE_MAX)
		return op_error_create(OP_ERROR_FORMAT,
				       "the section names are %" PRIu64 " bytes long", place.size);
	image->names = calloc(1, place.size + 1);
	if (!image->names)
		return op_error_no_memory();
	*ret_size = place.size;
	return op_memory_read(memory, op_host_addr_add(base, place.offset), image->names,
			      place.size);
}

static struct op_error *read_sections(const struct op_memory *memory, struct op_host_addr base,
				      struct op_elf_image *image)
{
	size_t names_size = 0;
	struct op_error *err = read_names(memory, base, image, &names_size);
	if (err)
		return err;
	image->sections = calloc(image->header.section_count, sizeof(*image->sections));
	if (!image->sections)
		return op_error_no_memory();
	for (unsigned i = 1; i < image->header.section_count; i++) {
		struct op_elf_section *section = &image->sections[image->section_count];
		err = section_place(image, i, section);
		if (err)
			return err;
		const uint8_t *entry =
			image->raw + OP_ELF_HEADER_SIZE + (size_t)i * OP_ELF_SECTION_SIZE;
		uint32_t name = op_elf_u32(&image->header, entry + offsetof(Elf64_Shdr, sh_name));
		if (name >= names_size)
			return op_error_create(OP_ERROR_FORMAT, "section %u has no name", i);
		section->name = image->names + name;
		image->section_count++;
	}
	return NULL;
}

struct op_error *op_elf_image_read(const struct op_memory *memory, struct op_host_addr base,
				   uint64_t limit, struct op_elf_image *ret)
{
	_cleanup_elf_image_ struct op_elf_image image = {0};
	uint8_t head[OP_ELF_HEADER_SIZE];
	if (limit < sizeof(head))
		return op_error_create(OP_ERROR_FORMAT, "too short for an image of Wasmtime");
	struct op_error *err = op_memory_read(memory, base, head, sizeof(head));
	if (err)
		return err;
	if (!op_elf_header_parse(head, limit, &image.header))
		return op_error_create(OP_ERROR_FORMAT, "not an image of Wasmtime");
	size_t table_size = (size_t)image.header.section_count * OP_ELF_SECTION_SIZE;
	image.raw_size = sizeof(head) + table_size;
	image.raw = malloc(image.raw_size);
	if (!image.raw)
		return op_error_no_memory();
	memcpy(image.raw, head, sizeof(head));
	err = op_memory_read(memory, op_host_addr_add(base, image.header.section_table),
			     image.raw + sizeof(head), table_size);
	if (!err)
		err = read_sections(memory, base, &image);
	if (err)
		return err;
	*ret = image;
	image = (struct op_elf_image){0};
	return NULL;
}
