// SPDX-License-Identifier: GPL-3.0-or-later
// What the session keeps of the values of the guest's language that it showed last.
#ifndef OP_TRACER_SOURCE_SHOW_H
#define OP_TRACER_SOURCE_SHOW_H

#include "tracer/session.h"

/** The session's own; see source_show.c. */
struct op_source_shown;
void op_source_shown_destroy(struct op_session *session);

#endif
