// SPDX-License-Identifier: GPL-3.0-or-later
// Places for watchpoints; see watch_place.h.
#include "tracer/watch_place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target-runtime/instance.h"
#include "target-runtime/linkage.h"
#include "tracer/expression_session.h"
#include "tracer/state.h"

enum { SLOT_MAX = 8 };

static struct op_error *no_place(const char *expression, const struct op_result *result)
{
	if (result->source == OP_SOURCE_TABLE)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s cannot be watched: the elements of a table are written "
				       "in many ways, and move when the table grows",
				       expression);
	return op_error_create(OP_ERROR_UNSUPPORTED,
			       "%s is no place that hardware can watch: $mem[ADDRESS:TYPE], "
			       "$global.NAME and fields of objects are (locals and the operand "
			       "stack are in registers)",
			       expression);
}

// A memory that is given enough address space for all that it can become never moves; nor does a
// shared one (crates/wasmtime/src/runtime/vm/memory.rs, SharedMemory).
static bool may_move(const struct op_memory_details *details)
{
	uint64_t most = details->is_64 ? UINT64_MAX : UINT64_C(1) << 32;
	if (details->has_maximum && details->maximum <= most >> details->page_size_log2)
		most = details->maximum << details->page_size_log2;
	return !details->shared && !(details->has_reservation && details->reservation >= most);
}

static struct op_error *find_in_memory(struct op_session *session, const struct op_frame *frame,
				       const struct op_result *result, struct op_watch_place *ret)
{
	struct op_scope scope;
	const struct op_wasm_module *module;
	struct op_memory_details details;
	struct op_error *err = op_state_module_scope(session, frame, &scope, &module);
	if (!err)
		err = op_instance_memory_details(scope.set, scope.instance, result->guest_memory,
						 &details);
	if (err)
		return err;
	ret->addr = op_host_addr_add(details.state.base, result->guest_offset);
	ret->system_calls = true;
	ret->shared = details.shared;
	ret->vmctx = scope.instance->vmctx;
	if (may_move(&details)) {
		ret->base_word = details.definition;
		ret->base = details.state.base;
	}
	return op_instance_store(&op_store_set_context(scope.set)->memory, ret->vmctx, &ret->store);
}

// A value of the guest's language: its bytes, whatever they are.
static struct op_error *take_guest_value(const char *expression, struct op_result *result,
					 struct op_watch_place *ret)
{
	const struct op_source_value *value = result->guest_value;
	if (value->place == OP_SOURCE_VALUE_MISSING)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be watched: %s", expression,
				       value->reason ?: "it has no value here");
	if (value->place != OP_SOURCE_VALUE_MEMORY)
		return op_error_create(OP_ERROR_UNSUPPORTED,
				       "%s is not in linear memory here: hardware cannot watch it",
				       expression);
	const struct op_type *type = op_type_strip(value->type);
	uint64_t skip = value->is_bit_field ? value->bit_offset / 8 : 0;
	uint64_t size = value->is_bit_field ? (value->bit_offset % 8 + value->bit_size + 7) / 8
					    : type->size;
	if (!type->has_size || !size || size > sizeof(result->value.bytes))
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s cannot be watched: hardware watches up to %zu bytes, and "
			"it has %" PRIu64 "; watch a part of it",
			expression, sizeof(result->value.bytes), size);
	ret->size = (unsigned)size;
	ret->shape = (struct op_source_value){.info = value->info,
					      .type = value->type,
					      .memory = value->memory,
					      .address = value->address + skip,
					      .is_bit_field = value->is_bit_field,
					      .bit_offset = value->bit_offset % 8,
					      .bit_size = value->bit_size};
	// The access is the memory's, whatever the value is.
	result->has_place = true;
	result->source = OP_SOURCE_MEMORY;
	result->guest_memory = value->memory;
	result->guest_offset = value->address + skip;
	if (result->value.state != OP_VALUE_PRESENT)
		ret->type = size > 8 ? OP_VALUE_V128 : size > 4 ? OP_VALUE_I64 : OP_VALUE_I32;
	return NULL;
}

static struct op_error *find_in_instance(struct op_session *session, const struct op_frame *frame,
					 const struct op_result *result, struct op_watch_place *ret)
{
	struct op_scope scope;
	struct op_error *err = op_state_scope(session, frame, &scope);
	if (err)
		return err;
	ret->addr = result->value.address;
	ret->vmctx = scope.instance->vmctx;
	return op_instance_store(&op_store_set_context(scope.set)->memory, ret->vmctx, &ret->store);
}

static const struct op_store *store_of_object(const struct op_store_set *set,
					      struct op_host_addr addr)
{
	size_t count;
	const struct op_store *stores = op_store_set_stores(set, &count);
	for (size_t i = 0; i < count; i++)
		if (stores[i].gc_base.value && addr.value >= stores[i].gc_base.value &&
		    addr.value - stores[i].gc_base.value < stores[i].gc_size)
			return &stores[i];
	return NULL;
}

static struct op_error *find_in_object(struct op_session *session, const struct op_frame *frame,
				       const char *expression, const struct op_result *result,
				       struct op_watch_place *ret)
{
	struct op_error *err = find_in_instance(session, frame, result, ret);
	const struct op_store_set *set = NULL;
	if (!err)
		err = op_state_set(session, &set);
	if (err)
		return err;
	const struct op_store *store = store_of_object(set, ret->addr);
	if (!store || !store->layout || store->layout->store_gc_heap_base == OP_LAYOUT_ABSENT)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the GC heap that %s is in was not found", expression);
	if (store->collector != OP_COLLECTOR_DRC && store->collector != OP_COLLECTOR_NULL)
		return op_error_create(
			OP_ERROR_UNSUPPORTED,
			"%s cannot be watched: the store's garbage collector (%s) moves objects, "
			"and the place would soon be another object's",
			expression, op_collector_name(store->collector));
	ret->store = store->address;
	ret->base_word = op_host_addr_add(store->address, store->layout->store_gc_heap_base);
	ret->base = store->gc_base;
	return NULL;
}

