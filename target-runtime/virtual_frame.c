// SPDX-License-Identifier: GPL-3.0-or-later
// Virtual frames: what the guest's author knows of a machine frame. Turns a resolved site into
// functions, Wasm pcs and places; reads one word of the stack (the instance). Knows nothing of how
// machine frames are found.
#include <string.h>

#include "target-runtime/dump_stack.h"
#include "target-runtime/frame_site.h"
#include "target-runtime/instance.h"

static const enum op_frame_precision precisions[] = {
	[OP_SITE_EXACT] = OP_FRAME_EXACT,
	[OP_SITE_INSIDE] = OP_FRAME_IN_FLIGHT,
	[OP_SITE_PROLOGUE] = OP_FRAME_PROLOGUE,
	[OP_SITE_EPILOGUE] = OP_FRAME_IN_FLIGHT,
};

static const struct op_wasm_module *module_of(const struct op_virtual_frame *frame, uint32_t module)
{
	const struct op_wasm_module *ret;
	_cleanup_error_ struct op_error *err = op_artifact_module(frame->artifact, module, &ret);
	return err ? NULL : ret;
}

// The instruction of a function that ends at `end`: for a caller of which only the next instruction
// is recorded.
static bool instruction_ending_at(const struct op_wasm_module *module,
				  const struct op_wasm_body *body, uint32_t end, uint32_t *ret)
{
	uint32_t at = body->code_start;
	while (at < end && at < body->end) {
		struct op_wasm_instruction instruction;
		_cleanup_error_ struct op_error *err =
			op_wasm_instruction_decode(module, at, &instruction);
		if (err || instruction.size == 0)
			return false;
		if (at + instruction.size == end) {
			*ret = at;
			return true;
		}
		at += instruction.size;
	}
	return false;
}

static void set_pcs(const struct op_frame_site *site, struct op_virtual_frame *frame,
		    uint32_t module, bool has_pc, uint32_t pc, bool has_next, uint32_t next)
{
	frame->pc.module = frame->next_pc.module = module;
	frame->has_pc = has_pc && op_frame_site_module_pc(site, pc, &frame->pc.offset);
	bool next_known = has_next && op_frame_site_module_pc(site, next, &frame->next_pc.offset);
	struct op_wasm_body body;
	const struct op_wasm_module *wasm = module_of(frame, module);
	bool has_body = wasm && op_wasm_module_function_body(wasm, frame->function, &body);
	if (!frame->has_pc && next_known && has_body)
		frame->has_pc = instruction_ending_at(wasm, &body, frame->next_pc.offset,
						      &frame->pc.offset);
	if (next_known || !frame->has_pc)
		return;
	frame->next_pc.offset = frame->pc.offset;
	if (!site->is_return || !has_body || frame->pc.offset < body.code_start ||
	    frame->pc.offset >= body.end)
		return;
	struct op_wasm_instruction call;
	_cleanup_error_ struct op_error *err =
		op_wasm_instruction_decode(wasm, frame->pc.offset, &call);
	// What traps stays where it is; a call goes on behind itself.
	if (!err && (call.control == OP_WASM_CALL || call.control == OP_WASM_CALL_INDIRECT))
		frame->next_pc.offset = frame->pc.offset + call.size;
}

// The instance's address in the frame's slot.
static void read_vmctx(const struct op_stack_context *context,
		       const struct op_frame_descriptor *descriptor, bool verify,
		       struct op_virtual_frame *frame)
{
	struct op_host_addr base = op_host_addr(frame->fp.value - descriptor->slot_to_fp);
	_cleanup_error_ struct op_error *err =
		op_memory_read_u64(&context->memory, base, &frame->vmctx.value);
	bool good = !err;
	_cleanup_error_ struct op_error *check =
		good && verify ? op_instance_check(&context->memory, frame->vmctx, &good) : NULL;
	if (!good || check)
		frame->vmctx = op_host_addr(0);
}

