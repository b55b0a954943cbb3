// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz the frame table: first byte chooses the layout, the rest is the section.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "target-runtime/frame_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOOKS_MAX = 256 };

static void use_descriptors(const struct op_frame_table *table)
{
	for (uint32_t i = 0; i < op_frame_table_descriptor_count(table) && i < LOOKS_MAX; i++) {
		struct op_frame_descriptor descriptor;
		struct op_error *error = op_frame_table_descriptor(table, i, &descriptor);
		if (error) {
			op_error_destroy(error);
			continue;
		}
		for (uint32_t j = 0; j < descriptor.local_count && j < LOOKS_MAX; j++) {
			struct op_frame_place place;
			op_error_destroy(op_frame_descriptor_local(&descriptor, j, &place));
		}
		for (uint32_t j = 0; j < descriptor.shape_count && j < LOOKS_MAX; j++) {
			struct op_frame_place *places = NULL;
			size_t count;
			op_error_destroy(
				op_frame_descriptor_stack(&descriptor, j, &places, &count));
			free(places);
		}
	}
}

static void use_points(const struct op_frame_table *table)
{
	for (size_t i = 0; i < op_frame_table_point_count(table) && i < LOOKS_MAX; i++) {
		struct op_point point = op_frame_table_point(table, i), found;
		struct op_point_frame frames[OP_POINT_FRAMES_MAX];
		size_t count;
		op_error_destroy(op_frame_table_point_frames(table, &point, frames,
							     OP_POINT_FRAMES_MAX, &count));
		op_frame_table_find_exact(table, point.text_offset, point.position, &found);
		op_frame_table_find_before(table, point.text_offset + 1, point.position, &found);
	}
}

static void use_slots(struct op_frame_table *table)
{
	struct op_error *error = op_frame_table_slots_by_text(table);
	if (error) {
		op_error_destroy(error);
		return;
	}
	size_t count = op_frame_table_slot_count(table);
	for (size_t i = 0; i < count && i < LOOKS_MAX; i++) {
		struct op_slot slot = op_frame_table_text_slot(table, i);
		// The order by text offset holds whatever the section says.
		if (i > 0 && slot.text_offset < op_frame_table_text_slot(table, i - 1).text_offset)
			abort();
		if (op_frame_table_text_slot_lower_bound(table, slot.text_offset) > i)
			abort();
		op_frame_table_slot_lower_bound(table, slot.pc);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	bool known;
	const struct op_layout *layout = op_layout_find(data[0] % 2 ? 49 : 40, &known);
	struct op_bytes section = {.data = data + 1, .size = size - 1, .what = "frames"};
	struct op_frame_table *table;
	struct op_error *error = op_frame_table_create(&section, layout, &table);
	if (error) {
		op_error_destroy(error);
		return 0;
	}
	use_descriptors(table);
	use_points(table);
	use_slots(table);
	op_frame_table_destroy(table);
	return 0;
}
