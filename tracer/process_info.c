// SPDX-License-Identifier: GPL-3.0-or-later
// The process around the guest: its command line, registers of its threads, its memory and machine
// code outside the guest, the files that it runs. Shows nothing and stops nothing.
#include "tracer/process_info.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "tracer/source.h"

enum {
	PROGRAM_HEADERS_MAX = 64,
	NOTES_SIZE_MAX = 16 << 10,
	BUILD_ID_MAX = 64,
	CODE_BYTES_MAX = 1 << 10
};

struct op_process_info {
	struct op_register_info registers[OP_REGISTERS_MAX];
	struct OP_ARRAY(const char *) words;
	struct OP_ARRAY(struct op_host_file) files;
	struct OP_ARRAY(struct op_disassembly_line) lines;
	struct OP_ARRAY(char *) strings; /**< of words */
	struct OP_ARRAY(char *) paths;   /**< of files, and their build ids */
	struct OP_ARRAY(char *) texts;   /**< of lines */
	char *build_id;                  /**< of a module */
	uint64_t code_key;               /**< of the executable mappings; 0: not asked for yet */
	struct op_disassembler *disassembler;
};

#define FORGET(list)                                                                               \
	do {                                                                                       \
		for (size_t i = 0; i < (list)->count; i++)                                         \
			free((list)->data[i]);                                                     \
		(list)->count = 0;                                                                 \
	} while (0)

void op_process_info_destroy(struct op_process_info *info)
{
	if (!info)
		return;
	FORGET(&info->strings);
	FORGET(&info->paths);
	FORGET(&info->texts);
	free(info->strings.data);
	free(info->paths.data);
	free(info->texts.data);
	free(info->words.data);
	free(info->files.data);
	free(info->lines.data);
	free(info->build_id);
	op_disassembler_destroy(info->disassembler);
	free(info);
}

static struct op_error *info_of(struct op_session *session, struct op_process_info **ret)
{
	if (!session->process)
		return op_session_need_stopped(session);
	if (!session->process_info)
		session->process_info = calloc(1, sizeof(*session->process_info));
	*ret = session->process_info;
	return *ret ? NULL : op_error_no_memory();
}

static struct op_error *escaped(const char *bytes, size_t size, char **ret)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	op_text_append_escaped(&text, bytes, size);
	return op_text_steal(&text, ret);
}

struct op_error *op_session_command_line(struct op_session *session, const char *const **ret,
					 size_t *ret_count)
{
	struct op_process_info *info = NULL;
	struct op_error *err = info_of(session, &info);
	if (err)
		return err;
	FORGET(&info->strings);
	info->words.count = 0;
	size_t size;
	const char *bytes = op_process_command_line(session->process, &size);
	for (size_t at = 0; at < size;) {
		size_t length = strnlen(bytes + at, size - at);
		char *word;
		err = escaped(bytes + at, length, &word);
		if (err)
			return err;
		if (!op_array_push(&info->strings, word)) {
			free(word);
			return op_error_no_memory();
		}
		if (!op_array_push(&info->words, word))
			return op_error_no_memory();
		at += length + 1;
	}
	*ret = info->words.data;
	*ret_count = info->words.count;
	return NULL;
}

struct op_error *op_session_registers(struct op_session *session, int64_t thread,
				      const struct op_register_info **ret, size_t *ret_count)
{
	struct op_process_info *info = NULL;
	struct op_registers registers;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = info_of(session, &info);
	if (!err)
		err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	const struct op_arch *arch = op_process_arch(session->process);
	for (unsigned i = 0; i < arch->register_count; i++)
		info->registers[i] = (struct op_register_info){.name = arch->register_names[i],
							       .value = registers.value[i]};
	*ret = info->registers;
	*ret_count = arch->register_count;
	return NULL;
}

struct op_error *op_session_read_host(struct op_session *session, struct op_host_addr address,
				      void *buffer, size_t size, size_t *ret_done)
{
	*ret_done = 0;
	struct op_error *err = op_session_need_stopped(session);
	return err ?: op_process_read_some(session->process, address, buffer, size, ret_done);
}

// Machine code --------------------------------------------------------------------------------

