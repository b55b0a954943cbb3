// SPDX-License-Identifier: GPL-3.0-or-later
// The x86-64 back end: counters, rings and cells, which several threads may use at once. Knows no
// expression. Relies on x86's order of memory: stores become visible in the order of the code
// (Intel SDM volume 3, 9.2.2).
#include <stddef.h>

#include "tracer/agent/stub_x86_64.h"

enum { A = OP_X86_RAX, C = OP_X86_RCX, D = OP_X86_RDX };

// reg = a constant address.
static void load_address(struct op_stub_code *code, unsigned reg, uint64_t address)
{
	struct op_x86_rm rm = op_x86_absolute(code, address, reg);
	if (rm.kind == OP_X86_RELATIVE)
		op_x86_emit(code, &op_x86_lea, true, reg, rm, 0);
}

void op_x86_step_count(struct op_stub_code *code, uint64_t cell, bool atomic)
{
	op_x86_emit(code, atomic ? &op_x86_lock_inc : &op_x86_inc, true, 0,
		    op_x86_absolute(code, cell, A), 0);
}

void op_x86_step_trace(struct op_stub_code *code, uint64_t cell, unsigned size_log2)
{
	struct op_x86_rm head = op_x86_at(C, offsetof(struct op_trace_ring, head)),
			 entry = {.kind = OP_X86_INDEXED,
				  .base = C,
				  .index = A,
				  .scale = 3,
				  .displacement = offsetof(struct op_trace_ring, entries)};
	load_address(code, C, cell);
	op_x86_emit(code, &op_x86_mov_load, true, A, head, 0);
	op_x86_alu_constant(code, OP_X86_AND, false, op_x86_register(A), (1 << size_log2) - 1);
	load_address(code, D, code->slot_end);
	op_x86_emit(code, &op_x86_mov_store, true, D, entry, 0);
	op_x86_emit(code, &op_x86_inc, true, 0, head, 0);
}

void op_x86_step_frame(struct op_stub_code *code, uint64_t cell, unsigned no)
{
	struct op_x86_rm rm = op_x86_absolute(code, cell, A);
	unsigned yes = op_stub_label_create(code);
	op_x86_alu_constant(code, OP_X86_CMP, true, rm, 0);
	op_x86_jump_if(code, OP_X86_EQUAL, yes);
	op_x86_emit(code, &op_x86_cmp_store, true, OP_X86_RBP, rm, 0);
	op_x86_jump_if(code, OP_X86_NOT_EQUAL, no);
	op_stub_label_place(code, yes);
}

void op_x86_step_outer(struct op_stub_code *code, uint64_t limit, unsigned no)
{
	op_x86_mov_constant(code, A, limit);
	op_x86_emit(code, &op_x86_cmp_store, true, OP_X86_RBP, op_x86_register(A), 0);
	op_x86_jump_if(code, OP_X86_ABOVE, no);
}

void op_x86_step_ignore(struct op_stub_code *code, uint64_t cell, unsigned no)
{
	struct op_x86_rm rm = op_x86_absolute(code, cell, D);
	unsigned again = op_stub_label_create(code), yes = op_stub_label_create(code);
	op_x86_emit(code, &op_x86_mov_load, true, A, rm, 0);
	op_stub_label_place(code, again);
	op_x86_emit(code, &op_x86_test, true, A, op_x86_register(A), 0);
	op_x86_jump_if(code, OP_X86_NOT_GREATER, yes);
	op_x86_emit(code, &op_x86_lea, true, C, op_x86_at(A, -1), 0);
	op_x86_emit(code, &op_x86_lock_cmpxchg, true, C, rm, 0);
	op_x86_jump_if(code, OP_X86_NOT_EQUAL, again);
	op_x86_jump(code, no);
	op_stub_label_place(code, yes);
}

void op_x86_step_exchange(struct op_stub_code *code, uint64_t cell, unsigned temp, unsigned again)
{
	struct op_x86_rm rm = op_x86_absolute(code, cell, D);
	op_x86_emit(code, &op_x86_mov_load, true, C, op_x86_register(A), 0);
	op_x86_emit(code, &op_x86_mov_load, true, A, op_x86_temp(code, temp), 0);
	op_x86_emit(code, &op_x86_lock_cmpxchg, true, C, rm, 0);
	op_x86_jump_if(code, OP_X86_NOT_EQUAL, again);
	op_x86_emit(code, &op_x86_mov_store, true, A,
		    op_x86_behind(rm, offsetof(struct op_stub_watch, before)), 0);
}

// A position below tail + size is taken by moving head; rdx is the ring, then the record, and rcx
// stays the position + 1. The comparison is signed: an old head can be below tail.
static void take_record(struct op_stub_code *code, unsigned size_log2, unsigned lost)
{
	unsigned again = op_stub_label_create(code);
	struct op_x86_rm head = op_x86_at(D, offsetof(struct op_log_ring, head)),
			 record = {.kind = OP_X86_INDEXED,
				   .base = D,
				   .index = A,
				   .displacement = sizeof(struct op_log_ring)};
	_Static_assert(sizeof(struct op_log_record) == 1 << 6,
		       "a position is shifted to an offset");
	op_x86_emit(code, &op_x86_mov_load, true, A, head, 0);
	op_stub_label_place(code, again);
	op_x86_emit(code, &op_x86_mov_load, true, C, op_x86_register(A), 0);
	op_x86_alu(code, OP_X86_SUB, true, C, op_x86_at(D, offsetof(struct op_log_ring, tail)));
	op_x86_alu_constant(code, OP_X86_CMP, true, op_x86_register(C), 1 << size_log2);
	op_x86_jump_if(code, OP_X86_NOT_LESS, lost);
	op_x86_emit(code, &op_x86_lea, true, C, op_x86_at(A, 1), 0);
	op_x86_emit(code, &op_x86_lock_cmpxchg, true, C, head, 0);
	op_x86_jump_if(code, OP_X86_NOT_EQUAL, again);
	op_x86_alu_constant(code, OP_X86_AND, false, op_x86_register(A), (1 << size_log2) - 1);
	op_x86_emit(code, &op_x86_shift_immediate, true, OP_X86_SHL, op_x86_register(A), 6);
	op_x86_emit(code, &op_x86_lea, true, D, record, 0);
}

void op_x86_step_log(struct op_stub_code *code, const struct op_stub_log *log)
{
	unsigned lost = op_stub_label_create(code), end = op_stub_label_create(code);
	load_address(code, D, log->cell);
	take_record(code, log->size_log2, lost);
	op_x86_emit(code, &op_x86_mov_immediate, false, 0,
		    op_x86_at(D, offsetof(struct op_log_record, log)), log->log);
	op_x86_load(code, A, &log->failed);
	op_x86_emit(code, &op_x86_mov_store, false, A,
		    op_x86_at(D, offsetof(struct op_log_record, failed)), 0);
	for (unsigned i = 0; i < log->value_count; i++) {
		op_x86_load(code, A, &log->values[i]);
		op_x86_emit(code, &op_x86_mov_store, true, A,
			    op_x86_at(D, (int32_t)(offsetof(struct op_log_record, values) + 8 * i)),
			    0);
	}
	op_x86_emit(code, &op_x86_mov_store, true, C,
		    op_x86_at(D, offsetof(struct op_log_record, sequence)), 0);
	op_x86_jump(code, end);
	op_stub_label_place(code, lost);
	op_x86_emit(code, &op_x86_lock_inc, true, 0,
		    op_x86_at(D, offsetof(struct op_log_ring, lost)), 0);
	op_stub_label_place(code, end);
}
