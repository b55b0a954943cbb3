// SPDX-License-Identifier: GPL-3.0-or-later
// The frame table of recorded images, and of malformed ones. Expected values by an independent
// decoder
// and from `wasm-objdump -d` of the module.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/frame_table.h"
#include "tests/unit/image_fixture.h"
#include "tests/unit/suite.h"

static struct op_artifact *artifact;
static const struct op_frame_table *table;

static void open_table(const char *name)
{
	artifact = image_open(name);
	must_succeed(op_artifact_frame_table(artifact, &table));
	ck_assert_ptr_nonnull(table);
}

static void close_table(void)
{
	op_artifact_unref(artifact);
}

START_TEST(descriptors)
{
	static const char *const images[] = {"calls-42.cwasm", "calls-49.cwasm"};
	for (size_t i = 0; i < OP_ARRAY_SIZE(images); i++) {
		open_table(images[i]);
		ck_assert_uint_eq(op_frame_table_descriptor_count(table), 5);
		struct op_frame_descriptor leaf;
		must_succeed(op_frame_table_descriptor(table, 0, &leaf));
		ck_assert_uint_eq(leaf.module, 0);
		ck_assert_uint_eq(leaf.function, 0); // defined: one is imported
		ck_assert_uint_eq(leaf.slot_to_fp, 80);
		ck_assert_uint_eq(leaf.local_count, 5);
		static const struct op_frame_place places[] = {
			{8, OP_VALUE_I32},  {12, OP_VALUE_I64},  {20, OP_VALUE_F32},
			{24, OP_VALUE_F64}, {32, OP_VALUE_V128},
		};
		for (uint32_t local = 0; local < 5; local++) {
			struct op_frame_place place;
			must_succeed(op_frame_descriptor_local(&leaf, local, &place));
			ck_assert_uint_eq(place.offset, places[local].offset);
			ck_assert_int_eq(place.type, places[local].type);
		}
		struct op_frame_place place;
		must_fail(op_frame_descriptor_local(&leaf, 5, &place), OP_ERROR_NOT_FOUND);
		must_fail(op_frame_table_descriptor(table, 5, &leaf), OP_ERROR_FORMAT);
		close_table();
	}
}
END_TEST

START_TEST(operand_stack)
{
	open_table("calls-49.cwasm");
	struct op_frame_descriptor mid;
	must_succeed(op_frame_table_descriptor(table, 1, &mid));
	ck_assert_uint_eq(mid.function, 1);
	ck_assert_uint_eq(mid.slot_to_fp, 64);
	struct op_frame_place *places;
	size_t count;
	// At the call of leaf: the 3 of the multiplication and four arguments, bottom first.
	must_succeed(op_frame_descriptor_stack(&mid, 5, &places, &count));
	static const struct op_frame_place expected[] = {
		{12, OP_VALUE_I64}, {20, OP_VALUE_I32}, {24, OP_VALUE_I64},
		{32, OP_VALUE_F32}, {36, OP_VALUE_F64},
	};
	ck_assert_uint_eq(count, OP_ARRAY_SIZE(expected));
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(places[i].offset, expected[i].offset);
		ck_assert_int_eq(places[i].type, expected[i].type);
	}
	free(places);
	must_succeed(op_frame_descriptor_stack(&mid, UINT32_MAX, &places, &count));
	ck_assert_uint_eq(count, 0);
	free(places);
	must_fail(op_frame_descriptor_stack(&mid, 7, &places, &count), OP_ERROR_FORMAT);
	close_table();
}
END_TEST

START_TEST(points)
{
	open_table("calls-49.cwasm");
	ck_assert_uint_eq(op_frame_table_point_count(table), 36);
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	size_t count;
	// The call's return address: since v44 the next operator, the arguments still there.
	ck_assert(op_frame_table_find_exact(table, 0x19d, OP_POINT_POST, &point));
	must_succeed(
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(frames[0].pc, 0xa6);
	ck_assert_uint_eq(frames[0].descriptor, 1);
	ck_assert_uint_eq(frames[0].shape, 5);
	// Entry of leaf: nothing on the stack.
	ck_assert(op_frame_table_find_exact(table, 0x49, OP_POINT_POST, &point));
	must_succeed(
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count));
	ck_assert_uint_eq(frames[0].pc, 0x6f);
	ck_assert_uint_eq(frames[0].shape, UINT32_MAX);
	ck_assert(!op_frame_table_find_exact(table, 0x49, OP_POINT_PRE, &point));
	ck_assert(!op_frame_table_find_exact(table, 0x4a, OP_POINT_POST, &point));
	ck_assert(!op_frame_table_find_before(table, 0x48, OP_POINT_PRE, &point));
	ck_assert(op_frame_table_find_before(table, 0x5b, OP_POINT_PRE, &point));
	ck_assert_uint_eq(point.text_offset, 0x49);
	ck_assert(op_frame_table_find_before(table, UINT32_MAX, OP_POINT_PRE, &point));
	ck_assert_uint_eq(point.text_offset, 0x3d3);
	close_table();
	// To v43 the same return address gives the call.
	open_table("calls-42.cwasm");
	ck_assert(op_frame_table_find_exact(table, 0x19f, OP_POINT_POST, &point));
	must_succeed(
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count));
	ck_assert_uint_eq(frames[0].pc, 0xa4);
	close_table();
}
END_TEST

