// SPDX-License-Identifier: GPL-3.0-or-later
// What an object of C++ really is: the class that its vtable belongs to.
#ifndef OP_TRACER_SOURCE_DYNAMIC_H
#define OP_TRACER_SOURCE_DYNAMIC_H

#include "tracer/source_value.h"

/**
 * A base class in memory becomes the object that it is a part of, by the type information that its
 * vtable leads to. Where that is not there, is not believed, or names a class that the debug
 * information does not have, the value stays as it is: its own type is not wrong.
 * @return only what ends everything (op_source_is_fatal()).
 */
struct op_error *op_source_value_dynamic(struct op_session *session, const struct op_frame *frame,
					 struct op_source_value *value);

#endif
