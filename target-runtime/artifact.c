// SPDX-License-Identifier: GPL-3.0-or-later
// An artifact: the image, its sections loaded at first use, and whether another image is the same
// one.
// What the sections mean is decoded in artifact_tables.c and artifact_modules.c.
#include "target-runtime/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input_file.h"
#include "base/read_at.h"
#include "base/text.h"
#include "target-runtime/artifact_private.h"
#include "target-runtime/engine.h"

static void artifact_free(struct op_artifact *artifact)
{
	op_artifact_modules_deinit(artifact);
	op_function_table_deinit(&artifact->functions);
	free(artifact->unwind);
	op_frame_table_destroy(artifact->frame_table);
	op_address_map_destroy(artifact->address_map);
	op_trap_table_destroy(artifact->trap_table);
	for (size_t i = 0; artifact->loaded && i < artifact->image.section_count; i++)
		op_lazy_bytes_destroy(artifact->loaded[i].lazy);
	free(artifact->loaded);
	free(artifact->sections);
	op_elf_image_deinit(&artifact->image);
	if (artifact->fd >= 0)
		close(artifact->fd);
	free(artifact);
}

struct op_artifact *op_artifact_ref(struct op_artifact *artifact)
{
	artifact->references++;
	return artifact;
}

void op_artifact_unref(struct op_artifact *artifact)
{
	if (artifact && --artifact->references == 0)
		artifact_free(artifact);
}

static void artifact_unrefp(struct op_artifact **artifact)
{
	op_artifact_unref(*artifact);
}

const struct op_artifact_info *op_artifact_info(const struct op_artifact *artifact)
{
	return &artifact->info;
}

const struct op_section *op_artifact_sections(const struct op_artifact *artifact, size_t *ret_count)
{
	*ret_count = artifact->image.section_count;
	return artifact->sections;
}

static uint64_t section_size(const struct op_artifact *artifact, const char *name)
{
	const struct op_elf_section *section = op_elf_image_find(&artifact->image, name);
	return section ? section->size : 0;
}

/** Version and layout, from the start of .wasmtime.engine. */
static struct op_error *read_engine(struct op_artifact *artifact)
{
	static const char name[] = ".wasmtime.engine";
	const struct op_elf_section *section = op_elf_image_find(&artifact->image, name);
	if (!section)
		return op_error_create(OP_ERROR_FORMAT,
				       "not an image of Wasmtime: it has no %s section", name);
	uint8_t head[OP_ENGINE_HEAD_SIZE];
	struct op_bytes bytes = {
		.data = head,
		.size = section->size < sizeof(head) ? section->size : sizeof(head),
		.what = name,
	};
	struct op_error *err =
		op_memory_read(&artifact->memory, op_host_addr_add(artifact->base, section->offset),
			       head, bytes.size);
	struct op_engine engine;
	if (!err)
		err = op_engine_parse(&bytes, &engine);
	if (err)
		return err;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_text_append_escaped(&text, engine.version, engine.version_size);
	if (text.failed)
		return op_error_no_memory();
	struct op_artifact_info *info = &artifact->info;
	size_t length = text.size < sizeof(info->version_string) ? text.size
								 : sizeof(info->version_string) - 1;
	if (length > 0)
		memcpy(info->version_string, text.data, length);
	info->version = engine.major;
	info->layout = engine.major ? op_layout_find(engine.major, &info->layout_known) : NULL;
	return NULL;
}