static struct op_error *push_instruction(struct op_process_info *info, struct op_host_addr address,
					 const struct op_native_instruction *instruction,
					 bool current)
{
	char *text = strdup(instruction->text);
	if (!text || !op_array_push(&info->texts, text)) {
		free(text);
		return op_error_no_memory();
	}
	struct op_disassembly_line line = {
		.native = true,
		.host_pc = address,
		.size = instruction->size,
		.text = text,
		.current = current,
	};
	return op_array_push(&info->lines, line) ? NULL : op_error_no_memory();
}

struct op_error *op_session_host_code(struct op_session *session, struct op_host_addr address,
				      size_t limit, const struct op_disassembly_line **ret,
				      size_t *ret_count)
{
	struct op_process_info *info = NULL;
	uint8_t code[CODE_BYTES_MAX];
	size_t size;
	struct op_error *err = op_session_read_host(session, address, code, sizeof(code), &size);
	if (!err)
		err = info_of(session, &info);
	if (!err && !info->disassembler)
		err = op_disassembler_create(op_process_arch(session->process),
					     &info->disassembler);
	if (err)
		return err;
	if (!size)
		return op_error_create(OP_ERROR_UNREADABLE,
				       "there is no code at 0x%" PRIx64
				       ": the address is mapped nowhere, or cannot be read",
				       address.value);
	FORGET(&info->texts);
	info->lines.count = 0;
	for (size_t at = 0; !err && at < size && info->lines.count < limit;) {
		struct op_native_instruction instruction;
		struct op_host_addr here = op_host_addr_add(address, at);
		err = op_disassembler_decode(info->disassembler, code + at, size - at, here,
					     &instruction);
		if (!err)
			err = push_instruction(info, here, &instruction, !at);
		at += instruction.size;
	}
	*ret = info->lines.data;
	*ret_count = info->lines.count;
	return err;
}

// Files ---------------------------------------------------------------------------------------

static struct op_error *hexadecimal(const uint8_t *bytes, size_t size, char **ret)
{
	struct op_text text _cleanup_text_ = OP_TEXT_INIT;
	for (size_t i = 0; i < size; i++)
		op_text_printf(&text, "%02x", bytes[i]);
	return op_text_steal(&text, ret);
}

/** The note that ld --build-id writes, among those of one segment (man 5 elf, Notes). */
static bool find_in_notes(const uint8_t *data, size_t size, const uint8_t **ret, size_t *ret_size)
{
	const struct op_bytes bytes = {.what = "notes", .data = data, .size = size};
	struct op_reader r = op_reader(&bytes);
	for (;;) {
		uint32_t name_size, id_size, type;
		const uint8_t *name, *id;
		struct op_error *err = op_reader_u32(&r, &name_size);
		err = err ?: op_reader_u32(&r, &id_size);
		err = err ?: op_reader_u32(&r, &type);
		err = err ?: op_reader_bytes(&r, (name_size + UINT64_C(3)) & ~UINT64_C(3), &name);
		err = err ?: op_reader_bytes(&r, (id_size + UINT64_C(3)) & ~UINT64_C(3), &id);
		if (err) {
			op_error_destroy(err);
			return false;
		}
		if (type == NT_GNU_BUILD_ID && name_size == 4 && !memcmp(name, "GNU", 4) &&
		    id_size <= BUILD_ID_MAX) {
			*ret = id;
			*ret_size = id_size;
			return true;
		}
	}
}

static struct op_error *read_build_id(struct op_session *session, struct op_host_addr notes,
				      size_t size, char **ret)
{
	uint8_t data[NOTES_SIZE_MAX];
	size_t done, id_size;
	const uint8_t *id;
	struct op_error *err = op_process_read_some(
		session->process, notes, data, size < sizeof(data) ? size : sizeof(data), &done);
	return err || !find_in_notes(data, done, &id, &id_size) ? err
								: hexadecimal(id, id_size, ret);
}

/** Of the file whose beginning is mapped at @p start; *ret stays NULL when it has none. From the
 * memory: the file at that path may be another one by now. */
