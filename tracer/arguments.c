// SPDX-License-Identifier: GPL-3.0-or-later
// Arguments by Wasmtime's calling convention, for code that was compiled without guest-debug: at a
// function's first machine instruction they are in the registers and on the stack where the caller
// put them. Source: cranelift/codegen/src/isa/*/abi.rs (CallConv::Tail, SystemV order);
// docs/wasmtime.md.
#include <string.h>

#include "tracer/session.h"

// Where the next argument comes from.
struct cursor {
	unsigned integers, vectors;
	uint64_t stack;
};

static struct op_error *stack_argument(struct op_session *session, struct cursor *cursor,
				       struct op_value *value)
{
	unsigned size = op_value_type_size(value->type);
	unsigned align = size > 8 ? size : 8;
	cursor->stack = (cursor->stack + align - 1) / align * align;
	struct op_memory memory = op_session_memory(session);
	value->address = op_host_addr(cursor->stack);
	struct op_error *err = op_memory_read(&memory, value->address, value->bytes, size);
	value->state = err ? OP_VALUE_UNREADABLE : OP_VALUE_PRESENT;
	cursor->stack += align;
	if (err && err->code == OP_ERROR_UNREADABLE) {
		op_error_destroy(err);
		err = NULL;
	}
	return err;
}

static struct op_error *argument(struct op_session *session, op_thread_id thread,
				 const struct op_registers *registers, struct cursor *cursor,
				 struct op_value *value)
{
	const struct op_arch *arch = op_process_arch(session->process);
	unsigned size = op_value_type_size(value->type);
	bool in_vector = value->type == OP_VALUE_F32 || value->type == OP_VALUE_F64 ||
			 value->type == OP_VALUE_V128;
	uint8_t bytes[16];
	if (in_vector && cursor->vectors < arch->vector_argument_count) {
		struct op_error *err = op_process_vector_register(session->process, thread,
								  cursor->vectors++, bytes);
		if (err)
			return err;
	} else if (!in_vector && size <= 8 && cursor->integers < arch->integer_argument_count) {
		uint64_t bits = registers->value[arch->integer_arguments[cursor->integers++]];
		for (unsigned i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(bits >> (8 * i));
	} else {
		return stack_argument(session, cursor, value);
	}
	memset(value->bytes, 0, sizeof(value->bytes));
	memcpy(value->bytes, bytes, size);
	value->state = OP_VALUE_PRESENT;
	value->address = op_host_addr(0);
	return NULL;
}

struct op_error *op_arguments_of_call(struct op_session *session, int64_t thread,
				      const struct op_registers *registers, struct op_value *values,
				      size_t count)
{
	const struct op_arch *arch = op_process_arch(session->process);
	struct cursor cursor = {.stack = registers->value[arch->sp] + arch->stack_arguments_offset};
	struct op_error *err = NULL;
	for (size_t i = 0; i < count && !err; i++)
		err = argument(session, thread, registers, &cursor, &values[i]);
	return err;
}

bool op_arguments_known(struct op_session *session, const struct op_virtual_frame *frame)
{
	const struct op_image *image = op_image_set_by_id(session->images, frame->image);
	const struct op_function *native = NULL;
	if (frame->precision != OP_FRAME_NO_TABLE || !image)
		return false;
	op_error_destroy(op_artifact_function_at(
		image->artifact, frame->host_pc.value - image->text.value, &native));
	return native && image->text.value + native->text_offset == frame->host_pc.value;
}

struct op_error *op_arguments_read(struct op_session *session, const struct op_frame *frame,
				   struct op_variable *values, size_t count)
{
	int64_t thread = session->stack.thread;
	if (!frame->has_arguments || !thread)
		return NULL;
	struct op_registers registers;
	struct op_error *err = op_process_registers(session->process, thread, &registers);
	const struct op_arch *arch = op_process_arch(session->process);
	if (err)
		return err;
	// A thread that has just arrived at a trap stands behind it still.
	uint64_t pc = registers.value[arch->pc], start = frame->host_pc.value;
	if (pc != start && pc != start + arch->trap_pc_advance)
		return NULL;
	struct cursor cursor = {.stack = registers.value[arch->sp] + arch->stack_arguments_offset};
	for (size_t i = 0; i < count && i < frame->param_count && !err; i++)
		err = argument(session, thread, &registers, &cursor, &values[i].value);
	return err;
}