static struct op_error *fill_info(struct op_artifact *artifact)
{
	struct op_artifact_info *info = &artifact->info;
	const struct op_elf_section *text = op_elf_image_find(&artifact->image, ".text");
	if (!text)
		return op_error_create(OP_ERROR_FORMAT,
				       "not an image of Wasmtime: it has no .text section");
	struct op_error *err = read_engine(artifact);
	if (err)
		return err;
	info->elf_machine = artifact->image.header.machine;
	info->is_component = artifact->image.header.is_component;
	info->is_pulley = artifact->image.header.is_pulley;
	info->size = artifact->image.header.size;
	info->text_offset = text->offset;
	info->text_size = text->size;
	info->has_frames = section_size(artifact, ".wasmtime.frames") > 0;
	info->has_slots =
		info->has_frames && info->layout && info->layout->frame_table_header_words > 4;
	info->has_bytecode = section_size(artifact, ".wasmtime.wasm_bytecode") > 0;
	info->has_address_map = section_size(artifact, ".wasmtime.addrmap") > 0;
	// With -D symbols=n the null symbol alone is there.
	info->has_symbols = section_size(artifact, ".symtab") > OP_ELF_SYMBOL_SIZE;
	info->has_dwarf = section_size(artifact, ".wasmtime.dwarf") > 0;
	info->has_native_debug_info = section_size(artifact, ".debug_info") > 0;
	return NULL;
}

static struct op_error *copy_sections(struct op_artifact *artifact)
{
	size_t count = artifact->image.section_count;
	artifact->sections = calloc(count + 1, sizeof(*artifact->sections));
	artifact->loaded = calloc(count + 1, sizeof(*artifact->loaded));
	if (!artifact->sections || !artifact->loaded)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++) {
		artifact->sections[i] = (struct op_section){
			.name = artifact->image.sections[i].name,
			.offset = artifact->image.sections[i].offset,
			.size = artifact->image.sections[i].size,
		};
		artifact->loaded[i] = (struct op_artifact_section){
			.artifact = artifact, .offset = artifact->sections[i].offset};
	}
	return NULL;
}

/** Takes @p fd, whatever comes of it. */
static struct op_error *artifact_open(const struct op_memory *memory, int fd,
				      struct op_host_addr base, uint64_t limit,
				      struct op_artifact **ret)
{
	struct op_artifact *blank = calloc(1, sizeof(*blank));
	if (!blank) {
		if (fd >= 0)
			close(fd);
		return op_error_no_memory();
	}
	_cleanup_(artifact_unrefp) struct op_artifact *artifact = blank;
	artifact->references = 1;
	artifact->memory = *memory;
	artifact->base = base;
	artifact->fd = fd;
	if (fd >= 0)
		artifact->memory.context = &artifact->fd;
	struct op_error *err = op_elf_image_read(&artifact->memory, base, limit, &artifact->image);
	if (!err)
		err = copy_sections(artifact);
	if (!err)
		err = fill_info(artifact);
	if (err)
		return err;
	*ret = op_take(artifact);
	return NULL;
}

struct op_error *op_artifact_open(const struct op_memory *memory, struct op_host_addr base,
				  uint64_t limit, struct op_artifact **ret)
{
	return op_error_at(artifact_open(memory, -1, base, limit, ret), "image at 0x%" PRIx64,
			   base.value);
}

/**
 * A file as a memory that starts at address 0. Not mapped: a file that is cut short must not be a
 * SIGBUS.
 */
static struct op_error *file_read_some(void *context, struct op_host_addr addr, void *buffer,
				       size_t size, size_t *ret_done)
{
	const int *fd = context;
	*ret_done = op_read_at(*fd, addr.value, buffer, size);
	if (*ret_done < size && errno)
		return op_error_system(OP_ERROR_IO, errno, "cannot read the artifact's file");
	return NULL;
}

struct op_error *op_artifact_open_file(const char *path, struct op_artifact **ret)
{
	const struct op_memory memory = {.read_some = file_read_some};
	// Non-blocking: a FIFO would wait for a writer.
	int fd = op_input_file_open(path);
	if (fd < 0)
		return op_error_system(OP_ERROR_IO, errno, "cannot open %s", path);
	struct stat status;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return op_error_create(OP_ERROR_IO, "%s is not a regular file", path);
	}
	return op_error_at(
		artifact_open(&memory, fd, op_host_addr(0), (uint64_t)status.st_size, ret), "%s",
		path);
}

void op_artifact_set_source(struct op_artifact *artifact, const struct op_memory *memory,
			    struct op_host_addr base)
{
	artifact->memory = memory ? *memory : (struct op_memory){0};
	artifact->base = base;
}

