// SPDX-License-Identifier: GPL-3.0-or-later
// Relocated sections; see native_dwarf.h. Wasmtime writes two kinds of relocations
// (crates/cranelift/src/debug/write_debuginfo.rs): of a function, an address; of a section, an
// offset in it.
#include "target-runtime/dwarf/native_dwarf.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/lazy_bytes.h"
#include "base/text.h"
#include "target-runtime/elf_image.h"

enum {
	RELOCATION_SIZE = 24, // Elf64_Rela
	RELOCATIONS_MAX = 64 << 20,
	BLOCK = 1024, // of relocations that are read at once
};

struct relocation {
	uint64_t value;
	uint32_t offset; // in the sections, one behind the other
	uint32_t size;
};
struct op_native_dwarf {
	struct op_lazy_bytes *bytes; // owned: the sections, one behind the other
	struct op_debug_source source;
	struct {
		struct op_lazy_bytes *lazy; // the artifact's
		struct op_bytes bytes;
		size_t at;
	} sections[OP_DEBUG_SECTION_COUNT];
	struct OP_ARRAY(struct relocation) relocations; // ascending by offset
};

void op_native_dwarf_destroy(struct op_native_dwarf *native)
{
	if (!native)
		return;
	op_lazy_bytes_destroy(native->bytes);
	free(native->relocations.data);
	free(native);
}

const struct op_debug_source *op_native_dwarf_source(const struct op_native_dwarf *native)
{
	return &native->source;
}

// Relocations ---------------------------------------------------------------------------------

/** What one section's relocations are read with. */
struct reading {
	struct op_native_dwarf *native;
	struct op_elf_header order; // only its byte order
	uint16_t machine;
	struct op_bytes symbols;
	enum op_debug_section section;
};

static uint32_t width_of(uint16_t machine, uint32_t type)
{
	static const struct {
		uint16_t machine;
		uint32_t type, width;
	} known[] = {
		{EM_X86_64, R_X86_64_64, 8},
		{EM_X86_64, R_X86_64_32, 4},
		{EM_AARCH64, R_AARCH64_ABS64, 8},
		{EM_AARCH64, R_AARCH64_ABS32, 4},
	};
	for (size_t i = 0; i < OP_ARRAY_SIZE(known); i++)
		if (known[i].machine == machine && known[i].type == type)
			return known[i].width;
	return 0;
}

static struct op_error *add_relocation(const struct reading *reading, const uint8_t *bytes)
{
	uint64_t offset = op_elf_u64(&reading->order, bytes);
	uint64_t info = op_elf_u64(&reading->order, bytes + 8);
	uint64_t symbol = ELF64_R_SYM(info), size;
	const char *name = op_debug_section_name(reading->section);
	struct relocation relocation = {
		.value = op_elf_u64(&reading->order, bytes + 16),
		.size = width_of(reading->machine, (uint32_t)ELF64_R_TYPE(info)),
	};
	size = reading->native->sections[reading->section].bytes.size;
	if (!relocation.size)
		return op_error_create(OP_ERROR_FORMAT,
				       "relocations of type %u, as %s has, are not known",
				       (unsigned)ELF64_R_TYPE(info), name);
	if (offset > size || relocation.size > size - offset ||
	    symbol >= reading->symbols.size / OP_ELF_SYMBOL_SIZE)
		return op_error_create(OP_ERROR_FORMAT,
				       "a relocation of %s is of 0x%" PRIx64 ", outside of it, "
				       "or of symbol %" PRIu64 ", which does not exist",
				       name, offset, symbol);
	struct op_elf_symbol of = op_elf_symbol_parse(
		&reading->order, reading->symbols.data + symbol * OP_ELF_SYMBOL_SIZE);
	relocation.value += of.value + (of.type == STT_FUNC ? OP_NATIVE_PC_BIAS : 0);
	relocation.offset = (uint32_t)(reading->native->sections[reading->section].at + offset);
	return op_array_push(&reading->native->relocations, relocation) ? NULL
									: op_error_no_memory();
}

// They are not kept: only what they come to is.
static struct op_error *read_relocations(const struct reading *reading,
					 struct op_artifact *artifact)
{
	_cleanup_text_ struct op_text name = OP_TEXT_INIT;
	struct op_bytes bytes;
	struct op_lazy_bytes *lazy;
	op_text_printf(&name, ".rela%s", op_debug_section_name(reading->section));
	if (name.failed)
		return op_error_no_memory();
	struct op_error *err = op_artifact_section_lazy(artifact, name.data, &bytes, &lazy);
	size_t count = err ? 0 : bytes.size / RELOCATION_SIZE;
	if (!err && count > RELOCATIONS_MAX)
		err = op_error_create(OP_ERROR_LIMIT, "%s has %zu relocations", name.data, count);
	for (size_t first = 0; !err && first < count; first += BLOCK) {
		uint8_t block[BLOCK * RELOCATION_SIZE];
		size_t some = count - first < BLOCK ? count - first : BLOCK;
		err = op_lazy_bytes_copy(lazy, bytes.data + first * RELOCATION_SIZE, block,
					 some * RELOCATION_SIZE);
		for (size_t i = 0; !err && i < some; i++)
			err = add_relocation(reading, block + i * RELOCATION_SIZE);
	}
	return err;
}

