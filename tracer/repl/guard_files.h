// SPDX-License-Identifier: GPL-3.0-or-later
// Names of the files that guard writes, and their creation. Knows no session.
#ifndef OP_TRACER_REPL_GUARD_FILES_H
#define OP_TRACER_REPL_GUARD_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/error.h"

/** What a placeholder stands for. */
struct op_guard_name {
	int64_t pid;     /**< %p */
	time_t time;     /**< %t, as 20261121T213000, and what strftime() makes of other letters */
	uint64_t number; /**< %n, from 1 */
};

/** Refuse a pattern with a placeholder that there is not, or for a folder that cannot be written
 * to. @param[in] option "--report", for the sentence. */
struct op_error *op_guard_check_pattern(const char *option, const char *pattern);
/** The name that a pattern stands for; free() it. */
struct op_error *op_guard_expand(const char *pattern, const struct op_guard_name *name, char **ret);
/**
 * A new file that only its owner can read; nothing that exists is written over: then .1, .2, ... is
 * put behind the name. @param[in,out] path freed and replaced when that was necessary.
 */
struct op_error *op_guard_create(char **path, FILE **ret);

/** A name that no file has: the path, or with .1, .2, ... behind it. @param[in,out] path freed and
 * replaced when that was necessary. */
struct op_error *op_guard_free_name(char **path);

#endif
