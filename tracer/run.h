// SPDX-License-Identifier: GPL-3.0-or-later
// Running and stopping, for the other files of tracer/.
#ifndef OP_TRACER_RUN_H
#define OP_TRACER_RUN_H

#include "tracer/session.h"

/** Stop a running target without an event: for detach. */
struct op_error *op_run_bring_to_stop(struct op_session *session);
/** Want patches at every function that the host can enter (launch.c). */
struct op_error *op_run_arm_entries(struct op_session *session);
/** Start a program, stopped before its first instruction (session.c). */
struct op_error *op_session_adopt_launched(struct op_session *session, const char *const *argv);

#endif