struct op_error *op_artifact_read(struct op_artifact *artifact, uint64_t offset, void *buffer,
				  size_t size)
{
	if (!artifact->memory.read_some)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "the image is no longer in the target's memory and this "
				       "part of it was not read before");
	return op_memory_read(&artifact->memory, op_host_addr_add(artifact->base, offset), buffer,
			      size);
}

static struct op_error *fetch_section(void *context, uint64_t offset, void *buffer, size_t size)
{
	const struct op_artifact_section *section = context;
	return op_artifact_read(section->artifact, section->offset + offset, buffer, size);
}

struct op_error *op_artifact_section_lazy(struct op_artifact *artifact, const char *name,
					  struct op_bytes *ret, struct op_lazy_bytes **ret_lazy)
{
	*ret = (struct op_bytes){.what = "missing section"};
	*ret_lazy = NULL;
	const struct op_elf_section *place = op_elf_image_find(&artifact->image, name);
	if (!place || place->size == 0)
		return NULL;
	struct op_artifact_section *section = &artifact->loaded[place - artifact->image.sections];
	if (!section->lazy) {
		struct op_error *err = op_lazy_bytes_create(place->size, place->name, fetch_section,
							    section, &section->lazy);
		if (err)
			return err;
	}
	*ret = *op_lazy_bytes_all(section->lazy);
	*ret_lazy = section->lazy;
	return NULL;
}

struct op_error *op_artifact_section(struct op_artifact *artifact, const char *name,
				     struct op_bytes *ret)
{
	struct op_bytes bytes;
	struct op_lazy_bytes *lazy;
	struct op_error *err = op_artifact_section_lazy(artifact, name, &bytes, &lazy);
	if (!err)
		err = op_error_at(op_lazy_bytes_need(lazy, bytes.data, bytes.size), "%s", name);
	*ret = err ? (struct op_bytes){.what = "missing section"} : bytes;
	return err;
}

// Identity ------------------------------------------------------------------------------------

/**
 * Mix @p size bytes into two hashes. Not against a forger: whoever writes the images gains nothing
 * by a collision.
 */
static void identity_add(struct op_artifact_identity *identity, const uint8_t *bytes, size_t size)
{
	static const uint64_t factor[2] = {UINT64_C(0x9e3779b97f4a7c15),
					   UINT64_C(0xc2b2ae3d27d4eb4f)};
	for (size_t at = 0; at < size; at += 8) {
		uint8_t tail[8] = {0};
		const uint8_t *next = bytes + at;
		if (size - at < 8) {
			memcpy(tail, next, size - at);
			next = tail;
		}
		for (unsigned i = 0; i < 2; i++) {
			uint64_t h = (identity->hash[i] ^ op_load_u64_unchecked(next)) * factor[i];
			identity->hash[i] = h ^ h >> (29 + 3 * i);
		}
	}
}

enum {
	CHUNK_SIZE = 64 * 1024,
	SAMPLE_SIZE = 2048, /**< of a section's beginning and of its end, when only samples are
			       compared */
};

/** Add bytes of the image, from @p at on. */
static struct op_error *identity_read(struct op_artifact_identity *identity,
				      const struct op_memory *memory, struct op_host_addr at,
				      uint64_t size, uint8_t *chunk)
{
	while (size > 0) {
		size_t now = size < CHUNK_SIZE ? size : CHUNK_SIZE;
		struct op_error *err = op_memory_read(memory, at, chunk, now);
		if (err)
			return err;
		identity_add(identity, chunk, now);
		at = op_host_addr_add(at, now);
		size -= now;
	}
	return NULL;
}

/**
 * The identity of an image whose header and section table are those of @p image: everything that
 * tells two modules apart but for the machine code, in which a debugger may have left breakpoints.
 * The info section's checksum is only filled in for recordings, so it does not tell
 * (crates/environ/src/module_artifacts.rs, WasmChecksum::from_binary).
 */
