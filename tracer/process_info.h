// SPDX-License-Identifier: GPL-3.0-or-later
// What a report says of the process around the guest. The session's own; see outpost.h for what is
// asked of it.
#ifndef OP_TRACER_PROCESS_INFO_H
#define OP_TRACER_PROCESS_INFO_H

#include "tracer/session.h"

/** What was answered last. NULL is fine. */
void op_process_info_destroy(struct op_process_info *info);

#endif
