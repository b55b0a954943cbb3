// SPDX-License-Identifier: GPL-3.0-or-later
// Disassembly: a function's Wasm instructions, its machine code, or both interleaved.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/breakpoint.h"
#include "tracer/patch.h"
#include "tracer/session.h"

// A function that decompresses to more than this is no function of a sane program.
enum { NATIVE_SIZE_MAX = 64 << 20 };

static void lines_clear(struct op_session *session)
{
	for (size_t i = 0; i < session->line_texts.count; i++)
		free(session->line_texts.data[i]);
	session->line_texts.count = 0;
	session->lines.count = 0;
}

static struct op_error *push_line(struct op_session *session, struct op_disassembly_line line,
				  struct op_text *text)
{
	char *string;
	struct op_error *err = op_text_steal(text, &string);
	if (err)
		return err;
	if (!op_array_push(&session->line_texts, string)) {
		free(string);
		return op_error_no_memory();
	}
	line.text = string;
	return op_array_push(&session->lines, line) ? NULL : op_error_no_memory();
}

static bool breakpoint_at(struct op_session *session, uint32_t module_id, uint32_t pc)
{
	size_t count;
	const struct op_breakpoint *const *breakpoints = op_session_breakpoints(session, &count);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; breakpoints[i]->enabled && k < breakpoints[i]->location_count;
		     k++)
			if (breakpoints[i]->locations[k].module_id == module_id &&
			    breakpoints[i]->locations[k].pc == pc)
				return true;
	return false;
}

static struct op_error *push_wasm(struct op_session *session, struct op_module_entry *module,
				  uint32_t function, uint32_t offset, const struct op_frame *frame,
				  uint32_t *ret_size)
{
	struct op_wasm_instruction instruction;
	struct op_error *err = op_wasm_instruction_decode(module->wasm, offset, &instruction);
	if (err)
		return err;
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	err = op_wasm_instruction_text(module->wasm, function, &instruction, &text);
	if (err)
		return err;
	*ret_size = instruction.size;
	return push_line(session,
			 (struct op_disassembly_line){
				 .pc = offset,
				 .size = instruction.size,
				 .current = frame && frame->module_id == module->info.id &&
					    frame->has_pc && frame->pc == offset,
				 .breakpoint = breakpoint_at(session, module->info.id, offset),
			 },
			 &text);
}

static struct op_error *disassemble_wasm(struct op_session *session, struct op_module_entry *module,
					 uint32_t function, const struct op_frame *frame)
{
	struct op_wasm_body body;
	if (!module->wasm) {
		_cleanup_text_ struct op_text unfit = OP_TEXT_INIT;
		op_module_unfit_text(module, &unfit);
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the original bytes of module %s are not recorded (no "
				       "guest-debug, or Wasmtime before 43)%s; try disassemble /n",
				       module->name, unfit.data ?: "");
	}
	if (module->info.made_up)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"a Wasm core dump has no code: module %s is in its own file, "
			"which \"core\" takes behind --module",
			module->name);
	if (!op_wasm_module_function_body(module->wasm, function, &body))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "function %s is imported: it has no code in this module",
				       op_module_function_name(module, function));
	for (uint32_t at = body.code_start; at < body.end;) {
		if (op_cancelled(&session->cancel))
			return op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
		uint32_t size;
		struct op_error *err = push_wasm(session, module, function, at, frame, &size);
		if (err)
			return err;
		at += size;
	}
	return NULL;
}

// The code that runs: of the copy that the frame is in, else of the last copy; of the file when
// there is no process.
static struct op_error *native_code(struct op_session *session, struct op_module_entry *module,
				    const struct op_function *native, const struct op_frame *frame,
				    uint8_t **ret, struct op_host_addr *ret_addr)
{
	if (native->size > NATIVE_SIZE_MAX)
		return op_error_create(OP_ERROR_LIMIT,
				       "function %s has %" PRIu32
				       " bytes of machine code: too many to show",
				       native->name ?: "?", native->size);
	uint8_t *code = malloc(native->size ? native->size : 1);
	if (!code)
		return op_error_no_memory();
	struct op_error *err;
	const struct op_image *image = NULL;
	if (session->images && frame)
		image = op_image_set_find(session->images, frame->host_pc);
	if (session->images && (!image || image->artifact != module->artifact)) {
		size_t count;
		const struct op_image *const *images = op_image_set_images(session->images, &count);
		for (size_t i = 0; i < count; i++)
			if (images[i]->artifact == module->artifact)
				image = images[i];
	}
	if (image) {
		*ret_addr = op_host_addr_add(image->text, native->text_offset);
		err = op_process_read(session->process, *ret_addr, code, native->size);
	} else {
		struct op_bytes text;
		err = op_artifact_section(module->artifact, ".text", &text);
		*ret_addr = op_host_addr(native->text_offset);
		if (!err && (native->text_offset > text.size ||
			     native->size > text.size - native->text_offset))
			err = op_error_create(OP_ERROR_FORMAT,
					      "the function's machine code lies outside .text");
		if (!err)
			memcpy(code, text.data + native->text_offset, native->size);
	}
	if (err) {
		free(code);
		return err;
	}
	*ret = code;
	return NULL;
}

struct marker {
	uint32_t text_offset, pc;
};

struct marker_list {
	struct OP_ARRAY(struct marker) items;
	uint32_t end, bias;
	bool failed;
};

