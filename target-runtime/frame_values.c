// SPDX-License-Identifier: GPL-3.0-or-later
// Values of a virtual frame: locals and operand stack, each read from its place or standing for the
// reason why not. Knows nothing of how frames are found.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dump_stack.h"
#include "target-runtime/wasm/module.h"

// Abstract heap types whose references Wasmtime keeps in a class of their own; every other abstract
// one is of the `any` family. Source: the WebAssembly specification's binary format;
// crates/environ/src/frame_table.rs, FrameValType.
static const struct {
	int32_t heap_type;
	enum op_value_type type;
} abstract_types[] = {
	{-0x10, OP_VALUE_FUNCREF},   // func
	{-0x0d, OP_VALUE_FUNCREF},   // nofunc
	{-0x11, OP_VALUE_EXTERNREF}, // extern
	{-0x0e, OP_VALUE_EXTERNREF}, // noextern
	{-0x17, OP_VALUE_EXNREF},    // exn
	{-0x0c, OP_VALUE_EXNREF},    // noexn
	{-0x18, OP_VALUE_CONTREF},   // cont
	{-0x0b, OP_VALUE_CONTREF},   // nocont
};

static const struct {
	uint8_t code;
	enum op_value_type type;
} plain_types[] = {
	{OP_WASM_TYPE_I32, OP_VALUE_I32},   {OP_WASM_TYPE_I64, OP_VALUE_I64},
	{OP_WASM_TYPE_F32, OP_VALUE_F32},   {OP_WASM_TYPE_F64, OP_VALUE_F64},
	{OP_WASM_TYPE_V128, OP_VALUE_V128},
};

enum op_value_type op_value_type_of(const struct op_wasm_module *module,
				    const struct op_wasm_type *type)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(plain_types); i++) {
		if (plain_types[i].code == type->code)
			return plain_types[i].type;
	}
	if (type->heap_type >= 0) {
		static const enum op_value_type composites[] = {
			[OP_WASM_FUNC] = OP_VALUE_FUNCREF,
			[OP_WASM_STRUCT] = OP_VALUE_ANYREF,
			[OP_WASM_ARRAY] = OP_VALUE_ANYREF,
			[OP_WASM_CONT] = OP_VALUE_CONTREF,
		};
		uint32_t count;
		const struct op_wasm_type_def *types = op_wasm_module_types(module, &count);
		return (uint32_t)type->heap_type < count
			       ? composites[types[type->heap_type].composite]
			       : OP_VALUE_ANYREF;
	}
	for (size_t i = 0; i < OP_ARRAY_SIZE(abstract_types); i++) {
		if (abstract_types[i].heap_type == type->heap_type)
			return abstract_types[i].type;
	}
	return OP_VALUE_ANYREF;
}

static struct op_error *descriptor_of(const struct op_virtual_frame *frame,
				      struct op_frame_descriptor *ret)
{
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_frame_table(frame->artifact, &table);
	if (err)
		return err;
	if (!table)
		return op_error_create(OP_ERROR_STATE, "the frame's image has no frame table");
	return op_frame_table_descriptor(table, frame->descriptor, ret);
}

static struct op_error *module_of(const struct op_virtual_frame *frame,
				  const struct op_wasm_module **ret)
{
	struct op_error *err = op_artifact_module(frame->artifact, frame->pc.module, ret);
	if (!err && !*ret)
		return op_error_create(
			OP_ERROR_NOT_FOUND,
			"the locals of function %" PRIu32
			" are not known: the code was compiled without guest-debug, and the "
			"module's original bytes are not recorded",
			frame->function);
	return err;
}

struct op_error *op_frame_local_count(const struct op_virtual_frame *frame, uint32_t *ret)
{
	if (frame->has_descriptor) {
		struct op_frame_descriptor descriptor;
		struct op_error *err = descriptor_of(frame, &descriptor);
		if (!err)
			*ret = descriptor.local_count;
		return err;
	}
	const struct op_wasm_module *module;
	struct op_error *err = module_of(frame, &module);
	if (!err)
		err = op_wasm_module_local_count(module, frame->function, ret);
	if (!frame->dumped)
		return err;
	// The dump need not have them all, and may have them without a module.
	if (err || *ret < frame->dumped->local_count)
		*ret = frame->dumped->local_count;
	op_error_destroy(err);
	return NULL;
}

