// SPDX-License-Identifier: GPL-3.0-or-later
// References followed for the files of tracer/: whose they are, and the objects they lead to.
#ifndef OP_TRACER_OBJECTS_H
#define OP_TRACER_OBJECTS_H

#include "target-runtime/gc_object.h"
#include "tracer/session.h"
#include "tracer/state.h"

/** True for values that lead into a GC heap. */
bool op_value_is_gc_reference(const struct op_value *value);

/**
 * The object behind a reference.
 * @param[in] frame whose instance is meant when the result names no store; may be NULL.
 * @return OP_ERROR_STATE when the guest has run since the reference was read, OP_ERROR_NOT_FOUND
 * when its store is not known or there is no object.
 */
struct op_error *op_object_of(struct op_session *session, const struct op_frame *frame,
			      const struct op_result *result, const struct op_store_set **ret_set,
			      struct op_gc_object *ret);
/**
 * The index of a field of a struct or an exception: "field2", "2" or its name. OP_ERROR_NOT_FOUND
 * when it has no such field.
 */
struct op_error *op_object_field_index(const struct op_gc_object *object, const char *name,
				       size_t size, uint32_t *ret);
/** i8 and i16 fields as they are shown: sign-extended. */
struct op_value op_object_shown_value(const struct op_cell *cell);

void op_nodes_destroy(struct op_session *session);

#endif
