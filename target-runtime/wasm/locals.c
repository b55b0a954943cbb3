// SPDX-License-Identifier: GPL-3.0-or-later
// The types of a function's locals: its parameters, then what the start of its body declares, run
// by run.
#include <inttypes.h>

#include "target-runtime/wasm/module_private.h"
#include "target-runtime/wasm/types.h"

/** Locals up to (not including) number end have this type. */
struct run {
	uint32_t end;
	struct op_wasm_type type;
};

/**
 * The runs of the function that was asked about last: a debugger asks for all locals of one frame,
 * then for those of another.
 */
struct op_wasm_locals {
	uint32_t function; /**< UINT32_MAX: none yet */
	struct OP_ARRAY(struct run) runs;
};

struct op_wasm_locals *op_wasm_locals_create(void)
{
	struct op_wasm_locals *locals = calloc(1, sizeof(*locals));
	if (locals)
		locals->function = UINT32_MAX;
	return locals;
}

void op_wasm_locals_destroy(struct op_wasm_locals *locals)
{
	if (!locals)
		return;
	free(locals->runs.data);
	free(locals);
}

static struct op_error *run_count_read(struct op_reader *r, uint32_t *ret)
{
	struct op_reader start = *r;
	struct op_error *error = op_reader_uleb32(r, ret);
	// Each is a count and a type.
	if (!error && *ret > op_reader_left(r) / 2)
		return op_reader_fail(&start, "%" PRIu32 " groups of locals do not fit the body",
				      *ret);
	return error;
}

static struct op_error *run_read(struct op_reader *r, uint64_t *total, struct op_wasm_type *type)
{
	struct op_reader start = *r;
	uint32_t count;
	struct op_error *error = op_reader_uleb32(r, &count);
	if (error)
		return error;
	*total += count;
	if (*total > OP_WASM_LOCALS_MAX)
		return op_error_at(op_error_create(OP_ERROR_LIMIT,
						   "a function has more than %d locals",
						   OP_WASM_LOCALS_MAX),
				   "%s, offset 0x%zx", r->what, op_reader_offset(&start));
	return op_wasm_type_read(r, type);
}

struct op_error *op_wasm_locals_skip(struct op_reader *r)
{
	uint32_t count;
	uint64_t total = 0;
	struct op_wasm_type type;
	struct op_error *error = run_count_read(r, &count);
	for (uint32_t i = 0; !error && i < count; i++)
		error = run_read(r, &total, &type);
	return error;
}

static struct op_error *locals_load(const struct op_wasm_module *module, uint32_t function)
{
	struct op_wasm_locals *locals = module->locals;
	if (locals->function == function)
		return NULL;
	struct op_wasm_body body;
	if (!op_wasm_module_function_body(module, function, &body))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "function %" PRIu32 " has no body in this module", function);
	locals->function = UINT32_MAX;
	locals->runs.count = 0;
	const struct op_wasm_type_def *type = op_wasm_module_function_type(module, function);
	uint64_t total = 0;
	for (uint32_t i = 0; type && i < type->param_count; i++) {
		struct run run = {.end = (uint32_t)++total, .type = type->params[i]};
		if (!op_array_push(&locals->runs, run))
			return op_error_no_memory();
	}
	struct op_reader r = op_reader(&module->bytes);
	uint32_t count;
	struct op_error *error = op_reader_seek(&r, body.start);
	if (!error)
		error = run_count_read(&r, &count);
	uint64_t params = total;
	for (uint32_t i = 0; !error && i < count; i++) {
		struct run run;
		uint64_t declared = total - params;
		error = run_read(&r, &declared, &run.type);
		total = params + declared;
		run.end = (uint32_t)total;
		if (!error && !op_array_push(&locals->runs, run))
			return op_error_no_memory();
	}
	if (!error)
		locals->function = function;
	return error;
}

struct op_error *op_wasm_module_local_count(const struct op_wasm_module *module, uint32_t function,
					    uint32_t *ret)
{
	struct op_error *error = locals_load(module, function);
	if (error)
		return error;
	const struct op_wasm_locals *locals = module->locals;
	*ret = locals->runs.count ? locals->runs.data[locals->runs.count - 1].end : 0;
	return NULL;
}

struct op_error *op_wasm_module_local_type(const struct op_wasm_module *module, uint32_t function,
					   uint32_t local, struct op_wasm_type *ret)
{
	struct op_error *error = locals_load(module, function);
	if (error)
		return error;
	const struct op_wasm_locals *locals = module->locals;
	size_t low = 0, high = locals->runs.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (local < locals->runs.data[middle].end)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == locals->runs.count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "function %" PRIu32 " has no local %" PRIu32, function,
				       local);
	*ret = locals->runs.data[low].type;
	return NULL;
}

/** What happens to a local in a stretch of code. */
struct local_use {
	bool written;
	bool loops; // a loop begins
};

static bool use_of(const struct op_wasm_module *module, uint32_t from, uint32_t to, uint32_t local,
		   struct local_use *ret)
{
	enum { LOCAL_SET = 0x21, LOCAL_TEE = 0x22 };
	struct op_wasm_instruction instruction;
	*ret = (struct local_use){.written = false};
	for (uint32_t at = from; at < to; at += instruction.size) {
		struct op_error *err _cleanup_error_ =
			op_wasm_instruction_decode(module, at, &instruction);
		if (err)
			return false;
		bool writes = instruction.opcode == LOCAL_SET || instruction.opcode == LOCAL_TEE;
		ret->written |= writes && instruction.immediate == local;
		ret->loops |= instruction.control == OP_WASM_LOOP;
	}
	return true;
}

bool op_wasm_module_local_is_kept(const struct op_wasm_module *module, uint32_t from, uint32_t to,
				  uint32_t local)
{
	struct local_use use;
	return use_of(module, from, to, local, &use) && !use.written;
}

static bool body_around(const struct op_wasm_module *module, uint32_t offset,
			struct op_wasm_body *ret)
{
	uint32_t function;
	return op_wasm_module_function_at(module, offset, &function) &&
	       op_wasm_module_function_body(module, function, ret);
}

bool op_wasm_module_local_is_constant(const struct op_wasm_module *module, uint32_t offset,
				      uint32_t local)
{
	struct op_wasm_body body;
	return body_around(module, offset, &body) &&
	       op_wasm_module_local_is_kept(module, body.code_start, body.end, local);
}

bool op_wasm_module_local_is_argument(const struct op_wasm_module *module, uint32_t offset,
				      uint32_t local)
{
	struct op_wasm_body body;
	struct local_use before;
	if (!body_around(module, offset, &body) ||
	    !use_of(module, body.code_start, offset, local, &before) || before.written)
		return false;
	return !before.loops || op_wasm_module_local_is_kept(module, offset, body.end, local);
}