static bool collect_marker(void *context, const struct op_address_map_entry *entry)
{
	struct marker_list *list = context;
	if (entry->text_offset >= list->end)
		return false;
	struct marker marker = {entry->text_offset, entry->position - list->bias};
	bool repeats = list->items.count && list->items.data[list->items.count - 1].pc == marker.pc;
	if (entry->has_position && !repeats && !op_array_push(&list->items, marker))
		list->failed = true;
	return !list->failed;
}

// Which Wasm instruction begins where in the machine code.
static struct op_error *read_markers(struct op_module_entry *module,
				     const struct op_function *native, struct marker_list *list)
{
	const struct op_address_map *map;
	struct op_error *err = op_artifact_address_map(module->artifact, &map);
	if (err || !map || !module->wasm)
		return err;
	err = op_artifact_module_bias(module->artifact, module->info.index, &list->bias);
	if (err && err->code == OP_ERROR_NOT_FOUND) {
		op_error_destroy(err);
		return NULL;
	}
	if (!err)
		err = op_address_map_each(map, native->text_offset, collect_marker, list);
	return list->failed ? op_error_no_memory() : err;
}

static struct op_error *disassemble_native(struct op_session *session,
					   struct op_module_entry *module, uint32_t function,
					   bool mixed, const struct op_frame *frame)
{
	const struct op_function *native;
	struct op_error *err =
		op_artifact_find_function(module->artifact, module->info.index, function, &native);
	if (err)
		return err;
	if (!native)
		return op_error_create(OP_ERROR_NOT_FOUND, "function %s has no machine code here",
				       op_module_function_name(module, function));
	if (!session->disassembler) {
		const struct op_arch *arch =
			op_arch_by_machine(op_artifact_info(module->artifact)->elf_machine);
		if (!arch)
			return op_error_create(OP_ERROR_UNSUPPORTED,
					       "outpost has no disassembler for this machine");
		err = op_disassembler_create(arch, &session->disassembler);
		if (err)
			return err;
	}
	_cleanup_free_ uint8_t *code = NULL;
	struct op_host_addr start = {0};
	err = native_code(session, module, native, frame, &code, &start);
	struct marker_list markers = {.end = native->text_offset + native->size};
	if (!err && mixed)
		err = read_markers(module, native, &markers);
	size_t marker = 0;
	for (uint32_t at = 0; !err && at < native->size;) {
		if (op_cancelled(&session->cancel)) {
			err = op_error_create(OP_ERROR_INTERRUPTED, "interrupted");
			break;
		}
		for (; !err && marker < markers.items.count &&
		       markers.items.data[marker].text_offset <= native->text_offset + at;
		     marker++) {
			uint32_t size;
			op_error_destroy(push_wasm(session, module, function,
						   markers.items.data[marker].pc, frame, &size));
		}
		struct op_native_instruction instruction;
		struct op_host_addr addr = op_host_addr_add(start, at);
		err = op_disassembler_decode(session->disassembler, code + at, native->size - at,
					     addr, &instruction);
		if (err)
			break;
		_cleanup_text_ struct op_text text = OP_TEXT_INIT;
		op_text_append(&text, instruction.text);
		err = push_line(session,
				(struct op_disassembly_line){
					.native = true,
					.host_pc = addr,
					.size = instruction.size,
					.current = frame && frame->host_pc.value == addr.value,
				},
				&text);
		at += instruction.size;
	}
	free(markers.items.data);
	return err;
}

struct op_error *op_session_disassemble(struct op_session *session, uint32_t module_id,
					uint32_t function, enum op_disassembly_flavour flavour,
					const struct op_frame *frame,
					const struct op_disassembly_line **ret, size_t *ret_count)
{
	lines_clear(session);
	struct op_module_entry *module = op_module_by_id(session, module_id);
	if (!module)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no module number %" PRIu32,
				       module_id);
	struct op_error *err = flavour == OP_DISASSEMBLE_WASM
				       ? disassemble_wasm(session, module, function, frame)
				       : disassemble_native(session, module, function,
							    flavour == OP_DISASSEMBLE_MIXED, frame);
	*ret = session->lines.data;
	*ret_count = session->lines.count;
	return err;
}

struct op_error *op_session_instruction(struct op_session *session, uint32_t module_id, uint32_t pc,
					const char **ret_text, uint32_t *ret_size)
{
	struct op_module_entry *module = op_module_by_id(session, module_id);
	if (!module)
		return op_error_create(OP_ERROR_NOT_FOUND, "there is no module number %" PRIu32,
				       module_id);
	if (!module->wasm)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "the original bytes of module %s are not recorded",
				       module->name);
	uint32_t function;
	if (!op_wasm_module_function_at(module->wasm, pc, &function))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "0x%" PRIx32 " lies in no function of module %s", pc,
				       module->name);
	struct op_wasm_instruction instruction;
	struct op_error *err = op_wasm_instruction_decode(module->wasm, pc, &instruction);
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	if (!err)
		err = op_wasm_instruction_text(module->wasm, function, &instruction, &text);
	char *string;
	if (!err)
		err = op_text_steal(&text, &string);
	if (err)
		return err;
	free(session->instruction_text);
	session->instruction_text = string;
	*ret_text = string;
	*ret_size = instruction.size;
	return NULL;
}
