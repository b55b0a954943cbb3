// SPDX-License-Identifier: GPL-3.0-or-later
// Where variables are; see source_locate.h. An operand is the same one from the beginning of the
// location's range to a pc when the operand stack was never lower than it at an instruction
// between them, which the frame table tells of each patch slot.
#include "tracer/source_locate.h"

#include <stdlib.h>
#include <string.h>

#include "target-runtime/frame_table.h"
#include "tracer/place.h"
#include "tracer/source_native.h"

enum {
	/** Instructions of one range that are looked at. */
	SLOTS_MAX = 1 << 16,
};

// The highest operand that a location uses; false: none.
static bool find_operand(const struct op_debug_location *location, uint32_t *ret)
{
	bool found = false;
	*ret = 0;
	for (size_t i = 0; i < location->piece_count; i++) {
		const struct op_location_piece *piece = &location->pieces[i];
		if (piece->kind == OP_LOCATION_WASM_OPERAND) {
			*ret = found && *ret > piece->index ? *ret : piece->index;
			found = true;
		}
		for (size_t k = 0; k < piece->step_count; k++) {
			uint32_t index = (uint32_t)piece->steps[k].value;
			if (piece->steps[k].op != OP_LOCATION_OPERAND)
				continue;
			*ret = found && *ret > index ? *ret : index;
			found = true;
		}
	}
	return found;
}

// How many operands there are at the end of a slot, before its instruction.
static struct op_error *count_operands(const struct op_frame_table *table,
				       const struct op_slot *slot, size_t *ret)
{
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	struct op_frame_descriptor descriptor;
	struct op_frame_place *operands = NULL;
	size_t count = 0;
	*ret = 0;
	if (!op_frame_table_find_exact(table, slot->text_offset + slot->size, OP_POINT_POST,
				       &point))
		return NULL;
	struct op_error *err =
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count);
	if (err || !count)
		return err;
	err = op_frame_table_descriptor(table, frames[count - 1].descriptor, &descriptor);
	if (!err)
		err = op_frame_descriptor_stack(&descriptor, frames[count - 1].shape, &operands,
						ret);
	free(operands);
	return err;
}

static struct op_error *operand_lasts(const struct op_module_entry *module,
				      const struct op_location_range *range, uint32_t pc,
				      uint32_t operand, bool *ret)
{
	const struct op_frame_table *table;
	uint32_t bias = 0;
	*ret = false;
	struct op_error *err = op_artifact_frame_table(module->artifact, &table);
	if (!err && table)
		err = op_place_table_bias(module, &bias);
	if (err || !table)
		return err;
	size_t slots = op_frame_table_slot_count(table), seen = 0;
	size_t first = op_frame_table_slot_lower_bound(table, range->low_pc + bias);
	for (size_t i = first; i < slots && seen < SLOTS_MAX; i++, seen++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		size_t count;
		if (slot.pc > pc + bias)
			break;
		err = count_operands(table, &slot, &count);
		if (err || count <= operand)
			return err;
	}
	*ret = seen > 0 && seen < SLOTS_MAX;
	return NULL;
}

// Locals --------------------------------------------------------------------------------------

// LLVM gives a local to several variables one after the other, and ends the range of the first one
// not where the second begins (WebAssemblyRegColoring.cpp): the local is the newest one's.

/** A variable that is one Wasm local as a whole. */
struct held {
	struct op_module_entry *module;
	struct op_debug_info *info;
	uint32_t pc, local, since; // since: where its range begins
};

static bool is_whole_local(const struct op_debug_location *location)
{
	return !location->problem && location->piece_count == 1 && !location->pieces[0].bit_size &&
	       location->pieces[0].kind == OP_LOCATION_WASM_LOCAL;
}

// Whether another variable has come to be in the local since.
static struct op_error *is_taken_by(const struct held *held, const struct op_debug_variable *other,
				    bool *ret)
{
	struct op_debug_location location;
	*ret = false;
	struct op_error *err =
		op_debug_locate(held->info, other->die, other->function, held->pc, &location);
	if (err)
		return err;
	uint32_t begins = location.here.low_pc;
	*ret = is_whole_local(&location) && location.pieces[0].index == held->local &&
	       begins > held->since &&
	       !op_wasm_module_local_is_kept(held->module->wasm, held->since, begins, held->local);
	op_location_deinit(&location);
	return NULL;
}

