// SPDX-License-Identifier: GPL-3.0-or-later
// A symbolic reading of straight stretches of bytecode: only sums of the stack pointer at the entry
// and constants are followed, everything else is "not known". See shadow_stack.h.
#include "target-runtime/wasm/shadow_stack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/wasm/immediates.h"

enum {
	OPERANDS_MAX = 16,    // that are followed
	TEMPORARIES_MAX = 64, // locals of one stretch
	LOCALS_MAX = 50000,   // as validation has it (WebAssembly JS API, limits)
	WRITES_MAX = 4096,
	FRAME_MAX = 1 << 30,

	BLOCK = 0x02,
	TRY = 0x06, // of the legacy exceptions; with a catch, catch_all or delegate
	LOCAL_GET = 0x20,
	LOCAL_SET = 0x21,
	LOCAL_TEE = 0x22,
	GLOBAL_GET = 0x23,
	GLOBAL_SET = 0x24,
	I32_CONST = 0x41,
	I64_CONST = 0x42,
	I32_ADD = 0x6a,
	I32_SUB = 0x6b,
	I64_ADD = 0x7c,
	I64_SUB = 0x7d,
};

enum kind { UNKNOWN, CONSTANT, ADDRESS /* the stack pointer at the entry, plus value */ };
struct symbol {
	enum kind kind;
	int64_t value;
};
struct temporary {
	uint32_t local;
	struct symbol symbol;
};

struct scan {
	const struct op_wasm_module *module;
	uint32_t stack_pointer;
	struct op_shadow_frame *frame;
	uint8_t *write_counts; // of each local: 0, 1, 2 for more
	uint32_t local_count;
	uint32_t touched; // how often the stack pointer is named
	bool catches;
	struct symbol operands[OPERANDS_MAX]; // the topmost ones of the operand stack
	size_t operand_count;
	struct temporary temporaries[TEMPORARIES_MAX]; // what locals hold since the stretch began
	size_t temporary_count;
	struct OP_ARRAY(struct temporary) entry_locals; // of the first stretch, written once
	bool in_entry;                                  // the first stretch
	uint32_t open;                                  // structures around
	bool leaving; // the stack pointer was put back, the function is about to leave
};

static void scan_deinit(struct scan *scan)
{
	free(scan->write_counts);
	free(scan->entry_locals.data);
}

void op_shadow_frame_deinit(struct op_shadow_frame *frame)
{
	free(frame->writes.data);
	free(frame->locals.data);
	free(frame->problem);
	*frame = (struct op_shadow_frame){0};
}

struct op_error *op_shadow_stack_pointer(const struct op_wasm_module *module, uint32_t *ret_global)
{
	static const char wanted[] = "__stack_pointer";
	uint32_t count;
	const struct op_wasm_global *globals = op_wasm_module_globals(module, &count);
	uint32_t imported = op_wasm_module_imported(module, OP_WASM_EXTERNAL_GLOBAL);
	for (uint32_t i = 0; i < count; i++) {
		struct op_wasm_name name = op_wasm_module_global_name(module, i);
		if (name.size != strlen(wanted) || memcmp(name.data, wanted, name.size))
			continue;
		if (!globals[i].is_mutable || (globals[i].type.code != OP_WASM_TYPE_I32 &&
					       globals[i].type.code != OP_WASM_TYPE_I64))
			break;
		if (i < imported)
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "the module's __stack_pointer is imported, and "
					       "other modules move it too");
		*ret_global = i;
		return NULL;
	}
	return op_error_create(OP_ERROR_NOT_FOUND,
			       "the module has no global named __stack_pointer");
}

// The pattern does not hold ------------------------------------------------------------------

static struct op_error *refuse(struct scan *scan, const char *what, uint32_t offset)
{
	if (scan->frame->problem)
		return NULL;
	if (asprintf(&scan->frame->problem, "%s at 0x%" PRIx32, what, offset) >= 0)
		return NULL;
	scan->frame->problem = NULL;
	return op_error_no_memory();
}

