// SPDX-License-Identifier: GPL-3.0-or-later
// Two processes instead of one: a small one that traces the target and does what it is asked to,
// and one that decodes what the target holds, without rights of its own. This file is what the
// rest of outpost knows of it. From op_apart_start() on op_process_open() and op_process_launch()
// go to the other process; a core file is read by the decoding process itself.
#ifndef OP_PLATFORM_APART_APART_H
#define OP_PLATFORM_APART_APART_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/platform.h"

/** What the command line named: the tracing process opens and starts nothing else. The strings are
 * borrowed until op_apart_end(). */
struct op_apart_plan {
	int64_t pid;             /**< the process; 0: none */
	const char *const *argv; /**< the program to start, NULL-terminated; NULL: none */
	const char *file;        /**< a file that is opened for reading although the decoding
				    process may not; NULL: none */
};

/**
 * Split this process: a child goes on tracing, the caller gives up its rights (user, capabilities,
 * system calls) for good. Called once, before anything of a target was looked at, and before there
 * are threads.
 * @return OP_ERROR_UNSUPPORTED, OP_ERROR_SYSTEM; the caller has its rights still then, or
 * must end.
 */
struct op_error *op_apart_start(const struct op_apart_plan *plan);
/** Let the tracing process end, and wait for that. Does nothing without it. */
void op_apart_end(void);

/** Whether this process has given up its rights. */
bool op_apart_is_confined(void);
/** NULL, or the OP_ERROR_UNSUPPORTED that a confined process cannot do @p what: "start other
 * programs". */
struct op_error *op_apart_refuse(const char *what);

/** As op_process_open() and op_process_launch(), through the tracing process. */
struct op_error *op_apart_open(int64_t pid, struct op_process **ret);
struct op_error *op_apart_launch(const struct op_launch_options *options, struct op_process **ret);

#endif
