// SPDX-License-Identifier: GPL-3.0-or-later
// The interpreter of locations; see source_steps.h. Knows no types of the guest's language.
#include "tracer/source_steps.h"

#include <inttypes.h>

#include "tracer/source_bits.h"

enum { STACK_MAX = 64 };

struct machine {
	struct op_session_source source;
	uint64_t stack[STACK_MAX];
	size_t depth;
	unsigned bits;                           // of an address: 32 or 64
	const struct op_frame_registers *native; // NULL: of Wasm
};

static struct op_error *bad(const char *what)
{
	return op_error_create(OP_ERROR_FORMAT,
			       "the expression that says where it is makes no sense: %s", what);
}

static struct op_error *push(struct machine *m, uint64_t value)
{
	if (m->depth >= STACK_MAX)
		return bad("its stack grows too high");
	m->stack[m->depth++] = m->bits == 32 ? (uint32_t)value : value;
	return NULL;
}

static struct op_error *pop(struct machine *m, uint64_t *ret)
{
	if (!m->depth)
		return bad("its stack is empty");
	*ret = m->stack[--m->depth];
	return NULL;
}

static int64_t as_signed(const struct machine *m, uint64_t value)
{
	return (int64_t)op_bits_sign_extend(value, m->bits);
}

// Leaves --------------------------------------------------------------------------------------

struct op_error *op_source_native_register(struct op_session *session,
					   const struct op_frame_registers *frame, uint64_t number,
					   uint64_t *ret)
{
	const struct op_arch *arch = op_process_arch(session->process);
	if (number >= arch->dwarf_register_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "it is in register %" PRIu64 " (by DWARF's number), which "
				       "outpost does not read",
				       number);
	if (!(frame->registers.known >> number & 1))
		return op_error_create(OP_ERROR_NOT_FOUND, "register %s of a caller is not kept",
				       arch->register_names[number]);
	*ret = frame->registers.all.value[number];
	return NULL;
}

static struct op_error *native_leaf(struct machine *m, const struct op_location_step *step)
{
	uint64_t value = m->native ? m->native->frame_address : 0;
	if (!m->native)
		return bad("a register in Wasm");
	if (step->op == OP_LOCATION_FRAME_ADDRESS && !m->native->has_frame_address)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the image's unwind information does not say where its "
				       "frame is");
	struct op_error *err = step->op == OP_LOCATION_REGISTER
				       ? op_source_native_register(m->source.session, m->native,
								   (uint64_t)step->value, &value)
				       : NULL;
	return err ?: push(m, value);
}

static struct op_error *leaf(struct machine *m, const struct op_location_step *step)
{
	const struct op_expression_source *source = &m->source.source;
	struct op_operand operand;
	struct op_error *err;
	uint32_t index = (uint32_t)step->value;
	const char *kind;
	if (!m->source.frame && step->op != OP_LOCATION_GLOBAL)
		return op_error_create(OP_ERROR_STATE, "it is in a frame, and none is selected");
	if (step->op == OP_LOCATION_LOCAL) {
		kind = "local";
		err = source->location_local(source->context, index, &operand);
	} else if (step->op == OP_LOCATION_GLOBAL) {
		kind = "global";
		err = source->global(source->context, index, &operand);
	} else {
		kind = "operand";
		err = source->operand(source->context, index, &operand);
	}
	if (err)
		return err;
	const struct op_value *value = &operand.result.value;
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "where it is depends on Wasm %s %" PRIu32 ", which is %s",
				       kind, index, op_value_state_message(value->state));
	// DWARF's generic type is as wide as an address, but what LLVM computes from an i64 it
	// means in 64 bits.
	if (value->type == OP_VALUE_I64)
		m->bits = 64;
	return push(m, op_value_bits(value));
}

static struct op_error *load(struct machine *m, uint64_t size)
{
	uint8_t bytes[8];
	uint64_t address = 0;
	if (!size || size > sizeof(bytes))
		return bad("a load of that size");
	struct op_error *err = pop(m, &address);
	struct op_memory memory = op_session_memory(m->source.session);
	if (!err && m->native)
		err = op_memory_read(&memory, op_host_addr(address), bytes, (size_t)size);
	else if (!err)
		err = op_session_read_memory(m->source.session, m->source.frame, 0, address, bytes,
					     (size_t)size);
	return err ?: push(m, op_bits_load(bytes, (size_t)size));
}

// Operators -----------------------------------------------------------------------------------

static struct op_error *rearrange(struct machine *m, const struct op_location_step *step)
{
	uint64_t *top = m->stack + m->depth;
	if (step->op == OP_LOCATION_DUPLICATE) {
		if ((uint64_t)step->value >= m->depth)
			return bad("its stack is not that high");
		return push(m, top[-1 - step->value]);
	}
	size_t wanted = step->op == OP_LOCATION_ROTATE ? 3 : step->op == OP_LOCATION_SWAP ? 2 : 1;
	if (m->depth < wanted)
		return bad("its stack is not that high");
	uint64_t first = top[-1];
	if (step->op == OP_LOCATION_DROP) {
		m->depth--;
	} else if (step->op == OP_LOCATION_SWAP) {
		top[-1] = top[-2];
		top[-2] = first;
	} else {
		// The top goes below the two under it (DWARF 5, 2.5.1.3, DW_OP_rot).
		top[-1] = top[-2];
		top[-2] = top[-3];
		top[-3] = first;
	}
	return NULL;
}

