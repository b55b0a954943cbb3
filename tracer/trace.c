// SPDX-License-Identifier: GPL-3.0-or-later
// Traces. A private copy of the code runs on one thread at a time, so each copy has a ring of its
// own with one writer (agent/stub.h).
#include "tracer/trace.h"

#include <stdlib.h>

#include "tracer/agent/agent.h"
#include "tracer/agent/stub.h"
#include "tracer/place.h"

struct ring {
	uint32_t number, image;
	uint64_t address;
	unsigned size_log2;
};

struct op_trace_set {
	struct OP_ARRAY(struct ring) rings;
	struct OP_ARRAY(struct op_trace_entry) rows;
};

struct op_error *op_trace_set_create(struct op_trace_set **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? NULL : op_error_no_memory();
}

void op_trace_set_clear(struct op_trace_set *set)
{
	set->rings.count = 0;
}

void op_trace_set_destroy(struct op_trace_set *set)
{
	if (!set)
		return;
	free(set->rings.data);
	free(set->rows.data);
	free(set);
}

static size_t ring_bytes(unsigned size_log2)
{
	return sizeof(struct op_trace_ring) + (sizeof(uint64_t) << size_log2);
}

static const struct ring *find_ring(const struct op_trace_set *set, uint32_t number, uint32_t image)
{
	for (size_t i = 0; i < set->rings.count; i++)
		if (set->rings.data[i].number == number && set->rings.data[i].image == image)
			return &set->rings.data[i];
	return NULL;
}

struct op_error *op_trace_ring(struct op_session *session, uint32_t number, uint64_t length,
			       const struct op_patch *patch, uint64_t *ret_address,
			       unsigned *ret_size_log2)
{
	struct op_trace_set *set = session->traces;
	const struct ring *found = find_ring(set, number, patch->image);
	if (!found) {
		static const uint64_t head;
		struct ring ring = {.number = number, .image = patch->image};
		while ((uint64_t)1 << ring.size_log2 < length)
			ring.size_log2++;
		struct op_error *err = op_arena_data(session, patch->address,
						     ring_bytes(ring.size_log2), &ring.address);
		if (!err)
			err = op_process_write(session->process, op_host_addr(ring.address), &head,
					       sizeof(head));
		if (err)
			return err;
		if (!op_array_push(&set->rings, ring))
			return op_error_no_memory();
		found = &set->rings.data[set->rings.count - 1];
	}
	*ret_address = found->address;
	*ret_size_log2 = found->size_log2;
	return NULL;
}

static void drop_ring(struct op_session *session, size_t index)
{
	struct op_trace_set *set = session->traces;
	const struct ring *ring = &set->rings.data[index];
	op_arena_free_data(op_agent_arenas(session), ring->address, ring_bytes(ring->size_log2));
	set->rings.data[index] = set->rings.data[--set->rings.count];
}

void op_trace_forget(struct op_session *session, uint32_t number)
{
	for (size_t i = session->traces->rings.count; i > 0; i--)
		if (session->traces->rings.data[i - 1].number == number)
			drop_ring(session, i - 1);
}

void op_trace_prune(struct op_session *session)
{
	for (size_t i = session->traces->rings.count; i > 0; i--)
		if (!op_image_set_by_id(session->images, session->traces->rings.data[i - 1].image))
			drop_ring(session, i - 1);
}

// Showing -----------------------------------------------------------------------------------------

// The instruction whose slot ends at @p address.
static struct op_error *name_entry(struct op_session *session, const struct op_image *image,
				   const struct op_frame_table *table, uint64_t address,
				   struct op_trace_entry *ret, bool *ret_known)
{
	const struct op_arch *arch = op_process_arch(session->process);
	const struct op_function *owner;
	uint32_t offset = (uint32_t)(address - arch->slot_size - image->text.value);
	*ret_known = false;
	if (address - image->text.value > image->text_size)
		return NULL;
	size_t i = op_frame_table_text_slot_lower_bound(table, offset);
	if (i == op_frame_table_slot_count(table) ||
	    op_frame_table_text_slot(table, i).text_offset != offset)
		return NULL;
	struct op_error *err = op_artifact_function_at(image->artifact, offset, &owner);
	struct op_module_entry *module =
		!err && owner ? op_module_by_artifact(session, image->artifact, owner->module)
			      : NULL;
	uint32_t bias = 0;
	if (!err && module)
		err = op_place_table_bias(module, &bias);
	if (err || !module)
		return err;
	*ret = (struct op_trace_entry){.module_id = module->info.id,
				       .module = module->name,
				       .function_index = owner->index,
				       .pc = op_frame_table_text_slot(table, i).pc - bias};
	// An inlined body lies in another function's code.
	if (module->wasm)
		op_wasm_module_function_at(module->wasm, ret->pc, &ret->function_index);
	ret->function = op_module_function_name(module, ret->function_index);
	*ret_known = true;
	return NULL;
}

static struct op_error *read_ring(struct op_session *session, const struct ring *ring, size_t limit)
{
	struct op_trace_set *set = session->traces;
	const struct op_image *image = op_image_set_by_id(session->images, ring->image);
	const struct op_frame_table *table;
	uint64_t size = (uint64_t)1 << ring->size_log2;
	_cleanup_free_ struct op_trace_ring *copy = malloc(ring_bytes(ring->size_log2));
	if (!copy)
		return op_error_no_memory();
	struct op_error *err = op_process_read(session->process, op_host_addr(ring->address), copy,
					       ring_bytes(ring->size_log2));
	if (!err)
		err = op_artifact_frame_table(image->artifact, &table);
	if (err)
		return err;
	uint64_t count = copy->head < size ? copy->head : size;
	if (limit && count > limit)
		count = limit;
	for (uint64_t at = copy->head - count; !err && at < copy->head; at++) {
		struct op_trace_entry row;
		bool known;
		err = name_entry(session, image, table, copy->entries[at & (size - 1)], &row,
				 &known);
		if (!err && known && !op_array_push(&set->rows, row))
			err = op_error_no_memory();
	}
	return err;
}

struct op_error *op_session_trace_entries(struct op_session *session, size_t limit,
					  const struct op_trace_entry **ret, size_t *ret_count)
{
	struct op_trace_set *set = session->traces;
	const struct op_frame *frame;
	struct op_error *err = op_session_need_stopped(session);
	if (!err)
		err = op_session_selected_frame(session, &frame);
	if (err)
		return err;
	const struct op_virtual_frame *internal = op_frame_virtual(frame);
	const struct ring *found = NULL;
	for (size_t i = 0; i < set->rings.count; i++)
		if (internal && set->rings.data[i].image == internal->image)
			found = &set->rings.data[i];
	if (!found)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "nothing was traced in the selected frame's copy of module "
				       "%s (\"trace\" begins a trace)",
				       frame->module);
	set->rows.count = 0;
	err = read_ring(session, found, limit);
	*ret = set->rows.data;
	*ret_count = set->rows.count;
	return err;
}
