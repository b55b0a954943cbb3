// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of a Wasm core dump, in the shape of those that are walked.
#include "target-runtime/dump_stack.h"

#include <string.h>

#include "base/array.h"

const struct op_image *op_dump_image(const struct op_stack_context *context, uint32_t module)
{
	size_t count;
	const struct op_image *const *images = op_image_set_images(context->images, &count);
	for (size_t i = 0; i < count; i++)
		if (images[i]->base.value == context->dump->images[module])
			return images[i];
	return NULL;
}

uint32_t op_dump_module_of(const struct op_stack_context *context,
			   const struct op_dumped_frame *frame)
{
	size_t count;
	return op_wasm_core_dump_instances(context->dump->dump, &count)[frame->instance].module;
}

struct op_error *op_dump_walk(const struct op_stack_context *context,
			      const struct op_registers *registers, size_t limit,
			      struct op_walk *ret)
{
	size_t count;
	const struct op_dumped_thread *threads =
		op_wasm_core_dump_threads(context->dump->dump, &count);
	uint64_t number = registers->value[context->arch->sp];
	if (number == 0 || number > count)
		return NULL;
	const struct op_dumped_thread *thread = &threads[number - 1];
	for (uint32_t i = 0; i < thread->frame_count; i++) {
		const struct op_dumped_frame *dumped = &thread->frames[i];
		const struct op_image *image =
			op_dump_image(context, op_dump_module_of(context, dumped));
		struct op_machine_frame frame = {
			.kind = OP_MACHINE_FRAME_WASM,
			.state = OP_FRAME_ESTABLISHED,
			.pc_is_return_address = i > 0,
			.image = image ? image->id : 0,
			.dumped = dumped,
		};
		if (ret->count >= limit) {
			ret->problem = op_error_create(
				OP_ERROR_LIMIT, "only the innermost %zu frames were taken", limit);
			return NULL;
		}
		if (!image)
			continue;
		if (!op_array_reserve(&ret->frames, &ret->capacity, ret->count + 1,
				      sizeof(*ret->frames)))
			return op_error_no_memory();
		ret->frames[ret->count++] = frame;
	}
	return NULL;
}

/** The place in the module's bytes, where these are known and the dump says it. */
static bool find_pc(const struct op_wasm_module *module, const struct op_dumped_frame *dumped,
		    uint32_t *ret)
{
	struct op_wasm_body body;
	// 0 is the declaration of the locals, at which nothing ever stands.
	if (!module || !dumped->offset ||
	    !op_wasm_module_function_body(module, dumped->function, &body) ||
	    dumped->offset >= body.end - body.start)
		return false;
	*ret = body.start + dumped->offset;
	return true;
}

struct op_error *op_dump_virtual_frame(const struct op_stack_context *context,
				       const struct op_machine_frame *frame,
				       struct op_virtual_frame *ret)
{
	const struct op_dumped_frame *dumped = frame->dumped;
	const struct op_image *image = op_dump_image(context, op_dump_module_of(context, dumped));
	const struct op_wasm_module *module;
	*ret = (struct op_virtual_frame){
		.image = image->id,
		.artifact = image->artifact,
		.function = dumped->function,
		.precision = context->dump->has_values ? OP_FRAME_EXACT : OP_FRAME_NO_TABLE,
		.vmctx = op_host_addr(context->dump->contexts[dumped->instance]),
		.dumped = dumped,
	};
	struct op_error *err = op_artifact_module(image->artifact, 0, &module);
	if (err)
		return err;
	ret->has_pc = find_pc(module, dumped, &ret->pc.offset);
	ret->next_pc = ret->pc;
	return NULL;
}

static struct op_value value_of(const struct op_dumped_value *dumped)
{
	struct op_value value = {.type = dumped->type, .state = OP_VALUE_PRESENT};
	if (dumped->missing)
		value = (struct op_value){.type = OP_VALUE_TYPE_COUNT,
					  .state = OP_VALUE_NOT_DUMPED};
	else
		memcpy(value.bytes, &dumped->bits, sizeof(dumped->bits));
	return value;
}

struct op_value op_dump_local(const struct op_virtual_frame *frame, uint32_t index)
{
	struct op_value value = {.type = OP_VALUE_TYPE_COUNT, .state = OP_VALUE_NOT_DUMPED};
	const struct op_wasm_module *module;
	struct op_wasm_type type;
	if (index < frame->dumped->local_count)
		value = value_of(&frame->dumped->locals[index]);
	if (value.state == OP_VALUE_PRESENT)
		return value;
	struct op_error *err = op_artifact_module(frame->artifact, frame->pc.module, &module);
	if (!err && module)
		err = op_wasm_module_local_type(module, frame->function, index, &type);
	if (!err && module)
		value.type = op_value_type_of(module, &type);
	op_error_destroy(err);
	return value;
}

struct op_value op_dump_operand(const struct op_virtual_frame *frame, uint32_t index)
{
	return value_of(&frame->dumped->operands[index]);
}
