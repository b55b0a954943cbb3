// SPDX-License-Identifier: GPL-3.0-or-later
// See source_native.h. What the native debug information says is the guest's word, through
// Wasmtime's hands: an address that comes of it is read where linear memory or the frame is, and
// nowhere else.
#include "tracer/source_native.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/dwarf/native_dwarf.h"
#include "target-runtime/dwarf/native_match.h"
#include "target-runtime/instance.h"
#include "tracer/frame_registers.h"
#include "tracer/source_steps.h"
#include "tracer/source_value.h"

enum {
	SLOT_SIZE_MAX = 16, // of a place on the host's stack: a Wasm value
	WARNINGS_MAX = 3,
};

struct op_native_info {
	struct op_session *session;
	const char *module; // its name
	struct op_native_dwarf *dwarf;
	struct op_debug_info *info; // NULL: it cannot be read
	unsigned warnings;
};

void op_native_info_destroy(struct op_native_info *native)
{
	if (!native)
		return;
	op_debug_info_destroy(native->info);
	op_native_dwarf_destroy(native->dwarf);
	free(native);
}

// Opening -------------------------------------------------------------------------------------

static void warn(void *context, const char *text)
{
	struct op_native_info *native = context;
	if (native->warnings++ < WARNINGS_MAX)
		op_session_notice(native->session, OP_NOTICE_WARNING,
				  "module %s: native debug information: %s", native->module, text);
}

static struct op_error *open_info(struct op_module_entry *module, struct op_native_info *native)
{
	struct op_error *err = op_native_dwarf_create(module->artifact, &native->dwarf);
	if (!err)
		err = op_debug_info_create(op_native_dwarf_source(native->dwarf), warn, native,
					   &native->session->cancel, &native->info);
	if (!err || op_source_is_fatal(err))
		return err;
	warn(native, err->message);
	op_error_destroy(err);
	return NULL;
}

/** @param[out] ret NULL: there is none, or it cannot be read, which was told. */
static struct op_error *native_info(struct op_session *session, struct op_module_entry *module,
				    struct op_debug_info **ret)
{
	*ret = NULL;
	if (!module || !op_artifact_info(module->artifact)->has_native_debug_info)
		return NULL;
	struct op_error *err = NULL;
	if (!module->native) {
		module->native = calloc(1, sizeof(*module->native));
		if (!module->native)
			return op_error_no_memory();
		module->native->session = session;
		module->native->module = module->name;
		err = open_info(module, module->native);
	}
	// What was broken off is tried again.
	if (err)
		op_native_info_destroy(op_take(module->native));
	else
		*ret = module->native->info;
	return err;
}

bool op_source_native_applies(struct op_session *session, const struct op_frame *frame,
			      const struct op_debug_variable *variable)
{
	bool is_kept = variable->kind == OP_DEBUG_PARAMETER || variable->kind == OP_DEBUG_LOCAL;
	if (!frame || !frame->no_values || !is_kept || session->stack.arriving)
		return false;
	const struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	return module && op_artifact_info(module->artifact)->has_native_debug_info;
}

// Places --------------------------------------------------------------------------------------

/** A frame in machine code. */
struct native_frame {
	struct op_session *session;
	const struct op_frame *frame;
	struct op_debug_info *info;
	const struct op_frame_registers *registers;
	uint32_t pc; // of info
};

/** *ret_found false: there is no native information of this frame. */
static struct op_error *native_frame(struct op_session *session, const struct op_frame *frame,
				     bool *ret_found, struct native_frame *ret)
{
	struct op_module_entry *module = op_module_by_id(session, frame->module_id);
	const struct op_machine_frame *machine = op_frame_machine(session, frame);
	const struct op_image *image =
		machine ? op_image_set_by_id(session->images, machine->image) : NULL;
	*ret = (struct native_frame){.session = session, .frame = frame};
	*ret_found = false;
	struct op_error *err = image ? native_info(session, module, &ret->info) : NULL;
	if (!err && ret->info)
		err = op_frame_registers(session, frame, &ret->registers);
	if (err || !ret->info || !ret->registers)
		return err;
	// A caller stands in its call, not behind it.
	uint64_t offset = machine->pc.value - image->text.value - machine->pc_is_return_address;
	ret->pc = (uint32_t)(offset + OP_NATIVE_PC_BIAS);
	*ret_found = true;
	return NULL;
}

