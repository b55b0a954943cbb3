// SPDX-License-Identifier: GPL-3.0-or-later
// The values of an expression's leaves in a frame of the stopped target: only those are read that
// the expression needs. Knows no operators.
#include <inttypes.h>
#include <string.h>

#include "target-runtime/global.h"
#include "target-runtime/instance.h"
#include "target-runtime/table.h"
#include "tracer/expression_session.h"
#include "tracer/items.h"
#include "tracer/objects.h"
#include "tracer/shadow_frames.h"

// A reference is good at this stop and in its own store only.
static void mark_reference(const struct op_session_source *s, struct op_host_addr store,
			   struct op_operand *operand)
{
	if (op_value_is_gc_reference(&operand->result.value)) {
		operand->result.stop = op_state_stop(s->session);
		operand->result.store = store;
	}
}

// The store of the frame's instance; 0 when it is not known.
static struct op_host_addr frame_store(const struct op_session_source *s)
{
	struct op_host_addr store = {0};
	struct op_memory memory = op_session_memory(s->session);
	if (s->frame->vmctx.value)
		op_error_destroy(op_instance_store(&memory, s->frame->vmctx, &store));
	return store;
}

static struct op_operand frame_operand(const struct op_session_source *s,
				       const struct op_value *value)
{
	struct op_operand operand = op_operand_value(value);
	if (op_value_is_gc_reference(value))
		mark_reference(s, frame_store(s), &operand);
	return operand;
}

static struct op_host_addr store_address(const struct op_store_set *set, uint32_t number)
{
	size_t count;
	const struct op_store *stores = op_store_set_stores(set, &count);
	return number < count ? stores[number].address : op_host_addr(0);
}

// What stands in a global, a table or an object.
static struct op_operand cell_operand(const struct op_session_source *s, const struct op_cell *cell,
				      enum op_source_kind source, struct op_host_addr store)
{
	struct op_value value = op_object_shown_value(cell);
	struct op_operand operand = op_operand_value(&value);
	mark_reference(s, store, &operand);
	operand.result.source = source;
	operand.result.width = cell->size;
	if (!op_cell_is_number(cell))
		operand.read_only = "only numbers can be written: a reference has to be known to "
				    "Wasmtime's garbage collector or type checks";
	else if (!cell->is_mutable)
		operand.read_only =
			"it is immutable: the compiled code may have used its value already";
	else if (value.state == OP_VALUE_PRESENT)
		operand.result.place_address = cell->value.address;
	return operand;
}

// Frames --------------------------------------------------------------------------------------

static struct op_error *local(void *context, uint32_t index, struct op_operand *ret)
{
	const struct op_session_source *s = context;
	struct op_value value;
	struct op_error *err = op_session_local(s->session, s->frame, index, &value);
	if (!err)
		*ret = frame_operand(s, &value);
	return err;
}

struct op_error *op_source_location_local(struct op_session *session, const struct op_frame *frame,
					  uint32_t index, bool *ret_recovered, struct op_value *ret)
{
	uint64_t address = 0;
	// Without the module's bytes nothing is known of its locals; the sentence is the same.
	struct op_error *err = frame->no_values && !frame->local_count
				       ? op_shadow_frame_address(session, frame, index, &address)
				       : op_session_local(session, frame, index, ret);
	if (err || !frame->no_values || ret->state != OP_VALUE_NOT_RECORDED)
		return err;
	err = op_shadow_frame_address(session, frame, index, &address);
	if (err)
		return err;
	ret->state = OP_VALUE_PRESENT;
	for (size_t i = 0; i < op_value_type_size(ret->type) && i < sizeof(address); i++)
		ret->bytes[i] = (uint8_t)(address >> 8 * i);
	*ret_recovered = true;
	return NULL;
}

static struct op_error *location_local(void *context, uint32_t index, struct op_operand *ret)
{
	struct op_session_source *s = context;
	struct op_value value;
	struct op_error *err =
		op_source_location_local(s->session, s->frame, index, &s->recovered, &value);
	if (!err)
		*ret = frame_operand(s, &value);
	return err;
}

static struct op_error *operand(void *context, uint32_t index, struct op_operand *ret)
{
	const struct op_session_source *s = context;
	const struct op_variable *operands;
	size_t count;
	enum op_value_state reason;
	struct op_error *err =
		op_session_operands(s->session, s->frame, &operands, &count, &reason);
	if (err)
		return err;
	if (reason != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "the operand stack of %s is %s",
				       s->frame->function, op_value_state_message(reason));
	if (index >= count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the operand stack has no value %" PRIu32
				       " (it has %zu; $stack0 is the bottom)",
				       index, count);
	*ret = frame_operand(s, &operands[index].value);
	return NULL;
}