static struct op_error *read_identity(const struct op_elf_image *image,
				      const struct op_memory *memory, struct op_host_addr base,
				      bool samples, struct op_artifact_identity *ret)
{
	static const char *const telling[] = {
		".wasmtime.engine", ".wasmtime.info",    ".wasmtime.wasm_bytecode",
		".rodata.wasm",     ".wasmtime.addrmap", ".wasmtime.traps",
	};
	_cleanup_free_ uint8_t *chunk = malloc(CHUNK_SIZE);
	if (!chunk)
		return op_error_no_memory();
	struct op_artifact_identity identity = {{1, 2}};
	identity_add(&identity, image->raw, image->raw_size);
	for (size_t i = 0; i < OP_ARRAY_SIZE(telling); i++) {
		const struct op_elf_section *section = op_elf_image_find(image, telling[i]);
		if (!section)
			continue;
		struct op_host_addr start = op_host_addr_add(base, section->offset);
		bool whole = !samples || section->size <= 2 * SAMPLE_SIZE;
		struct op_error *err = identity_read(&identity, memory, start,
						     whole ? section->size : SAMPLE_SIZE, chunk);
		if (!err && !whole)
			err = identity_read(&identity, memory,
					    op_host_addr_add(start, section->size - SAMPLE_SIZE),
					    SAMPLE_SIZE, chunk);
		if (err)
			return err;
	}
	*ret = identity;
	return NULL;
}

/** The artifact's own identity is kept: its source may be gone, or be another image by now. */
static struct op_error *own_identity(struct op_artifact *artifact, bool samples, bool *ret_known)
{
	bool *known = samples ? &artifact->sampled_known : &artifact->identity_known;
	*ret_known = *known;
	if (*known || !artifact->memory.read_some)
		return NULL;
	struct op_error *err =
		read_identity(&artifact->image, &artifact->memory, artifact->base, samples,
			      samples ? &artifact->sampled : &artifact->identity);
	*ret_known = *known = !err;
	return err;
}

static struct op_error *compare(struct op_artifact *artifact, const struct op_memory *memory,
				struct op_host_addr base, bool samples, bool *ret)
{
	*ret = false;
	bool known;
	struct op_error *err = own_identity(artifact, samples, &known);
	if (err || !known)
		return err;
	const struct op_elf_image *image = &artifact->image;
	_cleanup_free_ uint8_t *raw = malloc(image->raw_size);
	if (!raw)
		return op_error_no_memory();
	struct op_artifact_identity other;
	err = op_memory_read(memory, base, raw, OP_ELF_HEADER_SIZE);
	if (!err)
		err = op_memory_read(memory, op_host_addr_add(base, image->header.section_table),
				     raw + OP_ELF_HEADER_SIZE,
				     image->raw_size - OP_ELF_HEADER_SIZE);
	if (!err && memcmp(raw, image->raw, image->raw_size) != 0)
		return NULL;
	if (!err)
		err = read_identity(image, memory, base, samples, &other);
	// Something shorter lies there.
	if (err && err->code == OP_ERROR_UNREADABLE) {
		op_error_destroy(err);
		return NULL;
	}
	if (err)
		return err;
	*ret = memcmp(&other, samples ? &artifact->sampled : &artifact->identity, sizeof(other)) ==
	       0;
	return NULL;
}

struct op_error *op_artifact_matches(struct op_artifact *artifact, const struct op_memory *memory,
				     struct op_host_addr base, bool *ret)
{
	return compare(artifact, memory, base, false, ret);
}

struct op_error *op_artifact_is_still_at(struct op_artifact *artifact,
					 const struct op_memory *memory, struct op_host_addr base,
					 bool *ret)
{
	return compare(artifact, memory, base, true, ret);
}

bool op_artifact_has_header_of(const struct op_artifact *artifact, const struct op_artifact *other)
{
	const struct op_elf_image *image = &artifact->image;
	return image->raw_size == other->image.raw_size &&
	       !memcmp(image->raw, other->image.raw, image->raw_size);
}

struct op_error *op_artifact_reads_same(const struct op_artifact *artifact, bool *ret)
{
	*ret = true;
	struct op_error *err = NULL;
	for (size_t i = 0; !err && *ret && i < artifact->image.section_count; i++)
		if (artifact->loaded[i].lazy)
			err = op_lazy_bytes_is_same(artifact->loaded[i].lazy, ret);
	*ret = *ret && !err;
	return err;
}