struct op_error *op_source_native_context(struct op_session *session, const struct op_frame *frame,
					  struct op_host_addr *ret)
{
	struct native_frame native;
	_cleanup_(op_location_deinit) struct op_debug_location location = {0};
	struct op_source_body body = {.info = NULL};
	uint64_t value = 0;
	bool found;
	*ret = op_host_addr(0);
	struct op_error *err = native_frame(session, frame, &found, &native);
	if (!err && found)
		err = op_source_body(session, frame, &body);
	struct op_native_question question = {.guest = body.info,
					      .guest_pc = body.pc,
					      .native = native.info,
					      .native_pc = native.pc};
	if (!err && body.info)
		err = op_native_locate_context(&question, &location);
	if (err || location.problem || location.piece_count != 1)
		return err;
	const struct op_location_piece *piece = location.pieces;
	if (piece->kind == OP_LOCATION_HOST_REGISTER)
		err = op_source_native_register(session, native.registers, piece->index, &value);
	else if (piece->kind == OP_LOCATION_MEMORY)
		err = op_source_steps_native(session, native.registers, piece, &value);
	if (!err && value && piece->kind == OP_LOCATION_MEMORY) {
		// The frame keeps it.
		struct op_memory memory = op_session_memory(session);
		err = op_memory_read_u64(&memory, op_host_addr(value), &value);
	}
	if (err && !op_source_is_fatal(err)) {
		op_error_destroy(err);
		return NULL;
	}
	*ret = op_host_addr(value);
	return err;
}

// Values --------------------------------------------------------------------------------------

/** What a native piece comes to. */
struct found {
	bool in_memory; // at address in linear memory; else size bytes
	uint64_t address;
	uint8_t bytes[SLOT_SIZE_MAX];
	size_t size;
};

static struct op_error *from_register(const struct native_frame *native, uint64_t number,
				      struct found *ret)
{
	const struct op_arch *arch = op_process_arch(native->session->process);
	unsigned vector = arch->dwarf_vector_register;
	if (number >= vector && number - vector < OP_VECTOR_REGISTERS_MAX) {
		ret->size = sizeof(ret->bytes);
		// No function gives these back.
		if (!native->registers->is_innermost)
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "vector register %" PRIu64
					       " of a caller is not kept",
					       number - vector);
		return op_process_vector_register(native->session->process,
						  native->session->stack.thread,
						  (unsigned)(number - vector), ret->bytes);
	}
	uint64_t value = 0;
	struct op_error *err =
		op_source_native_register(native->session, native->registers, number, &value);
	memcpy(ret->bytes, &value, sizeof(value));
	ret->size = sizeof(value);
	return err;
}

// On the host's stack, in this frame only.
static bool is_in_frame(const struct native_frame *native, uint64_t address, uint64_t size)
{
	const struct op_frame_registers *registers = native->registers;
	unsigned sp = op_process_arch(native->session->process)->sp;
	uint64_t low = registers->registers.all.value[sp], high = registers->frame_address;
	return registers->has_frame_address && (registers->registers.known >> sp & 1) &&
	       address >= low && address < high && size <= high - address;
}

static struct op_error *from_memory(const struct native_frame *native,
				    const struct op_location_piece *piece, uint64_t size,
				    struct found *ret)
{
	struct op_memory_state memory = {.size = 0};
	uint64_t address = 0;
	struct op_error *err =
		op_source_steps_native(native->session, native->registers, piece, &address);
	if (err)
		return err;
	if (size && size <= SLOT_SIZE_MAX && is_in_frame(native, address, size)) {
		struct op_memory host = op_session_memory(native->session);
		ret->size = (size_t)size;
		return op_memory_read(&host, op_host_addr(address), ret->bytes, (size_t)size);
	}
	err = op_session_memory_state(native->session, native->frame, 0, &memory);
	if (err)
		return err;
	uint64_t offset = address - memory.base.value;
	if (address < memory.base.value || offset >= memory.size)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "it is said to be at host address 0x%" PRIx64
				       ", which is neither in linear memory nor in the frame",
				       address);
	ret->in_memory = true;
	ret->address = offset;
	return NULL;
}

