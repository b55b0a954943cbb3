// SPDX-License-Identifier: GPL-3.0-or-later
// The frame that a watched variable lives in: when it returns the variable is gone, and what stands
// in its place is another's.
#ifndef OP_TRACER_WATCH_FRAME_H
#define OP_TRACER_WATCH_FRAME_H

#include "tracer/session.h"

struct op_watch_frame {
	uint32_t module_id, function;
	uint64_t fp, caller_fp, return_address;
};

struct op_error *op_watch_frame_find(struct op_session *session, const struct op_frame *frame,
				     struct op_watch_frame *ret);
/** Where the frame returns to, as a patch of breakpoint @p number. */
struct op_error *op_watch_frame_place_return(struct op_session *session, uint32_t number,
					     const struct op_watch_frame *frame);
/** Whether the thread, which stands at that patch, came from this very frame. */
struct op_error *op_watch_frame_has_left(struct op_session *session,
					 const struct op_watch_frame *frame, op_thread_id thread,
					 bool *ret);

#endif