START_TEST(inlined_frames)
{
	open_table("inlined-49.cwasm");
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	size_t count;
	ck_assert(op_frame_table_find_exact(table, 0x235, OP_POINT_POST, &point));
	must_succeed(
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count));
	ck_assert_uint_eq(count, 2);
	// Outermost first: mid behind its call, and leaf inside of it at its i64.add.
	ck_assert_uint_eq(frames[0].pc, 0xa6);
	ck_assert_uint_eq(frames[0].descriptor, 1);
	ck_assert_uint_eq(frames[1].pc, 0x88);
	ck_assert_uint_eq(frames[1].descriptor, 2);
	ck_assert_uint_eq(frames[1].shape, 3);
	struct op_frame_descriptor descriptor;
	must_succeed(op_frame_table_descriptor(table, 2, &descriptor));
	ck_assert_uint_eq(descriptor.function, 0);
	ck_assert_uint_eq(descriptor.slot_to_fp, 96);
	must_fail(op_frame_table_point_frames(table, &point, frames, 1, &count), OP_ERROR_LIMIT);
	close_table();
}
END_TEST

START_TEST(slots)
{
	open_table("inlined-49.cwasm");
	size_t count = op_frame_table_slot_count(table);
	ck_assert_uint_eq(count, 32);
	// leaf's first instruction: in leaf, and in mid where it was inlined.
	size_t at = op_frame_table_slot_lower_bound(table, 0x6e);
	ck_assert_uint_eq(op_frame_table_slot(table, at).pc, 0x6f);
	ck_assert_uint_eq(op_frame_table_slot(table, at + 1).pc, 0x6f);
	ck_assert_uint_ne(op_frame_table_slot(table, at + 2).pc, 0x6f);
	ck_assert_uint_eq(op_frame_table_slot_lower_bound(table, UINT32_MAX), count);
	uint32_t last = 0;
	for (size_t i = 0; i < count; i++) {
		struct op_slot slot = op_frame_table_text_slot(table, i);
		ck_assert_uint_eq(slot.size, 5);
		ck_assert_uint_gt(slot.text_offset, last);
		last = slot.text_offset;
		ck_assert_uint_eq(op_frame_table_text_slot_lower_bound(table, slot.text_offset), i);
		ck_assert_uint_eq(op_frame_table_text_slot_lower_bound(table, slot.text_offset + 1),
				  i + 1);
		// A slot's end is a program point of the same pc.
		struct op_point point;
		struct op_point_frame frames[OP_POINT_FRAMES_MAX];
		size_t frame_count;
		ck_assert(op_frame_table_find_exact(table, slot.text_offset + slot.size,
						    OP_POINT_POST, &point));
		must_succeed(op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX,
							 &frame_count));
		ck_assert_uint_eq(frames[frame_count - 1].pc, slot.pc);
	}
	close_table();
}
END_TEST

START_TEST(malformed)
{
	struct op_artifact *whole = image_open("calls-49.cwasm");
	struct op_bytes section;
	must_succeed(op_artifact_section(whole, ".wasmtime.frames", &section));
	const struct op_layout *layout = op_artifact_info(whole)->layout;
	struct op_frame_table *made;
	for (size_t size = 0; size < section.size; size++) {
		struct op_bytes cut = {.data = section.data, .size = size, .what = "frames"};
		must_fail(op_frame_table_create(&cut, layout, &made), OP_ERROR_FORMAT);
	}
	// The wrong header: counts do not add up.
	bool known;
	must_fail(op_frame_table_create(&section, op_layout_find(40, &known), &made),
		  OP_ERROR_FORMAT);
	must_fail(op_frame_table_create(&section, op_layout_find(36, &known), &made),
		  OP_ERROR_UNSUPPORTED);
	op_artifact_unref(whole);
}
END_TEST

START_TEST(stack_shapes_in_a_circle)
{
	// Two shapes, each the other's parent; then one whose parent does not exist.
	static const uint8_t parents[] = {1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0};
	static const uint8_t offsets[12] = {0}, types[] = {0, 0, OP_VALUE_TYPE_COUNT};
	struct op_frame_descriptor descriptor = {
		.shape_count = 3,
		.shape_parents = parents,
		.shape_offsets = offsets,
		.shape_types = types,
	};
	struct op_frame_place *places;
	size_t count;
	must_fail(op_frame_descriptor_stack(&descriptor, 0, &places, &count), OP_ERROR_FORMAT);
	must_fail(op_frame_descriptor_stack(&descriptor, 2, &places, &count), OP_ERROR_FORMAT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame_table");
	TCase *cases = tcase_create("frame_table");
	tcase_add_test(cases, descriptors);
	tcase_add_test(cases, operand_stack);
	tcase_add_test(cases, points);
	tcase_add_test(cases, inlined_frames);
	tcase_add_test(cases, slots);
	tcase_add_test(cases, malformed);
	tcase_add_test(cases, stack_shapes_in_a_circle);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
