// SPDX-License-Identifier: GPL-3.0-or-later
// Where variables are; see source_locate.h. An operand is the same one from the beginning of the
// location's range to a pc when the operand stack was never lower than it at an instruction
// between them, which the frame table tells of each patch slot.
#include "tracer/source_locate.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/frame_table.h"
#include "tracer/place.h"

enum {
	/** Instructions of one range that are looked at. */
	SLOTS_MAX = 1 << 16,
};

// The highest operand that a location uses; false: none.
static bool find_operand(const struct op_debug_location *location, uint32_t *ret)
{
	bool found = false;
	*ret = 0;
	for (size_t i = 0; i < location->piece_count; i++) {
		const struct op_location_piece *piece = &location->pieces[i];
		if (piece->kind == OP_LOCATION_WASM_OPERAND) {
			*ret = found && *ret > piece->index ? *ret : piece->index;
			found = true;
		}
		for (size_t k = 0; k < piece->step_count; k++) {
			uint32_t index = (uint32_t)piece->steps[k].value;
			if (piece->steps[k].op != OP_LOCATION_OPERAND)
				continue;
			*ret = found && *ret > index ? *ret : index;
			found = true;
		}
	}
	return found;
}

// How many operands there are at the end of a slot, before its instruction.
static struct op_error *count_operands(const struct op_frame_table *table,
				       const struct op_slot *slot, size_t *ret)
{
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	struct op_frame_descriptor descriptor;
	struct op_frame_place *operands = NULL;
	size_t count = 0;
	*ret = 0;
	if (!op_frame_table_find_exact(table, slot->text_offset + slot->size, OP_POINT_POST,
				       &point))
		return NULL;
	struct op_error *err =
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count);
	if (err || !count)
		return err;
	err = op_frame_table_descriptor(table, frames[count - 1].descriptor, &descriptor);
	if (!err)
		err = op_frame_descriptor_stack(&descriptor, frames[count - 1].shape, &operands,
						ret);
	free(operands);
	return err;
}

static struct op_error *operand_lasts(const struct op_module_entry *module,
				      const struct op_location_range *range, uint32_t pc,
				      uint32_t operand, bool *ret)
{
	const struct op_frame_table *table;
	uint32_t bias = 0;
	*ret = false;
	struct op_error *err = op_artifact_frame_table(module->artifact, &table);
	if (!err && table)
		err = op_place_table_bias(module, &bias);
	if (err || !table)
		return err;
	size_t slots = op_frame_table_slot_count(table), seen = 0;
	size_t first = op_frame_table_slot_lower_bound(table, range->low_pc + bias);
	for (size_t i = first; i < slots && seen < SLOTS_MAX; i++, seen++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		size_t count;
		if (slot.pc > pc + bias)
			break;
		err = count_operands(table, &slot, &count);
		if (err || count <= operand)
			return err;
	}
	*ret = seen > 0 && seen < SLOTS_MAX;
	return NULL;
}

struct op_error *op_source_locate(struct op_module_entry *module, struct op_debug_info *info,
				  const struct op_debug_variable *variable, uint32_t pc,
				  struct op_debug_location *ret)
{
	uint32_t operand;
	bool lasts = false;
	struct op_error *err = op_debug_locate(info, variable->die, variable->function, pc, ret);
	if (err || ret->problem || !find_operand(ret, &operand))
		return err;
	if (module && ret->here.low_pc)
		err = operand_lasts(module, &ret->here, pc, operand, &lasts);
	if (!err && lasts)
		return NULL;
	op_location_deinit(ret);
	if (err)
		return err;
	ret->problem = strdup("optimised out here: it was on the operand stack, and was taken "
			      "from there");
	return ret->problem ? NULL : op_error_no_memory();
}