// Why a frame has no values; OP_VALUE_PRESENT when it has.
static enum op_value_state frame_state(const struct op_virtual_frame *frame)
{
	if (frame->precision == OP_FRAME_NO_TABLE)
		return OP_VALUE_NOT_RECORDED;
	if (frame->precision == OP_FRAME_PROLOGUE)
		return OP_VALUE_NOT_SET_YET;
	return frame->has_descriptor ? OP_VALUE_PRESENT : OP_VALUE_OPTIMISED_OUT;
}

static struct op_value read_place(const struct op_stack_context *context,
				  const struct op_virtual_frame *frame,
				  const struct op_frame_descriptor *descriptor,
				  const struct op_frame_place *place)
{
	struct op_value value = {
		.type = place->type,
		.state = OP_VALUE_PRESENT,
		.address = op_host_addr(frame->fp.value - descriptor->slot_to_fp + place->offset),
	};
	_cleanup_error_ struct op_error *err = op_memory_read(
		&context->memory, value.address, value.bytes, op_value_type_size(place->type));
	if (err) {
		memset(value.bytes, 0, sizeof(value.bytes));
		value.state = OP_VALUE_UNREADABLE;
	}
	return value;
}

// A local of a frame without a descriptor: its type from the bytecode, and the reason.
static struct op_error *local_without_place(const struct op_virtual_frame *frame, uint32_t index,
					    struct op_value *ret)
{
	const struct op_wasm_module *module;
	struct op_wasm_type type;
	struct op_error *err = module_of(frame, &module);
	if (!err)
		err = op_wasm_module_local_type(module, frame->function, index, &type);
	if (err)
		return err;
	*ret = (struct op_value){.type = op_value_type_of(module, &type),
				 .state = frame_state(frame)};
	return NULL;
}

struct op_error *op_frame_local(const struct op_stack_context *context,
				const struct op_virtual_frame *frame, uint32_t index,
				struct op_value *ret)
{
	uint32_t count;
	struct op_error *err = op_frame_local_count(frame, &count);
	if (err)
		return err;
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "there is no local %" PRIu32 ": function %" PRIu32
				       " has %" PRIu32,
				       index, frame->function, count);
	if (frame->dumped) {
		*ret = op_dump_local(frame, index);
		return NULL;
	}
	if (!frame->has_descriptor)
		return local_without_place(frame, index, ret);
	struct op_frame_descriptor descriptor;
	struct op_frame_place place;
	err = descriptor_of(frame, &descriptor);
	if (!err)
		err = op_frame_descriptor_local(&descriptor, index, &place);
	if (err)
		return err;
	enum op_value_state state = frame_state(frame);
	if (state == OP_VALUE_PRESENT)
		*ret = read_place(context, frame, &descriptor, &place);
	else
		*ret = (struct op_value){.type = place.type, .state = state};
	return NULL;
}

static struct op_error *dumped_operands(const struct op_virtual_frame *frame, struct op_value **ret,
					size_t *ret_count, enum op_value_state *ret_reason)
{
	uint32_t count = frame->dumped->operand_count;
	*ret_reason = frame->precision == OP_FRAME_EXACT ? OP_VALUE_PRESENT : OP_VALUE_NOT_DUMPED;
	if (!count)
		return NULL;
	struct op_value *values = calloc(count, sizeof(*values));
	if (!values)
		return op_error_no_memory();
	for (uint32_t i = 0; i < count; i++)
		values[i] = op_dump_operand(frame, i);
	*ret = values;
	*ret_count = count;
	return NULL;
}

struct op_error *op_frame_operands(const struct op_stack_context *context,
				   const struct op_virtual_frame *frame, struct op_value **ret,
				   size_t *ret_count, enum op_value_state *ret_reason)
{
	*ret = NULL;
	*ret_count = 0;
	if (frame->dumped)
		return dumped_operands(frame, ret, ret_count, ret_reason);
	*ret_reason = frame_state(frame);
	if (*ret_reason == OP_VALUE_PRESENT && frame->precision == OP_FRAME_IN_FLIGHT)
		*ret_reason = OP_VALUE_IN_FLIGHT;
	if (*ret_reason != OP_VALUE_PRESENT)
		return NULL;
	struct op_frame_descriptor descriptor;
	struct op_error *err = descriptor_of(frame, &descriptor);
	if (err)
		return err;
	_cleanup_free_ struct op_frame_place *places = NULL;
	size_t count;
	err = op_frame_descriptor_stack(&descriptor, frame->shape, &places, &count);
	if (err || count == 0)
		return err;
	struct op_value *values = calloc(count, sizeof(*values));
	if (!values)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++)
		values[i] = read_place(context, frame, &descriptor, &places[i]);
	*ret = values;
	*ret_count = count;
	return NULL;
}