// In a prologue the instance is still where the caller passed it.
static void vmctx_argument(const struct op_stack_context *context,
			   const struct op_registers *registers, struct op_virtual_frame *frame)
{
	if (!registers)
		return;
	struct op_host_addr vmctx = op_host_addr(registers->value[context->arch->vmctx_argument]);
	bool good;
	_cleanup_error_ struct op_error *err = op_instance_check(&context->memory, vmctx, &good);
	if (!err && good)
		frame->vmctx = vmctx;
}

static struct op_virtual_frame start_frame(const struct op_frame_site *site,
					   const struct op_machine_frame *machine)
{
	return (struct op_virtual_frame){
		.image = machine->image,
		.artifact = site->image->artifact,
		.function = machine->function->index,
		.pc.module = machine->function->module,
		.next_pc.module = machine->function->module,
		.host_pc = machine->pc,
		.fp = machine->fp,
		.precision = OP_FRAME_NO_TABLE,
	};
}

static void fill_plain(const struct op_frame_site *site, const struct op_site_frames *known,
		       struct op_virtual_frame *frame)
{
	set_pcs(site, frame, frame->pc.module, known->has_pc, known->pc, false, 0);
}

static struct op_error *fill_frame(const struct op_stack_context *context,
				   const struct op_frame_site *site,
				   const struct op_site_frames *known, size_t index,
				   const struct op_registers *registers,
				   struct op_virtual_frame *frame)
{
	const struct op_point_frame *point = &known->frames[index];
	bool innermost = index == known->count - 1;
	struct op_frame_descriptor descriptor;
	struct op_error *err =
		op_frame_table_descriptor(site->table, point->descriptor, &descriptor);
	if (err)
		return err;
	if (!op_frame_site_full_index(site, &known->frames[0], descriptor.module,
				      descriptor.function, &frame->function))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the index of an inlined function cannot be told without "
				       "the module's bytes");
	frame->inlined = index > 0;
	frame->has_descriptor = known->state != OP_SITE_EPILOGUE;
	frame->descriptor = point->descriptor;
	frame->shape = point->shape;
	if (innermost) {
		frame->precision = precisions[known->state];
		set_pcs(site, frame, descriptor.module, known->has_pc, known->pc, known->has_next,
			known->next_pc);
	} else {
		// An outer body is in its call of the inner one; the table names what comes next,
		// as for any call.
		frame->precision = known->outer_hold && known->state != OP_SITE_EPILOGUE
					   ? OP_FRAME_EXACT
					   : OP_FRAME_IN_FLIGHT;
		bool next = site->call_point_is_next;
		set_pcs(site, frame, descriptor.module, !next, point->pc, next, point->pc);
	}
	if (frame->precision == OP_FRAME_PROLOGUE)
		vmctx_argument(context, registers, frame);
	else
		read_vmctx(context, &descriptor, known->state == OP_SITE_EPILOGUE, frame);
	return NULL;
}

struct op_error *op_virtual_frames(const struct op_stack_context *context,
				   const struct op_machine_frame *frame,
				   const struct op_registers *registers,
				   struct op_virtual_frame *ret, size_t *ret_count)
{
	*ret_count = 0;
	if (frame->kind != OP_MACHINE_FRAME_WASM)
		return NULL;
	if (frame->dumped) {
		*ret_count = 1;
		return op_dump_virtual_frame(context, frame, ret);
	}
	struct op_frame_site site;
	struct op_error *err = op_frame_site_init(&site, context, frame);
	if (err)
		return err;
	struct op_site_frames known;
	err = op_frame_site_resolve(&site, &known);
	if (err)
		return err;
	if (known.count == 0) {
		ret[0] = start_frame(&site, frame);
		fill_plain(&site, &known, &ret[0]);
		*ret_count = 1;
		return NULL;
	}
	for (size_t i = 0; i < known.count; i++) {
		struct op_virtual_frame *virtual = &ret[known.count - 1 - i];
		*virtual = start_frame(&site, frame);
		err = fill_frame(context, &site, &known, i, registers, virtual);
		if (err)
			return err;
	}
	*ret_count = known.count;
	return NULL;
}