static struct op_error *find_taker(const struct held *held, const struct op_debug_function *body,
				   struct op_die except, const char **ret)
{
	_cleanup_free_ struct op_debug_variable *variables = NULL;
	size_t count = 0;
	struct op_error *err =
		op_debug_variables_at(held->info, body, held->pc, &variables, &count);
	for (size_t i = 0; !err && !*ret && i < count; i++) {
		bool taken = false;
		if (variables[i].die.offset != except.offset)
			err = is_taken_by(held, &variables[i], &taken);
		if (taken)
			*ret = variables[i].name;
	}
	return err;
}

/** @param[out] ret the variable that is in the local now; NULL: it is the one that was asked for.
 */
static struct op_error *local_taken(struct op_module_entry *module, struct op_debug_info *info,
				    const struct op_debug_variable *variable, uint32_t pc,
				    const struct op_debug_location *location, const char **ret)
{
	struct op_wasm_body code;
	uint32_t function;
	*ret = NULL;
	if (!is_whole_local(location) || !module || !module->wasm ||
	    !op_wasm_module_function_at(module->wasm, pc, &function) ||
	    !op_wasm_module_function_body(module->wasm, function, &code))
		return NULL;
	struct held held = {.module = module,
			    .info = info,
			    .pc = pc,
			    .local = location->pieces[0].index,
			    .since = location->here.low_pc};
	if (held.since < code.code_start)
		held.since = code.code_start;
	if (op_wasm_module_local_is_kept(module->wasm, held.since, pc, held.local))
		return NULL;
	_cleanup_free_ struct op_debug_function *bodies = NULL;
	size_t count = 0;
	struct op_error *err = op_debug_functions_at(info, pc, &bodies, &count);
	for (size_t i = 0; !err && !*ret && i < count; i++)
		err = find_taker(&held, &bodies[i], variable->die, ret);
	return err;
}

// Both ----------------------------------------------------------------------------------------

// Something else is where it was.
static struct op_error *gone(struct op_debug_location *location, const char *taker)
{
	_cleanup_text_ struct op_text text = OP_TEXT_INIT;
	op_location_deinit(location);
	if (taker) {
		op_text_append(&text, "optimised out here: ");
		op_text_append_escaped(&text, taker, strlen(taker));
		op_text_append(&text, " is in its place now");
	} else {
		op_text_append(&text, "optimised out here: it was on the operand stack, and was "
				      "taken from there");
	}
	location->is_gone = true;
	return op_text_steal(&text, &location->problem);
}

struct op_error *op_source_locate(struct op_module_entry *module, struct op_debug_info *info,
				  const struct op_debug_variable *variable, uint32_t pc,
				  struct op_debug_location *ret)
{
	uint32_t operand;
	bool lasts = true;
	const char *taker = NULL;
	struct op_error *err = op_debug_locate(info, variable->die, variable->function, pc, ret);
	if (err || ret->problem)
		return err;
	if (find_operand(ret, &operand)) {
		lasts = false;
		if (module && ret->here.low_pc)
			err = operand_lasts(module, &ret->here, pc, operand, &lasts);
	}
	if (!err)
		err = local_taken(module, info, variable, pc, ret, &taker);
	if (err)
		op_location_deinit(ret);
	return err || (lasts && !taker) ? err : gone(ret, taker);
}

static bool is_constant(const struct op_debug_location *location)
{
	for (size_t i = 0; i < location->piece_count; i++)
		if (location->pieces[i].kind != OP_LOCATION_BYTES)
			return false;
	return location->piece_count;
}

void op_source_located_deinit(struct op_source_located *located)
{
	op_location_deinit(&located->location);
	free(located->not_natively);
	*located = (struct op_source_located){.native = false};
}

struct op_error *op_source_locate_in_frame(struct op_session *session, const struct op_frame *frame,
					   const struct op_source_body *body,
					   const struct op_debug_variable *variable, uint64_t size,
					   struct op_source_located *ret)
{
	*ret = (struct op_source_located){.native = false};
	struct op_error *err =
		op_source_locate(body->module, body->info, variable, body->pc, &ret->location);
	// Wasmtime has translated what the guest's compiler says, wrong or right. A constant is
	// one.
	if (err || ret->location.is_gone || is_constant(&ret->location) ||
	    !op_source_native_applies(session, frame, variable))
		return err;
	struct op_debug_location native;
	err = op_source_native_locate(session, frame, body, variable, size, &native);
	if (err)
		return err;
	ret->native = !native.problem;
	if (ret->native) {
		op_location_deinit(&ret->location);
		ret->location = native;
	} else {
		ret->not_natively = op_take(native.problem);
		op_location_deinit(&native);
	}
	return NULL;
}
