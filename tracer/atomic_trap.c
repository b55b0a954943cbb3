// SPDX-License-Identifier: GPL-3.0-or-later
// See atomic_trap.h. The checks and their order are Wasmtime's: crates/wasmtime/src/runtime/vm/
// memory.rs, validate_atomic_addr() and Memory::atomic_wait32(), the same in 42 to 49: alignment,
// bounds, and for a wait whether the memory is shared. The address is an operand of the
// instruction, and whether the memory is shared stands in its module: an imported memory is what
// the import says (crates/wasmtime/src/runtime/types/matching.rs, memory_ty()). Memories never
// shrink.
// test_events.py compares each with what Wasmtime says: AtomicTraps.
#include "tracer/atomic_trap.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/instance.h"
#include "tracer/trap_kinds.h"

struct atomic {
	const char *builtin;
	uint32_t opcode;
	unsigned operands; // the first of which is the address
	uint64_t size;     // bytes; what the address must be aligned to as well
	bool waits;
};

static const struct atomic atomics[] = {
	{"memory_atomic_notify", 0xfe0000, 2, 4, false},
	{"memory_atomic_wait32", 0xfe0001, 3, 4, true},
	{"memory_atomic_wait64", 0xfe0002, 3, 8, true},
};

static const struct atomic *find(const char *builtin)
{
	for (size_t i = 0; i < OP_ARRAY_SIZE(atomics); i++)
		if (!strcmp(atomics[i].builtin, builtin))
			return &atomics[i];
	return NULL;
}

bool op_atomic_trap_is(const char *builtin)
{
	return find(builtin);
}

// What the instruction is about.
struct access {
	uint32_t memory;
	struct op_wasm_limits limits;
	uint64_t offset; // of the instruction, from the address
	uint64_t address;
	uint64_t length; // of the memory
};

static struct op_error *read_instruction(const struct atomic *atomic,
					 const struct op_virtual_frame *frame,
					 const struct op_wasm_module **ret_module,
					 struct access *access, const char **ret_reason)
{
	struct op_wasm_instruction instruction;
	struct op_error *err = op_artifact_module(frame->artifact, frame->pc.module, ret_module);
	if (err)
		return err;
	*ret_reason = "the bytes of the instruction's module are not known";
	if (!*ret_module)
		return NULL;
	err = op_wasm_instruction_decode(*ret_module, frame->pc.offset, &instruction);
	if (!err)
		err = op_wasm_instruction_memory_offset(*ret_module, &instruction, &access->offset);
	if (err)
		return err;
	uint32_t count;
	const struct op_wasm_limits *memories = op_wasm_module_memories(*ret_module, &count);
	*ret_reason = "the place is not that of the instruction";
	if (instruction.opcode != atomic->opcode || instruction.immediate >= count)
		return NULL;
	access->memory = instruction.immediate;
	access->limits = memories[access->memory];
	*ret_reason = NULL;
	return NULL;
}

static struct op_error *read_address(struct op_session *session, const struct atomic *atomic,
				     const struct op_virtual_frame *frame, struct access *access,
				     const char **ret_reason)
{
	struct op_stack_context context = op_session_stack_context(session);
	_cleanup_free_ struct op_value *operands = NULL;
	size_t count;
	enum op_value_state why;
	struct op_error *err = op_frame_operands(&context, frame, &operands, &count, &why);
	*ret_reason = "the operands of the instruction cannot be read";
	if (err || count < atomic->operands)
		return err;
	const struct op_value *address = &operands[count - atomic->operands];
	enum op_value_type type = access->limits.is_64 ? OP_VALUE_I64 : OP_VALUE_I32;
	if (address->state != OP_VALUE_PRESENT || address->type != type)
		return NULL;
	uint64_t base = 0;
	for (unsigned i = op_value_type_size(type); i > 0; i--)
		base = base << 8 | address->bytes[i - 1];
	// The code itself checks that (code_translator.rs, MemoryAtomicWait32), and calls nobody.
	uint64_t most = access->limits.is_64 ? UINT64_MAX : UINT32_MAX;
	if (access->offset > most - base)
		return NULL;
	access->address = base + access->offset;
	*ret_reason = NULL;
	return NULL;
}

static struct op_error *read_length(struct op_session *session,
				    const struct op_virtual_frame *frame,
				    const struct op_wasm_module *module, struct access *access,
				    const char **ret_reason)
{
	const struct op_layout *layout = op_artifact_info(frame->artifact)->layout;
	struct op_memory memory = op_session_memory(session);
	struct op_memory_state state;

	*ret_reason = "the size of the memory cannot be read";
	if (!layout || !frame->vmctx.value)
		return NULL;
	struct op_error *err =
		op_instance_memory(&memory, layout, module, frame->vmctx, access->memory, &state);
	if (err)
		return err;
	access->length = state.size;
	*ret_reason = NULL;
	return NULL;
}

static const char *decide(const struct atomic *atomic, const struct access *access,
			  const char **ret_reason)
{
	*ret_reason = NULL;
	if (access->address % atomic->size)
		return op_trap_kind_name("unaligned-atomic");
	if (access->length < atomic->size || access->address > access->length - atomic->size)
		return op_trap_kind_name("memory-out-of-bounds");
	if (atomic->waits && !access->limits.shared)
		return op_trap_kind_name("atomic-wait");
	// Another thread may have grown the memory since.
	*ret_reason = "now its operands are right";
	return NULL;
}

static struct op_error *name_at(struct op_session *session, const struct atomic *atomic,
				const struct op_virtual_frame *frame, const char **ret,
				const char **ret_reason)
{
	const struct op_wasm_module *module;
	struct access access = {0};

	*ret_reason = "an atomic instruction can fail in several ways, and code that was not "
		      "compiled for guest-debug does not record the operands that tell which";
	if (frame->precision == OP_FRAME_NO_TABLE)
		return NULL;
	*ret_reason = "it is not known where in its function the guest is";
	if (frame->precision != OP_FRAME_EXACT || !frame->has_pc)
		return NULL;
	struct op_error *err = read_instruction(atomic, frame, &module, &access, ret_reason);
	if (!err && !*ret_reason)
		err = read_address(session, atomic, frame, &access, ret_reason);
	if (!err && !*ret_reason)
		err = read_length(session, frame, module, &access, ret_reason);
	if (!err && !*ret_reason)
		*ret = decide(atomic, &access, ret_reason);
	return err;
}

struct op_error *op_atomic_trap_name(struct op_session *session, int64_t thread, uint64_t address,
				     const char *builtin, const char **ret, const char **ret_reason)
{
	const struct atomic *atomic = find(builtin);
	const struct op_frame *frame;

	*ret = NULL;
	*ret_reason = "the guest's frame cannot be read";
	op_session_forget(session);
	struct op_error *err = op_stacks_arrived(session, thread, address, &frame);
	if (!err && atomic)
		err = name_at(session, atomic, op_frame_virtual(frame), ret, ret_reason);
	op_session_forget(session);
	// What is not as it should be in the guest leaves the kind unknown, and the trap caught.
	if (!err || err->code == OP_ERROR_PROCESS_GONE || err->code == OP_ERROR_NO_MEMORY)
		return err;
	op_error_destroy(err);
	if (!*ret_reason)
		*ret_reason = "the guest's frame cannot be read";
	return NULL;
}
