// SPDX-License-Identifier: GPL-3.0-or-later
// A function's statements and the inlined bodies around them, read once. See line_plan.h.
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tracer/breakpoint_source.h"
#include "tracer/line_private.h"

bool op_line_same(const struct op_line_of *a, const struct op_line_of *b)
{
	if (a->line != b->line)
		return false;
	return a->file == b->file || (a->file && b->file && !strcmp(a->file, b->file));
}

void op_line_function_destroy(struct op_line_function *function)
{
	if (!function)
		return;
	for (size_t i = 0; i < function->row_count; i++)
		free(function->rows[i].bodies);
	free(function->rows);
	op_wasm_flow_destroy(function->flow);
	free(function);
}

static void destroyp(struct op_line_function **function)
{
	op_line_function_destroy(*function);
}

// A loop's head is entered behind the `loop`: a statement begins at what runs first of it.
static struct op_error *read_rows(struct op_line_function *function,
				  const struct op_wasm_module *wasm)
{
	_cleanup_free_ struct op_debug_line *lines = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_lines_between(function->info, function->start,
						      function->end, &lines, &count);
	if (err || !count)
		return err;
	function->rows = calloc(count, sizeof(*function->rows));
	if (!function->rows)
		return op_error_no_memory();
	function->row_count = count;
	for (size_t i = 0; i < count; i++) {
		struct op_line_row *row = &function->rows[i];
		*row = (struct op_line_row){
			.pc = lines[i].pc,
			.end_pc = lines[i].end_pc,
			.first = op_code_first(wasm, lines[i].pc, lines[i].end_pc),
			.at = {lines[i].file, lines[i].line},
			.is_statement = lines[i].is_statement && lines[i].line,
		};
		function->has_lines |= lines[i].line != 0;
	}
	return NULL;
}

struct op_error *op_line_function_create(const struct op_wasm_module *wasm,
					 struct op_debug_info *info, uint32_t index,
					 struct op_line_function **ret)
{
	_cleanup_(destroyp) struct op_line_function *function = calloc(1, sizeof(*function));
	struct op_wasm_body body;
	if (!function)
		return op_error_no_memory();
	if (wasm && op_wasm_module_function_body(wasm, index, &body)) {
		function->wasm = wasm;
		function->info = info;
		function->index = index;
		function->start = body.code_start;
		function->end = body.end;
	}
	struct op_error *err = function->wasm && info ? read_rows(function, wasm) : NULL;
	if (err)
		return err;
	*ret = op_take(function);
	return NULL;
}

struct op_debug_info *op_line_function_info(const struct op_line_function *function)
{
	return function->info;
}

bool op_line_function_has_lines(const struct op_line_function *function)
{
	return function->has_lines;
}

uint32_t op_line_function_start(const struct op_line_function *function)
{
	return function->start;
}

struct op_line_row *op_line_function_row(const struct op_line_function *function, uint32_t pc)
{
	size_t low = 0, high = function->row_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (function->rows[middle].pc <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low && pc < function->rows[low - 1].end_pc ? &function->rows[low - 1] : NULL;
}

bool op_line_function_is_start(const struct op_line_function *function, uint32_t pc)
{
	const struct op_line_row *row = op_line_function_row(function, pc);
	return row && row->is_statement && row->first == pc;
}

struct op_error *op_line_row_bodies(struct op_line_function *function, struct op_line_row *row)
{
	if (row->bodies_known)
		return NULL;
	struct op_error *err =
		op_debug_functions_at(function->info, row->first, &row->bodies, &row->body_count);
	row->bodies_known = !err;
	return err;
}

struct op_error *op_line_function_entry(struct op_line_function *function, uint32_t *ret_pc)
{
	*ret_pc = function->start;
	if (!function->has_lines)
		return NULL;
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	if (function->entry) {
		*ret_pc = function->entry;
		return NULL;
	}
	struct op_error *err =
		op_debug_functions_at(function->info, function->start, &bodies, &count);
	if (!err && count)
		err = op_debug_function_body(function->info, &bodies[count - 1], ret_pc);
	if (err)
		return err;
	const struct op_line_row *row = op_line_function_row(function, *ret_pc);
	if (row && row->pc == *ret_pc)
		*ret_pc = row->first;
	function->entry = *ret_pc;
	return NULL;
}

struct op_error *op_line_function_inlined(struct op_line_function *function, uint32_t pc,
					  uint32_t *ret)
{
	struct op_line_row *row = op_line_function_row(function, pc);
	*ret = 0;
	struct op_error *err = row ? op_line_row_bodies(function, row) : NULL;
	if (!err && row && row->body_count)
		*ret = (uint32_t)row->body_count - 1;
	return err;
}

size_t op_line_common_bodies(const struct op_debug_function *a, size_t a_count,
			     const struct op_debug_function *b, size_t b_count)
{
	size_t common = 0;
	while (common < a_count && common < b_count &&
	       a[a_count - 1 - common].die.offset == b[b_count - 1 - common].die.offset)
		common++;
	return common;
}

struct op_error *op_line_function_new_bodies(struct op_line_function *function, uint32_t before,
					     uint32_t pc, uint32_t *ret)
{
	struct op_line_row *old = op_line_function_row(function, before);
	struct op_line_row *row = op_line_function_row(function, pc);
	*ret = 0;
	if (!old || !row)
		return NULL;
	struct op_error *err = op_line_row_bodies(function, old);
	if (!err)
		err = op_line_row_bodies(function, row);
	if (err)
		return err;
	size_t common =
		op_line_common_bodies(old->bodies, old->body_count, row->bodies, row->body_count);
	*ret = common ? (uint32_t)(row->body_count - common) : 0;
	return NULL;
}
