// SPDX-License-Identifier: GPL-3.0-or-later
// What catchpoints remember between events. For catch*.c only.
#ifndef OP_TRACER_CATCH_STATE_H
#define OP_TRACER_CATCH_STATE_H

#include "tracer/session.h"

struct op_call_record;

/** An empty record of a host call; the one before is forgotten. Owned by the session. */
struct op_error *op_catch_new_record(struct op_session *session, struct op_call_record **ret);

/** Take the instances that there are for old ones, unless that has been done. */
struct op_error *op_catch_note_instances(struct op_session *session);
/** Do that again the next time. */
void op_catch_forget_instances(struct op_session *session);
/** @param[out] ret it was not seen before. */
struct op_error *op_catch_see_instance(struct op_session *session, struct op_host_addr vmctx,
				       bool *ret);

#endif