static struct op_error *pc(void *context, uint32_t *ret)
{
	const struct op_session_source *s = context;
	if (!s->frame->has_pc)
		return op_error_create(OP_ERROR_NOT_FOUND, "the frame's pc is not known");
	*ret = s->frame->pc;
	return NULL;
}

// Globals, tables, memories -------------------------------------------------------------------

// A frame tells its instance without a search for all stores.
static struct op_error *global_of_frame(const struct op_session_source *s, uint32_t index,
					struct op_operand *ret, bool *ret_done)
{
	const struct op_frame *frame = s->frame;
	*ret_done = false;
	if (!frame || frame->kind != OP_FRAME_WASM || !frame->vmctx.value ||
	    op_state_has_selection(s->session))
		return NULL;
	const struct op_module_entry *module = op_module_by_id(s->session, frame->module_id);
	const struct op_layout *layout = module ? op_artifact_info(module->artifact)->layout : NULL;
	if (!layout || !module->wasm)
		return NULL;
	*ret_done = true;
	struct op_memory memory = op_session_memory(s->session);
	struct op_cell cell;
	struct op_error *err = op_session_need_stopped(s->session);
	if (!err)
		err = op_global_read(&memory, layout, module->wasm, frame->vmctx, index, &cell);
	if (err)
		return err;
	bool reference = op_value_is_gc_reference(&cell.value);
	*ret = cell_operand(s, &cell, OP_SOURCE_GLOBAL,
			    reference ? frame_store(s) : op_host_addr(0));
	return NULL;
}

static struct op_error *global(void *context, uint32_t index, struct op_operand *ret)
{
	const struct op_session_source *s = context;
	bool done;
	struct op_error *err = global_of_frame(s, index, ret, &done);
	if (err || done)
		return err;
	struct op_scope scope;
	struct op_cell cell;
	err = op_state_scope(s->session, s->frame, &scope);
	if (!err)
		err = op_instance_global(scope.set, scope.instance, index, &cell);
	if (!err)
		*ret = cell_operand(s, &cell, OP_SOURCE_GLOBAL,
				    store_address(scope.set, scope.instance->store));
	return err;
}

static struct op_error *table(void *context, uint32_t index, uint64_t first, uint64_t end,
			      bool range, struct op_operand *ret)
{
	const struct op_session_source *s = context;
	struct op_scope scope;
	struct op_table_state table;
	struct op_error *err = op_state_scope(s->session, s->frame, &scope);
	if (!err)
		err = op_instance_table(scope.set, scope.instance, index, &table);
	if (err)
		return err;
	if (end > table.size || (!range && first >= table.size))
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "table %" PRIu32 " has no element %" PRIu64
				       " (it has %" PRIu64 ")",
				       index, end - 1, table.size);
	struct op_operand operand = {
		.result = {.value = {.type = op_value_type_of(table.module, &table.type)}}};
	if (!range) {
		struct op_table_element element;
		err = op_table_elements(scope.set, &table, first, 1, &element);
		if (err)
			return err;
		operand = cell_operand(s, &element.cell, OP_SOURCE_TABLE,
				       store_address(scope.set, scope.instance->store));
		operand.read_only =
			"the elements of a table are references, and only numbers can be written";
		operand.result.range = element.lazy ? OP_RANGE_TABLE_ELEMENT : OP_RANGE_NONE;
	} else {
		operand.result.range = OP_RANGE_TABLE;
	}
	operand.result.source = OP_SOURCE_TABLE;
	operand.result.table = index;
	operand.result.range_first = first;
	operand.result.range_count = end - first;
	*ret = operand;
	return NULL;
}

static struct op_error *memory(void *context, uint32_t index, uint64_t offset, void *buffer,
			       size_t size)
{
	const struct op_session_source *s = context;
	return op_session_read_memory(s->session, s->frame, index, offset, buffer, size);
}

// Objects -------------------------------------------------------------------------------------