static struct op_error *from_piece(const struct native_frame *native,
				   const struct op_location_piece *piece, uint64_t size,
				   struct found *ret)
{
	uint64_t value = 0;
	struct op_error *err;
	*ret = (struct found){.in_memory = false};
	switch (piece->kind) {
	case OP_LOCATION_HOST_REGISTER:
		return from_register(native, piece->index, ret);
	case OP_LOCATION_MEMORY:
		return from_memory(native, piece, size, ret);
	case OP_LOCATION_VALUE:
		err = op_source_steps_native(native->session, native->registers, piece, &value);
		memcpy(ret->bytes, &value, sizeof(value));
		ret->size = sizeof(value);
		return err;
	case OP_LOCATION_BYTES:
		ret->size = piece->byte_count < SLOT_SIZE_MAX ? piece->byte_count : SLOT_SIZE_MAX;
		memcpy(ret->bytes, piece->bytes, ret->size);
		return NULL;
	default:
		return op_error_create(OP_ERROR_NOT_FOUND, "optimised out");
	}
}

// Whole variables -----------------------------------------------------------------------------

// The pieces of a variable as pieces that need no frame any more.
struct resolved {
	struct op_location_piece *pieces;
	struct op_location_step *steps; // one each
	struct found *found;
};

static void resolved_deinit(struct resolved *resolved)
{
	free(resolved->pieces);
	free(resolved->steps);
	free(resolved->found);
}

static void take_found(struct resolved *resolved, size_t i, const struct op_location_piece *piece)
{
	struct found *found = &resolved->found[i];
	resolved->pieces[i] = (struct op_location_piece){.bit_size = piece->bit_size,
							 .bit_offset = piece->bit_offset};
	if (found->in_memory) {
		resolved->steps[i] = (struct op_location_step){.op = OP_LOCATION_CONSTANT,
							       .value = (int64_t)found->address};
		resolved->pieces[i].kind = OP_LOCATION_MEMORY;
		resolved->pieces[i].steps = &resolved->steps[i];
		resolved->pieces[i].step_count = 1;
	} else {
		resolved->pieces[i].kind = OP_LOCATION_BYTES;
		resolved->pieces[i].bytes = found->bytes;
		resolved->pieces[i].byte_count = found->size;
	}
}

static struct op_error *resolve(const struct native_frame *native,
				const struct op_debug_location *location, uint64_t size,
				struct op_debug_location *ret)
{
	size_t count = location->piece_count;
	_cleanup_(resolved_deinit) struct resolved resolved = {
		.pieces = calloc(count, sizeof(*resolved.pieces)),
		.steps = calloc(count, sizeof(*resolved.steps)),
		.found = calloc(count, sizeof(*resolved.found)),
	};
	if (!resolved.pieces || !resolved.steps || !resolved.found)
		return op_error_no_memory();
	for (size_t i = 0; i < count; i++) {
		const struct op_location_piece *piece = &location->pieces[i];
		uint64_t bytes = piece->bit_size ? (piece->bit_size + 7) / 8 : size;
		struct op_error *err = from_piece(native, piece, bytes, &resolved.found[i]);
		bool is_whole = count == 1 && !piece->bit_size;
		if (err && (is_whole || op_source_is_fatal(err)))
			return err;
		if (err)
			resolved.pieces[i] = (struct op_location_piece){
				.kind = OP_LOCATION_NONE, .bit_size = piece->bit_size};
		else
			take_found(&resolved, i, piece);
		op_error_destroy(err);
	}
	return op_location_make(resolved.pieces, count, ret);
}

static struct op_error *take_problem(const char *problem, struct op_debug_location *ret)
{
	ret->problem = strdup(problem);
	return ret->problem ? NULL : op_error_no_memory();
}

struct op_error *op_source_native_locate(struct op_session *session, const struct op_frame *frame,
					 const struct op_source_body *body,
					 const struct op_debug_variable *variable, uint64_t size,
					 struct op_debug_location *ret)
{
	struct native_frame native;
	_cleanup_(op_location_deinit) struct op_debug_location location = {0};
	bool found;
	*ret = (struct op_debug_location){0};
	struct op_error *err = native_frame(session, frame, &found, &native);
	if (!err && !found)
		return take_problem("the native debug information cannot be read", ret);
	struct op_native_question question = {
		.guest = body->info,
		.guest_pc = body->pc,
		.variable = variable,
		.native = native.info,
		.native_pc = native.pc,
	};
	if (!err)
		err = op_native_locate(&question, &location);
	if (!err && location.problem)
		return take_problem(location.problem, ret);
	if (!err && !location.piece_count)
		return take_problem("optimised out here", ret);
	if (!err)
		err = resolve(&native, &location, size, ret);
	if (!err || op_source_is_fatal(err))
		return err;
	struct op_error *problem = take_problem(err->message, ret);
	op_error_destroy(err);
	return problem;
}
