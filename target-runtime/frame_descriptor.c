// SPDX-License-Identifier: GPL-3.0-or-later
// Frame descriptors: which function a machine frame belongs to and where in it the values lie.
// Format: FrameStateSlot in crates/environ/src/frame_table.rs.
#include "target-runtime/frame_descriptor.h"

#include <inttypes.h>
#include <stdlib.h>

// FuncKeyKind::DefinedWasmFunction of crates/environ/src/key.rs: the only kind that has frames.
enum { FUNCTION_KEY_DEFINED_WASM = 0 };

static uint32_t word(const uint8_t *array, size_t index)
{
	return op_load_u32_unchecked(array + index * 4);
}

struct op_error *op_frame_descriptor_read(const struct op_frame_descriptor_pool *descriptors,
					  uint32_t index, struct op_frame_descriptor *ret)
{
	if (index >= descriptors->count)
		return op_error_create(OP_ERROR_FORMAT,
				       "%s: frame descriptor %" PRIu32 " of %" PRIu32
				       " is asked for",
				       descriptors->pool.what, index, descriptors->count);
	uint32_t start = word(descriptors->ranges, (size_t)index * 2);
	uint32_t end = word(descriptors->ranges, (size_t)index * 2 + 1);
	if (start > end || end > descriptors->pool.size)
		return op_error_create(OP_ERROR_FORMAT,
				       "%s: frame descriptor %" PRIu32 " is not inside its pool",
				       descriptors->pool.what, index);
	struct op_bytes bytes = {
		.data = descriptors->pool.data + start,
		.size = end - start,
		.what = descriptors->pool.what,
	};
	struct op_error *err = op_lazy_bytes_need(descriptors->lazy, bytes.data, bytes.size);
	if (err)
		return err;
	struct op_reader r = op_reader(&bytes);
	struct op_frame_descriptor d = {.slot_to_fp = word(descriptors->slot_to_fp, index)};
	uint32_t space;
	err = op_reader_u32(&r, &space);
	if (!err)
		err = op_reader_u32(&r, &d.function);
	if (!err)
		err = op_reader_u32(&r, &d.local_count);
	if (!err)
		err = op_reader_u32(&r, &d.shape_count);
	if (err)
		return err;
	if (space >> descriptors->kind_shift != FUNCTION_KEY_DEFINED_WASM)
		return op_reader_fail(
			&r, "frame descriptor %" PRIu32 " belongs to no Wasm function", index);
	d.module = space;
	// A local is an offset and a type, a shape has a parent as well.
	uint64_t needed = (uint64_t)d.local_count * 5 + (uint64_t)d.shape_count * 9;
	if (needed != op_reader_left(&r))
		return op_reader_fail(&r,
				      "%" PRIu32 " locals and %" PRIu32 " shapes are not %zu bytes",
				      d.local_count, d.shape_count, op_reader_left(&r));
	d.local_offsets = r.pos;
	d.shape_parents = d.local_offsets + (size_t)d.local_count * 4;
	d.shape_offsets = d.shape_parents + (size_t)d.shape_count * 4;
	d.local_types = d.shape_offsets + (size_t)d.shape_count * 4;
	d.shape_types = d.local_types + d.local_count;
	*ret = d;
	return NULL;
}

static struct op_error *frame_place(const uint8_t *offsets, const uint8_t *types, uint32_t index,
				    struct op_frame_place *ret)
{
	if (types[index] >= OP_VALUE_TYPE_COUNT)
		return op_error_create(OP_ERROR_FORMAT,
				       "the frame table has a value of unknown type %u",
				       types[index]);
	ret->offset = word(offsets, index);
	ret->type = types[index];
	return NULL;
}

struct op_error *op_frame_descriptor_local(const struct op_frame_descriptor *descriptor,
					   uint32_t index, struct op_frame_place *ret)
{
	if (index >= descriptor->local_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no local %" PRIu32 ": the function has %" PRIu32,
				       index, descriptor->local_count);
	return frame_place(descriptor->local_offsets, descriptor->local_types, index, ret);
}

/**
 * How many values are below and at @p shape. Shapes are a tree with the stack's bottom at its root.
 */
static struct op_error *stack_depth(const struct op_frame_descriptor *descriptor, uint32_t shape,
				    size_t *ret)
{
	size_t depth = 0;
	for (; shape != UINT32_MAX; shape = word(descriptor->shape_parents, shape)) {
		if (shape >= descriptor->shape_count)
			return op_error_create(OP_ERROR_FORMAT,
					       "the frame table has no stack shape %" PRIu32
					       " of %" PRIu32,
					       shape, descriptor->shape_count);
		if (depth == descriptor->shape_count)
			return op_error_create(OP_ERROR_FORMAT,
					       "the frame table's stack shapes form a circle");
		depth++;
	}
	*ret = depth;
	return NULL;
}

struct op_error *op_frame_descriptor_stack(const struct op_frame_descriptor *descriptor,
					   uint32_t shape, struct op_frame_place **ret,
					   size_t *ret_count)
{
	size_t depth = 0;
	struct op_error *err = stack_depth(descriptor, shape, &depth);
	if (err)
		return err;
	_cleanup_free_ struct op_frame_place *places = calloc(depth ? depth : 1, sizeof(*places));
	if (!places)
		return op_error_no_memory();
	for (size_t i = depth; i-- > 0; shape = word(descriptor->shape_parents, shape)) {
		err = frame_place(descriptor->shape_offsets, descriptor->shape_types, shape,
				  &places[i]);
		if (err)
			return err;
	}
	*ret = op_take(places);
	*ret_count = depth;
	return NULL;
}
