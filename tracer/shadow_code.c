// SPDX-License-Identifier: GPL-3.0-or-later
// The writes of the stack pointer in machine code, by the address map: see shadow_code.h. Relies on
// Cranelift putting a function's first block first and each block in one piece
// (cranelift/codegen/src/machinst/blockorder.rs).
#include "tracer/shadow_code.h"

/** A walk over the map's entries of one function, up to a place. */
struct follower {
	const struct op_shadow_frame *frame;
	uint32_t bias, place, end;
	uint64_t depth;                       // of the stack pointer where the walk is
	uint64_t body_depth;                  // between the prologue and leaving
	const struct op_shadow_write *inside; // the write whose code the walk is in; NULL: none
	const struct op_shadow_write *tail;   // the way out that it is on; NULL: on none
	bool at_exit;                         // in the instruction that leaves
};

static const struct op_shadow_write *write_at(const struct op_shadow_frame *frame, uint32_t pc)
{
	for (size_t i = 0; i < frame->writes.count; i++)
		if (frame->writes.data[i].pc == pc)
			return &frame->writes.data[i];
	return NULL;
}

static void finish_write(struct follower *f)
{
	f->depth = f->inside->depth;
	if (f->depth)
		f->body_depth = f->depth;
	else
		f->tail = f->inside;
	f->inside = NULL;
}

static bool follow_entry(void *context, const struct op_address_map_entry *entry)
{
	struct follower *f = context;
	if (entry->text_offset >= f->end || entry->text_offset > f->place)
		return false;
	const struct op_shadow_write *write = NULL;
	bool exits = false;
	if (entry->has_position) {
		uint32_t pc = entry->position - f->bias;
		write = write_at(f->frame, pc);
		exits = f->tail && pc == f->tail->last_pc;
	}
	if (f->inside && f->inside != write)
		finish_write(f);
	// Behind the instruction that leaves begins another block of the body.
	if (f->at_exit && !exits && entry->has_position) {
		f->tail = NULL;
		f->depth = f->body_depth;
	}
	f->at_exit = exits;
	if (write && entry->text_offset != f->place)
		f->inside = write;
	return true;
}

struct op_error *op_shadow_code_agrees(const struct op_module_entry *module,
				       const struct op_function *function, uint32_t text_offset,
				       const struct op_shadow_frame *frame, uint64_t depth,
				       bool *ret_agrees)
{
	const struct op_address_map *map;
	struct follower f = {.frame = frame,
			     .place = text_offset,
			     .end = function->text_offset + function->size};
	*ret_agrees = false;
	struct op_error *err = op_artifact_address_map(module->artifact, &map);
	if (err || !map)
		return err;
	err = op_artifact_module_bias(module->artifact, module->info.index, &f.bias);
	if (!err)
		err = op_address_map_each(map, function->text_offset, follow_entry, &f);
	// In the middle of a write nobody knows which of its instructions makes it.
	*ret_agrees = !f.inside && f.depth == depth;
	return err;
}