// Symbols -------------------------------------------------------------------------------------

// What lies deeper than is followed is not known; neither is anything when one is added on top of
// too many.
static void push(struct scan *scan, struct symbol symbol)
{
	if (scan->operand_count == OPERANDS_MAX) {
		memmove(scan->operands, scan->operands + 1,
			(OPERANDS_MAX - 1) * sizeof(*scan->operands));
		scan->operand_count--;
	}
	scan->operands[scan->operand_count++] = symbol;
}

static struct symbol pop(struct scan *scan)
{
	return scan->operand_count ? scan->operands[--scan->operand_count]
				   : (struct symbol){UNKNOWN, 0};
}

static struct symbol combine(struct symbol a, struct symbol b, bool subtract)
{
	int64_t sum = (int64_t)(subtract ? (uint64_t)a.value - (uint64_t)b.value
					 : (uint64_t)a.value + (uint64_t)b.value);
	if (a.kind == UNKNOWN || b.kind == UNKNOWN || sum > FRAME_MAX || sum < -FRAME_MAX)
		return (struct symbol){UNKNOWN, 0};
	if (b.kind == CONSTANT)
		return (struct symbol){a.kind, sum};
	if (a.kind == CONSTANT && !subtract)
		return (struct symbol){ADDRESS, sum};
	return (struct symbol){UNKNOWN, 0};
}

static struct symbol of_local(const struct scan *scan, uint32_t local)
{
	for (size_t i = 0; i < scan->temporary_count; i++)
		if (scan->temporaries[i].local == local)
			return scan->temporaries[i].symbol;
	for (size_t i = 0; i < scan->entry_locals.count; i++)
		if (scan->entry_locals.data[i].local == local)
			return scan->entry_locals.data[i].symbol;
	return (struct symbol){UNKNOWN, 0};
}

static void set_temporary(struct scan *scan, uint32_t local, struct symbol symbol)
{
	size_t i = 0;
	while (i < scan->temporary_count && scan->temporaries[i].local != local)
		i++;
	if (symbol.kind == UNKNOWN && i == scan->temporary_count)
		return;
	if (i == TEMPORARIES_MAX) {
		// Forgetting one only makes less known.
		scan->temporary_count--;
		i--;
	}
	if (i == scan->temporary_count)
		scan->temporary_count++;
	scan->temporaries[i] = (struct temporary){local, symbol};
}

static struct op_error *set_local(struct scan *scan, uint32_t local, uint32_t offset,
				  struct symbol symbol)
{
	set_temporary(scan, local, symbol);
	if (!scan->in_entry || symbol.kind == UNKNOWN || local >= scan->local_count ||
	    scan->write_counts[local] != 1)
		return NULL;
	if (!op_array_push(&scan->entry_locals, ((struct temporary){local, symbol})))
		return op_error_no_memory();
	struct op_shadow_local known = {local, offset, (uint64_t)-symbol.value};
	if (symbol.kind == ADDRESS && symbol.value <= 0 &&
	    !op_array_push(&scan->frame->locals, known))
		return op_error_no_memory();
	return NULL;
}

// The stack pointer ---------------------------------------------------------------------------

static struct op_error *set_stack_pointer(struct scan *scan, uint32_t offset)
{
	struct op_shadow_frame *frame = scan->frame;
	struct symbol symbol = pop(scan);
	if (scan->leaving)
		return refuse(scan, "it sets the stack pointer twice before it leaves,", offset);
	if (symbol.kind != ADDRESS || symbol.value > 0)
		return refuse(scan, "it sets the stack pointer to what is not a constant below it,",
			      offset);
	struct op_shadow_write write = {.pc = offset, .depth = (uint64_t)-symbol.value};
	bool is_prologue = scan->in_entry && write.depth && !frame->writes.count;
	if (!is_prologue && write.depth)
		return refuse(scan, "it moves the stack pointer again", offset);
	if (frame->writes.count >= WRITES_MAX)
		return refuse(scan, "it sets the stack pointer too often,", offset);
	scan->leaving = !is_prologue;
	return op_array_push(&frame->writes, write) ? NULL : op_error_no_memory();
}

