// SPDX-License-Identifier: GPL-3.0-or-later
// Between the two halves of the x86-64 back end: operands and expressions (stub_x86_64.c), and
// whole steps (stub_x86_64_steps.c).
#ifndef OP_TRACER_AGENT_STUB_X86_64_H
#define OP_TRACER_AGENT_STUB_X86_64_H

#include "tracer/agent/asm_x86_64.h"

/** Whether code can address @p target relative to itself. */
bool op_x86_reaches(const struct op_stub_code *code, uint64_t target);
/** The memory at an address; @p scratch is used where the code does not reach it. */
struct op_x86_rm op_x86_absolute(struct op_stub_code *code, uint64_t address, unsigned scratch);
struct op_x86_rm op_x86_temp(struct op_stub_code *code, unsigned temp);
/** Nothing happens for a REGISTER: it is there. */
void op_x86_load(struct op_stub_code *code, unsigned reg, const struct op_stub_operand *from);

void op_x86_step_count(struct op_stub_code *code, uint64_t cell, bool atomic);
void op_x86_step_trace(struct op_stub_code *code, uint64_t cell, unsigned size_log2);
void op_x86_step_ignore(struct op_stub_code *code, uint64_t cell, unsigned no);
void op_x86_step_frame(struct op_stub_code *code, uint64_t cell, unsigned no);
void op_x86_step_outer(struct op_stub_code *code, uint64_t limit, unsigned no);
void op_x86_step_exchange(struct op_stub_code *code, uint64_t cell, unsigned temp, unsigned again);
void op_x86_step_log(struct op_stub_code *code, const struct op_stub_log *log);

#endif
