// SPDX-License-Identifier: GPL-3.0-or-later
// outpost guard, which outpost run --guard is too.
#ifndef OP_TRACER_REPL_MODE_GUARD_H
#define OP_TRACER_REPL_MODE_GUARD_H

#include "tracer/repl/mode.h"

/** Guard the process, or start the program and guard it. @return the exit status: of a program that
 * was started, its own. */
int op_guard_run(const struct op_options *options);

#endif
