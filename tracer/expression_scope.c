// SPDX-License-Identifier: GPL-3.0-or-later
// The names at a place of the guest's code: of locals from the bytecode, types from the frame table
// or the bytecode, globals and tables of the module. Reads no values.
#include <stdlib.h>
#include <string.h>

#include "target-runtime/instance.h"
#include "target-runtime/store_set.h"
#include "target-runtime/dump_stack.h"
#include "tracer/expression_session.h"
#include "tracer/items.h"
#include "tracer/place.h"
#include "tracer/state.h"

// Locals and operands -------------------------------------------------------------------------

static bool local_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	const struct op_session_scope *s = context;
	for (uint32_t i = 0; s->wasm && i < s->scope.local_count; i++) {
		struct op_wasm_name local = op_wasm_module_local_name(s->wasm, s->function, i);
		if (local.data && local.size == size && !memcmp(local.data, name, size)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static struct op_expression_type type_of(enum op_value_type type)
{
	return (struct op_expression_type){.known = type < OP_VALUE_TYPE_COUNT, .type = type};
}

static bool local_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	const struct op_session_scope *s = context;
	if (index >= s->scope.local_count)
		return false;
	*ret = (struct op_expression_type){0};
	struct op_error *err = NULL;
	const struct op_virtual_frame *internal = op_frame_virtual(s->frame);
	if (internal && internal->dumped) {
		*ret = type_of(op_dump_local(internal, index).type);
	} else if (s->has_descriptor) {
		struct op_frame_place place;
		err = op_frame_descriptor_local(&s->descriptor, index, &place);
		if (!err)
			*ret = (struct op_expression_type){.known = true, .type = place.type};
	} else if (s->wasm) {
		struct op_wasm_type type;
		err = op_wasm_module_local_type(s->wasm, s->function, index, &type);
		if (!err)
			*ret = (struct op_expression_type){
				.known = true, .type = op_value_type_of(s->wasm, &type)};
	}
	// Not known is an answer: reading the value will say more.
	op_error_destroy(err);
	return true;
}

static bool operand_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	const struct op_session_scope *s = context;
	*ret = (struct op_expression_type){0};
	if (!s->scope.operands_known)
		return true;
	if (index >= s->scope.operand_count)
		return false;
	*ret = (struct op_expression_type){.known = true, .type = s->operands[index].type};
	return true;
}

// Globals and tables --------------------------------------------------------------------------

// NULL with scope->problem set: it is not known.
static const struct op_wasm_module *items_of(struct op_session_scope *s)
{
	if (s->in_module && s->wasm)
		return s->wasm;
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_error *err;
	if (s->in_module)
		err = op_error_create(
			OP_ERROR_UNSUPPORTED,
			"the globals and tables of module %s have no names: its "
			"original bytes are not recorded (no guest-debug, or Wasmtime "
			"before 43)",
			s->module->name);
	else
		err = op_state_module_scope(s->session, s->frame, &scope, &module);
	if (!err)
		return module;
	op_error_destroy(s->problem);
	s->problem = err;
	return NULL;
}

static bool global_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	const struct op_wasm_module *module = items_of(context);
	uint32_t count = 0;
	if (module)
		op_wasm_module_globals(module, &count);
	return module && op_item_find(module, OP_WASM_EXTERNAL_GLOBAL, count, name, size, ret) &&
	       *ret < count;
}

static bool global_type(void *context, uint32_t index, struct op_expression_type *ret)
{
	struct op_session_scope *s = context;
	const struct op_wasm_module *module = items_of(s);
	*ret = (struct op_expression_type){0};
	if (!module) {
		// An index needs no module; reading the value will say what is wrong.
		op_error_destroy(op_take(s->problem));
		return true;
	}
	uint32_t count;
	const struct op_wasm_global *globals = op_wasm_module_globals(module, &count);
	if (index >= count)
		return false;
	*ret = (struct op_expression_type){.known = true,
					   .type = op_value_type_of(module, &globals[index].type)};
	return true;
}

static bool table_by_name(void *context, const char *name, size_t size, uint32_t *ret)
{
	const struct op_wasm_module *module = items_of(context);
	uint32_t count = 0;
	if (module)
		op_wasm_module_tables(module, &count);
	return module && op_item_find(module, OP_WASM_EXTERNAL_TABLE, count, name, size, ret) &&
	       *ret < count;
}