static int compare_relocations(const void *a, const void *b)
{
	const struct relocation *x = a, *y = b;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

// What a byte is that two of them are of would depend on the part that it is fetched with.
static struct op_error *sort_relocations(struct op_native_dwarf *native)
{
	const struct relocation *all = native->relocations.data;
	size_t count = native->relocations.count;
	if (count)
		qsort(native->relocations.data, count, sizeof(*all), compare_relocations);
	for (size_t i = 1; i < count; i++)
		if (all[i].offset - all[i - 1].offset < all[i - 1].size)
			return op_error_create(OP_ERROR_FORMAT,
					       "two relocations are of the same bytes");
	return NULL;
}

static struct op_error *read_all(struct op_native_dwarf *native, struct op_artifact *artifact)
{
	struct reading reading = {.native = native,
				  .machine = op_artifact_info(artifact)->elf_machine};
	struct op_error *err = op_artifact_section(artifact, ".symtab", &reading.symbols);
	for (size_t i = 0; !err && i < OP_DEBUG_SECTION_COUNT; i++) {
		reading.section = i;
		if (native->sections[i].bytes.size)
			err = read_relocations(&reading, artifact);
	}
	return err ?: sort_relocations(native);
}

// Fetching ------------------------------------------------------------------------------------

// What of [at, at + part) lies in [offset, offset + size).
static bool overlap(uint64_t offset, size_t size, uint64_t at, size_t part, uint64_t *ret_start,
		    uint64_t *ret_end)
{
	*ret_start = offset > at ? offset : at;
	*ret_end = offset + size < at + part ? offset + size : at + part;
	return *ret_start < *ret_end;
}

static void relocate(const struct op_native_dwarf *native, uint64_t offset, uint8_t *buffer,
		     size_t size)
{
	const struct relocation *all = native->relocations.data;
	size_t low = 0, high = native->relocations.count;
	// One that begins before the part may reach into it.
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (all[middle].offset + all[middle].size <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < native->relocations.count && all[low].offset < offset + size; low++) {
		uint64_t start, end;
		if (!overlap(offset, size, all[low].offset, all[low].size, &start, &end))
			continue;
		for (; start < end; start++)
			buffer[start - offset] =
				(uint8_t)(all[low].value >> 8 * (start - all[low].offset));
	}
}

static struct op_error *fetch(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct op_native_dwarf *native = context;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < OP_DEBUG_SECTION_COUNT; i++) {
		const struct op_bytes *section = &native->sections[i].bytes;
		uint64_t at = native->sections[i].at, start, end;
		if (section->size && overlap(offset, size, at, section->size, &start, &end))
			err = op_lazy_bytes_copy(
				native->sections[i].lazy, section->data + (start - at),
				(uint8_t *)buffer + (start - offset), (size_t)(end - start));
	}
	if (!err)
		relocate(native, offset, buffer, size);
	return err;
}

static struct op_error *lay_out(struct op_native_dwarf *native, struct op_artifact *artifact,
				size_t *ret_size)
{
	struct op_error *err = NULL;
	*ret_size = 0;
	for (size_t i = 0; !err && i < OP_DEBUG_SECTION_COUNT; i++) {
		native->sections[i].at = *ret_size;
		err = op_artifact_section_lazy(artifact, op_debug_section_name(i),
					       &native->sections[i].bytes,
					       &native->sections[i].lazy);
		if (!err)
			*ret_size += native->sections[i].bytes.size;
	}
	if (!err && *ret_size > UINT32_MAX / 2)
		err = op_error_create(OP_ERROR_LIMIT, "it has %zu bytes", *ret_size);
	return err;
}

static void describe(struct op_native_dwarf *native, const struct op_artifact_info *info)
{
	const struct op_bytes *all = op_lazy_bytes_all(native->bytes);
	native->source = (struct op_debug_source){
		.lazy = native->bytes,
		.code_end = (uint32_t)(info->text_size < INT32_MAX ? info->text_size : INT32_MAX) +
			    OP_NATIVE_PC_BIAS,
		.is_native = true,
	};
	for (size_t i = 0; i < OP_DEBUG_SECTION_COUNT; i++)
		if (native->sections[i].bytes.size)
			native->source.sections[i] = (struct op_bytes){
				.data = all->data + native->sections[i].at,
				.size = native->sections[i].bytes.size,
				.what = op_debug_section_name(i),
			};
}

struct op_error *op_native_dwarf_create(struct op_artifact *artifact, struct op_native_dwarf **ret)
{
	if (!op_artifact_info(artifact)->has_native_debug_info)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the image has no native debug information");
	_cleanup_(op_native_dwarf_destroyp) struct op_native_dwarf *native =
		calloc(1, sizeof(*native));
	if (!native)
		return op_error_no_memory();
	size_t size;
	struct op_error *err = lay_out(native, artifact, &size);
	if (!err)
		err = read_all(native, artifact);
	if (!err)
		err = op_lazy_bytes_create(size, "native debug information", fetch, native,
					   &native->bytes);
	if (err)
		return op_error_at(err, "native debug information");
	describe(native, op_artifact_info(artifact));
	*ret = op_take(native);
	return NULL;
}