// Between putting the stack pointer back and leaving nothing may happen but plain instructions and
// calls.
static struct op_error *leave(struct scan *scan, const struct op_wasm_instruction *i)
{
	if (i->control == OP_WASM_PLAIN || i->control == OP_WASM_CALL ||
	    i->control == OP_WASM_CALL_INDIRECT)
		return NULL;
	bool leaves = i->control == OP_WASM_RETURN || i->control == OP_WASM_UNREACHABLE ||
		      i->control == OP_WASM_RETURN_CALL ||
		      i->control == OP_WASM_RETURN_CALL_INDIRECT ||
		      (i->control == OP_WASM_END && !scan->open) ||
		      (i->control == OP_WASM_BR && i->immediate == scan->open);
	if (!leaves)
		return refuse(scan, "it puts the stack pointer back and does not leave,",
			      i->offset);
	scan->leaving = false;
	scan->frame->writes.data[scan->frame->writes.count - 1].last_pc = i->offset;
	return NULL;
}

// Instructions --------------------------------------------------------------------------------

static struct op_error *push_constant(struct scan *scan, const struct op_wasm_instruction *i)
{
	struct op_reader r = op_reader(op_wasm_module_bytes(scan->module));
	int64_t value = 0;
	struct op_error *err = op_reader_seek(&r, i->offset + 1);
	if (!err)
		err = op_reader_sleb64(&r, &value);
	if (!err)
		push(scan, (struct symbol){CONSTANT, value});
	return err;
}

static struct op_error *follow_plain(struct scan *scan, const struct op_wasm_instruction *i)
{
	struct symbol top;
	switch (i->opcode) {
	case LOCAL_GET:
		push(scan, of_local(scan, i->immediate));
		return NULL;
	case LOCAL_SET:
		return set_local(scan, i->immediate, i->offset, pop(scan));
	case LOCAL_TEE:
		top = pop(scan);
		push(scan, top);
		return set_local(scan, i->immediate, i->offset, top);
	case GLOBAL_GET:
		// Later than in the first stretch, or behind the prologue, it is no longer what it
		// was at the entry.
		push(scan, (struct symbol){i->immediate == scan->stack_pointer && scan->in_entry &&
							   !scan->frame->writes.count
						   ? ADDRESS
						   : UNKNOWN,
					   0});
		return NULL;
	case GLOBAL_SET:
		if (i->immediate == scan->stack_pointer)
			return set_stack_pointer(scan, i->offset);
		pop(scan);
		return NULL;
	case I32_CONST:
	case I64_CONST:
		return push_constant(scan, i);
	case I32_ADD:
	case I32_SUB:
	case I64_ADD:
	case I64_SUB:
		top = pop(scan);
		push(scan, combine(pop(scan), top, i->opcode == I32_SUB || i->opcode == I64_SUB));
		return NULL;
	default:
		// How much it takes and leaves does not matter: what is followed is always the
		// topmost part of the stack.
		scan->operand_count = 0;
		return NULL;
	}
}

static struct op_error *follow(struct scan *scan, const struct op_wasm_instruction *i)
{
	struct op_error *err = scan->leaving ? leave(scan, i) : NULL;
	if (err)
		return err;
	if (i->control == OP_WASM_PLAIN)
		return follow_plain(scan, i);
	scan->operand_count = 0;
	if (i->control == OP_WASM_BLOCK || i->control == OP_WASM_LOOP || i->control == OP_WASM_IF)
		scan->open++;
	else if (i->control == OP_WASM_END && scan->open)
		scan->open--;
	// Nothing comes to the beginning of a block, or back from a call, but what was before it.
	if (i->opcode == BLOCK || i->control == OP_WASM_CALL || i->control == OP_WASM_CALL_INDIRECT)
		return NULL;
	scan->temporary_count = 0;
	scan->in_entry = false;
	return NULL;
}