// The history ---------------------------------------------------------------------------------

static bool history(void *context, uint64_t number, struct op_operand *ret)
{
	const struct op_session_scope *s = context;
	const struct op_result *kept = op_history_result(s->session, number);
	if (!kept)
		return false;
	*ret = op_operand_value(&kept->value);
	ret->result = *kept;
	if (kept->is_unsigned)
		ret->integer = (int64_t)op_value_bits(&kept->value);
	// A remembered value is no place any more.
	ret->result.has_place = false;
	ret->result.source = OP_SOURCE_NONE;
	ret->result.place_address = op_host_addr(0);
	return true;
}

static bool convenience(void *context, const char *name, size_t size, uint64_t *ret)
{
	const struct op_session_scope *s = context;
	return op_history_find(s->session, name, size, ret);
}

// Scopes --------------------------------------------------------------------------------------

void op_session_scope_deinit(struct op_session_scope *scope)
{
	free(op_take(scope->operands));
	free(op_take(scope->bodies));
	free(op_take(scope->body_name));
	op_error_destroy(op_take(scope->problem));
}

static void init(struct op_session_scope *s, struct op_session *session)
{
	*s = (struct op_session_scope){
		.session = session,
		.scope = {.context = s,
			  .local_by_name = local_by_name,
			  .local_type = local_type,
			  .operand_type = operand_type,
			  .global_by_name = global_by_name,
			  .global_type = global_type,
			  .table_by_name = table_by_name,
			  .history = history,
			  .history_count = session->history.count,
			  .convenience = convenience},
	};
}

// What the frame table tells of one program point.
static struct op_error *take_descriptor(struct op_session_scope *s,
					const struct op_frame_table *table, uint32_t descriptor,
					uint32_t shape, bool operands)
{
	struct op_error *err = op_frame_table_descriptor(table, descriptor, &s->descriptor);
	size_t count = 0;
	if (!err && operands)
		err = op_frame_descriptor_stack(&s->descriptor, shape, &s->operands, &count);
	if (err)
		return err;
	s->has_descriptor = true;
	s->scope.operands_known = operands;
	s->scope.operand_count = (uint32_t)count;
	return NULL;
}

// What a Wasm core dump has of the frame.
static struct op_error *take_dumped(struct op_session_scope *s,
				    const struct op_virtual_frame *frame)
{
	uint32_t count = frame->dumped->operand_count;
	s->operands = calloc(count + 1, sizeof(*s->operands));
	if (!s->operands)
		return op_error_no_memory();
	for (uint32_t i = 0; i < count; i++)
		s->operands[i].type = op_dump_operand(frame, i).type;
	s->scope.operands_known = frame->precision == OP_FRAME_EXACT;
	s->scope.operand_count = count;
	return op_frame_local_count(frame, &s->scope.local_count);
}

// How many locals and parameters the function has; without bytecode every local may be a parameter.
static struct op_error *take_counts(struct op_session_scope *s)
{
	struct op_error *err = NULL;
	s->scope.counts_known = true;
	const struct op_virtual_frame *internal = op_frame_virtual(s->frame);
	if (internal && internal->dumped)
		err = take_dumped(s, internal);
	else if (s->has_descriptor)
		s->scope.local_count = s->descriptor.local_count;
	else if (s->wasm)
		err = op_wasm_module_local_count(s->wasm, s->function, &s->scope.local_count);
	const struct op_wasm_type_def *type =
		s->wasm ? op_wasm_module_function_type(s->wasm, s->function) : NULL;
	s->scope.param_count = type && type->param_count < s->scope.local_count
				       ? type->param_count
				       : s->scope.local_count;
	return err;
}

