// SPDX-License-Identifier: GPL-3.0-or-later
// Whose object a reference leads to, and which of its fields a person means. What objects look like
// in full is in expand.c.
#include "tracer/objects.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "target-runtime/wasm/type_names.h"

bool op_value_is_gc_reference(const struct op_value *value)
{
	return value->type == OP_VALUE_ANYREF || value->type == OP_VALUE_EXTERNREF ||
	       value->type == OP_VALUE_EXNREF;
}

// The instance in whose store a reference is; a frame's own references are in the frame's, whatever
// is selected.
static struct op_error *home_of(struct op_session *session, const struct op_frame *frame,
				const struct op_result *result, struct op_scope *ret,
				uint32_t *ret_store)
{
	struct op_error *err = op_state_set(session, &ret->set);
	if (err)
		return err;
	ret->instance = NULL;
	if (result->store.value) {
		*ret_store = op_state_store_number(ret->set, result->store);
		if (*ret_store == UINT32_MAX)
			return op_error_create(OP_ERROR_NOT_FOUND,
					       "the store that the reference belongs to is gone");
		return NULL;
	}
	if (frame && frame->kind == OP_FRAME_WASM && frame->vmctx.value)
		ret->instance = op_store_set_find(ret->set, frame->vmctx);
	if (!ret->instance)
		err = op_state_scope(session, frame, ret);
	if (!err)
		*ret_store = ret->instance->store;
	return err;
}

struct op_error *op_object_of(struct op_session *session, const struct op_frame *frame,
			      const struct op_result *result, const struct op_store_set **ret_set,
			      struct op_gc_object *ret)
{
	if (result->stop && result->stop != op_state_stop(session))
		return op_error_create(OP_ERROR_STATE,
				       "the guest has run since this reference was read: its "
				       "object may have moved or be gone");
	struct op_scope home;
	uint32_t store;
	struct op_error *err = home_of(session, frame, result, &home, &store);
	if (err)
		return err;
	*ret_set = home.set;
	uint32_t reference = (uint32_t)op_value_bits(&result->value);
	return home.instance ? op_gc_object_read(home.set, home.instance, reference, ret)
			     : op_gc_object_read_in(home.set, store, reference, ret);
}

static bool number_of(const char *name, size_t size, uint32_t *ret)
{
	static const char prefix[] = "field";
	size_t skip = size > strlen(prefix) && !strncmp(name, prefix, strlen(prefix))
			      ? strlen(prefix)
			      : 0;
	uint64_t number = 0;
	for (size_t i = skip; i < size; i++) {
		if (!isdigit((unsigned char)name[i]) || number > UINT32_MAX)
			return false;
		number = number * 10 + (uint64_t)(name[i] - '0');
	}
	*ret = (uint32_t)number;
	return size > skip && number <= UINT32_MAX;
}

struct op_error *op_object_field_index(const struct op_gc_object *object, const char *name,
				       size_t size, uint32_t *ret)
{
	if (object->kind != OP_GC_STRUCT && object->kind != OP_GC_EXCEPTION)
		return op_error_create(OP_ERROR_NOT_FOUND, "a reference to %s has no fields",
				       op_gc_kind_name(object->kind));
	const struct op_wasm_module *module =
		object->kind == OP_GC_STRUCT && object->instance ? object->instance->wasm : NULL;
	for (uint32_t i = 0; module && i < object->field_count; i++) {
		struct op_wasm_name field =
			op_wasm_module_field_name(module, object->type_index, i);
		if (field.data && field.size == size && !memcmp(field.data, name, size)) {
			*ret = i;
			return NULL;
		}
	}
	if (!number_of(name, size, ret))
		return op_error_create(
			OP_ERROR_NOT_FOUND,
			"the object has no field named \"%.*s\"; .field0 is its first", (int)size,
			name);
	if (!object->type && object->problem)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the fields of the object are not known: %s",
				       object->problem);
	if (*ret >= object->field_count)
		return op_error_create(OP_ERROR_NOT_FOUND,
				       "the object has no field %" PRIu32 " (it has %" PRIu32 ")",
				       *ret, object->field_count);
	return NULL;
}

struct op_value op_object_shown_value(const struct op_cell *cell)
{
	struct op_value value = cell->value;
	unsigned size = cell->type.code == OP_WASM_TYPE_I8    ? 1
			: cell->type.code == OP_WASM_TYPE_I16 ? 2
							      : 0;
	if (!size || value.state != OP_VALUE_PRESENT)
		return value;
	bool negative = value.bytes[size - 1] & 0x80;
	memset(value.bytes + size, negative ? 0xff : 0, 4 - size);
	return value;
}
