// SPDX-License-Identifier: GPL-3.0-or-later
// What the session keeps of the list of types or variables that was asked for last.
#ifndef OP_TRACER_SOURCE_NAMES_H
#define OP_TRACER_SOURCE_NAMES_H

#include "tracer/session.h"

/** The session's own; see source_names.c. */
struct op_source_names;
void op_source_names_destroy(struct op_session *session);

#endif
