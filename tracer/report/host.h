// SPDX-License-Identifier: GPL-3.0-or-later
// The host's frames as text and JSON. Knows no session.
#ifndef OP_TRACER_REPORT_HOST_H
#define OP_TRACER_REPORT_HOST_H

#include "tracer/outpost.h"
#include "tracer/report/output.h"

/** Text: "        0x00007f12a3c4d5e6 in poll+79 at poll.c:29 (libc.so.6)\n". */
void op_host_frame_text(struct op_output *out, const struct op_host_frame *frame);
/** An object: pc, object, object_offset, function, offset, file, line, inlined. */
void op_host_frame_json(struct op_json *json, const struct op_host_frame *frame);

#endif