static struct op_error *of_guest_frame(struct op_session_scope *s)
{
	const struct op_frame *frame = s->frame;
	const struct op_virtual_frame *internal = op_frame_virtual(frame);
	s->module = op_module_by_id(s->session, frame->module_id);
	s->wasm = s->module ? s->module->wasm : NULL;
	s->function = frame->function_index;
	s->in_module = s->wasm && frame->vmctx.value && !op_state_has_selection(s->session);
	const struct op_frame_table *table = NULL;
	struct op_error *err = NULL;
	if (internal->has_descriptor)
		err = op_artifact_frame_table(internal->artifact, &table);
	if (!err && table)
		err = take_descriptor(s, table, internal->descriptor, internal->shape,
				      internal->precision == OP_FRAME_EXACT);
	if (!err && (s->has_descriptor || s->wasm))
		err = take_counts(s);
	return err;
}

struct op_error *op_expression_scope_of_frame(struct op_session *session,
					      const struct op_frame *frame,
					      struct op_session_scope *ret)
{
	init(ret, session);
	if (!frame)
		return op_session_scope_add_guest(ret, 0);
	ret->frame = frame;
	ret->scope.function = frame->function;
	ret->scope.counts_known = true;
	struct op_error *err = NULL;
	if (frame->kind == OP_FRAME_WASM && frame->internal)
		err = of_guest_frame(ret);
	if (!err)
		err = op_session_scope_add_guest(ret, 0);
	if (err)
		op_session_scope_deinit(ret);
	return err;
}

// The frame that executes at a slot's end, where it is of this function.
static struct op_error *at_slot(struct op_session_scope *s, const struct op_frame_table *table,
				const struct op_slot *slot, bool *ret_found)
{
	struct op_point point;
	struct op_point_frame frames[OP_POINT_FRAMES_MAX];
	struct op_frame_descriptor descriptor;
	size_t count = 0;
	*ret_found = false;
	if (!op_frame_table_find_exact(table, slot->text_offset + slot->size, OP_POINT_POST,
				       &point))
		return NULL;
	struct op_error *err =
		op_frame_table_point_frames(table, &point, frames, OP_POINT_FRAMES_MAX, &count);
	if (!err && count)
		err = op_frame_table_descriptor(table, frames[count - 1].descriptor, &descriptor);
	if (err || !count || descriptor.module != s->module->info.index ||
	    descriptor.function + s->module->info.imported_functions != s->function)
		return err;
	*ret_found = true;
	return take_descriptor(s, table, frames[count - 1].descriptor, frames[count - 1].shape,
			       true);
}

// Several slots of one pc (inlined copies, peeled loops) have the same locals and operands.
static struct op_error *at_pc(struct op_session_scope *s, const struct op_frame_table *table,
			      uint32_t pc)
{
	uint32_t bias;
	struct op_error *err = op_place_table_bias(s->module, &bias);
	if (err)
		return err;
	bool found = false;
	size_t count = op_frame_table_slot_count(table);
	for (size_t i = op_frame_table_slot_lower_bound(table, pc + bias);
	     !err && !found && i < count; i++) {
		struct op_slot slot = op_frame_table_slot(table, i);
		if (slot.pc != pc + bias)
			break;
		err = at_slot(s, table, &slot, &found);
	}
	return err;
}

struct op_error *op_expression_scope_at(struct op_session *session, struct op_module_entry *module,
					uint32_t function, uint32_t pc,
					struct op_session_scope *ret)
{
	init(ret, session);
	ret->module = module;
	ret->wasm = module->wasm;
	ret->function = function;
	ret->in_module = true;
	ret->scope.function = op_module_function_name(module, function);
	const struct op_frame_table *table;
	struct op_error *err = op_artifact_frame_table(module->artifact, &table);
	if (!err && table)
		err = at_pc(ret, table, pc);
	if (!err)
		err = take_counts(ret);
	if (!err)
		err = op_session_scope_add_guest(ret, pc);
	if (err)
		op_session_scope_deinit(ret);
	return err;
}

static struct op_error *own_problem(struct op_session_scope *scope, struct op_error *err)
{
	if (!err || !scope->problem)
		return err;
	op_error_destroy(err);
	return op_take(scope->problem);
}

struct op_error *op_session_scope_parse(struct op_session_scope *scope, const char *text,
					struct op_expression **ret)
{
	return own_problem(scope, op_expression_parse(text, &scope->scope, ret));
}

struct op_error *op_session_scope_parse_term(struct op_session_scope *scope, const char *text,
					     bool types, struct op_expression **ret)
{
	return own_problem(scope, op_expression_parse_term(text, &scope->scope, types, ret));
}