static struct op_error *object_of(const struct op_session_source *s, const char *text,
				  const struct op_operand *base,
				  const struct op_store_set **ret_set, struct op_gc_object *ret)
{
	const struct op_value *value = &base->result.value;
	if (base->result.range != OP_RANGE_NONE)
		return op_error_create(OP_ERROR_SYNTAX,
				       "\"%s\": a range has no fields and no elements of its own",
				       text);
	if (value->state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": a value in it is %s", text,
				       op_value_state_message(value->state));
	if (!op_value_is_gc_reference(value))
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "\"%s\": a value of type %s has no fields and no elements",
				       text, op_value_type_name(value->type));
	struct op_error *err = op_object_of(s->session, s->frame, &base->result, ret_set, ret);
	if (!err && ret->kind == OP_GC_NULL)
		err = op_error_create(OP_ERROR_NOT_FOUND, "\"%s\": the reference is null", text);
	if (!err && ret->kind == OP_GC_BAD)
		err = op_error_create(OP_ERROR_FORMAT,
				      "\"%s\": the reference leads to no object: %s", text,
				      ret->problem ?: "its header makes no sense");
	return err;
}

static struct op_error *load_field(const struct op_session_source *s,
				   const struct op_store_set *set,
				   const struct op_gc_object *object, uint32_t index,
				   struct op_operand *ret)
{
	struct op_cell cell;
	struct op_error *err = op_gc_object_field(set, object, index, &cell);
	if (!err)
		*ret = cell_operand(s, &cell, OP_SOURCE_FIELD, store_address(set, object->store));
	return err;
}

// The longest beginning of a dotted name that is a field of the object: "a.b.c", "a.b", "a".
static struct op_error *longest_field(const struct op_gc_object *object, const char *name,
				      size_t *ret_size, uint32_t *ret)
{
	size_t size = strlen(name);
	struct op_error *first_error _cleanup_error_ = NULL;
	while (size) {
		struct op_error *err = op_object_field_index(object, name, size, ret);
		*ret_size = size;
		if (!err)
			return NULL;
		op_error_destroy(op_take(first_error));
		first_error = err;
		while (size && name[--size] != '.')
			;
	}
	return op_take(first_error);
}

static struct op_error *field_by_name(const struct op_session_source *s, const char *text,
				      const struct op_operand *base, const char *name,
				      struct op_operand *ret)
{
	*ret = *base;
	for (;;) {
		const struct op_store_set *set;
		struct op_gc_object object;
		uint32_t index;
		size_t size = 0;
		struct op_error *err = object_of(s, text, ret, &set, &object);
		if (!err)
			err = longest_field(&object, name, &size, &index);
		if (!err)
			err = load_field(s, set, &object, index, ret);
		if (err || !name[size])
			return err;
		name += size + 1;
	}
}

static struct op_error *field(void *context, const char *text, const struct op_operand *base,
			      const char *name, uint32_t index, struct op_operand *ret)
{
	char number[16];
	snprintf(number, sizeof(number), "%" PRIu32, index);
	return field_by_name(context, text, base, name ?: number, ret);
}

static struct op_error *element(void *context, const char *text, const struct op_operand *base,
				uint64_t first, uint64_t end, bool range, struct op_operand *ret)
{
	const struct op_session_source *s = context;
	const struct op_store_set *set;
	struct op_gc_object object;
	struct op_error *err = object_of(s, text, base, &set, &object);
	if (err)
		return err;
	if (object.kind != OP_GC_ARRAY)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"\"%s\": only arrays have elements; .field0 is the first field of a struct",
			text);
	if (end > object.field_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the array has no element %" PRIu64 " (it has %" PRIu32 ")",
				       end - 1, object.field_count);
	if (!range)
		return load_field(s, set, &object, (uint32_t)first, ret);
	*ret = *base;
	ret->result.range = OP_RANGE_ARRAY;
	ret->result.range_first = first;
	ret->result.range_count = end - first;
	ret->result.place_address = op_host_addr(0);
	ret->read_only = "only one element at a time can be set";
	return NULL;
}

static struct op_error *object(void *context, const char *text, const struct op_operand *base,
			       struct op_operand *ret)
{
	const struct op_store_set *set;
	struct op_gc_object object;
	*ret = *base;
	if (base->result.value.type == OP_VALUE_FUNCREF &&
	    base->result.value.state == OP_VALUE_PRESENT)
		return NULL;
	return object_of(context, text, base, &set, &object);
}

void op_session_source_init(struct op_session_source *source, struct op_session *session,
			    const struct op_frame *frame)
{
	*source = (struct op_session_source){
		.source = {.context = source,
			   .local = local,
			   .location_local = location_local,
			   .operand = operand,
			   .global = global,
			   .memory = memory,
			   .pc = pc,
			   .table = table,
			   .field = field,
			   .element = element,
			   .object = object},
		.session = session,
		.frame = frame,
	};
}