static struct op_error *count(struct scan *scan, const struct op_wasm_instruction *i)
{
	if ((i->opcode == LOCAL_SET || i->opcode == LOCAL_TEE) &&
	    i->immediate < scan->local_count && scan->write_counts[i->immediate] < 2)
		scan->write_counts[i->immediate]++;
	if ((i->opcode == GLOBAL_GET || i->opcode == GLOBAL_SET) &&
	    i->immediate == scan->stack_pointer)
		scan->touched++;
	if (i->control == OP_WASM_TRY_TABLE || i->opcode == TRY)
		scan->catches = true;
	return NULL;
}

static struct op_error *each(struct scan *scan, const struct op_wasm_body *body,
			     struct op_error *(*visit)(struct scan *,
						       const struct op_wasm_instruction *))
{
	struct op_reader r = op_reader(op_wasm_module_bytes(scan->module));
	struct op_error *err = op_reader_seek(&r, body->code_start);
	while (!err && op_reader_offset(&r) < body->end && !scan->frame->problem) {
		struct op_wasm_instruction instruction;
		err = op_wasm_instruction_read(&r, NULL, &instruction);
		if (!err)
			err = visit(scan, &instruction);
	}
	return err;
}

static struct op_error *scan_init(struct scan *scan, uint32_t function)
{
	struct op_error *err =
		op_wasm_module_local_count(scan->module, function, &scan->local_count);
	if (err)
		return err;
	if (scan->local_count > LOCALS_MAX)
		return op_error_create(OP_ERROR_LIMIT,
				       "function %" PRIu32 " has %" PRIu32 " locals", function,
				       scan->local_count);
	scan->write_counts = calloc(scan->local_count + 1, 1);
	if (!scan->write_counts)
		return op_error_no_memory();
	// The caller has written these.
	const struct op_wasm_type_def *type = op_wasm_module_function_type(scan->module, function);
	for (uint32_t i = 0; type && i < type->param_count && i < scan->local_count; i++)
		scan->write_counts[i] = 1;
	return NULL;
}

struct op_error *op_shadow_frame_read(const struct op_wasm_module *module, uint32_t function,
				      uint32_t stack_pointer, struct op_shadow_frame *ret)
{
	struct op_wasm_body body;
	*ret = (struct op_shadow_frame){0};
	if (!op_wasm_module_function_body(module, function, &body))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "function %" PRIu32 " has no body in this module", function);
	_cleanup_(scan_deinit) struct scan scan = {
		.module = module, .stack_pointer = stack_pointer, .frame = ret, .in_entry = true};
	struct op_error *err = scan_init(&scan, function);
	if (!err)
		err = each(&scan, &body, count);
	// Where an exception is caught the stack pointer is still that of the function that threw.
	if (!err && scan.touched && scan.catches)
		err = refuse(&scan, "it catches exceptions; its body is", body.start);
	if (!err && scan.touched)
		err = each(&scan, &body, follow);
	if (err)
		op_shadow_frame_deinit(ret);
	return err;
}

uint64_t op_shadow_frame_depth(const struct op_shadow_frame *frame, uint32_t pc)
{
	uint64_t depth = 0;
	for (size_t i = 0; i < frame->writes.count; i++) {
		const struct op_shadow_write *write = &frame->writes.data[i];
		if (write->depth ? pc > write->pc : pc > write->pc && pc <= write->last_pc)
			depth = write->depth;
	}
	return depth;
}

bool op_shadow_frame_local(const struct op_shadow_frame *frame, uint32_t local, uint32_t pc,
			   uint64_t *ret_depth)
{
	for (size_t i = 0; i < frame->locals.count; i++) {
		if (frame->locals.data[i].local != local || pc <= frame->locals.data[i].pc)
			continue;
		*ret_depth = frame->locals.data[i].depth;
		return true;
	}
	return false;
}
