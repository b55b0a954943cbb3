// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a line cache, shared by line_function.c and line_plan.c, and by nobody else.
#ifndef OP_TRACER_LINE_PRIVATE_H
#define OP_TRACER_LINE_PRIVATE_H

#include "tracer/line_plan.h"

struct op_line_of {
	const char *file; /**< borrowed from the information; NULL: not known */
	uint32_t line;    /**< 0: not known */
};
bool op_line_same(const struct op_line_of *a, const struct op_line_of *b);

struct op_line_row {
	uint32_t pc, end_pc;
	uint32_t first; /**< the first instruction that runs whenever the row does */
	struct op_line_of at;
	bool is_statement;
	bool bodies_known;
	struct op_debug_function *bodies; /**< around it, innermost first */
	size_t body_count;
};

struct op_line_function {
	const void *owner;
	const struct op_wasm_module *wasm; /**< NULL: nothing is known of its code */
	struct op_debug_info *info;        /**< NULL: of its module there is none */
	uint32_t index, start, end;
	uint32_t entry; /**< behind the prologue; 0: not looked for yet */
	bool has_lines;
	struct op_line_row *rows; /**< ascending by pc */
	size_t row_count;
	struct op_wasm_flow *flow; /**< NULL until it is asked for */
};

// line_function.c
struct op_error *op_line_function_create(const struct op_wasm_module *wasm,
					 struct op_debug_info *info, uint32_t index,
					 struct op_line_function **ret);
void op_line_function_destroy(struct op_line_function *function);
/** NULL: the instruction belongs to none. */
struct op_line_row *op_line_function_row(const struct op_line_function *function, uint32_t pc);
/** Fill in row->bodies. */
struct op_error *op_line_row_bodies(struct op_line_function *function, struct op_line_row *row);
/** How many bodies, from the outside in, two places have in common. */
size_t op_line_common_bodies(const struct op_debug_function *a, size_t a_count,
			     const struct op_debug_function *b, size_t b_count);

#endif