static struct op_error *find_file_build_id(struct op_session *session, struct op_host_addr start,
					   char **ret)
{
	Elf64_Ehdr header;
	Elf64_Phdr segments[PROGRAM_HEADERS_MAX];
	size_t done;
	struct op_error *err =
		op_process_read_some(session->process, start, &header, sizeof(header), &done);
	if (err || done != sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(*segments) ||
	    header.e_phnum > PROGRAM_HEADERS_MAX)
		return err;
	size_t size = header.e_phnum * sizeof(*segments);
	err = op_process_read_some(session->process, op_host_addr_add(start, header.e_phoff),
				   segments, size, &done);
	uint64_t first = 0;
	for (size_t i = 0; !err && done == size && i < header.e_phnum && !*ret; i++) {
		if (segments[i].p_type == PT_LOAD && !segments[i].p_offset)
			first = segments[i].p_vaddr;
		// Loadable segments come in order, and a note that is mapped lies in one of them.
		if (segments[i].p_type == PT_NOTE)
			err = read_build_id(session,
					    op_host_addr_add(start, segments[i].p_vaddr - first),
					    segments[i].p_filesz, ret);
	}
	return err;
}

static struct op_error *keep_path(struct op_process_info *info, struct op_error *err, char *string)
{
	if (err || !string || op_array_push(&info->paths, string))
		return err;
	free(string);
	return op_error_no_memory();
}

static struct op_error *push_file(struct op_session *session, struct op_process_info *info,
				  const struct op_mapping *mapping)
{
	char *path = NULL, *build_id = NULL;
	struct op_error *err = escaped(mapping->path, strlen(mapping->path), &path);
	err = keep_path(info, err, path);
	if (!err)
		err = keep_path(info, find_file_build_id(session, mapping->start, &build_id),
				build_id);
	if (err)
		return err;
	struct op_host_file file = {.path = path, .start = mapping->start, .build_id = build_id};
	return op_array_push(&info->files, file) ? NULL : op_error_no_memory();
}

/** The mapping of the beginning of the file that a mapping with code is of; NULL: not mapped. */
static const struct op_mapping *beginning_of(const struct op_mappings *mappings, size_t i)
{
	for (size_t k = i + 1; k-- > 0;) {
		const struct op_mapping *mapping = &mappings->data[k];
		if (mapping->inode == mappings->data[i].inode &&
		    mapping->device == mappings->data[i].device && !mapping->file_offset)
			return mapping;
	}
	return NULL;
}

struct op_error *op_session_host_files(struct op_session *session, const struct op_host_file **ret,
				       size_t *ret_count)
{
	struct op_process_info *info = NULL;
	struct op_error *err = info_of(session, &info);
	if (err)
		return err;
	FORGET(&info->paths);
	info->files.count = 0;
	const struct op_mappings *mappings = &session->mappings;
	const struct op_mapping *last = NULL;
	for (size_t i = 0; !err && i < mappings->count; i++) {
		const struct op_mapping *mapping = &mappings->data[i];
		if (!(mapping->protection & OP_PROTECTION_EXECUTE) || *mapping->path != '/')
			continue;
		const struct op_mapping *start = beginning_of(mappings, i);
		if (start && start != last)
			err = push_file(session, info, start);
		last = start;
	}
	*ret = info->files.data;
	*ret_count = info->files.count;
	return err;
}

struct op_error *op_session_module_build_id(struct op_session *session, uint32_t module_id,
					    const char **ret)
{
	struct op_process_info *info = NULL;
	struct op_bytes bytes;
	const struct op_module_entry *module = op_module_by_id(session, module_id);
	*ret = NULL;
	struct op_error *err = info_of(session, &info);
	if (err || !module || !op_wasm_build_id(module->wasm, &bytes) || bytes.size > BUILD_ID_MAX)
		return err;
	free(op_take(info->build_id));
	err = hexadecimal(bytes.data, bytes.size, &info->build_id);
	*ret = info->build_id;
	return err;
}

// Code that comes -----------------------------------------------------------------------------

static uint64_t mix(uint64_t key, uint64_t value)
{
	return (key ^ value) * 0x100000001b3;
}

struct op_error *op_session_code_changed(struct op_session *session, bool *ret)
{
	struct op_process_info *info = NULL;
	struct op_mappings mappings = {0};
	*ret = false;
	struct op_error *err = info_of(session, &info);
	if (!err)
		err = op_process_mappings(session->process, &mappings);
	if (err)
		return err;
	uint64_t key = 0xcbf29ce484222325;
	for (size_t i = 0; i < mappings.count; i++) {
		if (!(mappings.data[i].protection & OP_PROTECTION_EXECUTE))
			continue;
		key = mix(key, mappings.data[i].start.value);
		key = mix(key, mappings.data[i].end.value);
	}
	op_mappings_deinit(&mappings);
	*ret = info->code_key && info->code_key != key;
	info->code_key = key;
	return NULL;
}
