// SPDX-License-Identifier: GPL-3.0-or-later
// What one thread has just written into a watched place that other threads write too: what is read
// there afterwards may be another's already. Told from the store instruction in front of the pc.
#include <inttypes.h>
#include <string.h>

#include "tracer/watch_private.h"

enum {
	CODE_MAX = 512,       // of one instruction of the guest's, in front of the access
	INSTRUCTION_MAX = 15, // of x86-64
};

// The last entry of the address map in front of the access: an instruction begins there.
struct map_search {
	uint32_t before, found;
	bool any;
};

static bool note_entry(void *context, const struct op_address_map_entry *entry)
{
	struct map_search *search = context;
	if (entry->text_offset >= search->before)
		return false;
	search->found = entry->text_offset;
	search->any = true;
	return true;
}

static struct op_error *find_start(const struct op_image *image, uint32_t pc_offset, uint32_t *ret)
{
	const struct op_function *function;
	const struct op_address_map *map;
	struct op_error *err = op_artifact_function_at(image->artifact, pc_offset - 1, &function);
	if (!err)
		err = op_artifact_address_map(image->artifact, &map);
	*ret = pc_offset;
	if (err || !map || !function || function->kind != OP_FUNCTION_WASM)
		return err;
	struct map_search search = {.before = pc_offset};
	err = op_address_map_each(map, function->text_offset, note_entry, &search);
	if (!err && search.any)
		*ret = search.found;
	return err;
}

// The start of the instruction that ends at @p size, by decoding all in front of it; SIZE_MAX: the
// bytes do not fall into instructions so.
static struct op_error *last_instruction(struct op_session *session, const uint8_t *code,
					 size_t size, size_t *ret)
{
	*ret = SIZE_MAX;
	if (!session->disassembler) {
		struct op_error *err = op_disassembler_create(op_process_arch(session->process),
							      &session->disassembler);
		if (err)
			return err;
	}
	for (size_t at = 0; at < size;) {
		struct op_native_instruction instruction;
		struct op_error *err =
			op_disassembler_decode(session->disassembler, code + at, size - at,
					       op_host_addr(at), &instruction);
		if (err)
			return err;
		if (at + instruction.size == size && instruction.size <= INSTRUCTION_MAX)
			*ret = at;
		at += instruction.size;
	}
	return NULL;
}

static void overlay(const struct op_watch_place *place, const struct op_emulated_access *store,
		    uint8_t bytes[16])
{
	for (unsigned i = 0; i < store->size; i++) {
		uint64_t at = store->addr.value + i - place->addr.value;
		if (at < place->size)
			bytes[at] = (uint8_t)(store->value >> (8 * i));
	}
}

struct op_error *op_watch_stored(struct op_session *session, int64_t thread,
				 const struct watch *watch, uint8_t bytes[16], bool *ret_known)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct op_registers registers;
	*ret_known = false;
	if (!arch->stored)
		return NULL;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	if (err)
		return err;
	uint64_t pc = registers.value[arch->pc];
	const struct op_image *image = op_image_set_find(session->images, op_host_addr(pc - 1));
	if (!image)
		return NULL;
	uint32_t end = (uint32_t)(pc - image->text.value), start;
	uint8_t code[CODE_MAX];
	err = find_start(image, end, &start);
	if (err || end - start > sizeof(code) || start >= end)
		return err;
	size_t size = end - start, at;
	err = op_process_read(session->process, op_host_addr(image->text.value + start), code,
			      size);
	if (!err)
		err = last_instruction(session, code, size, &at);
	struct op_emulated_access store;
	if (err || at == SIZE_MAX || !arch->stored(code + at, size - at, &registers, &store))
		return err;
	*ret_known = true;
	memcpy(bytes, watch->bytes, sizeof(watch->bytes));
	overlay(&watch->place, &store, bytes);
	return NULL;
}
