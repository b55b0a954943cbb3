// SPDX-License-Identifier: GPL-3.0-or-later
// Threads and whole stacks as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_THREAD_H
#define OP_TRACER_REPORT_THREAD_H

#include "tracer/report/frame.h"

/** Text: a line of info threads. @param[in] source of its frame; all NULL: not known. */
void op_thread_row(struct op_output *out, const struct op_thread_summary *thread,
		   const struct op_frame_source *source);
/** The members of a thread's object: tid, name, selected, in_guest, host_call, frame. */
void op_thread_members(struct op_json *json, const struct op_thread_summary *thread,
		       const struct op_frame_source *source);

/** Text: the headline over a stack: 'Thread 12 "wasmtime":' or 'Suspended guest 0 (store 0x…):'. */
void op_stack_headline(struct op_output *out, const struct op_stack *stack, size_t suspended_index);

#endif