static struct op_error *unary(struct machine *m, const struct op_location_step *step)
{
	uint64_t value = 0;
	struct op_error *err = pop(m, &value);
	if (err)
		return err;
	unsigned bits = step->value > 0 && step->value < 8 ? (unsigned)step->value * 8 : 64;
	switch (step->op) {
	case OP_LOCATION_NEGATE:
		return push(m, -value);
	case OP_LOCATION_NOT:
		return push(m, ~value);
	case OP_LOCATION_ABSOLUTE:
		return push(m, as_signed(m, value) < 0 ? -value : value);
	default:
		if (bits < 64)
			value &= ((uint64_t)1 << bits) - 1;
		return push(m, step->is_signed ? op_bits_sign_extend(value, bits) : value);
	}
}

static uint64_t shift(const struct machine *m, enum op_location_op op, uint64_t a, uint64_t b)
{
	if (op == OP_LOCATION_SAR)
		return (uint64_t)(as_signed(m, a) >> (b < m->bits ? b : m->bits - 1));
	if (b >= m->bits)
		return 0;
	return op == OP_LOCATION_SHL ? a << b : a >> b;
}

static uint64_t compare(const struct machine *m, enum op_location_op op, uint64_t a, uint64_t b)
{
	int64_t left = as_signed(m, a), right = as_signed(m, b);
	switch (op) {
	case OP_LOCATION_EQ:
		return left == right;
	case OP_LOCATION_NE:
		return left != right;
	case OP_LOCATION_LT:
		return left < right;
	case OP_LOCATION_GT:
		return left > right;
	case OP_LOCATION_LE:
		return left <= right;
	default:
		return left >= right;
	}
}

static struct op_error *divide(struct machine *m, enum op_location_op op, uint64_t a, uint64_t b)
{
	if (!b)
		return bad("a division by zero");
	if (op == OP_LOCATION_MOD)
		return push(m, a % b);
	int64_t left = as_signed(m, a), right = as_signed(m, b);
	return push(m, right == -1 ? -(uint64_t)left : (uint64_t)(left / right));
}

static struct op_error *binary(struct machine *m, enum op_location_op op)
{
	uint64_t a = 0, b = 0;
	struct op_error *err = pop(m, &b);
	if (!err)
		err = pop(m, &a);
	if (err)
		return err;
	switch (op) {
	case OP_LOCATION_ADD:
		return push(m, a + b);
	case OP_LOCATION_SUB:
		return push(m, a - b);
	case OP_LOCATION_MUL:
		return push(m, a * b);
	case OP_LOCATION_DIV:
	case OP_LOCATION_MOD:
		return divide(m, op, a, b);
	case OP_LOCATION_AND:
		return push(m, a & b);
	case OP_LOCATION_OR:
		return push(m, a | b);
	case OP_LOCATION_XOR:
		return push(m, a ^ b);
	case OP_LOCATION_SHL:
	case OP_LOCATION_SHR:
	case OP_LOCATION_SAR:
		return push(m, shift(m, op, a, b));
	default:
		return push(m, compare(m, op, a, b));
	}
}

static struct op_error *run_step(struct machine *m, const struct op_location_step *step)
{
	switch (step->op) {
	case OP_LOCATION_CONSTANT:
		return push(m, (uint64_t)step->value);
	case OP_LOCATION_LOCAL:
	case OP_LOCATION_GLOBAL:
	case OP_LOCATION_OPERAND:
		return leaf(m, step);
	case OP_LOCATION_REGISTER:
	case OP_LOCATION_FRAME_ADDRESS:
		return native_leaf(m, step);
	case OP_LOCATION_LOAD:
		return load(m, (uint64_t)step->value);
	case OP_LOCATION_DUPLICATE:
	case OP_LOCATION_DROP:
	case OP_LOCATION_SWAP:
	case OP_LOCATION_ROTATE:
		return rearrange(m, step);
	case OP_LOCATION_NEGATE:
	case OP_LOCATION_NOT:
	case OP_LOCATION_ABSOLUTE:
	case OP_LOCATION_CONVERT:
		return unary(m, step);
	default:
		return binary(m, step->op);
	}
}

// Addresses of memory 0 of the frame's module.
static unsigned address_bits(struct op_session *session, const struct op_frame *frame)
{
	const struct op_module_entry *module =
		frame ? op_module_by_id(session, frame->module_id) : NULL;
	uint32_t count = 0;
	const struct op_wasm_limits *memories =
		module && module->wasm ? op_wasm_module_memories(module->wasm, &count) : NULL;
	return count && memories[0].is_64 ? 64 : 32;
}

static struct op_error *run(struct machine *m, const struct op_location_piece *piece, uint64_t *ret)
{
	struct op_error *err = NULL;
	for (size_t i = 0; !err && i < piece->step_count; i++)
		err = run_step(m, &piece->steps[i]);
	return err ?: pop(m, ret);
}

struct op_error *op_source_steps_recover(struct op_session *session, const struct op_frame *frame,
					 const struct op_location_piece *piece, bool *ret_recovered,
					 uint64_t *ret)
{
	struct machine m = {.bits = address_bits(session, frame)};
	op_session_source_init(&m.source, session, frame);
	struct op_error *err = run(&m, piece, ret);
	*ret_recovered |= m.source.recovered;
	return err;
}

struct op_error *op_source_steps_native(struct op_session *session,
					const struct op_frame_registers *frame,
					const struct op_location_piece *piece, uint64_t *ret)
{
	struct machine m = {.bits = 64, .native = frame};
	op_session_source_init(&m.source, session, NULL);
	return run(&m, piece, ret);
}

struct op_error *op_source_steps_run(struct op_session *session, const struct op_frame *frame,
				     const struct op_location_piece *piece, uint64_t *ret)
{
	bool recovered = false;
	return op_source_steps_recover(session, frame, piece, &recovered, ret);
}
