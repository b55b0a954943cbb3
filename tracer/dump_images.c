// SPDX-License-Identifier: GPL-3.0-or-later
// An image for each module of a dump: an artifact without code, with the module's bytes in it.
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/dump_contexts.h"

// crates/environ/src/obj.rs: ELFOSABI_WASMTIME, EF_WASMTIME_MODULE.
enum { OSABI_WASMTIME = 200, FLAG_MODULE = 1 };
enum { NULL_SECTION, TEXT, ENGINE, BYTECODE, ENDS, NAMES, SECTION_COUNT };

// Version 0 of the section, and the version whose layout dump_contexts.c uses.
static const char engine[] = "\0\2"
			     "50";

static uint64_t align(uint64_t offset)
{
	return (offset + 15) & ~(uint64_t)15;
}

struct content {
	const char *name;
	const void *data;
	uint64_t size;
};

static void put_header(uint8_t *image, uint64_t table)
{
	Elf64_Ehdr header = {
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = table,
		.e_flags = FLAG_MODULE,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTION_COUNT,
		.e_shstrndx = NAMES,
	};
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_ident[EI_VERSION] = EV_CURRENT;
	header.e_ident[EI_OSABI] = OSABI_WASMTIME;
	memcpy(image, &header, sizeof(header));
}

static struct op_error *put_image(struct op_dump_space *space, const struct op_dump_module *module,
				  uint64_t *ret)
{
	static const char names[] = "\0.text\0.wasmtime.engine\0.wasmtime.wasm_bytecode\0"
				    ".wasmtime.wasm_bytecode_ends\0.shstrtab";
	uint32_t end = (uint32_t)module->bytes.size;
	const struct content contents[SECTION_COUNT] = {
		[TEXT] = {".text", "", 0},
		[ENGINE] = {".wasmtime.engine", engine, sizeof(engine) - 1},
		[BYTECODE] = {".wasmtime.wasm_bytecode", module->bytes.data, end},
		[ENDS] = {".wasmtime.wasm_bytecode_ends", &end, sizeof(end)},
		[NAMES] = {".shstrtab", names, sizeof(names)},
	};
	Elf64_Shdr sections[SECTION_COUNT] = {0};
	uint64_t at = sizeof(Elf64_Ehdr);
	for (size_t i = 1; i < SECTION_COUNT; i++) {
		const char *name = memmem(names, sizeof(names), contents[i].name,
					  strlen(contents[i].name) + 1);
		sections[i] = (Elf64_Shdr){
			.sh_name = (Elf64_Word)(name - names),
			.sh_type = i == NAMES ? SHT_STRTAB : SHT_PROGBITS,
			.sh_offset = at,
			.sh_size = contents[i].size,
		};
		at = align(at + contents[i].size);
	}
	uint8_t *image;
	struct op_error *err =
		op_dump_space_add(space, at + sizeof(sections), OP_PROTECTION_READ, &image, ret);
	if (err)
		return err;
	put_header(image, at);
	for (size_t i = 1; i < SECTION_COUNT; i++)
		memcpy(image + sections[i].sh_offset, contents[i].data, contents[i].size);
	memcpy(image + at, sections, sizeof(sections));
	return NULL;
}

struct op_error *op_dump_put_images(struct op_dump_space *space,
				    const struct op_dump_modules *modules, uint64_t **ret_images)
{
	struct op_error *err = NULL;
	*ret_images = calloc(modules->count + 1, sizeof(**ret_images));
	if (!*ret_images)
		return op_error_no_memory();
	for (size_t i = 0; !err && i < modules->count; i++)
		err = put_image(space, &modules->data[i], &(*ret_images)[i]);
	return err;
}