struct op_error *op_watch_place_find(struct op_session *session, const struct op_frame *frame,
				     const char *expression, struct op_watch_place *ret)
{
	struct op_result result;
	bool in_frame;
	struct op_error *err =
		op_expression_evaluate_place(session, frame, expression, &result, &in_frame);
	if (err)
		return err;
	*ret = (struct op_watch_place){
		.size = result.width,
		.type = result.value.type,
		.is_unsigned = result.is_unsigned,
		.in_frame = in_frame,
	};
	if (result.guest_value) {
		err = take_guest_value(expression, &result, ret);
		return err ?: find_in_memory(session, frame, &result, ret);
	}
	if (result.range != OP_RANGE_NONE)
		return no_place(expression, &result);
	if (result.value.state != OP_VALUE_PRESENT)
		return op_error_create(OP_ERROR_UNSUPPORTED, "%s cannot be watched: it is %s",
				       expression, op_value_state_message(result.value.state));
	if (result.source == OP_SOURCE_MEMORY && result.has_place)
		err = find_in_memory(session, frame, &result, ret);
	else if (result.source == OP_SOURCE_GLOBAL && result.value.address.value)
		err = find_in_instance(session, frame, &result, ret);
	else if (result.source == OP_SOURCE_FIELD && result.value.address.value)
		err = find_in_object(session, frame, expression, &result, ret);
	else
		err = no_place(expression, &result);
	if (!err && (!ret->size || ret->size > sizeof(result.value.bytes)))
		err = no_place(expression, &result);
	return err;
}

// A memory that was freed and is something else now: op_instance_check() finds no instance there,
// or one of another store.
static struct op_error *is_there(struct op_session *session, const struct op_watch_place *place,
				 bool *ret)
{
	struct op_host_addr store;
	struct op_memory memory = session->raw_memory;
	struct op_error *err = op_instance_check(&memory, place->vmctx, ret);
	if (!err && *ret)
		err = op_instance_store(&memory, place->vmctx, &store);
	if (err && err->code == OP_ERROR_UNREADABLE) {
		op_error_destroy(err);
		*ret = false;
		return NULL;
	}
	*ret = !err && *ret && store.value == place->store.value;
	return err;
}

struct op_error *op_watch_place_follow(struct op_session *session, struct op_watch_place *place,
				       bool *ret_there)
{
	struct op_error *err = is_there(session, place, ret_there);
	uint64_t base;
	if (err || !*ret_there || !place->base_word.value)
		return err;
	err = op_process_read(session->process, place->base_word, &base, sizeof(base));
	if (err && err->code == OP_ERROR_UNREADABLE) {
		op_error_destroy(err);
		*ret_there = false;
		return NULL;
	}
	if (!err) {
		place->addr.value += base - place->base.value;
		place->base.value = base;
	}
	return err;
}

struct op_value op_watch_place_value(const struct op_watch_place *place, const uint8_t bytes[16])
{
	struct op_value value = {.type = place->type, .address = place->addr};
	memcpy(value.bytes, bytes, place->size);
	// Numbers of one and two bytes are shown as i32.
	if (place->size < 4 && !place->is_unsigned && bytes[place->size - 1] & 0x80)
		memset(value.bytes + place->size, 0xff, 4 - place->size);
	return value;
}

bool op_watch_place_is_same(const struct op_watch_place *place, const uint8_t before[16],
			    const uint8_t now[16])
{
	if (!place->shape.is_bit_field)
		return !memcmp(before, now, place->size);
	uint64_t first = place->shape.bit_offset, end = first + place->shape.bit_size;
	for (uint64_t bit = first; bit < end; bit++)
		if ((before[bit / 8] ^ now[bit / 8]) >> bit % 8 & 1)
			return false;
	return true;
}

struct op_error *op_watch_place_guest_value(const struct op_watch_place *place,
					    const uint8_t bytes[16], struct op_source_value *ret)
{
	*ret = (struct op_source_value){0};
	if (!place->shape.type)
		return NULL;
	uint8_t *copy = malloc(place->size);
	if (!copy)
		return op_error_no_memory();
	*ret = place->shape;
	ret->place = OP_SOURCE_VALUE_BYTES;
	ret->has_address = true;
	ret->bytes = memcpy(copy, bytes, place->size);
	ret->size = place->size;
	return NULL;
}

// The largest slot that begins at @p at and covers nothing beyond @p end.
static unsigned exact_size(uint64_t at, uint64_t end)
{
	unsigned size = SLOT_MAX;
	while (at % size || size > end - at)
		size /= 2;
	return size;
}

unsigned op_watch_cover(struct op_host_addr addr, unsigned size, bool loose,
			struct op_watch_slot *ret)
{
	unsigned count = 0;
	uint64_t end = addr.value + size;
	for (uint64_t at = addr.value; at < end && count < OP_WATCH_COVER_MAX;) {
		uint64_t start = at;
		unsigned step = exact_size(at, end);
		if (loose) {
			uint64_t part_end = (at / SLOT_MAX + 1) * SLOT_MAX;
			part_end = part_end < end ? part_end : end;
			// The smallest slot that holds the part of this word.
			for (step = 1; start + step < part_end;) {
				step *= 2;
				start = at / step * step;
			}
			at = part_end;
		} else {
			at += step;
		}
		ret[count++] = (struct op_watch_slot){.addr = op_host_addr(start), .size = step};
	}
	return count;
}
